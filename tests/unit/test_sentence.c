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
	report->streams[0].errors[0].outcome = OUTCOME_TIMED_OUT;
	report->streams[0].errors[0].phase = PHASE_TLS;
	result_says(report, "5003 takes connections but doesn't answer a TLS handshake)");

	report = sample_nothing();
	report->streams[0].errors[0].count = 142;
	result_says(report, "nothing answered: refused 20 (");

	report = sample_nothing();
	report->streams[0].errors[0].outcome = OUTCOME_UNTRUSTED;
	report->tls.complaint = "the certificate expired";
	result_says(report, "not trusted 20 (10.20.0.5:5003: the certificate expired)");

	report = sample_nothing();
	report->tls.complaint = "of another connection";
	result_says(report, "nothing answered: refused 20 (10.20.0.5:5003 has no listener");

	report = sample_nothing();
	report->streams[0].slots = 0;
	result_says(report, "nothing answered: refused 20 (");

	report = sample_nothing();
	struct report_error errors[] = {
		{ .phase = PHASE_SEND, .outcome = OUTCOME_RESET, .count = 73 },
		{ .phase = PHASE_RECEIVE, .outcome = OUTCOME_RESET, .count = 15 },
		{ .phase = PHASE_CONNECT, .outcome = OUTCOME_REFUSED, .count = 2 },
	};
	report->streams[0].errors = errors;
	report->streams[0].error_count = array_size(errors);
	result_says(report, "nothing answered: reset in send 73, reset in receive 15, refused 2 "
			    "(10.20.0.5:5003 takes");

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
	report->expectation_count = 2;
	result_says(report, "FAIL graceful: 323 messages lost");

	report = sample_datagrams();
	report->streams[0].survival[SURVIVAL_STALLED] = 5;
	result_says(report, "; 5 flows silent at the end");

	report = sample_datagrams();
	report->streams[1].totals.lost = report->streams[1].totals.sent;
	result_says(report, "; 100 % of the UDP probes lost");

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

/* `count` connections of clients that ended so at +1 s. */
static void add_ended(struct report *report, uint32_t count, enum outcome outcome, uint64_t lost)
{
	struct report_connection *all =
		arena_take_array(&report->arena, report->connection_count + count, sizeof(*all));
	if (report->connection_count > 0)
		memcpy(all, report->connections, report->connection_count * sizeof(*all));
	for (uint32_t i = 0; i < count; i++)
		all[report->connection_count + i] = (struct report_connection){
			.stream = "persistent",
			.ended_ns = (int64_t)NS_PER_S,
			.received = 5,
			.lost = lost,
			.outcome = outcome,
		};
	report->connections = all;
	report->connection_count += count;
}

static void connections_that_ended(void **state)
{
	struct report *report = sample_all_well();
	report->expectation_count = 0;
	add_ended(report, 48, OUTCOME_CLOSED, 0);
	add_ended(report, 2, OUTCOME_CLOSED, 1);
	add_ended(report, 80, OUTCOME_RESET, 0);
	add_ended(report, 1, OUTCOME_TIMED_OUT, 3);
	sentence_build(report);
	assert_string_equal(report->result,
			    "2,000 messages and 100 new connections, none lost; 80 connections "
			    "reset; 1 connection timed out; 48 connections were closed by peer "
			    "between messages");
	report_free(report);

	report = sample_all_well();
	add_ended(report, 1, OUTCOME_CLOSED, 0);
	report->connections_omitted = 1;
	result_says(report, "; at least 1 connection was closed by peer between messages");

	/* Before the measurement, and before it had answered. */
	report = sample_all_well();
	add_ended(report, 2, OUTCOME_CLOSED, 0);
	report->connections[report->connection_count - 1].ended_ns = -1;
	report->connections[report->connection_count - 2].received = 0;
	sentence_build(report);
	assert_null(strstr(report->result, "closed by peer"));
	report_free(report);

	report = sample_expectations_failed();
	report->connections_omitted = 0;
	add_ended(report, 7, OUTCOME_RESET, 1);
	result_says(report, "failed, 7 connections reset; 50 of 200 clients interrupted");
}

static void what_failed_is_said(void **state)
{
	static struct report_expectation failed[] = {
		{ .text = "connects == 3", .value = 8, .is_measured = true },
		{ .text = "path.outages.max < 1s" },
		{ .text = "lost > 0", .is_measured = true },
		{ .text = "cpu < 1", .is_held = true },
		{ .text = "response.p99 < 1ms", .value = 1200000, .is_measured = true },
	};
	struct report *report = sample_all_well();
	report->expectations = failed;
	report->expectation_count = array_size(failed);
	sentence_build(report);
	assert_string_equal(report->result,
			    "FAIL: connects is 8 (expected == 3), path.outages.max is not measured "
			    "(expected < 1s), lost is 0 (expected > 0), 1 more; 2,000 messages and "
			    "100 new connections, none lost");
	report_free(report);

	report = sample_served();
	report->expectations = failed;
	report->expectation_count = 1;
	result_says(report, "FAIL: connects is 8 (expected == 3); 1,412 connections served");
	report = sample_served();
	report->expectations = failed + 3;
	report->expectation_count = 1;
	result_says(report, "PASS: 1,412 connections served");
}

static void an_end_in_the_ramp(void **state)
{
	static struct report_expectation failed = { .text = "lost == 0", .set = "graceful" };
	struct report *report = sample_all_well();
	report->is_interrupted = true;
	report->expectation_count = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		report->streams[i].is_measured = false;
	report->streams[0].slots = 2000;
	report->streams[0].totals.connects = 100;
	report->streams[0].totals.disconnects = 3;
	sentence_build(report);
	assert_string_equal(report->result,
			    "interrupted while connecting, 97 of 2,000 up, nothing measured");
	assert_string_equal(report->trust, "bad: there was nothing to measure");
	report->expectations = &failed;
	report->expectation_count = 1;
	result_says(report, "FAIL graceful: interrupted while connecting, 97");
}

static void answers_that_came_too_late(void **state)
{
	struct report *report = sample_nothing();
	report->streams[0].latency[LATENCY_FIRST_REPLY] =
		(struct report_latency){ .count = 8, .max_ns = 3010 * NS_PER_MS };
	result_says(report, "nothing answered in time (10.20.0.5:5003 answers, but the first reply "
			    "took 3.01 s)");
}

static void slow_and_fast_schedules(void **state)
{
	struct report *report = sample_all_well();
	report->streams[0].schedule.rate_per_second = 0.001;
	report->streams[0].interruptions.resolution_ns = 20000 * NS_PER_S;
	sentence_build(report);
	says(report->headline, "20 connections x 0.00005/s = 0.001/s of 1 KiB");
	says(report->trust, "times are ±20,000 s (one message per 20,000 s and client)");
	report->streams[0].schedule.rate_per_second = 1e6 / 3;
	report->streams[0].interruptions.resolution_ns = 163840 * NS_PER_US;
	sentence_build(report);
	says(report->headline, "20 connections x 16,667/s = 333,333/s of 1 KiB");
	says(report->trust, "(one message per 164 ms and client)");
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

static void a_process_that_was_lost_is_named(void **state)
{
	static struct report_process processes[5] = {
		{ .index = 1, .lost_ns = INT64_MIN },
		{ 2, 77, 1, 50, "was killed by signal 9 (SIGKILL)", INT64_C(2400000000), 9000 },
		{ .index = 3, .lost = "ended with status 1", .lost_ns = -5, .connections = 1 },
		{ .index = 4, .lost = "ended with status 1", .lost_ns = 1 },
		{ .index = 5, .lost = "ended with status 1", .lost_ns = 1 },
	};
	struct report *report = sample_all_well();
	report->generator.processes = processes;
	report->generator.process_count = 2;
	trust_says(report, "bad",
		   "process 2 of 2 was killed by signal 9 (SIGKILL) after 2.4 s, with 9,000 "
		   "connections; what it had measured is kept; sent p99");

	report = sample_all_well();
	report->generator.processes = processes;
	report->generator.process_count = 5;
	trust_says(report, "bad",
		   "process 3 of 5 ended with status 1 in the ramp, with 1 connection; ");

	report = sample_all_well();
	report->generator.processes = processes;
	report->generator.process_count = 5;
	trust_says(report, "bad", "; and so 1 more; what they had measured is kept; sent p99");
}

static void serve_goes_by_its_name(void **state)
{
	static struct report_setting settings[] = { { "drain", "5s" }, { "name", "d1" } };
	struct report *report = sample_served();
	report->settings = settings;
	report->setting_count = array_size(settings);
	sentence_build(report);
	says(report->headline, "  d1, 1,182.3 s from ");
	settings[1].value = NULL;
	sentence_build(report);
	says(report->headline, "  web-3-7d9f, 1,182.3 s from ");
	report_free(report);
}

static void the_trust_of_serve(void **state)
{
	static struct report_limit limits[] = { { "max-connections", 12 }, { "descriptors", 1 } };
	struct report *report = sample_served();
	report->limits = limits;
	report->limit_count = array_size(limits);
	report->generator.listen_overflows = 2;
	report->generator.listen_queue = 4;
	trust_says(
		report, "weak",
		"12 clients turned away by --max-connections, 1 client turned away by ulimit -n, "
		"2 listen-queue overflows (4 may wait: sysctl -w net.core.somaxconn=4096), "
		"0.04 of 2 CPUs");
	report = sample_served();
	report->generator.listen_overflows = 1;
	report->generator.listen_queue = 4096;
	trust_says(report, "weak",
		   "no limit was reached, 1 listen-queue overflow (4096 may wait: sysctl -w "
		   "net.core.somaxconn=8192), 0.04 of 2 CPUs");
}

static struct report *wrapped_but(bool is_exit_held, bool is_rest_held)
{
	struct report *report = sample_wrapped();
	report->marks[0].command.exit_status = is_exit_held ? 0 : 3;
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		bool is_exit = report->expectations[i].set == NULL;
		bool is_rest = is_rest_held || report->expectations[i].value == 0;
		report->expectations[i].is_held = is_exit ? is_exit_held : is_rest;
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
		cmocka_unit_test(connections_that_ended),
		cmocka_unit_test(what_failed_is_said),
		cmocka_unit_test(an_end_in_the_ramp),
		cmocka_unit_test(answers_that_came_too_late),
		cmocka_unit_test(slow_and_fast_schedules),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(what_this_host_lacked_is_bad),
		cmocka_unit_test(an_end_before_the_plan_is_weak),
		cmocka_unit_test(a_process_that_was_lost_is_named),
		cmocka_unit_test(serve_goes_by_its_name),
		cmocka_unit_test(the_trust_of_serve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
