/* Two nodes of a mesh that probe each other in every way, in the memory network and simulated time:
 * what each comes to know of the other while that comes, leaves and is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "mesh/agent_inside.h"
#include "net/memory.h"

#define START_NS  (1000 * NS_PER_S)
#define HTTP_PORT 8080
#define GRPC_PORT 50051

static struct loop *loop;
static struct memory_network *network;

struct node {
	struct mesh_settings settings;
	struct plan_serve serve;
	struct endpoint endpoint;
	struct mesh_agent *agent;
};

static void begin(void)
{
	static const struct loop_options simulated = { .is_simulated = true,
						       .simulated_start_ns = START_NS };
	static const struct memory_options options = { .delay_ns = NS_PER_MS, .seed = 1 };

	assert_int_equal(loop_new(&simulated, &loop), 0);
	assert_int_equal(memory_network_new(loop, &options, &network), 0);
}

static void end(void)
{
	memory_network_free(network);
	loop_free(loop);
}

/* A worker that is done stops the loop; the others go on. */
static void run_for(uint64_t ns)
{
	uint64_t until_ns = loop_now(loop) + ns;

	while (loop_now(loop) < until_ns)
		assert_int_equal(loop_run(loop, until_ns), 0);
}

static void listen_on(struct node *node, enum service service, enum transport transport,
		      uint16_t port)
{
	struct plan_listen *listen = &node->serve.listen[node->serve.listen_count++];

	*listen = (struct plan_listen){ service, transport, node->endpoint };
	listen->local.port = port;
}

static void node_start(struct node *node, const char *name, const char *location,
		       const char *endpoint)
{
	struct error error = { "" };

	*node = (struct node){
		.settings = {
			.probes = (1U << MESH_PROBES) - 1,
			.wait_ns = 5 * NS_PER_S,
			.udp_interval_ns = NS_PER_S,
			.timeout_ns = 2 * NS_PER_S,
			.window_ns = 30 * NS_PER_S,
			.udp_ports = 4,
			.udp_bytes = 96,
			.http_port = HTTP_PORT,
			.grpc_port = GRPC_PORT,
			.http_path = "/",
		},
		.serve = { .connections_max = 100, .drain_ns = 5 * NS_PER_S },
	};
	(void)snprintf(node->settings.node, sizeof(node->settings.node), "%s", name);
	(void)snprintf(node->settings.location, sizeof(node->settings.location), "%s", location);
	assert_int_equal(endpoint_parse(endpoint, 0, &node->endpoint), 0);
	listen_on(node, SERVICE_TRAFFIC, TRANSPORT_TCP, node->endpoint.port);
	listen_on(node, SERVICE_TRAFFIC, TRANSPORT_UDP, node->endpoint.port);
	listen_on(node, SERVICE_HTTP, TRANSPORT_TCP, HTTP_PORT);
	listen_on(node, SERVICE_GRPC, TRANSPORT_TCP, GRPC_PORT);
	const struct mesh_agent_setup setup = {
		.settings = &node->settings,
		.serve = &node->serve,
		.places = 8,
		.seed = 1,
		.stream = &stream_memory,
		.datagram = &datagram_memory,
		.network = network,
	};
	if (mesh_agent_new_with(&setup, mesh_agent_kinds, loop, &error, &node->agent) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(mesh_agent_start(node->agent), 0);
	run_for(NS_PER_MS);
}

static void aim(struct node *node, const struct node *at)
{
	struct mesh_target target = { .id = 7, .endpoint = at->endpoint, .is_probed = true };

	assert_int_equal(mesh_agent_set_targets(node->agent, &target, 1), 0);
	mesh_agent_take_wakes(node->agent);
	run_for(NS_PER_MS);
}

static void node_stop(struct node *node)
{
	mesh_agent_take_wakes(node->agent);
	mesh_agent_stop(node->agent);
	run_for(6 * NS_PER_S);
	assert_true(mesh_agent_is_done(node->agent));
	mesh_agent_free(node->agent);
}

static void assert_sums(const struct mesh_pair *pair)
{
	for (unsigned i = 0; i < MESH_PROBES; i++) {
		const struct mesh_series *series = &pair->probes[i];
		uint64_t failures = 0;
		for (unsigned reason = 0; reason < MESH_REASONS; reason++)
			failures += series->failures[reason];
		assert_int_equal(series->sent, series->received + series->lost + series->in_flight);
		assert_int_equal(failures, series->lost);
	}
}

static struct mesh_pair look(struct node *node)
{
	const struct mesh_snapshot *shot = mesh_agent_look(node->agent);

	assert_int_equal(shot->places, 1);
	struct mesh_pair pair = shot->pairs[0];
	mesh_agent_release(node->agent);
	assert_sums(&pair);
	return pair;
}

static void both_see_each_other_in_every_way(void **state)
{
	struct node a, b;

	begin();
	node_start(&a, "web-1", "zone-a", "127.0.0.1:5003");
	node_start(&b, "web-2", "zone-b", "127.0.0.2:5003");
	aim(&a, &b);
	aim(&b, &a);
	run_for(61 * NS_PER_S);
	struct node *both[] = { &a, &b };
	for (unsigned i = 0; i < 2; i++) {
		struct mesh_pair pair = look(both[i]);
		assert_string_equal(pair.told_name, i == 0 ? "web-2" : "web-1");
		assert_string_equal(pair.told_place, i == 0 ? "zone-b" : "zone-a");
		for (unsigned probe = 0; probe < MESH_PROBES; probe++) {
			uint64_t each = probe == MESH_UDP ? 30 : 6;
			assert_int_equal(pair.probes[probe].lost, 0);
			assert_int_equal(pair.probes[probe].skipped, 0);
			assert_in_range(pair.closed.probes[probe].received, each - 1, each + 1);
		}
		const struct mesh_node *node = &both[i]->agent->live->node;
		assert_int_equal(node->closed.late, 0);
		assert_int_equal(node->closed.skipped, 0);
		assert_in_range(node->closed.probes, 30 + 3 * 5, 30 + 4 * 7);
		/* Two rounds over TCP, a page and a call, each a connection. */
		assert_in_range(node->served_connections, 4 * 11, 4 * 13);
		assert_true(node->served_messages > 60);
	}
	node_stop(&b);
	node_stop(&a);
	end();
}

static void who_leaves_says_so_and_then_is_silent(void **state)
{
	struct node a, b;

	begin();
	node_start(&a, "web-1", "", "127.0.0.1:5003");
	node_start(&b, "web-2", "", "127.0.0.2:5003");
	aim(&a, &b);
	run_for(10 * NS_PER_S);
	assert_false(look(&a).is_leaving);
	mesh_agent_take_wakes(b.agent);
	mesh_agent_leave(b.agent);
	run_for(7 * NS_PER_S);
	struct mesh_pair pair = look(&a);
	assert_true(pair.is_leaving);
	assert_string_equal(pair.told_name, "web-2");
	assert_int_equal(pair.probes[MESH_TCP].lost, 0);
	node_stop(&b);
	run_for(40 * NS_PER_S);
	pair = look(&a);
	assert_true(pair.probes[MESH_TCP].lost > 0);
	assert_true(pair.probes[MESH_UDP].lost > 0);
	assert_true(pair.closed.is_leaving);
	/* It is forgotten as if nothing were under way. */
	assert_int_equal(mesh_agent_set_targets(a.agent, NULL, 0), 0);
	mesh_agent_take_wakes(a.agent);
	run_for(NS_PER_S);
	assert_int_equal(a.agent->live->places, 0);
	node_stop(&a);
	end();
}

/* Peers that come and go with probes under way leave nothing behind. */
static void lists_change_under_way(void **state)
{
	struct node a, b;
	struct mesh_target targets[2];

	begin();
	node_start(&b, "web-2", "", "127.0.0.2:5003");
	node_start(&a, "web-1", "", "127.0.0.1:5003");
	for (unsigned round = 0; round < 100; round++) {
		for (unsigned i = 0; i < 2; i++)
			targets[i] = (struct mesh_target){ .id = 1 + round / 2 + i,
							   .endpoint = b.endpoint,
							   .is_probed = (round + i) % 3 != 0 };
		assert_int_equal(mesh_agent_set_targets(a.agent, targets, 1 + round % 2), 0);
		run_for(777 * NS_PER_MS + round * 100 * NS_PER_US);
		for (uint32_t i = 0; i < a.agent->live->places; i++) {
			const struct mesh_pair *pair = &a.agent->live->pairs[i];
			assert_sums(pair);
			if (!pair->is_probed)
				assert_int_equal(pair->probes[MESH_UDP].in_flight, 0);
		}
	}
	node_stop(&a);
	node_stop(&b);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_see_each_other_in_every_way),
		cmocka_unit_test(who_leaves_says_so_and_then_is_silent),
		cmocka_unit_test(lists_change_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
