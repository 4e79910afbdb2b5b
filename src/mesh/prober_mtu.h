/* The inside of the prober of path MTUs: links, those of them that wait, and the few looks that are
 * under way. Only for mesh/prober_mtu*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slab.h"
#include "mesh/prober.h"
#include "net/loop.h"
#include "probe/path_back.h"

struct path_mtu;

/* Looks at once. Those at peers of which nothing good is known take seconds each, and leave half of
 * the places to the others. */
#define MTU_LOOKS_MAX  16
#define MTU_DOUBTS_MAX 8

/* A search that has no end by then has none. */
#define MTU_LOOK_MAX_NS UINT64_C(30000000000)

enum mtu_class {
	MTU_TRUSTED, /* it answers, and the newest look was well */
	MTU_DOUBTED,
	MTU_CLASSES,
};

struct mtu_look;

/* A link; 96 bytes at rest. */
struct mtu_link {
	struct list node;    /* of all */
	struct list waiting; /* of those that are due */
	struct timer timer;
	uint64_t due_ns;
	struct mesh_link *link;
	struct mtu_prober *prober;
	struct mtu_look *look; /* NULL: none is under way */
};

/* One look. */
struct mtu_look {
	struct mtu_prober *prober;
	struct mtu_link *at; /* NULL: free */
	enum mtu_class class;
	struct path_mtu *path;
	struct path_far_end far_end;
	struct timer deadline;
	bool is_cut;      /* its time was over */
	uint64_t packets; /* that the caps were asked for */
	uint64_t bytes;
};

struct mtu_prober {
	const struct mesh_host *host;
	struct slab slab; /* of links */
	struct list links;
	struct list waiting[MTU_CLASSES];
	struct mtu_look looks[MTU_LOOKS_MAX];
	uint32_t under_way[MTU_CLASSES];
	struct timer retry; /* of who waits for the caps */
	bool is_capped;     /* they said no, the last time */
	bool is_stopped;
};

/* ---- one look (prober_mtu_look.c) */

void mtu_look_init(struct mtu_look *look, struct mtu_prober *prober);
/* At this link, from now on. The caps said no: false, and nothing has begun. True: it has, or there
 * was no way to begin it, and that is noted. */
bool mtu_look_begin(struct mtu_look *look, struct mtu_link *at, enum mtu_class class);
/* Lets go of it; nothing is noted. */
void mtu_look_drop(struct mtu_look *look);

/* ---- (prober_mtu.c) */

/* A place is free again. */
void mtu_prober_go_on(struct mtu_prober *prober);
