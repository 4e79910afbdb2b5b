/* One thread's event loop: descriptors, timers and pacers under one clock.
 * Two kinds with the same interface: the real one (epoll, CLOCK_MONOTONIC) and a simulated one
 * that has no descriptors and whose clock jumps to the next timer, so that pacing, reconnecting
 * and outage logic run for simulated hours in a unit test. Nothing here may be called from
 * another thread but loop_wake(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"

struct loop;

struct loop_options {
	/* Wake-ups, also those for descriptors, are put off to multiples of this (--tick): fewer of
	 * them, less exact. 0 = exact. */
	uint64_t tick_ns;
	/* Never sleeps (--spin): it looks again and again, and a whole cpu is its own. No tick. */
	bool is_spinning;
	/* Simulated: the clock starts here and no descriptor can be watched. */
	bool is_simulated;
	uint64_t simulated_start_ns;
};

/* -errno from epoll_create1, eventfd or malloc. */
nodiscard int loop_new(const struct loop_options *options, struct loop **ret);
/* What was deferred and has not run yet runs now; timers and pacers are forgotten. */
void loop_free(struct loop *loop);

/* The moment at which this turn of the loop began dispatching: CLOCK_MONOTONIC in ns. Cheap. */
uint64_t loop_now(const struct loop *loop);
/* The clock read afresh; also moves what loop_now() returns. */
uint64_t loop_read_clock(struct loop *loop);

/* Turns until loop_stop() or until the clock reaches `until_ns` (UINT64_MAX: no end; a moment that
 * is past: one turn without waiting). A simulated loop also returns when nothing is left to
 * happen. 0, or -errno from epoll. A turn runs pacers, descriptors, timers, then what was deferred:
 * an answer that has arrived is seen before the timer that gives it up. */
nodiscard int loop_run(struct loop *loop, uint64_t until_ns);
void loop_stop(struct loop *loop);
/* The only call for other threads and signal handlers: makes the loop turn soon and call the
 * function of loop_on_wake(). */
void loop_wake(struct loop *loop);
void loop_on_wake(struct loop *loop, void (*woken)(void *context), void *context);

/* Descriptors, edge-triggered: `ready` is called once an arrival with the epoll bits; the owner
 * must read until -EAGAIN or remember that more may be there. Embedded in its owner. */
struct watch {
	void (*ready)(struct watch *watch, uint32_t events);
	int fd;
};
/* Watches for EPOLLIN | EPOLLOUT | EPOLLRDHUP. 0 or -errno; -EOPNOTSUPP on a simulated loop. */
nodiscard int loop_watch(struct loop *loop, struct watch *watch);
/* Tells what is ready now once more in a later turn, for an owner that stopped before the end. */
void loop_rewatch(struct loop *loop, struct watch *watch);
/* The same, but not when there is room to send: a datagram socket says that with each datagram that
 * leaves, which cost a sender of them a tenth. */
void loop_rewatch_reading(struct loop *loop, struct watch *watch);
/* Tells no more but errors until loop_rewatch(), and does not wake for it either. */
void loop_mute(struct loop *loop, struct watch *watch);
/* Before the descriptor is closed. Events of this turn that are still to come are dropped. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Timers: a hierarchical wheel of 65,536 ns a slot at the lowest level, so a timer fires up to
 * 66 µs late and never early. Setting, moving and clearing cost O(1) for any number of timers. */
struct timer {
	struct list node;
	uint64_t at_ns;
	void (*fire)(struct timer *timer);
};
void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
bool timer_is_set(const struct timer *timer);
/* Sets or moves; a moment that is past counts as now. */
void loop_set_timer(struct loop *loop, struct timer *timer, uint64_t at_ns);
void loop_clear_timer(struct loop *loop, struct timer *timer);

/* Pacers: the few exact deadlines of a worker (its schedules). `run` is called in the first turn
 * after `due_ns`, which must move `due_ns` on, and never before (UINT64_MAX: nothing is due). */
struct pacer {
	struct list node;
	uint64_t due_ns;
	void (*run)(struct pacer *pacer, uint64_t now_ns);
};
/* Nothing is due, and it belongs to no loop. */
void pacer_init(struct pacer *pacer, void (*run)(struct pacer *pacer, uint64_t now_ns));
void loop_add_pacer(struct loop *loop, struct pacer *pacer);
void loop_remove_pacer(struct loop *loop, struct pacer *pacer);

/* Work for the end of this turn, when no event points to the owner any more: the place to free.
 * What is deferred from there runs at the end of the next turn, which comes at once. */
struct deferred {
	struct list node;
	void (*run)(struct deferred *deferred);
};
void deferred_init(struct deferred *deferred, void (*run)(struct deferred *deferred));
/* Harmless when it is deferred already. */
void loop_defer(struct loop *loop, struct deferred *deferred);
/* Runs when the loop is freed, for what its owner has let go of and only time or the network ends;
 * list_remove(&deferred->node) takes it back. */
void loop_defer_to_end(struct loop *loop, struct deferred *deferred);

/* How late wake-ups came after the moment asked for, for the verdict on ourselves: told to this
 * function (NULL: nobody) once a turn that a deadline ended. */
void loop_on_lag(struct loop *loop, void (*lag)(void *context, uint64_t lag_ns), void *context);
