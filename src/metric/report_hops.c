#include "metric/report_hops.h"

#include <stdio.h>
#include <string.h>

#include "metric/hops_path.h"

static const char *address_of(struct arena *arena, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];
	if (!endpoint || endpoint->family == 0)
		return NULL;
	return arena_text(arena, endpoint_format_address(endpoint, text));
}

static void fill_addresses(struct arena *arena, const struct hop *hop, struct report_hop *ret)
{
	struct report_hop_address *all = arena_take_array(arena, hop->address_count, sizeof(*all));

	for (unsigned i = 0; i < hop->address_count; i++)
		all[i] = (struct report_hop_address){
			.address = address_of(arena, &hop->addresses[i].address),
			.answers = hop->addresses[i].answers,
		};
	ret->address = hop->address_count > 0 ? all[0].address : NULL;
	ret->addresses = all;
	ret->address_count = hop->address_count;
	ret->addresses_omitted = hop->addresses_omitted;
	ret->nameless = hop->nameless;
}

static const char *labels_of(struct arena *arena, const struct hop_answer *answer)
{
	char text[HOP_LABELS_MAX * 12] = "";
	size_t size = 0;

	for (unsigned i = 0; i < answer->label_count; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%u", i > 0 ? " " : "",
					 answer->labels[i]);
	return size > 0 ? arena_text(arena, text) : NULL;
}

static void fill_answer(struct arena *arena, const struct hop *hop, struct report_hop *ret)
{
	const struct hop_answer *last = &hop->last;

	ret->is_target = last->kind == HOP_TARGET;
	ret->is_stopped = last->kind == HOP_STOPPED;
	ret->is_icmp = last->is_icmp;
	ret->icmp_type = last->icmp_type;
	ret->icmp_code = last->icmp_code;
	ret->labels = labels_of(arena, last);
	ret->too_big = (uint64_t)hop->counts[HOPS_FULL].too_big + hop->counts[HOPS_SMALL].too_big;
	ret->too_big_bytes = hop->too_big.mtu_bytes;
	ret->too_big_from = address_of(arena, &hop->too_big.from);
}

static void fill_hop(struct arena *arena, const struct hops_path *path, uint32_t index,
		     struct report_hop *ret)
{
	struct hop *hop = &path->hops[index];
	const struct hop_count *full = &hop->counts[HOPS_FULL];
	struct hop_rtt rtt;

	hop_rtt(&hop->counts[HOPS_SMALL], &rtt);
	*ret = (struct report_hop){
		.ttl = index + 1,
		.small_sent = hop->counts[HOPS_SMALL].sent,
		.small_lost = hop_lost(&hop->counts[HOPS_SMALL]),
		.full_sent = full->sent,
		.full_lost = hop_lost(full),
		.rtt_min_ns = rtt.min_ns,
		.rtt_p50_ns = rtt.p50_ns,
		.rtt_max_ns = rtt.max_ns,
		.small_note = hop_note_name(path->verdict[HOPS_SMALL].notes[index]),
	};
	if (full->sent > 0)
		ret->full_note = hop_note_name(path->verdict[HOPS_FULL].notes[index]);
	fill_addresses(arena, hop, ret);
	fill_answer(arena, hop, ret);
}

static void fill_port(struct arena *arena, const struct hops_flow *flow,
		      struct report_hop_port *ret)
{
	*ret = (struct report_hop_port){
		.port = flow->local.port,
		.hops = flow->hop_count,
		.is_reached = flow->is_reached,
		.failure = flow->failure ? arena_text(arena, strerror(flow->failure)) : NULL,
	};
	if (flow->hop_count == 0)
		return;
	const struct hop_count *last = flow->hops[flow->hop_count - 1].counts;
	ret->small_sent = last[HOPS_SMALL].sent;
	ret->small_lost = hop_lost(&last[HOPS_SMALL]);
	ret->full_sent = last[HOPS_FULL].sent;
	ret->full_lost = hop_lost(&last[HOPS_FULL]);
}

static void fill_path(struct arena *arena, const struct hops *hops, const struct hops_path *path,
		      struct report_hop_path *ret)
{
	struct report_hop *rows = arena_take_array(arena, path->hop_count, sizeof(*rows));
	struct report_hop_port *ports = arena_take_array(arena, path->flow_count, sizeof(*ports));
	const struct hops_verdict *small = &path->verdict[HOPS_SMALL];
	const struct hops_verdict *full = &path->verdict[HOPS_FULL];

	for (uint32_t i = 0; i < path->hop_count; i++)
		fill_hop(arena, path, i, &rows[i]);
	for (uint32_t i = 0; i < path->flow_count; i++)
		fill_port(arena, &hops->flows[path->flows[i]], &ports[i]);
	*ret = (struct report_hop_path){
		.is_reached = path->is_reached,
		.small_sent = small->sent,
		.small_lost = small->lost,
		.small_lost_from = small->from,
		.full_sent = full->sent,
		.full_lost = full->lost,
		.full_lost_from = full->from,
		.hops = rows,
		.hop_count = path->hop_count,
		.ports = ports,
		.port_count = path->flow_count,
	};
}

static void fill_failed(struct arena *arena, const struct hops *hops, struct report_hops *ret)
{
	struct report_hop_port *ports = arena_take_array(arena, hops->flow_count, sizeof(*ports));

	for (uint32_t i = 0; i < hops->flow_count; i++) {
		if (hops->flows[i].hop_count == 0)
			fill_port(arena, &hops->flows[i], &ports[ret->failed_count++]);
	}
	ret->failed = ports;
}

int report_hops_fill(struct arena *arena, const struct hops *hops, struct report_hops *ret)
{
	struct hops_paths paths;
	int rc = hops_paths_new(hops, &paths);
	if (rc < 0)
		return rc;
	struct report_hop_path *rows = arena_take_array(arena, paths.count, sizeof(*rows));
	for (uint32_t i = 0; i < paths.count; i++)
		fill_path(arena, hops, &paths.paths[i], &rows[i]);
	*ret = (struct report_hops){
		.way = hops_way_name(hops->way),
		.local = address_of(arena, &hops->flows[0].local),
		.target = hops->target,
		.rounds = hops->rounds,
		.small_bytes = hops->bytes[HOPS_SMALL],
		.full_bytes = hops->bytes[HOPS_FULL],
		.is_nameless = hops->is_nameless,
		.late = hops->late,
		.unmatched = hops->unmatched,
		.unsent = hops->unsent,
		.paths = rows,
		.path_count = paths.count,
	};
	fill_failed(arena, hops, ret);
	hops_paths_deinit(&paths);
	return 0;
}

bool report_hop_path_is_bad(const struct report_hop_path *path)
{
	return !path->is_reached || path->small_lost > 0 || path->full_lost > 0;
}

struct report_hops_totals report_hops_sum(const struct report_hops *hops, uint32_t count)
{
	struct report_hops_totals totals = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		totals.paths += hops[i].path_count;
		for (uint32_t at = 0; at < hops[i].path_count; at++) {
			totals.bad_paths += report_hop_path_is_bad(&hops[i].paths[at]);
			totals.sent += hops[i].paths[at].small_sent;
			totals.lost += hops[i].paths[at].small_lost;
		}
	}
	return totals;
}
