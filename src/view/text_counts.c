/* What is counted, a line each: answers by status, connections that did not come up or ended early,
 * and the identity of messages. See text_parts.h. */
#include <string.h>

#include "base/status.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/target_text.h"
#include "view/text_parts.h"
#include "view/text_table.h"

/* As wide as REQUESTS and MESSAGES. */
#define HEAD_FORMAT "%-8s  "

static bool is_load(const struct report_stream *stream)
{
	return strcmp(stream->name, "load") == 0;
}

/* ---- answers by status ---- */

uint64_t text_error_statuses(const struct report_stream *stream)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < stream->status_count; i++)
		count += status_is_error(stream->statuses[i].code) ? stream->statuses[i].count : 0;
	return count;
}

/* "STATUS    200 599,870   503 118" */
static void statuses(const struct report_stream *stream, struct buffer *out)
{
	char count[UNITS_TEXT_MAX], code[STATUS_TEXT_MAX];
	if (stream->status_count == 0)
		return;
	buffer_append_format(out, HEAD_FORMAT, "STATUS");
	for (uint32_t i = 0; i < stream->status_count; i++) {
		const struct report_status *status = &stream->statuses[i];
		(void)units_format_grouped(status->count, count);
		if (status->code > 0)
			buffer_append_format(out, "%s%s %s", i > 0 ? "   " : "",
					     status_format(status->code, code), count);
		else
			buffer_append_format(out, "%sothers %s", i > 0 ? "   " : "", count);
	}
	buffer_append_text(out, "\n");
}

/* ---- connections ---- */

/* RFC 6455 7.4.1. */
static const char *close_word(uint32_t code)
{
	static const struct {
		uint32_t code;
		const char *word;
	} words[] = {
		{ 1000, " normal" },          { 1001, " going away" },
		{ 1002, " protocol error" },  { 1003, " unacceptable" },
		{ 1007, " invalid data" },    { 1008, " policy" },
		{ 1009, " message too big" }, { 1011, " server error" },
		{ 1012, " restart" },         { 1013, " try again later" },
	};
	for (size_t i = 0; i < array_size(words); i++)
		if (words[i].code == code)
			return words[i].word;
	return "";
}

/* How a connection ended is its WebSocket's own word, where it has one. */
static void end_text(const struct report_stream *stream, const struct report_error *error,
		     struct buffer *out)
{
	bool has_frames = stream->latency[LATENCY_UPGRADE].is_measured;
	char words[PHRASE_MAX];
	buffer_append_text(out, error_words(error, words));
	if (error->why)
		buffer_append_format(out, " (%s)", error->why);
	if (error->outcome != OUTCOME_CLOSED || !has_frames)
		return;
	if (error->code == 0)
		buffer_append_text(out, " without a close frame");
	else
		buffer_append_format(out, " with %u%s", error->code, close_word(error->code));
}

static bool is_before_up(const struct report_error *error)
{
	return error->phase < PHASE_SEND;
}

static uint64_t count_errors(const struct report_stream *stream,
			     bool (*is_wanted)(const struct report_error *))
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < stream->error_count; i++)
		if (is_wanted(&stream->errors[i]))
			count += stream->errors[i].count;
	return count;
}

/* Answers that are errors leave their connection as it is. */
static bool is_end(const struct report_error *error)
{
	return !is_before_up(error) && error->outcome != OUTCOME_REJECTED;
}

/* "ENDED EARLY  9: closed by peer with 1001 going away 4, reset 3" */
static void ends(const struct report_stream *stream, const char *head, const char *noun,
		 bool (*is_wanted)(const struct report_error *), struct buffer *out)
{
	char count[UNITS_TEXT_MAX];
	uint64_t all = count_errors(stream, is_wanted);
	struct clauses clauses;
	if (all == 0)
		return;
	buffer_append_format(out, "%s  %s%s: ", head, units_format_grouped(all, count), noun);
	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < stream->error_count; i++) {
		const struct report_error *error = &stream->errors[i];
		if (!is_wanted(error))
			continue;
		end_text(stream, error, clauses_next(&clauses));
		buffer_append_format(out, " %s", units_format_grouped(error->count, count));
	}
	buffer_append_text(out, "\n");
}

/* ---- messages ---- */

static uint64_t missed(const struct counters *totals)
{
	return totals->missed_no_connection + totals->missed_peer + totals->missed_generator;
}

/* The one reason why messages were not sent, if there is one. */
static const char *missed_reason(const struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	bool is_udp = strcmp(stream->transport, "udp") == 0;
	if (missed(totals) == 0)
		return "";
	if (totals->missed_no_connection == missed(totals))
		return is_udp ? " (this host did not let them out)" : " (no connection)";
	if (totals->missed_peer == missed(totals))
		return is_udp ? " (the socket's buffer was full)" : " (the peer took no more)";
	return totals->missed_generator == missed(totals) ? " (for want of cpu)" : "";
}

/* What the rate does not count, where that is more than a little. */
static void answered_after(const struct report_stream *stream, struct buffer *out)
{
	char after[UNITS_TEXT_MAX];
	uint64_t count = stream->totals.received - report_answered(stream);
	if (count * 1000 > stream->totals.received)
		buffer_append_format(out, " (%s answered after the end of -T: not in the rate)",
				     units_format_grouped(count, after));
}

/* "MESSAGES  600 due = 600 sent + 0 missed;  600 sent = 599 received + 1 lost + 0 in flight" */
static void identity(const struct report_stream *stream, const char *head, struct buffer *out)
{
	const struct counters *totals = &stream->totals;
	char due[UNITS_TEXT_MAX], sent[UNITS_TEXT_MAX], unsent[UNITS_TEXT_MAX];
	char received[UNITS_TEXT_MAX], lost[UNITS_TEXT_MAX], in_flight[UNITS_TEXT_MAX];
	(void)units_format_grouped(totals->scheduled, due);
	(void)units_format_grouped(totals->sent, sent);
	(void)units_format_grouped(missed(totals) + totals->debt, unsent);
	(void)units_format_grouped(totals->received, received);
	(void)units_format_grouped(totals->lost, lost);
	(void)units_format_grouped(totals->in_flight, in_flight);
	buffer_append_format(out, "%s  ", head);
	if (stream->schedule.is_open_loop)
		buffer_append_format(out, "%s due = %s sent + %s missed%s;  ", due, sent, unsent,
				     is_load(stream) ? missed_reason(stream) : "");
	bool is_answered = totals->received + totals->lost + totals->in_flight > 0;
	if (totals->one_way > 0 || (is_load(stream) && !is_answered)) {
		buffer_append_format(out, "%s sent, no answers expected\n", sent);
	} else {
		buffer_append_format(out, "%s sent = %s received + %s lost + %s in flight%s", sent,
				     received, lost, in_flight,
				     is_load(stream) && totals->in_flight > 0 ? " at the end" : "");
		answered_after(stream, out);
		buffer_append_text(out, "\n");
	}
}

/* Datagrams of one direction that were all sent: Result and Trust have the counts. */
static bool is_told_above(const struct report_stream *stream)
{
	return is_load(stream) && strcmp(stream->transport, "udp") == 0 &&
	       !stream->latency[LATENCY_SERVICE].is_measured && missed(&stream->totals) == 0;
}

static void counts_of(const struct report_stream *stream, struct buffer *out)
{
	bool is_answered = stream->latency[LATENCY_SERVICE].is_measured;
	statuses(stream, out);
	if (is_load(stream) && stream->is_measured) {
		ends(stream, "NOT UP", " attempts", is_before_up, out);
		ends(stream, "ENDED EARLY", "", is_end, out);
	}
	if (stream->totals.scheduled + stream->totals.sent > 0 && !is_told_above(stream) &&
	    (!is_load(stream) || is_answered || stream->schedule.is_open_loop))
		identity(stream, message_head(stream), out);
}

void text_counts(const struct report *report, const struct text_style *style, struct buffer *out)
{
	const struct report_stream *slots = report_main_stream(report);
	const struct report_stream *path = report_stream(report, "path");
	(void)style;
	if (slots)
		counts_of(slots, out);
	if (path && path->is_measured)
		identity(path, "PROBES", out);
}
