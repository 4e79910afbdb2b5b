/* See sentence.h. Headline and result; the trust is in trust.c. */
#include "view/sentence.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/units.h"
#include "metric/foreign.h"
#include "view/clauses.h"
#include "view/errors_text.h"
#include "view/foreign_text.h"
#include "view/mesh_text.h"
#include "view/pairs_text.h"
#include "view/path_sentence.h"
#include "view/phrase.h"
#include "view/ping_text.h"
#include "view/result_load.h"
#include "view/result_search.h"
#include "view/result_traffic.h"
#include "view/target_text.h"
#include "view/trust.h"

/* Bringing the connections up is a part of the run from here on. */
#define RAMP_TOLD_NS NS_PER_S

static bool is_datagram(const struct report_stream *stream)
{
	return strcmp(stream->transport, "udp") == 0;
}

static const struct report_stream *measured_stream(const struct report *report, const char *name)
{
	const struct report_stream *stream = report_stream(report, name);
	return stream && stream->is_measured ? stream : NULL;
}

static bool is_load(const struct report_stream *slots)
{
	return slots && strcmp(slots->name, "load") == 0;
}

/* "200 connections x 10/s = 2,000/s of 1 KiB" */
static void headline_slots(const struct report_stream *stream, struct buffer *out)
{
	char count[PHRASE_MAX], each[PHRASE_MAX], all[PHRASE_MAX], size[PHRASE_MAX];
	double slots = stream->slots > 0 ? (double)stream->slots : 1;
	(void)phrase_count(stream->slots, is_datagram(stream) ? "flow" : "connection", count);
	buffer_append_text(out, count);
	bool has_rate = stream->schedule.rate_per_second > 0; /* merged runs may have none */
	if (!stream->schedule.is_open_loop)
		buffer_append_format(out, ", one %s after the other", message_noun(stream));
	else if (has_rate && stream->slots == 1)
		buffer_append_format(out, ", %s/s",
				     phrase_rate(stream->schedule.rate_per_second, all));
	else if (has_rate)
		buffer_append_format(out, " x %s/s = %s/s",
				     phrase_rate(stream->schedule.rate_per_second / slots, each),
				     phrase_rate(stream->schedule.rate_per_second, all));
	if (stream->message_bytes > 0) /* a request's is not known */
		buffer_append_format(out, " of %s", phrase_size(stream->message_bytes, size));
	headline_hand(stream, out);
}

/* What clients get to see: --name, or the host's own. */
static const char *served_name(const struct report *report)
{
	for (uint32_t i = 0; i < report->setting_count; i++) {
		const struct report_setting *setting = &report->settings[i];
		if (strcmp(setting->name, "name") == 0 && setting->value && *setting->value)
			return setting->value;
	}
	return report->host_name;
}

static void headline_workload(const struct report *report, struct clauses *clauses)
{
	char rate[PHRASE_MAX], flows[PHRASE_MAX];
	const struct report_stream *slots = report_main_stream(report);
	const struct report_stream *attempts = report_stream(report, "new");
	const struct report_stream *path = measured_stream(report, "path");
	bool has_slots = slots && (slots->slots > 0 || !foreign_report(report));
	if (has_slots && report->has_search)
		headline_search(report, slots, clauses_next(clauses));
	else if (has_slots && is_load(slots))
		headline_load(report, slots, clauses_next(clauses));
	else if (has_slots)
		headline_slots(slots, clauses_next(clauses));
	if (attempts && attempts->schedule.rate_per_second > 0)
		buffer_append_format(clauses_next(clauses), "%s new connections/s",
				     phrase_rate(attempts->schedule.rate_per_second, rate));
	if (path && path->schedule.rate_per_second > 0)
		buffer_append_format(clauses_next(clauses), "UDP probe of %s x %s/s",
				     phrase_count(path->slots, "flow", flows),
				     phrase_rate(path->schedule.rate_per_second /
							 (double)(path->slots ? path->slots : 1),
						 rate));
	if (!slots && foreign_report(report) && report->stream_count > 0 &&
	    report->streams[0].slots > 0)
		buffer_append_text(clauses_next(clauses),
				   phrase_count(report->streams[0].slots, "connection", flows));
	if (report->generator.pairs > 0)
		pairs_text(report, clauses_next(clauses));
	if (report_is_serving(report) && served_name(report))
		buffer_append_text(clauses_next(clauses), served_name(report));
}

static const char *headline(struct report *report, struct buffer *out)
{
	char date[DATE_TEXT_MAX], length[PHRASE_MAX];
	struct clauses clauses;
	buffer_append_format(out, "%s %s  ",
			     foreign_report(report) ? report->tool_name : report->command,
			     report->target);
	clauses_init(&clauses, out, ", ");
	headline_workload(report, &clauses);
	buffer_append_text(clauses_next(&clauses), phrase_duration(report->duration_ns, length));
	if (is_load(report_main_stream(report)) && load_ramp_ns(report) >= RAMP_TOLD_NS &&
	    report->duration_ns > 0)
		buffer_append_format(out, " after %s ramp,",
				     phrase_duration(load_ramp_ns(report), length));
	if (is_load(report_main_stream(report)) && load_warm_up_ns(report) > 0)
		buffer_append_format(out, " after %s warm-up,",
				     phrase_duration(load_warm_up_ns(report), length));
	buffer_append_format(out, " from %s", date_format_ms(report->started_unix_ns, date));
	return arena_text(&report->arena, buffer_text(out));
}

/* TLS itself says best why. */
static bool is_of_tls(enum outcome outcome)
{
	return outcome == OUTCOME_UNTRUSTED || outcome == OUTCOME_TLS ||
	       outcome == OUTCOME_PROTOCOL;
}

/* In the time that was measured, though it does answer. */
static bool result_too_late(const struct report *report, struct buffer *out)
{
	const struct report_stream *slots = report_main_stream(report);
	char length[PHRASE_MAX], host[PHRASE_MAX];
	if (!slots || slots->latency[LATENCY_FIRST_REPLY].count == 0)
		return false;
	buffer_append_format(out,
			     "nothing answered in time (%s answers, but the first reply took %s)",
			     phrase_host(report->target, host),
			     phrase_interval(slots->latency[LATENCY_FIRST_REPLY].max_ns, length));
	return true;
}

/* Where connections came up, and nothing else became of them. */
static void result_silence(const struct report *report, struct buffer *out)
{
	const struct report_stream *slots = report_main_stream(report);
	char unanswered[PHRASE_MAX], host[PHRASE_MAX];
	if (!slots || slots->totals.connects == 0 || slots->totals.in_flight == 0)
		return;
	buffer_append_format(out, ": %s had %s (%s takes connections but doesn't answer)",
			     phrase_count(slots->totals.in_flight, message_noun(slots), unanswered),
			     outcome_sentence(OUTCOME_NO_REPLY), phrase_host(report->target, host));
}

/* "nothing answered: refused 20 (10.20.0.5:5003 has no listener, or something rejects)" */
static void result_nothing(const struct report *report, struct buffer *out)
{
	char count[UNITS_TEXT_MAX], host[PHRASE_MAX], words[PHRASE_MAX];
	const struct report_error *error = NULL;
	if (result_too_late(report, out))
		return;
	buffer_append_text(out, "nothing answered");
	for (uint32_t i = 0; i < report->stream_count && !error; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (stream->error_count == 0)
			continue;
		buffer_append_text(out, ": ");
		/* Clients try again and again: where all fail alike, they are counted. */
		if (stream->error_count == 1 && stream->slots > 0) {
			error = &stream->errors[0];
			buffer_append_format(out, "%s %s", error_words(error, words),
					     units_format_grouped(stream->slots, count));
		} else {
			error = errors_text(stream, out);
		}
	}
	if (!error)
		result_silence(report, out);
	const char *cause = error ? error_likely_cause(error) : NULL;
	if (error && is_of_tls(error->outcome) && report->tls.complaint)
		buffer_append_format(out, " (%s: %s)", phrase_host(report->target, host),
				     report->tls.complaint);
	else if (error && error->why)
		buffer_append_format(out, " (%s %s)", phrase_host(report->target, host),
				     error->why);
	else if (cause)
		buffer_append_format(out, " (%s %s)", phrase_host(report->target, host), cause);
}

/* "nothing answered: web.example: no such name" */
static void result_not_measured(const struct report *report, struct buffer *out)
{
	bool is_answer = report->stream_count > 0 &&
			 report->streams[0].errors[0].outcome == OUTCOME_NOT_RESOLVED;
	buffer_append_format(out, "%s: %s", is_answer ? "nothing answered" : "could not measure",
			     report->not_measured);
}

/* "; 3 STAMP packets not answered (2 not on the list, 1 with a wrong HMAC)" */
static void result_not_answered(const struct counters *totals, struct buffer *out)
{
	const struct {
		uint64_t count;
		const char *why;
	} kinds[] = {
		{ totals->stamp_refused, "not on the list" },
		{ totals->stamp_forged, "with a wrong HMAC" },
		{ totals->stamp_malformed, "malformed" },
		{ totals->stamp_looped, "from a reflector's port" },
	};
	uint64_t all = 0;
	char text[PHRASE_MAX];
	for (size_t i = 0; i < array_size(kinds); i++)
		all += kinds[i].count;
	if (all == 0)
		return;
	buffer_append_format(out, "; %s not answered", phrase_count(all, "STAMP packet", text));
	const char *separator = " (";
	for (size_t i = 0; i < array_size(kinds); i++) {
		if (kinds[i].count == 0)
			continue;
		buffer_append_format(out, "%s%s %s", separator,
				     units_format_grouped(kinds[i].count, text), kinds[i].why);
		separator = ", ";
	}
	buffer_append_text(out, ")");
}

static void result_served(const struct report *report, const struct report_stream *stream,
			  struct buffer *out)
{
	char served[PHRASE_MAX], drained[UNITS_TEXT_MAX], length[PHRASE_MAX], cut[PHRASE_MAX];
	char volume[PHRASE_MAX];
	if (report->expectation_count > 0)
		result_verdict(report, out);
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
	result_not_answered(&stream->totals, out);
}

/* A signal came before anything counted. */
static void result_in_ramp(const struct report *report, struct buffer *out)
{
	const struct report_stream *slots = report_main_stream(report);
	char up[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];
	uint64_t count = slots ? slots->totals.connects - slots->totals.disconnects : 0;
	if (report->expectation_count > 0)
		result_verdict(report, out);
	buffer_append_format(out, "interrupted while connecting, %s of %s up, nothing measured",
			     units_format_grouped(count, up),
			     units_format_grouped(slots ? slots->slots : 0, all));
}

static const char *result(struct report *report, struct buffer *out)
{
	const struct report_stream *served =
		report_is_serving(report) ? report_stream(report, "served") : NULL;
	if (foreign_report(report))
		foreign_result(report, out);
	else if (report->not_measured)
		result_not_measured(report, out);
	else if (served)
		result_served(report, served, out);
	else if (report->has_search && report->search.trial_count > 0)
		result_search(report, out);
	else if (report->has_nothing_answered)
		result_nothing(report, out);
	else if (!report_is_measured(report))
		result_in_ramp(report, out);
	else if (is_load(report_main_stream(report)))
		result_load(report, report_main_stream(report), out);
	else
		result_traffic(report, out);
	return arena_text(&report->arena, buffer_text(out));
}

void sentence_build(struct report *report)
{
	cleanup(buffer_deinit) struct buffer out = { 0 };
	if (report_is_ping(report)) {
		ping_sentences(report);
		return;
	}
	buffer_init(&out, CLAUSES_MAX);
	if (report->has_path) {
		path_sentence_build(report, &out);
		return;
	}
	if (report->has_mesh) {
		mesh_sentence_build(report, &out);
		return;
	}
	report->headline = headline(report, &out);
	buffer_clear(&out);
	report->result = result(report, &out);
	buffer_clear(&out);
	trust_build(report, &out);
}
