#include "run/run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "run/build_processes.h"
#include "run/delivery.h"
#include "run/expectations.h"
#include "run/exporter.h"
#include "run/marks.h"
#include "run/monitor.h"
#include "run/sampler.h"
#include "run/session.h"
#include "run/signals.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "sys/cpu_wait.h"
#include "sys/limits.h"

/* Counting begins this far ahead, so that every worker has heard of it. */
#define BEGIN_AHEAD_NS (20 * NS_PER_MS)

/* How often events, ticks and signals are looked at. */
#define POLL_NS (25 * NS_PER_MS)

static void worsen(struct session *session, int exit_code)
{
	if (exit_code > session->exit_code)
		session->exit_code = exit_code;
}

/* ---- while it runs ---- */

static void on_notify(void *context)
{
	struct session *session = context;
	loop_wake(session->loop);
}

static void note_begin(struct session *session, uint64_t begin_ns)
{
	session->begin_ns = begin_ns;
	session->tick = WORKER_RAMP_TICK;
	session->started_unix_ns = clock_wall_at(begin_ns).unix_ns;
	session->cpu_at_begin_ns = cpu_used_ns() + engine_cpu_ns(session->engine);
	session->throttled_at_begin_ns = cpu_throttled_ns();
	session->overflows_at_begin = limits_listen_overflows();
	monitor_begin(session->monitor, begin_ns, session->started_unix_ns);
	marks_begin(session->marks, begin_ns);
	wrap_begin(session->wrap, begin_ns);
	push_begin(session->push);
	hand_begin(&session->hand, begin_ns);
	if (session->run->plan->duration_ns)
		loop_set_timer(session->loop, &session->duration,
			       begin_ns + session->run->plan->duration_ns);
}

/* Once: nothing falls due any more, and commands that still run are stopped. */
static void note_end(struct session *session)
{
	uint64_t duration_ns = session->run->plan->duration_ns;
	if (session->has_ended)
		return;
	session->has_ended = true;
	loop_clear_timer(session->loop, &session->duration);
	hand_end(&session->hand,
		 session->end_ns ? session->end_ns : loop_read_clock(session->loop));
	marks_end(session->marks, loop_read_clock(session->loop));
	wrap_end(session->wrap, duration_ns ? "-T was over" : "the run ended");
}

static void on_duration_over(struct timer *timer)
{
	note_end(container_of(timer, struct session, duration));
}

/* The wrapped command has ended, and what is watched after it. */
static void on_wrap_over(void *context)
{
	struct session *session = context;
	session->end_ns = loop_read_clock(session->loop);
	engine_end(session->engine);
	note_end(session);
}

/* Nothing came up although every slot had its connect timeout: there is nothing to measure. */
static bool is_anything_up(struct session *session)
{
	if (session->run->plan->serve.listen_count)
		return true;
	sampler_take(session->sampler, 0);
	const struct recorder *now =
		sampler_now(session->sampler, session->run->plan->slots_stream);
	return !now || now->counters.connects > 0;
}

static void begin_when_settled(struct session *session)
{
	if (session->begin_ns || !engine_is_settled(session->engine))
		return;
	uint64_t now_ns = loop_read_clock(session->loop);
	if (!is_anything_up(session)) {
		session->has_nothing_up = true;
		note_begin(session, now_ns);
		note_end(session);
		engine_abort(session->engine);
		return;
	}
	if (session->run->plan->warmup_ns && !session->is_warm) {
		if (!timer_is_set(&session->warmup))
			loop_set_timer(session->loop, &session->warmup,
				       now_ns + session->run->plan->warmup_ns);
		return;
	}
	note_begin(session, now_ns + BEGIN_AHEAD_NS);
	engine_begin(session->engine, session->begin_ns);
}

static void on_warm(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, warmup);
	session->is_warm = true;
	begin_when_settled(session);
}

static void on_woken(void *context)
{
	struct session *session = context;
	begin_when_settled(session);
	if (!engine_is_done(session->engine))
		return;
	note_end(session);
	if (!marks_are_busy(session->marks) && !wrap_is_busy(session->wrap))
		loop_stop(session->loop);
}

static void tell_lost(struct session *session)
{
	char text[PROCESS_SENTENCE_MAX];
	const struct engine_process *lost = NULL;
	while ((lost = engine_take_lost(session->engine)))
		monitor_tell(session->monitor, EVENT_PROCESS_LOST, lost->lost_ns,
			     process_sentence(session->engine, lost, session->begin_ns, text));
}

static void look(struct session *session)
{
	uint64_t now_ns = loop_read_clock(session->loop);
	uint64_t tick = engine_tick(session->engine);
	monitor_events(session->monitor);
	tell_lost(session);
	if (session->begin_ns && tick > session->tick) {
		session->tick = tick;
		sampler_take(session->sampler, tick);
		marks_tick(session->marks, tick,
			   sampler_now(session->sampler, session->run->plan->slots_stream));
	}
	keys_look(&session->keys);
	hand_tick(&session->hand, now_ns);
	monitor_tick(session->monitor, now_ns);
}

static void on_poll(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, poll);
	look(session);
	on_woken(session);
	loop_set_timer(session->loop, timer, loop_now(session->loop) + POLL_NS);
}

/* The first wish to end it ends the run regularly, the second at once; `number` is the signal that
 * a wrapped command gets. */
static void interrupt(struct session *session, int number)
{
	bool is_first = !session->is_interrupted;
	session->is_interrupted = true;
	if (!session->begin_ns) {
		session->is_cut_in_ramp = true;
		note_begin(session, loop_read_clock(session->loop));
		engine_abort(session->engine);
	} else if (is_first) {
		session->end_ns = loop_read_clock(session->loop);
		engine_end(session->engine);
	} else {
		engine_abort(session->engine);
	}
	wrap_signal(session->wrap, is_first ? number : SIGKILL);
	note_end(session);
}

static void on_signal(struct signals *signals, int number)
{
	struct session *session = container_of(signals, struct session, signals);
	if (push_signal(session->push) || marks_signal(session->marks, number))
		return;
	monitor_signal(session->monitor, number);
	interrupt(session, number);
}

static void on_key(struct keys *keys, enum key key)
{
	struct session *session = container_of(keys, struct session, keys);
	if (key != KEY_END) {
		hand_press(&session->hand, key, loop_read_clock(session->loop));
		return;
	}
	monitor_end_key(session->monitor);
	interrupt(session, SIGINT);
}

static void on_terminal_returned(struct keys *keys)
{
	struct session *session = container_of(keys, struct session, keys);
	monitor_keys(session->monitor, keys->is_reading ? MONITOR_HAS_KEYS : MONITOR_NO_KEYS);
}

/* ---- before ---- */

static int parse_expectations(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	return expectations_parse(run, &run->output->expect, "--expect", error, &session->expect);
}

static int open_engine(struct session *session, struct error *error)
{
	int result = engine_new(session->run->plan, error, &session->engine);
	if (result >= 0 && sampler_new(session->engine, &session->sampler) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	return result;
}

static void on_seen(void *context, const struct event *event)
{
	struct session *session = context;
	marks_event(session->marks, event);
	if (event->kind != EVENT_STOP || session->end_ns)
		return;
	session->end_ns = loop_read_clock(session->loop);
	engine_end(session->engine);
	note_end(session);
}

static int open_monitor(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	struct monitor_setup setup = {
		.plan = run->plan,
		.engine = session->engine,
		.sampler = session->sampler,
		.outputs = &session->outputs,
		.options = run->output,
		.target = run->target,
		.seen = on_seen,
		.context = session,
	};
	int result = monitor_new(&setup, &session->monitor);
	return result < 0 ? error_set(error, -result, "out of memory") : 0;
}

static int open_marks(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	struct marks_setup marks = {
		.plan = run->marks,
		.run = run->plan,
		.loop = session->loop,
		.monitor = session->monitor,
		.changed = on_woken,
		.context = session,
	};
	struct wrap_setup wrap = {
		.plan = run->wrap,
		.run = run->plan,
		.target = run->target,
		.sampler = session->sampler,
		.loop = session->loop,
		.monitor = session->monitor,
		.over = on_wrap_over,
		.changed = on_woken,
		.context = session,
	};
	int result = marks_new(&marks, &session->marks);
	wrap.marks = session->marks;
	if (result >= 0 && run->wrap)
		result = wrap_new(&wrap, &session->wrap);
	return result < 0 ? error_set(error, -result, "out of memory") : 0;
}

static int open_push(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	return push_new(
		&(struct push_source){
			.plan = &session->push_plan,
			.run = run->plan,
			.command = run->command->name,
			.target = run->target,
			.engine = session->engine,
			.sampler = session->sampler,
			.monitor = session->monitor,
			.loop = session->loop,
		},
		error, &session->push);
}

static int open_loop(struct session *session, struct error *error)
{
	int result = loop_new(&(struct loop_options){ 0 }, &session->loop);
	if (result >= 0) {
		loop_on_wake(session->loop, on_woken, session);
		timer_init(&session->poll, on_poll);
		timer_init(&session->duration, on_duration_over);
		timer_init(&session->warmup, on_warm);
		loop_set_timer(session->loop, &session->poll, loop_now(session->loop) + POLL_NS);
		result = signals_open(&session->signals, session->loop,
				      session->run->marks ? &session->run->marks->signals : NULL,
				      on_signal);
	}
	if (result < 0)
		return error_set(error, -result, "cannot set up the event loop: %s",
				 strerrordesc_np(-result));
	return 0;
}

/* A name that does not resolve is an answer. */
enum exit_code run_exit_code(int result)
{
	if (result == -EINVAL)
		return EXIT_USAGE;
	return result == -EHOSTUNREACH ? EXIT_NO : EXIT_UNABLE;
}

static int open_report(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	enum output_side side = run->plan->serve.listen_count ? OUTPUT_SERVING : OUTPUT_SENDING;
	int result = outputs_open(&session->outputs, run->output, side, error);
	if (result >= 0 && report_new(&session->report) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	return result;
}

/* Last: what stops half-way leaves the terminal alone. */
static int open_keys(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	hand_init(&session->hand, run->plan, session->engine, session->marks, session->monitor);
	session->keys.pressed = on_key;
	session->keys.returned = on_terminal_returned;
	if (run->output->is_quiet || run->plan->serve.listen_count)
		return 0;
	int result = keys_open(&session->keys, session->loop);
	on_terminal_returned(&session->keys);
	return result < 0
		       ? error_set(error, -result, "cannot read keys: %s", strerrordesc_np(-result))
		       : 0;
}

static int open_exporter(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	struct exporter_setup setup = {
		.local = session->metrics,
		.loop = session->loop,
		.engine = session->engine,
		.plan = run->plan,
		.command = run->command->name,
		.target = run->target,
	};
	return run->output->metrics ? exporter_open(&setup, error, &session->exporter) : 0;
}

/* What was typed comes first: nothing is sent if it is wrong. */
static int open_session(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	int result = parse_expectations(session, error);
	if (result >= 0 && run->output->metrics)
		result =
			exporter_parse(run->output->metrics, "--metrics", error, &session->metrics);
	if (result >= 0)
		result = push_plan_parse(&run->output->push, error, &session->push_plan);
	if (result >= 0)
		result = open_report(session, error);
	if (result >= 0 && run->prepare)
		result = run->prepare(run->context, error);
	if (result >= 0)
		result = open_engine(session, error);
	if (result >= 0)
		result = open_monitor(session, error);
	if (result >= 0)
		result = open_loop(session, error);
	if (result >= 0)
		result = open_exporter(session, error);
	if (result >= 0)
		result = open_marks(session, error);
	if (result >= 0)
		result = open_push(session, error);
	if (result >= 0)
		result = open_keys(session, error);
	return result;
}

static void close_session(struct session *session)
{
	exporter_close(session->exporter);
	engine_free(session->engine);
	push_free(session->push);
	wrap_free(session->wrap);
	marks_free(session->marks);
	monitor_free(session->monitor);
	keys_close(&session->keys);
	sampler_free(session->sampler);
	signals_close(&session->signals);
	loop_free(session->loop);
	outputs_close(&session->outputs);
	report_free(session->report);
}

/* ---- after ---- */

static void judge(struct session *session)
{
	const struct report *report = session->report;
	if (!expect_all_held(report) || report->has_nothing_answered)
		worsen(session, EXIT_NO);
	if (report_lacked(report) > 0 || report_processes_lost(report) > 0)
		worsen(session, EXIT_UNABLE);
}

static int measure(struct session *session, struct error *error)
{
	const struct run *run = session->run;
	if (run->started)
		run->started(run, session->engine, &session->outputs);
	if (session->exporter)
		exporter_tell(session->exporter, &session->outputs, run->output);
	push_start(session->push);
	int result = engine_start(session->engine, session->loop, on_notify, session, error);
	if (result < 0)
		return result;
	result = loop_run(session->loop, UINT64_MAX);
	if (result < 0) {
		engine_abort(session->engine);
		return error_set(error, -result, "the event loop failed: %s",
				 strerrordesc_np(-result));
	}
	engine_join(session->engine);
	keys_close(&session->keys);
	look(session);
	sampler_end(session->sampler,
		    (int64_t)(engine_done_ns(session->engine) - session->begin_ns));
	push_end(session->push);
	monitor_end(session->monitor);
	return 0;
}

/* To who makes more of it; else it goes out. */
static bool give_report(struct session *session)
{
	struct report **place = session->run->ret_report;
	if (!place)
		return false;
	*place = session->report;
	session->report = NULL;
	return true;
}

static struct delivery delivery_of(struct session *session)
{
	return (struct delivery){ .command = session->run->command,
				  .options = session->run->output,
				  .outputs = &session->outputs,
				  .report = session->report };
}

static void finish(struct session *session)
{
	session_fill_report(session);
	judge(session);
	if (give_report(session))
		return;
	struct delivery delivery = delivery_of(session);
	delivery_keep(&delivery);
	delivery_write(&delivery);
	worsen(session, delivery.exit_code);
}

static void give_up(struct session *session, int code, const struct error *error)
{
	worsen(session, command_fail(session->run->command, run_exit_code(code), error));
	if (!session->report || code == -EINVAL)
		return;
	session_fill_unmeasured(session, code, error);
	if (give_report(session))
		return;
	struct delivery delivery = delivery_of(session);
	delivery_write(&delivery);
	worsen(session, delivery.exit_code);
}

int run_measure(const struct run *run)
{
	struct session session = { .run = run, .exit_code = EXIT_OK };
	struct error error = { .text = "" };
	signals_init(&session.signals);
	keys_init(&session.keys);
	int result = open_session(&session, &error);
	if (result >= 0)
		result = measure(&session, &error);
	if (result < 0)
		give_up(&session, result, &error);
	else
		finish(&session);
	if (run->ret_interrupted)
		*run->ret_interrupted = session.is_interrupted;
	close_session(&session);
	return session.exit_code;
}
