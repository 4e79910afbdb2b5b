/* One kind of prober of a mesh with some links, as the agent would have them, on a loop and in
 * networks of the test's. One at a time: `link_bench`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mesh/caps.h"
#include "mesh/prober.h"
#include "probe/probe.h"

#define LINK_BENCH_MAX 256

struct link_bench {
	struct mesh_settings settings;
	struct mesh_node node;
	struct mesh_caps caps;
	struct random random;
	struct mesh_host host;
	const struct mesh_prober_kind *kind;
	void *state;
	struct mesh_link links[LINK_BENCH_MAX];
	struct mesh_pair pairs[LINK_BENCH_MAX];
	uint32_t count;
	uint32_t started;
	uint64_t late_ns; /* of the latest */
	uint32_t answered;
	char told_name[MESH_NAME_MAX];
};
extern struct link_bench link_bench;

/* Usual settings, on this loop; then as the test changes them, up to link_bench_open(). */
void link_bench_init(const struct mesh_prober_kind *kind, struct loop *loop, void *network);
void link_bench_open(void);
/* A link to there, probed, ours; then as the test changes it, up to link_bench_add(). */
struct mesh_target *link_bench_target(const char *endpoint);
/* Adds those that were made since. */
void link_bench_add(void);
void link_bench_remove(uint32_t index);
/* What holds of a series at any time. */
void link_bench_assert_sums(void);
void link_bench_close(void);
