/* A train's lateness is counted as if message by message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "engine/lateness.h"

static const struct hist_range range = { .highest = 3600 * NS_PER_S, .digits = 3 };

static struct hist *new_hist(void)
{
	struct hist *hist = calloc(1, hist_size(range));

	hist_init(hist, range);
	return hist;
}

static void assert_same(const struct lateness_span *span, uint64_t now_ns)
{
	struct counters each = { 0 };
	struct counters together = { 0 };
	struct hist *hist_each = new_hist();
	struct hist *hist_together = new_hist();
	uint64_t gaps = span->count > 1 ? span->count - 1 : 1;

	for (uint64_t i = 0; i < span->count; i++)
		(void)lateness_count(&each, hist_each,
				     span->first_ns + (span->last_ns - span->first_ns) * i / gaps,
				     now_ns);
	lateness_count_evenly(&together, hist_together, span, now_ns);
	assert_int_equal(together.sent_late, each.sent_late);
	assert_int_equal(together.debt_max_ns, each.debt_max_ns);
	assert_int_equal(hist_together->count, hist_each->count);
	for (uint32_t i = 0; i < hist_each->counts_size; i++)
		assert_int_equal(hist_together->counts[i], hist_each->counts[i]);
	free(hist_each);
	free(hist_together);
}

static void a_train_is_counted_as_its_messages_are(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 7);
	for (int i = 0; i < 2000; i++) {
		uint64_t first_ns = 5 * NS_PER_S + random_next(&random) % NS_PER_MS;
		struct lateness_span span = {
			.first_ns = first_ns,
			.last_ns = first_ns + random_next(&random) % (4 * NS_PER_MS),
			.count = 1 + random_next(&random) % 1024,
		};
		assert_same(&span, first_ns + random_next(&random) % (5 * NS_PER_MS));
	}
}

static void what_is_early_or_beyond_the_highest_is_counted_too(void **state)
{
	(void)state;
	assert_same(&(struct lateness_span){ 100, 200, 5 }, 150);
	assert_same(&(struct lateness_span){ 100, 100, 1 }, 90);
	assert_same(&(struct lateness_span){ 0, 1000, 100 }, 2 * 3600 * NS_PER_S);
	assert_same(&(struct lateness_span){ 0, 0, 0 }, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_train_is_counted_as_its_messages_are),
		cmocka_unit_test(what_is_early_or_beyond_the_highest_is_counted_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
