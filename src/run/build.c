#include "run/build.h"

#include <stdlib.h>

#include "base/units.h"
#include "engine/script.h"
#include "metric/report_datagrams.h"
#include "metric/report_errors.h"
#include "metric/report_latency.h"
#include "metric/report_tcp.h"
#include "run/build_intervals.h"
#include "run/build_processes.h"
#include "run/build_slots.h"
#include "sys/cpu.h"

/* What the stream's connections say; NULL: an echo of traffic's. */
static const struct script *script_of(const struct plan *plan, enum plan_stream stream)
{
	const struct plan_target *target =
		stream == PLAN_PROBE ? plan->probe_target : plan->targets;
	return target ? target->script : NULL;
}

static bool is_of_slots(enum plan_stream stream)
{
	return stream == PLAN_PERSISTENT || stream == PLAN_LOAD || stream == PLAN_PROBE;
}

/* Over TCP, with TLS on it or without; what the connection is of. */
static enum transport transport_of(const struct plan *plan, enum plan_stream stream)
{
	if (stream == PLAN_PATH)
		return TRANSPORT_UDP;
	if (stream == PLAN_SERVED)
		return TRANSPORT_TCP;
	return stream == PLAN_PROBE ? plan->probe.transport : plan->slots.transport;
}

static bool is_paced(const struct plan *plan, enum plan_stream stream)
{
	if (stream == PLAN_PROBE)
		return plan->probe.rate_per_second > 0;
	return !is_of_slots(stream) || plan->slots.rate_per_second > 0;
}

static bool is_one_way(const struct plan *plan, enum plan_stream stream)
{
	return stream == plan->slots_stream && plan_is_one_way(plan);
}

/* Which histograms a stream fills. */
static bool has_latency(const struct plan *plan, enum plan_stream stream, enum latency latency)
{
	bool is_receiving = is_one_way(plan, stream) && plan->slots.is_receiving;
	const struct script *script = script_of(plan, stream);
	bool is_answered = stream != PLAN_SERVED && (!script || script->is_answered);
	bool is_connected = stream != PLAN_PATH && stream != PLAN_SERVED &&
			    transport_of(plan, stream) != TRANSPORT_UDP;
	switch (latency) {
	case LATENCY_RESPONSE:
		return is_answered && is_paced(plan, stream);
	case LATENCY_SERVICE:
		return is_answered;
	case LATENCY_SEND_ERROR:
		return stream != PLAN_SERVED && is_paced(plan, stream) && !is_receiving;
	case LATENCY_DELAY_VARIATION: /* of echoes where the peer stamps them */
		return is_receiving || (is_answered && stream == PLAN_LOAD &&
					transport_of(plan, stream) == TRANSPORT_UDP);
	case LATENCY_CONNECT:
		return is_connected;
	case LATENCY_FIRST_REPLY:
		return is_connected && is_answered;
	case LATENCY_TLS:
		return is_connected && transport_of(plan, stream) == TRANSPORT_TLS;
	case LATENCY_UPGRADE:
		return is_connected && script && script->ws;
	case LATENCY_FIRST_BYTE:
		return is_connected && is_answered && stream != PLAN_NEW && script &&
		       script->message_bytes == 0;
	case LATENCY_RTT:
		return is_connected && is_of_slots(stream);
	default:
		return false;
	}
}

/* Are the slots' datagrams counted here: echoes, or what source sends? */
static bool counts_datagrams(const struct plan *plan, enum plan_stream stream)
{
	return stream == plan->slots_stream && plan->slots.transport == TRANSPORT_UDP &&
	       (plan->slots.is_receiving || !plan_is_one_way(plan));
}

/* Of an echo it is not known which host dropped it: the way there is the peer's to tell. */
static void build_datagrams(const struct build *build, struct report_stream *stream)
{
	struct bursts bursts = { 0 };
	struct datagram_losses losses = {
		.counted_by = "here",
		.sent = stream->totals.sent,
		.unique = stream->totals.sent - stream->totals.lost,
		.bursts = &bursts,
		.interval_ns = stream->schedule.interval_ns,
		.has_overflows = build->plan->slots.is_receiving,
		.overflows = stream->totals.queue_overflows,
		.merged = stream->totals.received_merged,
	};

	for (unsigned i = 0; i < engine_workers(build->engine); i++)
		bursts_merge(&bursts, &engine_worker(build->engine, i)->logs.bursts);
	stream->datagrams = report_datagrams_of(&losses);
}

struct stream_shape {
	const char *kind;
	uint64_t slots;
	uint64_t message_bytes;
	double rate_per_second;
	uint64_t paced; /* slots or flows that share the rate */
};

static struct stream_shape shape_of_slots(const char *kind, const struct plan_slots *slots)
{
	return (struct stream_shape){ kind, slots->count, slots->message_bytes,
				      slots->rate_per_second, slots->count };
}

static struct stream_shape shape_of(const struct plan *plan, enum plan_stream stream)
{
	switch (stream) {
	case PLAN_PERSISTENT:
	case PLAN_LOAD:
		return shape_of_slots("slots", &plan->slots);
	case PLAN_PROBE:
		return shape_of_slots("probe", &plan->probe);
	case PLAN_NEW:
		return (struct stream_shape){ "attempts", 0, plan->slots.message_bytes,
					      plan->attempts.rate_per_second, 1 };
	case PLAN_PATH:
		return (struct stream_shape){ "probes", plan->path.flows, plan->path.message_bytes,
					      plan->path.rate_per_second * plan->path.flows,
					      plan->path.flows };
	default:
		return (struct stream_shape){ "service", 0, 0, 0, 0 };
	}
}

void build_describe(const struct plan *plan, enum plan_stream which, const char *target,
		    struct report_stream *stream)
{
	struct stream_shape shape = shape_of(plan, which);
	bool is_probe = which == PLAN_PROBE && plan->probe_target;
	*stream = (struct report_stream){
		.name = plan_stream_name(which),
		.kind = shape.kind,
		.target = is_probe ? plan->probe_target->text : target,
		.transport = transport_name(transport_of(plan, which)),
		.slots = shape.slots,
		.message_bytes = shape.message_bytes,
		.is_measured = true,
		.schedule.is_open_loop = shape.rate_per_second > 0,
		.schedule.rate_per_second = shape.rate_per_second,
	};
	/* One that changes has none. */
	if (shape.rate_per_second > 0 && !(is_of_slots(which) && plan->slots.ramp))
		stream->schedule.interval_ns =
			(uint64_t)((double)NS_PER_S * (double)shape.paced / shape.rate_per_second);
	for (int i = 0; i < LATENCY_COUNT; i++)
		stream->latency[i].is_measured = has_latency(plan, which, i);
	if (counts_datagrams(plan, which))
		stream->datagrams.counted_by = "here";
}

/* Why the path has no record. */
static void explain_path(const struct build *build, struct report *report,
			 struct report_stream *stream)
{
	struct flows_state state = engine_worker(build->engine, 0)->path;
	if (state.verdict == FLOWS_MEASURED)
		return;
	stream->is_measured = false;
	stream->reason = state.verdict == FLOWS_UNANSWERED
				 ? arena_format(&report->arena, "%u datagram%s unanswered",
						state.tried, state.tried == 1 ? "" : "s")
				 : "no TCP reply carried a host name";
}

static int compare_attempts(const void *left, const void *right)
{
	const struct report_attempt *a = left;
	const struct report_attempt *b = right;
	return a->at_ns < b->at_ns ? -1 : a->at_ns > b->at_ns;
}

/* One worker has them all. */
static void build_attempts(const struct build *build, struct report *report,
			   struct report_stream *stream)
{
	const struct attempt_log *log = &engine_worker(build->engine, 0)->logs.attempts;
	uint32_t count = log->answered + log->failed;
	stream->attempts = arena_take_array(&report->arena, count + 1, sizeof(*stream->attempts));
	for (uint32_t i = 0; i < count; i++) {
		const struct attempt_record *from = attempt_log_at(log, i);
		bool is_answered = from->outcome == OUTCOME_DONE;
		stream->attempts[i] = (struct report_attempt){
			.at_ns = (int64_t)(from->due_ns - build->begin_ns),
			.reply_ns = is_answered ? from->took_ns : 0,
			.failed_ns = is_answered ? 0 : from->took_ns,
			.outcome = from->outcome,
		};
	}
	qsort(stream->attempts, count, sizeof(*stream->attempts), compare_attempts);
	stream->attempt_count = count;
	stream->attempts_omitted = log->omitted;
}

static void build_tcp(const struct build *build, const struct recorder *recorder,
		      struct report *report, struct report_stream *stream)
{
	const struct socket_options *asked = &build->plan->socket_options;
	if (recorder->tcp.connections == 0)
		return;
	report_tcp_fill(&report->arena, &recorder->tcp, &stream->tcp);
	stream->tcp.send_buffer_asked_bytes = (uint64_t)asked->send_buffer_bytes;
	stream->tcp.receive_buffer_asked_bytes = (uint64_t)asked->receive_buffer_bytes;
}

static void build_stream(const struct build *build, enum plan_stream which, struct report *report,
			 struct recorder *recorder)
{
	struct report_stream *stream = report_add_stream(report);
	build_describe(build->plan, which, build->target, stream);
	stream->totals = recorder->counters;
	for (int i = 0; i < LATENCY_COUNT; i++)
		if (stream->latency[i].is_measured)
			stream->latency[i] =
				report_latency_of(recorder_hist(recorder, i), &report->arena);
	if (stream->latency[LATENCY_DELAY_VARIATION].count == 0 && !build->plan->slots.is_receiving)
		stream->latency[LATENCY_DELAY_VARIATION].is_measured = false;
	if (which == PLAN_PATH)
		explain_path(build, report, stream);
	if (counts_datagrams(build->plan, which))
		build_datagrams(build, stream);
	report_errors_fill(report, stream, recorder->errors, build->begin_ns);
	report_statuses_fill(report, stream, recorder->statuses);
	build_tcp(build, recorder, report, stream);
	build_intervals(build, which, report, stream);
	if (which == build->plan->slots_stream)
		build_slots(build, report, stream);
	if (which == PLAN_NEW)
		build_attempts(build, report, stream);
	sampler_give(build->sampler, which, &report->arena, stream);
}

static double share_of_time(uint64_t ns, uint64_t duration_ns)
{
	return duration_ns > 0 ? (double)ns / (double)duration_ns : 0;
}

/* The most that one worker used of a cpu, and waited for one. */
static void build_cpu(const struct build *build, uint64_t duration_ns,
		      struct report_generator *generator)
{
	uint64_t used_ns = 0;
	uint64_t waited_ns = 0;
	for (unsigned i = 0; i < engine_workers(build->engine); i++) {
		const struct worker *worker = engine_worker(build->engine, i);
		used_ns = worker->cpu_used_ns > used_ns ? worker->cpu_used_ns : used_ns;
		waited_ns = worker->cpu_waited_ns > waited_ns ? worker->cpu_waited_ns : waited_ns;
	}
	generator->worker_cpu_max = share_of_time(used_ns, duration_ns);
	generator->worker_wait_max = share_of_time(waited_ns, duration_ns);
	generator->throttled = share_of_time(build->throttled_ns, duration_ns);
}

static void build_generator(const struct build *build, struct report *report)
{
	struct report_generator *generator = &report->generator;
	struct hist *lag = calloc(1, hist_size(HIST_STREAM_RANGE));
	if (lag) {
		hist_init(lag, HIST_STREAM_RANGE);
		for (unsigned i = 0; i < engine_workers(build->engine); i++)
			hist_merge(lag, engine_worker(build->engine, i)->lag);
		generator->loop_lag_p99_ns = hist_percentile(lag, 99);
		generator->loop_lag_max_ns = lag->maximum;
		free(lag);
	}
	generator->cpus = cpu_count();
	build_cpu(build, report->duration_ns, generator);
	generator->pairs = build->plan->far_ends ? build->plan->workers : 0;
	generator->cpu_seconds = (double)build->cpu_used_ns / NS_PER_S;
	generator->events_dropped = engine_events_dropped(build->engine);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		generator->receive_queue_overflows += stream->totals.queue_overflows;
		if (stream->latency[LATENCY_SEND_ERROR].p99_ns > generator->send_error_p99_ns)
			generator->send_error_p99_ns = stream->latency[LATENCY_SEND_ERROR].p99_ns;
	}
}

void build_report(const struct build *build, struct report *report)
{
	struct recorder *recorder = NULL;
	if (recorder_new(&recorder) < 0)
		abort();
	for (int i = 0; i < PLAN_STREAMS; i++) {
		recorder_clear(recorder);
		if (engine_read(build->engine, i, recorder))
			build_stream(build, i, report, recorder);
	}
	recorder_free(recorder);
	build_connections(build, report);
	build_generator(build, report);
	build_processes(build, report);
}

void build_unmeasured(const struct plan *plan, enum outcome outcome, struct report *report)
{
	bool is_name = outcome == OUTCOME_NOT_RESOLVED;
	struct report_error *error = arena_take(&report->arena, sizeof(*error));
	*error = (struct report_error){ .phase = is_name ? PHASE_RESOLVE : PHASE_CONNECT,
					.outcome = outcome,
					.count = 1 };
	for (int i = 0; i < PLAN_STREAMS; i++) {
		if (!plan_has_stream(plan, i))
			continue;
		struct report_stream *stream = report_add_stream(report);
		build_describe(plan, i, report->target, stream);
		stream->is_measured = false;
		stream->reason = report->not_measured;
	}
	report->streams[0].errors = error;
	report->streams[0].error_count = 1;
	report->has_nothing_answered = true;
	report->generator.cpus = cpu_count();
}
