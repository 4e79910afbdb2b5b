#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/service.h"
#include "net/tls.h"
#include "run/build.h"
#include "run/report_head.h"
#include "run/session.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "sys/cpu_wait.h"
#include "sys/limits.h"
#include "view/sentence.h"

static uint64_t measured_ns(const struct session *session)
{
	const struct plan *plan = session->run->plan;
	if (!session->engine)
		return 0;
	uint64_t end_ns = engine_end_ns(session->engine);
	if (session->has_nothing_up || session->is_cut_in_ramp || end_ns == UINT64_MAX ||
	    end_ns <= session->begin_ns)
		return 0;
	uint64_t length_ns = end_ns - session->begin_ns;
	bool is_cut = plan->duration_ns && length_ns > plan->duration_ns;
	return is_cut ? plan->duration_ns : length_ns;
}

static void describe_run(const struct session *session, struct report *report)
{
	const struct run *run = session->run;
	report->target = arena_text(&report->arena, run->target);
	report_head_fill(report, run->command, run->options);
	report->started_unix_ns = session->started_unix_ns;
	report->duration_ns = measured_ns(session);
	report->planned_duration_ns = run->plan->duration_ns;
	report->reply_timeout_ns = run->plan->reply_timeout_ns;
	report->stall_after_ns = run->plan->stall_after_ns;
	report->is_interrupted = session->is_interrupted;
}

/* Where nothing is answered, a byte that was taken or came has to do. */
static uint64_t answers(const struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	bool is_one_way = strcmp(stream->kind, "service") != 0 &&
			  !stream->latency[LATENCY_SERVICE].is_measured;
	return is_one_way ? totals->bytes_sent + totals->bytes_received : totals->received;
}

/* No message was answered, in no stream that sends. */
static bool is_nothing_answered(const struct report *report)
{
	uint64_t count = 0;
	bool has_sender = false;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		has_sender |= strcmp(report->streams[i].kind, "service") != 0;
		count += answers(&report->streams[i]);
	}
	return has_sender && count == 0;
}

/* In the ramp of traffic only greetings are answered, in that of load nothing: who came up may
 * answer. What they show is no measurement. */
static void describe_ramp(const struct session *session, struct report *report)
{
	uint64_t greeted = 0;
	if (!session->is_cut_in_ramp)
		return;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		struct report_stream *stream = &report->streams[i];
		stream->is_measured = false;
		stream->reason = "interrupted while connecting";
		greeted += strcmp(stream->name, "load") == 0
				   ? stream->totals.connects
				   : stream->latency[LATENCY_FIRST_REPLY].count;
	}
	report->has_nothing_answered = greeted == 0;
}

static void add_limit(struct report *report, const char *name, uint64_t count)
{
	if (count > 0)
		report->limits[report->limit_count++] =
			(struct report_limit){ .name = name, .count = count };
}

/* Who was turned away for want of a descriptor, and who by the limit that was set, which is that of
 * descriptors where nobody set one. */
static void describe_limits(const struct session *session, uint64_t turned_away,
			    struct report *report)
{
	const struct report_stream *stream = report_stream(report, "served");
	uint64_t wanting = session->run->plan->serve.connections_max ? 0 : turned_away;
	for (uint32_t i = 0; stream && i < stream->error_count && wanting < turned_away; i++)
		if (stream->errors[i].outcome == OUTCOME_NO_DESCRIPTORS)
			wanting += stream->errors[i].count;
	report->limits = arena_take_array(&report->arena, 2, sizeof(*report->limits));
	add_limit(report, "max-connections", turned_away - wanting);
	add_limit(report, "descriptors", wanting);
}

static void describe_service(const struct session *session, struct report *report)
{
	struct service_totals sum = { 0 };
	if (!session->run->plan->serve.listen_count)
		return;
	for (unsigned i = 0; i < engine_workers(session->engine); i++) {
		struct service_totals totals = engine_worker(session->engine, i)->service;
		sum.drained += totals.drained;
		sum.cut_off += totals.cut_off;
		sum.turned_away += totals.turned_away;
	}
	report->drained = sum.drained;
	report->cut_off = sum.cut_off;
	if (session->end_ns)
		report->drain_ns = engine_done_ns(session->engine) - session->end_ns;
	describe_limits(session, sum.turned_away, report);
}

static void describe_tls(const struct tls_client *client, struct report *report)
{
	struct arena *arena = &report->arena;
	struct tls_figures figures;
	if (!client)
		return;
	tls_client_describe(client, &figures);
	report->has_tls = true;
	report->tls = (struct report_tls){
		.version = arena_text(arena, figures.version),
		.cipher = arena_text(arena, figures.cipher),
		.protocol = figures.alpn[0] ? arena_text(arena, figures.alpn) : NULL,
		.is_verified = !figures.is_unverified,
		.handshakes = figures.handshakes,
		.resumed = figures.resumed,
		.cut_short = figures.cut_short,
		.complaint = arena_text(arena, tls_client_complaint(client)),
	};
}

void session_fill_report(struct session *session)
{
	struct report *report = session->report;
	struct build build = {
		.engine = session->engine,
		.plan = session->run->plan,
		.sampler = session->sampler,
		.target = session->run->target,
		.begin_ns = session->begin_ns,
		.cpu_used_ns =
			cpu_used_ns() + engine_cpu_ns(session->engine) - session->cpu_at_begin_ns,
		.throttled_ns = cpu_throttled_ns() - session->throttled_at_begin_ns,
	};
	describe_run(session, report);
	build_report(&build, report);
	hand_give(&session->hand, report);
	marks_give(session->marks, session->engine, report);
	describe_service(session, report);
	describe_tls(session->run->plan->tls, report);
	report->generator.listen_overflows =
		limits_listen_overflows() - session->overflows_at_begin;
	report->generator.listen_queue = limits_listen_queue();
	push_give(session->push, report);
	report->has_nothing_answered = is_nothing_answered(report);
	describe_ramp(session, report);
	if (session->run->receiver)
		receiver_ask_all(session->run->receiver, session->engine, report);
	expect_evaluate(&session->expect, report);
	sentence_build(report);
}

/* The record of a run that could not begin. */
void session_fill_unmeasured(struct session *session, int code, const struct error *error)
{
	struct report *report = session->report;
	bool is_answer = run_exit_code(code) == EXIT_NO;
	session->started_unix_ns = clock_wall_at(clock_monotonic_ns()).unix_ns;
	describe_run(session, report);
	report->not_measured = arena_text(&report->arena, error->text);
	build_unmeasured(session->run->plan,
			 is_answer ? OUTCOME_NOT_RESOLVED : outcome_from_errno(-code), report);
	expect_evaluate(&session->expect, report);
	sentence_build(report);
}
