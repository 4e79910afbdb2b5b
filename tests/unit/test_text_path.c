// The report of a path: its text against tests/golden/path_*.txt, its figures, and that its JSON
// reads back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#undef expect_check /* cmocka has one, too */

#include "base/attributes.h"
#include "base/units.h"
#include "metric/expect.h"
#include "metric/report_read.h"
#include "metric/report_write.h"
#include "support/golden.h"
#include "view/sentence.h"
#include "view/text.h"

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = { 0 };
	assert_int_equal(endpoint_parse(text, 0, &endpoint), 0);
	return endpoint;
}

static struct path_direction whole(void)
{
	return (struct path_direction){
		.is_measured = true,
		.verdict = "ok",
		.told_by = PATH_BY_ANSWER,
		.mtu_bytes = 1500,
		.full_bytes = 1500,
		.interface_bytes = 1500,
		.route_bytes = 1500,
		.step_bytes = 20,
		.small_bytes = 180,
		.small_sent = 2,
		.small_answered = 2,
		.large_sent = 1,
		.large_answered = 1,
		.rtt_min_ns = 610 * NS_PER_US,
		.rtt_max_ns = 1130 * NS_PER_US,
	};
}

static struct path_direction told(void)
{
	struct path_direction way = whole();
	way.verdict = "reduced";
	way.mtu_bytes = 1400;
	way.failed_bytes = 1500;
	way.is_signalled = true;
	way.signal_bytes = 1400;
	way.signal_from = "10.9.1.254";
	return way;
}

static struct path_direction hole(void)
{
	struct path_direction way = whole();
	way.verdict = "black hole";
	way.mtu_bytes = 1400;
	way.failed_bytes = 1420;
	way.small_sent = 11;
	way.small_answered = 11;
	way.large_sent = 10;
	way.large_answered = 4;
	return way;
}

static struct path_tcp echoed(void)
{
	return (struct path_tcp){
		.is_measured = true,
		.mss_first_bytes = 1448,
		.mss_bytes = 1448,
		.path_mtu_first_bytes = 1500,
		.path_mtu_bytes = 1500,
		.header_bytes = 52,
		.sent_bytes = 16384,
		.acked_bytes = 16384,
		.received_bytes = 16384,
		.duration_ns = 1400 * NS_PER_US,
		.is_echoed = true,
	};
}

static struct path_tcp stuck(void)
{
	struct path_tcp tcp = echoed();
	tcp.is_echoed = false;
	tcp.acked_bytes = 0;
	tcp.received_bytes = 0;
	tcp.retransmits = 4;
	tcp.silent_ns = 5 * NS_PER_S;
	return tcp;
}

static struct report *report_of(struct path_direction forward, struct path_direction reverse,
				struct path_tcp tcp)
{
	struct report *report = NULL;
	assert_int_equal(report_new(&report), 0);
	report->tool_version = "0.1.0";
	report->command = "path";
	report->target = "udp://10.9.3.7:5003";
	report->started_unix_ns = INT64_C(1795161900) * (int64_t)NS_PER_S;
	report->duration_ns = 400 * NS_PER_MS;
	report->has_path = true;
	report->path.local = endpoint_of("10.9.1.4:40211");
	report->path.remote = endpoint_of("10.9.3.7:5003");
	report->path.interface_bytes = 1500;
	report->path.forward = forward;
	report->path.reverse = reverse;
	report->path.tcp = tcp;
	return report;
}

static void check(struct report *report, const char *golden)
{
	static const struct text_style plain = { .is_utf8 = true };
	struct buffer out;
	buffer_init(&out, 1 << 20);
	sentence_build(report);
	text_write(report, &plain, &out);
	golden_check(golden, &out);
	buffer_deinit(&out);
	report_free(report);
}

static void verdicts_are_told(void **state)
{
	struct path_direction asked = { .reason = "control://10.9.3.7:5004: refused" };
	struct path_direction one_way = hole();
	struct path_direction large = whole();
	struct path_direction lossy = whole();
	struct path_direction silent = {
		.is_measured = true, .verdict = "undecided", .small_bytes = 180, .full_bytes = 1500
	};
	struct path_direction misled = hole();
	struct path_tcp found = echoed();
	struct path_tcp clamped = echoed();
	struct path_tcp back = stuck();

	check(report_of(whole(), whole(), echoed()), "path_ok.txt");
	check(report_of(told(), whole(), echoed()), "path_told.txt");
	large.asked_bytes = 9000;
	check(report_of(large, whole(), echoed()), "path_asked.txt");
	check(report_of(hole(), whole(), stuck()), "path_hole.txt");
	back.acked_bytes = back.sent_bytes;
	check(report_of(whole(), hole(), back), "path_hole_back.txt");
	one_way.told_by = PATH_BY_ECHO;
	found.mss_bytes = 1024;
	found.retransmits = 19;
	found.mtu_probing = 1;
	found.duration_ns = 3120 * NS_PER_MS;
	check(report_of(one_way, asked, found), "path_echo.txt");
	clamped.mss_first_bytes = 1188;
	clamped.mss_bytes = 1188;
	check(report_of(hole(), hole(), clamped), "path_clamped.txt");
	lossy.verdict = "loss";
	lossy.mtu_bytes = 180;
	lossy.failed_bytes = 1500;
	lossy.small_sent = 12;
	lossy.small_answered = 4;
	check(report_of(lossy, asked, stuck()), "path_loss.txt");
	misled.is_signalled = true;
	misled.signal_bytes = 1450;
	misled.signal_from = "10.9.1.254";
	check(report_of(misled, asked, (struct path_tcp){ .reason = "refused" }),
	      "path_misled.txt");
	silent.small_sent = 6;
	silent.large_sent = 3;
	silent.is_signalled = true;
	silent.signal_bytes = 1400;
	silent.signal_from = "10.9.1.254";
	struct report *report = report_of(silent, asked, (struct path_tcp){ .reason = "refused" });
	report->has_nothing_answered = true;
	check(report, "path_deaf.txt");
}

static void figures_are_of_the_run(void **state)
{
	static const struct {
		const char *text;
		bool is_held;
	} cases[] = {
		{ "path.mtu >= 1400", true },         { "path.mtu >= 1500", false },
		{ "run.path.mtu == 1400", true },     { "path.mtu_reverse == 1500", true },
		{ "path.mtu_reverse > 1500", false },
	};
	static const struct expect_stream run = { "run", "path", "", 0 };
	static const struct expect_stream other = { "persistent", "slots", "tcp", 0 };

	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = report_of(hole(), whole(), stuck());
		struct expect_list list = { 0 };
		struct error error = { "" };

		assert_int_equal(expect_parse(cases[i].text, &error, &list), 0);
		assert_int_equal(expect_check(&list, &run, 1, &error), 0);
		expect_evaluate(&list, report);
		assert_int_equal(report->expectation_count, 1);
		assert_int_equal(report->expectations[0].is_held, cases[i].is_held);
		assert_true(expect_check(&list, &other, 1, &error) < 0);
		assert_non_null(strstr(error.text, "conntest path"));
		report_free(report);
	}
}

static void what_is_not_known_holds_nothing(void **state)
{
	struct path_direction asked = { .reason = "control://10.9.3.7:5004: refused" };
	static const struct expect_stream run = { "run", "path", "", 0 };
	struct report *report = report_of(whole(), asked, stuck());
	struct expect_list list = { 0 };
	struct error error = { "" };

	assert_int_equal(expect_parse("path.mtu_reverse >= 1", &error, &list), 0);
	assert_int_equal(expect_check(&list, &run, 1, &error), 0);
	expect_evaluate(&list, report);
	assert_false(report->expectations[0].is_held);
	assert_string_equal(report->expectations[0].reason, asked.reason);
	report_free(report);
}

static void json_reads_back(void **state)
{
	struct report *report = report_of(hole(), told(), stuck());
	struct report *again = NULL;
	struct buffer first, second;
	struct error error = { "" };

	sentence_build(report);
	buffer_init(&first, 1 << 20);
	buffer_init(&second, 1 << 20);
	report_write(report, &first);
	golden_check("path_hole.json", &first);
	assert_int_equal(report_read(first.data, first.size, &error, &again), 0);
	assert_true(again->has_path);
	report_write(again, &second);
	assert_string_equal(buffer_text(&first), buffer_text(&second));
	assert_non_null(strstr(buffer_text(&first), "\"path.mtu_bytes\":1400"));
	buffer_deinit(&first);
	buffer_deinit(&second);
	report_free(report);
	report_free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_are_told),
		cmocka_unit_test(figures_are_of_the_run),
		cmocka_unit_test(what_is_not_known_holds_nothing),
		cmocka_unit_test(json_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
