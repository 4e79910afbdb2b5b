#include "net/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "net/wheel.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define EVENTS_MAX 256

/* What the real and the simulated loop do differently. */
struct loop_kind {
	int (*open)(struct loop *loop);
	/* Called by the thread that is going to turn. */
	void (*begin)(void);
	uint64_t (*read_clock)(const struct loop *loop);
	/* Waits for events or the deadline and reads the clock. 0: nothing will ever happen. */
	int (*wait)(struct loop *loop, uint64_t deadline_ns);
};

struct loop {
	const struct loop_kind *kind;
	uint64_t now_ns;
	uint64_t tick_ns;
	struct list pacers;
	struct list deferred;
	bool is_stopping;
	atomic_bool is_woken;
	void (*woken)(void *context);
	void *woken_context;
	void (*lag)(void *context, uint64_t lag_ns);
	void *lag_context;
	struct wheel wheel;

	/* Of the real one. */
	int epoll_fd;
	struct watch wake;
	bool has_no_pwait2;
	int event_count;
	int event_next;
	struct epoll_event events[EVENTS_MAX];
};

/* ---- the real kind */

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

static uint64_t round_up(uint64_t at_ns, uint64_t tick_ns)
{
	if (tick_ns == 0 || at_ns > UINT64_MAX - tick_ns)
		return at_ns;
	return (at_ns + tick_ns - 1) / tick_ns * tick_ns;
}

/* With a tick: sleeps on from the first event to the next multiple, while more events gather. */
static void gather(const struct loop *loop, const struct timespec *left)
{
	struct pollfd any = { .fd = loop->epoll_fd, .events = POLLIN };

	if (ppoll(&any, 1, left, NULL) <= 0)
		return;
	struct timespec at = timespec_of(round_up(clock_monotonic_ns(), loop->tick_ns));
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int wait_in_ms(struct loop *loop, uint64_t left_ns)
{
	uint64_t left_ms = left_ns / NS_PER_MS + (left_ns % NS_PER_MS != 0);
	int timeout = left_ns == UINT64_MAX ? -1 : left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
	return epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, timeout);
}

static int wait_for_events(struct loop *loop, uint64_t left_ns)
{
	struct timespec left = timespec_of(left_ns);
	const struct timespec *timeout = left_ns == UINT64_MAX ? NULL : &left;

	if (loop->tick_ns != 0 && left_ns != 0) {
		gather(loop, timeout);
		return epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, 0);
	}
	if (loop->has_no_pwait2)
		return wait_in_ms(loop, left_ns);
	int count = epoll_pwait2(loop->epoll_fd, loop->events, EVENTS_MAX, timeout, NULL);
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

static int real_wait(struct loop *loop, uint64_t deadline_ns)
{
	int count = wait_for_events(loop, time_left(loop->now_ns, deadline_ns));

	if (count < 0 && errno != EINTR)
		return -errno;
	loop->event_next = 0;
	loop->event_count = count > 0 ? count : 0;
	loop->now_ns = clock_monotonic_ns();
	return 1;
}

static const struct loop_kind real_kind = { real_open, real_begin, real_read_clock, real_wait };

/* ---- the simulated kind */

static int simulated_open(struct loop *loop)
{
	(void)loop;
	return 0;
}

static void simulated_begin(void)
{
}

static uint64_t simulated_read_clock(const struct loop *loop)
{
	return loop->now_ns;
}

static int simulated_wait(struct loop *loop, uint64_t deadline_ns)
{
	if (deadline_ns == UINT64_MAX)
		return 0;
	if (deadline_ns > loop->now_ns)
		loop->now_ns = deadline_ns;
	return 1;
}

static const struct loop_kind simulated_kind = { simulated_open, simulated_begin,
						 simulated_read_clock, simulated_wait };

/* ---- both */

int loop_new(const struct loop_options *options, struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return -ENOMEM;
	loop->kind = options->is_simulated ? &simulated_kind : &real_kind;
	loop->now_ns = options->simulated_start_ns;
	loop->tick_ns = options->tick_ns;
	loop->epoll_fd = -1;
	loop->wake.fd = -1;
	list_init(&loop->pacers);
	list_init(&loop->deferred);
	int rc = loop->kind->open(loop);
	wheel_init(&loop->wheel, loop->now_ns);
	if (rc < 0) {
		loop_free(loop);
		return rc;
	}
	*ret = loop;
	return 0;
}

static void run_deferred(struct loop *loop)
{
	struct list now;

	if (list_is_empty(&loop->deferred))
		return;
	list_init(&now);
	list_move_all(&now, &loop->deferred);
	for (struct list *node; (node = list_take_first(&now)) != NULL;) {
		struct deferred *deferred = container_of(node, struct deferred, node);
		deferred->run(deferred);
	}
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	while (!list_is_empty(&loop->deferred))
		run_deferred(loop);
	(void)fd_close(loop->wake.fd);
	(void)fd_close(loop->epoll_fd);
	free(loop);
}

uint64_t loop_now(const struct loop *loop)
{
	return loop->now_ns;
}

uint64_t loop_read_clock(struct loop *loop)
{
	loop->now_ns = loop->kind->read_clock(loop);
	return loop->now_ns;
}

static uint64_t next_deadline(struct loop *loop)
{
	if (!list_is_empty(&loop->deferred) ||
	    atomic_load_explicit(&loop->is_woken, memory_order_relaxed))
		return loop->now_ns;
	uint64_t next = wheel_next_ns(&loop->wheel);
	for (struct list *node = loop->pacers.next; node != &loop->pacers; node = node->next) {
		struct pacer *pacer = container_of(node, struct pacer, node);
		if (pacer->due_ns < next)
			next = pacer->due_ns;
	}
	/* No wake-up can be asked for before the turn that asks, nor be late against that. */
	return next > loop->now_ns ? round_up(next, loop->tick_ns) : loop->now_ns;
}

static void report_lag(const struct loop *loop, uint64_t deadline_ns)
{
	if (loop->lag != NULL && loop->now_ns >= deadline_ns)
		loop->lag(loop->lag_context, loop->now_ns - deadline_ns);
}

static void answer_wake(struct loop *loop)
{
	if (!atomic_load_explicit(&loop->is_woken, memory_order_relaxed))
		return;
	atomic_store(&loop->is_woken, false);
	if (loop->woken != NULL)
		loop->woken(loop->woken_context);
}

/* Each is put back before it runs, so that it may remove itself or any other. */
static void run_pacers(struct loop *loop)
{
	struct list all;

	list_init(&all);
	list_move_all(&all, &loop->pacers);
	for (struct list *node; (node = list_take_first(&all)) != NULL;) {
		struct pacer *pacer = container_of(node, struct pacer, node);
		list_append(&loop->pacers, node);
		if (pacer->due_ns <= loop->now_ns)
			pacer->run(pacer, loop->now_ns);
	}
}

static void dispatch_events(struct loop *loop)
{
	while (loop->event_next < loop->event_count) {
		const struct epoll_event *event = &loop->events[loop->event_next++];
		struct watch *watch = event->data.ptr;
		if (watch != NULL)
			watch->ready(watch, event->events);
	}
}

static void fire_timers(struct loop *loop)
{
	struct list due;

	wheel_advance(&loop->wheel, loop->now_ns);
	list_init(&due);
	list_move_all(&due, &loop->wheel.due);
	for (struct list *node; (node = list_take_first(&due)) != NULL;) {
		struct timer *timer = container_of(node, struct timer, node);
		timer->fire(timer);
	}
}

static int turn(struct loop *loop, uint64_t until_ns)
{
	uint64_t deadline_ns = next_deadline(loop);
	if (deadline_ns > until_ns)
		deadline_ns = until_ns;
	int rc = loop->kind->wait(loop, deadline_ns);
	if (rc <= 0)
		return rc;
	report_lag(loop, deadline_ns);
	answer_wake(loop);
	run_pacers(loop);
	dispatch_events(loop);
	fire_timers(loop);
	run_deferred(loop);
	return rc;
}

int loop_run(struct loop *loop, uint64_t until_ns)
{
	int rc = 0;

	loop->kind->begin();
	while (!loop->is_stopping) {
		rc = turn(loop, until_ns);
		if (rc <= 0 || loop->now_ns >= until_ns)
			break;
	}
	loop->is_stopping = false;
	return rc < 0 ? rc : 0;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}

void loop_wake(struct loop *loop)
{
	static const uint64_t one = 1;
	int saved = errno;

	/* Whoever finds it set leaves the writing to who set it. */
	if (!atomic_exchange(&loop->is_woken, true) && loop->wake.fd >= 0)
		(void)!write(loop->wake.fd, &one, sizeof(one));
	errno = saved;
}

void loop_on_wake(struct loop *loop, void (*woken)(void *context), void *context)
{
	loop->woken = woken;
	loop->woken_context = context;
}

void loop_on_lag(struct loop *loop, void (*lag)(void *context, uint64_t lag_ns), void *context)
{
	loop->lag = lag;
	loop->lag_context = context;
}

static int control(struct loop *loop, int operation, struct watch *watch)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = watch,
	};
	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) == 0 ? 0 : -errno;
}

int loop_watch(struct loop *loop, struct watch *watch)
{
	if (loop->epoll_fd < 0)
		return -EOPNOTSUPP;
	return control(loop, EPOLL_CTL_ADD, watch);
}

void loop_rewatch(struct loop *loop, struct watch *watch)
{
	(void)control(loop, EPOLL_CTL_MOD, watch);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	(void)control(loop, EPOLL_CTL_DEL, watch);
	for (int i = loop->event_next; i < loop->event_count; i++) {
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
	}
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
	list_init(&timer->node);
	timer->at_ns = 0;
	timer->fire = fire;
}

bool timer_is_set(const struct timer *timer)
{
	return !list_is_empty(&timer->node);
}

void loop_set_timer(struct loop *loop, struct timer *timer, uint64_t at_ns)
{
	wheel_remove(&loop->wheel, timer);
	timer->at_ns = at_ns;
	wheel_add(&loop->wheel, timer);
}

void loop_clear_timer(struct loop *loop, struct timer *timer)
{
	wheel_remove(&loop->wheel, timer);
}

void loop_add_pacer(struct loop *loop, struct pacer *pacer)
{
	list_append(&loop->pacers, &pacer->node);
}

void loop_remove_pacer(struct loop *loop, struct pacer *pacer)
{
	(void)loop;
	list_remove(&pacer->node);
}

void deferred_init(struct deferred *deferred, void (*run)(struct deferred *deferred))
{
	list_init(&deferred->node);
	deferred->run = run;
}

void loop_defer(struct loop *loop, struct deferred *deferred)
{
	if (list_is_empty(&deferred->node))
		list_append(&loop->deferred, &deferred->node);
}
