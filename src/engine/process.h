/* One of the processes that a run's workers are forked into: what its owner knows of it, and what
 * it does itself. It opens its workers, runs their threads, and passes on by its line what the
 * owner wants of them and what has become of them; it leaves when all are done, or when the owner
 * is gone. The owner's thread alone calls this. */
#pragma once

#include "base/error.h"
#include "engine/engine.h"
#include "net/loop.h"
#include "sys/forked.h"

struct process {
	struct engine *engine;
	struct engine_process told;
	unsigned first; /* its workers: [first, end) */
	unsigned end;
	struct forked forked;
	uint64_t cpu_ns; /* once it is reaped */
	/* The owner's. */
	struct loop *owner; /* NULL: it does not watch yet */
	struct watch line;
	struct watch end_of_it;
	void (*notify)(void *context);
	void *notify_context;
	bool is_lost_told;
	/* Its own. */
	struct loop *loop;
	bool is_started;
};

/* Where a process that is being set up leaves its error; shared. */
struct process_setup {
	int result;
	struct error error;
};

/* Forks number `index`, which opens its workers, and waits until it has: one after the other.
 * -errno with a sentence. */
nodiscard int process_open(struct engine *engine, unsigned index, struct error *error);
/* Its threads start, and the owner's loop watches for what it tells and for its end. -errno. */
nodiscard int process_start(struct process *process, struct loop *owner,
			    void (*notify)(void *context), void *context);
/* Its workers look at what is wanted of them. */
void process_wake(void *process);
/* Waits for its end, its workers being done. */
void process_join(struct process *process);
/* Ends it if it runs. */
void process_close(struct process *process);
uint64_t process_cpu_ns(const struct process *process);
