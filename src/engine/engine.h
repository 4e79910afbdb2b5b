/* Runs a plan: one thread a worker, nothing shared, in this process or in several forked ones.
 * Prints nothing. The owner drives it: new, start, (settled) begin, read and take events meanwhile,
 * end, (done) join, look, free. A process that ends too early is lost: its workers are settled and
 * done, and what they had published stays; the others go on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "engine/plan.h"
#include "engine/worker.h"

struct control_question;
struct control_receipt;
struct engine;
struct hist;

/* Opens listeners and logs; no thread runs yet. With several processes these are forked here, so
 * the caller is the only thread of its own. -errno with a sentence. */
nodiscard int engine_new(const struct plan *plan, struct error *error, struct engine **ret);
void engine_free(struct engine *engine);

/* Starts the threads: the ramp begins. `notify` is called when engine_is_settled() or
 * engine_is_done() may have become true: from any worker's thread or, with several processes, from
 * the loop of the owner, which is NULL only with one. */
nodiscard int engine_start(struct engine *engine, struct loop *owner, void (*notify)(void *context),
			   void *context, struct error *error);
/* Every slot is up or has had its connect timeout. */
bool engine_is_settled(const struct engine *engine);
/* Counting begins at this moment, a little ahead; it is `started` in the report. */
void engine_begin(struct engine *engine, uint64_t begin_ns);
/* The rate of the slots' stream from a moment a little ahead on, the same for all workers; once
 * counting has begun. 0: nothing falls due. A closed loop stops at 0 and goes on at any other.
 * -EAGAIN: the change before is not made everywhere yet. */
nodiscard int engine_change_rate(struct engine *engine, double rate_per_second,
				 uint64_t *ret_at_ns);
/* Ends regularly: nothing falls due from now on, answers are awaited, listeners drain. */
void engine_end(struct engine *engine);
/* Ends at once. */
void engine_abort(struct engine *engine);
bool engine_is_done(const struct engine *engine);
/* After engine_join(): when the last worker was done. */
uint64_t engine_done_ns(const struct engine *engine);
/* When nothing fell due any more; of what is lost, when it was. After engine_join(). */
uint64_t engine_end_ns(const struct engine *engine);
/* Waits for the threads and processes. */
void engine_join(struct engine *engine);

/* The newest tick that every worker has published; 0: none has, or all are done. */
uint64_t engine_tick(const struct engine *engine);
/* Adds up what the workers have published of a stream; false if the plan has no such stream. */
bool engine_read(const struct engine *engine, enum plan_stream stream, struct recorder *into);
/* Events in no strict order of time across workers; backends are indices of the whole run. */
bool engine_take_event(struct engine *engine, struct event *ret);
uint64_t engine_events_dropped(const struct engine *engine);
/* How late the workers' loops woke while they measured, as published last. */
struct engine_lag {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
};
void engine_lag(const struct engine *engine, struct engine_lag *ret);
/* NULL: unknown. */
const char *engine_backend(const struct engine *engine, uint16_t backend);
/* The port that listener `index` of the plan got. */
uint16_t engine_port(const struct engine *engine, uint32_t index);
/* The port that the far end of this worker got. */
uint16_t engine_far_port(const struct engine *engine, unsigned worker);
/* After engine_join(): what the far ends have received of a flow. `delays` is scratch of
 * RECEIVER_DELAY_RANGE. */
void engine_far_receipt(const struct engine *engine, const struct control_question *question,
			struct hist *delays, struct control_receipt *ret);

/* Those that the plan asks for, and behind them their far ends. */
unsigned engine_workers(const struct engine *engine);
/* For the report, after engine_join(): the records of one worker, whose backends are its own
 * names (engine_worker(...)->names). */
const struct worker *engine_worker(const struct engine *engine, unsigned index);
/* Its process was lost: it is as it was when it published last, and what its slots came to is not
 * known. */
bool engine_is_lost(const struct engine *engine, unsigned index);

struct engine_process {
	unsigned index; /* from 0 */
	int pid;
	unsigned workers;
	uint64_t slots; /* of traffic and load: its share of -c */
	bool is_lost;
	/* Of a lost one. */
	uint64_t lost_ns;
	uint64_t connections; /* that it had then */
	int signal;           /* that killed it; 0: it left with `status` */
	int status;
};
/* 0: all workers run in this one. */
unsigned engine_processes(const struct engine *engine);
const struct engine_process *engine_process(const struct engine *engine, unsigned index);
/* One that was lost, told once; NULL: no other. */
const struct engine_process *engine_take_lost(struct engine *engine);
/* CPU time that these processes have used. */
uint64_t engine_cpu_ns(const struct engine *engine);
