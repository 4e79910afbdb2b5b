/* Lists with a cap, exact totals, and memory that is taken only when it is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/record.h"

static struct interval interval_of(enum interval_kind kind, uint8_t stream, uint64_t start_ns,
				   uint64_t end_ns)
{
	return (struct interval){
		.start_ns = start_ns, .end_ns = end_ns, .kind = (uint8_t)kind, .stream = stream
	};
}

static void add(struct interval_log *log, struct interval interval)
{
	interval_log_add(log, &interval);
}

static void intervals_are_kept_to_the_cap(void **state)
{
	cleanup(interval_log_free) struct interval_log log = { 0 };

	assert_int_equal(interval_log_new(3, PAGES_PRIVATE, &log), 0);
	for (uint64_t i = 0; i < 5; i++)
		add(&log, interval_of(INTERVAL_STALL, 0, i, i + 10));
	assert_int_equal(log.count, 3);
	assert_int_equal(log.omitted, 2);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(log.items[i].start_ns, i);
}

static void assert_totals(const struct interval_totals *totals, struct interval_totals expected)
{
	assert_int_equal(totals->count, expected.count);
	assert_int_equal(totals->open, expected.open);
	assert_int_equal(totals->total_ns, expected.total_ns);
	assert_int_equal(totals->max_ns, expected.max_ns);
}

static void totals_are_exact_beyond_the_cap(void **state)
{
	cleanup(interval_log_free) struct interval_log log = { 0 };
	struct interval open = interval_of(INTERVAL_STALL, 1, 500, 900);

	open.is_open = true;
	assert_int_equal(interval_log_new(2, PAGES_PRIVATE, &log), 0);
	add(&log, interval_of(INTERVAL_STALL, 1, 100, 130));
	add(&log, interval_of(INTERVAL_OUTAGE, 1, 100, 107));
	add(&log, interval_of(INTERVAL_STALL, 2, 100, 101));
	add(&log, open);
	add(&log, interval_of(INTERVAL_STALL, 1, 1000, 1020));
	assert_int_equal(log.omitted, 3);
	assert_totals(
		&log.totals[1][INTERVAL_STALL],
		(struct interval_totals){ .count = 3, .open = 1, .total_ns = 450, .max_ns = 400 });
	assert_totals(&log.totals[1][INTERVAL_OUTAGE],
		      (struct interval_totals){ .count = 1, .total_ns = 7, .max_ns = 7 });
	assert_totals(&log.totals[2][INTERVAL_STALL],
		      (struct interval_totals){ .count = 1, .total_ns = 1, .max_ns = 1 });
	assert_totals(&log.totals[1][INTERVAL_INTERRUPTION], (struct interval_totals){ 0 });
}

static void connections_are_kept_to_the_cap(void **state)
{
	cleanup(connection_log_free) struct connection_log log = { 0 };

	assert_int_equal(connection_log_new(2, PAGES_PRIVATE, &log), 0);
	for (uint32_t i = 0; i < 5; i++)
		connection_log_add(&log, &(struct connection_record){ .slot = i + 7 });
	assert_int_equal(log.count, 2);
	assert_int_equal(log.omitted, 3);
	assert_int_equal(log.items[0].slot, 7);
	assert_int_equal(log.items[1].slot, 8);
}

static void add_attempts(struct attempt_log *log, uint64_t first, uint64_t count,
			 enum outcome outcome)
{
	for (uint64_t i = first; i < first + count; i++)
		attempt_log_add(log, &(struct attempt_record){ .number = i,
							       .due_ns = 100 * i,
							       .outcome = (uint8_t)outcome });
}

static void answered_attempts_are_thinned_out_evenly(void **state)
{
	cleanup(attempt_log_free) struct attempt_log log = { 0 };
	assert_int_equal(attempt_log_new(16, PAGES_PRIVATE, &log), 0);
	add_attempts(&log, 0, 8, OUTCOME_DONE);
	assert_int_equal(log.stride, 1);
	add_attempts(&log, 8, 92, OUTCOME_DONE);
	assert_int_equal(log.stride, 16);
	assert_int_equal(log.answered, 7);
	assert_int_equal(log.omitted, 93);
	for (uint32_t i = 0; i < log.answered; i++)
		assert_int_equal(attempt_log_at(&log, i)->number, 16 * i);
}

static void the_first_failures_are_kept(void **state)
{
	cleanup(attempt_log_free) struct attempt_log log = { 0 };
	assert_int_equal(attempt_log_new(16, PAGES_PRIVATE, &log), 0);
	add_attempts(&log, 0, 1000, OUTCOME_DONE);
	add_attempts(&log, 1000, 10, OUTCOME_REFUSED);
	assert_int_equal(log.failed, 8);
	assert_int_equal(log.omitted + log.answered + log.failed, 1010);
	for (uint32_t i = 0; i < log.failed; i++)
		assert_int_equal(attempt_log_at(&log, log.answered + i)->number, 1000 + i);
}

static void without_room_all_is_omitted(void **state)
{
	cleanup(interval_log_free) struct interval_log intervals = { 0 };
	cleanup(connection_log_free) struct connection_log connections = { 0 };

	assert_int_equal(interval_log_new(0, PAGES_PRIVATE, &intervals), 0);
	assert_int_equal(connection_log_new(0, PAGES_PRIVATE, &connections), 0);
	add(&intervals, interval_of(INTERVAL_STALL, 0, 0, 1));
	connection_log_add(&connections, &(struct connection_record){ 0 });
	assert_int_equal(intervals.omitted, 1);
	assert_int_equal(connections.omitted, 1);
}

/* Pages of the mapping that are in memory. */
static size_t resident_pages(void *memory, size_t size_bytes)
{
	static unsigned char pages[2048];
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t page_count = (size_bytes + page_bytes - 1) / page_bytes;
	size_t resident = 0;

	assert_true(page_count <= sizeof(pages));
	assert_int_equal(mincore(memory, size_bytes, pages), 0);
	for (size_t i = 0; i < page_count; i++)
		resident += pages[i] & 1;
	return resident;
}

static void untouched_pages_are_not_taken(void **state)
{
	cleanup(interval_log_free) struct interval_log log = { 0 };
	size_t size_bytes = INTERVALS_MAX * sizeof(struct interval);

	assert_int_equal(interval_log_new(INTERVALS_MAX, PAGES_PRIVATE, &log), 0);
	assert_int_equal(resident_pages(log.items, size_bytes), 0);
	add(&log, interval_of(INTERVAL_STALL, 0, 1, 2));
	assert_int_equal(resident_pages(log.items, size_bytes), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_are_kept_to_the_cap),
		cmocka_unit_test(totals_are_exact_beyond_the_cap),
		cmocka_unit_test(connections_are_kept_to_the_cap),
		cmocka_unit_test(answered_attempts_are_thinned_out_evenly),
		cmocka_unit_test(the_first_failures_are_kept),
		cmocka_unit_test(without_room_all_is_omitted),
		cmocka_unit_test(untouched_pages_are_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
