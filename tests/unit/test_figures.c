#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/figures.h"
#include "support/sample_report.h"

static double value_of(const struct report *report, const char *stream, const char *name)
{
	struct figure_value value;
	const struct figure_row *row = figure_find(name);
	assert_non_null(row);
	figure_value(report, stream ? report_stream(report, stream) : NULL, row, &value);
	if (!value.is_measured)
		fail_msg("%s: %s", name, value.reason);
	return value.number;
}

static const char *reason_of(const struct report *report, const char *stream, const char *name)
{
	struct figure_value value;
	figure_value(report, report_stream(report, stream), figure_find(name), &value);
	assert_false(value.is_measured);
	return value.reason;
}

static void names_are_unique_and_fit_their_keys(void **state)
{
	for (size_t i = 0; i < figure_table_size; i++) {
		const struct figure_row *row = &figure_table[i];
		assert_ptr_equal(figure_find(row->name), row);
		assert_int_equal(strncmp(row->key, row->name, strlen(row->name)), 0);
		bool has_ns = strcmp(row->key + strlen(row->name), "_ns") == 0;
		assert_int_equal(has_ns, row->unit == FIGURE_TIME);
		assert_true(row->scopes != 0 && *row->help != '\0');
		assert_int_equal(row->whole != NULL,
				 row->unit == FIGURE_COUNT && row->whole != NULL);
	}
}

static void the_nearest_name(void **state)
{
	assert_string_equal(figure_closest("outage.max"), "outages.max");
	assert_string_equal(figure_closest("respons.p99"), "response.p99");
	assert_null(figure_closest("whatever"));
	assert_null(figure_find("response.p99.9"));
}

static void values_of_a_failover(void **state)
{
	static const struct {
		const char *stream;
		const char *name;
		double value;
	} cases[] = {
		{ "persistent", "scheduled", 20000 },
		{ "persistent", "sent", 20000 },
		{ "persistent", "received", 19677 },
		{ "persistent", "lost", 323 },
		{ "persistent", "missed", 0 },
		{ "persistent", "attempts", 250 },
		{ "persistent", "disconnects", 50 },
		{ "persistent", "bytes_sent", 20000.0 * 1024 },
		{ "persistent", "goodput", 19677.0 * 1024 * 8 / 10 },
		{ "persistent", "response.count", 20000 },
		{ "persistent", "response.censored", 323 },
		{ "persistent", "response.p50", 330000 },
		{ "persistent", "response.p99_9", 2600000000 },
		{ "persistent", "service.max", 17000000 },
		{ "persistent", "interruptions.count", 50 },
		{ "persistent", "interruptions.max", 698000000 },
		{ "persistent", "stalls.max", 560000000 },
		{ "persistent", "survival.closed", 50 },
		{ "persistent", "survival.untouched", 150 },
		{ "persistent", "backend_changed", 50 },
		{ "new", "failed", 3 },
		{ "new", "first_reply.p50", 1960000 },
		{ "new", "outages.count", 0 },
		{ NULL, "duration", 10e9 },
		{ NULL, "cpu", 0.04 },
	};
	struct report *report = sample_failover();
	for (size_t i = 0; i < array_size(cases); i++) {
		double value = value_of(report, cases[i].stream, cases[i].name);
		if (value < cases[i].value - 1e-9 || value > cases[i].value + 1e-9)
			fail_msg("%s is %f, not %f", cases[i].name, value, cases[i].value);
	}
	report_free(report);
}

static void missed_adds_up_its_reasons(void **state)
{
	struct report *report = sample_interrupted();
	assert_true(value_of(report, "persistent", "missed") == 7);
	report_free(report);
}

static void values_of_a_mesh(void **state)
{
	struct report *report = NULL;
	assert_int_equal(report_new(&report), 0);
	report->has_mesh = true;
	struct report_stream *stream = report_add_stream(report);
	*stream = (struct report_stream){
		.name = "udp", .kind = "mesh", .transport = "udp", .is_measured = true
	};
	stream->totals = (struct counters){
		.sent = 60, .received = 52, .lost = 7, .in_flight = 1, .late = 2, .reordered = 3
	};
	struct figure_value value;
	figure_value(report, NULL, figure_find("peers.bad"), &value);
	assert_string_equal(value.reason, "no peer was probed");
	report->mesh =
		(struct report_mesh){ .probed = 11, .bad = 2, .silent = 1, .black_holes = 1 };
	assert_true(value_of(report, NULL, "peers") == 11);
	assert_true(value_of(report, NULL, "peers.bad") == 2);
	assert_true(value_of(report, NULL, "peers.silent") == 1);
	assert_true(value_of(report, NULL, "mtu.blackholes") == 1);
	assert_true(value_of(report, "udp", "lost") == 7);
	assert_true(value_of(report, "udp", "late") == 2);
	assert_true(value_of(report, "udp", "reordered") == 3);
	figure_value(report, NULL, figure_find("peers.bad"), &value);
	assert_true(value.whole == 11);
	assert_true(figure_is_of(figure_find("reordered"), report, stream));
	stream->transport = "tcp";
	assert_false(figure_is_of(figure_find("reordered"), report, stream));
	assert_false(figure_is_of(figure_find("response.p99"), report, stream));
	assert_true(figure_is_of_run(figure_find("peers"), report));
	report->has_mesh = false;
	assert_false(figure_is_of_run(figure_find("peers"), report));
	report_free(report);
}

static void what_was_not_measured_says_why(void **state)
{
	struct report *report = sample_failover();
	assert_string_equal(reason_of(report, "path", "lost"), "3 datagrams unanswered");
	assert_string_equal(reason_of(report, "path", "outages.max"), "3 datagrams unanswered");
	report->streams[0].interruptions.is_measured = false;
	report->streams[0].interruptions.reason = "no rate";
	assert_string_equal(reason_of(report, "persistent", "interruptions.max"), "no rate");
	report_free(report);
	report = sample_nothing();
	assert_string_equal(reason_of(report, "persistent", "response.p50"),
			    "nothing was answered");
	assert_string_equal(reason_of(report, "persistent", "rtt.p50"), "not recorded in this run");
	assert_string_equal(reason_of(report, "persistent", "goodput"), "the run had no length");
	report_free(report);
}

static void wholes_and_bounds(void **state)
{
	struct figure_value value;
	struct report *report = sample_failover();
	figure_value(report, report_stream(report, "new"), figure_find("failed"), &value);
	assert_true(value.whole == 200);
	figure_value(report, report_stream(report, "persistent"), figure_find("survival.untouched"),
		     &value);
	assert_true(value.whole == 200);
	figure_value(report, report_stream(report, "persistent"), figure_find("response.p99"),
		     &value);
	assert_true(value.is_lower_bound);
	figure_value(report, report_stream(report, "persistent"), figure_find("response.p90"),
		     &value);
	assert_false(value.is_lower_bound);
	figure_value(report, report_stream(report, "persistent"), figure_find("service.max"),
		     &value);
	assert_false(value.is_lower_bound);
	report_free(report);
}

static void scopes(void **state)
{
	assert_int_equal(figure_scope_of("slots", "tcp"), FIGURE_SLOTS_TCP);
	assert_int_equal(figure_scope_of("slots", "udp"), FIGURE_SLOTS_UDP);
	assert_int_equal(figure_scope_of("attempts", "tcp"), FIGURE_ATTEMPTS);
	assert_int_equal(figure_scope_of("probes", "udp"), FIGURE_PROBES);
	assert_int_equal(figure_scope_of("service", "tcp"), FIGURE_SERVICE);
	assert_int_equal(figure_scope_of("mesh", "udp"), FIGURE_MESH);
	assert_int_equal(figure_scope_of("other", "tcp"), 0);
	assert_false(figure_find("stalls.max")->scopes & FIGURE_SLOTS_UDP);
	assert_true(figure_find("late")->scopes & FIGURE_SLOTS_UDP);
}

static void help_has_a_line_a_figure(void **state)
{
	struct buffer out;
	size_t lines = 0;
	buffer_init(&out, 1 << 20);
	figures_help(&out);
	for (const char *at = buffer_text(&out); (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, figure_table_size + 6);
	assert_non_null(strstr(buffer_text(&out), "\nlost                      count      sent"));
	assert_non_null(strstr(buffer_text(&out), "persistent load path "));
	buffer_deinit(&out);
}

static void the_status_of_the_wrapped_command(void **state)
{
	struct report *report = sample_wrapped();
	struct report_command *command = &report->marks[0].command;
	assert_true(value_of(report, NULL, "command.exit") == 0);
	command->exit_status = 137;
	assert_true(value_of(report, NULL, "command.exit") == 137);
	command->has_exit_status = false;
	struct figure_value value;
	figure_value(report, NULL, figure_find("command.exit"), &value);
	assert_string_equal(value.reason, "the command did not end");
	report->mark_count = 0;
	figure_value(report, NULL, figure_find("command.exit"), &value);
	assert_string_equal(value.reason, "no command was started");
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_fit_their_keys),
		cmocka_unit_test(the_nearest_name),
		cmocka_unit_test(values_of_a_failover),
		cmocka_unit_test(the_status_of_the_wrapped_command),
		cmocka_unit_test(missed_adds_up_its_reasons),
		cmocka_unit_test(values_of_a_mesh),
		cmocka_unit_test(what_was_not_measured_says_why),
		cmocka_unit_test(wholes_and_bounds),
		cmocka_unit_test(scopes),
		cmocka_unit_test(help_has_a_line_a_figure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
