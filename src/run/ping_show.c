#include "run/ping_show.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "sys/terminal.h"
#include "view/event_text.h"
#include "view/ndjson.h"
#include "view/ping_lines.h"
#include "view/ping_table.h"
#include "view/ping_text.h"
#include "view/ping_tsv.h"

#define LINE_MAX_BYTES  (1 << 16)
#define TABLE_MAX_BYTES (1 << 20)

struct ping_show {
	struct ping_show_setup setup;
	struct buffer buffer;
	struct text_style style;
	struct ping_layout layout;
	struct ping_table table;
	enum outcome *before; /* of each target, while it is waited for: what was told last */
	uint32_t *before_status;
	bool has_lines;
	bool has_table;
	bool has_events;
	bool has_head;
};

/* A terminal that shows several targets has room for them, not for their lines. */
static void choose(struct ping_show *show)
{
	const struct ping *ping = show->setup.ping;
	bool is_text = show->setup.outputs->stdout_format == OUTPUT_TEXT;
	bool is_waiting = ping->plan->wait_ns > 0;
	bool is_seen = is_text && isatty(STDOUT_FILENO) == 1 && terminal_can_rewrite(STDERR_FILENO);
	show->has_events = !ping->output->is_quiet;
	show->has_table = show->has_events && is_seen && ping->plan->target_count > 1;
	show->has_lines = is_text && !is_waiting && !show->has_table && !ping->output->is_quiet;
	outputs_set_text(show->setup.outputs, show->has_lines ? TEXT_END : TEXT_WITHOUT_LINES);
	outputs_begin(show->setup.outputs, OUTPUT_TSV);
}

int ping_show_new(const struct ping_show_setup *setup, struct ping_show **ret)
{
	uint32_t count = setup->ping->plan->target_count;
	struct ping_show *show = calloc(1, sizeof(*show));
	if (!show)
		return -ENOMEM;
	show->setup = *setup;
	show->style.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	show->style.has_color = message_has_color(setup->ping->output->color, stdout);
	show->before = calloc(count, sizeof(*show->before));
	show->before_status = calloc(count, sizeof(*show->before_status));
	buffer_init(&show->buffer, TABLE_MAX_BYTES);
	ping_layout_of(setup->report, &show->layout);
	choose(show);
	if (!show->before || !show->before_status) {
		ping_show_free(show);
		return -ENOMEM;
	}
	ping_tsv_head(&show->buffer);
	outputs_write(setup->outputs, OUTPUT_TSV, &show->buffer);
	*ret = show;
	return 0;
}

void ping_show_free(struct ping_show *show)
{
	if (!show)
		return;
	buffer_deinit(&show->buffer);
	free(show->before);
	free(show->before_status);
	free(show);
}

/* ---- a probe ---- */

/* The first result knows who answers, and in what. */
static void show_head(struct ping_show *show, const struct probe_result *result)
{
	struct report *report = show->setup.report;
	if (show->has_head)
		return;
	show->has_head = true;
	report_ping_found(result, &report->streams[result->target].ping);
	ping_headline(report, &show->buffer);
	buffer_append_text(&show->buffer, "\n");
	ping_lines_head(&show->layout, &show->buffer);
}

static void show_line(struct ping_show *show, const struct probe_result *result,
		      const struct report_probe *probe)
{
	const struct report_stream *stream = &show->setup.report->streams[result->target];
	buffer_clear(&show->buffer);
	show_head(show, result);
	ping_line(&show->layout, &show->style, stream->target, probe, &show->buffer);
	outputs_write_stdout(show->setup.outputs, &show->buffer);
}

static void write_rows(struct ping_show *show, const struct probe_result *result,
		       const struct report_probe *probe)
{
	const struct report *report = show->setup.report;
	const struct report_stream *stream = &report->streams[result->target];
	if (outputs_have(show->setup.outputs, OUTPUT_TSV)) {
		buffer_clear(&show->buffer);
		ping_tsv_row(report, stream, probe, &show->buffer);
		outputs_write(show->setup.outputs, OUTPUT_TSV, &show->buffer);
	}
	if (outputs_have(show->setup.outputs, OUTPUT_NDJSON)) {
		buffer_clear(&show->buffer);
		ndjson_write_probe(&show->buffer, stream, probe);
		outputs_write(show->setup.outputs, OUTPUT_NDJSON, &show->buffer);
	}
}

void ping_show_tell(struct ping_show *show, uint64_t at_ns, const char *text)
{
	int64_t offset_ns = (int64_t)(at_ns - show->setup.begin_ns);
	if (!show->has_events)
		return;
	buffer_clear(&show->buffer);
	ping_table_clear(&show->table, &show->buffer);
	event_text_write(&show->buffer, show->setup.unix_ns + offset_ns, offset_ns, text);
	(void)!write(STDERR_FILENO, buffer_text(&show->buffer), show->buffer.size);
}

/* While it is waited for, only what changes is told. */
static void tell_change(struct ping_show *show, const struct probe_result *result,
			const struct report_probe *probe)
{
	const struct report_stream *stream = &show->setup.report->streams[result->target];
	cleanup(buffer_deinit) struct buffer text = { 0 };
	char status[PING_STATUS_MAX], place[ENDPOINT_TEXT_MAX] = "";
	uint64_t end_ns = result->started_ns + probe_total(result) + result->failed_after_ns;
	bool is_same = show->before[result->target] == probe->outcome &&
		       show->before_status[result->target] == probe->status;
	if (is_same || !probe->has_failed)
		return;
	show->before[result->target] = probe->outcome;
	show->before_status[result->target] = probe->status;
	buffer_init(&text, LINE_MAX_BYTES);
	if (show->setup.report->stream_count > 1)
		buffer_append_format(&text, "%s: ", stream->target);
	if (!probe->status)
		ping_failure_text(probe, &text);
	else
		buffer_append_format(&text, "status %s", ping_status_text(probe, status));
	if (!probe->status && probe->remote.family)
		buffer_append_format(&text, " (%s)", endpoint_format(&probe->remote, place));
	ping_show_tell(show, end_ns, buffer_text(&text));
}

void ping_show_probe(struct ping_show *show, const struct probe_result *result)
{
	struct report_probe probe;
	report_probe_of(result, show->setup.begin_ns, &probe);
	if (show->has_lines)
		show_line(show, result, &probe);
	if (show->setup.ping->plan->wait_ns > 0)
		tell_change(show, result, &probe);
	write_rows(show, result, &probe);
}

/* ---- the table ---- */

bool ping_show_has_table(const struct ping_show *show)
{
	return show->has_table;
}

void ping_show_tick(struct ping_show *show)
{
	struct terminal_size size = terminal_size(STDERR_FILENO);
	if (!show->has_table || !terminal_is_foreground(STDERR_FILENO))
		return;
	buffer_clear(&show->buffer);
	ping_table_show(&show->table, show->setup.report, show->setup.series,
			(struct ping_table_size){ size.columns, size.rows }, &show->buffer);
	(void)!write(STDERR_FILENO, buffer_text(&show->buffer), show->buffer.size);
}

void ping_show_end(struct ping_show *show)
{
	if (show->has_lines && !show->has_head)
		outputs_set_text(show->setup.outputs, TEXT_WITHOUT_LINES);
	buffer_clear(&show->buffer);
	ping_table_clear(&show->table, &show->buffer);
	if (show->buffer.size > 0)
		(void)!write(STDERR_FILENO, buffer_text(&show->buffer), show->buffer.size);
}
