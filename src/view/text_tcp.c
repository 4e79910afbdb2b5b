/* What became of the bytes of a TCP load, and what the kernels made of its connections. See
 * text_parts.h. */
#include <inttypes.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/report_settings.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

bool text_is_bulk(const struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	return strcmp(stream->name, "load") == 0 && stream->tcp.is_measured &&
	       totals->received == 0 && totals->bytes_acked + totals->bytes_received > 0;
}

/* ---- BYTES ---- */

/* Sums are shown in thousandths of the unit of the largest, rounded so that they add up. */
struct unit {
	const char *name;
	uint64_t thousandth;
};

static struct unit unit_of(uint64_t bytes)
{
	static const struct unit units[] = {
		{ "TB", 1000000000 }, { "GB", 1000000 }, { "MB", 1000 }, { "kB", 1 }
	};
	size_t i = 0;
	while (i + 1 < array_size(units) && bytes < units[i].thousandth * 1000)
		i++;
	return units[i];
}

static uint64_t rounded(uint64_t bytes, struct unit unit)
{
	return (bytes + unit.thousandth / 2) / unit.thousandth;
}

static const char *format_thousandths(uint64_t count, char text[PHRASE_MAX])
{
	(void)snprintf(text, PHRASE_MAX, "%" PRIu64 ".%03u", count / 1000,
		       (unsigned)(count % 1000));
	return text;
}

/* "sender: 11.764 GB written = 11.762 acknowledged + 0.002 still in socket buffers" */
static void say_sender(const struct report_stream *stream, struct clauses *clauses)
{
	char written[PHRASE_MAX], acked[PHRASE_MAX], queued[PHRASE_MAX];
	const struct counters *totals = &stream->totals;
	struct unit unit = unit_of(totals->bytes_acked + totals->bytes_queued);
	uint64_t acked_count = rounded(totals->bytes_acked, unit);
	uint64_t queued_count = rounded(totals->bytes_queued, unit);
	bool is_tls = strcmp(stream->transport, "tls") == 0;
	if (totals->bytes_sent == 0)
		return;
	buffer_append_format(clauses_next(clauses),
			     "sender: %s %s written%s = %s acknowledged + %s still in socket "
			     "buffers",
			     format_thousandths(acked_count + queued_count, written), unit.name,
			     is_tls ? " (with TLS's own)" : "",
			     format_thousandths(acked_count, acked),
			     format_thousandths(queued_count, queued));
}

static void say_received(uint64_t bytes, const char *where, struct clauses *clauses)
{
	char text[PHRASE_MAX];
	struct unit unit = unit_of(bytes);
	if (bytes > 0)
		buffer_append_format(clauses_next(clauses), "%s %s received%s",
				     format_thousandths(rounded(bytes, unit), text), unit.name,
				     where);
}

static void say_bytes(const struct report_stream *stream, const struct text_style *style,
		      struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer line;
	struct clauses clauses;
	buffer_init(&line, CLAUSES_MAX);
	clauses_init(&clauses, &line, "; ");
	say_received(stream->receiver.is_known ? stream->receiver.bytes : 0, "", &clauses);
	say_received(stream->totals.bytes_received, stream->receiver.is_known ? " here" : "",
		     &clauses);
	say_sender(stream, &clauses);
	buffer_append_text(out, "BYTES     ");
	text_append(out, style, buffer_text(&line));
	buffer_append_text(out, "\n");
}

/* ---- TCP ---- */

/* "1448", "1000 to 1448" */
static const char *format_range(uint64_t low, uint64_t high, char text[PHRASE_MAX])
{
	if (low == high)
		(void)snprintf(text, PHRASE_MAX, "%" PRIu64, low);
	else
		(void)snprintf(text, PHRASE_MAX, "%" PRIu64 " to %" PRIu64, low, high);
	return text;
}

/* "sndbuf 4.2 MB", "sndbuf 100.0 kB (50kB asked for, and doubled for overhead)" */
static void say_buffer(const char *name, uint64_t bytes, uint64_t asked, const char *limit,
		       struct buffer *out)
{
	char text[PHRASE_MAX], size[UNITS_TEXT_MAX];
	buffer_append_format(out, "%s %s", name, phrase_volume(bytes, text));
	if (asked == 0)
		return;
	buffer_append_format(out, " (%s asked for", units_format_size(asked, size));
	if (bytes < 2 * asked)
		buffer_append_format(out, ", %s allows no more)", limit);
	else
		buffer_append_text(out, bytes == 2 * asked ? ", and doubled for overhead)"
							   : ", raised to the kernel's least)");
}

static void say_buffers(const struct report_tcp *tcp, struct clauses *clauses)
{
	bool is_tuned = tcp->send_buffer_asked_bytes + tcp->receive_buffer_asked_bytes == 0;
	struct buffer *out = clauses_next(clauses);
	say_buffer("sndbuf", tcp->facts.send_buffer_max_bytes, tcp->send_buffer_asked_bytes,
		   "net.core.wmem_max", out);
	buffer_append_text(out, " and ");
	say_buffer("rcvbuf", tcp->facts.receive_buffer_max_bytes, tcp->receive_buffer_asked_bytes,
		   "net.core.rmem_max", out);
	if (is_tuned)
		buffer_append_text(out, " (autotuned)");
}

static void say_described(const struct report_tcp *tcp, struct clauses *clauses)
{
	const struct tcp_facts *facts = &tcp->facts;
	struct buffer *out = clauses_next(clauses);
	buffer_append_text(out, tcp->congestion);
	if (facts->congestion_others > 0)
		buffer_append_format(out, " (%" PRIu64 " of %" PRIu64 " not)",
				     facts->congestion_others, facts->described);
}

/* What was asked for and depends on the other side: on how many connections it came to be. */
static void say_wishes(const struct report *report, const struct report_tcp *tcp,
		       struct clauses *clauses)
{
	const struct {
		const char *option;
		const char *name;
		uint64_t count;
		uint64_t of;
	} wishes[] = {
		{ "mptcp", "mptcp", tcp->facts.multipath, tcp->facts.described },
		{ "fastopen", "fast open", tcp->facts.fast_opened, tcp->facts.connections },
	};
	for (size_t i = 0; i < array_size(wishes); i++) {
		const char *asked = report_setting(report, wishes[i].option);
		if (asked && strcmp(asked, "true") == 0)
			buffer_append_format(clauses_next(clauses),
					     "%s on %" PRIu64 " of %" PRIu64 " connections",
					     wishes[i].name, wishes[i].count, wishes[i].of);
	}
}

static void say_tcp(const struct report *report, const struct report_stream *stream,
		    const struct text_style *style, struct buffer *out)
{
	const struct tcp_facts *facts = &stream->tcp.facts;
	char range[PHRASE_MAX];
	cleanup(buffer_deinit) struct buffer line;
	struct clauses clauses;
	buffer_init(&line, CLAUSES_MAX);
	clauses_init(&clauses, &line, ", ");
	if (stream->tcp.congestion)
		say_described(&stream->tcp, &clauses);
	buffer_append_format(clauses_next(&clauses), "mss %s",
			     format_range(facts->mss_min_bytes, facts->mss_max_bytes, range));
	buffer_append_format(
		clauses_next(&clauses), "path mtu %s (kernel's belief)",
		format_range(facts->path_mtu_min_bytes, facts->path_mtu_max_bytes, range));
	if (facts->described > 0)
		say_buffers(&stream->tcp, &clauses);
	say_wishes(report, &stream->tcp, &clauses);
	buffer_append_text(out, "TCP       ");
	text_append(out, style, buffer_text(&line));
	buffer_append_text(out, "\n");
}

/* Who asked for something wants to know what became of it. */
static bool is_asked(const struct report *report)
{
	static const char *const options[] = { "sndbuf",   "rcvbuf", "congestion", "mss",
					       "fastopen", "mptcp",  "interval" };
	for (size_t i = 0; i < array_size(options); i++) {
		const char *value = report_setting(report, options[i]);
		if (value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0)
			return true;
	}
	return false;
}

void text_tcp(const struct report *report, const struct text_style *style, struct buffer *out)
{
	const struct report_stream *stream = report_main_stream(report);
	if (!stream || !stream->tcp.is_measured || report->has_nothing_answered)
		return;
	text_samples(report, stream, style, out);
	if (text_is_bulk(stream))
		say_bytes(stream, style, out);
	if (text_is_bulk(stream) || is_asked(report))
		say_tcp(report, stream, style, out);
}
