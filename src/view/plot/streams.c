/* See streams.h. */
#include "view/plot/streams.h"

#include <string.h>

/* Those that began before the end. */
static uint32_t count_until(const struct report_stream *stream, int64_t end_ns)
{
	uint32_t count = 0;
	while (count < stream->sample_count &&
	       (count == 0 || stream->samples[count - 1].at_ns < end_ns))
		count++;
	return count;
}

/* What was given up entered the quantiles as a bound, at the moment when it was. The band and the
 * lines of interruptions have it at the time when it was due; here it would be a second time. */
static void drop_bounds(struct report_stream *stream, uint64_t bound_ns)
{
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		struct report_sample *sample = &stream->samples[i];
		if (sample->unanswered && sample->response_p50_ns >= bound_ns)
			sample->response_p50_ns = 0;
		if (sample->unanswered && sample->response_p99_ns >= bound_ns)
			sample->response_p99_ns = 0;
	}
}

/* The first sample that ends after this moment. */
static uint32_t sample_at(const struct report_stream *stream, int64_t at_ns)
{
	uint32_t low = 0;
	uint32_t high = stream->sample_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (stream->samples[middle].at_ns > at_ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* That a datagram is unanswered is known a timeout later: flows are silent when the list says so.
 */
static void place_silence(struct report_stream *stream)
{
	for (uint32_t i = 0; i < stream->sample_count; i++)
		stream->samples[i].interrupted = 0;
	for (uint32_t i = 0; i < stream->interruptions.list_count; i++) {
		const struct report_interval *interval = &stream->interruptions.list[i];
		uint32_t first = sample_at(stream, interval->start_ns);
		uint32_t end = sample_at(stream, interval->end_ns);
		for (uint32_t k = first; k < stream->sample_count && k <= end; k++)
			stream->samples[k].interrupted++;
	}
}

static void own_samples(struct plot *plot, struct report_stream *stream)
{
	const struct report_sample *samples = stream->samples;
	stream->sample_count = count_until(stream, time_axis_end(&plot->time));
	if (stream->sample_count == 0)
		return;
	stream->samples =
		arena_take_array(&plot->drawing->arena, stream->sample_count, sizeof(*samples));
	memcpy(stream->samples, samples, stream->sample_count * sizeof(*samples));
}

const struct report_stream *streams_add(struct plot *plot, const char *kind)
{
	for (uint32_t i = 0; i < plot->report->stream_count; i++) {
		const struct report_stream *stream = &plot->report->streams[i];
		if (strcmp(stream->kind, kind) != 0 || !stream->is_measured)
			continue;
		struct report_stream *copy = arena_take(&plot->drawing->arena, sizeof(*copy));
		*copy = *stream;
		own_samples(plot, copy);
		if (plot->report->reply_timeout_ns)
			drop_bounds(copy, plot->report->reply_timeout_ns);
		if (strcmp(copy->transport, "udp") == 0)
			place_silence(copy);
		return copy;
	}
	return NULL;
}
