/* See result_traffic.h. */
#include "view/result_traffic.h"

#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/expect.h"
#include "view/clauses.h"
#include "view/command_text.h"
#include "view/phrase.h"
#include "view/status_text.h"
#include "view/target_text.h"
#include "view/text_parts.h"

/* Failed expectations that are told one by one. */
#define FAILED_TOLD 3

static bool is_datagram(const struct report_stream *stream)
{
	return strcmp(stream->transport, "udp") == 0;
}

static const struct report_stream *measured_stream(const struct report *report, const char *name)
{
	const struct report_stream *stream = report_stream(report, name);
	return stream && stream->is_measured ? stream : NULL;
}

static void result_interruptions(const struct report_stream *stream, struct clauses *clauses)
{
	const struct report_intervals *all = &stream->interruptions;
	char slots[UNITS_TEXT_MAX], of[PHRASE_MAX], longest[PHRASE_MAX], open[UNITS_TEXT_MAX];
	if (!all->is_measured || all->count == 0)
		return;
	struct buffer *out = clauses_next(clauses);
	buffer_append_format(
		out, "%s of %s interrupted, longest %s", units_format_grouped(all->slots, slots),
		phrase_count(stream->slots, is_datagram(stream) ? "flow" : "client", of),
		phrase_span(all->max_ns, all->resolution_ns, longest));
	if (all->open > 0)
		buffer_append_format(out, ", %s still at the end",
				     units_format_grouped(all->open, open));
}

/* Silence that lost nothing: told when it was longer than any interruption, which otherwise stands
 * for it. */
static void result_stalls(const struct report_stream *stream, struct clauses *clauses)
{
	const struct report_intervals *all = &stream->stalls;
	char slots[UNITS_TEXT_MAX], of[PHRASE_MAX], longest[PHRASE_MAX];
	if (!all->is_measured || all->max_ns <= stream->interruptions.max_ns)
		return;
	buffer_append_format(clauses_next(clauses), "%s of %s stalled, longest %s",
			     units_format_grouped(all->slots, slots),
			     phrase_count(stream->slots, "client", of),
			     phrase_span(all->max_ns, 0, longest));
}

static void result_lost(const struct report_stream *stream, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	if (stream->totals.lost > 0)
		buffer_append_format(
			clauses_next(clauses), "%s lost",
			phrase_count(stream->totals.lost, message_noun(stream), count));
	if (stream->totals.in_flight > 0)
		buffer_append_format(
			clauses_next(clauses), "%s unanswered at the end",
			phrase_count(stream->totals.in_flight, message_noun(stream), count));
	if (stream->totals.corrupted > 0)
		buffer_append_format(
			clauses_next(clauses), "%s answered with other bytes",
			phrase_count(stream->totals.corrupted, message_noun(stream), count));
}

/* Statuses from 400 on say themselves what they are. */
static void result_rejected(const struct report_stream *stream, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	if (stream->totals.rejected == 0)
		return;
	status_text(stream, clauses);
	if (stream->totals.rejected > text_error_statuses(stream))
		buffer_append_format(
			clauses_next(clauses), "%s answered not as expected",
			phrase_count(stream->totals.rejected, message_noun(stream), count));
}

/* Connections that ended so while it was measured; `is_between`: with no message under way, after
 * they had answered. */
static uint64_t ended_connections(const struct report *report, enum outcome outcome,
				  bool is_between)
{
	const struct report_stream *stream = report_main_stream(report);
	uint64_t count = 0;
	for (uint32_t i = 0; stream && i < report->connection_count; i++) {
		const struct report_connection *connection = &report->connections[i];
		bool has_ended = connection->outcome == outcome && connection->ended_ns >= 0 &&
				 connection->connected_ns != INT64_MIN &&
				 strcmp(connection->stream, stream->name) == 0;
		bool had_answered = connection->received > 0 || connection->backend;
		count += has_ended && (!is_between || (connection->lost == 0 && had_answered));
	}
	return count;
}

static void result_ended(const struct report *report, enum outcome outcome, const char *words,
			 struct clauses *clauses)
{
	bool is_between = outcome == OUTCOME_CLOSED;
	uint64_t ended = ended_connections(report, outcome, is_between);
	char count[PHRASE_MAX];
	if (ended > 0)
		buffer_append_format(clauses_next(clauses), "%s%s %s%s",
				     report->connections_omitted > 0 ? "at least " : "",
				     phrase_count(ended, "connection", count),
				     !is_between  ? ""
				     : ended == 1 ? "was "
						  : "were ",
				     words);
}

static void result_survival(const struct report_stream *stream, enum survival survival,
			    const char *words, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	if (!stream->has_survival || stream->survival[survival] == 0)
		return;
	buffer_append_format(clauses_next(clauses), "%s %s",
			     phrase_count(stream->survival[survival],
					  is_datagram(stream) ? "flow" : "connection", count),
			     words);
}

static void result_new(const struct report *report, struct clauses *clauses)
{
	const struct report_stream *stream = report_stream(report, "new");
	char failed[UNITS_TEXT_MAX], attempts[PHRASE_MAX];
	if (stream && stream->totals.connect_failures > 0)
		buffer_append_format(
			clauses_next(clauses), "%s of %s failed",
			units_format_grouped(stream->totals.connect_failures, failed),
			phrase_count(stream->totals.attempts, "new connection", attempts));
}

static void result_outages(const struct report_stream *stream, const char *noun,
			   struct clauses *clauses)
{
	const struct report_intervals *all = stream ? &stream->outages : NULL;
	char count[PHRASE_MAX], longest[PHRASE_MAX];
	if (!all || !all->is_measured || all->count == 0)
		return;
	buffer_append_format(clauses_next(clauses), "%s, longest %s%s",
			     phrase_count(all->count, noun, count),
			     phrase_span(all->max_ns, all->resolution_ns, longest),
			     all->open > 0 ? ", open at the end" : "");
}

/* "8,820 messages and 441 new connections": what went well. */
static void result_all_well(const struct report *report, struct buffer *out)
{
	const struct report_stream *slots = report_main_stream(report);
	const struct report_stream *attempts = report_stream(report, "new");
	char messages[PHRASE_MAX], connections[PHRASE_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, " and ");
	if (slots)
		buffer_append_text(clauses_next(&clauses),
				   phrase_count(slots->totals.sent, message_noun(slots), messages));
	if (attempts)
		buffer_append_text(
			clauses_next(&clauses),
			phrase_count(attempts->totals.attempts, "new connection", connections));
	if (clauses.has_one)
		buffer_append_text(out, ", none lost");
}

/* What was lost, the worst first; nothing is said where nothing was. */
static void result_losses(const struct report *report, bool has_expectations,
			  struct clauses *clauses)
{
	const struct report_stream *slots = report_main_stream(report);
	if (slots && !has_expectations)
		result_interruptions(slots, clauses);
	if (slots) {
		result_lost(slots, clauses);
		result_rejected(slots, clauses);
	}
	result_new(report, clauses);
}

/* Where the question was of losses, those come first. */
static void result_faults(const struct report *report, bool has_expectations,
			  struct clauses *clauses)
{
	const struct report_stream *slots = report_main_stream(report);
	size_t before = clauses->out->size;
	result_losses(report, has_expectations, clauses);
	if (clauses->out->size == before)
		result_all_well(report, clauses_next(clauses));
	result_ended(report, OUTCOME_RESET, "reset", clauses);
	result_ended(report, OUTCOME_TIMED_OUT, "timed out", clauses);
	clauses->separator = "; ";
	if (slots && has_expectations)
		result_interruptions(slots, clauses);
}

static void result_rest(const struct report *report, struct clauses *clauses)
{
	const struct report_stream *slots = report_main_stream(report);
	const struct report_stream *path = measured_stream(report, "path");
	char share[PHRASE_MAX];
	if (slots) {
		result_stalls(slots, clauses);
		result_survival(slots, SURVIVAL_NEVER_CONNECTED, "never came up", clauses);
		result_survival(slots, SURVIVAL_STALLED, "silent at the end", clauses);
		result_survival(slots, SURVIVAL_UNKNOWN, "lost with their process here", clauses);
	}
	result_outages(measured_stream(report, "new"), "new-connection outage", clauses);
	result_outages(path, "path outage", clauses);
	if (path && path->totals.lost > 0)
		buffer_append_format(clauses_next(clauses), "%s %% of the UDP probes lost",
				     phrase_share(path->totals.lost, path->totals.sent, share));
}

/* That a wrapped command does well is expected without being asked for. */
static bool is_of_command(const struct report_expectation *expectation)
{
	return strncmp(expectation->text, "command.exit", strlen("command.exit")) == 0;
}

/* Does the sentence tell it of its own accord? */
static bool is_told(const struct report_expectation *expectation)
{
	static const char *const told[] = {
		"lost",
		"load.lost",
		"persistent.lost",
		"corrupted",
		"persistent.corrupted",
		"rejected",
		"persistent.rejected",
		"new.failed",
		"survival.reset",
		"survival.timed_out",
	};
	size_t name = strcspn(expectation->text, " ");
	for (size_t i = 0; i < array_size(told) && expectation->value > 0; i++)
		if (strlen(told[i]) == name && strncmp(expectation->text, told[i], name) == 0)
			return true;
	return false;
}

/* "response.p99 is >2000 ms (expected < 5ms)" */
static void failed_one(const struct report *report, const struct report_expectation *expectation,
		       struct buffer *out)
{
	char value[PHRASE_MAX] = "not measured";
	int name = (int)strcspn(expectation->text, " ");
	if (expectation->is_measured)
		(void)text_expectation_value(report, expectation, value);
	buffer_append_format(out, "%.*s is %s (expected%s)", name, expectation->text, value,
			     expectation->text + name);
}

static void failed_text(const struct report *report, struct buffer *out)
{
	char more[PHRASE_MAX];
	struct clauses clauses;
	uint64_t failed = 0;
	if (!report_is_measured(report))
		return;
	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		const struct report_expectation *expectation = &report->expectations[i];
		if (expectation->is_held || is_told(expectation) || is_of_command(expectation))
			continue;
		if (++failed <= FAILED_TOLD)
			failed_one(report, expectation, clauses_next(&clauses));
	}
	if (failed > FAILED_TOLD)
		buffer_append_format(clauses_next(&clauses), "%s more",
				     units_format_grouped(failed - FAILED_TOLD, more));
	if (failed > 0)
		buffer_append_text(out, "; ");
}

/* The one set that all but the command's belong to; NULL if there is no one. */
static const char *set_of(const struct report *report)
{
	const char *set = NULL;
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		const struct report_expectation *expectation = &report->expectations[i];
		if (is_of_command(expectation))
			continue;
		if (!expectation->set || (set && strcmp(expectation->set, set) != 0))
			return NULL;
		set = expectation->set;
	}
	return set;
}

static bool has_command_failed(const struct report *report)
{
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		if (is_of_command(&report->expectations[i]) && !report->expectations[i].is_held)
			return true;
	}
	return false;
}

/* Something that was asked for, or the command that failed. */
bool result_has_verdict(const struct report *report)
{
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		if (!is_of_command(&report->expectations[i]))
			return true;
	}
	return has_command_failed(report);
}

static bool has_set_failed(const struct report *report)
{
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		if (!is_of_command(&report->expectations[i]) && !report->expectations[i].is_held)
			return true;
	}
	return false;
}

/* "PASS graceful: ", "FAIL: ", "FAIL: command exit 3; " */
void result_verdict(const struct report *report, struct buffer *out)
{
	bool is_pass = expect_all_held(report);
	const char *set = is_pass || has_set_failed(report) ? set_of(report) : NULL;
	const struct report_mark *mark = report_mark_of(report, "command");
	buffer_append_format(out, "%s%s%s: ", is_pass ? "PASS" : "FAIL", set ? " " : "",
			     set ? set : "");
	if (!has_command_failed(report)) {
		failed_text(report, out);
		return;
	}
	buffer_append_text(out, mark ? "command " : "no command was started");
	if (mark)
		command_text(&mark->command, out);
	buffer_append_text(out, "; ");
	failed_text(report, out);
}

void result_traffic(const struct report *report, struct buffer *out)
{
	bool is_asked = result_has_verdict(report);
	struct clauses clauses;
	if (is_asked)
		result_verdict(report, out);
	clauses_init(&clauses, out, is_asked ? ", " : "; ");
	result_faults(report, is_asked, &clauses);
	result_rest(report, &clauses);
	const struct report_stream *slots = report_main_stream(report);
	bool has_requests = slots && strcmp(message_noun(slots), "request") == 0;
	result_ended(report, OUTCOME_CLOSED,
		     has_requests ? "closed by peer between requests"
				  : "closed by peer between messages",
		     &clauses);
}
