/* A worker with a plan on a simulated loop and the in-memory network, with peers to talk to. */
#pragma once

#include "engine/script.h"
#include "engine/worker.h"
#include "peer.h"

#define SIMULATION_PEERS_MAX 4

struct simulation {
	struct loop *loop;
	struct memory_network *network;
	struct peer *peers[SIMULATION_PEERS_MAX];
	struct endpoint endpoints[SIMULATION_PEERS_MAX];
	struct plan plan;
	struct script script; /* echo; message_bytes as the plan's slots say */
	struct plan_target target;
	struct worker *worker;
};

/* Peers "web-1" ... and a plan of defaults without any stream: fill in, then start. */
void simulation_init(struct simulation *simulation, unsigned peers,
		     const struct memory_options *network);
/* Makes the worker, passes the ramp and begins; the clock then stands at begin_ns. */
void simulation_begin(struct simulation *simulation);
/* On to this moment after begin_ns. */
void simulation_run_to(struct simulation *simulation, uint64_t after_begin_ns);
/* To the end of -T and its linger. */
void simulation_finish(struct simulation *simulation);
void simulation_deinit(struct simulation *simulation);

const struct counters *simulation_counters(const struct simulation *simulation,
					   enum plan_stream stream);
const struct hist *simulation_hist(const struct simulation *simulation, enum plan_stream stream,
				   enum latency latency);
/* How many slots ended in this class. */
unsigned simulation_survivors(const struct simulation *simulation, enum survival survival);
/* The first interval of this kind, NULL if there is none; `index` counts among them. */
const struct interval *simulation_interval(const struct simulation *simulation,
					   enum interval_kind kind, unsigned index);
unsigned simulation_interval_count(const struct simulation *simulation, enum interval_kind kind);
