#include "metric/events.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/pages.h"

#define CACHE_LINE 64

static_assert(sizeof(struct event) == 40, "events are copied across threads: keep them small");

/* Both numbers only rise; what lies between them is in the ring. Each side writes its own cache
 * line. */
struct event_ring {
	uint32_t mask;
	alignas(CACHE_LINE) _Atomic uint64_t put;   /* the worker's */
	_Atomic uint64_t dropped;                   /* the worker's */
	alignas(CACHE_LINE) _Atomic uint64_t taken; /* the reader's */
	alignas(CACHE_LINE) struct event items[];
};

static const char *const kind_names[] = {
#define EVENT(symbol, name) name,
	EVENT_TABLE
#undef EVENT
};

const char *event_kind_name(enum event_kind kind)
{
	assert(kind < EVENT_KIND_COUNT);
	return kind_names[kind];
}

static size_t ring_bytes(uint32_t capacity)
{
	return sizeof(struct event_ring) + capacity * sizeof(struct event);
}

int event_ring_new(uint32_t capacity, struct event_ring **ret)
{
	void *pages = NULL;

	assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
	int result = pages_new(ring_bytes(capacity), PAGES_SHARED, &pages);

	if (result < 0)
		return result;
	*ret = pages;
	(*ret)->mask = capacity - 1;
	return 0;
}

void event_ring_free(struct event_ring *ring)
{
	if (ring != NULL)
		pages_free(ring, ring_bytes(ring->mask + 1));
}

void event_ring_put(struct event_ring *ring, const struct event *event)
{
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);

	if (put - taken > ring->mask) {
		uint64_t dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed);

		atomic_store_explicit(&ring->dropped, dropped + 1, memory_order_relaxed);
		return;
	}
	ring->items[put & ring->mask] = *event;
	atomic_store_explicit(&ring->put, put + 1, memory_order_release);
}

bool event_ring_take(struct event_ring *ring, struct event *ret)
{
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_acquire);

	if (taken == put)
		return false;
	*ret = ring->items[taken & ring->mask];
	atomic_store_explicit(&ring->taken, taken + 1, memory_order_release);
	return true;
}

uint64_t event_ring_dropped(const struct event_ring *ring)
{
	return atomic_load_explicit(&ring->dropped, memory_order_relaxed);
}
