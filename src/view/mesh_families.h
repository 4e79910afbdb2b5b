/* The families of a mesh: one table, read by whatever tells them (Prometheus text, OpenMetrics,
 * OTLP). Names are conntest_NAME in base units. A family about peers has the label group, the
 * location; the same of a pair is the family conntest_pair_NAME with the label peer, so that a sum
 * over a family counts nothing twice. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metric/mesh_state.h"
#include "view/mesh_subjects.h"
#include "view/prometheus_family.h"

/* ---- who tells them */

#define MESH_LABELS_MAX 6
struct mesh_label {
	const char *name;
	const char *value;
};
struct mesh_labels {
	unsigned count;
	struct mesh_label items[MESH_LABELS_MAX];
};

/* Texts stay the caller's. */
struct mesh_labels mesh_labels_of(const char *name, const char *value);
void mesh_labels_add(struct mesh_labels *labels, const char *name, const char *value);

/* Seconds are told in ns. A family's samples come behind it, all of them before the next one. */
struct mesh_sink {
	void (*family)(struct mesh_sink *sink, const struct prometheus_family *family);
	void (*number)(struct mesh_sink *sink, const struct mesh_labels *labels, uint64_t value);
	/* `counts` of MESH_SPREAD_BUCKETS buckets, each for itself. */
	void (*spread)(struct mesh_sink *sink, const struct mesh_labels *labels,
		       const uint64_t *counts, uint64_t sum_ns);
};

/* All of them; the pairs of `subjects` on their own. */
void mesh_families_tell(struct mesh_sink *sink, const struct mesh_subjects *subjects,
			bool has_legacy);
/* What one node has at all: with itself, discovery and verdicts, but without those about peers. */
void mesh_families_tell_node(struct mesh_sink *sink, const struct mesh_subjects *subjects);

/* ---- those about peers */

enum mesh_shape {
	MESH_SHAPE_WHOLE,  /* one of a subject */
	MESH_SHAPE_PROBE,  /* of each probe */
	MESH_SHAPE_REASON, /* of each probe and reason */
	MESH_SHAPE_WAY,    /* of each direction */
};
struct mesh_family {
	struct prometheus_family family; /* a histogram: of a spread */
	enum mesh_shape shape;
	unsigned probes;   /* bits 1u << MESH_...: it is of these, told with any of them */
	bool is_level;     /* in struct mesh_levels, else in struct mesh_figures */
	bool is_of_mtu;    /* told where sizes are looked at */
	bool is_of_group;  /* alone: what is zero of most pairs */
	size_t offset;     /* of the first; of the buckets */
	size_t sum_offset; /* of a spread's sum */
};
extern const struct mesh_family mesh_family_table[];
extern const size_t mesh_family_count;
/* The older conntest's, of pairs, with the labels dst_ip and node_name. */
extern const struct mesh_family mesh_legacy_table[];
extern const size_t mesh_legacy_count;

/* As it is called of a pair. */
struct prometheus_family mesh_family_of_pairs(const struct mesh_family *family);
/* Is it there with these settings at all? */
bool mesh_family_is_told(const struct mesh_family *family, const struct mesh_settings *settings);
/* Samples of one subject all of whose figures are known, by these probes. */
uint64_t mesh_family_samples(const struct mesh_family *family, unsigned probes, bool is_pair);

/* ---- those of the node */

struct mesh_node_family {
	struct prometheus_family family;
	uint64_t (*read)(const struct mesh_state *state);
};
extern const struct mesh_node_family mesh_node_table[];
extern const size_t mesh_node_count;

/* Those that have labels of their own. */
enum mesh_own {
	MESH_OWN_BUILD,
	MESH_OWN_NODE,
	MESH_OWN_PEERS,
	MESH_OWN_PEER,
	MESH_OWN_PAIRS,
	MESH_OWN_OMITTED,
	MESH_OWN_PAIR_VERDICT,
	MESH_OWN_FINDINGS,
	MESH_OWN_SOURCE_PEERS,
	MESH_OWN_SOURCE_UPDATES,
	MESH_OWN_SOURCE_FAILURES,
	MESH_OWN_SOURCE_SUCCESS,
	MESH_OWN_PHASES,
	MESH_OWN_DELAY,
	MESH_OWN_SKIPPED,
	MESH_OWN_OLD_HANDLED,
	MESH_OWN_OLD_DISCOVERIES,
	MESH_OWN_COUNT,
};
extern const struct prometheus_family mesh_own[];
/* A phase of a probe that is told although nothing was measured of it yet. */
bool mesh_phase_is_expected(const struct mesh_settings *settings, enum mesh_probe probe,
			    enum probe_phase phase);
