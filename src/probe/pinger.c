/* The schedule of many targets: those of one interval stand in a ring in the order in which they
 * fall due, which never changes, so a probe costs the same for any number of targets. */
#include "probe/pinger.h"

#include <errno.h>
#include <stdlib.h>

#include "base/slab.h"

#define PROBES_A_CHUNK 64

struct ring;

struct entry {
	struct list node; /* in its ring, while something is to fall due */
	struct pinger *pinger;
	struct ring *ring;
	const struct pinger_target *target;
	struct prober prober;
	uint64_t due_ns;
	struct pinger_counts counts;
	bool is_settled;
};

struct ring {
	struct list entries;
	struct pacer pacer; /* due with the first of them */
	uint64_t interval_ns;
};

struct pinger {
	struct pinger_setup setup;
	struct probe_host host;
	struct entry *entries;
	uint32_t opened;
	struct ring *rings;
	uint32_t ring_count;
	struct slab probes;
	uint32_t unfinished; /* targets that have something due or in flight */
	struct deferred finishing;
	bool is_started;
	bool is_finished;
};

uint64_t pinger_spread(uint32_t index, uint32_t count, uint64_t interval_ns)
{
	return (uint64_t)((double)interval_ns * index / count);
}

/* ---- the end ---- */

static void tell_finished(struct deferred *deferred)
{
	struct pinger *pinger = container_of(deferred, struct pinger, finishing);
	pinger->setup.finished(pinger->setup.context);
}

static void check_finished(struct pinger *pinger)
{
	if (!pinger->is_started || pinger->unfinished > 0 || pinger->is_finished)
		return;
	pinger->is_finished = true;
	loop_defer(pinger->setup.loop, &pinger->finishing);
}

static bool is_due(const struct entry *entry)
{
	return !list_is_empty(&entry->node);
}

static void settle(struct entry *entry)
{
	if (entry->is_settled || is_due(entry) || entry->counts.in_flight > 0)
		return;
	entry->is_settled = true;
	entry->pinger->unfinished--;
	check_finished(entry->pinger);
}

/* ---- the course of one probe ---- */

static void on_done(void *context, struct probe *probe)
{
	struct pinger *pinger = context;
	struct entry *entry = probe->owner;
	entry->counts.in_flight--;
	pinger->setup.done(pinger->setup.context, &probe->result);
	slab_put(&pinger->probes, probe);
	settle(entry);
}

static void on_stray(void *context, const struct prober *prober, uint64_t number,
		     enum probe_stray kind, uint64_t after_ns)
{
	const struct pinger *pinger = context;
	if (pinger->setup.stray)
		pinger->setup.stray(pinger->setup.context, prober->index, number, kind, after_ns);
}

static void start_probe(struct entry *entry, uint64_t due_ns, uint64_t number)
{
	struct pinger *pinger = entry->pinger;
	struct pinger_counts *counts = &entry->counts;
	struct probe *probe = counts->in_flight < entry->target->in_flight_max
				      ? slab_take(&pinger->probes)
				      : NULL;
	if (!probe) {
		counts->skipped++;
		return;
	}
	uint64_t now_ns = loop_read_clock(pinger->setup.loop);
	counts->started++;
	counts->in_flight++;
	if (now_ns - due_ns > counts->late_max_ns)
		counts->late_max_ns = now_ns - due_ns;
	probe_init(probe, entry);
	prober_start(&entry->prober, probe, number, due_ns, now_ns + entry->target->timeout_ns);
}

/* ---- the schedule ---- */

static void plan(struct ring *ring)
{
	ring->pacer.due_ns = list_is_empty(&ring->entries)
				     ? UINT64_MAX
				     : container_of(ring->entries.next, struct entry, node)->due_ns;
}

/* Behind all that fall due before it: at the end but at the start, or after `after_ns` of more than
 * an interval. */
static void insert(struct entry *entry)
{
	struct list *place = entry->ring->entries.previous;
	while (place != &entry->ring->entries &&
	       container_of(place, struct entry, node)->due_ns > entry->due_ns)
		place = place->previous;
	list_append(place->next, &entry->node);
}

/* How many have fallen due; more than one only where this process was held up. */
static uint64_t count_due(const struct entry *entry, uint64_t now_ns)
{
	uint64_t due = 1 + (now_ns - entry->due_ns) / entry->target->interval_ns;
	uint64_t left = entry->target->count - entry->counts.due;
	return entry->target->count > 0 && due > left ? left : due;
}

/* Those that were held up for an interval are skipped but for the last: a burst would measure
 * itself. */
static void fall_due(struct entry *entry, uint64_t now_ns)
{
	uint64_t count = count_due(entry, now_ns);
	uint64_t last_ns = entry->due_ns + (count - 1) * entry->target->interval_ns;
	list_remove(&entry->node);
	entry->counts.due += count;
	entry->counts.skipped += count - 1;
	entry->due_ns = last_ns + entry->target->interval_ns;
	if (entry->target->count == 0 || entry->counts.due < entry->target->count)
		insert(entry);
	start_probe(entry, last_ns, entry->counts.due);
	settle(entry);
}

static void run(struct pacer *pacer, uint64_t now_ns)
{
	struct ring *ring = container_of(pacer, struct ring, pacer);
	while (!list_is_empty(&ring->entries)) {
		struct entry *first = container_of(ring->entries.next, struct entry, node);
		if (first->due_ns > now_ns)
			break;
		fall_due(first, now_ns);
	}
	plan(ring);
}

void pinger_start(struct pinger *pinger, uint64_t at_ns)
{
	pinger->is_started = true;
	for (uint32_t i = 0; i < pinger->setup.target_count; i++) {
		struct entry *entry = &pinger->entries[i];
		entry->due_ns = at_ns + entry->target->after_ns;
		insert(entry);
	}
	pinger->unfinished = pinger->setup.target_count;
	for (uint32_t i = 0; i < pinger->ring_count; i++)
		plan(&pinger->rings[i]);
	check_finished(pinger);
}

void pinger_stop_target(struct pinger *pinger, uint32_t target)
{
	struct entry *entry = &pinger->entries[target];
	if (!is_due(entry))
		return;
	list_remove(&entry->node);
	plan(entry->ring);
	settle(entry);
}

void pinger_stop(struct pinger *pinger)
{
	for (uint32_t i = 0; i < pinger->setup.target_count; i++)
		pinger_stop_target(pinger, i);
}

void pinger_counts(const struct pinger *pinger, uint32_t target, struct pinger_counts *ret)
{
	*ret = pinger->entries[target].counts;
}

/* ---- life ---- */

static struct ring *find_ring(struct pinger *pinger, uint64_t interval_ns)
{
	uint32_t i = 0;
	while (i < pinger->ring_count && pinger->rings[i].interval_ns != interval_ns)
		i++;
	struct ring *ring = &pinger->rings[i];
	if (i < pinger->ring_count)
		return ring;
	pinger->ring_count++;
	ring->interval_ns = interval_ns;
	list_init(&ring->entries);
	pacer_init(&ring->pacer, run);
	loop_add_pacer(pinger->setup.loop, &ring->pacer);
	return ring;
}

static int open_entry(struct pinger *pinger, uint32_t index, struct error *error)
{
	const struct pinger_target *target = &pinger->setup.targets[index];
	struct entry *entry = &pinger->entries[index];
	list_init(&entry->node);
	entry->pinger = pinger;
	entry->target = target;
	entry->ring = find_ring(pinger, target->interval_ns);
	return prober_open(&entry->prober, &pinger->host, index, target->target, error);
}

/* NULL: out of memory. */
static struct pinger *make(const struct pinger_setup *setup)
{
	struct pinger *pinger = calloc(1, sizeof(*pinger));
	if (!pinger)
		return NULL;
	pinger->setup = *setup;
	pinger->host = (struct probe_host){ .loop = setup->loop,
					    .servers = setup->servers,
					    .done = on_done,
					    .stray = on_stray,
					    .context = pinger };
	slab_init(&pinger->probes, sizeof(struct probe), PROBES_A_CHUNK);
	deferred_init(&pinger->finishing, tell_finished);
	/* One more, as nothing at all may be NULL. */
	pinger->entries = calloc((size_t)setup->target_count + 1, sizeof(*pinger->entries));
	pinger->rings = calloc((size_t)setup->target_count + 1, sizeof(*pinger->rings));
	if (pinger->entries && pinger->rings)
		return pinger;
	pinger_free(pinger);
	return NULL;
}

int pinger_new(const struct pinger_setup *setup, struct error *error, struct pinger **ret)
{
	struct pinger *pinger = make(setup);
	int result = 0;
	if (!pinger)
		return error_set(error, ENOMEM, "out of memory");
	while (result >= 0 && pinger->opened < setup->target_count)
		result = open_entry(pinger, pinger->opened++, error);
	if (result < 0)
		pinger_free(pinger);
	else
		*ret = pinger;
	return result;
}

void pinger_free(struct pinger *pinger)
{
	if (!pinger)
		return;
	for (uint32_t i = 0; i < pinger->opened; i++)
		prober_close(&pinger->entries[i].prober);
	for (uint32_t i = 0; i < pinger->ring_count; i++)
		loop_remove_pacer(pinger->setup.loop, &pinger->rings[i].pacer);
	list_remove(&pinger->finishing.node);
	slab_deinit(&pinger->probes);
	free(pinger->rings);
	free(pinger->entries);
	free(pinger);
}
