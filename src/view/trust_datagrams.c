/* What the Trust line says of datagrams. See trust_load.h. */
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/report_receiver.h"
#include "view/phrase.h"
#include "view/trust_load.h"

bool trust_is_of_datagrams(const struct report_stream *load)
{
	return strcmp(load->transport, "udp") == 0;
}

bool trust_is_of_intake(const struct report_stream *load)
{
	return trust_is_of_datagrams(load) && !load->latency[LATENCY_SEND_ERROR].is_measured;
}

/* ---- sending ---- */

/* "12 not sent: the socket's buffer was full 9, this host was late 3" */
static void say_missed(const struct counters *totals, struct clauses *clauses)
{
	const struct {
		uint64_t count;
		const char *why;
	} causes[] = {
		{ totals->missed_peer, "the socket's buffer was full" },
		{ totals->missed_generator, "this host was late" },
		{ totals->missed_no_connection, "this host did not let them out" },
	};
	uint64_t missed = totals->scheduled - totals->sent - totals->debt;
	char count[PHRASE_MAX], of[UNITS_TEXT_MAX];
	const char *before = ": ";
	struct buffer *out = clauses_next(clauses);
	buffer_append_format(out, "%s of %s not sent", units_format_grouped(missed, count),
			     units_format_grouped(totals->scheduled, of));
	for (size_t i = 0; i < array_size(causes); i++) {
		if (causes[i].count == 0)
			continue;
		buffer_append_format(out, "%s%s %s", before, causes[i].why,
				     units_format_grouped(causes[i].count, count));
		before = ", ";
	}
}

/* "120 went more than 1 ms late: this host woke late 20, the socket's buffer was full 100 (...)" */
static void say_late(const struct counters *totals, struct clauses *clauses)
{
	char count[UNITS_TEXT_MAX], part[UNITS_TEXT_MAX];
	uint64_t held = totals->held_up;
	uint64_t own = totals->sent_late - held;
	if (totals->sent_late == 0)
		return;
	struct buffer *out = clauses_next(clauses);
	buffer_append_format(out, "%s went more than 1 ms late: ",
			     units_format_grouped(totals->sent_late, count));
	if (own > 0)
		buffer_append_format(out, "this host was late%s%s", held > 0 ? " " : "",
				     held > 0 ? units_format_grouped(own, part) : "");
	if (held > 0)
		buffer_append_format(out, "%sthe socket's buffer was full%s%s (--sndbuf)",
				     own > 0 ? ", " : "", own > 0 ? " " : "",
				     own > 0 ? units_format_grouped(held, part) : "");
}

/* "all sent, spacing p99 within 0.02 ms" */
static void say_sent(const struct report_stream *load, struct clauses *clauses)
{
	const struct counters *totals = &load->totals;
	const struct report_latency *late = &load->latency[LATENCY_SEND_ERROR];
	char ms[UNITS_TEXT_MAX];
	if (!late->is_measured || totals->scheduled == 0)
		return;
	if (totals->sent + totals->debt >= totals->scheduled)
		buffer_append_text(clauses_next(clauses), "all sent");
	else
		say_missed(totals, clauses);
	const char *before = totals->sent + totals->debt >= totals->scheduled ? ", " : "; ";
	if (late->count > 0)
		buffer_append_format(clauses->out, "%sspacing p99 within %s ms", before,
				     units_format_ms(late->p99_ns, ms));
	say_late(totals, clauses);
}

/* "no GSO", "GSO (12.4 datagrams a send on average)": of those sent together. */
static void say_segments(const struct counters *totals, struct clauses *clauses)
{
	char each[PHRASE_MAX];
	if (totals->merged_sends == 0) {
		buffer_append_text(clauses_next(clauses), "no GSO");
		return;
	}
	uint64_t sends = totals->merged_sends + totals->one_way - totals->datagrams_merged;
	buffer_append_format(clauses_next(clauses), "GSO (%s datagrams a send on average)",
			     phrase_number((double)totals->one_way / (double)sends, 3, each));
}

/* ---- who received ---- */

/* What the kernel had put together its queue drops as one, and counts as one. */
static void say_dropped(const char *whose, uint64_t count, bool is_in_datagrams,
			struct clauses *clauses)
{
	char text[PHRASE_MAX];
	struct buffer *out = clauses_next(clauses);
	if (is_in_datagrams)
		buffer_append_format(out, "%s socket dropped %s", whose,
				     units_format_grouped(count, text));
	else
		buffer_append_format(out,
				     "%s socket dropped %s, each of one datagram or of several put "
				     "together (GRO): how many is unknown",
				     whose, phrase_count(count, "time", text));
}

static void say_receiver(const struct report_stream *load, struct clauses *clauses)
{
	const struct report_datagrams *is = &load->datagrams;
	const struct report_receiver *receiver = &load->receiver;
	if (is->is_measured && is->has_overflows)
		say_dropped("receiver's",
			    is->has_network_lost ? is->receiver_overflows
						 : receiver->queue_overflows,
			    is->has_network_lost, clauses);
	else if (!receiver->is_known)
		buffer_append_format(clauses_next(clauses), "what arrived is unknown: %s",
				     receiver->reason
					     ? receiver->reason
					     : "nobody was asked (--receiver control://HOST "
					       "asks a conntest serve there)");
}

/* How the datagrams of a source came to us. */
static void say_received(const struct report_stream *load, struct clauses *clauses)
{
	const struct counters *totals = &load->totals;
	char count[UNITS_TEXT_MAX];
	say_dropped("our", totals->queue_overflows,
		    totals->queue_overflows == 0 || totals->received_merged == 0, clauses);
	if (totals->received_merged > 0)
		buffer_append_format(clauses_next(clauses),
				     "GRO (%s came several in one, and their delays are those of "
				     "the first)",
				     units_format_grouped(totals->received_merged, count));
	else
		buffer_append_text(clauses_next(clauses), "no GRO");
}

void trust_datagrams(const struct report_stream *load, struct clauses *clauses)
{
	say_sent(load, clauses);
	if (report_is_one_way(load)) {
		say_receiver(load, clauses);
		say_segments(&load->totals, clauses);
	} else if (trust_is_of_intake(load)) {
		say_received(load, clauses);
	}
}
