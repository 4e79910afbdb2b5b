#include "run/ping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/expect.h"
#include "metric/figures.h"
#include "metric/probe_series.h"
#include "net/loop.h"
#include "run/delivery.h"
#include "run/expectations.h"
#include "run/ping_report.h"
#include "run/ping_show.h"
#include "run/run.h"
#include "run/signals.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "view/sentence.h"

/* The first probe is due so far ahead, so that it is not late for what is still set up, and so much
 * for each target. */
#define BEGIN_AHEAD_NS  (5 * NS_PER_MS)
#define BEGIN_TARGET_NS (100 * NS_PER_US)

/* How often the table is rewritten. */
#define TABLE_NS (500 * NS_PER_MS)

/* Results that a target keeps, at least. */
#define KEPT_LEAST 40
#define KEPT_MOST  10000

struct ping_session {
	const struct ping *ping;
	struct expect_list expect;
	struct outputs outputs;
	struct report *report;
	struct loop *loop;
	struct signals signals;
	struct pinger *pinger;
	struct probe_series **series; /* one a target */
	struct ping_show *show;
	struct timer end;  /* of --wait */
	struct timer tick; /* of the table */
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t cpu_at_begin_ns;
	uint32_t down; /* targets that have not answered yet */
	bool is_interrupted;
	int exit_code;
};

static void worsen(struct ping_session *session, int exit_code)
{
	if (exit_code > session->exit_code)
		session->exit_code = exit_code;
}

/* ---- while it runs ---- */

/* What is in flight is not awaited any more. */
static void end_now(struct ping_session *session)
{
	session->end_ns = loop_read_clock(session->loop);
	loop_stop(session->loop);
}

static void leave_alone(struct ping_session *session, uint32_t target)
{
	struct report_stream *stream = &session->report->streams[target];
	char text[256 + URI_TEXT_MAX];
	if (stream->ping.is_stopped)
		return;
	stream->ping.is_stopped = true;
	pinger_stop_target(session->pinger, target);
	(void)snprintf(text, sizeof(text), "%s: %llu failures in a row, not looked at any more",
		       stream->target, (unsigned long long)session->ping->plan->max_failures);
	ping_show_tell(session->show, loop_read_clock(session->loop), text);
}

static void count_answer(struct ping_session *session, const struct probe_result *result)
{
	const struct probe_series *series = session->series[result->target];
	if (session->ping->plan->wait_ns == 0 || result->outcome != OUTCOME_DONE)
		return;
	pinger_stop_target(session->pinger, result->target);
	if (probe_series_counters(series)->received == 1 && --session->down == 0)
		end_now(session);
}

static void on_done(void *context, const struct probe_result *result)
{
	struct ping_session *session = context;
	struct probe_series *series = session->series[result->target];
	uint64_t max_failures = session->ping->plan->max_failures;
	probe_series_add(series, result);
	ping_show_probe(session->show, result);
	if (max_failures > 0 && probe_series_failures_in_a_row(series) >= max_failures)
		leave_alone(session, result->target);
	count_answer(session, result);
}

static void on_stray(void *context, uint32_t target, uint64_t number, enum probe_stray kind,
		     uint64_t after_ns)
{
	struct ping_session *session = context;
	(void)number;
	(void)after_ns;
	probe_series_stray(session->series[target], kind);
}

static void on_finished(void *context)
{
	end_now(context);
}

static void on_end(struct timer *timer)
{
	end_now(container_of(timer, struct ping_session, end));
}

static void on_tick(struct timer *timer)
{
	struct ping_session *session = container_of(timer, struct ping_session, tick);
	ping_show_tick(session->show);
	loop_set_timer(session->loop, timer, loop_now(session->loop) + TABLE_NS);
}

/* The first ends it regularly, and what is in flight is awaited; the second at once. */
static void on_signal(struct signals *signals, int number)
{
	struct ping_session *session = container_of(signals, struct ping_session, signals);
	(void)number;
	if (session->is_interrupted || session->ping->plan->wait_ns > 0) {
		session->is_interrupted = true;
		end_now(session);
		return;
	}
	session->is_interrupted = true;
	pinger_stop(session->pinger);
}

/* ---- before ---- */

static int check_expectations(struct ping_session *session, struct error *error)
{
	const struct report *report = session->report;
	struct expect_stream *streams = calloc(report->stream_count, sizeof(*streams));
	if (!streams)
		return error_set(error, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		streams[i] = (struct expect_stream){ stream->name, stream->kind, stream->transport,
						     figure_lacks_of(stream) };
	}
	int result = expectations_check(streams, report->stream_count, "--expect", error,
					&session->expect);
	free(streams);
	return result;
}

static int open_report(struct ping_session *session, struct error *error)
{
	const struct ping *ping = session->ping;
	int result = expectations_read(&ping->output->expect, "--expect", error, &session->expect);
	if (result >= 0)
		result = outputs_open(&session->outputs, ping->output, OUTPUT_PINGING, error);
	if (result >= 0 && ping->prepare)
		result = ping->prepare(ping->context, error);
	if (result < 0)
		return result;
	if (report_new(&session->report) < 0)
		return error_set(error, ENOMEM, "out of memory");
	ping_report_describe(ping, session->report);
	return check_expectations(session, error);
}

static int open_loop(struct ping_session *session, struct error *error)
{
	timer_init(&session->end, on_end);
	timer_init(&session->tick, on_tick);
	return signals_open_loop(&session->signals, NULL, on_signal, error, &session->loop);
}

static int open_pinger(struct ping_session *session, struct error *error)
{
	const struct ping_plan *plan = session->ping->plan;
	struct pinger_setup setup = {
		.loop = session->loop,
		.servers = plan->servers,
		.targets = plan->targets,
		.target_count = plan->target_count,
		.done = on_done,
		.stray = on_stray,
		.finished = on_finished,
		.context = session,
	};
	return pinger_new(&setup, error, &session->pinger);
}

static int open_series(struct ping_session *session)
{
	const struct ping_plan *plan = session->ping->plan;
	uint32_t kept = REPORT_PROBES_MAX / plan->target_count;
	kept = kept < KEPT_LEAST ? KEPT_LEAST : kept > KEPT_MOST ? KEPT_MOST : kept;
	session->series = calloc(plan->target_count, sizeof(void *));
	int result = session->series ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < plan->target_count && result >= 0; i++) {
		struct probe_series_setup setup = {
			.begin_ns = session->begin_ns,
			.is_datagram = ping_is_datagram(&plan->targets[i].target->uri),
			.kept_max = kept,
		};
		result = probe_series_new(&setup, &session->series[i]);
	}
	return result;
}

static int open_show(struct ping_session *session, struct error *error)
{
	session->begin_ns = loop_read_clock(session->loop) + BEGIN_AHEAD_NS +
			    session->ping->plan->target_count * BEGIN_TARGET_NS;
	session->report->started_unix_ns = clock_wall_at(session->begin_ns).unix_ns;
	struct ping_show_setup setup = {
		.ping = session->ping,
		.outputs = &session->outputs,
		.report = session->report,
		.begin_ns = session->begin_ns,
		.unix_ns = session->report->started_unix_ns,
	};
	int result = open_series(session);
	setup.series = session->series;
	if (result >= 0)
		result = ping_show_new(&setup, &session->show);
	return result < 0 ? error_set(error, -result, "out of memory") : 0;
}

static int open_session(struct ping_session *session, struct error *error)
{
	int result = open_report(session, error);
	if (result >= 0)
		result = open_loop(session, error);
	if (result >= 0)
		result = open_pinger(session, error);
	return result < 0 ? result : open_show(session, error);
}

static void close_session(struct ping_session *session)
{
	ping_show_free(session->show);
	pinger_free(session->pinger);
	for (uint32_t i = 0; session->series && i < session->ping->plan->target_count; i++)
		probe_series_free(session->series[i]);
	free(session->series);
	signals_close(&session->signals);
	loop_free(session->loop);
	outputs_close(&session->outputs);
	report_free(session->report);
}

/* ---- after ---- */

static int measure(struct ping_session *session, struct error *error)
{
	const struct ping_plan *plan = session->ping->plan;
	session->down = plan->target_count;
	session->cpu_at_begin_ns = cpu_used_ns();
	if (plan->wait_ns > 0)
		loop_set_timer(session->loop, &session->end, session->begin_ns + plan->wait_ns);
	if (ping_show_has_table(session->show))
		loop_set_timer(session->loop, &session->tick, session->begin_ns + TABLE_NS);
	pinger_start(session->pinger, session->begin_ns);
	int result = loop_run(session->loop, UINT64_MAX);
	ping_show_end(session->show);
	if (result < 0)
		return error_set(error, -result, "the event loop failed: %s",
				 strerrordesc_np(-result));
	return 0;
}

static void fill_stream(struct ping_session *session, uint32_t index)
{
	struct pinger_counts counts;
	pinger_counts(session->pinger, index, &counts);
	struct probe_series_schedule schedule = {
		.due = counts.due,
		.skipped = counts.skipped,
		.in_flight = counts.in_flight,
		.late_max_ns = counts.late_max_ns,
	};
	probe_series_give(session->series[index], &schedule, session->report,
			  &session->report->streams[index]);
}

static void fill_report(struct ping_session *session)
{
	struct report *report = session->report;
	report->has_nothing_answered = true;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		fill_stream(session, i);
		if (report->streams[i].totals.received > 0)
			report->has_nothing_answered = false;
	}
	report->duration_ns = session->end_ns - session->begin_ns;
	report->is_interrupted = session->is_interrupted;
	report->generator.cpu_seconds =
		(double)(cpu_used_ns() - session->cpu_at_begin_ns) / (double)NS_PER_S;
	expect_evaluate(&session->expect, report);
	sentence_build(report);
}

static void judge(struct ping_session *session)
{
	const struct report *report = session->report;
	bool is_down = session->ping->plan->wait_ns > 0 && session->down > 0;
	if (!expect_all_held(report) || report->has_nothing_answered || is_down)
		worsen(session, EXIT_NO);
	if (report_lacked(report) > 0)
		worsen(session, EXIT_UNABLE);
}

static void finish(struct ping_session *session)
{
	struct delivery delivery = { .command = session->ping->command,
				     .options = session->ping->output,
				     .outputs = &session->outputs,
				     .report = session->report };
	fill_report(session);
	judge(session);
	delivery_keep(&delivery);
	delivery_write(&delivery);
	worsen(session, delivery.exit_code);
}

int ping_measure(const struct ping *ping)
{
	struct ping_session session = { .ping = ping, .exit_code = EXIT_OK };
	struct error error = { .text = "" };
	signals_init(&session.signals);
	int result = open_session(&session, &error);
	if (result >= 0)
		result = measure(&session, &error);
	if (result < 0)
		worsen(&session, command_fail(ping->command, run_exit_code(result), &error));
	else
		finish(&session);
	close_session(&session);
	return session.exit_code;
}
