/* A line a mark: when clients were good again, when the throughput was back. See text_parts.h. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "view/clauses.h"
#include "view/command_text.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define LINES_MAX    10
#define WINDOW_NS    (100 * NS_PER_MS)
#define IS_KNOWN(ns) ((ns) != INT64_MIN)

static const char *span(int64_t ns, char text[PHRASE_MAX])
{
	return phrase_span((uint64_t)ns, 0, text);
}

static void clients(const struct report_convergence *is, const char *noun, struct clauses *clauses)
{
	char first[PHRASE_MAX], all[PHRASE_MAX], of[PHRASE_MAX];
	(void)phrase_count(is->affected, noun, of);
	if (is->affected == 0)
		buffer_append_format(clauses_next(clauses), "no %s affected", noun);
	else if (!IS_KNOWN(is->first_good_ns))
		buffer_append_format(clauses_next(clauses), "none of %s good again by the end", of);
	else
		buffer_append_format(clauses_next(clauses), "first %s good again after %s", noun,
				     span(is->first_good_ns, first));
	if (IS_KNOWN(is->all_good_ns))
		buffer_append_format(clauses_next(clauses), "all after %s",
				     span(is->all_good_ns, all));
	else if (IS_KNOWN(is->first_good_ns))
		buffer_append_format(clauses_next(clauses), "%" PRIu64 " of %s not by the end",
				     is->not_good, of);
}

static void throughput(const struct report_convergence *is, struct clauses *clauses)
{
	char after[PHRASE_MAX];
	if (is->reason)
		buffer_append_format(clauses_next(clauses), "throughput not measured: %s",
				     is->reason);
	else if (is->throughput_90_ns == 0)
		buffer_append_text(clauses_next(clauses), "throughput never below 90 %");
	else if (IS_KNOWN(is->throughput_90_ns))
		buffer_append_format(clauses_next(clauses), "throughput at 90 %% after %s",
				     span(is->throughput_90_ns, after));
	else
		buffer_append_text(clauses_next(clauses), "throughput not back at 90 % by the end");
}

/* A time is as exact as the windows are and the slots send. */
static void uncertainty(const struct report_convergence *is, const struct report_stream *slots,
			struct buffer *out)
{
	char text[PHRASE_MAX];
	uint64_t interval_ns = slots->schedule.interval_ns;
	bool has_time = IS_KNOWN(is->first_good_ns) ||
			(IS_KNOWN(is->throughput_90_ns) && is->throughput_90_ns > 0);
	if (has_time)
		buffer_append_format(
			out, " (each %s)",
			phrase_resolution(interval_ns > WINDOW_NS ? interval_ns : WINDOW_NS, text));
}

/* The user changed the run: nothing is measured by that. */
static bool is_key(const struct report_mark *mark)
{
	return strcmp(mark->kind, "key") == 0;
}

static void mark_line(const struct report_mark *mark, const struct report_stream *slots,
		      struct buffer *out)
{
	const struct report_convergence *is = &mark->convergence;
	const char *noun = strcmp(slots->transport, "udp") == 0 ? "flow" : "client";
	char at[PHRASE_MAX];
	struct clauses clauses;
	buffer_append_format(out, "Mark:    %s %s", mark->name, phrase_offset(mark->at_ns, at));
	if (mark->has_command) {
		buffer_append_text(out, ", ");
		command_text(&mark->command, out);
	}
	if (is_key(mark))
		return;
	buffer_append_text(out, ": ");
	clauses_init(&clauses, out, ", ");
	if (is->is_measured) {
		clients(is, noun, &clauses);
		throughput(is, &clauses);
		uncertainty(is, slots, out);
	} else {
		buffer_append_format(out, "not measured, %s",
				     is->reason ? is->reason : "it is old");
	}
}

/* A wrapped command's own marks are told when something followed them. */
static bool is_told(const struct report_mark *mark)
{
	const struct report_convergence *is = &mark->convergence;
	bool is_own = strncmp(mark->kind, "command", strlen("command")) == 0;
	bool has_fallen = is->is_measured && !is->reason && is->throughput_90_ns != 0;
	return !is_own || is->affected > 0 || has_fallen;
}

void text_marks(const struct report *report, const struct text_style *style, struct buffer *out)
{
	const struct report_stream *slots = report_main_stream(report);
	uint64_t told = 0;
	cleanup(buffer_deinit) struct buffer line;
	buffer_init(&line, CLAUSES_MAX);
	for (uint32_t i = 0; slots && i < report->mark_count; i++) {
		if (!is_told(&report->marks[i]) || told++ >= LINES_MAX)
			continue;
		buffer_clear(&line);
		mark_line(&report->marks[i], slots, &line);
		text_append(out, style, buffer_text(&line));
		buffer_append_text(out, "\n");
	}
	if (told > LINES_MAX)
		buffer_append_format(out, "(%" PRIu64 " more; -o json has them)\n",
				     told - LINES_MAX);
}
