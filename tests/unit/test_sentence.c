// The three lines where the golden reports of test_text.c don't have them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/sample_report.h"
#include "view/sentence.h"

static void says(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" is not in \"%s\"", part, sentence);
}

static void result_says(struct report *report, const char *part)
{
	sentence_build(report);
	says(report->result, part);
	report_free(report);
}

static void trust_says(struct report *report, const char *verdict, const char *part)
{
	sentence_build(report);
	assert_string_equal(report->generator.verdict, verdict);
	assert_int_equal(strncmp(report->trust, verdict, strlen(verdict)), 0);
	says(report->trust, part);
	says(report->generator.evidence, part);
	report_free(report);
}

static void the_likely_cause(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *part;
	} cases[] = {
		{ OUTCOME_REFUSED, "nothing answered: refused 20 (10.20.0.5:5003 has no listener" },
		{ OUTCOME_CONNECT_TIMEOUT, "connect timed out 20 (10.20.0.5:5003 is not there" },
		{ OUTCOME_UNREACHABLE, "unreachable 20 (10.20.0.5:5003 has no route from here" },
		{ OUTCOME_CLOSED, "closed by peer 20 (10.20.0.5:5003 takes connections and ends" },
		{ OUTCOME_NO_REPLY, "no reply in time 20 (10.20.0.5:5003 takes connections but" },
		{ OUTCOME_CORRUPTED, "than were sent 20 (10.20.0.5:5003 answers with other bytes" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = sample_nothing();
		report->streams[0].errors[0].outcome = cases[i].outcome;
		result_says(report, cases[i].part);
	}
	struct report *report = sample_nothing();
	report->streams[0].errors[0].count = 142;
	result_says(report, "nothing answered: refused 20 (");

	report = sample_nothing();
	report->streams[0].slots = 0;
	result_says(report, "nothing answered: refused 20 (");

	report = sample_nothing();
	report->streams[0].error_count = 0;
	sentence_build(report);
	assert_string_equal(report->result, "nothing answered");
	report_free(report);
}

static void results(void **state)
{
	struct report *report = sample_all_well();
	report->expectation_count = 0;
	report->streams[0].totals.corrupted = 2;
	result_says(report, "2 messages answered with other bytes");

	report = sample_all_well();
	report->expectation_count = 0;
	report->streams[0].survival[SURVIVAL_CLOSED] = 20;
	sentence_build(report);
	assert_string_equal(report->result, "2,000 messages and 100 new connections, none lost; "
					    "20 connections were closed by peer between messages");
	report_free(report);

	report = sample_all_well();
	report->streams[0].stalls.slots = 10;
	report->streams[0].stalls.max_ns = 998 * NS_PER_MS;
	result_says(report, "none lost; 10 of 20 clients stalled, longest 1.0 s");

	report = sample_failover();
	report->streams[0].stalls.max_ns = report->streams[0].interruptions.max_ns;
	sentence_build(report);
	assert_null(strstr(report->result, "stalled"));
	report_free(report);

	report = sample_all_well();
	report->streams[0].survival[SURVIVAL_NEVER_CONNECTED] = 1;
	result_says(report, "; 1 connection never came up");

	report = sample_expectations_failed();
	report->streams[0].survival[SURVIVAL_RESET] = 7;
	result_says(report, "failed, 7 connections reset; 50 of 200 clients interrupted");

	report = sample_expectations_failed();
	report->expectation_count = 2;
	result_says(report, "FAIL graceful: 323 messages lost");

	report = sample_served();
	report->streams[0].totals.received = 0;
	report->cut_off = 3;
	result_says(report, "67 drained in 1.2 s, 3 cut off; 421.8 MB received");
}

static void workloads(void **state)
{
	struct report *report = sample_all_well();
	report->streams[0].slots = 1;
	report->streams[0].schedule.rate_per_second = 0.5;
	sentence_build(report);
	says(report->headline, "  1 connection, 0.5/s of 1 KiB, 10 new connections/s, ");
	report->streams[0].schedule.is_open_loop = false;
	sentence_build(report);
	says(report->headline, "1 connection, one message after the other of 1 KiB");
	report_free(report);
}

static void verdicts(void **state)
{
	struct report *report = sample_all_well();
	report->generator.send_error_p99_ns = 10 * NS_PER_MS;
	trust_says(report, "good", "sent p99 10.0 ms late, none missed");

	report = sample_all_well();
	report->generator.send_error_p99_ns = 11 * NS_PER_MS;
	trust_says(report, "weak", "sent p99 11.0 ms late");

	report = sample_all_well();
	report->generator.send_error_p99_ns = 101 * NS_PER_MS;
	trust_says(report, "bad", "sent p99 101 ms late");

	report = sample_all_well();
	report->streams[0].totals.missed_no_connection = 13;
	trust_says(report, "good", "13 missed for want of a connection, none for want of cpu");

	report = sample_all_well();
	report->streams[0].totals.missed_generator = 21;
	trust_says(report, "weak", ", 21 missed for want of cpu");

	report = sample_all_well();
	report->streams[0].totals.missed_generator = 22;
	trust_says(report, "bad", ", 22 missed for want of cpu");

	report = sample_all_well();
	report->generator.loop_lag_p99_ns = 25 * NS_PER_MS;
	trust_says(report, "weak", "this program woke p99 25.0 ms late");

	report = sample_all_well();
	report->generator.events_dropped = 1;
	trust_says(report, "good", "1 event not told");
}

static void what_this_host_lacked_is_bad(void **state)
{
	static struct report_error errors[] = {
		{ .phase = PHASE_CONNECT, .outcome = OUTCOME_REFUSED, .count = 7 },
		{ .phase = PHASE_CONNECT, .outcome = OUTCOME_NO_DESCRIPTORS, .count = 4 },
	};
	struct report *report = sample_all_well();
	report->streams[0].errors = errors;
	report->streams[0].error_count = array_size(errors);
	trust_says(report, "bad",
		   "this host was out of file descriptors 4 times (raise ulimit -n); sent p99");
}

static void an_end_before_the_plan_is_weak(void **state)
{
	struct report *report = sample_all_well();
	report->is_interrupted = true;
	report->planned_duration_ns = 60 * NS_PER_S;
	trust_says(report, "weak", "interrupted after 10.0 s of 60.0 s; sent p99");

	report = sample_all_well();
	report->is_interrupted = true;
	report->planned_duration_ns = 0;
	trust_says(report, "good", "sent p99");
}

static void the_trust_of_serve(void **state)
{
	static struct report_limit limit = { "connections", 12 };
	struct report *report = sample_served();
	report->limits = &limit;
	report->limit_count = 1;
	report->generator.listen_overflows = 2;
	trust_says(report, "weak",
		   "12 clients turned away by the limit of connections, 2 listen-queue overflows, "
		   "0.04 of 2 CPUs");
}

static struct report *wrapped_but(bool is_exit_held, bool is_rest_held)
{
	struct report *report = sample_wrapped();
	report->marks[0].command.exit_status = is_exit_held ? 0 : 3;
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		bool is_exit = report->expectations[i].set == NULL;
		report->expectations[i].is_held = is_exit ? is_exit_held : is_rest_held;
	}
	return report;
}

static struct report *only_wrapped(bool is_exit_held)
{
	struct report *report = wrapped_but(is_exit_held, true);
	report->expectations[0] = report->expectations[report->expectation_count - 1];
	report->expectation_count = 1;
	return report;
}

static void the_verdict_around_a_command(void **state)
{
	result_says(wrapped_but(true, true), "PASS graceful: 323 messages lost");
	result_says(wrapped_but(true, false), "FAIL graceful: 323 messages lost");
	result_says(wrapped_but(false, true), "FAIL: command exit 3; 323 messages lost");
	result_says(wrapped_but(false, false), "FAIL graceful: command exit 3; 323 messages lost");
	result_says(only_wrapped(false), "FAIL: command exit 3; 323 messages lost");
	struct report *report = only_wrapped(true);
	sentence_build(report);
	assert_int_equal(strncmp(report->result, "50 of 200 clients", 17), 0);
	report_free(report);
	report = only_wrapped(false);
	report->mark_count = 0;
	result_says(report, "FAIL: no command was started; 323 messages lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_likely_cause),
		cmocka_unit_test(the_verdict_around_a_command),
		cmocka_unit_test(results),
		cmocka_unit_test(workloads),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(what_this_host_lacked_is_bad),
		cmocka_unit_test(an_end_before_the_plan_is_weak),
		cmocka_unit_test(the_trust_of_serve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
