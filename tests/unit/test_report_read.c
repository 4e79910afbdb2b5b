// What is written is read again; what can't be read says what it is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/report_read.h"
#include "metric/report_write.h"
#include "support/golden.h"
#include "support/sample_report.h"

static struct buffer written(const struct report *report)
{
	struct buffer out;
	buffer_init(&out, REPORT_FILE_MAX);
	report_write(report, &out);
	assert_int_equal(out.error, 0);
	return out;
}

static struct report *read_again(const struct buffer *text)
{
	struct report *report = NULL;
	struct error error = { "" };
	if (report_read(buffer_text(text), text->size, &error, &report) < 0)
		fail_msg("%s", error.text);
	return report;
}

static void a_round_trip_changes_no_byte(void **state)
{
	static struct report *(*const samples[])(void) = {
		sample_failover, sample_datagrams,   sample_nothing,
		sample_served,   sample_interrupted, sample_expectations_failed,
		sample_all_well, sample_every_field, sample_wrapped,
		sample_bulk,     sample_one_way,     sample_requests,
		sample_search,   sample_websockets,
	};
	for (size_t i = 0; i < array_size(samples); i++) {
		struct report *report = samples[i]();
		struct buffer first = written(report);
		struct report *again = read_again(&first);
		struct buffer second = written(again);
		assert_string_equal(buffer_text(&first), buffer_text(&second));
		buffer_deinit(&first);
		buffer_deinit(&second);
		report_free(report);
		report_free(again);
	}
}

static void check_stream(const struct report_stream *stream, const struct report_stream *again)
{
	assert_memory_equal(&again->totals, &stream->totals, sizeof(stream->totals));
	assert_memory_equal(again->survival, stream->survival, sizeof(stream->survival));
	for (unsigned i = 0; i < LATENCY_COUNT; i++) {
		assert_memory_equal(&again->latency[i], &stream->latency[i],
				    offsetof(struct report_latency, is_measured));
		assert_string_equal(again->latency[i].hdr, stream->latency[i].hdr);
	}
	assert_true(again->tcp.is_measured);
	assert_string_equal(again->tcp.congestion, "cubic");
	assert_memory_equal(&again->tcp.facts, &stream->tcp.facts, sizeof(stream->tcp.facts));
	assert_int_equal(again->tcp.send_buffer_asked_bytes, 2950);
	assert_int_equal(again->tcp.receive_buffer_asked_bytes, 2951);
	assert_int_equal(again->sample_count, 3);
	assert_memory_equal(again->samples, stream->samples, 3 * sizeof(*stream->samples));
	assert_int_equal(again->backend_count, 2);
	assert_string_equal(again->backends[0].name, "web-1");
	assert_null(again->backends[1].name);
	assert_memory_equal(&again->backends[1].slots, &stream->backends[1].slots,
			    offsetof(struct report_backend, is_longest_open) -
				    offsetof(struct report_backend, slots));
	assert_int_equal(again->errors[0].phase, PHASE_RESOLVE);
	assert_int_equal(again->errors[0].outcome, OUTCOME_NOT_RESOLVED);
	assert_memory_equal(&again->errors[0].count, &stream->errors[0].count,
			    offsetof(struct report_error, why) -
				    offsetof(struct report_error, count));
	assert_string_equal(again->errors[0].why, stream->errors[0].why);
	assert_true(again->stalls.is_measured);
	assert_string_equal(again->stalls.list[0].backend, "a \"quoted\" name");
	assert_true(again->stalls.list[0].has_forward);
	assert_false(again->stalls.list[1].has_forward);
	assert_true(again->outages.all_ns == 21 && again->outages.slots == 3204);
	assert_true(again->datagrams.is_measured && again->datagrams.has_overflows &&
		    again->datagrams.has_network_lost);
	assert_string_equal(again->datagrams.counted_by, "receiver");
	assert_memory_equal(&again->datagrams.lost, &stream->datagrams.lost,
			    offsetof(struct report_datagrams, has_overflows) -
				    offsetof(struct report_datagrams, lost));
	assert_int_equal(again->datagrams.receiver_overflows, 3307);
	assert_int_equal(again->datagrams.network_lost, 3308);
}

static void check_marks(const struct report *report, const struct report *again)
{
	const struct report_mark *mark = &again->marks[0];
	const struct report_convergence *convergence = &report->marks[0].convergence;
	assert_int_equal(again->mark_count, 2);
	assert_int_equal(again->marks_omitted, 47);
	assert_string_equal(mark->name, "the cut");
	assert_string_equal(mark->kind, "exec");
	assert_int_equal(mark->at_ns, -35);
	assert_true(mark->has_command && mark->command.has_exit_status);
	assert_string_equal(mark->command.text, "systemctl stop x");
	assert_int_equal(mark->command.exit_status, 36);
	assert_string_equal(mark->command.signal, "SIGKILL");
	assert_string_equal(mark->command.reason, "a command's reason");
	assert_int_equal(mark->command.ended_ns, 37);
	assert_string_equal(mark->command.output, "two\nlines\n");
	assert_int_equal(mark->command.output_omitted, 38);
	assert_string_equal(mark->convergence.reason, "a convergence's reason");
	assert_memory_equal(&mark->convergence.affected, &convergence->affected,
			    sizeof(*convergence) - offsetof(struct report_convergence, affected));
	assert_false(again->marks[1].has_command || again->marks[1].convergence.is_measured);
	assert_true(again->marks[1].convergence.all_good_ns == INT64_MIN);
}

/* The tables of fields know every field. */
static void every_field_comes_back(void **state)
{
	struct report *report = sample_every_field();
	struct buffer text = written(report);
	struct report *again = read_again(&text);
	check_stream(&report->streams[0], &again->streams[0]);
	check_marks(report, again);
	assert_memory_equal(&again->generator, &report->generator,
			    offsetof(struct report_generator, verdict));
	assert_int_equal(again->started_unix_ns, report->started_unix_ns);
	assert_int_equal(again->setting_count, report->setting_count);
	for (uint32_t i = 0; i < report->setting_count; i++) {
		assert_string_equal(again->settings[i].name, report->settings[i].name);
		assert_string_equal(again->settings[i].value, report->settings[i].value);
	}
	assert_int_equal(again->connection_count, 7);
	assert_true(again->connections[3].connected_ns == INT64_MIN);
	assert_true(again->connections[0].ended_ns == INT64_MIN);
	assert_memory_equal(&again->connections[4].local, &report->connections[4].local,
			    sizeof(struct endpoint));
	assert_string_equal(again->expectations[0].set, "graceful");
	assert_string_equal(again->limits[0].name, "connections");
	assert_int_equal(again->push_count, 2);
	assert_null(again->pushes[0].trouble);
	assert_string_equal(again->pushes[1].trouble, "refused");
	assert_true(again->pushes[1].sent == 43 && again->pushes[1].dropped == 42);
	assert_true(again->drain_ns == 28 && again->cut_off == 27 && again->drained == 26);
	buffer_deinit(&text);
	report_free(report);
	report_free(again);
}

/* tests/cli/report_schema.sh holds these against the schema. */
static void the_form_of_the_file(void **state)
{
	static const struct {
		struct report *(*sample)(void);
		const char *golden;
	} cases[] = {
		{ sample_expectations_failed, "expectations_failed.json" },
		{ sample_datagrams, "datagrams.json" },
		{ sample_nothing, "nothing.json" },
		{ sample_served, "served.json" },
		{ sample_interrupted, "interrupted.json" },
		{ sample_wrapped, "wrapped.json" },
		{ sample_requests, "requests.json" },
		{ sample_search, "search.json" },
		{ sample_websockets, "websockets.json" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = cases[i].sample();
		struct buffer text = written(report);
		golden_check(cases[i].golden, &text);
		buffer_deinit(&text);
		report_free(report);
	}
}

/* However a file was cut off, it is called so. */
static void every_beginning_is_cut_off(void **state)
{
	struct report *report = sample_interrupted();
	struct buffer text = written(report);
	for (size_t size = 1; size < text.size - 2; size++) {
		struct report *none = NULL;
		struct error error = { "" };
		char *part = malloc(size);
		memcpy(part, text.data, size);
		assert_true(report_read(part, size, &error, &none) < 0);
		assert_null(none);
		if (strcmp(error.text, "cut off: it ends in the middle of the report") != 0)
			fail_msg("%zu bytes: %s", size, error.text);
		free(part);
	}
	buffer_deinit(&text);
	report_free(report);
}

static void says_what_else_it_is(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} cases[] = {
		{ "", "empty" },
		{ "traffic tcp://10.20.0.5:5003\n", "not JSON (line 1, column 7)" },
		{ "[1,2]", "JSON, but not a conntest report" },
		{ "{}", "JSON, but not a conntest report" },
		{ "{\"schema\":7}", "JSON, but not a conntest report" },
		{ "{\"schema\":\"conntest.report/2\"}",
		  "a report of another version (conntest.report/2); this conntest reads "
		  "conntest.report/1" },
		{ "{\"Started\":\"x\",\"FailedConnections\":0,\"Sent\":1}",
		  "not a ctraffic statistics file that can be read: \"Started\" is not a date" },
		{ "{\"start\":{},\"intervals\":[],\"end\":{}}",
		  "not an iperf3 result that can be read: it has no \"sum_received\"" },
		{ "{\"root_group\":{},\"metrics\":{}}", "a k6 summary, not a report" },
		{ "{\"event\":\"mark\"}\n{\"event\":\"report\"}\n",
		  "a conntest event stream (-o ndjson); the report is in its last line" },
		{ "{\"schema\":\"conntest.report/1\"}", "not a valid report: it has no \"tool\"" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = NULL;
		struct error error = { "" };
		assert_true(report_read(cases[i].text, strlen(cases[i].text), &error, &report) < 0);
		assert_string_equal(error.text, cases[i].sentence);
		assert_null(report);
	}
}

/* Replaces the first `from` in a written report by `to`. */
static char *changed(const struct buffer *text, const char *from, const char *to)
{
	char *place = strstr(text->data, from);
	assert_non_null(place);
	char *whole = NULL;
	assert_true(asprintf(&whole, "%.*s%s%s", (int)(place - text->data), text->data, to,
			     place + strlen(from)) > 0);
	return whole;
}

static void wrong_types_are_named(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		const char *sentence;
	} cases[] = {
		{ "\"lost\":323", "\"lost\":null", NULL },
		{ "\"lost\":323", "\"unknown\":\"key\"", NULL },
		{ "\"messages_sent\":20000", "\"messages_sent\":\"20000\"",
		  "\"messages_sent\" is not a whole number" },
		{ "\"messages_sent\":20000", "\"messages_sent\":2.5",
		  "\"messages_sent\" is not a whole number" },
		{ "\"messages_sent\":20000", "\"messages_sent\":-1",
		  "\"messages_sent\" is not in its range" },
		{ "\"messages_sent\":20000", "\"messages_sent\":4611686018427387905",
		  "\"messages_sent\" is not in its range" },
		{ "\"slot\":17", "\"slot\":4294967296", "\"slot\" is not in its range" },
		{ "\"start_ns\":3902000000", "\"start_ns\":2305843009213693953",
		  "\"start_ns\" is not in its range" },
		{ "\"rate_per_second\":2000", "\"rate_per_second\":true",
		  "\"rate_per_second\" is not a number" },
		{ "\"interrupted\":false", "\"interrupted\":0",
		  "\"interrupted\" is not true or false" },
		{ "\"command\":\"traffic\"", "\"command\":[]", "\"command\" is not text" },
		{ "\"outcome\":\"closed\"", "\"outcome\":\"eaten\"", "\"outcome\" is not known" },
		{ "\"phase\":\"receive\"", "\"phase\":\"eat\"", "\"phase\" is not known" },
		{ "\"started\":\"2026-11-20T", "\"started\":\"2026-11-20 ",
		  "\"started\" is not a date" },
		{ "\"10.20.0.5:5003\"", "\"somewhere\"", "\"remote\" is not an address" },
		{ "\"samples\":[", "\"samples\":7,\"x\":[", "\"samples\" is not a list" },
		{ "\"samples\":[", "\"samples\":[7,", "the place of \"at_ns\" has no object" },
		{ "\"name\":\"persistent\"", "\"name\":null", "it has no \"name\"" },
		{ "\"pushes\":[]", "\"pushes\":[1,2,3]",
		  "\"pushes\" is not so short as it has to be" },
		{ "\"rate\":\"10/conn\"", "\"rate\":10", "\"rate\" is not text" },
		{ "\"web-2\":{", "\"web-2\":7,\"x\":{", "the place of \"slots\" has no object" },
		{ "\"by_backend\":{", "\"by_backend\":[],\"x\":{",
		  "\"by_backend\" is not an object" },
		{ "\"settings\":{", "\"settings\":[],\"x\":{", "\"settings\" is not an object" },
	};
	struct report *report = sample_failover();
	struct buffer text = written(report);
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *again = NULL;
		struct error error = { "" };
		char *whole = changed(&text, cases[i].from, cases[i].to);
		int result = report_read(whole, strlen(whole), &error, &again);
		if ((result < 0) != (cases[i].sentence != NULL))
			fail_msg("%s: %d %s", cases[i].to, result, error.text);
		if (cases[i].sentence && !strstr(error.text, cases[i].sentence))
			fail_msg("%s: %s", cases[i].to, error.text);
		report_free(again);
		free(whole);
	}
	buffer_deinit(&text);
	report_free(report);
}

static void files(void **state)
{
	char path[] = "/tmp/report-XXXXXX";
	struct report *report = sample_failover();
	struct report *again = NULL;
	struct error error = { "" };
	struct buffer text = written(report);
	int descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, text.data, text.size), (ssize_t)text.size);
	assert_int_equal(report_read_file(path, &error, &again), 0);
	assert_string_equal(again->result, report->result);
	report_free(again);
	assert_int_equal(ftruncate(descriptor, 0), 0);
	assert_true(report_read_file(path, &error, &again) < 0);
	assert_memory_equal(error.text, path, strlen(path));
	assert_string_equal(error.text + strlen(path), ": empty");
	assert_int_equal(ftruncate(descriptor, (off_t)REPORT_FILE_MAX + 1), 0);
	assert_true(report_read_file(path, &error, &again) < 0);
	assert_string_equal(error.text + strlen(path), ": larger than a report can be: 64 MiB");
	assert_int_equal(close(descriptor), 0);
	assert_int_equal(unlink(path), 0);
	assert_true(report_read_file(path, &error, &again) < 0);
	assert_string_equal(error.text + strlen(path), ": No such file or directory");
	assert_true(report_read_file("/tmp", &error, &again) < 0);
	assert_string_equal(error.text, "/tmp: Is a directory");
	buffer_deinit(&text);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_round_trip_changes_no_byte),
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(the_form_of_the_file),
		cmocka_unit_test(every_beginning_is_cut_off),
		cmocka_unit_test(says_what_else_it_is),
		cmocka_unit_test(wrong_types_are_named),
		cmocka_unit_test(files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
