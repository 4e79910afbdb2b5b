/* See tcp_sample.h. */
#include "engine/tcp_sample.h"

#include <string.h>

#include "base/units.h"

#define FEW_CONNECTIONS 64
#define SHARE_OF_MANY   16

/* Congestion control and buffers of so many connections a worker tell of the others. */
#define DESCRIBED_MAX 256

uint32_t tcp_sample_share(uint32_t count)
{
	return count <= FEW_CONNECTIONS ? count : SHARE_OF_MANY;
}

static uint32_t to_us(uint64_t ns)
{
	return (uint32_t)(ns / NS_PER_US);
}

void tcp_sample_connected(struct tcp_sample *sample, uint64_t now_ns)
{
	*sample = (struct tcp_sample){ .at_us = to_us(now_ns) };
}

void tcp_sample_begin(struct tcp_sample *sample, struct stream *stream, uint64_t now_ns)
{
	struct stream_info info;
	if (stream_info(stream, &info) < 0 || !info.is_known)
		return;
	*sample = (struct tcp_sample){
		.retransmits = (uint32_t)info.retransmitted_segments,
		.segments = (uint32_t)info.sent_segments,
		.acked = (uint32_t)(info.bytes_acked + info.queued_bytes),
		.at_us = to_us(now_ns),
		.busy_us = to_us(info.busy_ns),
		.receiver_us = to_us(info.receiver_limited_ns),
		.buffer_us = to_us(info.buffer_limited_ns),
	};
}

/* How far `now` is ahead of what was counted, which it may not have reached yet. */
static uint32_t advance(uint32_t *counted, uint64_t now)
{
	int32_t step = (int32_t)((uint32_t)now - *counted);
	if (step <= 0)
		return 0;
	*counted = (uint32_t)now;
	return (uint32_t)step;
}

bool tcp_sample_take(struct tcp_sample *sample, struct stream *stream, uint64_t now_ns,
		     struct recorder *recorder, struct stream_info *ret)
{
	struct counters *counters = &recorder->counters;
	if (stream_info(stream, ret) < 0 || !ret->is_known)
		return false;
	uint64_t busy_us = advance(&sample->busy_us, to_us(ret->busy_ns));
	uint64_t receiver_us = advance(&sample->receiver_us, to_us(ret->receiver_limited_ns));
	uint64_t buffer_us = advance(&sample->buffer_us, to_us(ret->buffer_limited_ns));
	counters->retransmitted_segments +=
		advance(&sample->retransmits, ret->retransmitted_segments);
	counters->segments_sent += advance(&sample->segments, ret->sent_segments);
	counters->bytes_acked += advance(&sample->acked, ret->bytes_acked);
	counters->tcp_watched_ns += advance(&sample->at_us, to_us(now_ns)) * NS_PER_US;
	counters->tcp_busy_ns += busy_us * NS_PER_US;
	counters->tcp_receiver_limited_ns += receiver_us * NS_PER_US;
	counters->tcp_buffer_limited_ns += buffer_us * NS_PER_US;
	counters->tcp_samples++;
	counters->tcp_samples_full += ret->unsent_bytes > 0;
	hist_add(recorder_hist(recorder, LATENCY_RTT), ret->rtt_ns);
	return true;
}

static struct tcp_facts facts_of(const struct stream_info *info)
{
	return (struct tcp_facts){
		.connections = 1,
		.fast_opened = info->is_fast_opened,
		.mss_min_bytes = info->mss_bytes,
		.mss_max_bytes = info->mss_bytes,
		.path_mtu_min_bytes = info->path_mtu,
		.path_mtu_max_bytes = info->path_mtu,
		.reordering_max_segments = info->reordering_segments,
	};
}

static void describe(struct stream *stream, struct tcp_facts *facts)
{
	struct stream_description description;
	if (stream_describe(stream, &description) < 0 || !description.is_known)
		return;
	_Static_assert(sizeof(facts->congestion) == sizeof(description.congestion), "one name");
	memcpy(facts->congestion, description.congestion, sizeof(facts->congestion));
	facts->described = 1;
	facts->multipath = description.is_multipath;
	facts->send_buffer_max_bytes = description.send_buffer_bytes;
	facts->receive_buffer_max_bytes = description.receive_buffer_bytes;
}

void tcp_sample_end(struct stream *stream, const struct stream_info *info,
		    struct recorder *recorder)
{
	struct tcp_facts facts = facts_of(info);
	recorder->counters.bytes_queued += info->queued_bytes;
	if (recorder->tcp.described < DESCRIBED_MAX)
		describe(stream, &facts);
	tcp_facts_merge(&recorder->tcp, &facts);
}
