/* Commands on a real loop: their output, their ends, and how they are stopped. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "run/task.h"

/* A test that hangs fails here. */
#define AT_MOST_NS (60 * NS_PER_S)

struct fixture {
	struct loop *loop;
	struct task task;
	struct arena arena;
	uint64_t written;
	unsigned ends;
	bool has_end; /* the loop stops there */
};

static void on_wrote(struct task *task, const char *bytes, size_t size)
{
	struct fixture *fixture = container_of(task, struct fixture, task);
	(void)bytes;
	fixture->written += size;
	if (!fixture->has_end)
		loop_stop(fixture->loop);
}

static void on_ended(struct task *task)
{
	struct fixture *fixture = container_of(task, struct fixture, task);
	fixture->ends++;
	loop_stop(fixture->loop);
}

static const struct task_owner owner = { .wrote = on_wrote, .ended = on_ended };

static void set_up(struct fixture *fixture)
{
	*fixture = (struct fixture){ .has_end = true };
	arena_init(&fixture->arena);
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &fixture->loop), 0);
	task_init(&fixture->task, &owner, "a command");
}

static void start(struct fixture *fixture, const char *script)
{
	char *words[] = { "sh", "-c", (char *)script, NULL };
	assert_int_equal(task_start(&fixture->task, fixture->loop, words, CHILD_NO_INPUT), 0);
}

static void run(struct fixture *fixture)
{
	assert_int_equal(loop_run(fixture->loop, loop_read_clock(fixture->loop) + AT_MOST_NS), 0);
}

static struct report_command ended(struct fixture *fixture)
{
	struct report_command command;
	assert_int_equal(fixture->ends, 1);
	assert_false(fixture->task.is_running);
	task_report(&fixture->task, 0, &fixture->arena, &command);
	return command;
}

static void tear_down(struct fixture *fixture)
{
	task_deinit(&fixture->task);
	loop_free(fixture->loop);
	arena_deinit(&fixture->arena);
}

static void an_end_has_status_and_output(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	start(&fixture, "echo out; echo err >&2; printf 'a\\0b'; exit 3");
	run(&fixture);
	struct report_command command = ended(&fixture);
	assert_string_equal(command.text, "a command");
	assert_true(command.has_exit_status);
	assert_int_equal(command.exit_status, 3);
	assert_null(command.signal);
	assert_null(command.reason);
	assert_string_equal(command.output, "out\nerr\na b");
	assert_int_equal(command.output_omitted, 0);
	assert_true(command.ended_ns > 0);
	assert_string_equal(task_end_text(&fixture.task, &fixture.arena), "exit 3");
	tear_down(&fixture);
}

static void what_cannot_be_started_says_why(void **state)
{
	static const struct {
		const char *program;
		int error;
		uint64_t status;
		const char *reason;
	} cases[] = {
		{ "no-such-program", ENOENT, 127, "cannot be started: No such file or directory" },
		{ "/dev/null", EACCES, 126, "cannot be started: Permission denied" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct fixture fixture;
		struct report_command command;
		char *words[] = { (char *)cases[i].program, NULL };
		set_up(&fixture);
		assert_int_equal(task_start(&fixture.task, fixture.loop, words, CHILD_NO_INPUT),
				 -cases[i].error);
		task_report(&fixture.task, 0, &fixture.arena, &command);
		assert_int_equal(command.exit_status, cases[i].status);
		assert_string_equal(command.reason, cases[i].reason);
		assert_true(command.ended_ns == INT64_MIN);
		task_stop(&fixture.task, SIGTERM, "nothing to stop");
		tear_down(&fixture);
	}
}

static void a_signal_is_told_as_shells_do(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	start(&fixture, "kill -KILL $$");
	run(&fixture);
	struct report_command command = ended(&fixture);
	assert_string_equal(command.signal, "SIGKILL");
	assert_int_equal(command.exit_status, 128 + SIGKILL);
	assert_null(command.reason);
	tear_down(&fixture);
}

static void its_whole_group_is_stopped(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	fixture.has_end = false;
	start(&fixture, "echo ready; sleep 300; echo not reached");
	run(&fixture);
	fixture.has_end = true;
	task_stop(&fixture.task, SIGTERM, "the run ended");
	run(&fixture);
	struct report_command command = ended(&fixture);
	assert_int_equal(command.exit_status, 124);
	assert_string_equal(command.signal, "SIGTERM");
	assert_string_equal(command.reason, "terminated: the run ended");
	assert_string_equal(command.output, "ready\n");
	tear_down(&fixture);
}

static void a_signal_that_is_passed_on_has_no_reason(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	fixture.has_end = false;
	start(&fixture, "trap 'exit 5' INT; echo ready; while :; do sleep 0.01; done");
	run(&fixture);
	fixture.has_end = true;
	task_stop(&fixture.task, SIGINT, NULL);
	run(&fixture);
	struct report_command command = ended(&fixture);
	assert_int_equal(command.exit_status, 5);
	assert_null(command.reason);
	tear_down(&fixture);
}

static void one_that_is_stopped_hears_it(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	start(&fixture, "kill -STOP $$; exec sleep 300");
	/* Whether it has come to its own stop yet makes no difference. */
	task_stop(&fixture.task, SIGTERM, "the run ended");
	run(&fixture);
	assert_int_equal(ended(&fixture).exit_status, 124);
	tear_down(&fixture);
}

/* Takes the five seconds of patience. */
static void who_does_not_listen_is_killed(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	fixture.has_end = false;
	start(&fixture, "trap '' TERM; echo ready; while :; do sleep 0.01; done");
	run(&fixture);
	fixture.has_end = true;
	task_stop(&fixture.task, SIGTERM, "-T was over");
	run(&fixture);
	struct report_command command = ended(&fixture);
	assert_string_equal(command.signal, "SIGKILL");
	assert_string_equal(command.reason, "terminated: -T was over");
	assert_true(fixture.task.is_killed);
	tear_down(&fixture);
}

static void of_much_output_the_end_is_kept(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	start(&fixture, "head -c 50000000 /dev/zero; printf end");
	run(&fixture);
	struct report_command command = ended(&fixture);
	assert_int_equal(command.exit_status, 0);
	assert_int_equal(fixture.written, 50000003);
	assert_int_equal(strlen(command.output), REPORT_OUTPUT_MAX);
	assert_string_equal(command.output + REPORT_OUTPUT_MAX - 5, "  end");
	assert_int_equal(command.output_omitted, 50000003 - REPORT_OUTPUT_MAX);
	tear_down(&fixture);
}

/* Its grandchild holds the pipe. */
static void a_daemon_is_not_waited_for(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	start(&fixture, "sleep 300 & echo $!; exit 0");
	run(&fixture);
	struct report_command command = ended(&fixture);
	assert_int_equal(command.exit_status, 0);
	pid_t daemon = (pid_t)strtol(command.output, NULL, 10);
	assert_true(daemon > 0);
	assert_int_equal(kill(daemon, SIGKILL), 0);
	tear_down(&fixture);
}

static void it_starts_in_a_clean_place(void **state)
{
	struct fixture fixture;
	sigset_t blocked;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	set_up(&fixture);
	start(&fixture, "sed -n 's/^SigBlk:.//p; s/^SigIgn:.//p' /proc/self/status; cat;"
			" ls -l /proc/self/fd | grep -c anon_inode");
	run(&fixture);
	/* No signal is blocked, those are not ignored, nothing is there to read, and no descriptor
	 * of ours came along. */
	struct report_command command = ended(&fixture);
	char *end = NULL;
	assert_int_equal(strtoull(command.output, &end, 16), 0);
	assert_int_equal(strtoull(end, &end, 16) & (1u << (SIGPIPE - 1) | 1u << (SIGINT - 1)), 0);
	assert_string_equal(end, "\n0\n");
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_has_status_and_output),
		cmocka_unit_test(what_cannot_be_started_says_why),
		cmocka_unit_test(a_signal_is_told_as_shells_do),
		cmocka_unit_test(its_whole_group_is_stopped),
		cmocka_unit_test(a_signal_that_is_passed_on_has_no_reason),
		cmocka_unit_test(one_that_is_stopped_hears_it),
		cmocka_unit_test(who_does_not_listen_is_killed),
		cmocka_unit_test(of_much_output_the_end_is_kept),
		cmocka_unit_test(a_daemon_is_not_waited_for),
		cmocka_unit_test(it_starts_in_a_clean_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
