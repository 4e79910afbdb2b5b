/* See sentence.h. Headline and result; the trust is in trust.c. */
#include "view/sentence.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/units.h"
#include "metric/expect.h"
#include "view/clauses.h"
#include "view/command_text.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/trust.h"

static bool is_datagram(const struct report_stream *stream)
{
	return strcmp(stream->transport, "udp") == 0;
}

static const struct report_stream *measured_stream(const struct report *report, const char *name)
{
	const struct report_stream *stream = report_stream(report, name);
	return stream && stream->is_measured ? stream : NULL;
}

/* "200 connections x 10/s = 2,000/s of 1 KiB" */
static void headline_slots(const struct report_stream *stream, struct buffer *out)
{
	char count[PHRASE_MAX], each[PHRASE_MAX], all[PHRASE_MAX], size[PHRASE_MAX];
	double slots = stream->slots > 0 ? (double)stream->slots : 1;
	(void)phrase_count(stream->slots, is_datagram(stream) ? "flow" : "connection", count);
	buffer_append_text(out, count);
	if (!stream->schedule.is_open_loop)
		buffer_append_text(out, ", one message after the other");
	else if (stream->slots == 1)
		buffer_append_format(out, ", %s/s",
				     phrase_rate(stream->schedule.rate_per_second, all));
	else
		buffer_append_format(out, " x %s/s = %s/s",
				     phrase_rate(stream->schedule.rate_per_second / slots, each),
				     phrase_rate(stream->schedule.rate_per_second, all));
	buffer_append_format(out, " of %s", phrase_size(stream->message_bytes, size));
}

static void headline_workload(const struct report *report, struct clauses *clauses)
{
	char rate[PHRASE_MAX], flows[PHRASE_MAX];
	const struct report_stream *slots = report_stream(report, "persistent");
	const struct report_stream *attempts = report_stream(report, "new");
	const struct report_stream *path = measured_stream(report, "path");
	if (slots)
		headline_slots(slots, clauses_next(clauses));
	if (attempts)
		buffer_append_format(clauses_next(clauses), "%s new connections/s",
				     phrase_rate(attempts->schedule.rate_per_second, rate));
	if (path)
		buffer_append_format(clauses_next(clauses), "UDP probe of %s x %s/s",
				     phrase_count(path->slots, "flow", flows),
				     phrase_rate(path->schedule.rate_per_second /
							 (double)(path->slots ? path->slots : 1),
						 rate));
	if (report_stream(report, "served") && report->host_name)
		buffer_append_text(clauses_next(clauses), report->host_name);
}

static const char *headline(struct report *report, struct buffer *out)
{
	char date[DATE_TEXT_MAX], length[PHRASE_MAX];
	struct clauses clauses;
	buffer_append_format(out, "%s %s  ", report->command, report->target);
	clauses_init(&clauses, out, ", ");
	headline_workload(report, &clauses);
	buffer_append_format(clauses_next(&clauses), "%s from %s",
			     phrase_duration(report->duration_ns, length),
			     date_format_ms(report->started_unix_ns, date));
	return arena_text(&report->arena, buffer_text(out));
}

/* What may be behind it when not one answer came. */
static const char *likely_cause(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_REFUSED:
		return "has no listener, or something rejects";
	case OUTCOME_CONNECT_TIMEOUT:
	case OUTCOME_TIMED_OUT:
		return "is not there, or something drops the packets";
	case OUTCOME_UNREACHABLE:
		return "has no route from here, or its last router can't find it";
	case OUTCOME_PROHIBITED:
		return "is behind a filter that says so";
	case OUTCOME_CLOSED:
	case OUTCOME_RESET:
		return "takes connections and ends them: no backend behind a balancer?";
	case OUTCOME_NO_REPLY:
		return "takes connections but doesn't answer: does `conntest serve` run there?";
	case OUTCOME_CORRUPTED:
		return "answers with other bytes: is it an echo service?";
	default:
		return NULL;
	}
}

/* "nothing answered: refused 20 (10.20.0.5:5003 has no listener, or something rejects)" */
static void result_nothing(const struct report *report, struct buffer *out)
{
	char count[UNITS_TEXT_MAX];
	const struct report_error *error = NULL;
	buffer_append_text(out, "nothing answered");
	for (uint32_t i = 0; i < report->stream_count && !error; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (stream->error_count == 0)
			continue;
		buffer_append_text(out, ": ");
		/* Clients try again and again: where all fail alike, they are counted. */
		if (stream->error_count == 1 && stream->slots > 0) {
			error = &stream->errors[0];
			buffer_append_format(out, "%s %s", outcome_sentence(error->outcome),
					     units_format_grouped(stream->slots, count));
		} else {
			error = errors_text(stream, out);
		}
	}
	const char *cause = error ? likely_cause(error->outcome) : NULL;
	if (cause)
		buffer_append_format(out, " (%s %s)", phrase_host(report->target), cause);
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

static const char *message_noun(const struct report_stream *stream)
{
	return is_datagram(stream) ? "datagram" : "message";
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

static void result_survival(const struct report_stream *stream, enum survival survival,
			    const char *words, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	if (!stream->has_survival || stream->survival[survival] == 0)
		return;
	buffer_append_format(clauses_next(clauses), "%s %s",
			     phrase_count(stream->survival[survival], "connection", count), words);
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
	const struct report_stream *slots = report_stream(report, "persistent");
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

/* What went wrong, the worst first. Where the question was of losses, those come first. */
static void result_faults(const struct report *report, bool has_expectations,
			  struct clauses *clauses)
{
	const struct report_stream *slots = report_stream(report, "persistent");
	if (slots && !has_expectations)
		result_interruptions(slots, clauses);
	if (slots)
		result_lost(slots, clauses);
	result_new(report, clauses);
	if (slots && has_expectations) {
		result_survival(slots, SURVIVAL_RESET, "reset", clauses);
		result_survival(slots, SURVIVAL_TIMED_OUT, "timed out", clauses);
	}
	if (slots && has_expectations) {
		clauses->separator = "; ";
		result_interruptions(slots, clauses);
	}
}

static void result_rest(const struct report *report, struct clauses *clauses)
{
	const struct report_stream *slots = report_stream(report, "persistent");
	const struct report_stream *path = measured_stream(report, "path");
	char share[PHRASE_MAX];
	clauses->separator = "; ";
	if (slots) {
		result_stalls(slots, clauses);
		result_survival(slots, SURVIVAL_NEVER_CONNECTED, "never came up", clauses);
		result_survival(slots, SURVIVAL_STALLED, "silent at the end", clauses);
	}
	result_outages(measured_stream(report, "new"), "new-connection outage", clauses);
	result_outages(path, "path outage", clauses);
	if (path && path->totals.lost > 0 && path->totals.sent > 0) {
		(void)snprintf(share, sizeof(share), "%.2g",
			       100 * (double)path->totals.lost / (double)path->totals.sent);
		buffer_append_format(clauses_next(clauses), "%s %% of the UDP probes lost", share);
	}
}

/* That a wrapped command does well is expected without being asked for. */
static bool is_of_command(const struct report_expectation *expectation)
{
	return strncmp(expectation->text, "command.exit", strlen("command.exit")) == 0;
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
static bool has_verdict(const struct report *report)
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
static void result_verdict(const struct report *report, struct buffer *out)
{
	bool is_pass = expect_all_held(report);
	const char *set = is_pass || has_set_failed(report) ? set_of(report) : NULL;
	const struct report_mark *mark = report_mark_of(report, "command");
	buffer_append_format(out, "%s%s%s: ", is_pass ? "PASS" : "FAIL", set ? " " : "",
			     set ? set : "");
	if (!has_command_failed(report))
		return;
	buffer_append_text(out, mark ? "command " : "no command was started");
	if (mark)
		command_text(&mark->command, out);
	buffer_append_text(out, "; ");
}

static void result_traffic(const struct report *report, struct buffer *out)
{
	bool is_asked = has_verdict(report);
	const struct report_stream *slots = report_stream(report, "persistent");
	struct clauses clauses;
	if (is_asked)
		result_verdict(report, out);
	clauses_init(&clauses, out, is_asked ? ", " : "; ");
	size_t before = out->size;
	result_faults(report, is_asked, &clauses);
	if (out->size == before)
		result_all_well(report, clauses_next(&clauses));
	result_rest(report, &clauses);
	if (slots && slots->interruptions.count == 0)
		result_survival(slots, SURVIVAL_CLOSED, "were closed by peer between messages",
				&clauses);
}

static void result_served(const struct report *report, const struct report_stream *stream,
			  struct buffer *out)
{
	char served[PHRASE_MAX], drained[UNITS_TEXT_MAX], length[PHRASE_MAX], cut[PHRASE_MAX];
	char volume[PHRASE_MAX];
	buffer_append_format(out, "%s served",
			     phrase_count(stream->totals.connects, "connection", served));
	if (report->drained + report->cut_off > 0)
		buffer_append_format(out, ", %s drained in %s, %s cut off",
				     units_format_grouped(report->drained, drained),
				     phrase_duration(report->drain_ns, length),
				     phrase_none(report->cut_off, cut));
	if (stream->totals.received > 0)
		buffer_append_format(out, "; %s echoed",
				     phrase_count(stream->totals.received, "message", volume));
	else
		buffer_append_format(out, "; %s received",
				     phrase_volume(stream->totals.bytes_received, volume));
}

static const char *result(struct report *report, struct buffer *out)
{
	const struct report_stream *served = report_stream(report, "served");
	if (served)
		result_served(report, served, out);
	else if (report->has_nothing_answered)
		result_nothing(report, out);
	else
		result_traffic(report, out);
	return arena_text(&report->arena, buffer_text(out));
}

void sentence_build(struct report *report)
{
	cleanup(buffer_deinit) struct buffer out;
	buffer_init(&out, CLAUSES_MAX);
	report->headline = headline(report, &out);
	buffer_clear(&out);
	report->result = result(report, &out);
	buffer_clear(&out);
	trust_build(report, &out);
}
