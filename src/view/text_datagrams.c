/* What became of datagrams that go one way: losses in bursts, and how evenly they arrived. See
 * text_parts.h. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

/* "LOSS     118 bursts: longest 212 datagrams = 4.7 ms ±0.02, median 11;  first +1.204 s, last ..."
 */
/* "4.7 ms ±0.02": where a datagram is less than a ms, to a digit less than it. */
static const char *span_text(const struct report_stream *stream, char text[PHRASE_MAX])
{
	uint64_t span_ns = stream->datagrams.longest_burst_ns;
	uint64_t interval_ns = stream->schedule.interval_ns;
	if (interval_ns >= NS_PER_MS)
		return phrase_span(span_ns, interval_ns, text);
	(void)snprintf(text, PHRASE_MAX, "%.*f ms ±%.*f", span_ns < NS_PER_MS ? 2 : 1,
		       (double)span_ns / NS_PER_MS, interval_ns < 10000 ? 3 : 2,
		       (double)interval_ns / NS_PER_MS);
	return text;
}

static void losses(const struct report_stream *stream, struct buffer *out)
{
	const struct report_datagrams *lost = &stream->datagrams;
	char bursts[PHRASE_MAX], longest[PHRASE_MAX], span[PHRASE_MAX];
	char median[UNITS_TEXT_MAX], first[PHRASE_MAX], last[PHRASE_MAX];
	if (!lost->is_measured || lost->bursts == 0)
		return;
	buffer_append_format(out, "LOSS     %s: longest %s%s%s",
			     phrase_count(lost->bursts, "burst", bursts),
			     phrase_count(lost->longest_burst, "datagram", longest),
			     stream->schedule.interval_ns > 0 ? " = " : "",
			     stream->schedule.interval_ns > 0 ? span_text(stream, span) : "");
	/* Of merged runs it is not known. */
	if (lost->median_burst > 0)
		buffer_append_format(out, ", median %s",
				     units_format_grouped(lost->median_burst, median));
	if (lost->first_lost_ns != INT64_MIN)
		buffer_append_format(out, ";  first %s, last %s",
				     phrase_offset(lost->first_lost_ns, first),
				     phrase_offset(lost->last_lost_ns, last));
	buffer_append_text(out, "\n");
}

static void variation(const struct report_stream *stream, struct buffer *out)
{
	const struct report_latency *is = &stream->latency[LATENCY_DELAY_VARIATION];
	const struct {
		const char *name;
		uint64_t ns;
		uint64_t samples_min; /* ten above it */
	} values[] = { { "p50", is->p50_ns, 20 },
		       { "p90", is->p90_ns, 100 },
		       { "p99", is->p99_ns, 1000 },
		       { "p99.9", is->p99_9_ns, 10000 },
		       { "max", is->max_ns, 1 } };
	char text[UNITS_TEXT_MAX];
	if (!is->is_measured || is->count == 0)
		return;
	buffer_append_format(out,
			     "DELAY VARIATION (ms, one way%s, above the least seen; clocks not "
			     "compared, so no one-way delay) ",
			     stream->latency[LATENCY_SERVICE].is_measured ? ", there" : "");
	for (size_t i = 0; i < array_size(values); i++)
		if (is->count >= values[i].samples_min)
			buffer_append_format(out, "  %s %s", values[i].name,
					     units_format_ms(values[i].ns, text));
	buffer_append_text(out, "\n");
}

void text_datagrams(const struct report *report, const struct text_style *style, struct buffer *out)
{
	const struct report_stream *load = report_stream(report, "load");
	cleanup(buffer_deinit) struct buffer lines;
	buffer_init(&lines, 4096);
	if (!load || report->has_nothing_answered)
		return;
	if (strcmp(load->transport, "udp") == 0)
		text_samples(report, load, style, out);
	losses(load, &lines);
	variation(load, &lines);
	for (char *at = (char *)buffer_text(&lines), *end; *at; at = end + 1) {
		end = strchr(at, '\n');
		*end = '\0';
		text_append(out, style, at);
		buffer_append_text(out, "\n");
	}
}
