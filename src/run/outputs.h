/* Where a run's results go: the options that every measuring command shares, and the opened
 * places. -o FORMAT writes to stdout instead of the text (one such at most); -o FORMAT=FILE writes
 * there and leaves the text on stdout. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "cli/option.h"
#include "metric/report.h"
#include "run/push_plan.h"
#include "view/text.h"

struct output_options {
	struct option_list formats; /* -o */
	struct option_list expect;  /* --expect */
	const char *metrics;        /* --metrics; NULL: none */
	const char *color;
	bool is_monitor;
	bool is_verbose;
	bool is_quiet;
	bool is_not_saved; /* --no-save */
	struct push_options push;
};

/* The help of -o. */
#define OUTPUT_HELP \
	"json, csv, md, junit... (conntest help formats); with =FILE the text stays on stdout"

/* What -o and --expect can name, for completion. */
void output_formats_sending(const struct option_offer *offer);
void output_formats_serving(const struct option_offer *offer);
void output_formats_pinging(const struct option_offer *offer);
void output_formats_path(const struct option_offer *offer);
void output_formats_mesh(const struct option_offer *offer);
void output_figures_sending(const struct option_offer *offer);
void output_figures_serving(const struct option_offer *offer);
void output_figures_pinging(const struct option_offer *offer);
void output_figures_path(const struct option_offer *offer);
void output_figures_mesh(const struct option_offer *offer);

/* The rows of these options inside a command's own table: `field` is the member of type struct
 * output_options in `structure`, `side` is sending or serving. */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define OUTPUT_REPORT_OPTIONS(structure, field, side, sets)                            \
	OPTION(structure, field.formats, OPTION_LIST, .name = "output", .letter = 'o', \
	       .placeholder = "FORMAT[=FILE]", .level = OPTION_FIRST_HOUR,             \
	       .values = output_formats_##side, .help = OUTPUT_HELP),                  \
		OPTION(structure, field.expect, OPTION_LIST, .name = "expect",         \
		       .placeholder = "'NAME OP VALUE'", .level = OPTION_FIRST_HOUR,   \
		       .values = output_figures_##side,                                \
		       .help = "exit 1 unless it holds (conntest help figures)" sets)
#define OUTPUT_LIVE_OPTIONS(structure, field)                                                 \
	OPTION(structure, field.color, OPTION_CHOICE, .name = "color",                        \
	       .choices = "auto always never", .default_text = "auto", .placeholder = "WHEN", \
	       .level = OPTION_OUTPUT, .help = "colour on a terminal; NO_COLOR is respected")
#define OUTPUT_KEPT_OPTION(structure, field)                                  \
	OPTION(structure, field.is_not_saved, OPTION_FLAG, .name = "no-save", \
	       .level = OPTION_OUTPUT,                                        \
	       .help = "do not keep the report (conntest report "             \
		       "list)")

#define OUTPUT_OPTIONS(structure, field, side)                                                     \
	OUTPUT_REPORT_OPTIONS(structure, field, side, "; also graceful, hitless"),                 \
		OPTION(structure, field.metrics, OPTION_TEXT, .name = "metrics",                   \
		       .placeholder = "ADDR:PORT", .level = OPTION_OUTPUT,                         \
		       .help = "serves Prometheus text and OpenMetrics at "                        \
			       "http://ADDR:PORT/metrics while it runs; port 0 = any free one"),   \
		OUTPUT_LIVE_OPTIONS(structure, field),                                             \
		OPTION(structure, field.is_monitor, OPTION_FLAG, .name = "monitor",                \
		       .level = OPTION_OUTPUT,                                                     \
		       .help = "a line a second on stderr also where it is no terminal"),          \
		OPTION(structure, field.is_verbose, OPTION_FLAG, .name = "verbose", .letter = 'v', \
		       .level = OPTION_OUTPUT, .help = "every event on its own, not summed up"),   \
		OPTION(structure, field.is_quiet, OPTION_FLAG, .name = "quiet", .letter = 'q',     \
		       .level = OPTION_OUTPUT,                                                     \
		       .help = "no events, nothing shown while it runs, no keys"),                 \
		OUTPUT_KEPT_OPTION(structure, field), PUSH_OPTIONS(structure, field.push)

/* The same of ping, which has no streams to expose. */
#define OUTPUT_PING_OPTIONS(structure, field)                                                  \
	OUTPUT_REPORT_OPTIONS(structure, field, pinging, ""),                                  \
		OUTPUT_LIVE_OPTIONS(structure, field),                                         \
		OPTION(structure, field.is_quiet, OPTION_FLAG, .name = "quiet", .letter = 'q', \
		       .level = OPTION_OUTPUT,                                                 \
		       .help = "no lines and no events while it runs: the report alone"),      \
		OUTPUT_KEPT_OPTION(structure, field)
/* NOLINTEND(bugprone-macro-parentheses) */

enum output_format {
#define FORMAT(symbol, name, sides, sentence) OUTPUT_##symbol,
#include "run/formats.def"
#undef FORMAT
	OUTPUT_COUNT,
};

struct output {
	enum output_format format;
	const char *path; /* NULL: stdout */
	FILE *file;
	size_t size;         /* of the report in it */
	bool is_begun;       /* lines go there as they come */
	enum text_part part; /* of the report, to stdout */
	bool is_written;     /* the report is in it */
	int failure;         /* errno of the first line that could not be; 0: all could */
};

struct outputs {
	struct output items[OPTION_LIST_MAX + 1];
	unsigned count;
	enum output_format stdout_format; /* text unless an -o without a file says otherwise */
};

/* What a report is of: the side of the connections that it was on, a path, or a node's mesh. */
enum output_side { OUTPUT_SENDING, OUTPUT_SERVING, OUTPUT_PINGING, OUTPUT_PATH, OUTPUT_MESH };
enum output_side outputs_side(const struct report *report);

/* Parses the -o options and opens every file, so that one that can't be written is told before
 * anything is sent. -EINVAL (usage: also a format that has nothing of this side, or two in one
 * file) or the errno of open. */
nodiscard int outputs_open(struct outputs *outputs, const struct output_options *options,
			   enum output_side side, struct error *error);
void outputs_close(struct outputs *outputs);

bool outputs_have(const struct outputs *outputs, enum output_format format);
/* Outputs of this format get their lines while the run goes on, and no more at the end. */
void outputs_begin(struct outputs *outputs, enum output_format format);
/* What of the report as text goes to stdout at the end. */
void outputs_set_text(struct outputs *outputs, enum text_part part);
/* Lines that go out while the run goes on, to every output of this format. A failure shows when
 * the report is written to the same place. */
void outputs_write(struct outputs *outputs, enum output_format format, const struct buffer *bytes);
/* The same of text, to stdout alone. */
void outputs_write_stdout(struct outputs *outputs, const struct buffer *bytes);
/* The report to all of them; one that fails does not keep it from the others: `failed` is told
 * each. 0, or the last errno. */
nodiscard int outputs_write_report(struct outputs *outputs, const struct report *report,
				   const struct text_style *style,
				   void (*failed)(void *context, const struct error *error),
				   void *context);
/* To stderr, which files hold the report: "Saved:  run.json (-o json=run.json), ...". */
void outputs_tell_saved(const struct outputs *outputs);

/* `conntest help formats`. */
void outputs_help(struct buffer *out);
