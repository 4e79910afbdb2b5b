// What `mesh --once` tells of a sample mesh, as text, JSON, Markdown and JUnit, against
// tests/golden.
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
#include "metric/report_mesh.h"
#include "metric/report_read.h"
#include "metric/report_write.h"
#include "support/golden.h"
#include "support/sample_mesh.h"
#include "view/junit.h"
#include "view/markdown.h"
#include "view/sentence.h"
#include "view/text.h"

#define OUT_MAX (1 << 20)

static const struct text_style plain = { .is_utf8 = true };

static void add_setting(struct report *report, const char *name, const char *value)
{
	report->settings = arena_take_array(&report->arena, 1, sizeof(*report->settings));
	report->settings[0] = (struct report_setting){ .name = name, .value = value };
	report->setting_count = 1;
}

static void expect_of(struct report *report, const char *const *texts, size_t count)
{
	struct expect_list list = { 0 };
	struct error error = { "" };

	for (size_t i = 0; i < count; i++)
		assert_int_equal(expect_parse(texts[i], &error, &list), 0);
	expect_evaluate(&list, report);
}

static struct report *report_of(const struct sample_mesh_setup *setup)
{
	struct sample_mesh *sample = sample_mesh_new(setup);
	struct report *report = NULL;

	assert_int_equal(report_new(&report), 0);
	report->tool_version = "0.1.0";
	report->command = "mesh";
	report->target = "srv://_conntest._tcp.conntest.monitoring.svc";
	report->started_unix_ns = SAMPLE_MESH_NOW;
	report->duration_ns = 10 * NS_PER_S;
	report->planned_duration_ns = 10 * NS_PER_S;
	report->reply_timeout_ns = NS_PER_S;
	report->generator.cpus = 2;
	sample->list.source_count = 1;
	report_mesh_fill(&sample->state, report);
	sample_mesh_free(sample);
	return report;
}

/* Screen A4: two windows, as --once has no more. */
static struct report *report_of_a4(void)
{
	static const char *const expected[] = { "lost == 0", "mtu.blackholes == 0", "peers >= 11" };
	struct report *report = report_of(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_A4, .peers = 11, .places = 2, .windows = 2 });

	expect_of(report, expected, array_size(expected));
	sentence_build(report);
	return report;
}

typedef void (*write_function)(const struct report *report, struct buffer *out);

static void as_text(const struct report *report, struct buffer *out)
{
	text_write(report, &plain, out);
}

static void check(struct report *report, const char *golden, write_function write)
{
	struct buffer out;

	buffer_init(&out, OUT_MAX);
	write(report, &out);
	golden_check(golden, &out);
	buffer_deinit(&out);
	report_free(report);
}

static void every_format(void **state)
{
	check(report_of_a4(), "mesh_once.txt", as_text);
	check(report_of_a4(), "mesh_once.json", report_write);
	check(report_of_a4(), "mesh_once.md", markdown_write);
	check(report_of_a4(), "mesh_once.junit.xml", junit_write);
}

static void other_days(void **state)
{
	static const struct {
		const char *golden;
		struct sample_mesh_setup setup;
	} rows[] = {
		{ "mesh_once_well.txt",
		  { .trouble = SAMPLE_MESH_WELL, .peers = 5, .places = 1, .windows = 2 } },
		{ "mesh_once_many.txt",
		  { .trouble = SAMPLE_MESH_MANY, .peers = 29, .places = 4, .windows = 2 } },
		{ "mesh_once_starved.txt",
		  { .trouble = SAMPLE_MESH_STARVED, .peers = 8, .places = 2, .windows = 6 } },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct report *report = report_of(&rows[i].setup);
		sentence_build(report);
		check(report, rows[i].golden, as_text);
	}
}

static void of_every_kind_one(void **state)
{
	struct report *report = report_of(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_MANY, .peers = 29, .places = 4, .windows = 2 });
	sentence_build(report);
	check(report, "mesh_once_many.json", report_write);
}

/* Probes that began late saw little, whether or not it explains a pair; and "bad" says why. */
static void trust_says_what_it_lacks(void **state)
{
	struct report *report = report_of(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_WELL, .peers = 5, .places = 1, .windows = 2 });

	report->mesh.delay_p99_ns = 1100 * NS_PER_MS;
	sentence_build(report);
	assert_ptr_equal(strstr(report->trust, "weak: own delay p99 1100 ms"), report->trust);
	report->has_nothing_answered = true;
	sentence_build(report);
	assert_ptr_equal(strstr(report->trust, "bad: nothing answered, own"), report->trust);
	report_free(report);
	(void)state;
}

static void all_are_listed_if_asked_for(void **state)
{
	struct report *report = report_of(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_WELL, .peers = 9, .places = 1, .windows = 2 });
	struct buffer out;

	buffer_init(&out, OUT_MAX);
	sentence_build(report);
	text_write(report, &plain, &out);
	assert_non_null(strstr(buffer_text(&out), "(6 more ok; --all lists them)"));
	assert_null(strstr(buffer_text(&out), "node-10"));
	buffer_clear(&out);
	add_setting(report, "all", "true");
	text_write(report, &plain, &out);
	assert_null(strstr(buffer_text(&out), "--all"));
	assert_non_null(strstr(buffer_text(&out), "node-10"));
	buffer_deinit(&out);
	report_free(report);
}

/* What `report show` prints is what the run printed. */
static void it_reads_back(void **state)
{
	struct report *report = report_of_a4(), *again = NULL;
	struct buffer json, text, text_again;
	struct error error = { "" };

	buffer_init(&json, OUT_MAX);
	buffer_init(&text, OUT_MAX);
	buffer_init(&text_again, OUT_MAX);
	report_write(report, &json);
	text_write(report, &plain, &text);
	assert_int_equal(report_read(json.data, json.size, &error, &again), 0);
	text_write(again, &plain, &text_again);
	assert_string_equal(buffer_text(&text_again), buffer_text(&text));
	report_free(again);
	buffer_deinit(&text_again);
	buffer_deinit(&text);
	buffer_deinit(&json);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format),
		cmocka_unit_test(other_days),
		cmocka_unit_test(of_every_kind_one),
		cmocka_unit_test(all_are_listed_if_asked_for),
		cmocka_unit_test(trust_says_what_it_lacks),
		cmocka_unit_test(it_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
