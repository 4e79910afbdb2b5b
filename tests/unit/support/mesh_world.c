#include "support/mesh_world.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/path_result.h"

#define PORTS 6

static bool draw(struct mesh_world *world, double chance)
{
	return chance > 0 && random_unit(&world->random) < chance;
}

void mesh_world_init(struct mesh_world *world, uint32_t count, uint32_t windows_needed)
{
	struct mesh_judge_setup setup = { .settings = &world->settings, .places = count };

	*world = (struct mesh_world){
		.count = count,
		.udp = 150,
		.rounds = 4,
		.settings = { .node = "here",
			      .location = "a",
			      .probes = 1u << MESH_TCP | 1u << MESH_TCP_LONG | 1u << MESH_UDP,
			      .udp_interval_ns = 200 * NS_PER_MS,
			      .mtu_interval_ns = 60 * NS_PER_S,
			      .timeout_ns = 2 * NS_PER_S,
			      .window_ns = 30 * NS_PER_S,
			      .windows_needed = windows_needed },
		.own = { .began_ns = 100 * NS_PER_S,
			 .length_ns = 30 * NS_PER_S,
			 .probes = 5000,
			 .delay_p99_ns = 100 * NS_PER_US,
			 .delay_max_ns = 2 * NS_PER_MS },
	};
	random_init(&world->random, 7);
	world->pairs = calloc(count, sizeof(*world->pairs));
	world->peers = calloc(count, sizeof(*world->peers));
	world->snapshot =
		calloc(1, sizeof(*world->snapshot) + count * sizeof(world->snapshot->pairs[0]));
	assert(world->pairs != NULL && world->peers != NULL && world->snapshot != NULL);
	world->snapshot->places = count;
	world->snapshot->node.started_ns = 100 * NS_PER_S;
	world->snapshot->node.started_unix_ns = INT64_C(1800000000) * (int64_t)NS_PER_S;
	(void)snprintf(world->snapshot->node.name, MESH_NAME_MAX, "here");
	for (uint32_t i = 0; i < count; i++) {
		struct mesh_pair *pair = &world->snapshot->pairs[i];

		pair->id = 1000 + i;
		pair->is_probed = true;
		pair->window.number = 1;
		pair->mtu.forward.verdict = pair->mtu.reverse.verdict = PATH_VERDICTS;
		world->pairs[i] = (struct mesh_world_pair){ .rtt_ns = 300 * NS_PER_US };
		world->peers[i] = (struct mesh_peer){ .id = 1000 + i,
						      .life = MESH_LIFE_UP,
						      .is_chosen = true };
		(void)snprintf(world->peers[i].name, MESH_NAME_MAX, "p%02u", i);
		(void)snprintf(world->peers[i].location, MESH_PLACE_MAX, "%s",
			       i < count / 2 ? "a" : "b");
	}
	world->list = (struct mesh_peer_list){ .peers = world->peers, .count = count };
	assert(mesh_judge_new(&setup, &world->judge) == 0);
	assert(mesh_events_new(&world->events) == 0);
}

void mesh_world_deinit(struct mesh_world *world)
{
	mesh_judge_free(world->judge);
	mesh_events_free(world->events);
	free(world->pairs);
	free(world->peers);
	free(world->snapshot);
}

static uint64_t draw_rtt(struct mesh_world *world, const struct mesh_world_pair *at)
{
	double normal = sqrt(-2 * log(1 - random_unit(&world->random))) *
			cos(2 * M_PI * random_unit(&world->random));
	double rtt = (double)at->rtt_ns * exp(at->spread * normal);

	if (draw(world, at->spikes))
		rtt += 20.0 * (double)NS_PER_MS * random_unit(&world->random);
	return (uint64_t)rtt + at->process_ns;
}

static void probe(struct mesh_world *world, struct mesh_pair *pair, enum mesh_probe kind,
		  bool is_lost, enum mesh_reason reason, uint64_t rtt_ns)
{
	(void)world;
	mesh_series_sent(&pair->probes[kind]);
	if (is_lost) {
		mesh_series_lost(&pair->probes[kind], &pair->window.probes[kind], reason);
		return;
	}
	mesh_series_received(&pair->probes[kind], &pair->window.probes[kind], rtt_ns);
	pair->answered_ns = world->own.began_ns + 1;
}

static bool is_dumb(const struct mesh_world_pair *at)
{
	return at->state == MESH_WORLD_DEAD || at->state == MESH_WORLD_CLOSED ||
	       at->state == MESH_WORLD_FROZEN;
}

static enum mesh_reason reason_of(const struct mesh_world_pair *at)
{
	static const enum mesh_reason reasons[] = {
		[MESH_WORLD_CLOSED] = MESH_REASON_REFUSED,
		[MESH_WORLD_GARBLED] = MESH_REASON_CORRUPTED,
		[MESH_WORLD_WANTING] = MESH_REASON_ABORTED,
	};

	return at->state < array_size(reasons) && reasons[at->state] != 0 ? reasons[at->state]
									  : MESH_REASON_TIMEOUT;
}

static void send_udp(struct mesh_world *world, struct mesh_world_pair *at, struct mesh_pair *pair)
{
	for (uint32_t i = 0; i < world->udp; i++) {
		unsigned port = 1u << i % PORTS;
		bool is_lost = is_dumb(at) ||
			       ((at->ports == 0 || (at->ports & port)) && draw(world, at->loss));

		if (i >= 20 && i < 20 + at->burst)
			is_lost = true;
		probe(world, pair, MESH_UDP, is_lost, reason_of(at), draw_rtt(world, at));
		pair->window.ports_used |= (uint16_t)port;
		if (is_lost)
			pair->window.ports_lost |= (uint16_t)port;
	}
	at->burst = 0;
}

static void connect_tcp(struct mesh_world *world, const struct mesh_world_pair *at,
			struct mesh_pair *pair, enum mesh_probe kind)
{
	bool is_up = at->state != MESH_WORLD_DEAD && at->state != MESH_WORLD_CLOSED &&
		     at->state != MESH_WORLD_WANTING;
	bool is_lost = is_dumb(at) || at->state == MESH_WORLD_WANTING ||
		       (kind == MESH_TCP_LONG &&
			(at->state == MESH_WORLD_STUCK || at->state == MESH_WORLD_GARBLED));
	struct mesh_window *window = &pair->window;

	probe(world, pair, kind, is_lost, reason_of(at), draw_rtt(world, at));
	for (unsigned i = 0; is_up && i < (kind == MESH_TCP ? 3u : 16u); i++)
		window->retransmitted += draw(world, at->loss);
	if (!is_up)
		return;
	if (window->connects == 0 || at->rtt_ns < window->connect_min_ns)
		window->connect_min_ns = at->rtt_ns;
	window->connects++;
	window->connect_sum_ns += at->rtt_ns;
}

static void look_at_page(struct mesh_world *world, const struct mesh_world_pair *at,
			 struct mesh_pair *pair)
{
	bool is_failing = at->state == MESH_WORLD_FAILING;

	probe(world, pair, MESH_HTTP, is_dumb(at) || is_failing || at->state == MESH_WORLD_WANTING,
	      is_failing ? MESH_REASON_BAD_STATUS : reason_of(at), draw_rtt(world, at));
	pair->http_status = is_failing ? 503 : 200;
}

static void close_window(struct mesh_world *world)
{
	struct mesh_node *node = &world->snapshot->node;

	world->own.number++;
	node->closed = world->own;
	node->window = world->own.number + 1;
	world->own.began_ns += world->own.length_ns;
	node->window_began_ns = node->now_ns = world->own.began_ns;
	for (uint32_t i = 0; i < world->count; i++) {
		struct mesh_pair *pair = &world->snapshot->pairs[i];

		pair->window.number = world->own.number;
		pair->window.is_probed = pair->is_probed;
		mesh_pair_turn(pair, node->window);
	}
	mesh_events_set_time(world->events, node->now_ns, (int64_t)node->now_ns);
}

void mesh_world_pass(struct mesh_world *world, uint32_t windows)
{
	for (; windows > 0; windows--) {
		for (uint32_t i = 0; i < world->count; i++) {
			struct mesh_world_pair *at = &world->pairs[i];
			struct mesh_pair *pair = &world->snapshot->pairs[i];

			if (pair->id == 0 || !pair->is_probed)
				continue;
			send_udp(world, at, pair);
			for (uint32_t j = 0; j < world->rounds; j++) {
				connect_tcp(world, at, pair, MESH_TCP);
				connect_tcp(world, at, pair, MESH_TCP_LONG);
				if (world->has_pages)
					look_at_page(world, at, pair);
			}
		}
		close_window(world);
		assert(mesh_judge_look(world->judge, world->snapshot, &world->list, world->rows,
				       world->events));
		assert(!mesh_judge_look(world->judge, world->snapshot, &world->list, world->rows,
					world->events));
	}
}

const struct mesh_judged *mesh_world_judged(const struct mesh_world *world, uint32_t pair)
{
	const struct mesh_judged *judged =
		mesh_judge_of(world->judge, pair, world->snapshot->pairs[pair].id);

	assert(judged != NULL);
	return judged;
}

uint32_t mesh_world_events(const struct mesh_world *world, enum mesh_event_kind kind)
{
	uint32_t count = 0;

	for (uint64_t i = mesh_events_oldest(world->events);
	     i != 0 && i <= mesh_events_newest(world->events); i++)
		count += mesh_events_at(world->events, i)->kind == kind;
	return count;
}

const struct mesh_finding *mesh_world_finding(const struct mesh_world *world, const char *subject)
{
	uint32_t count = 0;
	const struct mesh_finding *findings = mesh_judge_findings(world->judge, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(findings[i].subject, subject) == 0)
			return &findings[i];
	}
	return NULL;
}

uint32_t mesh_world_findings(const struct mesh_world *world)
{
	uint32_t count = 0;

	(void)mesh_judge_findings(world->judge, &count);
	return count;
}
