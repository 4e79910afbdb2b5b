/* See summary.h. Events gather in groups by kind, backend and outcome. A group is told when none
 * has come for a while or the first is old enough; then it may rest for a time in which more of
 * the same only add up. Its sentence is in summary_text.c. */
#include "view/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "view/summary_group.h"
#include "view/summary_slots.h"

#define QUIET_NS       (100 * NS_PER_MS)
#define LONGEST_NS     (400 * NS_PER_MS)
#define SPELL_QUIET_NS NS_PER_S
#define REST_NS        (10 * NS_PER_S)
#define TOLD_MAX       10 /* a second */
#define GROUPS_MAX     128
#define SENTENCE_MAX   1024

/* How events of a kind gather. */
static const struct gathering {
	uint64_t quiet_ns;
	uint64_t longest_ns;
	uint64_t rest_ns;
	bool is_always_told; /* the user's own doing: not one of the ten */
} gatherings[EVENT_KIND_COUNT] = {
	[EVENT_SLOT_SILENT] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_SLOT_ANSWERS] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_SLOT_ENDED] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_SLOT_REFUSED] = { QUIET_NS, LONGEST_NS, REST_NS, false },
	[EVENT_SLOT_CONNECTED] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_SLOT_LOSS] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_SLOT_GOOD] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_NEW_FAILED] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_NEW_GOOD] = { SPELL_QUIET_NS, SPELL_QUIET_NS, 0, false },
	[EVENT_PATH_OUT] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_PATH_BACK] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_PATH_ANSWERED] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_PATH_SILENT] = { QUIET_NS, LONGEST_NS, 0, false },
	[EVENT_SATURATED] = { QUIET_NS, LONGEST_NS, REST_NS, false },
	[EVENT_LIMIT] = { QUIET_NS, LONGEST_NS, REST_NS, false },
	[EVENT_MARK] = { 0, 0, 0, true },
	[EVENT_STOP] = { QUIET_NS, LONGEST_NS, LONGEST_NS, true },
	[EVENT_DRAIN] = { QUIET_NS, LONGEST_NS, 0, true },
	[EVENT_PROCESS_LOST] = { 0, 0, 0, true },
};

struct summary {
	struct summary_setup setup;
	struct summary_slots slots;
	struct summary_group groups[GROUPS_MAX];
	struct summary_group spell; /* the failed new connections, until it is over */
	bool is_spell_over;         /* the last one was good */
	uint32_t groups_begun;
	uint64_t told_ns;   /* the latest moment told */
	uint64_t second_ns; /* the second that `told` counts */
	unsigned told;
	uint64_t more;
	uint64_t more_at_ns;
};

int summary_new(const struct summary_setup *setup, struct summary **ret)
{
	struct summary *summary = calloc(1, sizeof(*summary));
	if (!summary)
		return -ENOMEM;
	summary->setup = *setup;
	if (summary_slots_init(&summary->slots, setup->slots) < 0) {
		free(summary);
		return -ENOMEM;
	}
	*ret = summary;
	return 0;
}

void summary_free(struct summary *summary)
{
	if (!summary)
		return;
	summary_slots_deinit(&summary->slots);
	free(summary);
}

void summary_set_started(struct summary *summary, uint64_t started_ns)
{
	summary->setup.started_ns = started_ns;
}

void summary_set_cause(struct summary *summary, const char *cause)
{
	summary->setup.cause = cause;
}

void summary_set_backend_slots(struct summary *summary, uint16_t backend, uint64_t slots)
{
	summary_slots_set(&summary->slots, backend, slots);
}

static void tell(struct summary *summary, const struct summary_event *event)
{
	if (event->at_ns > summary->told_ns)
		summary->told_ns = event->at_ns;
	summary->setup.sink.tell(summary->setup.sink.context, event);
}

static void tell_more(struct summary *summary)
{
	char text[64];
	struct summary_event event = {
		.at_ns = summary->more_at_ns,
		.kind = EVENT_KIND_COUNT,
		.is_in_ramp = summary->setup.started_ns == 0,
		.text = text,
		.count = summary->more,
	};
	if (summary->more == 0)
		return;
	(void)snprintf(text, sizeof(text), "%llu more event%s", (unsigned long long)summary->more,
		       summary->more == 1 ? "" : "s");
	if (event.at_ns < summary->told_ns)
		event.at_ns = summary->told_ns;
	summary->more = 0;
	tell(summary, &event);
}

/* Ten a second; the rest is counted. */
static bool may_tell(struct summary *summary, const struct summary_group *group, uint64_t now_ns)
{
	if (now_ns >= summary->second_ns + NS_PER_S) {
		tell_more(summary);
		summary->second_ns = now_ns;
		summary->told = 0;
	}
	if (gatherings[group->kind].is_always_told || summary->told < TOLD_MAX) {
		summary->told += !gatherings[group->kind].is_always_told;
		return true;
	}
	summary->more++;
	summary->more_at_ns = group->first_ns;
	return false;
}

/* Under which moment a group is told: that of the first, unless it had to rest until long after.
 * That and a spell are told under their last, unless others have been told since. */
static uint64_t moment_of(const struct summary *summary, const struct summary_group *group)
{
	bool is_late = group->resting_until_ns > group->first_ns;
	if (!is_late && group->kind != EVENT_NEW_GOOD)
		return group->first_ns;
	return group->last_ns > summary->told_ns ? group->last_ns : summary->told_ns;
}

static void tell_group(struct summary *summary, struct summary_group *group, uint64_t now_ns)
{
	if (!may_tell(summary, group, now_ns))
		return;
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, SENTENCE_MAX);
	group->at_ns = moment_of(summary, group);
	if (group->of > 0 && group->of < group->count)
		group->of = group->count;
	summary_group_text(group, &summary->setup, &text);
	struct summary_event event = {
		.at_ns = group->at_ns,
		.kind = group->kind,
		.is_in_ramp = summary->setup.started_ns == 0,
		.text = buffer_text(&text),
		.count = group->count,
		.of = group->of,
		.backend = summary_backend_name(&summary->setup, group->backend),
		.outcome = group->has_outcome ? outcome_name(group->outcome) : NULL,
		.span_ns = group->span_ns,
	};
	tell(summary, &event);
}

static uint64_t due_ns(const struct summary_group *group)
{
	const struct gathering *gathering = &gatherings[group->kind];
	uint64_t quiet = group->last_ns + gathering->quiet_ns;
	uint64_t longest = group->first_ns + gathering->longest_ns;
	uint64_t due = quiet < longest ? quiet : longest;
	if (group->count == 0)
		return group->resting_until_ns;
	return due > group->resting_until_ns ? due : group->resting_until_ns;
}

/* The group that began first, if it has fallen due by `now_ns`; those that rest stand in nobody's
 * way. NULL: none. Thus groups are told in the order of their begin. */
static struct summary_group *next_due(struct summary *summary, uint64_t now_ns)
{
	struct summary_group *next = NULL;
	for (size_t i = 0; i < GROUPS_MAX; i++) {
		struct summary_group *group = &summary->groups[i];
		bool is_resting = group->resting_until_ns > now_ns;
		if (group->is_used && !is_resting && (!next || group->first_ns < next->first_ns))
			next = group;
	}
	return next && due_ns(next) <= now_ns ? next : NULL;
}

/* Told: it rests, or it is gone. */
static void finish_group(struct summary *summary, struct summary_group *group, uint64_t now_ns)
{
	uint64_t rest_ns = gatherings[group->kind].rest_ns;
	bool has_rested = group->count == 0;
	if (!has_rested)
		tell_group(summary, group, now_ns);
	group->is_used = rest_ns > 0 && !has_rested;
	group->resting_until_ns = now_ns + rest_ns;
	group->count = 0;
	group->sum = 0;
	group->span_ns = 0;
}

static void tell_spell(struct summary *summary, uint64_t now_ns)
{
	summary->spell.kind = EVENT_NEW_GOOD;
	summary->spell.is_open = !summary->is_spell_over;
	tell_group(summary, &summary->spell, now_ns);
	summary->spell = (struct summary_group){ 0 };
}

static bool is_spell_due(const struct summary *summary, uint64_t now_ns)
{
	return summary->spell.is_used && summary->is_spell_over &&
	       now_ns >= summary->spell.last_ns + SPELL_QUIET_NS;
}

void summary_tick(struct summary *summary, uint64_t now_ns)
{
	struct summary_group *group = NULL;
	while ((group = next_due(summary, now_ns)) != NULL)
		finish_group(summary, group, now_ns);
	if (is_spell_due(summary, now_ns))
		tell_spell(summary, now_ns);
	if (now_ns >= summary->second_ns + NS_PER_S)
		tell_more(summary);
}

uint64_t summary_deadline_ns(const struct summary *summary)
{
	uint64_t deadline = summary->more > 0 ? summary->second_ns + NS_PER_S : UINT64_MAX;
	for (size_t i = 0; i < GROUPS_MAX; i++) {
		const struct summary_group *group = &summary->groups[i];
		if (group->is_used && group->count > 0 && due_ns(group) < deadline)
			deadline = due_ns(group);
	}
	if (summary->spell.is_used && summary->is_spell_over &&
	    summary->spell.last_ns + SPELL_QUIET_NS < deadline)
		deadline = summary->spell.last_ns + SPELL_QUIET_NS;
	return deadline;
}

void summary_flush(struct summary *summary)
{
	summary->told = 0;
	struct summary_group *group = NULL;
	while ((group = next_due(summary, UINT64_MAX)) != NULL) {
		finish_group(summary, group, summary->second_ns);
		group->is_used = false;
	}
	if (summary->spell.is_used)
		tell_spell(summary, summary->second_ns);
	tell_more(summary);
}

static struct summary_group *free_group(struct summary *summary, uint64_t now_ns)
{
	for (size_t i = 0; i < GROUPS_MAX; i++) {
		if (!summary->groups[i].is_used)
			return &summary->groups[i];
	}
	struct summary_group *oldest = next_due(summary, UINT64_MAX);
	finish_group(summary, oldest, now_ns);
	return oldest;
}

static uint16_t status_of(const struct event *event)
{
	return event->outcome == OUTCOME_REJECTED ? event->code : 0;
}

/* The group that the event belongs to, begun if there is none. */
static struct summary_group *group_of(struct summary *summary, const struct event *event,
				      uint16_t backend)
{
	for (size_t i = 0; i < GROUPS_MAX; i++) {
		struct summary_group *group = &summary->groups[i];
		if (group->is_used && group->kind == event->kind && group->backend == backend &&
		    group->outcome == event->outcome && group->status == status_of(event))
			return group;
	}
	struct summary_group *group = free_group(summary, event->at_ns);
	*group = (struct summary_group){
		.is_used = true,
		.kind = event->kind,
		.backend = backend,
		.outcome = event->outcome,
		.status = status_of(event),
		.has_outcome = event->kind == EVENT_SLOT_ENDED ||
			       event->kind == EVENT_SLOT_REFUSED || event->kind == EVENT_NEW_FAILED,
	};
	return group;
}

/* How many there are of what the event is one of; 0: not a part of anything. */
static uint64_t whole_of(const struct summary *summary, const struct event *event)
{
	switch (event->kind) {
	case EVENT_SLOT_SILENT:
	case EVENT_SLOT_LOSS:
		return summary_slots_with(&summary->slots, event->backend);
	case EVENT_PATH_OUT:
		return summary->setup.flows;
	default:
		return 0;
	}
}

static void group_add(struct summary_group *group, const struct event *event, uint64_t whole)
{
	if (group->count == 0) {
		group->first_ns = event->at_ns;
		group->of = whole;
	}
	if (group->count == 0 || event->at_ns - event->span_ns < group->since_ns)
		group->since_ns = event->at_ns - event->span_ns;
	if (group->count == 0 || event->at_ns > group->last_ns)
		group->last_ns = event->at_ns;
	group->count++;
	group->sum += event->count;
	if (event->span_ns > group->span_ns)
		group->span_ns = event->span_ns;
}

/* What the sentence counts are clients: one that does it twice is one. */
static bool is_same_client(struct summary *summary, struct summary_group *group,
			   const struct event *event)
{
	if (event->kind == EVENT_SLOT_ENDED || event->kind == EVENT_SLOT_REFUSED)
		return false;
	if (group->count == 0)
		group->number = ++summary->groups_begun;
	return !summary_slots_is_new(&summary->slots, event, group->number);
}

/* They are a part of those that had left the backend, though these may have begun to leave anew. */
static void add_connected(struct summary *summary, struct summary_group *group,
			  const struct event *event)
{
	uint64_t left = summary_slots_left(&summary->slots, group->backend);
	if (left > group->of)
		group->of = left;
	summary_group_add_backend(group, event->backend);
}

/* A slot's first connection is counted and not told. */
static void add_slot_event(struct summary *summary, const struct event *event)
{
	bool was_silent = false;
	uint64_t whole = whole_of(summary, event);
	bool is_first = event->kind == EVENT_SLOT_CONNECTED &&
			!summary_slots_is_away(&summary->slots, event->slot);
	uint16_t backend = summary_slots_follow(&summary->slots, event, &was_silent);
	if (is_first)
		return;
	struct summary_group *group = group_of(summary, event, backend);
	bool is_again = is_same_client(summary, group, event);
	group_add(group, event, whole);
	group->count -= is_again;
	group->has_surprise |= !was_silent;
	if (event->kind == EVENT_SLOT_CONNECTED && !is_again)
		add_connected(summary, group, event);
}

/* From the first failure to the last before a second without one. */
static void add_new_failed(struct summary *summary, const struct event *event)
{
	bool is_first = !summary->spell.is_used;
	summary->spell.is_used = true;
	summary->spell.backend = BACKEND_UNKNOWN;
	summary->is_spell_over = false;
	group_add(&summary->spell, event, 0);
	if (is_first)
		group_add(group_of(summary, event, BACKEND_UNKNOWN), event, 0);
}

void summary_add(struct summary *summary, const struct event *event)
{
	switch (event->kind) {
	case EVENT_SLOT_SILENT:
	case EVENT_SLOT_ANSWERS:
	case EVENT_SLOT_ENDED:
	case EVENT_SLOT_REFUSED:
	case EVENT_SLOT_CONNECTED:
	case EVENT_SLOT_LOSS:
	case EVENT_SLOT_GOOD:
		add_slot_event(summary, event);
		break;
	case EVENT_NEW_FAILED:
		add_new_failed(summary, event);
		break;
	case EVENT_NEW_GOOD:
		summary->is_spell_over = true;
		break;
	default:
		group_add(group_of(summary, event, BACKEND_UNKNOWN), event,
			  whole_of(summary, event));
	}
}
