/* The real loop: epoll with a nanosecond deadline, CLOCK_MONOTONIC, an eventfd to be woken by. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "net/loop_kind.h"
#include "sys/clock.h"

/* So often, about 10 µs, before the kernel is asked again about all descriptors. */
#define GUESSES 64

static void drain_wake(struct watch *watch, uint32_t events)
{
	uint64_t count;
	(void)events;
	/* The flag is_woken says it already; the counter only ended the wait. */
	(void)!read(watch->fd, &count, sizeof(count));
}

static int real_open(struct loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->wake = (struct watch){ drain_wake, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	if (loop->wake.fd < 0)
		return -errno;
	loop->now_ns = clock_monotonic_ns();
	return loop_watch(loop, &loop->wake);
}

/* A thread's timers may by default be 50 µs late so that wake-ups can be gathered. */
static void real_begin(void)
{
	(void)prctl(PR_SET_TIMERSLACK, 1UL);
}

static uint64_t real_read_clock(const struct loop *loop)
{
	(void)loop;
	return clock_monotonic_ns();
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };
}

/* With a tick: sleeps on from the first event to the next multiple, while more events gather. */
static void gather(const struct loop *loop, const struct timespec *left)
{
	struct pollfd any = { .fd = loop->epoll_fd, .events = POLLIN };

	if (ppoll(&any, 1, left, NULL) <= 0)
		return;
	struct timespec at = timespec_of(loop_round_up(loop, clock_monotonic_ns()));
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int wait_in_ms(struct loop *loop, uint64_t left_ns)
{
	uint64_t left_ms = left_ns / NS_PER_MS + (left_ns % NS_PER_MS != 0);
	int timeout = left_ns == UINT64_MAX ? -1 : left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
	return epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, timeout);
}

static int wait_for_events(struct loop *loop, uint64_t left_ns)
{
	struct timespec left = timespec_of(left_ns);
	const struct timespec *timeout = left_ns == UINT64_MAX ? NULL : &left;

	if (loop->tick_ns != 0 && left_ns != 0) {
		gather(loop, timeout);
		return epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, 0);
	}
	if (loop->has_no_pwait2)
		return wait_in_ms(loop, left_ns);
	int count = epoll_pwait2(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, timeout, NULL);
	if (count >= 0 || errno != ENOSYS)
		return count;
	loop->has_no_pwait2 = true; /* before Linux 5.11: whole milliseconds */
	return wait_in_ms(loop, left_ns);
}

/* The clock is read before the wait only when there is something to wait for: a deadline counts
 * from now, not from the start of a turn that may have taken long. */
static uint64_t time_left(uint64_t now_ns, uint64_t deadline_ns)
{
	if (deadline_ns == UINT64_MAX)
		return UINT64_MAX;
	if (deadline_ns > now_ns)
		now_ns = clock_monotonic_ns();
	return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

static int sleep_until(struct loop *loop, uint64_t deadline_ns)
{
	int count = wait_for_events(loop, time_left(loop->now_ns, deadline_ns));

	loop->now_ns = clock_monotonic_ns();
	return count;
}

/* Spinning: asks the kernel what is ready. Where nothing is, the time until something comes is
 * spent on who was ready alone before: it is told that it may read, which finds bytes sooner than
 * epoll does (doc/performance.md). */
static int look(struct loop *loop)
{
	int count = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, 0);

	if (count == 1)
		loop->guess = loop->events[0].data.ptr;
	else if (count > 1)
		loop->guess = NULL;
	loop->guesses_left = count == 0 && loop->guess != NULL ? GUESSES : 0;
	return count;
}

static int guess(struct loop *loop)
{
	loop->guesses_left--;
	loop->events[0] = (struct epoll_event){ .events = EPOLLIN, .data.ptr = loop->guess };
	return 1;
}

static int spin_until(struct loop *loop, uint64_t deadline_ns)
{
	int count = 0;

	do {
		count = loop->guesses_left > 0 ? guess(loop) : look(loop);
		loop->now_ns = clock_monotonic_ns();
	} while (count == 0 && loop->now_ns < deadline_ns);
	return count;
}

static int real_wait(struct loop *loop, uint64_t deadline_ns)
{
	int count =
		loop->is_spinning ? spin_until(loop, deadline_ns) : sleep_until(loop, deadline_ns);

	if (count < 0 && errno != EINTR)
		return -errno;
	loop->event_next = 0;
	loop->event_count = count > 0 ? count : 0;
	return 1;
}

const struct loop_kind loop_real = { real_open, real_begin, real_read_clock, real_wait };
