/* The inside of engine.h: for engine*.c and process.c. */
#pragma once

#include <pthread.h>

#include "engine/engine.h"
#include "engine/pace.h"
#include "engine/process.h"
#include "engine/service.h"

/* One worker, and its thread where it runs in this process. A far end has neither thread nor loop
 * of its own. */
struct thread {
	struct loop *loop;
	bool is_open;                   /* of a far end */
	struct service_shared services; /* of a far end, which shares them with nobody */
	struct worker *worker;
	struct engine *engine;
	pthread_t id;
	/* This worker's backends as indices of the whole run; grows as events name new ones. */
	uint16_t backends[NAMES_MAX];
	uint16_t backend_count;
	bool is_running;
	bool is_lost; /* with its process: what it published is in engine->lost */
};

struct engine {
	const struct plan *plan;
	struct names names;
	struct service_shared *services;
	struct pace *pace;
	/* Of a run with several processes. */
	struct process *processes; /* NULL: all workers run in this one */
	struct process_setup *setup;
	struct recorder *lost[PLAN_STREAMS]; /* what workers of lost ones had published */
	struct recorder *lost_one;
	unsigned next_event_worker;
	unsigned count;
	struct thread threads[];
};

/* Opens workers [first, end), in order, in the process where they are to run. -errno with a
 * sentence. */
nodiscard int engine_open_workers(struct engine *engine, unsigned first, unsigned end,
				  struct error *error);
/* Starts their threads; `notify` is called from any of them. -errno. */
nodiscard int engine_start_threads(struct engine *engine, unsigned first, unsigned end,
				   void (*notify)(void *context), void *context);
void engine_join_threads(struct engine *engine, unsigned first, unsigned end);
bool engine_are_done(const struct engine *engine, unsigned first, unsigned end);
/* Its process is gone. How many connections it had, when it published last. */
uint64_t engine_lose_worker(struct engine *engine, unsigned index, uint64_t lost_ns);
