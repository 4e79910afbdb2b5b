#include "view/ping_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/units.h"
#include "view/phrase.h"
#include "view/ping_one_way.h"
#include "view/text_table.h"

#define NUMBER_WIDTH_MIN 3
#define TOTAL_WIDTH      8
#define TARGET_WIDTH_MAX 48
#define NS_PER_HUNDREDTH 10000 /* of a ms */

/* Of a column, with the gap before it. */
static const unsigned widths[PROBE_PHASES] = {
	[PROBE_RESOLVE] = 9, [PROBE_CONNECT] = 9, [PROBE_TLS] = 9,
	[PROBE_SEND] = 8,    [PROBE_WAIT] = 9,    [PROBE_TRANSFER] = 10,
};

static const enum latency latencies[PROBE_PHASES] = {
	[PROBE_RESOLVE] = LATENCY_RESOLVE, [PROBE_CONNECT] = LATENCY_CONNECT,
	[PROBE_TLS] = LATENCY_TLS,         [PROBE_SEND] = LATENCY_SEND,
	[PROBE_WAIT] = LATENCY_WAIT,       [PROBE_TRANSFER] = LATENCY_TRANSFER,
};

/* What stands in the column of the phase that failed. */
static const char *const words[OUTCOME_COUNT] = {
	[OUTCOME_CLOSED] = "closed",        [OUTCOME_RESET] = "reset",
	[OUTCOME_REFUSED] = "refused",      [OUTCOME_CONNECT_TIMEOUT] = "timeout",
	[OUTCOME_TIMED_OUT] = "timeout",    [OUTCOME_NO_REPLY] = "timeout",
	[OUTCOME_UNREACHABLE] = "no way",   [OUTCOME_PROHIBITED] = "denied",
	[OUTCOME_NOT_RESOLVED] = "no name", [OUTCOME_UNTRUSTED] = "no trust",
	[OUTCOME_CORRUPTED] = "other",
};

void ping_layout_of(const struct report *report, struct ping_layout *ret)
{
	*ret = (struct ping_layout){ .number_width = NUMBER_WIDTH_MIN };
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		unsigned width = (unsigned)strlen(stream->target);
		for (unsigned k = 0; k < PROBE_PHASES; k++)
			if (stream->latency[latencies[k]].is_measured)
				ret->phases |= 1u << k;
		if (width > TARGET_WIDTH_MAX)
			width = TARGET_WIDTH_MAX;
		if (report->stream_count > 1 && width > ret->target_width)
			ret->target_width = width;
	}
}

/* One phase alone is the total. */
static bool has_sum(const struct ping_layout *layout)
{
	return (layout->phases & (layout->phases - 1)) != 0;
}

static bool has_phase(const struct ping_layout *layout, unsigned phase)
{
	return (layout->phases & 1u << phase) != 0;
}

static void pad_target(const struct ping_layout *layout, const struct text_style *style,
		       const char *target, struct buffer *out)
{
	size_t length = strlen(target);
	char cut[TARGET_WIDTH_MAX + 1];
	if (layout->target_width == 0)
		return;
	(void)snprintf(cut, sizeof(cut), "%s", target);
	text_append(out, style, cut);
	if (length < layout->target_width)
		buffer_append_repeated(out, ' ', layout->target_width - length);
	buffer_append_text(out, "  ");
}

void ping_lines_head(const struct ping_layout *layout, struct buffer *out)
{
	static const struct text_style plain;
	bool is_first = true;
	pad_target(layout, &plain, "TARGET", out);
	buffer_append_format(out, "%*s%*s", (int)layout->number_width, "#", TOTAL_WIDTH, "total");
	for (unsigned i = 0; i < PROBE_PHASES && has_sum(layout); i++) {
		if (!has_phase(layout, i))
			continue;
		buffer_append_format(out, "%s%*s", is_first ? " =" : "",
				     (int)widths[i] - (is_first ? 1 : 0), probe_phase_name(i));
		is_first = false;
	}
	buffer_append_text(out, "   status\n");
}

const char *ping_ms(uint64_t ns, char text[PING_MS_MAX])
{
	uint64_t hundredths = ns / NS_PER_HUNDREDTH + (ns % NS_PER_HUNDREDTH >= 5000);
	(void)snprintf(text, PING_MS_MAX, "%" PRIu64 ".%02u", hundredths / 100,
		       (unsigned)(hundredths % 100));
	return text;
}

static int64_t rounded(int64_t ns)
{
	return (ns + NS_PER_HUNDREDTH / 2) / NS_PER_HUNDREDTH * NS_PER_HUNDREDTH;
}

/* The numbers as they are printed: what rounding leaves over goes to the longest phase, so that
 * they add up. */
static void round_phases(const struct report_probe *probe, int64_t printed[PROBE_PHASES])
{
	int64_t left = probe->total_ns == INT64_MIN ? 0 : rounded(probe->total_ns);
	unsigned longest = 0;
	for (unsigned i = 0; i < PROBE_PHASES; i++) {
		printed[i] = probe->phase_ns[i];
		if (printed[i] == INT64_MIN)
			continue;
		printed[i] = rounded(printed[i]);
		left -= printed[i];
		if (probe->phase_ns[i] > probe->phase_ns[longest])
			longest = i;
	}
	if (probe->total_ns != INT64_MIN && printed[longest] != INT64_MIN)
		printed[longest] += left;
}

static void append_cell(struct buffer *out, unsigned width, const char *text)
{
	buffer_append_format(out, " %*s", (int)width - 1, text);
}

static const char *failure_word(const struct report_probe *probe)
{
	return words[probe->outcome] ? words[probe->outcome] : "failed";
}

static void append_phase(const struct report_probe *probe, unsigned phase, int64_t ns,
			 unsigned width, struct buffer *out)
{
	static const enum phase phases[PROBE_PHASES] = {
		[PROBE_RESOLVE] = PHASE_RESOLVE, [PROBE_CONNECT] = PHASE_CONNECT,
		[PROBE_TLS] = PHASE_TLS,         [PROBE_SEND] = PHASE_SEND,
		[PROBE_WAIT] = PHASE_WAIT,       [PROBE_TRANSFER] = PHASE_TRANSFER,
	};
	char text[PING_MS_MAX];
	bool is_here = probe->has_failed && probe->failed_in == phases[phase];
	if (ns != INT64_MIN)
		append_cell(out, width, ping_ms((uint64_t)ns, text));
	else if (is_here)
		append_cell(out, width, failure_word(probe));
	else
		append_cell(out, width, "-");
}

static void append_phases(const struct ping_layout *layout, const struct report_probe *probe,
			  struct buffer *out)
{
	int64_t printed[PROBE_PHASES];
	bool is_first = true;
	round_phases(probe, printed);
	for (unsigned i = 0; i < PROBE_PHASES && has_sum(layout); i++) {
		if (!has_phase(layout, i))
			continue;
		append_phase(probe, i, printed[i], widths[i] + (is_first ? 1 : 0), out);
		is_first = false;
	}
}

const char *ping_status_text(const struct report_probe *probe, char text[PING_STATUS_MAX])
{
	char status[STATUS_TEXT_MAX];
	if (probe->status == STATUS_GRPC) {
		(void)snprintf(text, PING_STATUS_MAX, "SERVING");
	} else if (probe->status) {
		const char *word = status_format(probe->status, status);
		const char *name = strchr(word, ' ');
		(void)snprintf(text, PING_STATUS_MAX, "%s", name ? name + 1 : word);
	} else if (probe->ttl) {
		(void)snprintf(text, PING_STATUS_MAX, "ttl %" PRIu64, probe->ttl);
	} else {
		(void)snprintf(text, PING_STATUS_MAX, probe->has_failed ? "-" : "ok");
	}
	return text;
}

/* The status says it already: of "status 503 Service Unavailable" the words are left. */
static const char *reason_of(const struct report_probe *probe)
{
	char status[32];
	int size = snprintf(status, sizeof(status), "status %" PRIu32, probe->status);
	bool is_said = probe->why && strncmp(probe->why, status, (size_t)size) == 0;
	if (!is_said)
		return probe->why ? probe->why : outcome_sentence(probe->outcome);
	return probe->why[size] ? probe->why + size + 1 : "";
}

static bool is_timeout(enum outcome outcome)
{
	return outcome == OUTCOME_CONNECT_TIMEOUT || outcome == OUTCOME_TIMED_OUT ||
	       outcome == OUTCOME_NO_REPLY;
}

void ping_failure_text(const struct report_probe *probe, struct buffer *out)
{
	if (probe->outcome == OUTCOME_REJECTED) {
		buffer_append_text(out, reason_of(probe));
		return;
	}
	buffer_append_text(out, outcome_sentence(probe->outcome));
	if (probe->outcome == OUTCOME_TIMED_OUT)
		buffer_append_format(out, " in %s", phase_name(probe->failed_in));
	if (is_timeout(probe->outcome) && probe->failed_after_ns != INT64_MIN)
		buffer_append_format(out, " after %.2f s", (double)probe->failed_after_ns / 1e9);
	if (probe->why)
		buffer_append_format(out, " (%s)", probe->why);
}

/* What is to be said behind the status. */
static void append_clause(const struct report_probe *probe, struct buffer *out)
{
	char size[UNITS_TEXT_MAX];
	if (probe->has_failed) {
		buffer_append_text(out, "   ");
		ping_failure_text(probe, out);
		return;
	}
	ping_one_way(probe, out);
	if (probe->location)
		buffer_append_format(out, "   -> %s", probe->location);
	if (probe->is_cut)
		buffer_append_format(out, "   (cut after %s B)",
				     units_format_grouped(probe->body_bytes, size));
}

void ping_line(const struct ping_layout *layout, const struct text_style *style, const char *target,
	       const struct report_probe *probe, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer clause;
	char total[PING_MS_MAX], status[PING_STATUS_MAX];
	buffer_init(&clause, 4096);
	pad_target(layout, style, target, out);
	bool has_total = probe->total_ns != INT64_MIN;
	buffer_append_format(out, "%*" PRIu64, (int)layout->number_width, probe->number);
	append_cell(out, TOTAL_WIDTH,
		    has_total         ? ping_ms((uint64_t)probe->total_ns, total)
		    : has_sum(layout) ? "-"
				      : failure_word(probe));
	append_phases(layout, probe, out);
	buffer_append_format(out, "   %s", ping_status_text(probe, status));
	append_clause(probe, &clause);
	if (probe->has_failed && style->has_color)
		buffer_append_text(out, "\033[31m");
	text_append(out, style, buffer_text(&clause));
	if (probe->has_failed && style->has_color)
		buffer_append_text(out, "\033[0m");
	buffer_append_text(out, "\n");
}
