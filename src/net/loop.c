#include "net/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/loop_kind.h"
#include "sys/fd.h"

int loop_new(const struct loop_options *options, struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return -ENOMEM;
	loop->kind = options->is_simulated ? &loop_simulated : &loop_real;
	loop->now_ns = options->simulated_start_ns;
	loop->tick_ns = options->tick_ns;
	loop->is_spinning = options->is_spinning;
	loop->epoll_fd = -1;
	loop->wake.fd = -1;
	list_init(&loop->pacers);
	list_init(&loop->deferred);
	list_init(&loop->at_end);
	int rc = loop->kind->open(loop);
	wheel_init(&loop->wheel, loop->now_ns);
	if (rc < 0) {
		loop_free(loop);
		return rc;
	}
	*ret = loop;
	return 0;
}

static void run_all(struct list *list)
{
	struct list now;

	if (list_is_empty(list))
		return;
	list_init(&now);
	list_move_all(&now, list);
	for (struct list *node; (node = list_take_first(&now)) != NULL;) {
		struct deferred *deferred = container_of(node, struct deferred, node);
		deferred->run(deferred);
	}
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	run_all(&loop->at_end);
	while (!list_is_empty(&loop->deferred))
		run_all(&loop->deferred);
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
	return next > loop->now_ns ? loop_round_up(loop, next) : loop->now_ns;
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
	/* Also sees what the waker wrote before. */
	(void)atomic_exchange(&loop->is_woken, false);
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
	run_all(&loop->deferred);
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

static int control(struct loop *loop, int operation, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) == 0 ? 0 : -errno;
}

#define ALL_EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP)

int loop_watch(struct loop *loop, struct watch *watch)
{
	if (loop->epoll_fd < 0)
		return -EOPNOTSUPP;
	return control(loop, EPOLL_CTL_ADD, watch, ALL_EVENTS);
}

void loop_rewatch(struct loop *loop, struct watch *watch)
{
	(void)control(loop, EPOLL_CTL_MOD, watch, ALL_EVENTS);
}

void loop_rewatch_reading(struct loop *loop, struct watch *watch)
{
	(void)control(loop, EPOLL_CTL_MOD, watch, EPOLLIN);
}

void loop_mute(struct loop *loop, struct watch *watch)
{
	(void)control(loop, EPOLL_CTL_MOD, watch, 0);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	(void)control(loop, EPOLL_CTL_DEL, watch, 0);
	if (loop->guess == watch) {
		loop->guess = NULL;
		loop->guesses_left = 0;
	}
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

void pacer_init(struct pacer *pacer, void (*run)(struct pacer *pacer, uint64_t now_ns))
{
	*pacer = (struct pacer){ .due_ns = UINT64_MAX, .run = run };
	list_init(&pacer->node);
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

void loop_defer_to_end(struct loop *loop, struct deferred *deferred)
{
	if (list_is_empty(&deferred->node))
		list_append(&loop->at_end, &deferred->node);
}
