/* The verdict on a trial: what held, what did not, and what this host kept from being seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#undef expect_check /* cmocka has a macro of that name */

#include "base/attributes.h"
#include "base/units.h"
#include "metric/expect.h"
#include "run/trial.h"

static const struct {
	const char *name;
	/* Of 1,000 messages. */
	uint64_t missed_peer, lost;
	uint64_t p99_ns, lag_ns;
	double cpu;
	const char *limited_by;
	bool is_unanswered;
	const char *verdict;
	const char *reason;
	const char *figures;
} cases[] = {
	/* clang-format off */
	{ .name = "it holds", .p99_ns = 9 * NS_PER_MS, .verdict = "held",
	  .figures = "response.p99 9.00 ms, lost 0" },
	{ .name = "one of two does not", .p99_ns = 9 * NS_PER_MS, .lost = 3, .verdict = "failed",
	  .reason = "lost 3 of 1,000", .figures = "response.p99 9.00 ms, lost 3 of 1,000" },
	{ .name = "neither does", .p99_ns = 12 * NS_PER_MS, .lost = 3, .verdict = "failed",
	  .reason = "response.p99 12.0 ms, lost 3 of 1,000",
	  .figures = "response.p99 12.0 ms, lost 3 of 1,000" },
	{ .name = "what was not sent is no rate that held", .p99_ns = 9 * NS_PER_MS,
	  .missed_peer = 6, .verdict = "failed",
	  .reason = "0.6 % of the messages could not be sent",
	  .figures = "response.p99 9.00 ms, lost 0" },
	{ .name = "but a few", .p99_ns = 9 * NS_PER_MS, .missed_peer = 5, .verdict = "held",
	  .figures = "response.p99 9.00 ms, lost 0" },
	{ .name = "nothing comes back any more", .is_unanswered = true, .verdict = "failed",
	  .reason = "nothing answered",
	  .figures = "response.p99 unknown (nothing was answered), lost 0" },
	{ .name = "this host is to blame", .p99_ns = 12 * NS_PER_MS, .limited_by = "host",
	  .verdict = "host", .reason = "cpu of one worker",
	  .figures = "response.p99 12.0 ms, lost 0" },
	{ .name = "it has no time to spare", .p99_ns = 12 * NS_PER_MS, .cpu = 0.95,
	  .verdict = "host", .reason = "cpu of one worker",
	  .figures = "response.p99 12.0 ms, lost 0" },
	{ .name = "it woke late for what it measures", .p99_ns = 12 * NS_PER_MS,
	  .lag_ns = 7 * NS_PER_MS, .verdict = "host", .reason = "woke late",
	  .figures = "response.p99 12.0 ms, lost 0" },
	{ .name = "a busy host that keeps up is none", .p99_ns = 9 * NS_PER_MS, .cpu = 0.95,
	  .lag_ns = 7 * NS_PER_MS, .verdict = "held", .figures = "response.p99 9.00 ms, lost 0" },
	/* clang-format on */
};

static struct report *report_of(size_t i)
{
	struct report *report = NULL;
	assert_int_equal(report_new(&report), 0);
	report->command = "load";
	report->planned_duration_ns = 2 * NS_PER_S;
	report->has_nothing_answered = cases[i].is_unanswered;
	report->reply_timeout_ns = 2 * NS_PER_S;
	*report_add_stream(report) = (struct report_stream){
		.name = "load",
		.kind = "slots",
		.transport = "tcp",
		.is_measured = true,
		.schedule = { .is_open_loop = true, .rate_per_second = 500 },
		.totals = { .scheduled = 1000,
			    .sent = 1000,
			    .lost = cases[i].lost,
			    .missed_peer = cases[i].missed_peer },
	};
	report->streams[0].latency[LATENCY_SERVICE].is_measured = true;
	report->streams[0].latency[LATENCY_RESPONSE] =
		(struct report_latency){ .is_measured = true,
					 .count = cases[i].is_unanswered ? 0 : 1000,
					 .p99_ns = cases[i].p99_ns };
	report->generator = (struct report_generator){ .worker_cpu_max = cases[i].cpu,
						       .loop_lag_p99_ns = cases[i].lag_ns,
						       .limited_by = cases[i].limited_by,
						       .limited_cause = "cpu of one worker" };
	return report;
}

static void test_verdicts(void **state)
{
	struct expect_list list = { 0 };
	(void)state;
	assert_int_equal(expect_parse("response.p99 < 10ms", NULL, &list), 0);
	assert_int_equal(expect_parse("lost == 0", NULL, &list), 0);
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = report_of(i);
		struct report_trial trial;
		struct arena arena;
		arena_init(&arena);
		print_message("%s\n", cases[i].name);
		expect_evaluate(&list, report);
		enum rate_verdict verdict = trial_judge(report, &arena, &trial);
		report_free(report);
		assert_string_equal(trial.verdict, cases[i].verdict);
		assert_string_equal(rate_verdict_name(verdict), cases[i].verdict);
		assert_string_equal(trial.figures, cases[i].figures);
		assert_int_equal(trial.reason == NULL, cases[i].reason == NULL);
		if (cases[i].reason)
			assert_string_equal(trial.reason, cases[i].reason);
		assert_true(trial.rate_per_second == 500 && trial.length_ns == 2 * NS_PER_S);
		assert_int_equal(trial.condition_count, 2);
		assert_string_equal(trial.conditions[0].text, "response.p99 < 10ms");
		arena_deinit(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
