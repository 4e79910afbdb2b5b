#include "engine/receiver_table.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/pages.h"
#include "metric/delays.h"

#define WAYS 8 /* flows that share a place */
#define SETS (RECEIVER_FLOWS_MAX / WAYS)

/* What is looked through to find a flow, apart from what is known of it. */
struct place {
	struct receiver_key key;
	uint64_t heard_ns; /* 0: free */
};

struct flow_state {
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t bytes;
	uint64_t messages;
	uint32_t generation; /* of its connections; survives the record */
};

/* What else is known of datagrams, apart as connections don't need its memory. */
struct datagrams {
	struct arrivals arrivals;
	struct delays delays;
	uint64_t merged;
	uint64_t numbered;
	uint64_t overflows_before; /* of the socket, when the flow began */
	uint32_t socket;
	uint32_t run;
};

struct receiver_table {
	pthread_mutex_t lock;
	struct receiver_table *next;
	uint64_t seed;
	uint32_t number; /* among the tables */
	uint32_t socket_count;
	uint64_t overflows[RECEIVER_SOCKETS_MAX];
	uint32_t latest; /* who was heard last is likely heard again; RECEIVER_FLOWS_MAX: nobody */
	uint8_t *hists;
	size_t hist_bytes;
	/* By the flow's number, WAYS of them a set. */
	struct place places[RECEIVER_FLOWS_MAX];
	struct flow_state flows[RECEIVER_FLOWS_MAX];
	struct datagrams datagrams[RECEIVER_FLOWS_MAX];
};

/* ---- life */

static void make_lock(pthread_mutex_t *lock, enum pages_sharing sharing)
{
	pthread_mutexattr_t attributes;

	(void)pthread_mutexattr_init(&attributes);
	if (sharing == PAGES_SHARED) {
		(void)pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
		(void)pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	}
	(void)pthread_mutex_init(lock, &attributes);
	(void)pthread_mutexattr_destroy(&attributes);
}

/* Whoever was killed with it was about to count: the table is as it was, but for that. */
static void take_lock(struct receiver_table *table)
{
	if (pthread_mutex_lock(&table->lock) == EOWNERDEAD)
		(void)pthread_mutex_consistent(&table->lock);
}

int receiver_table_new(struct receiver_tables *all, uint64_t seed, enum pages_sharing sharing,
		       struct receiver_table **ret)
{
	size_t hist_bytes = hist_size(RECEIVER_DELAY_RANGE);
	void *pages = NULL;
	void *hists = NULL;
	int rc = pages_new(sizeof(struct receiver_table), sharing, &pages);

	if (rc == 0)
		rc = pages_new(hist_bytes * RECEIVER_FLOWS_MAX, sharing, &hists);
	if (rc < 0) {
		pages_free(pages, sizeof(struct receiver_table));
		return rc;
	}
	struct receiver_table *table = pages;
	make_lock(&table->lock, sharing);
	table->seed = seed;
	table->hists = hists;
	table->hist_bytes = hist_bytes;
	table->next = all->first;
	table->number = all->first == NULL ? 0 : all->first->number + 1;
	all->first = table;
	*ret = table;
	return 0;
}

void receiver_table_free(struct receiver_tables *all, struct receiver_table *table)
{
	struct receiver_table **link = &all->first;

	if (table == NULL)
		return;
	while (*link != table)
		link = &(*link)->next;
	*link = table->next;
	pages_free(table->hists, table->hist_bytes * RECEIVER_FLOWS_MAX);
	(void)pthread_mutex_destroy(&table->lock);
	pages_free(table, sizeof(*table));
}

struct receiver_table *receiver_tables_at(const struct receiver_tables *all, unsigned number)
{
	struct receiver_table *table = all->first;

	while (table != NULL && table->number != number)
		table = table->next;
	return table;
}

/* ---- finding */

static uint64_t mix_endpoint(uint64_t hash, const struct endpoint *endpoint)
{
	uint64_t words[2];

	memcpy(words, endpoint->address, sizeof(words));
	hash = hash_mix(hash ^ words[0]);
	hash = hash_mix(hash ^ words[1]);
	return hash_mix(hash ^ ((uint64_t)endpoint->scope << 16 | endpoint->port));
}

/* The first number of the flow's set. */
static uint32_t set_of(const struct receiver_table *table, const struct receiver_key *key)
{
	uint64_t hash = mix_endpoint(table->seed + key->transport, &key->remote);
	return (uint32_t)(mix_endpoint(hash, &key->local) % SETS) * WAYS;
}

static bool is_same(const struct receiver_key *a, const struct receiver_key *b)
{
	return a->transport == b->transport && endpoint_is_equal(&a->remote, &b->remote) &&
	       endpoint_is_equal(&a->local, &b->local);
}

/* The flow's number, or RECEIVER_FLOWS_MAX. */
static uint32_t find(const struct receiver_table *table, const struct receiver_key *key)
{
	uint32_t set = set_of(table, key);

	for (uint32_t number = set; number < set + WAYS; number++) {
		const struct place *place = &table->places[number];
		if (place->heard_ns > 0 && is_same(&place->key, key))
			return number;
	}
	return RECEIVER_FLOWS_MAX;
}

static uint32_t oldest_of(const struct receiver_table *table, uint32_t set)
{
	uint32_t oldest = set;

	for (uint32_t number = set + 1; number < set + WAYS; number++) {
		if (table->places[number].heard_ns < table->places[oldest].heard_ns)
			oldest = number;
	}
	return oldest;
}

/* As if nothing had come of it yet. */
static void begin_flow(struct receiver_table *table, uint32_t number)
{
	struct flow_state *flow = &table->flows[number];

	*flow = (struct flow_state){ .generation = flow->generation };
}

/* The flow's own number or, made ready for it, a free or the oldest one. */
static uint32_t find_or_begin(struct receiver_table *table, const struct receiver_key *key,
			      uint64_t now_ns)
{
	uint32_t number = find(table, key);

	if (number == RECEIVER_FLOWS_MAX) {
		number = oldest_of(table, set_of(table, key));
		table->places[number].key = *key;
		table->flows[number].generation++;
		begin_flow(table, number);
	}
	table->places[number].heard_ns = now_ns;
	return number;
}

/* ---- the owner */

static void count(struct flow_state *flow, uint64_t now_ns)
{
	if (flow->first_ns == 0)
		flow->first_ns = now_ns;
	flow->last_ns = now_ns;
}

struct receiver_place receiver_table_open(struct receiver_table *table,
					  const struct receiver_key *key, uint64_t now_ns)
{
	take_lock(table);
	uint32_t number = find_or_begin(table, key, now_ns);
	begin_flow(table, number);
	struct receiver_place place = {
		.number = number,
		.generation = ++table->flows[number].generation,
	};
	(void)pthread_mutex_unlock(&table->lock);
	return place;
}

bool receiver_table_stream(struct receiver_table *table, const struct receiver_place *place,
			   uint64_t bytes, uint64_t messages, uint64_t now_ns)
{
	struct flow_state *flow = &table->flows[place->number];

	take_lock(table);
	bool is_its_own = place->generation > 0 && flow->generation == place->generation;
	if (is_its_own) {
		flow->bytes = bytes;
		flow->messages = messages;
		count(flow, now_ns);
		table->places[place->number].heard_ns = now_ns;
	}
	(void)pthread_mutex_unlock(&table->lock);
	return is_its_own;
}

uint32_t receiver_table_socket(struct receiver_table *table)
{
	assert(table->socket_count < RECEIVER_SOCKETS_MAX);
	return table->number * RECEIVER_SOCKETS_MAX + table->socket_count++;
}

void receiver_table_begin(struct receiver_table *table)
{
	take_lock(table);
	table->latest = RECEIVER_FLOWS_MAX;
}

void receiver_table_commit(struct receiver_table *table)
{
	(void)pthread_mutex_unlock(&table->lock);
}

static struct hist *hist_of(const struct receiver_table *table, uint32_t number)
{
	return (struct hist *)(void *)(table->hists + number * table->hist_bytes);
}

static void begin_run(struct receiver_table *table, uint32_t number,
		      const struct receiver_datagram *datagram)
{
	struct datagrams *datagrams = &table->datagrams[number];
	struct hist *hist = hist_of(table, number);

	if (hist->digits == 0)
		hist_init(hist, RECEIVER_DELAY_RANGE);
	else
		hist_clear(hist);
	*datagrams = (struct datagrams){
		.run = datagram->run,
		.socket = datagram->socket,
		.overflows_before = table->overflows[datagram->socket % RECEIVER_SOCKETS_MAX],
	};
	delays_init(&datagrams->delays, hist);
	begin_flow(table, number);
}

static bool is_new_run(const struct receiver_table *table, uint32_t number,
		       const struct receiver_datagram *datagram)
{
	return table->flows[number].messages == 0 ||
	       (datagram->is_numbered && table->datagrams[number].run != datagram->run);
}

static uint32_t flow_of(struct receiver_table *table, const struct receiver_datagram *datagram)
{
	uint32_t number = table->latest;

	if (number == RECEIVER_FLOWS_MAX || !is_same(&table->places[number].key, datagram->key))
		number = find_or_begin(table, datagram->key, datagram->now_ns);
	table->latest = number;
	if (is_new_run(table, number, datagram))
		begin_run(table, number, datagram);
	return number;
}

void receiver_table_datagram(struct receiver_table *table, const struct receiver_datagram *datagram)
{
	uint32_t number = flow_of(table, datagram);
	struct flow_state *flow = &table->flows[number];
	struct datagrams *datagrams = &table->datagrams[number];

	count(flow, datagram->now_ns);
	flow->bytes += datagram->size;
	flow->messages++;
	datagrams->merged += datagram->is_merged;
	if (!datagram->is_numbered)
		return;
	datagrams->numbered++;
	arrivals_add(&datagrams->arrivals, datagram->sequence);
	if (datagram->stamp_ns > 0)
		delays_add(&datagrams->delays, datagram->now_ns, datagram->stamp_ns);
}

void receiver_table_overflows(struct receiver_table *table, uint32_t socket, uint64_t overflows)
{
	table->overflows[socket % RECEIVER_SOCKETS_MAX] = overflows;
}

/* ---- who asks */

static void tell_delays(struct delays *delays, struct receiver_record *ret, struct hist *ret_delay)
{
	const struct hist *hist = delays->hist;

	delays_settle(delays);
	ret->delay_count = hist->count;
	ret->delay_p50_ns = hist_percentile(hist, 50);
	ret->delay_p90_ns = hist_percentile(hist, 90);
	ret->delay_p99_ns = hist_percentile(hist, 99);
	ret->delay_p99_9_ns = hist_percentile(hist, 99.9);
	ret->delay_max_ns = hist->count > 0 ? hist->maximum : 0;
	if (ret_delay != NULL)
		hist_merge(ret_delay, hist);
}

static void tell_arrivals(const struct datagrams *datagrams, struct receiver_record *ret)
{
	struct arrivals arrivals = datagrams->arrivals;

	arrivals_settle(&arrivals, arrivals.next);
	ret->numbered = datagrams->numbered;
	ret->next = arrivals.next;
	ret->unique = arrivals.unique;
	ret->duplicate = arrivals.duplicate;
	ret->reordered = arrivals.reordered;
	ret->late = arrivals.late;
	ret->bursts = arrivals.bursts;
}

static void tell(struct receiver_table *table, uint32_t number, struct receiver_record *ret,
		 struct hist *ret_delay)
{
	const struct flow_state *flow = &table->flows[number];
	struct datagrams *datagrams = &table->datagrams[number];

	*ret = (struct receiver_record){
		.key = table->places[number].key,
		.first_ns = flow->first_ns,
		.last_ns = flow->last_ns,
		.bytes = flow->bytes,
		.messages = flow->messages,
	};
	if (ret->key.transport != TRANSPORT_UDP)
		return;
	ret->socket = datagrams->socket;
	ret->merged = datagrams->merged;
	ret->overflows =
		table->overflows[ret->socket % RECEIVER_SOCKETS_MAX] - datagrams->overflows_before;
	tell_delays(&datagrams->delays, ret, ret_delay);
	tell_arrivals(datagrams, ret);
}

/* The flow in this table, if it was heard there after `heard_ns`. */
static bool find_newer(struct receiver_table *table, const struct receiver_key *key,
		       uint64_t *heard_ns, struct receiver_record *ret, struct hist *ret_delay)
{
	take_lock(table);
	uint32_t number = find(table, key);
	bool is_newer = number < RECEIVER_FLOWS_MAX && table->places[number].heard_ns > *heard_ns;
	if (is_newer) {
		*heard_ns = table->places[number].heard_ns;
		if (ret_delay != NULL)
			hist_clear(ret_delay);
		tell(table, number, ret, ret_delay);
	}
	(void)pthread_mutex_unlock(&table->lock);
	return is_newer;
}

bool receiver_tables_find(const struct receiver_tables *all, const struct receiver_key *key,
			  struct receiver_record *ret, struct hist *ret_delay)
{
	uint64_t heard_ns = 0;
	bool is_found = false;

	for (struct receiver_table *table = all->first; table != NULL; table = table->next)
		is_found |= find_newer(table, key, &heard_ns, ret, ret_delay);
	return is_found;
}
