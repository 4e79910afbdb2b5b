/* What a load came to, in one sentence. See result_load.h. */
#include "view/result_load.h"

#include <math.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/pairs_text.h"
#include "view/phrase.h"
#include "view/result_traffic.h"
#include "view/status_text.h"
#include "view/target_text.h"
#include "view/text_parts.h"

/* A percentile is told only with ten samples above it. */
#define SAMPLES_ABOVE 10

/* A rate is kept when so much of it was answered. */
#define KEPT_SHARE 0.999

/* Bringing connections up is told from here on, as a matter of its own. */
#define RAMP_NS NS_PER_S

static double seconds_of(const struct report *report)
{
	return report->duration_ns > 0 ? (double)report->duration_ns / 1e9 : 1;
}

/* ---- how long answers took ---- */

struct percentile {
	const char *name;
	uint64_t ns;
};

/* The highest that so many answers can tell. */
static struct percentile highest_of(const struct report_latency *latency)
{
	if (latency->count >= SAMPLES_ABOVE * 100)
		return (struct percentile){ "p99", latency->p99_ns };
	if (latency->count >= SAMPLES_ABOVE * 10)
		return (struct percentile){ "p90", latency->p90_ns };
	return (struct percentile){ "max", latency->max_ns };
}

/* "response p99 118 ms" */
static void latency_text(const struct report *report, const struct report_latency *latency,
			 const char *name, struct buffer *out)
{
	struct percentile percentile = highest_of(latency);
	char text[UNITS_TEXT_MAX];
	bool is_bound = latency->censored > 0 && percentile.ns >= latency->censored_min_ns;
	buffer_append_format(
		out, "%s %s %s%s ms", name, percentile.name, is_bound ? ">" : "",
		units_format_ms(is_bound ? report->reply_timeout_ns : percentile.ns, text));
}

/* The longest time in which messages fell due and nothing came back. */
struct standstill {
	int64_t start_ns;
	uint64_t length_ns;
	uint64_t scheduled;
};

static struct standstill longest_standstill(const struct report_stream *load)
{
	struct standstill longest = { 0 };
	struct standstill now = { 0 };
	for (uint32_t i = 0; i < load->sample_count; i++) {
		const struct report_sample *sample = &load->samples[i];
		bool is_still = sample->received == 0 && sample->scheduled > 0;
		if (!is_still) {
			now = (struct standstill){ 0 };
			continue;
		}
		if (now.length_ns == 0)
			now.start_ns = sample->at_ns - (int64_t)load->sample_interval_ns;
		now.length_ns += load->sample_interval_ns;
		now.scheduled += sample->scheduled;
		if (now.length_ns > longest.length_ns)
			longest = now;
	}
	return longest;
}

/* One in a hundred waited for it: then it is what p99 tells. Two samples, as one may be chance. */
static void because_text(const struct report_stream *load, struct buffer *out)
{
	const struct report_latency *response = &load->latency[LATENCY_RESPONSE];
	struct standstill still = longest_standstill(load);
	char length[PHRASE_MAX], at[PHRASE_MAX];
	if (still.length_ns < 2 * load->sample_interval_ns ||
	    still.scheduled < response->count / 100 || response->p99_ns < still.length_ns / 10)
		return;
	buffer_append_format(out, " because nothing came back for %s at %s",
			     phrase_span(still.length_ns, 0, length),
			     phrase_offset(still.start_ns, at));
}

/* ---- how much ---- */

/* What was due a second. Where few were, one more or less is no other rate than the one asked for.
 */
static double due_per_second(const struct report *report, const struct report_stream *load)
{
	double asked = load->schedule.rate_per_second;
	double seconds = seconds_of(report);
	double scheduled = (double)load->totals.scheduled;
	return fabs(scheduled - asked * seconds) <= 1 ? asked : scheduled / seconds;
}

/* "20,000/s kept, response p99 118 ms" */
static void paced_answers(const struct report *report, const struct report_stream *load,
			  struct buffer *out)
{
	const struct counters *totals = &load->totals;
	char due[PHRASE_MAX], got[PHRASE_MAX];
	double seconds = seconds_of(report);
	const char *mean =
		load->schedule.changed > 0 || load->schedule.paused_ns > 0 ? " on average" : "";
	bool is_kept = (double)totals->received >= KEPT_SHARE * (double)totals->scheduled;
	(void)phrase_number(due_per_second(report, load), 3, due);
	if (is_kept)
		buffer_append_format(out, "%s/s kept%s", due, mean);
	else
		buffer_append_format(out, "%s/s of %s/s%s",
				     phrase_number((double)totals->received / seconds, 3, got), due,
				     mean);
	buffer_append_text(out, ", ");
	latency_text(report, &load->latency[LATENCY_RESPONSE], "response", out);
	because_text(load, out);
}

/* "59,693 requests/s, service p99 0.05 ms" */
static void unpaced_answers(const struct report *report, const struct report_stream *load,
			    struct buffer *out)
{
	char rate[PHRASE_MAX];
	buffer_append_format(
		out, "%s %ss/s, ",
		phrase_number((double)report_answered(load) / seconds_of(report), 3, rate),
		message_noun(load));
	latency_text(report, &load->latency[LATENCY_SERVICE], "service", out);
}

/* "9.41 Gbps received at the far end (11.76 GB payload)": what arrived, and who says so; where
 * nobody does, what was sent. */
static void bytes_text(const struct report *report, const struct report_stream *load,
		       struct buffer *out)
{
	struct goodput goodput;
	const char *who = "sent from here";
	char bits[UNITS_TEXT_MAX], volume[PHRASE_MAX];
	if (report_goodput(report, load, &goodput))
		goodput = (struct goodput){ .bytes = load->totals.bytes_sent,
					    .bits_per_second = (double)load->totals.bytes_sent * 8 /
							       seconds_of(report) };
	else
		who = phrase_goodput_source(goodput.source);
	/* Of datagrams that are counted one by one the sum says no more. */
	if (load->datagrams.is_measured)
		buffer_append_format(out, "%s received",
				     units_format_bandwidth(goodput.bits_per_second, bits));
	else
		buffer_append_format(out, "%s %s (%s payload)",
				     units_format_bandwidth(goodput.bits_per_second, bits), who,
				     phrase_volume(goodput.bytes, volume));
}

/* ", all in the network", ", 12 by the receiver's host and 30 in the network" */
static void where_text(const struct report_datagrams *is, struct buffer *out)
{
	char there[UNITS_TEXT_MAX], between[UNITS_TEXT_MAX];
	if (is->lost == 0 || !is->has_overflows)
		return;
	(void)units_format_grouped(is->receiver_overflows, there);
	(void)units_format_grouped(is->network_lost, between);
	if (!is->has_network_lost)
		buffer_append_format(out, ", %s or more by the receiver's host", there);
	else if (is->network_lost == is->lost)
		buffer_append_text(out, ", all in the network");
	else if (is->network_lost == 0)
		buffer_append_text(out, ", all by the receiver's host");
	else
		buffer_append_format(out, ", %s by the receiver's host and %s in the network",
				     there, between);
}

/* "998 of 1,000 datagrams arrived": those of -m have no numbers that would tell more. */
static void arrived_text(const struct report_stream *load, struct clauses *clauses)
{
	char count[UNITS_TEXT_MAX], of[PHRASE_MAX];
	if (report_is_told(load) && load->receiver.is_known)
		buffer_append_format(clauses_next(clauses), "%s of %s arrived",
				     units_format_grouped(load->receiver.messages, count),
				     phrase_count(load->totals.sent, "datagram", of));
}

/* "0.48 % lost (2,143 of 446,429), all in the network; 12 reordered, 0 duplicates" */
static void datagrams_text(const struct report_stream *load, struct clauses *clauses)
{
	const struct report_datagrams *is = &load->datagrams;
	char share[PHRASE_MAX], lost[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX];
	char reordered[UNITS_TEXT_MAX], duplicate[PHRASE_MAX];
	uint64_t all = load->totals.sent > 0 ? load->totals.sent : load->totals.received + is->lost;
	if (!is->is_measured) {
		arrived_text(load, clauses);
		return;
	}
	struct buffer *out = clauses_next(clauses);
	buffer_append_format(out, "%s %% lost (%s of %s)", phrase_share(is->lost, all, share),
			     units_format_grouped(is->lost, lost), units_format_grouped(all, of));
	where_text(is, out);
	buffer_append_format(clauses_next(clauses), "%s reordered, %s",
			     units_format_grouped(load->totals.reordered, reordered),
			     phrase_count(load->totals.duplicate, "duplicate", duplicate));
}

static void amount(const struct report *report, const struct report_stream *load,
		   struct buffer *out)
{
	if (!load->latency[LATENCY_SERVICE].is_measured)
		bytes_text(report, load, out);
	else if (load->schedule.is_open_loop)
		paced_answers(report, load, out);
	else
		unpaced_answers(report, load, out);
}

/* ---- what went wrong ---- */

static uint64_t came_up(const struct report_stream *load)
{
	uint64_t never = load->survival[SURVIVAL_NEVER_CONNECTED];
	return load->has_survival && load->slots > never ? load->slots - never : 0;
}

/* "15,000 of 15,000 connections came up in 15.0 s, 14,991 stayed": where that was a question. */
static void connections_text(const struct report *report, const struct report_stream *load,
			     struct clauses *clauses)
{
	char up[UNITS_TEXT_MAX], of[PHRASE_MAX], in[PHRASE_MAX], stayed[UNITS_TEXT_MAX];
	char lost[UNITS_TEXT_MAX];
	uint64_t unknown = load->survival[SURVIVAL_UNKNOWN];
	uint64_t count = came_up(load);
	uint64_t kept = load->survival[SURVIVAL_UNTOUCHED] + load->survival[SURVIVAL_RECOVERED] +
			load->survival[SURVIVAL_STALLED];
	uint64_t ramp_ns = load_ramp_ns(report);
	if (!load->has_survival || strcmp(load->transport, "udp") == 0 ||
	    (ramp_ns < RAMP_NS && count == load->slots && kept == count))
		return;
	struct buffer *out = clauses_next(clauses);
	buffer_append_format(out, "%s of %s came up", units_format_grouped(count, up),
			     phrase_count(load->slots, "connection", of));
	if (ramp_ns >= RAMP_NS && count == load->slots)
		buffer_append_format(out, " in %s", phrase_duration(ramp_ns, in));
	if (kept < count)
		buffer_append_format(out, ", %s stayed", units_format_grouped(kept, stayed));
	if (unknown > 0)
		buffer_append_format(out, ", %s lost with their process here",
				     units_format_grouped(unknown, lost));
}

static void count_text(uint64_t count, const char *noun, const char *words, struct clauses *clauses)
{
	char text[PHRASE_MAX];
	if (count > 0)
		buffer_append_format(clauses_next(clauses), "%s %s",
				     phrase_count(count, noun, text), words);
}

/* What our kernel knows of segments and round trips is of what we send: of what only comes down to
 * us it sees acknowledgements and the handshake. */
static bool is_sending(const struct report_stream *load)
{
	return load->totals.bytes_sent > 0;
}

/* "12 of 8,123,000 segments retransmitted": told of bulk in any case. */
static void retransmits_text(const struct report_stream *load, struct clauses *clauses)
{
	const struct counters *totals = &load->totals;
	char count[UNITS_TEXT_MAX], of[PHRASE_MAX];
	bool is_known = totals->segments_sent > 0 && text_is_bulk(load) && is_sending(load);
	if (is_known)
		buffer_append_format(clauses_next(clauses), "%s of %s retransmitted",
				     units_format_grouped(totals->retransmitted_segments, count),
				     phrase_count(totals->segments_sent, "segment", of));
	else if (strcmp(load->transport, "udp") != 0)
		count_text(totals->retransmitted_segments, "segment", "retransmitted", clauses);
}

static void faults(const struct report_stream *load, struct clauses *clauses)
{
	const struct counters *totals = &load->totals;
	const char *noun = message_noun(load);
	status_text(load, clauses);
	if (totals->rejected > text_error_statuses(load))
		count_text(totals->rejected, noun, "answered not as expected", clauses);
	if (!load->datagrams.is_measured)
		count_text(totals->lost, noun, "lost", clauses);
	count_text(totals->corrupted, noun, "answered with other bytes", clauses);
	count_text(totals->mismatched, "answer", "to another message than the next", clauses);
	retransmits_text(load, clauses);
}

/* "RTT 0.21 idle, 1.58 ms loaded": the least seen, and what is usual under load. */
static void rtt_text(const struct report_stream *load, struct clauses *clauses)
{
	const struct report_latency *rtt = &load->latency[LATENCY_RTT];
	char idle[UNITS_TEXT_MAX], loaded[UNITS_TEXT_MAX];
	if (text_is_bulk(load) && is_sending(load) && rtt->is_measured && rtt->count > 0)
		buffer_append_format(clauses_next(clauses), "RTT %s idle, %s ms loaded",
				     units_format_ms(rtt->min_ns, idle),
				     units_format_ms(rtt->p50_ns, loaded));
}

static void probe_text(const struct report *report, struct clauses *clauses)
{
	const struct report_stream *probe = report_stream(report, "probe");
	const struct report_latency *response = probe ? &probe->latency[LATENCY_RESPONSE] : NULL;
	if (!response || !response->is_measured)
		return;
	if (response->count == 0)
		buffer_append_text(clauses_next(clauses), "the probe was not answered");
	else
		latency_text(report, response, "probe", clauses_next(clauses));
}

void result_load(const struct report *report, const struct report_stream *load, struct buffer *out)
{
	struct clauses clauses;
	if (result_has_verdict(report))
		result_verdict(report, out);
	clauses_init(&clauses, out, "; ");
	connections_text(report, load, &clauses);
	amount(report, load, clauses_next(&clauses));
	datagrams_text(load, &clauses);
	faults(load, &clauses);
	rtt_text(load, &clauses);
	probe_text(report, &clauses);
	if (report->generator.pairs > 0)
		pairs_text(report, clauses_next(&clauses));
}
