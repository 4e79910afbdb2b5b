#include "view/mesh_families.h"

#include <string.h>

struct mesh_labels mesh_labels_of(const char *name, const char *value)
{
	return (struct mesh_labels){ .count = 1, .items = { { name, value } } };
}

void mesh_labels_add(struct mesh_labels *labels, const char *name, const char *value)
{
	labels->items[labels->count++] = (struct mesh_label){ name, value };
}

/* ---- about peers */

static const uint64_t *words_of(const struct mesh_family *family,
				const struct mesh_subject *subject)
{
	const void *base =
		family->is_level ? (const void *)&subject->levels : (const void *)subject->figures;
	return (const uint64_t *)base;
}

static size_t stride_of(const struct mesh_family *family)
{
	return family->is_level ? sizeof(uint64_t) : sizeof(struct mesh_counts);
}

static void tell_value(struct mesh_sink *sink, const struct mesh_family *family,
		       const struct mesh_subject *subject, const struct mesh_labels *labels,
		       size_t word)
{
	const uint64_t *words = words_of(family, subject);

	if (words[word] != MESH_LEVEL_UNKNOWN)
		sink->number(sink, labels, words[word]);
}

static void tell_spread(struct mesh_sink *sink, const struct mesh_family *family,
			const struct mesh_subject *subject, const struct mesh_labels *labels,
			unsigned probe)
{
	const uint64_t *words = words_of(family, subject);
	bool is_of_probe = family->shape == MESH_SHAPE_PROBE;
	size_t at = family->offset + (is_of_probe ? probe * stride_of(family) : 0);
	size_t sum = family->sum_offset / sizeof(*words) + (is_of_probe ? probe : 0);

	sink->spread(sink, labels, &words[at / sizeof(*words)], words[sum]);
}

/* Of a pair those that happened: twelve a probe would mostly be zero. */
static void tell_reasons(struct mesh_sink *sink, const struct mesh_family *family,
			 const struct mesh_subject *subject, const struct mesh_labels *labels,
			 size_t word)
{
	for (unsigned i = 0; i < MESH_REASONS; i++) {
		struct mesh_labels with = *labels;
		if (subject->told && words_of(family, subject)[word + i] == 0)
			continue;
		mesh_labels_add(&with, "reason", mesh_reason_name((enum mesh_reason)i));
		tell_value(sink, family, subject, &with, word + i);
	}
}

static void tell_probes(struct mesh_sink *sink, const struct mesh_family *family,
			const struct mesh_subject *subject, const struct mesh_labels *labels)
{
	for (unsigned i = 0; i < MESH_PROBES; i++) {
		struct mesh_labels with = *labels;
		size_t word = (family->offset + i * stride_of(family)) / sizeof(uint64_t);
		if ((family->probes & subject->probes & 1u << i) == 0)
			continue;
		mesh_labels_add(&with, "probe", mesh_probe_name((enum mesh_probe)i));
		if (family->family.type == PROMETHEUS_HISTOGRAM)
			tell_spread(sink, family, subject, &with, i);
		else if (family->shape == MESH_SHAPE_REASON)
			tell_reasons(sink, family, subject, &with, word);
		else
			tell_value(sink, family, subject, &with, word);
	}
}

static void tell_ways(struct mesh_sink *sink, const struct mesh_family *family,
		      const struct mesh_subject *subject, const struct mesh_labels *labels)
{
	for (unsigned i = 0; i < MESH_WAYS; i++) {
		struct mesh_labels with = *labels;
		mesh_labels_add(&with, "direction", mesh_way_name((enum mesh_way)i));
		tell_value(sink, family, subject, &with, family->offset / sizeof(uint64_t) + i);
	}
}

static void tell_subject(struct mesh_sink *sink, const struct mesh_family *family,
			 const struct mesh_subject *subject, const struct mesh_labels *labels)
{
	if (!family->is_of_mtu && (family->probes & subject->probes) == 0)
		return;
	if (family->shape == MESH_SHAPE_PROBE || family->shape == MESH_SHAPE_REASON)
		tell_probes(sink, family, subject, labels);
	else if (family->shape == MESH_SHAPE_WAY)
		tell_ways(sink, family, subject, labels);
	else if (family->family.type == PROMETHEUS_HISTOGRAM)
		tell_spread(sink, family, subject, labels, 0);
	else
		tell_value(sink, family, subject, labels, family->offset / sizeof(uint64_t));
}

static void tell_groups(struct mesh_sink *sink, const struct mesh_subjects *subjects)
{
	for (size_t i = 0; i < mesh_family_count; i++) {
		const struct mesh_family *family = &mesh_family_table[i];
		if (!mesh_family_is_told(family, subjects->state->settings))
			continue;
		sink->family(sink, &family->family);
		for (uint32_t k = 0; k < subjects->group_count; k++) {
			const struct mesh_subject *group = &subjects->groups[k];
			struct mesh_labels labels = mesh_labels_of("group", group->name);
			tell_subject(sink, family, group, &labels);
		}
	}
}

static void tell_pairs(struct mesh_sink *sink, const struct mesh_subjects *subjects)
{
	for (size_t i = 0; i < mesh_family_count && subjects->pair_count > 0; i++) {
		const struct mesh_family *family = &mesh_family_table[i];
		const struct prometheus_family of_pairs = mesh_family_of_pairs(family);
		if (family->is_of_group || !mesh_family_is_told(family, subjects->state->settings))
			continue;
		sink->family(sink, &of_pairs);
		for (uint32_t k = 0; k < subjects->pair_count; k++) {
			struct mesh_labels labels = mesh_labels_of("peer", subjects->pairs[k].name);
			tell_subject(sink, family, &subjects->pairs[k], &labels);
		}
	}
}

/* ---- single pairs */

static void tell_peers(struct mesh_sink *sink, const struct mesh_subjects *subjects)
{
	sink->family(sink, &mesh_own[MESH_OWN_PEER]);
	for (uint32_t i = 0; i < subjects->told_count; i++) {
		const struct mesh_told *told = &subjects->told[i];
		const char *url = told->peer ? told->peer->url : NULL;
		struct mesh_labels labels = mesh_labels_of("peer", mesh_told_name(told));
		mesh_labels_add(&labels, "address", told->address[0] || !url ? told->address : url);
		mesh_labels_add(&labels, "zone", mesh_group_name(told->pair, told->peer));
		sink->number(sink, &labels, 1);
	}
}

static void tell_bad_pairs(struct mesh_sink *sink, const struct mesh_subjects *subjects)
{
	sink->family(sink, &mesh_own[MESH_OWN_PAIR_VERDICT]);
	for (uint32_t i = 0; i < subjects->told_count; i++) {
		const struct mesh_told *told = &subjects->told[i];
		enum mesh_verdict verdict = mesh_told_verdict(told);
		struct mesh_labels labels = mesh_labels_of("peer", mesh_told_name(told));
		if (!mesh_told_is_bad(told))
			continue;
		mesh_labels_add(&labels, "verdict", mesh_verdict_name(verdict));
		mesh_labels_add(&labels, "blame",
				mesh_blame_name((enum mesh_blame)told->judged->blame));
		sink->number(sink, &labels, 1);
	}
}

/* ---- the older names */

static uint64_t srv_failures(const struct mesh_peer_list *peers)
{
	uint64_t failures = 0;

	for (uint32_t i = 0; i < peers->source_count; i++)
		if (strcmp(peers->sources[i].mechanism, "srv") == 0)
			failures += peers->sources[i].failures;
	return failures;
}

static void tell_legacy_pairs(struct mesh_sink *sink, const struct mesh_subjects *subjects,
			      const struct mesh_family *family)
{
	sink->family(sink, &family->family);
	for (uint32_t i = 0; i < subjects->told_count; i++) {
		const struct mesh_told *told = &subjects->told[i];
		struct mesh_labels labels = mesh_labels_of("dst_ip", told->address);
		struct mesh_figures figures;
		struct mesh_subject pair;
		mesh_subject_of(told, &figures, &pair);
		mesh_labels_add(&labels, "node_name", subjects->state->settings->node);
		tell_subject(sink, family, &pair, &labels);
	}
}

static void tell_legacy(struct mesh_sink *sink, const struct mesh_subjects *subjects)
{
	const struct mesh_state *state = subjects->state;

	for (size_t i = 0; i < mesh_legacy_count; i++)
		if (mesh_family_is_told(&mesh_legacy_table[i], state->settings))
			tell_legacy_pairs(sink, subjects, &mesh_legacy_table[i]);
	sink->family(sink, &mesh_own[MESH_OWN_OLD_HANDLED]);
	sink->number(sink, &(struct mesh_labels){ .count = 0 },
		     state->snapshot->node.served_messages);
	sink->family(sink, &mesh_own[MESH_OWN_OLD_DISCOVERIES]);
	sink->number(sink, &(struct mesh_labels){ .count = 0 }, srv_failures(state->peers));
}

void mesh_families_tell(struct mesh_sink *sink, const struct mesh_subjects *subjects,
			bool has_legacy)
{
	mesh_families_tell_node(sink, subjects);
	tell_peers(sink, subjects);
	tell_bad_pairs(sink, subjects);
	tell_groups(sink, subjects);
	tell_pairs(sink, subjects);
	if (has_legacy)
		tell_legacy(sink, subjects);
}
