#include "engine/receiver_table.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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
	struct receiver_record record; /* but for what `arrivals` and `delays` tell */
	struct arrivals arrivals;
	struct delays delays;
	uint64_t overflows_before; /* of the socket, when the flow began */
	uint32_t run;
	uint32_t generation; /* of its connections; survives the record */
};

struct receiver_table {
	pthread_mutex_t lock;
	struct receiver_table *next;
	uint64_t seed;
	uint32_t number; /* among the tables */
	uint32_t socket_count;
	uint64_t overflows[RECEIVER_SOCKETS_MAX];
	struct flow_state *latest; /* who was heard last is likely heard again */
	uint8_t *hists;
	size_t hist_bytes;
	struct place places[SETS][WAYS];
	struct flow_state flows[SETS][WAYS];
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

/* The finalizer of splitmix64: every bit of the input moves every bit of the output. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static uint64_t mix_endpoint(uint64_t hash, const struct endpoint *endpoint)
{
	uint64_t words[2];

	memcpy(words, endpoint->address, sizeof(words));
	hash = mix(hash ^ words[0]);
	hash = mix(hash ^ words[1]);
	return mix(hash ^ ((uint64_t)endpoint->scope << 16 | endpoint->port));
}

static size_t set_of(const struct receiver_table *table, const struct receiver_key *key)
{
	uint64_t hash = mix_endpoint(table->seed + key->transport, &key->remote);
	return mix_endpoint(hash, &key->local) % SETS;
}

static bool is_same(const struct receiver_key *a, const struct receiver_key *b)
{
	return a->transport == b->transport && endpoint_is_equal(&a->remote, &b->remote) &&
	       endpoint_is_equal(&a->local, &b->local);
}

/* The way in its set, or WAYS. */
static size_t way_of(const struct place set[WAYS], const struct receiver_key *key)
{
	size_t way = 0;

	while (way < WAYS && (set[way].heard_ns == 0 || !is_same(&set[way].key, key)))
		way++;
	return way;
}

static size_t oldest_of(const struct place set[WAYS])
{
	size_t oldest = 0;

	for (size_t way = 1; way < WAYS; way++) {
		if (set[way].heard_ns < set[oldest].heard_ns)
			oldest = way;
	}
	return oldest;
}

static struct hist *hist_of(const struct receiver_table *table, const struct flow_state *flow)
{
	size_t index = (size_t)(flow - &table->flows[0][0]);
	return (struct hist *)(void *)(table->hists + index * table->hist_bytes);
}

/* As if nothing had come of it yet. */
static void begin_flow(struct receiver_table *table, struct flow_state *flow,
		       const struct receiver_key *key)
{
	struct hist *hist = hist_of(table, flow);

	*flow = (struct flow_state){ .record.key = *key, .generation = flow->generation };
	if (hist->digits == 0)
		hist_init(hist, RECEIVER_DELAY_RANGE);
	else
		hist_clear(hist);
	delays_init(&flow->delays, hist);
}

/* The flow's own state or, made ready for it, the free or oldest one. */
static struct flow_state *find_or_begin(struct receiver_table *table,
					const struct receiver_key *key, uint64_t now_ns)
{
	size_t set = set_of(table, key);
	size_t way = way_of(table->places[set], key);

	if (way == WAYS) {
		way = oldest_of(table->places[set]);
		table->places[set][way].key = *key;
		table->flows[set][way].generation++;
		begin_flow(table, &table->flows[set][way], key);
	}
	table->places[set][way].heard_ns = now_ns;
	return &table->flows[set][way];
}

/* ---- the owner */

static void count(struct receiver_record *record, uint64_t now_ns)
{
	if (record->first_ns == 0)
		record->first_ns = now_ns;
	record->last_ns = now_ns;
}

struct receiver_place receiver_table_open(struct receiver_table *table,
					  const struct receiver_key *key, uint64_t now_ns)
{
	take_lock(table);
	struct flow_state *flow = find_or_begin(table, key, now_ns);
	begin_flow(table, flow, key);
	flow->generation++;
	struct receiver_place place = {
		.number = (uint32_t)(flow - &table->flows[0][0]),
		.generation = flow->generation,
	};
	(void)pthread_mutex_unlock(&table->lock);
	return place;
}

bool receiver_table_stream(struct receiver_table *table, const struct receiver_place *place,
			   uint64_t bytes, uint64_t messages, uint64_t now_ns)
{
	struct flow_state *flow = &table->flows[0][0] + place->number;

	take_lock(table);
	bool is_its_own = place->generation > 0 && flow->generation == place->generation;
	if (is_its_own) {
		flow->record.bytes = bytes;
		flow->record.messages = messages;
		count(&flow->record, now_ns);
		(&table->places[0][0])[place->number].heard_ns = now_ns;
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
	table->latest = NULL;
}

void receiver_table_commit(struct receiver_table *table)
{
	(void)pthread_mutex_unlock(&table->lock);
}

static void begin_run(struct receiver_table *table, struct flow_state *flow,
		      const struct receiver_datagram *datagram)
{
	begin_flow(table, flow, datagram->key);
	flow->run = datagram->run;
	flow->record.socket = datagram->socket;
	flow->overflows_before = table->overflows[datagram->socket % RECEIVER_SOCKETS_MAX];
}

static bool is_new_run(const struct flow_state *flow, const struct receiver_datagram *datagram)
{
	return flow->record.messages == 0 || (datagram->is_numbered && flow->run != datagram->run);
}

void receiver_table_datagram(struct receiver_table *table, const struct receiver_datagram *datagram)
{
	struct flow_state *flow = table->latest;

	if (flow == NULL || !is_same(&flow->record.key, datagram->key))
		flow = find_or_begin(table, datagram->key, datagram->now_ns);
	table->latest = flow;
	if (is_new_run(flow, datagram))
		begin_run(table, flow, datagram);
	struct receiver_record *record = &flow->record;
	count(record, datagram->now_ns);
	record->bytes += datagram->size;
	record->messages++;
	record->merged += datagram->is_merged;
	if (!datagram->is_numbered)
		return;
	record->numbered++;
	arrivals_add(&flow->arrivals, datagram->sequence);
	if (datagram->stamp_ns > 0)
		delays_add(&flow->delays, datagram->now_ns, datagram->stamp_ns);
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

static void tell(const struct receiver_table *table, struct flow_state *flow,
		 struct receiver_record *ret, struct hist *ret_delay)
{
	struct arrivals arrivals = flow->arrivals;

	*ret = flow->record;
	tell_delays(&flow->delays, ret, ret_delay);
	if (ret->key.transport == TRANSPORT_UDP)
		ret->overflows = table->overflows[ret->socket % RECEIVER_SOCKETS_MAX] -
				 flow->overflows_before;
	arrivals_settle(&arrivals, arrivals.next);
	ret->next = arrivals.next;
	ret->unique = arrivals.unique;
	ret->duplicate = arrivals.duplicate;
	ret->reordered = arrivals.reordered;
	ret->late = arrivals.late;
	ret->bursts = arrivals.bursts;
}

/* The flow in this table, if it was heard there after `heard_ns`. */
static bool find_newer(struct receiver_table *table, const struct receiver_key *key,
		       uint64_t *heard_ns, struct receiver_record *ret, struct hist *ret_delay)
{
	size_t set = set_of(table, key);

	take_lock(table);
	size_t way = way_of(table->places[set], key);
	bool is_newer = way < WAYS && table->places[set][way].heard_ns > *heard_ns;
	if (is_newer) {
		*heard_ns = table->places[set][way].heard_ns;
		if (ret_delay != NULL)
			hist_clear(ret_delay);
		tell(table, &table->flows[set][way], ret, ret_delay);
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
