#include "run/outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/closest.h"
#include "cli/message.h"
#include "metric/expect.h"
#include "view/csv.h"
#include "view/ctraffic.h"
#include "view/hdr_log.h"
#include "view/json.h"
#include "view/junit.h"
#include "view/markdown.h"
#include "view/ndjson.h"
#include "view/ping_tsv.h"
#include "view/plot/plot.h"
#include "view/plot/png.h"
#include "view/text.h"

#define SAVED_MAX 4000 /* what message_print() takes */

/* Sides of a format. */
#define SENDING (1u << OUTPUT_SENDING)
#define PINGING (1u << OUTPUT_PINGING)
#define CLIENTS (SENDING | PINGING)
#define STREAMS (CLIENTS | 1u << OUTPUT_SERVING)
#define ANY     (STREAMS | 1u << OUTPUT_PATH | 1u << OUTPUT_MESH)

static const struct format {
	const char *name;
	unsigned sides;
	const char *sentence;
} formats[OUTPUT_COUNT] = {
#define FORMAT(symbol, name, sides, sentence) { name, sides, sentence },
#include "run/formats.def"
#undef FORMAT
};

static bool has_side(enum output_format format, enum output_side side)
{
	return (formats[format].sides & 1u << side) != 0;
}

static const char *limit_text(enum output_format format)
{
	switch (formats[format].sides) {
	case ANY:
		return "";
	case STREAMS:
		return "; not of path and mesh";
	case CLIENTS:
		return "; not of serve, path and mesh";
	case PINGING:
		return "; of ping alone";
	default:
		return "; not of serve, ping, path and mesh";
	}
}

void outputs_help(struct buffer *out)
{
	for (int i = 0; i < OUTPUT_COUNT; i++)
		buffer_append_format(out, "%-15s  %s%s\n", formats[i].name, formats[i].sentence,
				     limit_text(i));
	buffer_append_text(out, "\n");
	csv_help(out);
}

/* ---- completion ---- */

static void offer_formats(const struct option_offer *offer, enum output_side side)
{
	for (int i = 0; i < OUTPUT_COUNT; i++)
		if (has_side(i, side))
			offer->word(offer->context, formats[i].name, formats[i].sentence);
}

void output_formats_sending(const struct option_offer *offer)
{
	offer_formats(offer, OUTPUT_SENDING);
}

void output_formats_pinging(const struct option_offer *offer)
{
	offer_formats(offer, OUTPUT_PINGING);
}

void output_formats_serving(const struct option_offer *offer)
{
	offer_formats(offer, OUTPUT_SERVING);
}

void output_formats_path(const struct option_offer *offer)
{
	offer_formats(offer, OUTPUT_PATH);
}

void output_formats_mesh(const struct option_offer *offer)
{
	offer_formats(offer, OUTPUT_MESH);
}

static void offer_figures(const struct option_offer *offer, unsigned scopes)
{
	for (size_t i = 0; i < figure_table_size; i++)
		if (figure_table[i].scopes & scopes)
			offer->word(offer->context, figure_table[i].name, figure_table[i].help);
}

void output_figures_sending(const struct option_offer *offer)
{
	const char *name = NULL;
	for (size_t i = 0; (name = expect_set_name(i)) != NULL; i++)
		offer->word(offer->context, name, "a set of expectations");
	offer_figures(offer, ~(unsigned)(FIGURE_SERVICE | FIGURE_PING | FIGURE_MESH));
}

void output_figures_pinging(const struct option_offer *offer)
{
	offer_figures(offer, FIGURE_PING | FIGURE_RUN);
}

void output_figures_path(const struct option_offer *offer)
{
	offer_figures(offer, FIGURE_PATH);
}

void output_figures_mesh(const struct option_offer *offer)
{
	offer_figures(offer, FIGURE_MESH);
}

void output_figures_serving(const struct option_offer *offer)
{
	offer_figures(offer, FIGURE_SERVICE | FIGURE_RUN);
}

/* ---- options ---- */

static int no_such_format(const char *word, struct error *error)
{
	const char *names[OUTPUT_COUNT];
	for (int i = 0; i < OUTPUT_COUNT; i++)
		names[i] = formats[i].name;
	const char *close = closest_word(word, names, OUTPUT_COUNT);
	return error_set(error, EINVAL, "-o: no format \"%s\"%s%s%s", word,
			 close ? "; did you mean " : " (conntest help formats)", close ? close : "",
			 close ? "?" : "");
}

static int find_format(const char *word, struct error *error)
{
	if (strcmp(word, formats[OUTPUT_PNG].name) == 0 && !png_library())
		return error_set(
			error, EINVAL,
			"-o png: there is no cairo here (libcairo.so.2); svg and html need "
			"nothing");
	for (int i = 0; i < OUTPUT_COUNT; i++)
		if (strcmp(word, formats[i].name) == 0)
			return i;
	return no_such_format(word, error);
}

static const char *const side_names[] = {
	[OUTPUT_SENDING] = "a run that sends",
	[OUTPUT_SERVING] = "serve",
	[OUTPUT_PINGING] = "ping",
	[OUTPUT_PATH] = "path",
	[OUTPUT_MESH] = "mesh --once",
};

/* "-o: serve has nothing for ctraffic (text, json, ndjson or csv)" */
static int check_side(enum output_format format, enum output_side side, struct error *error)
{
	cleanup(buffer_deinit) struct buffer fitting;
	buffer_init(&fitting, sizeof(error->text));
	if (has_side(format, side))
		return 0;
	for (int i = 0; i < OUTPUT_COUNT; i++)
		if (has_side(i, side))
			buffer_append_format(&fitting, "%s%s", i > 0 ? ", " : "", formats[i].name);
	return error_set(error, EINVAL, "-o: %s has nothing for %s (%s)", side_names[side],
			 formats[format].name, buffer_text(&fitting));
}

static int add_output(struct outputs *outputs, const char *option, enum output_side side,
		      struct error *error)
{
	char word[32];
	const char *equals = strchr(option, '=');
	size_t length = equals ? (size_t)(equals - option) : strlen(option);
	if (length >= sizeof(word))
		return error_set(error, EINVAL, "-o: no format \"%.40s\"", option);
	memcpy(word, option, length);
	word[length] = '\0';
	int format = find_format(word, error);
	int result = format < 0 ? format : check_side(format, side, error);
	if (result < 0)
		return result;
	if (equals && equals[1] == '\0')
		return error_set(error, EINVAL, "-o: no file behind \"%s\"", option);
	if (!equals && outputs->stdout_format != OUTPUT_COUNT)
		return error_set(error, EINVAL,
				 "-o: %s and %s both want stdout; give one a file: -o %s=FILE",
				 formats[outputs->stdout_format].name, word, word);
	if (!equals)
		outputs->stdout_format = (enum output_format)format;
	outputs->items[outputs->count++] = (struct output){ .format = (enum output_format)format,
							    .path = equals ? equals + 1 : NULL };
	return 0;
}

/* Every file is opened before anything is sent: a run is not lost for a misspelt folder. */
static int open_file(struct output *output, struct error *error)
{
	output->file = output->path ? fopen(output->path, "we") : stdout;
	if (output->file)
		return 0;
	int code = errno;
	return error_set(error, code, "-o: cannot write %s: %s", output->path,
			 strerrordesc_np(code));
}

/* One after the other they would overwrite each other. A terminal or /dev/null takes all. */
static int check_file(const struct outputs *outputs, unsigned index, struct error *error)
{
	const struct output *output = &outputs->items[index];
	struct stat this_one, other;
	if (fstat(fileno(output->file), &this_one) < 0 || S_ISCHR(this_one.st_mode))
		return 0;
	for (unsigned i = 0; i < index; i++) {
		const struct output *before = &outputs->items[i];
		if (fstat(fileno(before->file), &other) < 0 || other.st_dev != this_one.st_dev ||
		    other.st_ino != this_one.st_ino)
			continue;
		const char *file = output->path ? output->path : before->path;
		return error_set(error, EINVAL, "-o: %s and %s both want %s",
				 formats[before->format].name, formats[output->format].name,
				 file ? file : "stdout");
	}
	return 0;
}

int outputs_open(struct outputs *outputs, const struct output_options *options,
		 enum output_side side, struct error *error)
{
	int result = 0;
	*outputs = (struct outputs){ .stdout_format = OUTPUT_COUNT };
	for (size_t i = 0; i < options->formats.count && result >= 0; i++)
		result = add_output(outputs, options->formats.items[i], side, error);
	if (result >= 0 && outputs->stdout_format == OUTPUT_COUNT) {
		outputs->stdout_format = OUTPUT_TEXT;
		outputs->items[outputs->count++] = (struct output){ .format = OUTPUT_TEXT };
	}
	for (unsigned i = 0; i < outputs->count && result >= 0; i++) {
		result = open_file(&outputs->items[i], error);
		if (result >= 0)
			result = check_file(outputs, i, error);
	}
	if (result < 0)
		outputs_close(outputs);
	return result;
}

enum output_side outputs_side(const struct report *report)
{
	if (report_is_ping(report))
		return OUTPUT_PINGING;
	if (report->has_path)
		return OUTPUT_PATH;
	if (report->has_mesh)
		return OUTPUT_MESH;
	return report_is_serving(report) ? OUTPUT_SERVING : OUTPUT_SENDING;
}

void outputs_close(struct outputs *outputs)
{
	for (unsigned i = 0; i < outputs->count; i++)
		if (outputs->items[i].file && outputs->items[i].path)
			(void)fclose(outputs->items[i].file);
	outputs->count = 0;
}

/* ---- while it runs ---- */

bool outputs_have(const struct outputs *outputs, enum output_format format)
{
	for (unsigned i = 0; i < outputs->count; i++)
		if (outputs->items[i].format == format)
			return true;
	return false;
}

void outputs_begin(struct outputs *outputs, enum output_format format)
{
	for (unsigned i = 0; i < outputs->count; i++)
		outputs->items[i].is_begun |= outputs->items[i].format == format;
}

void outputs_set_text(struct outputs *outputs, enum text_part part)
{
	for (unsigned i = 0; i < outputs->count; i++)
		if (outputs->items[i].format == OUTPUT_TEXT && !outputs->items[i].path)
			outputs->items[i].part = part;
}

static void write_bytes(struct output *output, const struct buffer *bytes)
{
	size_t written = fwrite(buffer_text(bytes), 1, bytes->size, output->file);
	if ((written < bytes->size || fflush(output->file) != 0) && output->failure == 0)
		output->failure = errno;
}

void outputs_write_stdout(struct outputs *outputs, const struct buffer *bytes)
{
	for (unsigned i = 0; i < outputs->count; i++)
		if (outputs->items[i].format == OUTPUT_TEXT && !outputs->items[i].path)
			write_bytes(&outputs->items[i], bytes);
}

void outputs_write(struct outputs *outputs, enum output_format format, const struct buffer *bytes)
{
	for (unsigned i = 0; i < outputs->count; i++) {
		if (outputs->items[i].format == format)
			write_bytes(&outputs->items[i], bytes);
	}
}

/* ---- at the end ---- */

typedef void write_format(const struct report *report, struct buffer *out);

/* Those that depend on nothing but the report. */
static write_format *const writers[OUTPUT_COUNT] = {
	[OUTPUT_JSON] = json_view_write,
	[OUTPUT_MD] = markdown_write,
	[OUTPUT_JUNIT] = junit_write,
	[OUTPUT_CSV] = csv_write_samples,
	[OUTPUT_CSV_CONNECTIONS] = csv_write_connections,
	[OUTPUT_CSV_FIGURES] = csv_write_figures,
	[OUTPUT_SVG] = plot_write_svg,
	[OUTPUT_PNG] = plot_write_png,
	[OUTPUT_HTML] = plot_write_html,
	[OUTPUT_HDR] = hdr_log_write,
	[OUTPUT_TSV] = ping_tsv_write,
	[OUTPUT_CTRAFFIC] = ctraffic_write,
};

static void write_report(const struct report *report, enum output_format format,
			 const struct text_style *style, struct buffer *out)
{
	if (format == OUTPUT_TEXT)
		text_write(report, style, out);
	else if (format == OUTPUT_NDJSON)
		ndjson_write_report(out, report);
	else
		writers[format](report, out);
}

static int write_one(struct output *output, const struct report *report,
		     const struct text_style *style, struct error *error)
{
	struct buffer bytes;
	const char *name = output->path ? output->path : "stdout";
	struct text_style used =
		output->path ? (struct text_style){ .is_utf8 = style->is_utf8 } : *style;
	used.part = output->part;
	buffer_init(&bytes, REPORT_FILE_MAX);
	if (!output->is_begun)
		write_report(report, output->format, &used, &bytes);
	int code = bytes.error ? -bytes.error : output->is_begun ? output->failure : 0;
	output->size = bytes.size;
	if (!code) {
		size_t written = fwrite(buffer_text(&bytes), 1, bytes.size, output->file);
		if (written < bytes.size || fflush(output->file) != 0)
			code = errno;
	}
	buffer_deinit(&bytes);
	/* A reader of stdout that went away has seen what it wanted. */
	output->is_written = code == 0;
	if (code == 0 || (code == EPIPE && !output->path))
		return 0;
	return error_set(error, code, "the report could not be written to %s: %s", name,
			 strerrordesc_np(code));
}

int outputs_write_report(struct outputs *outputs, const struct report *report,
			 const struct text_style *style,
			 void (*failed)(void *context, const struct error *error), void *context)
{
	int result = 0;
	for (unsigned i = 0; i < outputs->count; i++) {
		struct error error;
		int one = write_one(&outputs->items[i], report, style, &error);
		if (one < 0) {
			failed(context, &error);
			result = one;
		}
	}
	return result;
}

void outputs_tell_saved(const struct outputs *outputs)
{
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, SAVED_MAX);
	for (unsigned i = 0; i < outputs->count; i++) {
		const struct output *output = &outputs->items[i];
		if (!output->path || !output->is_written)
			continue;
		buffer_append_format(&text, "%s%s (-o %s=%s)",
				     text.size > 0 ? ", " : "Saved:  ", output->path,
				     formats[output->format].name, output->path);
	}
	if (text.size > 0)
		message_print(NULL, text.data);
}
