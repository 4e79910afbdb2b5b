/* Asks a path how large its packets may be, with probes (pmtu.h) over one UDP 5-tuple on the
 * owner's loop. Our serve answers with few bytes, so that the way there is asked alone; and the way
 * back where its service control lets us (path_back.h). Any other echo answers for both ways as
 * one, and any other host perhaps by ICMP. Nothing of it needs privileges. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/endpoint.h"
#include "metric/path_result.h"
#include "net/datagram.h"
#include "net/loop.h"

struct path_mtu;
struct path_far_end;

struct path_mtu_setup {
	struct loop *loop;
	struct endpoint remote;
	struct endpoint source;               /* family 0: the kernel chooses */
	const struct socket_options *options; /* may be NULL */
	uint64_t max_bytes;                   /* 0: that of the interface */
	uint64_t step_bytes;                  /* 1: exact; else PMTU_STEP_BYTES */
	uint64_t timeout_ns;                  /* of a probe */
	uint32_t run;                         /* a number of our own */
	const struct path_far_end *far_end;   /* NULL: the way back is not asked */
	/* The kernel's or a test's. */
	const struct datagram_transport *datagram;
	void *network;
	uint32_t interface_bytes; /* as known before, or a test's; 0: the kernel is asked */
	void (*over)(void *context);
	void *context;
};

/* -errno: of opening a socket to there. */
nodiscard int path_mtu_new(const struct path_mtu_setup *setup, struct path_mtu **ret);
void path_mtu_start(struct path_mtu *path);
/* What is known stands. `over` is not told. */
void path_mtu_stop(struct path_mtu *path);
void path_mtu_free(struct path_mtu *path); /* takes NULL */

/* Texts are in the arena. */
void path_mtu_describe(const struct path_mtu *path, struct arena *arena, struct path_result *ret);
