#include "run/path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "metric/expect.h"
#include "metric/report.h"
#include "metric/report_hops.h"
#include "net/datagram.h"
#include "net/loop.h"
#include "net/stream.h"
#include "probe/path_back.h"
#include "probe/path_mtu.h"
#include "probe/path_tcp.h"
#include "probe/pmtu.h"
#include "run/delivery.h"
#include "run/expectations.h"
#include "run/path_progress.h"
#include "run/report_head.h"
#include "run/run.h"
#include "run/signals.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "sys/limits.h"
#include "view/sentence.h"

/* Times of a probe's time-out. A kernel that looks for the size itself begins to after its fourth
 * or fifth retransmission, 3.0 or 6.2 s after the first. */
#define TCP_PATIENCE         5
#define TCP_PROBING_PATIENCE 8

struct session {
	const struct path_run *run;
	struct expect_list expect;
	struct outputs outputs;
	struct report *report;
	struct loop *loop;
	struct signals signals;
	struct endpoint remote;
	struct path_far_end far_end;
	struct path_mtu *mtu;
	struct path_tcp_probe *tcp;
	unsigned under_way;
	struct path_progress progress;
	uint64_t began_ns;
	uint64_t cpu_at_begin_ns;
	uint64_t mtu_probing; /* as struct path_tcp has it */
	bool is_interrupted;
	int exit_code;
};

static void worsen(struct session *session, int exit_code)
{
	if (exit_code > session->exit_code)
		session->exit_code = exit_code;
}

/* ---- before ---- */

static int read_expectations(struct session *session, struct error *error)
{
	static const struct expect_stream whole = { "run", "path", "", 0 };
	int result = expectations_read(&session->run->output->expect, "--expect", error,
				       &session->expect);
	return result < 0 ? result
			  : expectations_check(&whole, 1, "--expect", error, &session->expect);
}

static int find_target(struct session *session, struct error *error)
{
	const struct path_run *run = session->run;
	struct resolved resolved = { 0 };
	int result = resolve_target(run->uri, &run->resolving, error, &resolved);
	if (result < 0)
		return result;
	session->remote = resolved.endpoints[0];
	if (run->source.family && run->source.family != session->remote.family)
		return error_set(error, EINVAL, "--source: %s is reached over IPv%c only",
				 run->uri->host, session->remote.family == AF_INET ? '4' : '6');
	return 0;
}

static int find_far_end(struct session *session, struct error *error)
{
	struct receiver_plan *plan = session->run->far_end;
	int result = receiver_prepare(plan, error);
	session->far_end = (struct path_far_end){
		.is_off = plan->mode == RECEIVER_OFF,
		.place = plan->mode == RECEIVER_PLACE ? plan->place : session->remote,
		.stream = &stream_tcp,
	};
	if (plan->mode != RECEIVER_PLACE)
		session->far_end.place.port = service_port(SERVICE_CONTROL);
	memcpy(session->far_end.token, plan->token, sizeof(session->far_end.token));
	return result;
}

static void on_signal(struct signals *signals, int number)
{
	struct session *session = container_of(signals, struct session, signals);
	(void)number;
	session->is_interrupted = true;
	loop_stop(session->loop);
}

static void on_over(void *context)
{
	struct session *session = context;
	if (--session->under_way == 0)
		loop_stop(session->loop);
}

/* Where there is no way at all that is an answer; and nothing of it is wrong usage. */
static int cannot_send(const struct session *session, int code, struct error *error)
{
	bool is_answer = code == ENETUNREACH || code == EHOSTUNREACH || code == EINVAL;
	char source[ENDPOINT_TEXT_MAX];
	if (session->run->source.family && (code == EADDRNOTAVAIL || code == EADDRINUSE))
		return error_set(error, code, "--source: cannot send from %s: %s",
				 endpoint_format_address(&session->run->source, source),
				 strerrordesc_np(code));
	return error_set(error, is_answer ? EHOSTUNREACH : code, "cannot send to %s: %s",
			 session->run->uri->text, strerrordesc_np(code));
}

static int open_mtu(struct session *session, struct error *error)
{
	const struct path_run *run = session->run;
	uint32_t number = 0;
	int result = getentropy(&number, sizeof(number)) < 0 ? -errno : 0;
	struct path_mtu_setup setup = {
		.loop = session->loop,
		.remote = session->remote,
		.source = run->source,
		.max_bytes = run->max_bytes,
		.step_bytes = run->is_exact ? 1 : PMTU_STEP_BYTES,
		.timeout_ns = run->timeout_ns,
		.run = number,
		.far_end = &session->far_end,
		.datagram = &datagram_udp,
		.over = on_over,
		.context = session,
	};
	if (result >= 0)
		result = path_mtu_new(&setup, &session->mtu);
	return result < 0 ? cannot_send(session, -result, error) : 0;
}

static int open_tcp(struct session *session, struct error *error)
{
	const struct path_run *run = session->run;
	(void)!limits_read_number("/proc/sys/net/ipv4/tcp_mtu_probing", &session->mtu_probing);
	struct path_tcp_setup setup = {
		.loop = session->loop,
		.remote = session->remote,
		.source = run->source,
		.connect_timeout_ns = TCP_PATIENCE * run->timeout_ns,
		.patience_ns = run->timeout_ns *
			       (session->mtu_probing ? TCP_PROBING_PATIENCE : TCP_PATIENCE),
		.stream = &stream_tcp,
		.over = on_over,
		.context = session,
	};
	int result = path_tcp_new(&setup, &session->tcp);
	return result < 0 ? error_set(error, -result, "out of memory") : 0;
}

/* What was typed comes first: nothing is sent if it is wrong. */
static int open_session(struct session *session, struct error *error)
{
	int result = read_expectations(session, error);
	if (result >= 0)
		result = outputs_open(&session->outputs, session->run->output, OUTPUT_PATH, error);
	if (result >= 0 && report_new(&session->report) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	if (result >= 0)
		result = find_target(session, error);
	if (result >= 0)
		result = find_far_end(session, error);
	if (result >= 0)
		result = signals_open_loop(&session->signals, NULL, on_signal, error,
					   &session->loop);
	if (result >= 0)
		result = open_mtu(session, error);
	return result < 0 ? result : open_tcp(session, error);
}

static void close_session(struct session *session)
{
	path_tcp_free(session->tcp);
	path_mtu_free(session->mtu);
	signals_close(&session->signals);
	loop_free(session->loop);
	outputs_close(&session->outputs);
	report_free(session->report);
}

/* ---- while it runs ---- */

/* With the ports of the search, which are free now. */
static int trace_hops(struct session *session, struct error *error)
{
	const struct path_run *run = session->run;
	const struct path_result *path = &session->report->path;
	struct path_hops_run hops = {
		.plan = &run->hops,
		.loop = session->loop,
		.uri = run->uri,
		.remote = session->remote,
		.source = run->source,
		.udp_source = path->local,
		.full_bytes = (uint32_t)path->forward.full_bytes,
		.timeout_ns = run->timeout_ns,
		.is_interrupted = &session->is_interrupted,
		.progress = &session->progress,
	};
	return path_hops_trace(&hops, session->report, error);
}

/* What they found is in the report, and their ports are free. */
static void end_probes(struct session *session)
{
	struct report *report = session->report;
	path_mtu_stop(session->mtu);
	path_tcp_stop(session->tcp);
	path_mtu_describe(session->mtu, &report->arena, &report->path);
	path_tcp_describe(session->tcp, &report->arena, &report->path.tcp);
	if (!session->run->has_tcp)
		report->path.tcp.reason = "what serves there is no echo";
	path_mtu_free(session->mtu);
	path_tcp_free(session->tcp);
	session->mtu = NULL;
	session->tcp = NULL;
}

static int measure(struct session *session, struct error *error)
{
	session->began_ns = loop_read_clock(session->loop);
	session->cpu_at_begin_ns = cpu_used_ns();
	path_progress_start(&session->progress, session->loop, session->run->output);
	path_progress_stage(&session->progress, "the largest packet each way, and TCP", NULL);
	session->under_way = session->run->has_tcp ? 2 : 1;
	path_mtu_start(session->mtu);
	if (session->run->has_tcp)
		path_tcp_start(session->tcp);
	int result = loop_run(session->loop, UINT64_MAX);
	end_probes(session);
	if (result < 0)
		return error_set(error, -result, "the event loop failed: %s",
				 strerrordesc_np(-result));
	return session->is_interrupted ? 0 : trace_hops(session, error);
}

/* ---- after ---- */

static void fill_head(struct session *session)
{
	struct report *report = session->report;
	uint64_t began_ns = session->began_ns ? session->began_ns : clock_monotonic_ns();
	report->target = arena_text(&report->arena, session->run->uri->text);
	report_head_fill(report, session->run->command, session->run->options);
	report->started_unix_ns = clock_wall_at(began_ns).unix_ns;
	report->reply_timeout_ns = session->run->timeout_ns;
	report->is_interrupted = session->is_interrupted;
	report->generator.cpus = cpu_count();
	report->has_path = true;
}

static void finish_report(struct session *session)
{
	expect_evaluate(&session->expect, session->report);
	sentence_build(session->report);
}

/* Routers on the way are not what was asked. */
static bool is_reached(const struct report_hops *hops)
{
	for (uint32_t i = 0; i < hops->path_count; i++) {
		if (hops->paths[i].is_reached)
			return true;
	}
	return false;
}

static bool is_reached_by_any(const struct path_result *path)
{
	for (uint32_t i = 0; i < path->hops_count; i++) {
		if (is_reached(&path->hops[i]))
			return true;
	}
	return false;
}

static void fill_report(struct session *session)
{
	struct report *report = session->report;
	struct path_result *path = &report->path;
	fill_head(session);
	report->duration_ns = loop_read_clock(session->loop) - session->began_ns;
	report->generator.cpu_seconds =
		(double)(cpu_used_ns() - session->cpu_at_begin_ns) / (double)NS_PER_S;
	path->tcp.mtu_probing = session->mtu_probing;
	report->has_nothing_answered =
		!path->forward.told_by && !path->tcp.is_measured && !is_reached_by_any(path);
	finish_report(session);
}

static void deliver(struct session *session)
{
	struct delivery delivery = { .command = session->run->command,
				     .options = session->run->output,
				     .outputs = &session->outputs,
				     .report = session->report };
	if (!session->report->not_measured)
		delivery_keep(&delivery);
	delivery_write(&delivery);
	worsen(session, delivery.exit_code);
}

static void finish(struct session *session)
{
	fill_report(session);
	if (!expect_all_held(session->report) || session->report->has_nothing_answered)
		worsen(session, EXIT_NO);
	path_progress_stop(&session->progress);
	deliver(session);
}

static void give_up(struct session *session, int code, const struct error *error)
{
	enum exit_code exit_code = run_exit_code(code);
	path_progress_stop(&session->progress);
	worsen(session, command_fail(session->run->command, exit_code, error));
	if (!session->report || code == -EINVAL)
		return;
	fill_head(session);
	session->report->not_measured = arena_text(&session->report->arena, error->text);
	session->report->has_nothing_answered = exit_code == EXIT_NO;
	finish_report(session);
	deliver(session);
}

int path_measure(const struct path_run *run)
{
	struct session session = { .run = run, .exit_code = EXIT_OK };
	struct error error = { .text = "" };
	signals_init(&session.signals);
	int result = open_session(&session, &error);
	if (result >= 0)
		result = measure(&session, &error);
	if (result < 0)
		give_up(&session, result, &error);
	else
		finish(&session);
	close_session(&session);
	return session.exit_code;
}
