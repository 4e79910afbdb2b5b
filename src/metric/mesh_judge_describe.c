/* Findings in words: what is bad, on what evidence, and what it may be besides. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "metric/mesh_judge_parts.h"
#include "metric/mesh_judge_say.h"

static void say_group(const struct mesh_judge *judge, const struct mesh_group *group,
		      struct mesh_finding *finding)
{
	struct mesh_say say;
	char text[UNITS_TEXT_MAX];
	bool is_node = group->scope == MESH_SCOPE_NODE;

	mesh_say_begin(&say, finding->evidence, sizeof(finding->evidence));
	mesh_say(&say, "%s: %u of %u pairs %s", mesh_verdict_name(group->verdict), group->pairs,
		 group->of, is_node ? "of this node" : "from here to it");
	if (group->verdict == MESH_VERDICT_SLOW)
		mesh_say(&say, "answers take %s ms",
			 units_format_ms(group->rtt_sum_ns / group->pairs, text));
	if (group->verdict == MESH_VERDICT_SLOW && group->usual_sum_ns > 0)
		mesh_say_on(&say, ", usual are %s ms",
			    units_format_ms(group->usual_sum_ns / group->pairs, text));
	if ((group->verdict == MESH_VERDICT_BLACK_HOLE ||
	     group->verdict == MESH_VERDICT_MTU_REDUCED) &&
	    group->mtu_bytes > 0)
		mesh_say(&say, "%u B pass on the way there", group->mtu_bytes);
	if (group->lost > 0)
		mesh_say(&say, "%llu of %llu probes lost", (unsigned long long)group->lost,
			 (unsigned long long)group->sent);
	if (group->reached > 0)
		mesh_say(&say, "other nodes reach %u of them well", group->reached);
	if (group->witnesses > 0)
		mesh_say(&say, "%u other node%s the same", group->witnesses,
			 group->witnesses == 1 ? " says" : "s say");
	if (!judge->doubt.is_held)
		mesh_say(&say, "not this node's cpu");
}

void mesh_describe_group(const struct mesh_judge *judge, const struct mesh_group *group,
			 struct mesh_finding *ret)
{
	bool is_node = group->scope == MESH_SCOPE_NODE;
	const char *besides = "";

	*ret = (struct mesh_finding){ .scope = group->scope,
				      .verdict = group->verdict,
				      .blame = group->blame,
				      .pairs = group->pairs,
				      .of = group->of,
				      .witnesses = group->witnesses,
				      .since_ns = judge->began_ns };
	(void)snprintf(ret->subject, sizeof(ret->subject), "%s",
		       is_node ? judge->snapshot->node.name : judge->locations[group->location]);
	if (group->reached == 0 && group->verdict == MESH_VERDICT_SILENT)
		besides = is_node ? "this node's link, or all of its peers"
				  : "all of its hosts being down";
	else if (group->reached == 0 && group->verdict == MESH_VERDICT_SLOW)
		besides = is_node ? "this node's host or link, or all of its peers"
				  : "all of its hosts being slow";
	else if (is_node && group->blame == MESH_BLAME_UNDECIDED)
		besides = "this node's link, or what all of its peers have in common";
	else if (is_node && group->reached == 0)
		besides = "what all of its peers have in common";
	(void)snprintf(ret->besides, sizeof(ret->besides), "%s", besides);
	say_group(judge, group, ret);
}

/* Probes that could not be made here. */
static uint32_t count_aborted(const struct mesh_seen *seen)
{
	uint32_t count = 0;

	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		const struct mesh_window_series *series = &seen->pair->closed.probes[i];
		if (series->reasons == 1u << MESH_REASON_ABORTED)
			count += series->lost;
	}
	return count;
}

bool mesh_describe_own(const struct mesh_judge *judge, struct mesh_finding *ret)
{
	struct mesh_say say;
	uint32_t aborted = 0;

	*ret = (struct mesh_finding){ .scope = MESH_SCOPE_NODE,
				      .verdict = MESH_VERDICT_AGENT,
				      .blame = MESH_BLAME_AGENT,
				      .since_ns = judge->began_ns };
	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];

		if (seen->pair == NULL || seen->sight.decided == 0)
			continue;
		ret->of++;
		ret->pairs += seen->sight.verdict == MESH_VERDICT_AGENT;
		aborted += count_aborted(seen);
	}
	if (ret->pairs == 0 && !judge->doubt.is_heavy)
		return false;
	(void)snprintf(ret->subject, sizeof(ret->subject), "%s", judge->snapshot->node.name);
	mesh_say_begin(&say, ret->evidence, sizeof(ret->evidence));
	if (aborted > 0)
		mesh_say(&say, "%u probes could not be made here, for want of descriptors or ports",
			 aborted);
	mesh_doubt_say(&judge->snapshot->node.closed, &say);
	if (ret->pairs > 0)
		mesh_say(&say, "that explains what %u of %u pairs show", ret->pairs, ret->of);
	else
		mesh_say(&say, "no pair looks bad for it");
	return true;
}

static const char *besides_of(const struct mesh_seen *seen)
{
	if (seen->judged.blame != MESH_BLAME_UNDECIDED)
		return "";
	switch (seen->judged.verdict) {
	case MESH_VERDICT_SILENT:
		return "its host being down, or the network between";
	case MESH_VERDICT_LOSS:
		return "a receive queue of the peer that is full, or the network between";
	default:
		return "its host, or the network between";
	}
}

void mesh_describe_pair(const struct mesh_seen *seen, struct mesh_finding *ret)
{
	char text[ENDPOINT_TEXT_MAX];
	bool is_seen = seen->others_bad > 0 && seen->others_bad >= seen->others_good;

	*ret = (struct mesh_finding){ .scope = is_seen ? MESH_SCOPE_PEER : MESH_SCOPE_PAIR,
				      .verdict = seen->judged.verdict,
				      .blame = seen->judged.blame,
				      .pairs = 1,
				      .of = 1,
				      .witnesses = seen->others_bad,
				      .since_ns = seen->judged.since_ns };
	(void)snprintf(ret->subject, sizeof(ret->subject), "%s", mesh_seen_name(seen, text));
	(void)snprintf(ret->evidence, sizeof(ret->evidence), "%s", seen->judged.evidence);
	(void)snprintf(ret->besides, sizeof(ret->besides), "%s", besides_of(seen));
}
