/* The block of a running load: its text at several sizes, and what stays on a screen that it is
 * written to again and again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/golden.h"
#include "view/live.h"
#include "view/live_block.h"

/* ---- a terminal ---- */

#define ROWS_MAX    50
#define COLUMNS_MAX 200

struct screen {
	unsigned rows, columns;
	unsigned row, column;
	unsigned scrolled;
	char cells[ROWS_MAX][COLUMNS_MAX + 1]; /* a sign of several bytes is one '#' */
};

static void screen_init(struct screen *screen, unsigned columns, unsigned rows)
{
	*screen = (struct screen){ .rows = rows, .columns = columns };
	for (unsigned i = 0; i < rows; i++)
		(void)memset(screen->cells[i], ' ', columns);
}

static void screen_feed_line(struct screen *screen)
{
	screen->column = 0;
	if (++screen->row < screen->rows)
		return;
	screen->row--;
	screen->scrolled++;
	(void)memmove(screen->cells[0], screen->cells[1],
		      (screen->rows - 1) * sizeof(screen->cells[0]));
	(void)memset(screen->cells[screen->row], ' ', screen->columns);
}

static void screen_wipe(struct screen *screen, unsigned row, unsigned column)
{
	(void)memset(&screen->cells[row][column], ' ', screen->columns - column);
}

static const char *screen_obey(struct screen *screen, const char *sequence)
{
	char *end = NULL;
	unsigned number = (unsigned)strtoul(sequence, &end, 10);
	switch (*end) {
	case 'A':
		screen->row -= number < screen->row ? number : screen->row;
		break;
	case 'K':
		screen_wipe(screen, screen->row, screen->column);
		break;
	case 'J':
		screen_wipe(screen, screen->row, screen->column);
		for (unsigned i = screen->row + 1; i < screen->rows; i++)
			screen_wipe(screen, i, 0);
		break;
	default:
		fail_msg("an unknown sequence: %s", sequence);
	}
	return end;
}

static void screen_put(struct screen *screen, char sign)
{
	if (screen->column == screen->columns)
		screen_feed_line(screen);
	screen->cells[screen->row][screen->column++] = sign;
}

static void screen_write(struct screen *screen, const char *bytes)
{
	for (; *bytes; bytes++) {
		if (strncmp(bytes, "\033[", 2) == 0)
			bytes = screen_obey(screen, bytes + 2);
		else if (*bytes == '\r')
			screen->column = 0;
		else if (*bytes == '\n')
			screen_feed_line(screen);
		else if (((unsigned char)*bytes & 0xC0) != 0x80)
			screen_put(screen, (unsigned char)*bytes < 0x80 ? *bytes : '#');
	}
}

static const char *screen_line(const struct screen *screen, unsigned row)
{
	static char line[COLUMNS_MAX + 1];
	(void)snprintf(line, sizeof(line), "%s", screen->cells[row]);
	size_t size = strlen(line);
	while (size > 0 && line[size - 1] == ' ')
		line[--size] = '\0';
	return line;
}

/* How many lines begin so. */
static unsigned screen_count(const struct screen *screen, const char *begin)
{
	unsigned count = 0;
	for (unsigned i = 0; i < screen->rows; i++)
		count += strncmp(screen_line(screen, i), begin, strlen(begin)) == 0;
	return count;
}

/* ---- a run ---- */

static struct live_figures figures_at(enum live_kind kind, unsigned second)
{
	double rate = 20000 + 37 * (second % 10);
	struct live_figures figures = {
		.kind = kind,
		.at_ns = (int64_t)(second * NS_PER_S),
		.duration_ns = 3600 * NS_PER_S,
		.active = 50,
		.failed = 3,
		.sent = { rate, rate * 8192, second * 20000, second * UINT64_C(20000000) },
		.received = { rate - 1, rate * 8192, second * 20000 - 1,
			      second * UINT64_C(20000000) },
		.lost = 4,
		.missed = 1234,
		.p50_ns = 410000,
		.p99_ns = 660000 + 100000 * (second % 30),
		.retransmits = 9,
		.hand = { .rate_per_second = 20000, .has_keys = true },
	};
	if (kind == LIVE_BYTES) {
		figures.hand.rate_per_second = 0;
		figures.received = (struct live_flow){ 0 };
		figures.p50_ns = figures.p99_ns = 0;
		figures.sent.bits_per_second = 9.41e9;
	}
	return figures;
}

static void add_lines(const struct live *live, const struct live_figures *figures,
		      const char *title, struct buffer *out)
{
	struct live_lines lines;
	buffer_append_format(out, "%s, %u columns\n", title, live->columns);
	live_block_lines(live, figures, &lines);
	for (unsigned i = 0; i < lines.count; i++) {
		assert_true(live_block_width(lines.text[i]) < live->columns);
		buffer_append_format(out, "%s|\n", lines.text[i]);
	}
}

static void its_text(void **state)
{
	static const unsigned widths[] = { 30, 40, 80, 200 };
	struct buffer out;
	buffer_init(&out, 1 << 16);
	for (size_t i = 0; i < array_size(widths); i++) {
		struct live live = { .columns = widths[i], .is_utf8 = true };
		for (unsigned second = 1; second < 100; second++) {
			live_history_add(&live.rate, second > 80 && second < 90 ? 0 : second);
			live_history_add(&live.p99, second % 7 * 1e6);
		}
		struct live_figures answers = figures_at(LIVE_ANSWERS, 99);
		add_lines(&live, &answers, "answers", &out);
		answers.hand.is_paused = true;
		answers.p99_ns = 0;
		live.is_utf8 = false;
		add_lines(&live, &answers, "paused, ASCII", &out);
		struct live_figures bytes = figures_at(LIVE_BYTES, 99);
		add_lines(&live, &bytes, "bytes", &out);
		bytes.hand.note = "no rate to change: -r sets one";
		bytes.duration_ns = 0;
		add_lines(&live, &bytes, "a note", &out);
		bytes.hand = (struct live_hand){ .rate_per_second = 0.1 };
		add_lines(&live, &bytes, "no keys", &out);
	}
	golden_check("live_block.txt", &out);
	buffer_deinit(&out);
}

/* ---- on a screen ---- */

static void show(struct live *live, struct screen *screen, unsigned second, struct buffer *out)
{
	struct live_figures figures = figures_at(LIVE_ANSWERS, second);
	buffer_clear(out);
	live_write(live, &figures, out);
	screen_write(screen, buffer_text(out));
}

static void tell(struct live *live, struct screen *screen, const char *text, struct buffer *out)
{
	buffer_clear(out);
	live_clear(live, out);
	buffer_append_text(out, text);
	buffer_append_text(out, "\n");
	screen_write(screen, buffer_text(out));
}

static void it_stays_where_it_is_below_what_is_told(void **state)
{
	struct live live = { .is_terminal = true, .columns = 80, .rows = 24 };
	struct screen screen;
	struct buffer out;
	buffer_init(&out, 1 << 16);
	screen_init(&screen, 80, 24);
	screen_write(&screen, "$ conntest load\n");
	for (unsigned second = 1; second <= 100; second++)
		show(&live, &screen, second, &out);
	assert_int_equal(screen.scrolled, 0);
	assert_string_equal(screen_line(&screen, 0), "$ conntest load");
	assert_string_equal(screen_line(&screen, 1),
			    "100.0 s of 3,600.0 s  50 up, 3 failed, 0 connecting");
	assert_string_equal(screen_line(&screen, 8),
			    "20,000/s asked  + - rate  space pause  q end and report");
	assert_string_equal(screen_line(&screen, 9), "");
	tell(&live, &screen, "an event", &out);
	assert_string_equal(screen_line(&screen, 1), "an event");
	assert_int_equal(screen_count(&screen, "sent"), 0);
	show(&live, &screen, 101, &out);
	assert_string_equal(screen_line(&screen, 2),
			    "101.0 s of 3,600.0 s  50 up, 3 failed, 0 connecting");
	/* At the bottom of the screen what is told moves up, and the block is there once. */
	for (unsigned i = 0; i < 40; i++) {
		tell(&live, &screen, "another", &out);
		show(&live, &screen, 102 + i, &out);
		assert_int_equal(screen_count(&screen, "sent"), 1);
	}
	assert_int_equal(screen_count(&screen, "another"), 24 - LIVE_LINES_MAX);
	buffer_clear(&out);
	live_clear(&live, &out);
	live_clear(&live, &out);
	screen_write(&screen, buffer_text(&out));
	assert_int_equal(screen_count(&screen, "another"), 24 - LIVE_LINES_MAX);
	assert_string_equal(screen_line(&screen, 24 - LIVE_LINES_MAX), "");
	buffer_deinit(&out);
}

/* At 9,600 baud 960 bytes go out in a second. */
static void a_serial_line_keeps_up(void **state)
{
	for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
		struct live live = {
			.is_terminal = true, .is_utf8 = is_utf8, .columns = 80, .rows = 24
		};
		struct screen screen;
		struct buffer out;
		buffer_init(&out, 1 << 16);
		screen_init(&screen, 80, 24);
		for (unsigned second = 1; second <= 200; second++) {
			show(&live, &screen, second, &out);
			assert_in_range(out.size, 1, is_utf8 ? 720 : 480);
		}
		buffer_deinit(&out);
	}
}

static void without_room_there_is_a_line(void **state)
{
	static const struct {
		unsigned columns, rows;
		unsigned lines; /* that begin with "sent" */
	} sizes[] = { { 80, 24, 1 }, { 80, 9, 1 }, { 80, 8, 0 }, { 29, 24, 0 }, { 0, 0, 0 } };
	for (size_t i = 0; i < array_size(sizes); i++) {
		struct live live = { .is_terminal = true,
				     .columns = sizes[i].columns,
				     .rows = sizes[i].rows };
		struct screen screen;
		struct buffer out;
		buffer_init(&out, 1 << 16);
		screen_init(&screen, sizes[i].columns ? sizes[i].columns : 200,
			    sizes[i].rows ? sizes[i].rows : 24);
		show(&live, &screen, 1, &out);
		show(&live, &screen, 2, &out);
		assert_int_equal(screen_count(&screen, "sent"), sizes[i].lines);
		assert_int_equal(screen_count(&screen, "+2.000 s"), !sizes[i].lines);
		assert_int_equal(screen.scrolled, 0);
		buffer_deinit(&out);
	}
}

/* From the block to a line and back; a terminal that became narrower has broken the lines that no
 * longer fit in two. */
static void the_size_may_change(void **state)
{
	struct live live = { .is_terminal = true, .columns = 80, .rows = 24 };
	struct screen screen;
	struct buffer out;
	buffer_init(&out, 1 << 16);
	screen_init(&screen, 80, 24);
	show(&live, &screen, 1, &out);
	live.rows = 8;
	show(&live, &screen, 2, &out);
	assert_int_equal(screen_count(&screen, "sent"), 0);
	assert_string_equal(screen_line(&screen, 1), "");
	live.rows = 24;
	show(&live, &screen, 3, &out);
	assert_int_equal(screen_count(&screen, "sent"), 1);
	assert_int_equal(screen_count(&screen, "3.0 s of"), 1);

	/* As it stands after it was made narrower: all but the last line wrapped where they must.
	 */
	struct screen narrow;
	screen_init(&narrow, 40, 24);
	for (unsigned i = 0; i < live.shown_count; i++) {
		screen_write(&narrow, live.shown[i]);
		screen_write(&narrow, i + 1 < live.shown_count ? "\n" : "\r");
	}
	/* Its last line wrapped too: the cursor stayed at the begin of it. */
	narrow.row -= (live_block_width(live.shown[live.shown_count - 1]) - 1) / 40;
	live.columns = 40;
	show(&live, &narrow, 4, &out);
	assert_int_equal(screen_count(&narrow, "sent"), 1);
	assert_int_equal(screen_count(&narrow, "4.0 s of"), 1);
	assert_string_equal(screen_line(&narrow, 0), "4.0 s of 3,600.0 s  50 up, 3 failed");
	assert_string_equal(screen_line(&narrow, LIVE_LINES_MAX), "");
	buffer_deinit(&out);
}

/* After somebody else had the terminal it is drawn anew, and nothing of theirs is wiped. */
static void what_is_gone_is_not_wiped(void **state)
{
	struct live live = { .is_terminal = true, .columns = 80, .rows = 24 };
	struct screen screen;
	struct buffer out;
	buffer_init(&out, 1 << 16);
	screen_init(&screen, 80, 24);
	show(&live, &screen, 1, &out);
	screen_write(&screen, "\n\n$ fg\n");
	live_forget(&live);
	show(&live, &screen, 2, &out);
	assert_int_equal(screen_count(&screen, "$ fg"), 1);
	assert_int_equal(screen_count(&screen, "2.0 s of"), 1);
	buffer_deinit(&out);
}

static void a_history_is_as_high_as_its_most(void **state)
{
	static const struct {
		double values[8];
		uint32_t cells;
		const char *drawn;
	} cases[] = {
		{ { 1, 2, 3, 4, 5, 6, 7, 8 }, 8, ".:-=+*#@" },
		{ { 1, 2, 3, 4, 5, 6, 7, 8 }, 3, "*#@" },
		{ { 0, 8, 0, 8, 1e-9, 8, 0, 0 }, 8, " @ @.@  " },
		{ { 0 }, 8, "        " },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct live_history history = { .count = 0 };
		struct buffer out;
		buffer_init(&out, 1024);
		/* What is older than a minute is forgotten. */
		for (unsigned k = 0; k < LIVE_HISTORY_SECONDS; k++)
			live_history_add(&history, k < 8 ? 1000 : 0);
		for (unsigned k = 0; k < LIVE_HISTORY_SECONDS - 8; k++)
			live_history_add(&history, 0);
		for (unsigned k = 0; k < 8; k++)
			live_history_add(&history, cases[i].values[k]);
		live_history_draw(&history, cases[i].cells, false, &out);
		assert_string_equal(buffer_text(&out), cases[i].drawn);
		buffer_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_text),
		cmocka_unit_test(it_stays_where_it_is_below_what_is_told),
		cmocka_unit_test(a_serial_line_keeps_up),
		cmocka_unit_test(without_room_there_is_a_line),
		cmocka_unit_test(the_size_may_change),
		cmocka_unit_test(what_is_gone_is_not_wiped),
		cmocka_unit_test(a_history_is_as_high_as_its_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
