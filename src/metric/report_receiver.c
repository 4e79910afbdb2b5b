#include "metric/report_receiver.h"

#include <string.h>

bool report_is_one_way(const struct report_stream *stream)
{
	return stream->totals.one_way > 0;
}

bool report_is_told(const struct report_stream *stream)
{
	return strcmp(stream->transport, "udp") == 0 && stream->receiver.is_asked;
}

const char *report_goodput_bytes(const struct report_stream *stream, struct goodput *ret)
{
	*ret = (struct goodput){ GOODPUT_READ, stream->totals.bytes_received, 0 };
	if (!report_is_one_way(stream))
		return NULL;
	if (stream->receiver.is_known) {
		*ret = (struct goodput){ GOODPUT_RECEIVER, stream->receiver.bytes, 0 };
		return NULL;
	}
	*ret = (struct goodput){ GOODPUT_ACKED, stream->totals.bytes_acked, 0 };
	return strcmp(stream->transport, "udp") == 0 ? "nobody told what has arrived" : NULL;
}

static double rate_of(uint64_t bytes, uint64_t time_ns)
{
	return (double)bytes * 8e9 / (double)time_ns;
}

const char *report_goodput(const struct report *report, const struct report_stream *stream,
			   struct goodput *ret)
{
	const char *reason = report_goodput_bytes(stream, ret);

	if (reason)
		return reason;
	if (report->merged_from > 0 && report->overlap_ns == 0)
		return "the merged runs have no time in common";
	if (report->duration_ns == 0)
		return "the run had no length";
	if (report->merged_from > 0)
		ret->bits_per_second = rate_of(stream->rate_bytes, report->overlap_ns);
	else if (ret->source == GOODPUT_RECEIVER && stream->receiver.bits_per_second > 0)
		ret->bits_per_second = stream->receiver.bits_per_second;
	else
		ret->bits_per_second = rate_of(ret->bytes, report->duration_ns);
	return NULL;
}

void report_receiver_merge(const struct report_receiver *from, struct report_receiver *into)
{
	if (!from->is_asked)
		return;
	bool is_first = !into->is_asked;
	into->is_known = from->is_known && (is_first || into->is_known);
	into->source = is_first ? from->source : into->source;
	into->reason = into->reason ? into->reason : from->reason;
	into->is_asked = true;
	into->connections += from->connections;
	into->connections_known += from->connections_known;
	into->bytes += from->bytes;
	into->messages += from->messages;
	/* They may be those of one socket. */
	if (from->queue_overflows > into->queue_overflows)
		into->queue_overflows = from->queue_overflows;
}
