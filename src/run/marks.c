/* See marks.h. */
#include "run/marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/convergence.h"

#define TEXT_MAX       1024
#define NO_CONVERGENCE UINT32_MAX
/* Keys may be pressed for hours; the other marks have room all the same. */
#define KEY_NOTES_MAX (REPORT_MARKS_MAX / 2)

struct note {
	const char *name;
	const char *kind;
	uint64_t at_ns;
	const struct task *task;
	uint32_t convergence; /* its number there; NO_CONVERGENCE: none */
};

/* A mark of the plan. */
struct appointment {
	struct marks *marks;
	const struct mark_at *plan;
	struct timer timer;
	struct task task;
};

struct marks {
	struct marks_setup setup;
	struct convergence *convergence;
	struct arena arena; /* names */
	uint64_t begin_ns;
	bool has_ended;
	struct note notes[REPORT_MARKS_MAX]; /* in order of time */
	uint32_t count;
	uint32_t measured; /* of these, that convergence knows */
	uint32_t of_keys;
	uint64_t omitted;
	uint32_t appointment_count;
	struct appointment appointments[];
};

/* ---- noting ---- */

/* On one line, whatever a command contains. */
static const char *one_line(struct arena *arena, const char *text)
{
	char line[TEXT_MAX];
	size_t size = 0;
	for (; text[size] && size < sizeof(line) - 1; size++)
		line[size] = (unsigned char)text[size] < ' ' ? ' ' : text[size];
	line[size] = '\0';
	return arena_text(arena, line);
}

void marks_note(struct marks *marks, const char *kind, const char *name, const struct task *task)
{
	uint64_t now_ns = loop_read_clock(marks->setup.loop);
	if (marks->count == REPORT_MARKS_MAX) {
		marks->omitted++;
		return;
	}
	marks->notes[marks->count++] = (struct note){
		.name = one_line(&marks->arena, name),
		.kind = kind,
		.at_ns = now_ns,
		.task = task,
		.convergence = marks->measured++,
	};
	convergence_mark(marks->convergence, now_ns);
}

static void tell(struct marks *marks, const char *what, const char *text)
{
	const char *line = one_line(&marks->arena, text);
	monitor_mark(marks->setup.monitor, loop_now(marks->setup.loop),
		     arena_format(&marks->arena, "%s%s", what, line));
}

void marks_note_key(struct marks *marks, const char *name, uint64_t at_ns)
{
	uint32_t place = marks->count;
	monitor_mark(marks->setup.monitor, at_ns, name);
	if (marks->count == REPORT_MARKS_MAX || marks->of_keys == KEY_NOTES_MAX) {
		marks->omitted++;
		return;
	}
	for (; place > 0 && marks->notes[place - 1].at_ns > at_ns; place--)
		marks->notes[place] = marks->notes[place - 1];
	marks->notes[place] = (struct note){
		.name = arena_text(&marks->arena, name),
		.kind = "key",
		.at_ns = at_ns,
		.convergence = NO_CONVERGENCE,
	};
	marks->count++;
	marks->of_keys++;
}

bool marks_signal(struct marks *marks, int number)
{
	const struct mark_plan *plan = marks->setup.plan;
	if (!plan || !sigismember(&plan->signals, number))
		return false;
	const char *name = sigabbrev_np(number);
	marks_note(marks, "signal", name, NULL);
	tell(marks, "mark ", name);
	return true;
}

/* ---- the plan's ---- */

static void on_command_ended(struct task *task)
{
	struct appointment *appointment = container_of(task, struct appointment, task);
	struct marks *marks = appointment->marks;
	const char *end = task_end_text(task, &marks->arena);
	tell(marks, arena_format(&marks->arena, "command ended, %s: ", end), task->text);
	marks->setup.changed(marks->setup.context);
}

static const struct task_owner command_owner = { .ended = on_command_ended };

static void start_command(struct appointment *appointment)
{
	struct marks *marks = appointment->marks;
	struct task *task = &appointment->task;
	char *words[] = { "sh", "-c", (char *)task->text, NULL };
	marks_note(marks, "exec", task->text, task);
	tell(marks, "command starts: ", task->text);
	if (task_start(task, marks->setup.loop, words, CHILD_NO_INPUT) < 0)
		tell(marks, "command ", task_end_text(task, &marks->arena));
}

static void on_appointment(struct timer *timer)
{
	struct appointment *appointment = container_of(timer, struct appointment, timer);
	const struct mark_at *plan = appointment->plan;
	if (plan->is_command) {
		start_command(appointment);
		return;
	}
	marks_note(appointment->marks, "time", plan->text, NULL);
	tell(appointment->marks, "mark ", plan->text);
}

static void begin_appointment(struct appointment *appointment, uint64_t begin_ns)
{
	loop_set_timer(appointment->marks->setup.loop, &appointment->timer,
		       begin_ns + appointment->plan->after_ns);
}

/* A run that ended before its time may leave some that nobody will come to. */
static void end_appointment(struct appointment *appointment)
{
	struct marks *marks = appointment->marks;
	task_stop(&appointment->task, SIGTERM, "the run ended");
	if (!timer_is_set(&appointment->timer))
		return;
	loop_clear_timer(marks->setup.loop, &appointment->timer);
	tell(marks, "not reached before the run ended: ", appointment->plan->text);
}

/* ---- the course of the run ---- */

void marks_begin(struct marks *marks, uint64_t begin_ns)
{
	uint64_t duration_ns = marks->setup.run->duration_ns;
	marks->begin_ns = begin_ns;
	convergence_begin(marks->convergence, begin_ns);
	if (duration_ns)
		convergence_end(marks->convergence, begin_ns + duration_ns);
	for (uint32_t i = 0; i < marks->appointment_count; i++)
		begin_appointment(&marks->appointments[i], begin_ns);
}

void marks_end(struct marks *marks, uint64_t end_ns)
{
	convergence_end(marks->convergence, end_ns);
	for (uint32_t i = 0; i < marks->appointment_count; i++)
		end_appointment(&marks->appointments[i]);
}

bool marks_are_busy(const struct marks *marks)
{
	for (uint32_t i = 0; i < marks->appointment_count; i++)
		if (marks->appointments[i].task.is_running)
			return true;
	return false;
}

void marks_event(struct marks *marks, const struct event *event)
{
	convergence_event(marks->convergence, event);
}

void marks_tick(struct marks *marks, uint64_t tick, const struct recorder *persistent)
{
	if (persistent)
		convergence_count(marks->convergence, tick - WORKER_RAMP_TICK,
				  persistent->counters.received);
}

/* ---- the report ---- */

/* The answers of datagram slots are put in order only after the reply timeout. */
static void take_interruptions(struct marks *marks, const struct engine *engine)
{
	if (marks->setup.run->slots.transport != TRANSPORT_UDP)
		return;
	for (unsigned w = 0; w < engine_workers(engine); w++) {
		const struct interval_log *log = &engine_worker(engine, w)->logs.intervals;
		for (uint32_t i = 0; i < log->count; i++)
			if (log->items[i].stream == marks->setup.run->slots_stream &&
			    log->items[i].kind == INTERVAL_INTERRUPTION)
				convergence_interruption(marks->convergence, &log->items[i],
							 marks->setup.run->stall_after_ns);
	}
}

static void give(const struct marks *marks, uint32_t index, struct report *report)
{
	const struct note *note = &marks->notes[index];
	struct report_mark *mark = &report->marks[report->mark_count++];
	*mark = (struct report_mark){
		.name = arena_text(&report->arena, note->name),
		.kind = note->kind,
		.at_ns = (int64_t)(note->at_ns - marks->begin_ns),
		.has_command = note->task != NULL,
	};
	if (note->task)
		task_report(note->task, marks->begin_ns, &report->arena, &mark->command);
	if (note->convergence != NO_CONVERGENCE)
		convergence_result(marks->convergence, note->convergence, &mark->convergence);
	else
		mark->convergence.reason = "the user changed the run";
}

void marks_give(struct marks *marks, const struct engine *engine, struct report *report)
{
	take_interruptions(marks, engine);
	report->marks = arena_take_array(&report->arena, marks->count, sizeof(*report->marks));
	report->marks_omitted = marks->omitted;
	for (uint32_t i = 0; i < marks->count; i++)
		give(marks, i, report);
}

/* ---- life ---- */

int marks_new(const struct marks_setup *setup, struct marks **ret)
{
	size_t count = setup->plan ? setup->plan->count : 0;
	struct marks *marks = calloc(1, sizeof(*marks) + count * sizeof(marks->appointments[0]));
	if (!marks)
		return -ENOMEM;
	marks->setup = *setup;
	arena_init(&marks->arena);
	for (size_t i = 0; i < count; i++) {
		struct appointment *appointment = &marks->appointments[marks->appointment_count++];
		appointment->marks = marks;
		appointment->plan = &setup->plan->items[i];
		timer_init(&appointment->timer, on_appointment);
		task_init(&appointment->task, &command_owner, appointment->plan->text);
	}
	int result = convergence_new(setup->run->slots.count, &marks->convergence);
	if (result < 0) {
		marks_free(marks);
		return result;
	}
	*ret = marks;
	return 0;
}

void marks_free(struct marks *marks)
{
	if (!marks)
		return;
	for (uint32_t i = 0; i < marks->appointment_count; i++)
		task_deinit(&marks->appointments[i].task);
	convergence_free(marks->convergence);
	arena_deinit(&marks->arena);
	free(marks);
}
