/* Findings over windows: what pairs have in common is told after windows_needed windows in a row
 * and ends after as many without it, what a pair has alone begins and ends with its verdict. Each
 * is one event when it begins, changes and ends, whatever number of pairs it explains. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/mesh_judge_parts.h"
#include "metric/mesh_judge_say.h"

static uint8_t one_more(uint8_t count)
{
	return (uint8_t)(count + (count < UINT8_MAX));
}

static bool is_group(uint8_t scope)
{
	return scope == MESH_SCOPE_PLACE || scope == MESH_SCOPE_NODE;
}

/* A pair's is its peer's once others see it too. */
static struct mesh_live *find(struct mesh_judge *judge, uint8_t scope, uint64_t id,
			      const char *subject)
{
	for (uint32_t i = 0; i < MESH_FINDINGS_MAX; i++) {
		struct mesh_live *live = &judge->live[i];
		const struct mesh_finding *finding = &live->finding;

		if (!live->is_used || is_group(scope) != is_group(finding->scope))
			continue;
		if (!is_group(scope)
			    ? live->id == id
			    : scope == finding->scope && strcmp(finding->subject, subject) == 0)
			return live;
	}
	return NULL;
}

/* NULL: the worst places are taken. */
static struct mesh_live *add(struct mesh_judge *judge, uint64_t id,
			     const struct mesh_finding *finding)
{
	for (uint32_t i = 0; i < MESH_FINDINGS_MAX; i++) {
		struct mesh_live *live = &judge->live[i];

		if (live->is_used)
			continue;
		*live = (struct mesh_live){ .is_used = true, .id = id, .finding = *finding };
		return live;
	}
	return NULL;
}

/* ---- events */

static int64_t unix_of(const struct mesh_judge *judge, uint64_t ns)
{
	const struct mesh_node *node = &judge->snapshot->node;

	return node->started_unix_ns + (int64_t)(ns - node->started_ns);
}

static void note(const struct mesh_judge *judge, struct mesh_events *events,
		 enum mesh_event_kind kind, const struct mesh_finding *finding, const char *text)
{
	struct mesh_event event = {
		.kind = (uint8_t)kind,
		.since_unix_ns = unix_of(judge, finding->since_ns),
		.scope = finding->scope,
		.verdict = finding->verdict,
		.blame = finding->blame,
		.pairs = finding->pairs,
		.of = finding->of,
		.witnesses = finding->witnesses,
	};
	if (finding->scope != MESH_SCOPE_NODE)
		(void)snprintf(event.subject, sizeof(event.subject), "%s", finding->subject);
	(void)snprintf(event.text, sizeof(event.text), "%s", text);
	mesh_events_add(events, &event);
}

static void note_evidence(const struct mesh_judge *judge, struct mesh_events *events,
			  enum mesh_event_kind kind, const struct mesh_finding *finding)
{
	char text[MESH_EVENT_TEXT_MAX];
	struct mesh_say say;

	mesh_say_begin(&say, text, sizeof(text));
	mesh_say(&say, "%s", finding->evidence);
	if (finding->besides[0] != '\0')
		mesh_say(&say,
			 finding->blame == MESH_BLAME_UNDECIDED ? "either %s"
								: "cannot be told apart from %s",
			 finding->besides);
	note(judge, events, kind, finding, text);
}

/* `why` it is not told any more, though it is not good: "" where it is. */
static void end(const struct mesh_judge *judge, struct mesh_events *events, struct mesh_live *live,
		const char *why)
{
	char text[MESH_EVENT_TEXT_MAX];
	/* It was good for some windows before that is said. */
	uint64_t good_ns =
		why[0] ? 0 : (judge->settings->windows_needed - 1) * judge->settings->window_ns;
	uint64_t lasted_ns = judge->began_ns - live->finding.since_ns;
	uint64_t seconds = (lasted_ns > good_ns ? lasted_ns - good_ns : 0) / NS_PER_S;
	struct mesh_say say;

	live->is_used = false;
	if (!live->is_told || events == NULL)
		return;
	mesh_say_begin(&say, text, sizeof(text));
	if (seconds >= 600)
		mesh_say(&say, "after %llu min", (unsigned long long)seconds / 60);
	else
		mesh_say(&say, "after %llu s", (unsigned long long)seconds);
	if (why[0] != '\0')
		mesh_say(&say, "%s", why);
	mesh_say(&say, "%s", live->finding.evidence);
	note(judge, events, MESH_EVENT_ENDED, &live->finding, text);
}

/* `now` is what it is in this window. */
static void tell(const struct mesh_judge *judge, struct mesh_events *events, struct mesh_live *live,
		 const struct mesh_finding *now)
{
	bool is_told = live->is_told;
	const struct mesh_finding *old = &live->finding;
	bool is_other = old->verdict != now->verdict || old->blame != now->blame ||
			old->scope != now->scope;
	uint64_t since_ns = old->since_ns;

	live->finding = *now;
	live->finding.since_ns = since_ns;
	live->is_told = true;
	if (events != NULL && (!is_told || is_other))
		note_evidence(judge, events, is_told ? MESH_EVENT_CHANGED : MESH_EVENT_BEGAN,
			      &live->finding);
}

/* ---- groups */

/* Another verdict than the one that was told only after as many windows; so the last, partial
 * window of an outage is no news. */
static void keep_group(const struct mesh_judge *judge, struct mesh_events *events,
		       struct mesh_live *live, const struct mesh_finding *now)
{
	uint32_t needed = judge->settings->windows_needed;

	live->is_here = true;
	live->missing_in_a_row = 0;
	live->in_a_row = one_more(live->in_a_row);
	if (!live->is_told || now->verdict == live->finding.verdict) {
		live->other_in_a_row = 0;
		if (live->is_told || live->in_a_row >= needed)
			tell(judge, events, live, now);
		return;
	}
	live->other_in_a_row =
		now->verdict == live->other_verdict ? one_more(live->other_in_a_row) : 1;
	live->other_verdict = now->verdict;
	if (live->other_in_a_row >= needed)
		tell(judge, events, live, now);
}

static void take_group(struct mesh_judge *judge, struct mesh_events *events,
		       const struct mesh_finding *now)
{
	struct mesh_live *live = find(judge, now->scope, 0, now->subject);

	if (live == NULL)
		live = add(judge, 0, now);
	if (live != NULL)
		keep_group(judge, events, live, now);
}

static void take_groups(struct mesh_judge *judge, struct mesh_events *events)
{
	struct mesh_finding now;
	bool is_own = mesh_describe_own(judge, &now);

	if (is_own)
		take_group(judge, events, &now);
	for (uint32_t i = 0; i < judge->group_count; i++) {
		if (is_own && judge->groups[i].scope == MESH_SCOPE_NODE)
			continue;
		mesh_describe_group(judge, &judge->groups[i], &now);
		take_group(judge, events, &now);
	}
	for (uint32_t i = 0; i < MESH_FINDINGS_MAX; i++) {
		struct mesh_live *live = &judge->live[i];

		if (!live->is_used || !is_group(live->finding.scope) || live->is_here)
			continue;
		live->in_a_row = 0;
		live->missing_in_a_row = one_more(live->missing_in_a_row);
		if (!live->is_told || live->missing_in_a_row >= judge->settings->windows_needed)
			end(judge, events, live, "");
	}
}

/* ---- pairs */

/* By one that was told, or that may be in the next window; NULL: by none. */
static const struct mesh_finding *explained_by(const struct mesh_judge *judge,
					       const struct mesh_seen *seen)
{
	for (uint32_t i = 0; i < MESH_FINDINGS_MAX; i++) {
		const struct mesh_live *live = &judge->live[i];
		const struct mesh_finding *finding = &live->finding;

		if (!live->is_used || !is_group(finding->scope) ||
		    !mesh_group_covers(finding->verdict, seen->judged.verdict))
			continue;
		if (finding->scope == MESH_SCOPE_NODE ||
		    (seen->location != MESH_NOWHERE &&
		     strcmp(judge->locations[seen->location], finding->subject) == 0))
			return finding;
	}
	return NULL;
}

static void take_pair(struct mesh_judge *judge, struct mesh_events *events, struct mesh_seen *seen)
{
	struct mesh_live *live = find(judge, MESH_SCOPE_PAIR, seen->judged.id, "");
	const struct mesh_finding *cause = NULL;
	struct mesh_finding now;

	if (!mesh_verdict_is_bad(seen->judged.verdict))
		return;
	cause = explained_by(judge, seen);
	if (cause != NULL) {
		/* That others see it too makes it their way as well, and not its host. */
		if (cause->blame != MESH_BLAME_UNDECIDED)
			seen->judged.blame = cause->blame;
		return;
	}
	/* What just was explained is told alone only while it is bad. */
	if (live == NULL && !mesh_verdict_is_bad(seen->sight.verdict))
		return;
	mesh_describe_pair(seen, &now);
	if (live == NULL)
		live = add(judge, seen->judged.id, &now);
	if (live == NULL)
		return;
	/* Without newer word of others, their older word stands. */
	if (live->is_told && seen->others_bad + seen->others_good == 0) {
		now.scope = live->finding.scope;
		now.witnesses = live->finding.witnesses;
	}
	live->is_here = true;
	tell(judge, events, live, &now);
}

static const char *why_ended(const struct mesh_judge *judge, uint64_t id)
{
	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];

		if (seen->judged.id != id || seen->pair == NULL)
			continue;
		if (seen->judged.verdict == MESH_VERDICT_LEAVING)
			return "it leaves";
		return mesh_verdict_is_bad(seen->judged.verdict) ? "part of a larger one" : "";
	}
	return "it is not probed any more";
}

static void take_pairs(struct mesh_judge *judge, struct mesh_events *events)
{
	for (uint32_t i = 0; i < judge->places; i++) {
		if (judge->seen[i].pair != NULL)
			take_pair(judge, events, &judge->seen[i]);
	}
	for (uint32_t i = 0; i < MESH_FINDINGS_MAX; i++) {
		struct mesh_live *live = &judge->live[i];

		if (live->is_used && !is_group(live->finding.scope) && !live->is_here)
			end(judge, events, live, why_ended(judge, live->id));
	}
}

/* ---- the list */

static int compare(const void *a, const void *b)
{
	const struct mesh_finding *left = a, *right = b;
	bool is_left = is_group(left->scope), is_right = is_group(right->scope);

	if (is_left != is_right)
		return is_right - is_left;
	if (is_left && left->scope != right->scope)
		return right->scope - left->scope;
	if (left->verdict != right->verdict)
		return right->verdict - left->verdict;
	return strcmp(left->subject, right->subject);
}

void mesh_judge_tell(struct mesh_judge *judge, struct mesh_events *events)
{
	for (uint32_t i = 0; i < MESH_FINDINGS_MAX; i++)
		judge->live[i].is_here = false;
	take_groups(judge, events);
	take_pairs(judge, events);
	judge->told_count = 0;
	for (uint32_t i = 0; i < MESH_FINDINGS_MAX; i++) {
		if (judge->live[i].is_used && judge->live[i].is_told)
			judge->told[judge->told_count++] = judge->live[i].finding;
	}
	qsort(judge->told, judge->told_count, sizeof(judge->told[0]), compare);
}
