#include "metric/report_mesh.h"

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "metric/mesh_state.h"
#include "metric/report.h"

static const char *or_null(struct arena *arena, const char *text)
{
	return text && *text ? arena_text(arena, text) : NULL;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- pairs ---- */

static bool is_bad(enum mesh_verdict verdict)
{
	return verdict > MESH_VERDICT_LEAVING;
}

static void count_probes(const struct mesh_pair *pair, struct report_mesh_pair *ret)
{
	const struct mesh_series *probes = pair->probes;

	ret->udp_sent = probes[MESH_UDP].sent;
	ret->udp_lost = probes[MESH_UDP].lost;
	ret->tcp_sent = probes[MESH_TCP].sent + probes[MESH_TCP_LONG].sent;
	ret->tcp_lost = probes[MESH_TCP].lost + probes[MESH_TCP_LONG].lost;
	ret->look_sent = probes[MESH_HTTP].sent + probes[MESH_GRPC].sent;
	ret->look_lost = probes[MESH_HTTP].lost + probes[MESH_GRPC].lost;
	ret->retransmits = pair->tcp.retransmitted;
	ret->mtu_bytes = pair->mtu.forward.mtu_bytes;
	ret->mtu_reverse_bytes = pair->mtu.reverse.mtu_bytes;
	ret->mtu_looks = pair->mtu.looks;
}

static void take_times(const struct mesh_pair *pair, struct report_mesh_pair *ret)
{
	static const enum mesh_probe order[] = { MESH_UDP, MESH_TCP, MESH_TCP_LONG, MESH_HTTP,
						 MESH_GRPC };

	for (size_t i = 0; i < array_size(order); i++) {
		const struct mesh_window_series *window = &pair->closed.probes[order[i]];
		if (window->received == 0)
			continue;
		ret->rtt_p50_ns = mesh_window_median(window);
		ret->rtt_max_ns = window->rtt_max_ns;
		return;
	}
}

static void describe_pair(const struct mesh_state *state, uint32_t place, struct arena *arena,
			  struct report_mesh_pair *ret)
{
	const struct mesh_pair *pair = &state->snapshot->pairs[place];
	const struct mesh_peer *peer = mesh_state_peer(state, pair->id);
	const struct mesh_judged *judged = mesh_judge_of(state->judge, place, pair->id);
	char name[MESH_NAME_MAX + ENDPOINT_TEXT_MAX], address[ENDPOINT_TEXT_MAX];
	enum mesh_verdict verdict = judged ? judged->verdict : MESH_VERDICT_UNKNOWN;

	*ret = (struct report_mesh_pair){
		.name = arena_text(arena, mesh_state_name(state, pair, name)),
		.location = or_null(arena,
				    peer && peer->location[0] ? peer->location : pair->told_place),
		.address = peer && peer->url
				   ? arena_text(arena, peer->url)
				   : arena_text(arena, endpoint_format(&pair->endpoint, address)),
		.life = peer ? mesh_life_name(peer->life) : mesh_life_name(MESH_LIFE_GONE),
		.verdict = mesh_verdict_name(verdict),
		.blame = judged ? or_null(arena, mesh_blame_name(judged->blame)) : NULL,
		.why = judged ? or_null(arena, judged->evidence) : NULL,
	};
	count_probes(pair, ret);
	take_times(pair, ret);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct report_mesh_pair *one = a, *other = b;
	enum mesh_verdict first = mesh_verdict_find(one->verdict);
	enum mesh_verdict second = mesh_verdict_find(other->verdict);

	if (first != second)
		return first > second ? -1 : 1;
	return strcmp(one->name, other->name);
}

static void count_pair(const struct report_mesh_pair *pair, struct report_mesh *mesh)
{
	enum mesh_verdict verdict = mesh_verdict_find(pair->verdict);

	mesh->probed++;
	mesh->bad += is_bad(verdict);
	mesh->black_holes += verdict == MESH_VERDICT_BLACK_HOLE;
	mesh->silent += verdict == MESH_VERDICT_SILENT;
	mesh->leaving += verdict == MESH_VERDICT_LEAVING;
	mesh->udp_each = most(mesh->udp_each, pair->udp_sent);
	mesh->tcp_each = most(mesh->tcp_each, pair->tcp_sent);
	mesh->looks_each = most(mesh->looks_each, pair->mtu_looks);
}

static void add_pairs(const struct mesh_state *state, struct report *report)
{
	struct report_mesh *mesh = &report->mesh;
	uint32_t places = state->snapshot->places;

	mesh->pairs = arena_take_array(&report->arena, places, sizeof(*mesh->pairs));
	for (uint32_t i = 0; i < places; i++) {
		struct report_mesh_pair *pair = &mesh->pairs[mesh->pair_count];
		if (state->snapshot->pairs[i].id == 0)
			continue;
		describe_pair(state, i, &report->arena, pair);
		count_pair(pair, mesh);
		mesh->pair_count++;
	}
	qsort(mesh->pairs, mesh->pair_count, sizeof(*mesh->pairs), compare_pairs);
	if (mesh->pair_count > REPORT_MESH_PAIRS_MAX) {
		mesh->pairs_omitted = mesh->pair_count - REPORT_MESH_PAIRS_MAX;
		mesh->pair_count = REPORT_MESH_PAIRS_MAX;
	}
}

/* ---- what they have in common ---- */

static void add_findings(const struct mesh_state *state, struct report *report)
{
	struct report_mesh *mesh = &report->mesh;
	struct arena *arena = &report->arena;
	uint32_t count = 0;
	const struct mesh_finding *findings = mesh_judge_findings(state->judge, &count);

	mesh->findings = arena_take_array(arena, count, sizeof(*mesh->findings));
	for (uint32_t i = 0; i < count && i < REPORT_MESH_FINDINGS_MAX; i++) {
		const struct mesh_finding *found = &findings[i];
		mesh->findings[mesh->finding_count++] = (struct report_mesh_finding){
			.scope = mesh_scope_name(found->scope),
			.subject = arena_text(arena, found->subject),
			.verdict = mesh_verdict_name(found->verdict),
			.blame = or_null(arena, mesh_blame_name(found->blame)),
			.evidence = or_null(arena, found->evidence),
			.besides = or_null(arena, found->besides),
			.pairs = found->pairs,
			.of = found->of,
			.witnesses = found->witnesses,
		};
	}
}

/* ---- this node ---- */

static const char *mechanism(const struct mesh_peer_list *list)
{
	for (uint32_t i = 1; i < list->source_count; i++) {
		if (strcmp(list->sources[i].mechanism, list->sources[0].mechanism) != 0)
			return NULL;
	}
	return list->source_count ? list->sources[0].mechanism : NULL;
}

static void describe_node(const struct mesh_state *state, struct report *report)
{
	const struct mesh_node *node = &state->snapshot->node;
	struct report_mesh *mesh = &report->mesh;

	mesh->node = arena_text(&report->arena, node->name);
	mesh->location = or_null(&report->arena, node->location);
	mesh->mechanism = mechanism(state->peers);
	for (uint32_t i = 0; i < state->peers->count; i++)
		mesh->listed += !state->peers->peers[i].is_self;
	mesh->delay_p99_ns = node->closed.delay_p99_ns;
	mesh->throttled_ns = node->closed.throttled_ns;
	mesh->skipped = node->skipped_cap + node->skipped_late;
	mesh->smallest_loss = mesh_smallest_loss(mesh->udp_each);
}

/* ---- streams: a kind of probe each, all peers together ---- */

static void add_series(const struct mesh_series *series, struct counters *totals)
{
	totals->scheduled += series->sent + series->skipped;
	totals->missed_generator += series->skipped;
	totals->sent += series->sent;
	totals->received += series->received;
	totals->lost += series->lost;
	totals->in_flight += series->in_flight;
	totals->late += series->late;
	totals->duplicate += series->duplicated;
	totals->reordered += series->reordered;
	totals->corrupted += series->corrupted;
}

static void add_stream(const struct mesh_state *state, enum mesh_probe probe, struct report *report)
{
	struct report_stream *stream = report_add_stream(report);
	struct counters *totals = &stream->totals;

	*stream = (struct report_stream){
		.name = mesh_probe_name(probe),
		.kind = "mesh",
		.transport = probe == MESH_UDP ? "udp" : "tcp",
		.target = report->target,
		.is_measured = true,
		.schedule.is_open_loop = true,
	};
	for (uint32_t i = 0; i < state->snapshot->places; i++) {
		if (state->snapshot->pairs[i].id != 0)
			add_series(&state->snapshot->pairs[i].probes[probe], totals);
	}
}

void report_mesh_fill(const struct mesh_state *state, struct report *report)
{
	report->has_mesh = true;
	add_pairs(state, report);
	add_findings(state, report);
	describe_node(state, report);
	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		if (state->settings->probes & 1u << i)
			add_stream(state, i, report);
	}
}
