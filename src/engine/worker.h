/* One thread of the engine: a loop, recorders, logs and the activities that a plan asks for.
 * Share-nothing: all fields belong to the worker's thread but those marked otherwise. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/random.h"
#include "engine/names.h"
#include "engine/plan.h"
#include "metric/bursts.h"
#include "metric/events.h"
#include "metric/record.h"
#include "metric/recorder.h"
#include "net/loop.h"

/* The course of a run, the same in every worker:
 *   ramp     from start(): connect and warm up; nothing counts
 *   measure  from begin(): from the common start to the end of -T
 *   linger   from end(): nothing falls due any more, answers are awaited; serve: drains
 *   done     finish(): what is open is recorded as open, all is closed */
enum worker_stage { WORKER_RAMP, WORKER_MEASURE, WORKER_LINGER, WORKER_DONE };

struct worker;
struct activity;

/* Something that a worker does: the slots, the new connections, the path probes, the services.
 * Every function runs in the worker's thread. NULL where there is nothing to do. */
struct activity_kind {
	const char *name;
	/* The ramp begins. */
	void (*start)(struct activity *activity);
	/* The ramp is over for this one: all up, or given their time. NULL: at once. */
	bool (*is_settled)(const struct activity *activity);
	/* Counting begins at worker->begin_ns, which lies ahead. */
	void (*begin)(struct activity *activity);
	/* Nothing falls due from now on (worker->end_ns). */
	void (*end)(struct activity *activity);
	/* Nothing is awaited any more. NULL: at once. */
	bool (*is_done)(const struct activity *activity);
	/* The last accounting, then everything closed. */
	void (*finish)(struct activity *activity);
	/* Before each publication: bring gauges up to date. */
	void (*account)(struct activity *activity);
	void (*free)(struct activity *activity);
};

struct activity {
	const struct activity_kind *kind;
	struct worker *worker;
	struct activity *next;
};

#define WORKER_SCRATCH_BYTES (256 * 1024)

struct worker {
	const struct plan *plan;
	unsigned index;
	struct loop *loop;
	struct worker *far_end; /* on the same loop, woken with this one; NULL: none */
	struct activity *activities;
	enum worker_stage stage;
	uint64_t begin_ns; /* the start of -T; UINT64_MAX in the ramp */
	uint64_t end_ns;   /* when nothing falls due any more; UINT64_MAX: until stopped */
	uint64_t done_ns;  /* of the last publication; 0: not yet */
	struct random random;
	struct names names;
	struct recorder *recorders[PLAN_STREAMS]; /* NULL: no such stream here */
	struct publication *publications[PLAN_STREAMS];
	struct event_ring *events; /* read by the engine's owner */
	struct interval_log intervals;
	struct connection_log ended; /* connections that ended or failed, the first ones */
	struct attempt_log attempts; /* of new connections; no capacity where there are none */
	struct connection_log open;  /* those open at the end: at most one a slot */
	struct slot_record *slots;   /* this worker's, in order of slot number */
	uint32_t slot_count;
	struct hist *lag;     /* how late the loop woke */
	uint64_t cpu_used_ns; /* by this thread while it measured */
	struct bursts bursts; /* of datagrams that the slots' stream lost; complete once done */
	uint8_t *scratch;     /* WORKER_SCRATCH_BYTES to receive into; never kept across calls */
	const uint8_t *zeros; /* WORKER_SCRATCH_BYTES of zeros, shared and read-only */
	struct deferred finishing;
	struct timer tick;
	struct timer deadline; /* the end of -T, then of the linger */
	uint64_t ticks;
	/* Set by the engine's owner, then loop_wake(). */
	_Atomic uint64_t wanted_begin_ns;
	_Atomic bool is_end_wanted;
	_Atomic bool is_abort_wanted;
	/* Read by the engine's owner. */
	_Atomic uint64_t lag_count; /* of `lag`, when it published last */
	_Atomic uint64_t lag_sum_ns;
	_Atomic uint64_t lag_max_ns;
	_Atomic bool is_settled;
	_Atomic bool is_done;
	void (*notify)(
		void *context); /* called when either of these turns true, from this thread */
	void *notify_context;
};

/* Publications come every 100 ms: in the ramp all are number 1, the one that is due at
 * begin_ns + k * 100 ms is 1 + k. The last one comes when the worker is done and holds for all
 * ticks from then on. */
#define WORKER_TICK_NS   UINT64_C(100000000)
#define WORKER_RAMP_TICK 1
#define WORKER_DONE_TICK UINT64_MAX

/* On the caller's loop, with all the plan's activities, not yet started. -errno. */
nodiscard int worker_new(const struct plan *plan, unsigned index, struct loop *loop,
			 struct worker **ret);
/* Before its loop. */
void worker_free(struct worker *worker);
/* The ramp begins; then loop_run(worker->loop) until it stops itself, being done. */
void worker_start(struct worker *worker);
void worker_add_activity(struct worker *worker, struct activity *activity,
			 const struct activity_kind *kind);
/* Both were made on one loop, the far end last; its lag is told as that of the first. */
void worker_join_far_end(struct worker *worker, struct worker *far_end);
/* For the owner's thread. */
void worker_want_begin(struct worker *worker, uint64_t begin_ns);
void worker_want_end(struct worker *worker);
void worker_want_abort(struct worker *worker);

/* For activities. */
void worker_event(struct worker *worker, const struct event *event); /* at_ns 0: now */
/* An activity became settled or done: the worker looks again. */
void worker_check(struct worker *worker);
bool worker_is_counting(const struct worker *worker);
