#include "run/build.h"

#include <stdlib.h>

#include "base/units.h"
#include "engine/flows.h"
#include "metric/report_latency.h"
#include "metric/report_tcp.h"
#include "run/build_intervals.h"
#include "run/build_slots.h"
#include "sys/cpu.h"

/* Which histograms a stream fills. */
static bool has_latency(const struct plan *plan, enum plan_stream stream, enum latency latency)
{
	bool has_connections = stream == PLAN_NEW || (stream == PLAN_PERSISTENT &&
						      plan->slots.transport == TRANSPORT_TCP);
	switch (latency) {
	case LATENCY_RESPONSE:
	case LATENCY_SERVICE:
	case LATENCY_SEND_ERROR:
		return stream != PLAN_SERVED;
	case LATENCY_CONNECT:
	case LATENCY_FIRST_REPLY:
		return has_connections;
	default:
		return has_connections && stream == PLAN_PERSISTENT;
	}
}

static int compare_errors(const void *left, const void *right)
{
	const struct report_error *a = left;
	const struct report_error *b = right;
	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

static void build_errors(const struct build *build, const struct recorder *recorder,
			 struct report *report, struct report_stream *stream)
{
	stream->errors = arena_take_array(&report->arena, ERROR_ROWS_MAX, sizeof(*stream->errors));
	for (int i = 0; i < ERROR_ROWS_MAX; i++) {
		const struct error_row *row = &recorder->errors[i];
		if (row->count == 0)
			continue;
		stream->errors[stream->error_count++] = (struct report_error){
			.phase = row->phase,
			.outcome = row->outcome,
			.code = row->code,
			.count = row->count,
			.first_ns = (int64_t)(row->first_ns - build->begin_ns),
			.last_ns = (int64_t)(row->last_ns - build->begin_ns),
		};
	}
	qsort(stream->errors, stream->error_count, sizeof(*stream->errors), compare_errors);
}

struct stream_shape {
	const char *kind;
	enum transport transport;
	uint64_t slots;
	uint64_t message_bytes;
	double rate_per_second;
	uint64_t paced; /* slots or flows that share the rate */
};

static struct stream_shape shape_of(const struct plan *plan, enum plan_stream stream)
{
	switch (stream) {
	case PLAN_PERSISTENT:
		return (struct stream_shape){ "slots",
					      plan->slots.transport,
					      plan->slots.count,
					      plan->slots.message_bytes,
					      plan->slots.rate_per_second,
					      plan->slots.count };
	case PLAN_NEW:
		return (struct stream_shape){ "attempts",
					      TRANSPORT_TCP,
					      0,
					      plan->attempts.message_bytes,
					      plan->attempts.rate_per_second,
					      1 };
	case PLAN_PATH:
		return (struct stream_shape){ "probes",
					      TRANSPORT_UDP,
					      plan->path.flows,
					      plan->path.message_bytes,
					      plan->path.rate_per_second * plan->path.flows,
					      plan->path.flows };
	default:
		return (struct stream_shape){ "service", TRANSPORT_TCP, 0, 0, 0, 0 };
	}
}

static void describe(const struct plan *plan, enum plan_stream which, const char *target,
		     struct report_stream *stream)
{
	struct stream_shape shape = shape_of(plan, which);
	stream->name = plan_stream_name(which);
	stream->kind = shape.kind;
	stream->target = target;
	stream->transport = transport_name(shape.transport);
	stream->slots = shape.slots;
	stream->message_bytes = shape.message_bytes;
	stream->is_measured = true;
	stream->schedule.is_open_loop = shape.rate_per_second > 0;
	stream->schedule.rate_per_second = shape.rate_per_second;
	if (shape.rate_per_second > 0)
		stream->schedule.interval_ns =
			(uint64_t)((double)NS_PER_S * (double)shape.paced / shape.rate_per_second);
}

/* Why the path has no record. */
static void explain_path(const struct build *build, struct report *report,
			 struct report_stream *stream)
{
	struct flows_state state = flows_path_state(engine_worker(build->engine, 0));
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
	const struct attempt_log *log = &engine_worker(build->engine, 0)->attempts;
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
	struct report_stream *stream = &report->streams[report->stream_count++];
	describe(build->plan, which, build->target, stream);
	stream->totals = recorder->counters;
	for (int i = 0; i < LATENCY_COUNT; i++)
		if (has_latency(build->plan, which, i))
			stream->latency[i] =
				report_latency_of(recorder_hist(recorder, i), &report->arena);
	if (which == PLAN_PATH)
		explain_path(build, report, stream);
	build_errors(build, recorder, report, stream);
	build_tcp(build, recorder, report, stream);
	build_intervals(build, which, report, stream);
	if (which == PLAN_PERSISTENT)
		build_slots(build, report, stream);
	if (which == PLAN_NEW)
		build_attempts(build, report, stream);
	sampler_give(build->sampler, which, &report->arena, stream);
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
		struct report_stream *stream = &report->streams[report->stream_count++];
		describe(plan, i, report->target, stream);
		stream->is_measured = false;
		stream->reason = report->not_measured;
	}
	report->streams[0].errors = error;
	report->streams[0].error_count = 1;
	report->has_nothing_answered = true;
	report->generator.cpus = cpu_count();
}
