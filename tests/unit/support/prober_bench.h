/* Probers of a mesh under test: in the memory network and simulated time, beside the services of
 * support/service_bench.h. Every helper fails the test when something can't be. */
#pragma once

#include "mesh/caps.h"
#include "mesh/prober.h"
#include "support/service_bench.h"

#define PROBER_LINKS_MAX 64

struct prober_bench {
	struct bench served;
	struct mesh_settings settings;
	struct mesh_host host;
	struct mesh_node node;
	struct mesh_caps caps;
	struct random random;
	const struct mesh_prober_kind *kind;
	void *state;
	struct mesh_link links[PROBER_LINKS_MAX];
	struct mesh_pair pairs[PROBER_LINKS_MAX];
	uint32_t count;
	uint64_t started;
	uint64_t late_max_ns;
	uint64_t moments; /* at which some started */
	uint64_t newest_ns;
	uint64_t answered;
	char name[MESH_NAME_MAX]; /* as last told */
};

/* Rounds and datagrams each second, a second's time, two source ports, 96 bytes. */
void prober_bench_init(struct prober_bench *bench, const struct memory_options *options);
/* The services if there are any, and the prober. */
void prober_bench_open(struct prober_bench *bench, const struct mesh_prober_kind *kind);
/* A link to this port of 127.0.0.1. */
struct mesh_link *prober_bench_add(struct prober_bench *bench, uint16_t port);
void prober_bench_remove(struct prober_bench *bench, struct mesh_link *link);
/* For so long; in each of many steps sent = received + lost + in_flight of every link, and the
 * failures sum to the lost ones. */
void prober_bench_run(struct prober_bench *bench, uint64_t ms);
/* Nothing falls due any more, and all in flight is decided. */
void prober_bench_stop(struct prober_bench *bench);
void prober_bench_free(struct prober_bench *bench);
