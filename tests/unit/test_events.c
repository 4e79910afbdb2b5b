/* Order, bounds and drops of the ring, alone and between two threads. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/events.h"

#define CAPACITY 8

static void release_ring(struct event_ring **ring)
{
	event_ring_free(*ring);
}

#define scoped cleanup(release_ring)

static struct event_ring *ring_new(uint32_t capacity)
{
	struct event_ring *ring = NULL;

	assert_int_equal(event_ring_new(capacity, &ring), 0);
	return ring;
}

/* Every field tells the number, so that a torn copy shows. */
static struct event event_of(uint64_t number)
{
	return (struct event){
		.at_ns = number,
		.span_ns = ~number,
		.count = number * 3,
		.slot = (uint32_t)number,
		.kind = (uint8_t)(number % EVENT_KIND_COUNT),
	};
}

static bool is_whole(const struct event *event)
{
	uint64_t number = event->at_ns;

	return event->span_ns == ~number && event->count == number * 3 &&
	       event->slot == (uint32_t)number && event->kind == number % EVENT_KIND_COUNT;
}

static void put(struct event_ring *ring, uint64_t number)
{
	struct event event = event_of(number);

	event_ring_put(ring, &event);
}

static void assert_takes(struct event_ring *ring, uint64_t number)
{
	struct event event = { 0 };

	assert_true(event_ring_take(ring, &event));
	assert_int_equal(event.at_ns, number);
	assert_true(is_whole(&event));
}

static void events_come_in_order(void **state)
{
	scoped struct event_ring *ring = ring_new(CAPACITY);
	struct event event;

	assert_false(event_ring_take(ring, &event));
	for (uint64_t i = 0; i < 5 * CAPACITY; i += 2) {
		put(ring, i);
		put(ring, i + 1);
		assert_takes(ring, i);
		assert_takes(ring, i + 1);
		assert_false(event_ring_take(ring, &event));
	}
	assert_int_equal(event_ring_dropped(ring), 0);
}

static void a_full_ring_drops_the_newest_and_counts(void **state)
{
	scoped struct event_ring *ring = ring_new(CAPACITY);
	struct event event;

	for (uint64_t i = 0; i < CAPACITY + 3; i++)
		put(ring, i);
	assert_int_equal(event_ring_dropped(ring), 3);
	assert_takes(ring, 0);
	put(ring, 100);
	assert_int_equal(event_ring_dropped(ring), 3);
	for (uint64_t i = 1; i < CAPACITY; i++)
		assert_takes(ring, i);
	assert_takes(ring, 100);
	assert_false(event_ring_take(ring, &event));
}

static void a_ring_of_one_holds_one(void **state)
{
	scoped struct event_ring *ring = ring_new(1);

	put(ring, 1);
	put(ring, 2);
	assert_int_equal(event_ring_dropped(ring), 1);
	assert_takes(ring, 1);
	put(ring, 3);
	assert_takes(ring, 3);
}

#define THREAD_EVENTS 100000
#define LAST          UINT64_MAX

struct writer {
	struct event_ring *ring;
	uint64_t dropped; /* of THREAD_EVENTS */
};

static void *write_events(void *context)
{
	struct writer *writer = context;

	for (uint64_t i = 0; i < THREAD_EVENTS; i++) {
		put(writer->ring, i);
		if (i % 1000 == 0)
			sched_yield();
	}
	writer->dropped = event_ring_dropped(writer->ring);

	/* The reader needs one that surely arrives. */
	uint64_t dropped;

	do {
		dropped = event_ring_dropped(writer->ring);
		put(writer->ring, LAST);
	} while (event_ring_dropped(writer->ring) != dropped && sched_yield() == 0);
	return NULL;
}

static void two_threads_lose_nothing_but_what_is_counted(void **state)
{
	scoped struct event_ring *ring = ring_new(64);
	struct writer writer = { .ring = ring };
	pthread_t thread;
	struct event event = { 0 };
	uint64_t taken = 0;
	uint64_t previous = 0;

	assert_int_equal(pthread_create(&thread, NULL, write_events, &writer), 0);
	while (event.at_ns != LAST) {
		if (!event_ring_take(ring, &event)) {
			sched_yield();
			continue;
		}
		assert_true(is_whole(&event));
		assert_true(taken == 0 || event.at_ns > previous);
		previous = event.at_ns;
		taken++;
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(taken - 1 + writer.dropped, THREAD_EVENTS);
	assert_false(event_ring_take(ring, &event));
}

static void kinds_have_names(void **state)
{
	assert_string_equal(event_kind_name(EVENT_SLOT_SILENT), "slot_silent");
	assert_string_equal(event_kind_name(EVENT_DRAIN), "drain");
}

static void freeing_nothing_is_allowed(void **state)
{
	event_ring_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order),
		cmocka_unit_test(a_full_ring_drops_the_newest_and_counts),
		cmocka_unit_test(a_ring_of_one_holds_one),
		cmocka_unit_test(two_threads_lose_nothing_but_what_is_counted),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
