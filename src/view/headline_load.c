/* Line 1 of a load. See result_load.h. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "metric/report_settings.h"
#include "view/phrase.h"
#include "view/result_load.h"
#include "view/target_text.h"

/* "15,000 connections at 1,000/s" */
static void connections(const struct report *report, const struct report_stream *load,
			struct buffer *out)
{
	char count[PHRASE_MAX], each[PHRASE_MAX];
	const char *typed = report_setting(report, "connect-rate");
	struct rate rate = { 0 };
	bool is_datagram = strcmp(load->transport, "udp") == 0;
	buffer_append_text(out,
			   phrase_count(load->slots, is_datagram ? "flow" : "connection", count));
	if (load->slots > 1 && typed && units_parse_rate(typed, NULL, &rate) >= 0)
		buffer_append_format(out, " at %s/s", phrase_rate(rate.per_second, each));
}

static void sizes(const struct report_stream *load, struct buffer *out)
{
	char size[PHRASE_MAX], count[UNITS_TEXT_MAX];
	bool is_odd = load->message_bytes > 1000 && load->message_bytes < 10000 &&
		      load->message_bytes % 1000 > 0 && load->message_bytes % 1024 > 0;
	if (is_odd) /* datagrams: 1,400 B */
		buffer_append_format(out, " of %s B",
				     units_format_grouped(load->message_bytes, count));
	else if (load->message_bytes > 0)
		buffer_append_format(out, " of %s", phrase_size(load->message_bytes, size));
}

static void direction(const struct report *report, const struct report_stream *load,
		      struct buffer *out)
{
	bool is_down = target_is(report->target, "source");
	if (!load->latency[LATENCY_SERVICE].is_measured)
		buffer_append_text(out, is_down ? " down" : " up");
}

/* "0..5k/30s,5k messages/s", "1,000 messages/s" */
static void message_rate(const struct report *report, const struct report_stream *load,
			 struct buffer *out)
{
	char rate[PHRASE_MAX];
	const char *ramp = report_setting(report, "rate-ramp");
	buffer_append_format(out, "%s %ss/s",
			     ramp ? ramp : phrase_rate(load->schedule.rate_per_second, rate),
			     message_noun(load));
}

/* "500 Mbps payload = 44,643 datagrams/s of 1,400 B up, evenly spaced" */
static void paced_bytes(const struct report *report, const struct report_stream *load,
			struct buffer *out)
{
	char text[UNITS_TEXT_MAX];
	double bits = load->schedule.rate_per_second * 8 * (double)load->message_bytes;
	if (!report_setting(report, "rate-ramp"))
		buffer_append_format(out,
				     "%s payload = ", units_format_bandwidth(round(bits), text));
	message_rate(report, load, out);
	sizes(load, out);
	direction(report, load, out);
	if (load->slots > 1) {
		buffer_append_text(out, " over ");
		connections(report, load, out);
	}
	buffer_append_text(out, ", evenly spaced");
}

/* "20,000 requests/s over 50 connections (400/s each), open loop" */
static void paced_messages(const struct report *report, const struct report_stream *load,
			   struct buffer *out)
{
	char each[PHRASE_MAX];
	double per_second = load->schedule.rate_per_second;
	message_rate(report, load, out);
	sizes(load, out);
	buffer_append_text(out, " over ");
	connections(report, load, out);
	if (load->slots > 1 && !report_setting(report, "rate-ramp"))
		buffer_append_format(out, " (%s/s each)",
				     phrase_rate(per_second / (double)load->slots, each));
	buffer_append_text(out, ", open loop");
}

static void unpaced(const struct report *report, const struct report_stream *load,
		    struct buffer *out)
{
	bool is_answered = load->latency[LATENCY_SERVICE].is_measured;
	const char *in_flight = report_setting(report, "in-flight");
	const char *read_at = report_setting(report, "bandwidth-down");
	bool is_many = in_flight && strcmp(in_flight, "0") != 0 && strcmp(in_flight, "1") != 0;
	connections(report, load, out);
	direction(report, load, out);
	if (!is_answered && read_at && strcmp(read_at, "0") != 0)
		buffer_append_format(out, ", read no faster than %s", read_at);
	else if (!is_answered)
		buffer_append_text(out, ", as fast as it goes");
	else if (is_many)
		buffer_append_format(out, ", %s %ss in flight each", in_flight, message_noun(load));
	else
		buffer_append_format(out, ", one %s after the other", message_noun(load));
	if (is_answered)
		sizes(load, out);
}

void headline_hand(const struct report_stream *stream, struct buffer *out)
{
	const struct report_schedule *schedule = &stream->schedule;
	char times[PHRASE_MAX], paused[PHRASE_MAX];
	const char *before = ", ";
	if (schedule->changed > 0) {
		buffer_append_format(out, ", changed %s",
				     schedule->changed == 1
					     ? "once"
					     : phrase_count(schedule->changed, "time", times));
		before = " and ";
	}
	if (schedule->paused_ns > 0)
		buffer_append_format(out, "%spaused %s", before,
				     phrase_span(schedule->paused_ns, 0, paused));
	if (schedule->changed > 0 || schedule->paused_ns > 0)
		buffer_append_text(out, " by hand");
}

void headline_load(const struct report *report, const struct report_stream *load,
		   struct buffer *out)
{
	bool is_answered = load->latency[LATENCY_SERVICE].is_measured;
	const struct report_stream *probe = report_stream(report, "probe");
	char rate[PHRASE_MAX];
	if (!load->schedule.is_open_loop)
		unpaced(report, load, out);
	else if (is_answered || load->message_bytes == 0)
		paced_messages(report, load, out);
	else
		paced_bytes(report, load, out);
	headline_hand(load, out);
	if (probe)
		buffer_append_format(out, ", a probe at %s/s",
				     phrase_rate(probe->schedule.rate_per_second, rate));
}

uint64_t load_warm_up_ns(const struct report *report)
{
	const char *text = report_setting(report, "warmup");
	uint64_t warm_up_ns = 0;
	return text && units_parse_time(text, NULL, &warm_up_ns) >= 0 ? warm_up_ns : 0;
}

uint64_t load_ramp_ns(const struct report *report)
{
	const struct report_stream *load = report_stream(report, "load");
	int64_t warm_up_ns = (int64_t)load_warm_up_ns(report);
	int64_t first_ns = 0;
	if (load && strcmp(load->transport, "udp") == 0)
		return 0; /* there is nothing to bring up */
	for (uint32_t i = 0; i < report->connection_count; i++) {
		const struct report_connection *connection = &report->connections[i];
		if (connection->started_ns < first_ns && strcmp(connection->stream, "load") == 0)
			first_ns = connection->started_ns;
	}
	return first_ns < -warm_up_ns ? (uint64_t)(-warm_up_ns - first_ns) : 0;
}
