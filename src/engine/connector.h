/* Lets the slots of a worker connect, one after the other: at a rate, and never more at once than
 * a listen queue takes; where they connect from and to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "engine/plan.h"
#include "net/loop.h"
#include "net/source_pool.h"

struct worker;
struct connector;

struct connector {
	struct worker *worker;
	struct source_pool *sources; /* NULL: the kernel chooses */
	uint32_t next_port;          /* of the window for the next connection */
	/* Who waits: first all places in order of their numbers, which costs no memory, then those
	 * of the queue. A place's node is touched when it waits again. */
	uint32_t count;
	uint32_t begun; /* places that had their first turn */
	struct list *nodes;
	struct list queue;
	struct pacer pacer;
	uint64_t interval_ns;
	uint64_t next_ns;      /* the earliest moment of the next attempt */
	uint32_t held;         /* connections that were begun and have not answered yet */
	bool is_patience_over; /* each had its connect timeout */
	struct timer patience;
	void (*connect)(struct connector *connector, uint32_t place);
};

/* For `count` places; `connect` is called when it is a place's turn, which then is held. */
nodiscard int connector_init(struct connector *connector, struct worker *worker, uint32_t count,
			     void (*connect)(struct connector *connector, uint32_t place));
void connector_deinit(struct connector *connector);
/* All places wait for their first turn. Connections begun a second over all workers, 0: as fast as
 * they answer; or, where `over_ns` is given, the first ones are spread over that time. */
void connector_start(struct connector *connector, double per_second, uint64_t over_ns);
void connector_set_rate(struct connector *connector, double per_second);
/* No more turns. */
void connector_stop(struct connector *connector);

/* The place waits again. */
void connector_enqueue(struct connector *connector, uint32_t place);
/* The node of a place that waits for nothing here may be in a list of its owner's. */
struct list *connector_node(struct connector *connector, uint32_t place);
uint32_t connector_place(const struct connector *connector, const struct list *node);
/* Takes the node out of whatever list it is in. */
void connector_forget(struct connector *connector, uint32_t place);
/* A place that was held: its connection answered, failed, or has held up others for long enough. */
void connector_release(struct connector *connector);
/* Where the next connection is to come from. */
void connector_choose_local(struct connector *connector, struct stream_connect *connect);
