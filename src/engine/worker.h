/* One thread of the engine: a loop, recorders, logs and the activities that a plan asks for.
 * Share-nothing: all fields belong to the worker's thread but those marked otherwise. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/pages.h"
#include "base/random.h"
#include "engine/flows_state.h"
#include "engine/names.h"
#include "engine/pace.h"
#include "engine/plan.h"
#include "engine/service_totals.h"
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
	/* The rate of the slots' stream changes: nothing that is due later has fallen due. NULL: it
	 * has another stream. */
	void (*change)(struct activity *activity, const struct pace_change *change);
	/* There is room for one more change. NULL: always. */
	bool (*has_room)(struct activity *activity);
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

/* The lists of a worker, which only grow: a copy of these says how far they were then. */
struct worker_logs {
	struct interval_log intervals;
	struct connection_log ended; /* connections that ended or failed, the first ones */
	struct connection_log open;  /* those open at the end: at most one a slot */
	struct attempt_log attempts; /* of new connections; no capacity where there are none */
	struct bursts bursts; /* of datagrams that the slots' stream lost; complete once done */
};

/* Where the run has several processes, this and all that its owner reads lies in memory that they
 * share; what only the worker's own process may follow is marked "own". */
struct worker {
	const struct plan *plan;
	unsigned index;
	struct loop *loop;           /* own */
	struct worker *far_end;      /* own; on the same loop, woken with this one; NULL: none */
	struct activity *activities; /* own */
	enum worker_stage stage;
	uint64_t begin_ns;       /* the start of -T; UINT64_MAX in the ramp */
	uint64_t end_ns;         /* when nothing falls due any more; UINT64_MAX: until stopped */
	uint64_t done_ns;        /* of the last publication; 0: not yet */
	const struct pace *pace; /* all workers' changes of the rate; NULL: there are none */
	uint64_t paced_ns;       /* when the newest change that was made took effect */
	uint32_t pace_number;    /* of that change; 0: none */
	struct random random;
	struct names names;
	struct recorder *recorders[PLAN_STREAMS]; /* own; NULL: no such stream here */
	struct publication *publications[PLAN_STREAMS];
	struct event_ring *events; /* read by the engine's owner */
	struct worker_logs logs;
	struct worker_logs published_logs[2]; /* with the last publication, and the one before */
	_Atomic unsigned published_number;    /* the last is in published_logs[this % 2] */
	struct slot_record *slots;            /* this worker's, in order of slot number */
	uint32_t slot_count;
	struct hist *lag;              /* how late the loop woke */
	uint64_t cpu_used_ns;          /* by this thread while it measured */
	uint64_t cpu_waited_ns;        /* of that time, ready to run but without a cpu */
	struct flows_state path;       /* of the path probes, as published last */
	struct service_totals service; /* of what is served */
	uint8_t *scratch; /* own; WORKER_SCRATCH_BYTES to receive into; never kept across calls */
	const uint8_t *zeros; /* own; WORKER_SCRATCH_BYTES of zeros, read-only */
	struct deferred finishing;
	struct timer tick;
	struct timer deadline; /* the end of -T, then of the linger */
	uint64_t ticks;
	uint64_t received_at_end[PLAN_STREAMS]; /* once it lingers */
	/* Set by the engine's owner, who then wakes the worker. */
	_Atomic uint64_t wanted_begin_ns;
	_Atomic bool is_end_wanted;
	_Atomic bool is_abort_wanted;
	/* Read by the engine's owner. */
	_Atomic uint64_t lag_count; /* of `lag`, when it published last */
	_Atomic uint64_t lag_sum_ns;
	_Atomic uint64_t lag_max_ns;
	_Atomic uint32_t paces_taken; /* the newest change that was made, with room for another */
	_Atomic bool is_settled;
	_Atomic bool is_done;
	void (*notify)(
		void *context); /* called when either of these turns true, from this thread */
	void *notify_context;
	/* Another process's owner has this called instead of loop_wake(); NULL: it is in this one.
	 */
	void (*wake)(void *context);
	void *wake_context;
};

/* Publications come every 100 ms: in the ramp all are number 1, the one that is due at
 * begin_ns + k * 100 ms is 1 + k. The last one comes when the worker is done and holds for all
 * ticks from then on. */
#define WORKER_TICK_NS   UINT64_C(100000000)
#define WORKER_RAMP_TICK 1
#define WORKER_DONE_TICK UINT64_MAX

/* What the owner reads, before any process that is to share it is forked. -errno. */
nodiscard int worker_reserve(const struct plan *plan, unsigned index, struct worker **ret);
/* The rest, on the caller's loop, with all the plan's activities, not yet started; by the process
 * and, but before its start, the thread whose worker it is. -errno. */
nodiscard int worker_open(struct worker *worker, struct loop *loop);
/* Both in one. */
nodiscard int worker_new(const struct plan *plan, unsigned index, struct loop *loop,
			 struct worker **ret);
/* Where it was opened, and before its loop; harmless if it was not. */
void worker_close(struct worker *worker);
/* Of worker_reserve(), without closing it. */
void worker_release(struct worker *worker);
/* Both in one. */
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
/* The pace has changed. */
void worker_want_pace(struct worker *worker);
/* For the worker's thread, whoever has taken over its loop's loop_on_wake(): does what is wanted.
 */
void worker_obey(struct worker *worker);

/* Its process is gone: what it recorded is now as it was when it published last, and it is settled
 * and done, at `lost_ns`. */
void worker_lost(struct worker *worker, uint64_t lost_ns);

/* For activities. */
void worker_event(struct worker *worker, const struct event *event); /* at_ns 0: now */
/* An activity became settled or done: the worker looks again. */
void worker_check(struct worker *worker);
bool worker_is_counting(const struct worker *worker);
/* Up to when messages of the slots' stream may fall due now, within `until_ns`. */
static inline uint64_t worker_paced(const struct worker *worker, uint64_t until_ns)
{
	uint64_t limit_ns = pace_limit(worker->pace, worker->paced_ns);
	return until_ns < limit_ns ? until_ns : limit_ns;
}
