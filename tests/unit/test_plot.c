// Pictures: SVG, whole, against tests/golden/*.svg; what the page has; PNG where it is built in.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/golden.h"
#include "support/sample_ping.h"
#include "support/sample_report.h"
#include "view/plot/drawing.h"
#include "view/plot/picture.h"
#include "view/plot/plot.h"
#include "view/plot/png.h"

#define S(n) ((int64_t)((n)*1e9))

typedef void write_picture(const struct report *report, struct buffer *out);

/* Frees the report. */
static struct buffer write(write_picture *writer, struct report *report)
{
	struct buffer out;
	buffer_init(&out, REPORT_FILE_MAX);
	writer(report, &out);
	assert_int_equal(out.error, 0);
	report_free(report);
	return out;
}

static void contains(const struct buffer *out, const char *part)
{
	if (!strstr(buffer_text(out), part))
		fail_msg("\"%s\" is not in it", part);
}

static void lacks(const struct buffer *out, const char *part)
{
	if (strstr(buffer_text(out), part))
		fail_msg("\"%s\" is in it", part);
}

/* How large a record is says nothing about its picture. */
static void hide_size(struct buffer *out)
{
	char *size = strstr(out->data, "conntest.report/1 of ");
	assert_non_null(size);
	size += strlen("conntest.report/1 of ");
	char *end = size + strcspn(size, ";<");
	memmove(size + 1, end, strlen(end) + 1);
	*size = '?';
	out->size = strlen(out->data);
}

static void check(struct report *report, const char *golden)
{
	struct buffer out = write(plot_write_svg, report);
	hide_size(&out);
	golden_check(golden, &out);
	buffer_deinit(&out);
}

static void whole_pictures(void **state)
{
	check(sample_failover(), "failover.svg");
	check(sample_datagrams(), "datagrams.svg");
	check(sample_interrupted(), "interrupted.svg");
	check(sample_nothing(), "nothing.svg");
	check(sample_served(), "served.svg");
	check(sample_bulk(), "bulk.svg");
	check(sample_ping(), "ping.svg");
	check(sample_ping_many(), "ping_many.svg");
}

/* Gives its first stream samples in which all is well. */
static struct report *give_samples(struct report *report, uint32_t count, double interval_seconds)
{
	struct report_stream *stream = &report->streams[0];
	stream->samples = arena_take_array(&report->arena, count + 1, sizeof(*stream->samples));
	stream->sample_count = count;
	stream->sample_interval_ns = (uint64_t)S(interval_seconds);
	for (uint32_t i = 0; i < count; i++)
		stream->samples[i] = (struct report_sample){ .at_ns = S(interval_seconds * (i + 1)),
							     .scheduled = 2000,
							     .received = 2000,
							     .connections = stream->slots,
							     .response_p50_ns = 300000,
							     .response_p99_ns = 2500000 };
	if (count)
		report->duration_ns = (uint64_t)stream->samples[count - 1].at_ns;
	return report;
}

static struct report *with_samples(uint32_t count, double interval_seconds)
{
	return give_samples(sample_failover(), count, interval_seconds);
}

/* A datagram's loss is known a timeout after it was due; the picture has it where it was due. */
static void silent_flows_stand_where_they_were(void **state)
{
	struct report *report = give_samples(sample_datagrams(), 10, 1);
	struct report_sample *late = &report->streams[0].samples[6];
	late->interrupted = 2;
	late->unanswered = 34;
	late->response_p99_ns = report->reply_timeout_ns;
	struct buffer out = write(plot_write_svg, report);
	contains(&out, "flows by state");
	contains(&out, "fewest at 07:11:26.0: 18 answering, 2 silent");
	contains(&out, "34 of 10,000 unanswered; worst p99 of those answered 2.50 ms");
	buffer_deinit(&out);
}

static void panels_tell_what_is_in_them(void **state)
{
	struct buffer out = write(plot_write_svg, sample_failover());
	contains(&out, "web-3: 1 client interrupted, 0.7 s (±0.1); web-1, web-2, web-4: none; "
		       "49 more not listed");
	contains(&out, "3 of 200 failed: closed by peer 3, after 1000 ms");
	contains(&out, "323 of 20,000 unanswered; worst p99 of those answered 2.50 ms");
	buffer_deinit(&out);
}

/* One sample is seen, and none is said. */
static void few_samples(void **state)
{
	struct buffer one = write(plot_write_svg, with_samples(1, 10));
	contains(&one, "clients by state");
	contains(&one, "class=\"s-good\" fill=\"none\" stroke-width=\"1.4\"");
	buffer_deinit(&one);
	struct report *report = sample_served();
	struct buffer none = write(plot_write_svg, report);
	contains(&none, "There is nothing to draw: the run has no samples.");
	buffer_deinit(&none);
}

static void small_shares_are_drawn_large(void **state)
{
	struct report *report = with_samples(10, 1);
	report->streams[0].slots = 18000;
	for (uint32_t i = 0; i < 10; i++)
		report->streams[0].samples[i].connections = i == 5 ? 17955 : 18000;
	struct buffer out = write(plot_write_svg, report);
	contains(&out, "of 18,000, drawn from 17,812 up");
	contains(&out, "fewest at 07:11:27.0: 17,955 answering, 45 down; 1 connection ended");
	buffer_deinit(&out);
}

/* All the lists at their caps and two days: a file of some hundred kB that says what it left out.
 */
static void large_reports_stay_small_pictures(void **state)
{
	struct report *report = with_samples(3600, 48);
	struct report_stream *slots = &report->streams[0];
	struct report_stream *attempts = &report->streams[1];
	struct report_intervals *all = &slots->interruptions;
	all->list = arena_take_array(&report->arena, REPORT_INTERVALS_MAX, sizeof(*all->list));
	all->list_count = REPORT_INTERVALS_MAX;
	all->list_omitted = 8000;
	for (uint32_t i = 0; i < REPORT_INTERVALS_MAX; i++)
		all->list[i] = (struct report_interval){ .start_ns = S(90000),
							 .end_ns = S(90000.7 + i * 1e-5),
							 .slot = i };
	attempts->attempts = arena_take_array(&report->arena, 20000, sizeof(*attempts->attempts));
	attempts->attempt_count = 20000;
	attempts->attempts_omitted = 9980000;
	for (uint32_t i = 0; i < 20000; i++)
		attempts->attempts[i] = (struct report_attempt){ .at_ns = S(8.6) * i,
								 .reply_ns = 1000000 + 500 * i,
								 .outcome = OUTCOME_DONE };
	struct buffer out = write(plot_write_svg, report);
	assert_in_range(out.size, 200000, 1500000);
	contains(&out, "; 8,000 more not listed");
	contains(&out, "; 9,980,000 not drawn, lines are p50 and p99 of all");
	contains(&out, "grey: time in which nothing happened");
	buffer_deinit(&out);
}

static struct report *hostile(void)
{
	struct report *report = sample_failover();
	report->result = "</title><script>alert(1)</script>";
	report->host_name = "a\x1b[2J\xff\"'&";
	report->streams[0].backends[0].name = "<b>web & 'co'</b>";
	report->marks[0].name = "</text></svg><script>";
	report->connections[0].backend = "\"><img src=x>";
	return report;
}

static void what_others_wrote_is_escaped(void **state)
{
	static write_picture *const writers[] = { plot_write_svg, plot_write_html };
	for (size_t i = 0; i < array_size(writers); i++) {
		struct buffer out = write(writers[i], hostile());
		lacks(&out, "<script>alert");
		lacks(&out, "</svg><script>");
		lacks(&out, "<b>web");
		lacks(&out, "<img");
		lacks(&out, "\x1b");
		lacks(&out, "\xff");
		contains(&out, "&lt;script&gt;alert(1)&lt;/script&gt;");
		buffer_deinit(&out);
	}
}

static void the_page_has_tables_and_fetches_nothing(void **state)
{
	struct buffer out = write(plot_write_html, sample_failover());
	contains(&out, "default-src 'none'");
	contains(&out, "<h2>Backends</h2>");
	contains(&out, "<h2>Interruptions</h2>");
	contains(&out, "<h2>Errors</h2>");
	contains(&out, "<h2>Connections</h2>");
	contains(&out, "throughput");
	contains(&out, "<td data-v=\"3902000000\">+3.902 s</td>");
	contains(&out, "<p class=\"note\">49 more</p>");
	lacks(&out, "src=");
	lacks(&out, "href=");
	lacks(&out, "url(");
	lacks(&out, "@import");
	buffer_deinit(&out);
}

static uint32_t big_endian(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void the_page_of_a_ping_has_its_targets(void **state)
{
	struct buffer out = write(plot_write_html, sample_ping_many());
	contains(&out, "Targets");
	const char *worst = strstr(buffer_text(&out), "\"t\">tcp://10.9.1.3:22");
	const char *best = strstr(buffer_text(&out), "\"t\">http://10.9.1.1:80/");
	assert_true(worst && best && worst < best);
	buffer_deinit(&out);
}

static void png_has_its_size(void **state)
{
	if (!png_library())
		skip();
	struct buffer out = write(plot_write_png, hostile());
	assert_true(out.size > 20000);
	assert_memory_equal(out.data, "\x89PNG\r\n\x1a\n", 8);
	assert_int_equal(big_endian(out.data + 16), PICTURE_WIDTH * PNG_SCALE);
	assert_int_equal(big_endian(out.data + 20), PICTURE_HEIGHT * PNG_SCALE);
	buffer_deinit(&out);
}

static void text_is_cut_to_its_room(void **state)
{
	static const struct shape style = { .size = 10 };
	struct drawing drawing;
	drawing_init(&drawing, 100, 100);
	assert_string_equal(drawing_fit_text(&drawing, "short", &style, 100), "short");
	assert_string_equal(drawing_fit_text(&drawing, "±±±±±±±±±±", &style, 40), "±±±…");
	assert_string_equal(drawing_fit_text(&drawing, "long", &style, 1), "…");
	assert_true(drawing_text_width("wide", &style) > drawing_text_width("ill", &style));
	drawing_deinit(&drawing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pictures),
		cmocka_unit_test(silent_flows_stand_where_they_were),
		cmocka_unit_test(panels_tell_what_is_in_them),
		cmocka_unit_test(few_samples),
		cmocka_unit_test(small_shares_are_drawn_large),
		cmocka_unit_test(large_reports_stay_small_pictures),
		cmocka_unit_test(what_others_wrote_is_escaped),
		cmocka_unit_test(the_page_has_tables_and_fetches_nothing),
		cmocka_unit_test(the_page_of_a_ping_has_its_targets),
		cmocka_unit_test(png_has_its_size),
		cmocka_unit_test(text_is_cut_to_its_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
