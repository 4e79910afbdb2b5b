#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/units.h"
#include "net/loop.h"
#include "sys/clock.h"

#define TICK_NS UINT64_C(65536)
#define HOUR_NS (3600 * NS_PER_S)

static struct loop *new_loop(uint64_t tick_ns, bool is_simulated)
{
	struct loop_options options = { .tick_ns = tick_ns, .is_simulated = is_simulated };
	struct loop *loop = NULL;
	assert_int_equal(loop_new(&options, &loop), 0);
	return loop;
}

/* ---- timers */

struct alarm {
	struct timer timer;
	struct loop *loop;
	uint64_t fired_ns;
	unsigned count;
	uint64_t repeat_ns;
	struct alarm *victim; /* cleared when this one fires */
};

static void ring(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	alarm->count++;
	alarm->fired_ns = loop_now(alarm->loop);
	if (alarm->repeat_ns > 0)
		loop_set_timer(alarm->loop, timer, timer->at_ns + alarm->repeat_ns);
	if (alarm->victim != NULL)
		loop_clear_timer(alarm->loop, &alarm->victim->timer);
}

static void init_alarm(struct alarm *alarm, struct loop *loop, uint64_t at_ns)
{
	*alarm = (struct alarm){ .loop = loop };
	timer_init(&alarm->timer, ring);
	loop_set_timer(loop, &alarm->timer, at_ns);
}

static void test_timers_of_a_simulated_day(void **state)
{
	enum { COUNT = 2000 };
	static struct alarm alarms[COUNT];
	struct loop *loop = new_loop(0, true);
	struct random random;

	random_init(&random, 3);
	for (int i = 0; i < COUNT; i++)
		init_alarm(&alarms[i], loop, random_below(&random, 24 * HOUR_NS));
	assert_int_equal(loop_run(loop, UINT64_MAX), 0);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(alarms[i].count, 1);
		assert_true(alarms[i].fired_ns >= alarms[i].timer.at_ns);
		assert_true(alarms[i].fired_ns < alarms[i].timer.at_ns + TICK_NS);
	}
	loop_free(loop);
}

static void test_timer_moves_and_clears(void **state)
{
	struct loop *loop = new_loop(0, true);
	struct alarm moved;
	struct alarm cleared;
	struct alarm both[2];

	init_alarm(&moved, loop, NS_PER_S);
	init_alarm(&cleared, loop, NS_PER_S);
	loop_set_timer(loop, &moved.timer, 2 * NS_PER_S);
	loop_clear_timer(loop, &cleared.timer);
	assert_false(timer_is_set(&cleared.timer));
	/* Due in the same turn: the first to fire clears the other. */
	for (int i = 0; i < 2; i++) {
		init_alarm(&both[i], loop, 3 * NS_PER_S);
		both[i].victim = &both[1 - i];
	}
	assert_int_equal(loop_run(loop, UINT64_MAX), 0);
	assert_int_equal(moved.count, 1);
	assert_true(moved.fired_ns >= 2 * NS_PER_S);
	assert_int_equal(cleared.count, 0);
	assert_int_equal(both[0].count + both[1].count, 1);
	loop_free(loop);
}

static void test_repeating_timer_runs_until_the_end(void **state)
{
	struct loop *loop = new_loop(0, true);
	struct alarm alarm;

	init_alarm(&alarm, loop, NS_PER_S);
	alarm.repeat_ns = NS_PER_S;
	assert_int_equal(loop_run(loop, HOUR_NS + NS_PER_MS), 0);
	assert_int_equal(alarm.count, 3600);
	assert_int_equal(loop_now(loop), HOUR_NS + NS_PER_MS);
	loop_free(loop);
}

static void test_real_timer(void **state)
{
	struct loop *loop = new_loop(0, false);
	struct alarm alarm;
	uint64_t start_ns = loop_now(loop);

	init_alarm(&alarm, loop, start_ns + 20 * NS_PER_MS);
	assert_int_equal(loop_run(loop, start_ns + 10 * NS_PER_MS), 0);
	/* Not early; a turn that the machine held up may have seen both moments pass. */
	assert_true(alarm.count == 0 || clock_monotonic_ns() >= start_ns + 20 * NS_PER_MS);
	assert_int_equal(loop_run(loop, start_ns + 40 * NS_PER_MS), 0);
	assert_int_equal(alarm.count, 1);
	assert_true(alarm.fired_ns >= start_ns + 20 * NS_PER_MS);
	assert_true(clock_monotonic_ns() >= start_ns + 40 * NS_PER_MS);
	loop_free(loop);
}

/* ---- pacers */

struct beat {
	struct pacer pacer;
	struct loop *loop;
	uint64_t interval_ns;
	uint64_t worst_ns;
	unsigned count;
	struct beat *victim;
};

static void run_beat(struct pacer *pacer, uint64_t now_ns)
{
	struct beat *beat = container_of(pacer, struct beat, pacer);

	assert_true(now_ns >= pacer->due_ns);
	if (now_ns - pacer->due_ns > beat->worst_ns)
		beat->worst_ns = now_ns - pacer->due_ns;
	beat->count++;
	pacer->due_ns += beat->interval_ns;
	if (beat->victim != NULL && beat->count == 3) {
		loop_remove_pacer(beat->loop, &beat->victim->pacer);
		loop_remove_pacer(beat->loop, pacer);
	}
}

static void init_beat(struct beat *beat, struct loop *loop, uint64_t interval_ns)
{
	*beat = (struct beat){
		.pacer = { .due_ns = loop_now(loop) + interval_ns, .run = run_beat },
		.loop = loop,
		.interval_ns = interval_ns,
	};
	loop_add_pacer(loop, &beat->pacer);
}

static void test_pacer_is_exact(void **state)
{
	struct loop *loop = new_loop(0, true);
	struct beat fast;
	struct beat slow;

	init_beat(&fast, loop, 12347);
	init_beat(&slow, loop, NS_PER_MS + 1);
	assert_int_equal(loop_run(loop, NS_PER_S), 0);
	assert_int_equal(fast.count, NS_PER_S / 12347);
	assert_int_equal(slow.count, 999);
	assert_int_equal(fast.worst_ns + slow.worst_ns, 0);
	loop_free(loop);
}

static void test_pacers_may_remove_each_other(void **state)
{
	struct loop *loop = new_loop(0, true);
	struct beat beats[3];

	for (int i = 0; i < 3; i++)
		init_beat(&beats[i], loop, NS_PER_MS);
	beats[0].victim = &beats[1];
	assert_int_equal(loop_run(loop, NS_PER_S), 0);
	assert_int_equal(beats[0].count, 3);
	assert_int_equal(beats[1].count, 2);
	assert_int_equal(beats[2].count, 1000);
	loop_free(loop);
}

static void test_tick_gathers_wake_ups(void **state)
{
	struct loop *loop = new_loop(NS_PER_MS, true);
	struct beat beat;

	init_beat(&beat, loop, 100 * NS_PER_US);
	assert_int_equal(loop_run(loop, 10 * NS_PER_MS), 0);
	/* Nothing is lost, and in between it was as late as the tick allows. */
	assert_true(beat.count >= 90);
	assert_in_range(beat.worst_ns, 800 * NS_PER_US, 9 * NS_PER_MS);
	loop_free(loop);
}

/* ---- descriptors */

struct pipe_end {
	struct watch watch;
	struct loop *loop;
	unsigned count;
	int other_fd;
	struct pipe_end *victim;
};

static void open_pipe(struct pipe_end *end, struct loop *loop)
{
	int fds[2];
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	end->watch.fd = fds[0];
	end->other_fd = fds[1];
	end->loop = loop;
	assert_int_equal(loop_watch(loop, &end->watch), 0);
	assert_int_equal(write(end->other_fd, "x", 1), 1);
}

static void close_pipe(struct pipe_end *end)
{
	loop_unwatch(end->loop, &end->watch);
	close(end->watch.fd);
	close(end->other_fd);
}

static void count_ready(struct watch *watch, uint32_t events)
{
	struct pipe_end *end = container_of(watch, struct pipe_end, watch);

	assert_true(events & EPOLLIN);
	end->count++;
	if (end->victim != NULL)
		loop_unwatch(end->loop, &end->victim->watch);
}

static void test_watch_is_told_once_an_arrival(void **state)
{
	struct loop *loop = new_loop(0, false);
	struct pipe_end end = { .watch.ready = count_ready };

	open_pipe(&end, loop);
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_run(loop, 0), 0);
	assert_int_equal(end.count, 1);
	assert_int_equal(write(end.other_fd, "x", 1), 1);
	assert_int_equal(loop_run(loop, 0), 0);
	assert_int_equal(end.count, 2);
	loop_rewatch(loop, &end.watch);
	assert_int_equal(loop_run(loop, 0), 0);
	assert_int_equal(end.count, 3);
	close_pipe(&end);
	loop_free(loop);
}

/* ---- a loop that never sleeps */

struct echo {
	struct watch watch;
	struct loop *loop;
	unsigned bytes;
	unsigned wanted;
};

/* As a stream's owner: reads what there is, and may be told of nothing. */
static void read_byte(struct watch *watch, uint32_t events)
{
	struct echo *echo = container_of(watch, struct echo, watch);
	uint8_t byte = 0;
	assert_true((events & EPOLLIN) != 0);
	while (read(watch->fd, &byte, 1) == 1)
		echo->bytes++;
	if (echo->bytes >= echo->wanted)
		loop_stop(echo->loop);
}

struct feeder {
	struct timer timer;
	struct loop *loop;
	int fd;
};

static void feed(struct timer *timer)
{
	struct feeder *feeder = container_of(timer, struct feeder, timer);
	assert_int_equal(write(feeder->fd, "x", 1), 1);
	loop_set_timer(feeder->loop, timer, loop_now(feeder->loop) + NS_PER_MS);
}

static void test_spinning_hears_all_and_keeps_time(void **state)
{
	struct loop_options options = { .is_spinning = true };
	struct loop *loop = NULL;
	int fds[2][2];
	struct echo echoes[2];
	struct feeder feeders[2];
	uint64_t start_ns = clock_monotonic_ns();

	assert_int_equal(loop_new(&options, &loop), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe2(fds[i], O_NONBLOCK | O_CLOEXEC), 0);
		echoes[i] = (struct echo){ { read_byte, fds[i][0] }, loop, 0, 20 };
		feeders[i] = (struct feeder){ .loop = loop, .fd = fds[i][1] };
		timer_init(&feeders[i].timer, feed);
		assert_int_equal(loop_watch(loop, &echoes[i].watch), 0);
		loop_set_timer(loop, &feeders[i].timer, start_ns + i * NS_PER_MS / 2);
	}
	/* While the first is tried again and again the other is heard, too; on a busy machine one
	 * may be ahead. */
	assert_int_equal(loop_run(loop, start_ns + 20 * NS_PER_S), 0);
	assert_in_range(echoes[0].bytes, 10, 21);
	assert_in_range(echoes[1].bytes, 10, 21);
	assert_true(loop_now(loop) < start_ns + 20 * NS_PER_S);
	loop_unwatch(loop, &echoes[0].watch);
	loop_unwatch(loop, &echoes[1].watch);
	loop_clear_timer(loop, &feeders[0].timer);
	loop_clear_timer(loop, &feeders[1].timer);
	/* With nothing to hear it ends in time. */
	uint64_t end_ns = loop_read_clock(loop) + 3 * NS_PER_MS;
	assert_int_equal(loop_run(loop, end_ns), 0);
	assert_true(loop_now(loop) >= end_ns);
	loop_free(loop);
	for (int i = 0; i < 4; i++)
		assert_int_equal(close(fds[i / 2][i % 2]), 0);
}

static void test_unwatch_in_mid_batch(void **state)
{
	struct loop *loop = new_loop(0, false);
	struct pipe_end ends[2] = { { .watch.ready = count_ready },
				    { .watch.ready = count_ready } };

	for (int i = 0; i < 2; i++) {
		open_pipe(&ends[i], loop);
		ends[i].victim = &ends[1 - i];
	}
	assert_int_equal(loop_run(loop, 0), 0);
	assert_int_equal(ends[0].count + ends[1].count, 1);
	for (int i = 0; i < 2; i++)
		close_pipe(&ends[i]);
	loop_free(loop);
}

/* Closes the other one and opens a pipe in its place, most likely with the same numbers. */
static void replace_other(struct watch *watch, uint32_t events)
{
	struct pipe_end *end = container_of(watch, struct pipe_end, watch);
	struct pipe_end *victim = end->victim;

	(void)events;
	end->count++;
	if (end->count > 1 || victim->count > 0)
		return;
	close_pipe(victim);
	open_pipe(victim, end->loop);
}

static void test_reopened_descriptor_gets_no_old_event(void **state)
{
	struct loop *loop = new_loop(0, false);
	struct pipe_end ends[2] = { { .watch.ready = replace_other },
				    { .watch.ready = replace_other } };

	for (int i = 0; i < 2; i++) {
		open_pipe(&ends[i], loop);
		ends[i].victim = &ends[1 - i];
	}
	assert_int_equal(loop_run(loop, 0), 0);
	assert_int_equal(ends[0].count + ends[1].count, 1);
	/* Its own arrival is told in the next turn. */
	assert_int_equal(loop_run(loop, 0), 0);
	assert_int_equal(ends[0].count, 1);
	assert_int_equal(ends[1].count, 1);
	for (int i = 0; i < 2; i++)
		close_pipe(&ends[i]);
	loop_free(loop);
}

static void test_simulated_loop_has_no_descriptors(void **state)
{
	struct loop *loop = new_loop(0, true);
	struct watch watch = { count_ready, STDIN_FILENO };

	assert_int_equal(loop_watch(loop, &watch), -EOPNOTSUPP);
	loop_free(loop);
}

/* ---- waking, deferring, lag */

static void stop_at_wake(void *context)
{
	loop_stop(context);
}

static void *wake_it(void *context)
{
	usleep(5000);
	loop_wake(context);
	return NULL;
}

static void test_wake_from_another_thread(void **state)
{
	for (int is_gathering = 0; is_gathering < 2; is_gathering++) {
		struct loop *loop = new_loop(is_gathering ? NS_PER_MS : 0, false);
		uint64_t start_ns = loop_now(loop);
		pthread_t thread;

		loop_on_wake(loop, stop_at_wake, loop);
		assert_int_equal(pthread_create(&thread, NULL, wake_it, loop), 0);
		assert_int_equal(loop_run(loop, start_ns + 10 * NS_PER_S), 0);
		assert_true(loop_now(loop) < start_ns + 5 * NS_PER_S);
		pthread_join(thread, NULL);
		loop_free(loop);
	}
}

static void test_wake_before_the_run_is_not_lost(void **state)
{
	for (int is_simulated = 0; is_simulated < 2; is_simulated++) {
		struct loop *loop = new_loop(0, is_simulated);
		uint64_t start_ns = loop_now(loop);

		loop_on_wake(loop, stop_at_wake, loop);
		loop_wake(loop);
		loop_wake(loop);
		assert_int_equal(loop_run(loop, start_ns + NS_PER_S), 0);
		assert_true(loop_now(loop) < start_ns + NS_PER_S);
		loop_free(loop);
	}
}

struct work {
	struct deferred deferred;
	struct loop *loop;
	unsigned left;
};

static void do_work(struct deferred *deferred)
{
	struct work *work = container_of(deferred, struct work, deferred);

	if (--work->left > 0)
		loop_defer(work->loop, deferred);
}

static void test_deferred_runs_without_an_event(void **state)
{
	struct loop *loop = new_loop(0, true);
	struct work work = { .loop = loop, .left = 3 };

	deferred_init(&work.deferred, do_work);
	loop_defer(loop, &work.deferred);
	loop_defer(loop, &work.deferred);
	assert_int_equal(loop_run(loop, 0), 0);
	assert_int_equal(work.left, 2);
	assert_int_equal(loop_run(loop, UINT64_MAX), 0);
	assert_int_equal(work.left, 0);
	assert_int_equal(loop_now(loop), 0);
	work.left = 1;
	loop_defer(loop, &work.deferred);
	loop_free(loop);
	assert_int_equal(work.left, 0);
}

/* Also what that defers; what was taken back does not run. */
static void test_deferred_to_the_end_runs_when_the_loop_is_freed(void **state)
{
	struct loop *loop = new_loop(0, true);
	struct work work = { .loop = loop, .left = 2 };
	struct work withdrawn = { .loop = loop, .left = 1 };

	deferred_init(&work.deferred, do_work);
	deferred_init(&withdrawn.deferred, do_work);
	loop_defer_to_end(loop, &work.deferred);
	loop_defer_to_end(loop, &work.deferred);
	loop_defer_to_end(loop, &withdrawn.deferred);
	assert_int_equal(loop_run(loop, UINT64_MAX), 0);
	assert_int_equal(work.left, 2);
	list_remove(&withdrawn.deferred.node);
	loop_free(loop);
	assert_int_equal(work.left, 0);
	assert_int_equal(withdrawn.left, 1);
}

static void note_lag(void *context, uint64_t lag_ns)
{
	uint64_t *worst_ns = context;
	if (lag_ns > *worst_ns)
		*worst_ns = lag_ns;
}

static void sleep_once(struct pacer *pacer, uint64_t now_ns)
{
	(void)now_ns;
	pacer->due_ns = UINT64_MAX;
	usleep(20000);
}

static void test_lag_of_a_loop_that_was_busy(void **state)
{
	struct loop *loop = new_loop(0, false);
	uint64_t start_ns = loop_now(loop);
	uint64_t worst_ns = 0;
	struct pacer sleeper = { .due_ns = start_ns, .run = sleep_once };
	struct alarm alarm;

	loop_on_lag(loop, note_lag, &worst_ns);
	loop_add_pacer(loop, &sleeper);
	init_alarm(&alarm, loop, start_ns + 5 * NS_PER_MS);
	assert_int_equal(loop_run(loop, start_ns + 40 * NS_PER_MS), 0);
	assert_int_equal(alarm.count, 1);
	assert_in_range(worst_ns, 10 * NS_PER_MS, 5 * NS_PER_S);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_of_a_simulated_day),
		cmocka_unit_test(test_timer_moves_and_clears),
		cmocka_unit_test(test_repeating_timer_runs_until_the_end),
		cmocka_unit_test(test_real_timer),
		cmocka_unit_test(test_pacer_is_exact),
		cmocka_unit_test(test_pacers_may_remove_each_other),
		cmocka_unit_test(test_tick_gathers_wake_ups),
		cmocka_unit_test(test_watch_is_told_once_an_arrival),
		cmocka_unit_test(test_spinning_hears_all_and_keeps_time),
		cmocka_unit_test(test_unwatch_in_mid_batch),
		cmocka_unit_test(test_reopened_descriptor_gets_no_old_event),
		cmocka_unit_test(test_simulated_loop_has_no_descriptors),
		cmocka_unit_test(test_wake_from_another_thread),
		cmocka_unit_test(test_wake_before_the_run_is_not_lost),
		cmocka_unit_test(test_deferred_runs_without_an_event),
		cmocka_unit_test(test_deferred_to_the_end_runs_when_the_loop_is_freed),
		cmocka_unit_test(test_lag_of_a_loop_that_was_busy),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
