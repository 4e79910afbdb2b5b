/* What a node has to tell of itself: see mesh_families.h. */
#include <string.h>

#include "view/mesh_families.h"

static const struct mesh_labels no_labels = { .count = 0 };

/* ---- peers and verdicts */

static void tell_lives(struct mesh_sink *sink, const struct mesh_peer_list *peers)
{
	uint64_t counts[MESH_LIVES] = { 0 };

	for (uint32_t i = 0; i < peers->count; i++)
		if (!peers->peers[i].is_self)
			counts[peers->peers[i].life]++;
	sink->family(sink, &mesh_own[MESH_OWN_PEERS]);
	for (unsigned i = 0; i < MESH_LIVES; i++) {
		struct mesh_labels labels =
			mesh_labels_of("life", mesh_life_name((enum mesh_life)i));
		sink->number(sink, &labels, counts[i]);
	}
}

static void tell_verdict_counts(struct mesh_sink *sink, const struct mesh_subjects *subjects)
{
	sink->family(sink, &mesh_own[MESH_OWN_PAIRS]);
	for (uint32_t i = 0; i < subjects->group_count; i++) {
		const struct mesh_subject *group = &subjects->groups[i];
		for (unsigned k = 0; k < MESH_VERDICTS; k++) {
			struct mesh_labels labels = mesh_labels_of("group", group->name);
			mesh_labels_add(&labels, "verdict",
					mesh_verdict_name((enum mesh_verdict)k));
			sink->number(sink, &labels, group->verdicts[k]);
		}
	}
}

static bool is_same_finding(const struct mesh_finding *a, const struct mesh_finding *b)
{
	return a->scope == b->scope && a->verdict == b->verdict && a->blame == b->blame &&
	       strcmp(a->subject, b->subject) == 0;
}

static void tell_finding(struct mesh_sink *sink, const struct mesh_finding *finding)
{
	struct mesh_labels labels =
		mesh_labels_of("verdict", mesh_verdict_name((enum mesh_verdict)finding->verdict));

	mesh_labels_add(&labels, "blame", mesh_blame_name((enum mesh_blame)finding->blame));
	mesh_labels_add(&labels, "scope", mesh_scope_name((enum mesh_scope)finding->scope));
	mesh_labels_add(&labels, "subject", finding->subject);
	sink->number(sink, &labels, 1);
}

static void tell_findings(struct mesh_sink *sink, const struct mesh_state *state)
{
	uint32_t count = 0;
	const struct mesh_finding *findings =
		state->judge ? mesh_judge_findings(state->judge, &count) : NULL;

	sink->family(sink, &mesh_own[MESH_OWN_FINDINGS]);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = 0;
		while (k < i && !is_same_finding(&findings[k], &findings[i]))
			k++;
		if (k == i)
			tell_finding(sink, &findings[i]);
	}
}

/* ---- discovery */

/* A source may have been given twice. */
static bool is_repeated(const struct mesh_peer_list *peers, uint32_t index)
{
	const struct mesh_source *sources = peers->sources;

	for (uint32_t i = 0; i < index; i++)
		if (strcmp(sources[i].text, sources[index].text) == 0 &&
		    strcmp(sources[i].mechanism, sources[index].mechanism) == 0)
			return true;
	return false;
}

static uint64_t read_source(const struct mesh_source *source, enum mesh_own own)
{
	switch (own) {
	case MESH_OWN_SOURCE_PEERS:
		return source->peers;
	case MESH_OWN_SOURCE_UPDATES:
		return source->updates;
	case MESH_OWN_SOURCE_FAILURES:
		return source->failures;
	default:
		return source->succeeded_unix_ns > 0 ? (uint64_t)source->succeeded_unix_ns
						     : MESH_LEVEL_UNKNOWN;
	}
}

static void tell_sources(struct mesh_sink *sink, const struct mesh_peer_list *peers)
{
	for (unsigned own = MESH_OWN_SOURCE_PEERS; own <= MESH_OWN_SOURCE_SUCCESS; own++) {
		sink->family(sink, &mesh_own[own]);
		for (uint32_t i = 0; i < peers->source_count; i++) {
			const struct mesh_source *source = &peers->sources[i];
			uint64_t value = read_source(source, (enum mesh_own)own);
			struct mesh_labels labels = mesh_labels_of("mechanism", source->mechanism);
			mesh_labels_add(&labels, "source", source->text);
			if (!is_repeated(peers, i) && value != MESH_LEVEL_UNKNOWN)
				sink->number(sink, &labels, value);
		}
	}
}

/* ---- this node */

static void widen(const struct mesh_spread *spread, uint64_t ret[MESH_SPREAD_BUCKETS])
{
	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++)
		ret[i] = spread->counts[i];
}

static void tell_phases(struct mesh_sink *sink, const struct mesh_state *state)
{
	uint64_t counts[MESH_SPREAD_BUCKETS];

	sink->family(sink, &mesh_own[MESH_OWN_PHASES]);
	for (unsigned i = 0; i < MESH_PROBES * PROBE_PHASES; i++) {
		enum mesh_probe probe = (enum mesh_probe)(i / PROBE_PHASES);
		enum probe_phase phase = (enum probe_phase)(i % PROBE_PHASES);
		const struct mesh_spread *spread = &state->snapshot->node.phases[probe][phase];
		struct mesh_labels labels = mesh_labels_of("probe", mesh_probe_name(probe));
		if (mesh_spread_count(spread) == 0 &&
		    !mesh_phase_is_expected(state->settings, probe, phase))
			continue;
		mesh_labels_add(&labels, "phase", probe_phase_name(phase));
		widen(spread, counts);
		sink->spread(sink, &labels, counts, spread->sum_ns);
	}
}

static void tell_agent(struct mesh_sink *sink, const struct mesh_node *node)
{
	uint64_t counts[MESH_SPREAD_BUCKETS];
	struct mesh_labels cap = mesh_labels_of("cause", "cap");
	struct mesh_labels late = mesh_labels_of("cause", "late");

	widen(&node->delay, counts);
	sink->family(sink, &mesh_own[MESH_OWN_DELAY]);
	sink->spread(sink, &no_labels, counts, node->delay.sum_ns);
	sink->family(sink, &mesh_own[MESH_OWN_SKIPPED]);
	sink->number(sink, &cap, node->skipped_cap);
	sink->number(sink, &late, node->skipped_late);
}

static void tell_who(struct mesh_sink *sink, const struct mesh_state *state)
{
	struct mesh_labels version = mesh_labels_of("version", state->version);
	struct mesh_labels node = mesh_labels_of("node", state->settings->node);

	mesh_labels_add(&node, "location", state->settings->location);
	sink->family(sink, &mesh_own[MESH_OWN_BUILD]);
	sink->number(sink, &version, 1);
	sink->family(sink, &mesh_own[MESH_OWN_NODE]);
	sink->number(sink, &node, 1);
}

void mesh_families_tell_node(struct mesh_sink *sink, const struct mesh_subjects *subjects)
{
	const struct mesh_state *state = subjects->state;

	tell_who(sink, state);
	for (size_t i = 0; i < mesh_node_count; i++) {
		sink->family(sink, &mesh_node_table[i].family);
		sink->number(sink, &no_labels, mesh_node_table[i].read(state));
	}
	tell_agent(sink, &state->snapshot->node);
	tell_phases(sink, state);
	tell_sources(sink, state->peers);
	tell_lives(sink, state->peers);
	tell_verdict_counts(sink, subjects);
	sink->family(sink, &mesh_own[MESH_OWN_OMITTED]);
	sink->number(sink, &no_labels, subjects->omitted);
	tell_findings(sink, state);
}
