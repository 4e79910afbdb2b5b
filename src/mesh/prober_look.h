/* The inside of the prober of pages and health checks: a seat for each of both on each link, and
 * the looks that are under way. Only for mesh/prober_look*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slab.h"
#include "mesh/prober.h"
#include "net/loop.h"
#include "probe/probe.h"

/* Looks at once; one takes 7 KB. Those at peers that did not answer the last time last until their
 * time-out again, and those at who never answered may; places are left to the others. */
#define LOOKS_MAX          192
#define LOOK_STRANGERS_MAX 128 /* under way before one at who never answered begins */
#define LOOK_DOUBTS_MAX    64  /* at who did not answer the last time */

/* 200 to 304, as pingmesh has it. */
#define LOOK_STATUS_FIRST 200
#define LOOK_STATUS_LAST  304
#define LOOK_STATUSES     (LOOK_STATUS_LAST - LOOK_STATUS_FIRST + 1)

struct look;

enum look_seat_index {
	LOOK_HTTP,
	LOOK_GRPC,
	LOOK_SEATS,
};

/* One kind of look at one link, at rest. */
struct look_seat {
	struct timer timer;
	uint64_t due_ns;
	struct look *look; /* NULL: none is under way */
	struct look_link *owner;
	enum mesh_probe probe;
	bool is_doubted; /* the newest one ended without an answer */
};

struct look_link {
	struct list node;
	struct look_seat seats[LOOK_SEATS];
	struct mesh_link *link;
	struct look_prober *prober;
};

/* One that is under way. */
struct look {
	struct look_seat *seat;
	struct prober prober;
	struct probe probe;
	struct probe_target target;
	char connect_host[ENDPOINT_TEXT_MAX];
	bool was_doubted; /* when it began */
};

struct look_prober {
	const struct mesh_host *host;
	struct probe_host probe_host;
	struct slab link_slab;
	struct slab look_slab;
	struct list links;
	uint32_t under_way;
	uint32_t doubts; /* of these */
	uint32_t statuses[LOOK_STATUSES];
	bool is_stopped;
};

/* ---- one look (prober_look_run.c) */

/* Begins it, and counts it as sent; if there is no way to, as lost. */
void look_begin(struct look_seat *seat, uint64_t now_ns);
/* Lets go of it; it was never sent. */
void look_drop(struct look *look);
/* Of struct probe_host. */
void look_over(void *context, struct probe *probe);

/* ---- at what (prober_look_target.c) */

/* Is there anything to be looked at: by the settings, and by what is known of the peer. */
bool look_is_wanted(const struct look_seat *seat);
/* What the look is at, into look->target. -EINVAL: such a place there is none. */
int look_choose_target(struct look *look, struct error *error);
