/* See task.h. */
#include "run/task.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "view/command_text.h"

/* Read in one go, then others of the loop have their turn. */
#define PIECE_BYTES 65536
#define PIECES_MAX  16

#define END_TEXT_MAX 1024

static void close_output(struct task *task)
{
	if (task->output.fd < 0)
		return;
	loop_unwatch(task->loop, &task->output);
	task->output.fd = -1;
}

/* 1 when there may be more. */
static int take_piece(struct task *task)
{
	char bytes[PIECE_BYTES];
	ssize_t size = read(task->output.fd, bytes, sizeof(bytes));
	if (size > 0) {
		tail_append(&task->kept, bytes, (size_t)size);
		if (task->owner->wrote)
			task->owner->wrote(task, bytes, (size_t)size);
		return 1;
	}
	if (size < 0 && errno == EINTR)
		return 1;
	if (size == 0 || errno != EAGAIN)
		close_output(task);
	return 0;
}

static void take_output(struct task *task)
{
	int pieces = 0;
	while (task->output.fd >= 0 && pieces < PIECES_MAX && take_piece(task))
		pieces++;
	if (pieces == PIECES_MAX)
		loop_rewatch(task->loop, &task->output);
}

static void on_output(struct watch *watch, uint32_t events)
{
	(void)events;
	take_output(container_of(watch, struct task, output));
}

static void finish(struct task *task)
{
	task->is_running = false;
	task->ended_ns = loop_read_clock(task->loop);
	loop_clear_timer(task->loop, &task->patience);
	loop_unwatch(task->loop, &task->exit);
	task->owner->ended(task);
}

static void on_end(struct watch *watch, uint32_t events)
{
	struct task *task = container_of(watch, struct task, exit);
	(void)events;
	if (!task->is_running || child_reap(&task->child, &task->end) < 0)
		return;
	/* What it wrote last may not have been told yet. */
	take_output(task);
	finish(task);
}

static void on_patience_over(struct timer *timer)
{
	struct task *task = container_of(timer, struct task, patience);
	if (task->is_killed) {
		finish(task);
		return;
	}
	task->is_killed = true;
	child_signal(&task->child, SIGKILL);
	loop_set_timer(task->loop, timer, loop_now(task->loop) + TASK_PATIENCE_NS);
}

void task_init(struct task *task, const struct task_owner *owner, const char *text)
{
	*task = (struct task){ .owner = owner, .text = text, .output.fd = -1, .exit.fd = -1 };
	child_init(&task->child);
	timer_init(&task->patience, on_patience_over);
	tail_init(&task->kept, REPORT_OUTPUT_MAX);
}

int task_start(struct task *task, struct loop *loop, char *const *words, enum child_input input)
{
	int result = child_start(&task->child, words, input);
	task->loop = loop;
	task->output = (struct watch){ .fd = task->child.output_fd, .ready = on_output };
	task->exit = (struct watch){ .fd = task->child.pid_fd, .ready = on_end };
	if (result >= 0)
		result = loop_watch(loop, &task->output);
	if (result >= 0)
		result = loop_watch(loop, &task->exit);
	if (result < 0) {
		child_signal(&task->child, SIGKILL);
		task->start_error = -result;
	}
	task->is_running = result >= 0;
	return result;
}

void task_stop(struct task *task, int number, const char *reason)
{
	if (!task->is_running)
		return;
	if (reason && !task->stop_reason)
		task->stop_reason = reason;
	child_signal(&task->child, number);
	/* One that is stopped can't hear. */
	if (number != SIGKILL)
		child_signal(&task->child, SIGCONT);
	if (!timer_is_set(&task->patience))
		loop_set_timer(task->loop, &task->patience,
			       loop_read_clock(task->loop) + TASK_PATIENCE_NS);
}

/* ---- what became of it ---- */

static bool has_not_ended(const struct task *task)
{
	return task->child.pid > 0;
}

static const char *reason_of(const struct task *task, struct arena *arena)
{
	if (task->start_error)
		return arena_format(arena, "cannot be started: %s",
				    strerrordesc_np(task->start_error));
	if (has_not_ended(task))
		return "does not end though it was killed";
	return task->stop_reason ? arena_format(arena, "terminated: %s", task->stop_reason) : NULL;
}

static int exit_status(const struct task *task)
{
	if (task->start_error)
		return task->start_error == ENOENT ? CHILD_NOT_FOUND : CHILD_NOT_EXECUTABLE;
	return task->stop_reason ? CHILD_TIMED_OUT : task->end.status;
}

static void describe_end(const struct task *task, struct arena *arena, struct report_command *ret)
{
	int signal = task->end.signal;
	*ret = (struct report_command){
		.exit_status = (uint64_t)exit_status(task),
		.has_exit_status = !has_not_ended(task),
		.signal = signal ? arena_format(arena, "SIG%s", sigabbrev_np(signal)) : NULL,
		.reason = reason_of(task, arena),
	};
}

const char *task_end_text(const struct task *task, struct arena *arena)
{
	cleanup(buffer_deinit) struct buffer text;
	struct report_command command;
	buffer_init(&text, END_TEXT_MAX);
	describe_end(task, arena, &command);
	command_text(&command, &text);
	return arena_text(arena, buffer_text(&text));
}

/* A zero would end the text. */
static const char *output_text(const struct task *task, struct arena *arena)
{
	size_t size;
	const char *bytes = tail_bytes(&task->kept, &size);
	if (size == 0)
		return NULL;
	char *text = arena_take(arena, size + 1);
	for (size_t i = 0; i < size; i++)
		text[i] = bytes[i] ? bytes[i] : ' ';
	return text;
}

void task_report(const struct task *task, uint64_t begin_ns, struct arena *arena,
		 struct report_command *ret)
{
	bool has_end = task->ended_ns && !has_not_ended(task);
	describe_end(task, arena, ret);
	ret->text = arena_text(arena, task->text);
	ret->ended_ns = has_end ? (int64_t)(task->ended_ns - begin_ns) : INT64_MIN;
	ret->output = output_text(task, arena);
	ret->output_omitted = tail_omitted(&task->kept);
}

void task_deinit(struct task *task)
{
	if (task->loop) {
		close_output(task);
		if (task->is_running)
			loop_unwatch(task->loop, &task->exit);
		loop_clear_timer(task->loop, &task->patience);
	}
	child_close(&task->child);
	tail_deinit(&task->kept);
}
