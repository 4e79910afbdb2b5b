// The probes of a target as they end: counts, phases, jitter, what is kept of many.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/status.h"
#include "metric/probe_series.h"
#include "support/sample_parts.h"
#include "support/sample_ping.h"

#define NONE (-1)

static struct probe_series *new_series(uint32_t kept_max, bool is_datagram)
{
	struct probe_series *series = NULL;
	struct probe_series_setup setup = { .kept_max = kept_max, .is_datagram = is_datagram };
	assert_int_equal(probe_series_new(&setup, &series), 0);
	return series;
}

static void add(struct probe_series *series, uint64_t number, enum outcome outcome, double wait_ms)
{
	struct sample_probe probe = {
		.phases_ms = { NONE, NONE, NONE, 0.01, outcome == OUTCOME_DONE ? wait_ms : NONE,
			       NONE },
		.outcome = outcome,
		.failed_in = PROBE_WAIT,
		.failed_after_ms = outcome == OUTCOME_DONE ? 0 : 1000,
	};
	struct probe_result result = sample_probe_result(number, &probe);
	probe_series_add(series, &result);
}

static struct report *given(struct probe_series *series, uint64_t in_flight,
			    const struct report_stream **ret)
{
	struct report *report = NULL;
	struct probe_series_schedule schedule = { .due = 1000, .in_flight = in_flight };
	assert_int_equal(report_new(&report), 0);
	struct report_stream *stream = report_add_stream(report);
	stream->has_ping = true;
	stream->kind = "ping";
	for (unsigned i = 0; i < LATENCY_COUNT; i++)
		stream->latency[i].is_measured = true;
	probe_series_give(series, &schedule, report, stream);
	probe_series_free(series);
	*ret = stream;
	return report;
}

static void every_probe_is_one_of_three(void **state)
{
	const struct report_stream *stream = NULL;
	struct probe_series *series = new_series(100, true);
	add(series, 1, OUTCOME_DONE, 1);
	add(series, 2, OUTCOME_NO_REPLY, 0);
	add(series, 3, OUTCOME_REFUSED, 0);
	add(series, 4, OUTCOME_NO_REPLY, 0);
	assert_int_equal(probe_series_failures_in_a_row(series), 3);
	add(series, 5, OUTCOME_DONE, 3);
	assert_int_equal(probe_series_failures_in_a_row(series), 0);
	probe_series_stray(series, PROBE_STRAY_LATE);
	probe_series_stray(series, PROBE_STRAY_SECOND);
	struct report *report = given(series, 2, &stream);
	const struct counters *totals = &stream->totals;
	assert_int_equal(totals->sent, 7);
	assert_int_equal(totals->sent,
			 totals->received + totals->connect_failures + totals->in_flight);
	assert_int_equal(totals->received, 2);
	assert_int_equal(totals->lost, 2); /* refused is an answer */
	assert_int_equal(totals->late, 1);
	assert_int_equal(totals->duplicate, 1);
	assert_int_equal(stream->error_count, 2);
	assert_int_equal(stream->errors[0].outcome, OUTCOME_NO_REPLY);
	assert_int_equal(stream->errors[0].phase, PHASE_WAIT);
	assert_int_equal(stream->errors[0].count, 2);
	report_free(report);
}

/* A failed probe has no total: it would be one of a time that nobody waited for an answer. */
static void only_answers_have_a_total(void **state)
{
	const struct report_stream *stream = NULL;
	struct probe_series *series = new_series(100, false);
	add(series, 1, OUTCOME_DONE, 1);
	add(series, 2, OUTCOME_NO_REPLY, 0);
	struct report *report = given(series, 0, &stream);
	assert_int_equal(stream->latency[LATENCY_TOTAL].count, 1);
	assert_int_equal(stream->latency[LATENCY_TOTAL].min_ns, MS(1.01));
	assert_int_equal(stream->latency[LATENCY_SEND].count, 2);
	assert_int_equal(stream->latency[LATENCY_WAIT].count, 1);
	assert_int_equal(stream->latency[LATENCY_JITTER].count, 0);
	assert_int_equal(stream->ping.probes[1].total_ns, INT64_MIN);
	assert_int_equal(stream->ping.probes[1].phase_ns[PROBE_WAIT], INT64_MIN);
	assert_int_equal(stream->ping.probes[1].failed_after_ns, MS(1000));
	report_free(report);
}

/* RFC 3550: of answers in the order in which they came. */
/* Sent 1 to 6; the target counted 1, 3, 5 and 6, and its answer to 5 was lost. */
static void loss_has_a_direction_where_the_target_counts(void **state)
{
	static const struct {
		uint64_t number;
		uint64_t counted;
	} answered[] = { { 1, 1 }, { 3, 2 }, { 6, 4 } };
	const struct report_stream *stream = NULL;
	struct probe_series *series = new_series(100, true);
	for (size_t i = 0; i < array_size(answered); i++) {
		struct sample_probe probe = { .phases_ms = { NONE, NONE, NONE, 0.01, 1, NONE } };
		struct probe_result result = sample_probe_result(answered[i].number, &probe);
		result.outcome = OUTCOME_DONE;
		result.peer_count = answered[i].counted;
		result.own_count = answered[i].number;
		probe_series_add(series, &result);
	}
	add(series, 2, OUTCOME_NO_REPLY, 0);
	add(series, 4, OUTCOME_NO_REPLY, 0);
	add(series, 5, OUTCOME_NO_REPLY, 0);
	struct report *report = given(series, 0, &stream);
	assert_int_equal(stream->totals.lost, 3);
	assert_int_equal(stream->totals.forward_lost, 2);
	assert_int_equal(stream->ping.peer_counted, 4);
	report_free(report);
}

static void jitter_is_the_difference_of_neighbours(void **state)
{
	const struct report_stream *stream = NULL;
	struct probe_series *series = new_series(100, true);
	add(series, 1, OUTCOME_DONE, 2);
	add(series, 3, OUTCOME_DONE, 5); /* 3 */
	add(series, 2, OUTCOME_DONE, 4); /* 1, and out of order */
	add(series, 4, OUTCOME_NO_REPLY, 0);
	add(series, 5, OUTCOME_DONE, 4); /* 0 */
	struct report *report = given(series, 0, &stream);
	assert_int_equal(stream->latency[LATENCY_JITTER].count, 3);
	assert_int_equal(stream->latency[LATENCY_JITTER].max_ns, MS(3));
	assert_int_equal(stream->latency[LATENCY_JITTER].min_ns, 0);
	assert_int_equal(stream->totals.reordered, 1);
	report_free(report);
}

/* All failed ones up to half the room, and answered ones of an even stride. */
static void many_are_thinned_out(void **state)
{
	const struct report_stream *stream = NULL;
	struct probe_series *series = new_series(40, false);
	for (uint64_t i = 1; i <= 1000; i++)
		add(series, i, i % 100 == 50 ? OUTCOME_NO_REPLY : OUTCOME_DONE, 1);
	struct report *report = given(series, 0, &stream);
	const struct report_ping *ping = &stream->ping;
	uint64_t failed = 0, before = 0;
	for (uint32_t i = 0; i < ping->probe_count; i++) {
		assert_true(ping->probes[i].number > before);
		before = ping->probes[i].number;
		failed += ping->probes[i].has_failed;
		if (!ping->probes[i].has_failed)
			assert_int_equal((ping->probes[i].number - 1) % 64, 0);
	}
	assert_int_equal(failed, 10);
	assert_true(ping->probe_count >= 10 + 10 && ping->probe_count <= 40);
	assert_true(before > 900);
	assert_int_equal(ping->probe_count + ping->probes_omitted, 1000);
	report_free(report);
}

static void statuses_share_a_space(void **state)
{
	static const struct {
		enum probe_status of;
		uint32_t status;
		int32_t health;
		uint32_t code;
	} cases[] = {
		{ PROBE_STATUS_HTTP, 204, -1, 204 },
		{ PROBE_STATUS_SOCKET, 101, -1, 101 },
		{ PROBE_STATUS_GRPC, 5, -1, STATUS_GRPC + 5 },
		{ PROBE_STATUS_GRPC, 0, 1, STATUS_GRPC },
		{ PROBE_STATUS_GRPC, 0, 2, STATUS_HEALTH + 2 },
		{ PROBE_STATUS_DNS, 3, -1, STATUS_DNS + 3 },
		{ PROBE_STATUS_NONE, 7, -1, 0 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct probe_result result = { .number = 1,
					       .outcome = OUTCOME_DONE,
					       .status_of = cases[i].of,
					       .status = cases[i].status,
					       .health = cases[i].health };
		struct report_probe row;
		report_probe_of(&result, 0, &row);
		assert_int_equal(row.status, cases[i].code);
	}
}

/* What one probe did not get to know does not undo what another one did. */
static void what_was_found_stays(void **state)
{
	const struct report_stream *stream = NULL;
	struct probe_series *series = new_series(10, false);
	struct probe_result result = { .number = 1, .outcome = OUTCOME_DONE, .addresses = 3 };
	memcpy(result.protocol, "h2", 3);
	result.certificate_until_s = 4000000000;
	probe_series_add(series, &result);
	add(series, 2, OUTCOME_REFUSED, 0);
	struct report *report = given(series, 0, &stream);
	assert_string_equal(stream->ping.protocol, "h2");
	assert_int_equal(stream->ping.addresses, 3);
	assert_int_equal(stream->ping.certificate_until_s, 4000000000);
	assert_null(stream->ping.tls_version);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_probe_is_one_of_three),
		cmocka_unit_test(only_answers_have_a_total),
		cmocka_unit_test(loss_has_a_direction_where_the_target_counts),
		cmocka_unit_test(jitter_is_the_difference_of_neighbours),
		cmocka_unit_test(many_are_thinned_out),
		cmocka_unit_test(statuses_share_a_space),
		cmocka_unit_test(what_was_found_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
