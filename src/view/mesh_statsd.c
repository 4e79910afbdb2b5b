#include "view/mesh_statsd.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/mesh_subjects.h"
#include "view/statsd_batch.h"

struct teller {
	struct statsd_batch batch;
	bool has_tags;
	bool is_first;     /* of this group: what is zero is told too */
	const char *group; /* "": it is of the node */
	const char *probe; /* ""; with a group */
};

/* ---- names */

/* A dot would be another level, and a colon the end. */
static void add_part(char *text, size_t room, const char *part)
{
	size_t place = strlen(text);

	if (part[0] == '\0')
		return;
	(void)snprintf(text + place, room - place, ".%s", part);
	for (char *letter = text + place + 1; *letter != '\0'; letter++)
		if (!isalnum((unsigned char)*letter) && *letter != '-' && *letter != '_')
			*letter = '_';
}

static void tell(struct teller *teller, const char *name, const char *value, char type)
{
	char whole[STATSD_NAME_AND_VALUE_MAX - 32] = "mesh";
	char tags[STATSD_TAGS_MAX] = "";

	if (teller->has_tags && teller->group[0] != '\0')
		(void)statsd_tag("group", teller->group, tags);
	if (teller->has_tags && teller->probe[0] != '\0')
		(void)statsd_tag("probe", teller->probe, tags);
	if (!teller->has_tags) {
		add_part(whole, sizeof(whole), teller->group);
		add_part(whole, sizeof(whole), teller->probe);
	}
	add_part(whole, sizeof(whole), name);
	statsd_batch_add_tagged(&teller->batch, whole, value, type, tags[0] ? tags : NULL);
}

static uint64_t risen(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

static void tell_gauge(struct teller *teller, const char *name, uint64_t value)
{
	char text[24];

	if (value == MESH_LEVEL_UNKNOWN)
		return;
	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	tell(teller, name, text, 'g');
}

static void tell_count(struct teller *teller, const char *name, uint64_t before, uint64_t now)
{
	char text[24];

	if (now <= before && !teller->is_first)
		return;
	(void)snprintf(text, sizeof(text), "%" PRIu64, risen(before, now));
	tell(teller, name, text, 'c');
}

static void tell_ms(struct teller *teller, const char *name, double ns)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.3f", ns / (double)NS_PER_MS);
	tell(teller, name, text, 'g');
}

/* ---- figures */

/* The end of the bucket that holds it; the last has none, but the one before it. */
static uint64_t p99_ns(const uint64_t *before, const uint64_t *now, uint64_t count)
{
	uint64_t below = 0;
	unsigned i = 0;

	for (; i < MESH_SPREAD_BUCKETS - 2; i++) {
		below += risen(before[i], now[i]);
		if (below * 100 >= count * 99)
			break;
	}
	return mesh_spread_bound(i);
}

static void tell_rtt(struct teller *teller, const struct mesh_figures *before,
		     const struct mesh_figures *now, unsigned probe)
{
	uint64_t count = risen(before->probes[probe].received, now->probes[probe].received);
	uint64_t sum_ns = risen(before->rtt_sum_ns[probe], now->rtt_sum_ns[probe]);

	if (count == 0)
		return;
	tell_ms(teller, "rtt_mean_ms", (double)sum_ns / (double)count);
	tell_ms(teller, "rtt_p99_ms",
		(double)p99_ns(before->probes[probe].rtt, now->probes[probe].rtt, count));
}

static void tell_probe(struct teller *teller, const struct mesh_figures *before,
		       const struct mesh_subject *subject, unsigned probe)
{
	const struct mesh_counts *was = &before->probes[probe];
	const struct mesh_counts *is = &subject->figures->probes[probe];

	teller->probe = mesh_probe_name((enum mesh_probe)probe);
	tell_count(teller, "sent", was->sent, is->sent);
	tell_count(teller, "received", was->received, is->received);
	tell_count(teller, "lost", was->lost, is->lost);
	tell_count(teller, "late", was->late, is->late);
	tell_count(teller, "skipped", was->skipped, is->skipped);
	tell_gauge(teller, "in_flight", subject->levels.in_flight[probe]);
	if (probe == MESH_UDP) {
		tell_count(teller, "reordered", was->reordered, is->reordered);
		tell_count(teller, "duplicated", was->duplicated, is->duplicated);
	}
	tell_rtt(teller, before, subject->figures, probe);
	teller->probe = "";
}

static void tell_group(struct teller *teller, const struct mesh_figures *before,
		       const struct mesh_subject *subject)
{
	const struct mesh_figures *now = subject->figures;
	const struct mesh_levels *levels = &subject->levels;

	teller->group = subject->name;
	for (unsigned i = 0; i < MESH_PROBES; i++)
		if ((subject->probes & 1u << i) != 0)
			tell_probe(teller, before, subject, i);
	tell_count(teller, "tcp_segments", before->segments, now->segments);
	tell_count(teller, "tcp_retransmitted", before->retransmitted, now->retransmitted);
	tell_count(teller, "tcp_timeouts", before->timeouts, now->timeouts);
	tell_gauge(teller, "mtu_forward_bytes", levels->mtu_bytes[MESH_FORWARD]);
	tell_gauge(teller, "mtu_reverse_bytes", levels->mtu_bytes[MESH_REVERSE]);
	tell_gauge(teller, "mtu_blackholes_forward", levels->holes[MESH_FORWARD]);
	tell_gauge(teller, "mtu_blackholes_reverse", levels->holes[MESH_REVERSE]);
	for (unsigned i = 0; i < MESH_VERDICTS; i++) {
		char name[48];
		(void)snprintf(name, sizeof(name), "pairs_%s",
			       mesh_verdict_name((enum mesh_verdict)i));
		tell_gauge(teller, name, subject->verdicts[i]);
	}
	teller->group = "";
}

/* ---- what was told before */

static const struct mesh_figures nothing;

/* NULL: it is new, or began anew in between. */
static const struct mesh_figures *figures_before(const struct mesh_statsd *told,
						 const struct mesh_subject *subject)
{
	const struct mesh_figures *before = NULL;

	for (uint32_t i = 0; i < told->count; i++)
		if (strcmp(told->groups[i].name, subject->name) == 0)
			before = &told->groups[i].figures;
	for (unsigned i = 0; i < MESH_PROBES && before != NULL; i++)
		if (before->probes[i].sent > subject->figures->probes[i].sent)
			return NULL;
	return before;
}

/* Those that are not there any more are forgotten: if they come again, they begin at zero. */
static void keep(struct mesh_statsd *told, const struct mesh_subjects *subjects)
{
	const struct mesh_node *node = &subjects->state->snapshot->node;

	told->count = subjects->group_count;
	for (uint32_t i = 0; i < subjects->group_count; i++) {
		struct mesh_statsd_group *group = &told->groups[i];
		(void)snprintf(group->name, sizeof(group->name), "%s", subjects->groups[i].name);
		group->figures = *subjects->groups[i].figures;
	}
	told->throttled_ns = node->throttled_ns;
	told->skipped = node->skipped_cap + node->skipped_late;
	told->events = mesh_events_newest(subjects->state->events);
	told->has_told = true;
}

static void tell_node(struct teller *teller, const struct mesh_statsd *told,
		      const struct mesh_state *state)
{
	const struct mesh_node *node = &state->snapshot->node;
	uint32_t findings = 0;

	if (state->judge != NULL)
		(void)mesh_judge_findings(state->judge, &findings);
	teller->is_first = !told->has_told;
	tell_count(teller, "agent_throttled_ms", told->throttled_ns / NS_PER_MS,
		   node->throttled_ns / NS_PER_MS);
	tell_count(teller, "agent_skipped", told->skipped, node->skipped_cap + node->skipped_late);
	tell_count(teller, "events", told->events, mesh_events_newest(state->events));
	tell_ms(teller, "agent_delay_p99_ms", (double)node->closed.delay_p99_ns);
	tell_gauge(teller, "peers", state->peers->count);
	tell_gauge(teller, "peers_chosen", state->peers->chosen);
	tell_gauge(teller, "findings", findings);
}

int mesh_statsd_write(const struct statsd_writer *writer, bool has_tags, struct mesh_statsd *told,
		      const struct mesh_state *state)
{
	struct teller teller = {
		.batch.writer = writer, .has_tags = has_tags, .group = "", .probe = ""
	};
	struct mesh_subjects subjects;
	int result = mesh_subjects_make(&subjects, state, 0);

	if (result < 0)
		return result;
	tell_node(&teller, told, state);
	for (uint32_t i = 0; i < subjects.group_count; i++) {
		const struct mesh_figures *before = figures_before(told, &subjects.groups[i]);
		teller.is_first = before == NULL;
		tell_group(&teller, before ? before : &nothing, &subjects.groups[i]);
	}
	statsd_batch_flush(&teller.batch);
	keep(told, &subjects);
	mesh_subjects_deinit(&subjects);
	return 0;
}
