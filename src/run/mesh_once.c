/* `mesh --once`: every peer for a while, then a report. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cli/message.h"
#include "metric/expect.h"
#include "metric/report.h"
#include "metric/report_mesh.h"
#include "net/loop.h"
#include "run/delivery.h"
#include "run/expectations.h"
#include "run/mesh.h"
#include "run/mesh_keeper.h"
#include "run/report_head.h"
#include "run/run.h"
#include "run/signals.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "view/sentence.h"

/* How long sources have to tell the first peers. */
#define SETTLE_NS (10 * NS_PER_S)
#define POLL_NS   (50 * NS_PER_MS)
/* Behind the last probe, for what is in flight and the services to end; then it is reported. */
#define END_NS (10 * NS_PER_S)

struct session {
	const struct mesh_run *run;
	struct expect_list expect;
	struct outputs outputs;
	struct report *report;
	struct loop *loop;
	struct signals signals;
	struct mesh_keeper *keeper;
	struct timer poll;
	struct timer end;
	uint64_t opened_ns;
	uint64_t began_ns; /* peers are known; 0: not yet */
	uint64_t ended_ns;
	uint64_t cpu_at_begin_ns;
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
	struct expect_stream streams[MESH_PROBES + 1];
	unsigned probes = session->run->plan->settings.probes;
	size_t count = 0;

	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		const char *transport = i == MESH_UDP ? "udp" : "tcp";
		struct report_stream stream = { .kind = "mesh", .transport = transport };
		if (probes & 1u << i)
			streams[count++] =
				(struct expect_stream){ mesh_probe_name(i), "mesh", transport,
							figure_lacks_of(&stream) };
	}
	streams[count++] = (struct expect_stream){ "run", "mesh", "", 0 };
	int result = expectations_read(&session->run->output->expect, "--expect", error,
				       &session->expect);
	return result < 0 ? result
			  : expectations_check(streams, count, "--expect", error, &session->expect);
}

/* ---- while it runs ---- */

static void end_now(struct session *session)
{
	uint64_t now_ns = loop_read_clock(session->loop);

	if (session->ended_ns)
		return;
	session->ended_ns = now_ns;
	loop_clear_timer(session->loop, &session->poll);
	loop_set_timer(session->loop, &session->end, now_ns + END_NS);
	mesh_keeper_stop(session->keeper);
}

static void on_end(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, end);

	if (session->ended_ns)
		loop_stop(session->loop);
	else
		end_now(session);
}

/* Peers are known: the time runs from here. */
static void begin(struct session *session)
{
	session->began_ns = loop_read_clock(session->loop);
	loop_set_timer(session->loop, &session->end,
		       session->began_ns + session->run->plan->duration_ns);
}

static void on_poll(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, poll);
	uint64_t now_ns = loop_now(session->loop);

	if (mesh_keeper_is_settled(session->keeper) || now_ns - session->opened_ns > SETTLE_NS)
		begin(session);
	else
		loop_set_timer(session->loop, timer, now_ns + POLL_NS);
}

static void on_looked(void *context)
{
	struct session *session = context;

	if (session->ended_ns && mesh_keeper_is_done(session->keeper))
		loop_stop(session->loop);
}

static void on_told(void *context, const struct mesh_event *event)
{
	struct session *session = context;

	if (event->kind == MESH_EVENT_SOURCE && !session->run->output->is_quiet)
		message_print(NULL, event->text);
}

/* The first ends it regularly, the second at once. */
static void on_signal(struct signals *signals, int number)
{
	struct session *session = container_of(signals, struct session, signals);

	(void)number;
	if (session->is_interrupted)
		loop_stop(session->loop);
	session->is_interrupted = true;
	end_now(session);
}

/* ---- set-up ---- */

static int open_session(struct session *session, struct error *error)
{
	const struct mesh_run *run = session->run;
	struct mesh_keeper_setup setup = {
		.plan = run->plan, .told = on_told, .looked = on_looked, .context = session
	};
	int result = read_expectations(session, error);

	if (result >= 0)
		result = outputs_open(&session->outputs, run->output, OUTPUT_MESH, error);
	if (result >= 0 && report_new(&session->report) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	if (result >= 0)
		result = signals_open_loop(&session->signals, NULL, on_signal, error,
					   &session->loop);
	setup.loop = session->loop;
	return result < 0 ? result : mesh_keeper_new(&setup, error, &session->keeper);
}

static void close_session(struct session *session)
{
	mesh_keeper_free(session->keeper);
	signals_close(&session->signals);
	loop_free(session->loop);
	outputs_close(&session->outputs);
	report_free(session->report);
}

static int measure(struct session *session, struct error *error)
{
	timer_init(&session->poll, on_poll);
	timer_init(&session->end, on_end);
	session->opened_ns = loop_read_clock(session->loop);
	session->cpu_at_begin_ns = cpu_used_ns();
	int result = mesh_keeper_start(session->keeper, error);
	if (result < 0)
		return result;
	loop_set_timer(session->loop, &session->poll, session->opened_ns + POLL_NS);
	result = loop_run(session->loop, UINT64_MAX);
	return result < 0 ? error_set(error, -result, "the event loop failed: %s",
				      strerrordesc_np(-result))
			  : 0;
}

/* ---- after ---- */

static void fill_head(struct session *session)
{
	struct report *report = session->report;
	const struct mesh_plan *plan = session->run->plan;
	uint64_t began_ns = session->began_ns ? session->began_ns : clock_monotonic_ns();

	report->target = arena_text(&report->arena, session->run->target);
	report_head_fill(report, session->run->command, session->run->options);
	report->started_unix_ns = clock_wall_at(began_ns).unix_ns;
	report->planned_duration_ns = plan->duration_ns;
	report->reply_timeout_ns = plan->settings.timeout_ns;
	report->is_interrupted = session->is_interrupted;
	report->generator.cpus = cpu_count();
	report->has_mesh = true;
}

/* Has anything come back from anybody? */
static bool is_answered(const struct report *report)
{
	for (uint32_t i = 0; i < report->stream_count; i++) {
		if (report->streams[i].totals.received > 0)
			return true;
	}
	return false;
}

static void fill_report(struct session *session)
{
	struct report *report = session->report;
	uint64_t ended_ns = session->ended_ns ? session->ended_ns : clock_monotonic_ns();

	fill_head(session);
	report->duration_ns = session->began_ns ? ended_ns - session->began_ns : 0;
	report->generator.cpu_seconds =
		(double)(cpu_used_ns() - session->cpu_at_begin_ns) / (double)NS_PER_S;
	report_mesh_fill(mesh_keeper_look(session->keeper), report);
	mesh_keeper_release(session->keeper);
	report->has_nothing_answered = !is_answered(report);
	expect_evaluate(&session->expect, report);
	sentence_build(report);
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
	deliver(session);
}

static void give_up(struct session *session, int code, const struct error *error)
{
	worsen(session, command_fail(session->run->command, run_exit_code(code), error));
	if (!session->report || code == -EINVAL)
		return;
	fill_head(session);
	session->report->not_measured = arena_text(&session->report->arena, error->text);
	expect_evaluate(&session->expect, session->report);
	sentence_build(session->report);
	deliver(session);
}

int mesh_once(const struct mesh_run *run)
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
