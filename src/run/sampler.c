#include "run/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metric/report_sample.h"

struct track {
	struct recorder *now;
	struct recorder *before; /* at the end of the newest sample */
	struct report_sample *samples;
};

struct sampler {
	const struct engine *engine;
	struct track tracks[PLAN_STREAMS];
	struct recorder *scratch;
	uint32_t count;
	uint64_t ticks_a_sample;
	uint64_t last_tick; /* of the newest sample */
	uint64_t read_tick; /* of what was taken last */
};

int sampler_new(const struct engine *engine, struct sampler **ret)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));
	if (!sampler)
		return -ENOMEM;
	sampler->engine = engine;
	sampler->ticks_a_sample = 1;
	sampler->last_tick = WORKER_RAMP_TICK;
	int result = recorder_new(&sampler->scratch);
	for (int i = 0; i < PLAN_STREAMS && result >= 0; i++) {
		struct track *track = &sampler->tracks[i];
		if (!engine_read(engine, i, sampler->scratch))
			continue;
		track->samples = calloc(SAMPLES_MAX, sizeof(*track->samples));
		result = track->samples ? recorder_new(&track->now) : -ENOMEM;
		if (result >= 0)
			result = recorder_new(&track->before);
	}
	if (result < 0) {
		sampler_free(sampler);
		return result;
	}
	*ret = sampler;
	return 0;
}

void sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		recorder_free(sampler->tracks[i].now);
		recorder_free(sampler->tracks[i].before);
		free(sampler->tracks[i].samples);
	}
	recorder_free(sampler->scratch);
	free(sampler);
}

static uint64_t missed(const struct counters *c)
{
	return c->missed_no_connection + c->missed_peer + c->missed_generator;
}

/* What was added to a histogram between two copies. */
static const struct hist *difference(const struct track *track, enum latency latency,
				     struct recorder *scratch)
{
	struct hist *delta = recorder_hist(scratch, latency);
	hist_clear(delta);
	hist_merge(delta, recorder_hist_const(track->now, latency));
	hist_subtract(delta, recorder_hist_const(track->before, latency));
	return delta;
}

/* What happened between two copies. Answers are what is in `response` and was not given up. */
static void measure(struct report_sample *sample, const struct track *track, enum latency answers,
		    struct recorder *scratch)
{
	const struct counters *now = &track->now->counters;
	const struct counters *before = &track->before->counters;
	sample->scheduled = now->scheduled - before->scheduled;
	sample->sent = now->sent - before->sent;
	sample->received = now->received - before->received;
	sample->lost = now->lost - before->lost;
	sample->missed = missed(now) - missed(before);
	sample->unanswered = sample->lost + sample->missed;
	sample->connects = now->connects - before->connects;
	sample->failed = now->connect_failures - before->connect_failures;
	sample->connections = now->connections;
	sample->connecting = now->connecting;
	sample->silent = now->silent;
	sample->interrupted = now->interrupted;
	sample->bytes_sent = now->bytes_sent - before->bytes_sent;
	sample->bytes_received = now->bytes_received - before->bytes_received;
	sample->bytes_acked = now->bytes_acked - before->bytes_acked;
	sample->retransmits = now->retransmitted_segments - before->retransmitted_segments;
	if (now->cwnd_connections > 0)
		sample->cwnd_bytes = now->cwnd_bytes / now->cwnd_connections;
	const struct hist *response = difference(track, answers, scratch);
	sample->response_p50_ns = hist_percentile(response, 50);
	sample->response_p99_ns = hist_percentile(response, 99);
	sample->response_max_ns = hist_percentile(response, 100);
	const struct hist *rtt = difference(track, LATENCY_RTT, scratch);
	sample->rtt_p50_ns = hist_percentile(rtt, 50);
	sample->rtt_max_ns = hist_percentile(rtt, 100);
}

static void halve(struct sampler *sampler)
{
	for (int i = 0; i < PLAN_STREAMS; i++) {
		struct report_sample *samples = sampler->tracks[i].samples;
		for (uint32_t k = 0; samples && k < SAMPLES_MAX / 2; k++)
			samples[k] = report_sample_join(&samples[2 * k], &samples[2 * k + 1]);
	}
	sampler->count = SAMPLES_MAX / 2;
	sampler->ticks_a_sample *= 2;
}

static void read_now(struct sampler *sampler)
{
	for (int i = 0; i < PLAN_STREAMS; i++) {
		struct track *track = &sampler->tracks[i];
		if (!track->samples)
			continue;
		recorder_clear(track->now);
		(void)engine_read(sampler->engine, i, track->now);
	}
}

/* From what was read at the newest sample to what is read now. */
static void add_sample(struct sampler *sampler, int64_t at_ns, enum latency answers)
{
	if (sampler->count == SAMPLES_MAX)
		halve(sampler);
	for (int i = 0; i < PLAN_STREAMS; i++) {
		struct track *track = &sampler->tracks[i];
		if (!track->samples)
			continue;
		struct report_sample *sample = &track->samples[sampler->count];
		*sample = (struct report_sample){ .at_ns = at_ns };
		measure(sample, track, answers, sampler->scratch);
		recorder_clear(track->before);
		recorder_merge(track->before, track->now);
	}
	sampler->count++;
}

static int64_t moment_of(uint64_t tick)
{
	return (int64_t)((tick - WORKER_RAMP_TICK) * WORKER_TICK_NS);
}

void sampler_take(struct sampler *sampler, uint64_t tick)
{
	read_now(sampler);
	sampler->read_tick = tick;
	if (tick < sampler->last_tick + sampler->ticks_a_sample)
		return;
	add_sample(sampler, moment_of(tick), LATENCY_RESPONSE);
	sampler->last_tick = tick;
}

static void join_last_two(struct sampler *sampler)
{
	sampler->count--;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		struct report_sample *samples = sampler->tracks[i].samples;
		if (samples)
			samples[sampler->count - 1] = report_sample_join(
				&samples[sampler->count - 1], &samples[sampler->count]);
	}
}

void sampler_end(struct sampler *sampler, int64_t at_ns)
{
	int64_t rest_ns = at_ns - moment_of(sampler->last_tick);
	bool has_one = sampler->count > 0;
	read_now(sampler);
	/* At the end the bounds of all that is unanswered rise in the response: that is no answer
	 * of this moment. */
	add_sample(sampler, at_ns, LATENCY_SERVICE);
	if (has_one && rest_ns < (int64_t)(sampler->ticks_a_sample * WORKER_TICK_NS / 2))
		join_last_two(sampler);
}

const struct recorder *sampler_now(const struct sampler *sampler, enum plan_stream stream)
{
	return sampler->tracks[stream].now;
}

uint64_t sampler_tick(const struct sampler *sampler)
{
	return sampler->read_tick;
}

void sampler_give(const struct sampler *sampler, enum plan_stream stream, struct arena *arena,
		  struct report_stream *ret)
{
	const struct track *track = &sampler->tracks[stream];
	if (!track->samples || sampler->count == 0)
		return;
	size_t size = sampler->count * sizeof(*track->samples);
	ret->samples = arena_take(arena, size);
	memcpy(ret->samples, track->samples, size);
	ret->sample_count = sampler->count;
	ret->sample_interval_ns = sampler->ticks_a_sample * WORKER_TICK_NS;
}
