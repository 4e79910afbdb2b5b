/* The inside of a loop, and what the real and the simulated kind do differently. Only for
 * net/loop*.c. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "net/loop.h"
#include "net/wheel.h"

#define LOOP_EVENTS_MAX 256

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
	bool is_spinning;
	struct list pacers;
	struct list deferred;
	struct list at_end;
	bool is_stopping;
	atomic_bool is_woken;
	void (*woken)(void *context);
	void *woken_context;
	void (*lag)(void *context, uint64_t lag_ns);
	void *lag_context;
	struct wheel wheel;

	/* Of the real kind. */
	int epoll_fd;
	struct watch wake;
	bool has_no_pwait2;
	/* Spinning: whose descriptor was ready alone, and how often it may still be tried. */
	struct watch *guess;
	unsigned guesses_left;
	int event_count;
	int event_next;
	struct epoll_event events[LOOP_EVENTS_MAX];
};

extern const struct loop_kind loop_real;
extern const struct loop_kind loop_simulated;

/* To the next multiple of the loop's tick. */
static inline uint64_t loop_round_up(const struct loop *loop, uint64_t at_ns)
{
	if (loop->tick_ns == 0 || at_ns > UINT64_MAX - loop->tick_ns)
		return at_ns;
	return (at_ns + loop->tick_ns - 1) / loop->tick_ns * loop->tick_ns;
}
