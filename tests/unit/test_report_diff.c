// Is B worse than A? On runs that are alike, on runs that are not, and in words.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/report_diff.h"
#include "metric/report_hops.h"
#include "metric/spread.h"
#include "support/golden.h"
#include "support/sample_report.h"
#include "support/simulated_run.h"
#include "view/diff_text.h"

#define ALLOWED 0.05

static const struct simulated_run usual = {
	.p50_ms = 2, .run_sigma = 0.005, .per_second = 200, .lost_expected = 5
};

static struct diff_side side_of(const struct simulated_run *run, size_t count,
				struct random *random)
{
	struct diff_side side = { .count = count };
	for (size_t i = 0; i < count; i++)
		side.runs[i] = simulated_run(run, random);
	return side;
}

static void side_free(struct diff_side *side)
{
	for (size_t i = 0; i < side->count; i++)
		report_free((struct report *)side->runs[i]);
}

/* How many of the pairs fail. */
static unsigned failures(const struct simulated_run *was, const struct simulated_run *is,
			 size_t runs, unsigned pairs)
{
	unsigned failed = 0;
	struct random random;
	random_init(&random, 4711);
	for (unsigned i = 0; i < pairs; i++) {
		struct diff diff;
		struct error error = { "" };
		struct diff_side a = side_of(was, runs, &random);
		struct diff_side b = side_of(is, runs, &random);
		assert_int_equal(report_diff(&a, &b, ALLOWED, 1, &error, &diff), 0);
		failed += diff.has_failed;
		diff_deinit(&diff);
		side_free(&a);
		side_free(&b);
	}
	return failed;
}

static struct simulated_run slower(const struct simulated_run *run)
{
	struct simulated_run slow = *run;
	slow.p50_ms *= 1.1;
	return slow;
}

static void equal_pairs_seldom_fail(void **state)
{
	assert_in_range(failures(&usual, &usual, 1, 1000), 0, 50);
}

static void a_tenth_slower_is_found(void **state)
{
	struct simulated_run slow = slower(&usual);
	assert_in_range(failures(&usual, &slow, 1, 1000), 950, 1000);
}

/* Runs of one build differ by 3 %: more than one run a side could tell. */
static void several_runs_a_side(void **state)
{
	struct simulated_run noisy = usual;
	noisy.run_sigma = 0.03;
	noisy.per_second = 52;
	assert_in_range(failures(&noisy, &noisy, 5, 100), 0, 5);
	struct simulated_run slow = slower(&usual);
	assert_in_range(failures(&usual, &slow, 3, 100), 95, 100);
}

static void losses_are_as_noisy_as_chance(void **state)
{
	static const struct {
		uint64_t a, b;
		bool is_worse;
	} cases[] = { { 0, 0, false },  { 0, 4, false },   { 0, 5, true },       { 10, 14, false },
		      { 10, 30, true }, { 30, 10, false }, { 1000, 1040, false } };
	for (size_t i = 0; i < array_size(cases); i++) {
		struct random random;
		struct diff diff;
		struct error error = { "" };
		random_init(&random, 1);
		struct report *a = simulated_run(&usual, &random);
		struct report *b = simulated_run(&usual, &random);
		a->streams[0].totals.lost = cases[i].a;
		b->streams[0].totals.lost = cases[i].b;
		struct diff_side sides[2] = { { { a }, 1 }, { { b }, 1 } };
		assert_int_equal(report_diff(&sides[0], &sides[1], ALLOWED, 1, &error, &diff), 0);
		const struct diff_row *lost = NULL;
		for (size_t k = 0; k < diff.row_count; k++) {
			if (strcmp(diff.rows[k].figure->name, "lost") == 0)
				lost = &diff.rows[k];
		}
		assert_non_null(lost);
		assert_int_equal(lost->is_worse, cases[i].is_worse);
		diff_deinit(&diff);
		report_free(a);
		report_free(b);
	}
}

/* Twice as many lost of twice as many sent is no more. */
static void a_count_is_a_share_of_its_whole(void **state)
{
	struct random random;
	struct diff diff;
	struct error error = { "" };
	random_init(&random, 1);
	struct report *a = simulated_run(&usual, &random);
	struct report *b = simulated_run(&usual, &random);
	a->streams[0].totals.lost = 500;
	b->streams[0].totals.lost = 1000;
	b->streams[0].totals.sent *= 2;
	struct diff_side sides[2] = { { { a }, 1 }, { { b }, 1 } };
	assert_int_equal(report_diff(&sides[0], &sides[1], ALLOWED, 1, &error, &diff), 0);
	for (size_t i = 0; i < diff.row_count; i++) {
		if (strcmp(diff.rows[i].figure->name, "lost") == 0) {
			assert_true(diff.rows[i].base == 1000);
			assert_false(diff.rows[i].is_worse);
		}
	}
	diff_deinit(&diff);
	report_free(a);
	report_free(b);
}

static void different_commands_are_refused(void **state)
{
	struct random random;
	struct diff diff;
	struct error error = { "" };
	random_init(&random, 1);
	struct report *a = sample_failover();
	struct report *b = simulated_run(&usual, &random);
	struct diff_side sides[2] = { { { a }, 1 }, { { b }, 1 } };
	assert_true(report_diff(&sides[0], &sides[1], ALLOWED, 1, &error, &diff) < 0);
	assert_string_equal(error.text, "different commands can't be compared: traffic and load");
	diff_deinit(&diff);
	report_free(a);
	report_free(b);
}

static void write(const struct diff_side *a, const struct diff_side *b,
		  const struct diff_names *names, struct buffer *out)
{
	static const struct text_style style = { .is_utf8 = true };
	struct diff diff;
	struct error error = { "" };
	assert_int_equal(report_diff(a, b, names->max_regress, 1, &error, &diff), 0);
	if (out->size > 0)
		buffer_append_text(out, "\n");
	diff_text_write(&diff, a, b, names, &style, out);
	diff_deinit(&diff);
}

/* The figures of reference run C4. */
static struct report *pull_request(uint64_t p99_ns, uint64_t p50_ns, double goodput_mbps)
{
	struct random random;
	random_init(&random, 7);
	struct simulated_run run = usual;
	run.lost_expected = 0;
	struct report *report = simulated_run(&run, &random);
	report->streams[0].latency[LATENCY_RESPONSE].p99_ns = p99_ns;
	report->streams[0].latency[LATENCY_RESPONSE].p50_ns = p50_ns;
	report->streams[0].totals.bytes_received = (uint64_t)(goodput_mbps * 1e6 / 8 * 30);
	return report;
}

static void what_people_read(void **state)
{
	struct buffer out;
	struct diff_names names = { "a/main.json", "b/pr.json", ALLOWED };
	struct report *a = pull_request(2140000, 412000, 812.4);
	struct report *b = pull_request(2800000, 420000, 809.9);
	struct diff_side sides[2] = { { { a }, 1 }, { { b }, 1 } };
	buffer_init(&out, 1 << 20);
	write(&sides[0], &sides[1], &names, &out);
	write(&sides[0], &sides[0], &(struct diff_names){ "a/run.json", "b/run.json", 0.005 },
	      &out);
	struct diff_side lists[2] = { { { a, a, a }, 3 }, { { b, b, b }, 3 } };
	names = (struct diff_names){ "a1.json,a2.json,a3.json", "b1.json,b2.json,b3.json",
				     ALLOWED };
	write(&lists[0], &lists[1], &names, &out);
	report_free(a);
	report_free(b);
	static const struct report_setting setting = { "rate", "20/conn" };
	a = sample_failover();
	b = sample_all_well();
	b->settings = (struct report_setting *)&setting;
	b->setting_count = 1;
	b->host_name = "client-2";
	sides[0].runs[0] = a;
	sides[1].runs[0] = b;
	write(&sides[0], &sides[1], &(struct diff_names){ "before", "after", ALLOWED }, &out);
	write(&sides[1], &sides[0], &(struct diff_names){ "after", "before", ALLOWED }, &out);
	golden_check("diff.txt", &out);
	buffer_deinit(&out);
	report_free(a);
	report_free(b);
}

static void statistics(void **state)
{
	double values[] = { 5, 1, 4, 2, 3 };
	double even[] = { 4, 1 };
	double few[] = { 1, 2, 3, 4 };
	double outlier[] = { 10, 10, 11, 9, 1000 };
	assert_true(spread_median(values, 5) == 3);
	assert_true(spread_median(even, 2) == 2.5);
	assert_true(isnan(spread_median(values, 0)));
	assert_true(isnan(spread_relative(few, 4)));
	assert_true(fabs(spread_relative(outlier, 5) - 0.14826) < 1e-9);
	const double a[] = { 1, 1, 1 };
	const double b[] = { 2, 2, 3 };
	struct spread_interval interval = spread_bootstrap(a, 3, b, 3, 1);
	assert_true(interval.low == 1 && interval.high == 2);
}

static struct report *path_report(uint64_t mtu_bytes, const struct report_hops *hops)
{
	struct report *report = NULL;
	assert_int_equal(report_new(&report), 0);
	report->command = "path";
	report->has_path = true;
	report->path.forward = (struct path_direction){
		.is_measured = true,
		.verdict = path_verdict_name(PATH_OK),
		.mtu_bytes = mtu_bytes,
	};
	report->path.hops = hops;
	report->path.hops_count = 1;
	return report;
}

/* Figures of the run, which has no streams. The way back was not asked. */
static void paths_are_compared(void **state)
{
	static const struct report_hop_path whole = { .is_reached = true, .small_sent = 20 };
	static const struct report_hop_path lossy = { .is_reached = true,
						      .small_sent = 20,
						      .small_lost = 9 };
	static const struct report_hops before = { .paths = &whole, .path_count = 1 };
	static const struct report_hops after = { .paths = &lossy, .path_count = 1 };
	static const char *const names[] = { "path.mtu", "hops.bad_paths", "hops.lost" };
	struct report *a = path_report(1500, &before);
	struct report *b = path_report(1400, &after);
	struct diff_side sides[2] = { { { a }, 1 }, { { b }, 1 } };
	for (int turn = 0; turn < 2; turn++) {
		struct error error = { "" };
		struct diff diff;
		assert_int_equal(
			report_diff(&sides[turn], &sides[!turn], ALLOWED, 1, &error, &diff), 0);
		assert_int_equal(diff.row_count, array_size(names));
		for (size_t i = 0; i < array_size(names); i++) {
			assert_string_equal(diff.rows[i].figure->name, names[i]);
			assert_int_equal(diff.rows[i].is_worse, turn == 0);
		}
		diff_deinit(&diff);
	}
	report_free(a);
	report_free(b);
}

/* Peers, of the run; and each kind of probe under its own name. */
static void meshes_are_compared(void **state)
{
	static const struct report_mesh well = { .probed = 12 };
	static const struct report_mesh ill = { .probed = 12, .bad = 2, .black_holes = 1 };
	static const char *const names[] = { "peers.bad", "mtu.blackholes", "lost", "peers" };
	struct report *reports[2];
	struct error error = { "" };
	struct diff diff;

	for (size_t i = 0; i < array_size(reports); i++) {
		assert_int_equal(report_new(&reports[i]), 0);
		reports[i]->command = "mesh";
		reports[i]->has_mesh = true;
		reports[i]->mesh = i == 0 ? well : ill;
		struct report_stream *stream = report_add_stream(reports[i]);
		*stream = (struct report_stream){
			.name = "tcp", .kind = "mesh", .transport = "tcp", .is_measured = true
		};
		stream->totals = (struct counters){ .sent = 100, .received = 100 };
	}
	struct diff_side a = { { reports[0] }, 1 }, b = { { reports[1] }, 1 };
	assert_int_equal(report_diff(&a, &b, ALLOWED, 1, &error, &diff), 0);
	assert_int_equal(diff.row_count, array_size(names));
	for (size_t i = 0; i < array_size(names); i++) {
		assert_string_equal(diff.rows[i].figure->name, names[i]);
		assert_int_equal(diff.rows[i].is_worse, i < 2);
	}
	assert_string_equal(diff.rows[2].stream, "tcp");
	diff_deinit(&diff);
	report_free(reports[0]);
	report_free(reports[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_compared),
		cmocka_unit_test(meshes_are_compared),
		cmocka_unit_test(equal_pairs_seldom_fail),
		cmocka_unit_test(a_tenth_slower_is_found),
		cmocka_unit_test(several_runs_a_side),
		cmocka_unit_test(losses_are_as_noisy_as_chance),
		cmocka_unit_test(a_count_is_a_share_of_its_whole),
		cmocka_unit_test(different_commands_are_refused),
		cmocka_unit_test(what_people_read),
		cmocka_unit_test(statistics),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
