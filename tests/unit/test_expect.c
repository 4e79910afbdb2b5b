#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef expect_check // cmocka has one too

#include "base/attributes.h"
#include "metric/expect.h"
#include "support/sample_report.h"

static const struct expect_stream traffic[] = {
	{ "persistent", "slots", "tcp", 0 },
	{ "new", "attempts", "tcp", 0 },
	{ "path", "probes", "udp", 0 },
};

static void parses(void **state)
{
	static const struct {
		const char *text;
		const char *stream;
		const char *figure;
		enum expect_relation relation;
		double value;
		bool is_percent;
	} cases[] = {
		{ "lost == 0", "", "lost", EXPECT_EQUAL, 0, false },
		{ "persistent.lost!=7", "persistent", "lost", EXPECT_NOT_EQUAL, 7, false },
		{ "  new.failed  <=  1%  ", "new", "failed", EXPECT_AT_MOST, 1, true },
		{ "response.p99 < 5ms", "", "response.p99", EXPECT_LESS, 5e6, false },
		{ "persistent.response.p99_9>=1s", "persistent", "response.p99_9", EXPECT_AT_LEAST,
		  1e9, false },
		{ "goodput > 1.5Gbps", "", "goodput", EXPECT_GREATER, 1.5e9, false },
		{ "bytes_sent < 1MiB", "", "bytes_sent", EXPECT_LESS, 1048576, false },
		{ "sent >= 10k", "", "sent", EXPECT_AT_LEAST, 10000, false },
		{ "cpu < 1.5", "", "cpu", EXPECT_LESS, 1.5, false },
		{ "run.cpu < 2", "run", "cpu", EXPECT_LESS, 2, false },
		{ "survival.untouched == 99.9%", "", "survival.untouched", EXPECT_EQUAL, 99.9,
		  true },
		{ "stalls.max == 0", "", "stalls.max", EXPECT_EQUAL, 0, false },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct expect_list list = { 0 };
		struct error error = { "" };
		if (expect_parse(cases[i].text, &error, &list) < 0)
			fail_msg("%s: %s", cases[i].text, error.text);
		const struct expect *expect = &list.items[0];
		assert_int_equal(list.count, 1);
		assert_string_equal(expect->stream, cases[i].stream);
		assert_string_equal(expect->figure->name, cases[i].figure);
		assert_int_equal(expect->relation, cases[i].relation);
		assert_true(expect->value == cases[i].value);
		assert_int_equal(expect->is_percent, cases[i].is_percent);
		assert_null(expect->set);
	}
}

static void refuses_with_a_sentence(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} cases[] = {
		{ "outage.max < 1s",
		  "no figure \"outage.max\"; did you mean outages.max? (\"conntest help figures\")" },
		{ "path.outage.max < 1s", "no figure \"path.outage.max\"; did you mean "
					  "path.outages.max? (\"conntest help figures\")" },
		{ "nonsense == 0", "no figure \"nonsense\" (\"conntest help figures\")" },
		{ "response.p99 < 5", "response.p99: \"5\" has no unit: 5s, 5m or 5ms?" },
		{ "stalls.max == 0.1%", "stalls.max: \"0.1%\": it has no whole to take a "
					"percentage of" },
		{ "lost < x%", "lost: \"x\" is not a number" },
		{ "lost < %", "lost: \"\" is not a number" },
		{ "cpu < 1.2.3", "cpu: \"1.2.3\" is not a number" },
		{ "cpu < nan", "cpu: \"nan\" is not a number" },
		{ "goodput > 1Mbps/conn",
		  "goodput: \"1Mbps/conn\": goodput is of the whole stream" },
		{ "gracefull", "no set \"gracefull\"; did you mean graceful?" },
		{ "hittless", "no set \"hittless\"; did you mean hitless?" },
		{ "lossless", "\"lossless\" is neither NAME OP VALUE, like 'lost == 0', nor a set "
			      "(graceful, hitless)" },
		{ "lost = 0", "\"lost = 0\" is neither NAME OP VALUE, like 'lost == 0', nor a set "
			      "(graceful, hitless)" },
		{ "", "\"\" is neither NAME OP VALUE, like 'lost == 0', nor a set (graceful, "
		      "hitless)" },
		{ "lost ==", "\"lost ==\" is neither NAME OP VALUE, like 'lost == 0', nor a set "
			     "(graceful, hitless)" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct expect_list list = { 0 };
		struct error error = { "" };
		assert_true(expect_parse(cases[i].text, &error, &list) < 0);
		assert_string_equal(error.text, cases[i].sentence);
		assert_int_equal(list.count, 0);
	}
}

static void sets_are_their_members(void **state)
{
	struct expect_list list = { 0 };
	struct error error;
	assert_int_equal(expect_parse("graceful", &error, &list), 0);
	assert_int_equal(list.count, 6);
	assert_string_equal(list.items[1].figure->name, "failed");
	assert_string_equal(list.items[1].stream, "new");
	assert_string_equal(list.items[5].set, "graceful");
	assert_int_equal(expect_parse("hitless", &error, &list), 0);
	assert_int_equal(list.count, 13);
	assert_string_equal(list.items[12].figure->name, "survival.untouched");
}

static void a_full_list_is_told_and_left_as_it_was(void **state)
{
	struct expect_list list = { 0 };
	struct error error;
	for (unsigned i = 0; i < EXPECT_MAX - 3; i++)
		assert_int_equal(expect_parse("lost == 0", &error, &list), 0);
	assert_true(expect_parse("graceful", &error, &list) < 0);
	assert_int_equal(list.count, EXPECT_MAX - 3);
}

static int check_texts(const char *text, const struct expect_stream *streams, size_t count,
		       struct error *error, struct expect_list *list)
{
	*list = (struct expect_list){ 0 };
	assert_int_equal(expect_parse(text, error, list), 0);
	return expect_check(list, streams, count, error);
}

static void only_what_the_plan_measures(void **state)
{
	static const struct expect_stream datagrams[] = { { "persistent", "slots", "udp", 0 } };
	struct expect_list list;
	struct error error;
	assert_int_equal(check_texts("lost == 0", traffic, 3, &error, &list), 0);
	assert_int_equal(check_texts("cpu < 1", traffic, 3, &error, &list), 0);
	assert_true(check_texts("late == 0", traffic, 2, &error, &list) < 0);
	assert_string_equal(error.text,
			    "this run can't measure \"late\" (\"conntest help figures\")");
	assert_true(check_texts("path.lost == 0", traffic, 2, &error, &list) < 0);
	assert_string_equal(error.text, "\"path.lost\": this run has no stream \"path\"; it has "
					"persistent, new");
	assert_true(check_texts("new.cpu < 1", traffic, 3, &error, &list) < 0);
	assert_string_equal(error.text, "\"new.cpu\": cpu is a figure of the whole run");
	assert_true(check_texts("stalls.max < 1s", datagrams, 1, &error, &list) < 0);
	assert_true(check_texts("new.stalls.max < 1s", traffic, 3, &error, &list) < 0);
}

static void the_command_is_expected_only_where_one_is_wrapped(void **state)
{
	static const struct expect_stream wrapped[] = { { "persistent", "slots", "tcp", 0 },
							{ "run", "command", "", 0 } };
	static const char *const texts[] = { "command.exit == 0", "run.command.exit < 3" };
	for (size_t i = 0; i < array_size(texts); i++) {
		struct expect_list list = { 0 };
		struct error error = { "" };
		assert_false(expect_has(&list, "command.exit"));
		assert_int_equal(expect_parse(texts[i], &error, &list), 0);
		assert_true(expect_has(&list, "command.exit"));
		assert_int_equal(expect_check(&list, wrapped, 2, &error), 0);
		assert_int_equal(list.count, 1);
		assert_int_equal(expect_check(&list, wrapped, 1, &error), -EINVAL);
		assert_string_equal(error.text, "\"command.exit\": this run wraps no command "
						"(TARGET -- COMMAND)");
	}
}

static void sets_shrink_to_the_plan(void **state)
{
	static const struct expect_stream served[] = { { "served", "service", "tcp", 0 } };
	static const struct expect_stream echoed[] = {
		{ "persistent", "slots", "tcp", FIGURE_FIRST_BYTE },
	};
	struct expect_list list;
	struct error error;
	assert_int_equal(check_texts("graceful", traffic, 1, &error, &list), 0);
	assert_int_equal(list.count, 5);
	assert_int_equal(check_texts("graceful", echoed, 1, &error, &list), 0);
	assert_int_equal(list.count, 4);
	assert_true(check_texts("graceful", served, 1, &error, &list) < 0);
	assert_string_equal(
		error.text,
		"this run can't measure any of \"graceful\" (\"conntest help figures\")");
}

static const struct report_expectation *find(const struct report *report, const char *text)
{
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		if (strcmp(report->expectations[i].text, text) == 0)
			return &report->expectations[i];
	}
	fail_msg("no row \"%s\"", text);
	return NULL;
}

static void evaluate(struct report *report, const char *const *texts, size_t count)
{
	struct expect_list list = { 0 };
	struct error error;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(expect_parse(texts[i], &error, &list), 0);
	expect_evaluate(&list, report);
}

static void holds_or_not(void **state)
{
	static const struct {
		const char *text;
		bool is_held;
		double value;
	} cases[] = {
		{ "persistent.lost == 323", true, 323 },
		{ "persistent.lost == 0", false, 323 },
		{ "persistent.lost != 323", false, 323 },
		{ "persistent.lost < 1.7%", true, 323 },
		{ "persistent.lost < 1.6%", false, 323 },
		{ "persistent.lost <= 323", true, 323 },
		{ "persistent.lost >= 324", false, 323 },
		{ "new.failed == 1.5%", true, 3 },
		{ "survival.untouched == 75%", true, 150 },
		{ "survival.untouched > 75%", false, 150 },
		{ "persistent.response.p90 < 1ms", true, 570000 },
		{ "cpu < 0.04", false, 0.04 },
		{ "cpu <= 0.04", true, 0.04 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = sample_failover();
		evaluate(report, &cases[i].text, 1);
		const struct report_expectation *expectation = find(report, cases[i].text);
		assert_int_equal(report->expectation_count, 1);
		assert_true(expectation->is_measured);
		assert_int_equal(expectation->is_held, cases[i].is_held);
		assert_true(expectation->value == cases[i].value);
		assert_int_equal(expect_all_held(report), cases[i].is_held);
		report_free(report);
	}
}

static void without_a_stream_all_must_hold(void **state)
{
	static const char *const texts[] = { "lost == 0", "outages.max == 0" };
	struct report *report = sample_failover();
	evaluate(report, texts, 2);
	assert_int_equal(report->expectation_count, 4);
	assert_false(find(report, "persistent.lost == 0")->is_held);
	assert_false(find(report, "new.lost == 0")->is_held);
	/* Clients have losses of their own, but outages only new connections and the path. */
	assert_true(find(report, "new.outages.max == 0")->is_measured);
	assert_string_equal(find(report, "path.outages.max == 0")->reason,
			    "3 datagrams unanswered");
	assert_false(find(report, "path.outages.max == 0")->is_held);
	report_free(report);
}

/* More than a word has bits. */
static void each_of_many_streams_is_a_row(void **state)
{
	static const char *const texts[] = { "failed == 0", "ping70.failed == 0" };
	struct report *report = NULL;
	assert_int_equal(report_new(&report), 0);
	for (unsigned i = 1; i <= 100; i++)
		*report_add_stream(report) = (struct report_stream){
			.name = arena_format(&report->arena, "ping%u", i),
			.kind = "ping",
			.transport = "tcp",
			.is_measured = true,
			.totals.connect_failures = i == 70,
		};
	evaluate(report, texts, 2);
	assert_int_equal(report->expectation_count, 101);
	assert_true(find(report, "ping69.failed == 0")->is_held);
	assert_false(find(report, "ping70.failed == 0")->is_held);
	report_free(report);
}

static void not_measured_is_not_held(void **state)
{
	static const char *const texts[] = { "path.lost == 0", "late == 0", "missed < 1%" };
	struct report *report = sample_failover();
	evaluate(report, texts, 2);
	assert_string_equal(find(report, "path.lost == 0")->reason, "3 datagrams unanswered");
	assert_false(find(report, "path.lost == 0")->is_held);
	assert_string_equal(find(report, "late == 0")->reason, "3 datagrams unanswered");
	report_free(report);

	report = sample_nothing();
	evaluate(report, texts + 2, 1);
	assert_false(expect_all_held(report));
	assert_string_equal(report->expectations[0].reason,
			    "there is nothing to take a percentage of");
	evaluate(report, texts, 1);
	assert_string_equal(report->expectations[0].reason, "this run had no such stream");
	assert_false(expect_all_held(report));
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(refuses_with_a_sentence),
		cmocka_unit_test(sets_are_their_members),
		cmocka_unit_test(a_full_list_is_told_and_left_as_it_was),
		cmocka_unit_test(only_what_the_plan_measures),
		cmocka_unit_test(the_command_is_expected_only_where_one_is_wrapped),
		cmocka_unit_test(sets_shrink_to_the_plan),
		cmocka_unit_test(holds_or_not),
		cmocka_unit_test(without_a_stream_all_must_hold),
		cmocka_unit_test(each_of_many_streams_is_a_row),
		cmocka_unit_test(not_measured_is_not_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
