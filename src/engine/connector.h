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

/* What waits for its turn. Embedded in a slot. */
struct connector_place {
	struct list node;
	bool is_held; /* its connection was begun and has not answered yet */
};

struct connector {
	struct worker *worker;
	struct source_pool *sources; /* NULL: the kernel chooses */
	uint32_t next_port;          /* of the window for the next connection */
	struct list queue;
	struct pacer pacer;
	uint64_t interval_ns;
	uint64_t next_ns; /* the earliest moment of the next attempt */
	uint32_t held;
	uint32_t unstarted;    /* places that never had their turn */
	bool is_patience_over; /* each had its connect timeout */
	struct timer patience;
	void (*connect)(struct connector_place *place);
};

/* For `count` places; `connect` is called when it is a place's turn. */
nodiscard int connector_init(struct connector *connector, struct worker *worker, uint32_t count,
			     void (*connect)(struct connector_place *place));
void connector_deinit(struct connector *connector);
/* Connections begun a second over all workers, 0: as fast as they answer; or, where `over_ns` is
 * given, the first ones are spread over that time. */
void connector_start(struct connector *connector, double per_second, uint64_t over_ns,
		     uint32_t count);
void connector_set_rate(struct connector *connector, double per_second);
/* No more turns. */
void connector_stop(struct connector *connector);

void connector_place_init(struct connector_place *place);
void connector_enqueue(struct connector *connector, struct connector_place *place);
/* The connection answered, failed, or has held up others for long enough. */
void connector_release(struct connector *connector, struct connector_place *place);
/* Where the next connection is to come from. */
void connector_choose_local(struct connector *connector, struct stream_connect *connect);
