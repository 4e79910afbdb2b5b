/* The probing side of a mesh node on a simulated loop, with probers that do nothing by themselves:
 * peers come and go, windows close, snapshots are whole, it leaves and ends. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "mesh/agent_inside.h"
#include "metric/path_result.h"
#include "net/memory.h"

#define START_NS (1000 * NS_PER_S)
#define PLACES   64
#define PORT     5003

/* ---- what is allocated: the linker has every such call of ours go through here */

static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *data);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *data);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations++;
	return __real_realloc(old, size);
}

void __wrap_free(void *data)
{
	__real_free(data);
}

/* ---- probers that note what is asked of them */

static struct stub {
	const struct mesh_host *host;
	uint32_t links;
	unsigned added, removed, changed, closed;
	bool is_refused; /* open() fails */
	bool is_unasked; /* open() has no state */
	bool is_stopped;
	bool is_done;
} stubs[2];

static int stub_open(struct stub *stub, const struct mesh_host *host, struct error *error,
		     void **ret)
{
	*ret = NULL;
	if (stub->is_refused)
		return error_set(error, EADDRINUSE, "cannot probe");
	stub->host = host;
	if (!stub->is_unasked)
		*ret = stub;
	return 0;
}

static int open_first(const struct mesh_host *host, struct error *error, void **ret)
{
	return stub_open(&stubs[0], host, error, ret);
}

static int open_second(const struct mesh_host *host, struct error *error, void **ret)
{
	return stub_open(&stubs[1], host, error, ret);
}

static void stub_close(void *state)
{
	struct stub *stub = state;

	assert_int_equal(stub->links, 0);
	stub->closed++;
}

static int stub_add(void *state, struct mesh_link *link)
{
	struct stub *stub = state;
	unsigned index = (unsigned)(stub - stubs);

	assert_null(link->own[index]);
	assert_true(link->pair->is_probed);
	link->own[index] = stub;
	stub->links++;
	stub->added++;
	return 0;
}

static void stub_remove(void *state, struct mesh_link *link)
{
	struct stub *stub = state;

	assert_ptr_equal(link->own[stub - stubs], stub);
	stub->links--;
	stub->removed++;
}

static void stub_change(void *state)
{
	((struct stub *)state)->changed++;
}

static void stub_stop(void *state)
{
	((struct stub *)state)->is_stopped = true;
}

static bool stub_is_done(const void *state)
{
	return ((const struct stub *)state)->is_done;
}

static const struct mesh_prober_kind first = { "first",     open_first,  stub_close, stub_add,
					       stub_remove, stub_change, stub_stop,  stub_is_done };
static const struct mesh_prober_kind second = {
	"second", open_second, stub_close, stub_add, stub_remove, NULL, stub_stop, stub_is_done
};
static const struct mesh_prober_kind none = { "none",      open_second, stub_close, stub_add,
					      stub_remove, NULL,        stub_stop,  stub_is_done };

/* ---- an agent */

struct node {
	struct loop *loop;
	struct memory_network *network;
	struct mesh_settings settings;
	struct plan_serve serve;
	struct mesh_agent *agent;
	unsigned told;
};

static void count_notice(void *context)
{
	((struct node *)context)->told++;
}

static int open_none(const struct mesh_host *host, struct error *error, void **ret)
{
	*ret = NULL;
	return 0;
}

static struct mesh_prober_kind unasked;
static const struct mesh_prober_kind *const kinds[MESH_PROBERS] = { &first, &second, &unasked,
								    &unasked };

static struct mesh_agent_setup setup_of(struct node *node)
{
	return (struct mesh_agent_setup){
		.settings = &node->settings,
		.serve = &node->serve,
		.places = PLACES,
		.seed = 1,
		.stream = &stream_memory,
		.datagram = &datagram_memory,
		.network = node->network,
		.notify = count_notice,
		.context = node,
	};
}

static void node_init(struct node *node)
{
	static const struct loop_options simulated = { .is_simulated = true,
						       .simulated_start_ns = START_NS };
	static const struct memory_options options = { .delay_ns = NS_PER_MS, .seed = 1 };

	memset(stubs, 0, sizeof(stubs));
	unasked = none;
	unasked.open = open_none;
	*node = (struct node){ 0 };
	assert_int_equal(loop_new(&simulated, &node->loop), 0);
	assert_int_equal(memory_network_new(node->loop, &options, &node->network), 0);
	node->settings = (struct mesh_settings){
		.node = "web-1",
		.location = "zone-a",
		.window_ns = 30 * NS_PER_S,
		.timeout_ns = NS_PER_S,
		.udp_ports = 4,
	};
	node->serve = (struct plan_serve){
		.listen_count = 2,
		.listen = { { .service = SERVICE_TRAFFIC, .transport = TRANSPORT_UDP },
			    { .service = SERVICE_TRAFFIC, .transport = TRANSPORT_TCP } },
		.connections_max = 100,
		.drain_ns = 5 * NS_PER_S,
	};
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(endpoint_parse("127.0.0.1", (uint16_t)(PORT + i),
						&node->serve.listen[i].local),
				 0);
}

static void run_for(struct node *node, uint64_t ns)
{
	assert_int_equal(loop_run(node->loop, loop_now(node->loop) + ns), 0);
}

static void node_start(struct node *node)
{
	struct mesh_agent_setup setup = setup_of(node);
	struct error error = { "" };

	assert_int_equal(mesh_agent_new_with(&setup, kinds, node->loop, &error, &node->agent), 0);
	assert_int_equal(mesh_agent_start(node->agent), 0);
	run_for(node, NS_PER_MS);
}

static void node_free(struct node *node)
{
	mesh_agent_free(node->agent);
	memory_network_free(node->network);
	loop_free(node->loop);
}

static void node_end(struct node *node)
{
	stubs[0].is_done = true;
	stubs[1].is_done = true;
	mesh_agent_stop(node->agent);
	run_for(node, NS_PER_S);
	assert_true(mesh_agent_is_done(node->agent));
	node_free(node);
}

static struct mesh_target target_of(uint64_t id, const char *name)
{
	struct mesh_target target = { .id = id, .is_probed = true };

	assert_int_equal(endpoint_parse("192.0.2.1", (uint16_t)(5000 + id), &target.endpoint), 0);
	(void)snprintf(target.name, sizeof(target.name), "%s", name);
	return target;
}

static void set_targets(struct node *node, const struct mesh_target *targets, uint32_t count)
{
	assert_int_equal(mesh_agent_set_targets(node->agent, targets, count), 0);
	run_for(node, NS_PER_MS);
}

/* The live ones: what a test reads or, in the place of a prober, writes. */
static struct mesh_link *link_of(const struct node *node, uint64_t id)
{
	for (uint32_t i = 0; i < PLACES; i++) {
		struct mesh_link *link = &node->agent->links.slots[i].link;
		if (link->pair != NULL && link->target.id == id) {
			assert_ptr_equal(link->pair, &node->agent->live->pairs[i]);
			assert_int_equal(link->pair->id, id);
			assert_int_equal(link->place, i);
			return link;
		}
	}
	return NULL;
}

static void answer(struct node *node, uint64_t id, const char *name)
{
	struct mesh_link *link = link_of(node, id);

	assert_non_null(link);
	mesh_series_sent(&link->pair->probes[MESH_TCP]);
	mesh_series_received(&link->pair->probes[MESH_TCP], &link->pair->window.probes[MESH_TCP],
			     NS_PER_MS);
	stubs[0].host->answered(stubs[0].host->context, link, name);
}

/* ---- peers */

static void peers_come_and_go(void **state)
{
	struct node node;
	struct mesh_target targets[] = { target_of(1, ""), target_of(2, ""), target_of(3, "") };

	node_init(&node);
	node_start(&node);
	set_targets(&node, targets, 3);
	assert_int_equal(stubs[0].added, 3);
	assert_int_equal(stubs[1].added, 3);
	assert_int_equal(node.agent->live->places, 3);
	answer(&node, 1, NULL);
	answer(&node, 3, NULL);
	uint32_t place = link_of(&node, 3)->place;

	/* 2 goes, 4 gets its place; 3 stays where it is. */
	targets[1] = target_of(4, "");
	set_targets(&node, targets, 3);
	assert_null(link_of(&node, 2));
	assert_int_equal(link_of(&node, 3)->place, place);
	assert_int_equal(link_of(&node, 3)->pair->probes[MESH_TCP].received, 1);
	assert_int_equal(link_of(&node, 4)->pair->probes[MESH_TCP].sent, 0);
	assert_int_equal(link_of(&node, 4)->pair->mtu.forward.verdict, PATH_VERDICTS);
	assert_int_equal(link_of(&node, 4)->pair->began_ns, loop_now(node.loop) - NS_PER_MS);
	assert_int_equal(node.agent->live->places, 3);
	assert_int_equal(stubs[0].links, 3);

	set_targets(&node, targets, 1);
	assert_int_equal(node.agent->live->places, 1);
	set_targets(&node, targets, 0);
	assert_int_equal(node.agent->live->places, 0);
	assert_int_equal(stubs[0].links, 0);
	assert_int_equal(stubs[0].removed, stubs[0].added);
	node_end(&node);
}

static void a_peer_that_rests_keeps_what_was_counted(void **state)
{
	struct node node;
	struct mesh_target target = target_of(7, "web-7");

	node_init(&node);
	node_start(&node);
	set_targets(&node, &target, 1);
	answer(&node, 7, "web-7");
	target.is_probed = false;
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[0].links, 0);
	assert_false(link_of(&node, 7)->pair->is_probed);
	assert_int_equal(link_of(&node, 7)->pair->probes[MESH_TCP].received, 1);
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[0].removed, 1);
	target.is_probed = true;
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[0].links, 1);
	assert_true(link_of(&node, 7)->pair->is_probed);
	assert_int_equal(link_of(&node, 7)->pair->probes[MESH_TCP].received, 1);
	/* One that was never probed has nothing to keep. */
	target = target_of(8, "");
	target.is_probed = false;
	set_targets(&node, &target, 1);
	assert_int_equal(node.agent->live->places, 0);
	node_end(&node);
}

static void probers_hear_of_another_way_to_a_peer(void **state)
{
	struct node node;
	struct mesh_target target = target_of(7, "");

	node_init(&node);
	node_start(&node);
	set_targets(&node, &target, 1);
	(void)snprintf(target.name, sizeof(target.name), "web-7");
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[0].added, 1);
	assert_string_equal(link_of(&node, 7)->target.name, "web-7");
	target.url = "http://web-7/";
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[0].added, 2);
	assert_string_equal(link_of(&node, 7)->target.url, "http://web-7/");
	assert_ptr_not_equal(link_of(&node, 7)->target.url, target.url);
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[0].added, 2);
	target.http_port = 8080;
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[0].added, 3);
	assert_int_equal(stubs[0].links, 1);
	node_end(&node);
}

static void more_than_there_are_places_for_are_left_out(void **state)
{
	struct node node;
	struct mesh_target targets[PLACES + 5];

	node_init(&node);
	node_start(&node);
	for (uint32_t i = 0; i < PLACES + 5; i++)
		targets[i] = target_of(1 + i, "");
	targets[3] = targets[2]; /* named twice */
	assert_int_equal(mesh_agent_set_targets(node.agent, targets, PLACES + 5), 5);
	run_for(&node, NS_PER_MS);
	assert_int_equal(stubs[0].links, PLACES - 1);
	/* All of them are others. */
	for (uint32_t i = 0; i < PLACES; i++)
		targets[i] = target_of(1000 + i, "");
	for (unsigned round = 0; round < 3; round++) {
		set_targets(&node, targets, PLACES);
		assert_int_equal(stubs[0].links, PLACES);
		assert_non_null(link_of(&node, 1000));
		assert_null(link_of(&node, 1));
	}
	assert_int_equal(stubs[0].added, PLACES - 1 + PLACES);
	node_end(&node);
}

/* ---- the same node under another id */

static void a_node_that_moved_keeps_its_counters(void **state)
{
	struct node node;
	struct mesh_target targets[] = { target_of(1, ""), target_of(2, "") };

	node_init(&node);
	node_start(&node);
	set_targets(&node, targets, 2);
	answer(&node, 1, "web-7@zone-b!");
	uint32_t place = link_of(&node, 1)->place;
	assert_true(link_of(&node, 1)->pair->is_leaving);

	targets[0] = target_of(3, "web-7");
	set_targets(&node, targets, 2);
	assert_null(link_of(&node, 1));
	const struct mesh_link *link = link_of(&node, 3);
	assert_int_equal(link->place, place);
	assert_int_equal(link->pair->probes[MESH_TCP].received, 1);
	assert_string_equal(link->pair->told_name, "web-7");
	assert_string_equal(link->pair->told_place, "zone-b");
	assert_false(link->pair->is_leaving);
	assert_true(link->pair->is_probed);
	assert_true(endpoint_is_equal(&link->pair->endpoint, &targets[0].endpoint));
	assert_int_equal(stubs[0].links, 2);
	assert_int_equal(stubs[0].added, 3);
	node_end(&node);
}

static void nobody_takes_over_from_one_that_is_probed(void **state)
{
	struct node node;
	struct mesh_target targets[] = { target_of(1, ""), target_of(2, "web-7") };

	node_init(&node);
	node_start(&node);
	set_targets(&node, targets, 1);
	answer(&node, 1, "web-7");
	set_targets(&node, targets, 2);
	assert_int_equal(link_of(&node, 1)->pair->probes[MESH_TCP].received, 1);
	assert_int_equal(link_of(&node, 2)->pair->probes[MESH_TCP].received, 0);
	/* From one that rests, though it is still listed, which then has nothing any more. */
	targets[0].is_probed = false;
	targets[1] = target_of(3, "web-7");
	set_targets(&node, targets, 2);
	assert_int_equal(link_of(&node, 3)->pair->probes[MESH_TCP].received, 1);
	assert_null(link_of(&node, 1));
	assert_null(link_of(&node, 2));
	/* By one alone. */
	struct mesh_target both[] = { target_of(4, "web-7"), target_of(5, "web-7") };
	set_targets(&node, both, 2);
	assert_int_equal(link_of(&node, 4)->pair->probes[MESH_TCP].received, 1);
	assert_int_equal(link_of(&node, 5)->pair->probes[MESH_TCP].received, 0);
	node_end(&node);
}

/* ---- windows */

static void windows_close_on_time(void **state)
{
	struct node node;
	struct mesh_target targets[] = { target_of(1, ""), target_of(2, "") };

	node_init(&node);
	node_start(&node);
	uint64_t began_ns = node.agent->live->node.started_ns;
	set_targets(&node, targets, 2);
	answer(&node, 1, NULL);
	answer(&node, 2, "web-2!");
	targets[0].is_probed = false;
	set_targets(&node, targets, 2);
	assert_int_equal(node.agent->live->node.window, 1);
	run_for(&node, began_ns + 30 * NS_PER_S + NS_PER_MS - loop_now(node.loop));

	const struct mesh_snapshot *shot = mesh_agent_look(node.agent);
	assert_int_equal(shot->node.window, 2);
	assert_int_equal(shot->node.window_began_ns, began_ns + 30 * NS_PER_S);
	assert_int_equal(shot->node.closed.number, 1);
	assert_in_range(shot->node.closed.length_ns, 30 * NS_PER_S, 30 * NS_PER_S + NS_PER_MS);
	for (uint32_t i = 0; i < 2; i++) {
		const struct mesh_pair *pair = &shot->pairs[i];
		assert_int_equal(pair->closed.number, 1);
		assert_int_equal(pair->closed.probes[MESH_TCP].received, 1);
		assert_true(pair->closed.is_probed);
		assert_int_equal(pair->closed.is_leaving, pair->id == 2);
		assert_int_equal(pair->window.number, 2);
		assert_int_equal(pair->window.probes[MESH_TCP].received, 0);
	}
	mesh_agent_release(node.agent);
	/* It is back: the window in which it was says that it left, the next one does not. */
	answer(&node, 2, "web-2");
	run_for(&node, 30 * NS_PER_S);
	assert_true(link_of(&node, 2)->pair->closed.is_leaving);
	assert_false(link_of(&node, 1)->pair->closed.is_probed);
	run_for(&node, 30 * NS_PER_S);
	assert_false(link_of(&node, 2)->pair->closed.is_leaving);
	assert_int_equal(link_of(&node, 2)->pair->closed.number, 3);
	node_end(&node);
}

static void own_trouble_is_told_by_window(void **state)
{
	struct node node;

	node_init(&node);
	node_start(&node);
	const struct mesh_host *host = stubs[0].host;
	for (unsigned i = 0; i < 100; i++)
		host->started(host->context, i < 95 ? 50 * NS_PER_US : 40 * NS_PER_MS);
	host->node->skipped_cap += 2;
	host->node->skipped_late += 1;
	host->node->overflows += 4;
	run_for(&node, 30 * NS_PER_S);
	const struct mesh_own_window *closed = &node.agent->live->node.closed;
	assert_int_equal(closed->probes, 103);
	assert_int_equal(closed->late, 5);
	assert_int_equal(closed->skipped, 3);
	assert_int_equal(closed->overflows, 4);
	assert_int_equal(closed->delay_max_ns, 40 * NS_PER_MS);
	assert_in_range(closed->delay_p99_ns, 38 * NS_PER_MS, 40 * NS_PER_MS);
	assert_int_equal(mesh_spread_count(&node.agent->live->node.delay), 100);
	run_for(&node, 30 * NS_PER_S);
	assert_int_equal(closed->probes, 0);
	assert_int_equal(closed->skipped, 0);
	assert_int_equal(closed->delay_max_ns, 0);
	node_end(&node);
}

/* Held up with nothing due: what that spoiled may be decided only in the next window. */
static void a_hold_up_is_told_without_any_probe(void **state)
{
	struct mesh_own_totals totals = { .throttled_ns = 5 };
	struct mesh_own_window closed;
	struct mesh_own own;

	assert_int_equal(mesh_own_init(&own), 0);
	mesh_own_begin(&own, &totals, 10 * NS_PER_S);
	mesh_own_lagged(&own, 3 * NS_PER_S, 38 * NS_PER_S);
	mesh_own_lagged(&own, 9 * NS_PER_MS, 39 * NS_PER_S);
	totals.throttled_ns = 105;
	mesh_own_turn(&own, &totals, 2, 40 * NS_PER_S, NS_PER_S, &closed);
	assert_int_equal(closed.number, 1);
	assert_int_equal(closed.length_ns, 30 * NS_PER_S);
	assert_int_equal(closed.delay_max_ns, 3 * NS_PER_S);
	assert_int_equal(closed.throttled_ns, 100);
	assert_int_equal(closed.probes, 0);
	mesh_own_turn(&own, &totals, 3, 70 * NS_PER_S, NS_PER_S, &closed);
	assert_int_equal(closed.delay_max_ns, 0);
	assert_int_equal(closed.throttled_ns, 0);
	totals.throttled_ns += 31 * NS_PER_S; /* of several cpus together */
	mesh_own_lagged(&own, 2 * NS_PER_S, 100 * NS_PER_S);
	mesh_own_turn(&own, &totals, 4, 100 * NS_PER_S, NS_PER_S, &closed);
	assert_int_equal(closed.delay_max_ns, 2 * NS_PER_S);
	mesh_own_turn(&own, &totals, 5, 130 * NS_PER_S, NS_PER_S, &closed);
	assert_int_equal(closed.delay_max_ns, 2 * NS_PER_S);
	mesh_own_turn(&own, &totals, 6, 160 * NS_PER_S, NS_PER_S, &closed);
	assert_int_equal(closed.delay_max_ns, 0);
	mesh_own_deinit(&own);
}

/* ---- snapshots */

static void nothing_changes_while_somebody_looks(void **state)
{
	struct node node;
	struct mesh_target target = target_of(1, "");

	node_init(&node);
	node_start(&node);
	set_targets(&node, &target, 1);
	const struct mesh_snapshot *shot = mesh_agent_look(node.agent);
	uint64_t now_ns = shot->node.now_ns;
	assert_int_equal(shot->places, 1);
	assert_int_equal(shot->pairs[0].id, 1);
	answer(&node, 1, NULL);
	unsigned told = node.told;
	run_for(&node, 5 * NS_PER_S);
	assert_int_equal(shot->node.now_ns, now_ns);
	assert_int_equal(shot->pairs[0].probes[MESH_TCP].received, 0);
	assert_int_equal(node.told, told);
	mesh_agent_release(node.agent);
	run_for(&node, 20 * NS_PER_MS);
	assert_int_equal(node.told, told + 1);
	shot = mesh_agent_look(node.agent);
	assert_in_range(loop_now(node.loop) - shot->node.now_ns, 0, 20 * NS_PER_MS);
	assert_int_equal(shot->pairs[0].probes[MESH_TCP].received, 1);
	mesh_agent_release(node.agent);
	/* Then one each second again. */
	run_for(&node, 10 * NS_PER_S);
	assert_int_equal(node.told, told + 11);
	node_end(&node);
}

/* ---- what it answers, and how it ends */

static struct heard {
	struct datagram_socket socket;
	char name[WIRE_NAME_BYTES];
} heard;

static void hear(struct datagram_socket *socket, unsigned events)
{
	uint8_t room[256];
	struct datagram one = { .data = room, .capacity = sizeof(room) };

	while (datagram_receive(socket, &one, 1) == 1)
		(void)wire_read_name(room, one.size, heard.name);
}

static const char *ask(struct node *node)
{
	uint8_t question[96];
	struct datagram one = { .data = question, .size = sizeof(question) };

	heard.name[0] = '\0';
	wire_write_datagram(question, sizeof(question), 1, 1);
	assert_int_equal(endpoint_parse("127.0.0.1", mesh_agent_port(node->agent, 0), &one.remote),
			 0);
	assert_int_equal(datagram_send(&heard.socket, &one, 1), 1);
	run_for(node, 10 * NS_PER_MS);
	return heard.name;
}

static void answers_tell_the_name_and_that_it_leaves(void **state)
{
	struct node node;
	struct datagram_options options = { .network = NULL };

	node_init(&node);
	node_start(&node);
	options.network = node.network;
	assert_int_equal(endpoint_parse("127.0.0.1", 0, &options.local), 0);
	assert_int_equal(datagram_open(&heard.socket, &datagram_memory, node.loop, &options, hear),
			 0);
	assert_int_equal(mesh_agent_port(node.agent, 0), PORT);
	assert_string_equal(ask(&node), "web-1@zone-a");
	mesh_agent_leave(node.agent);
	assert_string_equal(ask(&node), "web-1@zone-a!");
	run_for(&node, NS_PER_S);
	const struct mesh_snapshot *shot = mesh_agent_look(node.agent);
	assert_true(shot->node.is_leaving);
	assert_string_equal(shot->node.name, "web-1");
	assert_int_equal(shot->node.served_messages, 2);
	mesh_agent_release(node.agent);
	mesh_agent_stop(node.agent);
	assert_string_equal(ask(&node), "");
	datagram_close(&heard.socket);
	node_end(&node);
}

static void it_ends_when_what_is_in_flight_is_decided(void **state)
{
	struct node node;
	struct mesh_target target = target_of(1, "");

	node_init(&node);
	node_start(&node);
	set_targets(&node, &target, 1);
	mesh_agent_stop(node.agent);
	run_for(&node, 100 * NS_PER_MS);
	assert_true(stubs[0].is_stopped);
	assert_true(stubs[1].is_stopped);
	assert_false(mesh_agent_is_done(node.agent));
	answer(&node, 1, NULL);
	stubs[0].is_done = true;
	run_for(&node, 100 * NS_PER_MS);
	assert_false(mesh_agent_is_done(node.agent));
	stubs[1].is_done = true;
	unsigned told = node.told;
	run_for(&node, 20 * NS_PER_MS);
	assert_true(mesh_agent_is_done(node.agent));
	assert_true(node.told > told);
	assert_int_equal(stubs[0].links, 0);
	assert_int_equal(mesh_agent_look(node.agent)->pairs[0].probes[MESH_TCP].received, 1);
	mesh_agent_release(node.agent);
	node_free(&node);
	assert_int_equal(stubs[0].closed, 1);
}

static void it_ends_at_the_drain_at_the_latest(void **state)
{
	struct node node;
	struct mesh_target target = target_of(1, "");

	node_init(&node);
	node_start(&node);
	set_targets(&node, &target, 1);
	mesh_agent_stop(node.agent);
	run_for(&node, 5 * NS_PER_S + 10 * NS_PER_MS);
	assert_true(mesh_agent_is_done(node.agent));
	assert_int_equal(stubs[0].links, 0);
	node_free(&node);
}

/* ---- settings, and what goes wrong */

static void settings_change_but_for_what_can_not(void **state)
{
	struct node node;
	struct mesh_target target = target_of(1, "");

	node_init(&node);
	stubs[1].is_unasked = true;
	node_start(&node);
	set_targets(&node, &target, 1);
	assert_int_equal(stubs[1].links, 0);
	struct mesh_settings settings = node.settings;
	settings.udp_ports = 5;
	assert_int_equal(mesh_agent_set_settings(node.agent, &settings), -EINVAL);
	settings = node.settings;
	settings.window_ns++;
	assert_int_equal(mesh_agent_set_settings(node.agent, &settings), -EINVAL);
	settings = node.settings;
	settings.node[0]++;
	assert_int_equal(mesh_agent_set_settings(node.agent, &settings), -EINVAL);
	run_for(&node, NS_PER_MS);
	assert_int_equal(stubs[0].changed, 0);
	settings = node.settings;
	settings.packets_per_second = 7;
	(void)snprintf(settings.location, sizeof(settings.location), "zone-b");
	/* A kind that was not asked for is now. */
	stubs[1].is_unasked = false;
	assert_int_equal(mesh_agent_set_settings(node.agent, &settings), 0);
	run_for(&node, NS_PER_MS);
	assert_int_equal(stubs[0].changed, 1);
	assert_int_equal(stubs[0].host->settings->packets_per_second, 7);
	assert_int_equal(stubs[0].host->caps->packets_per_second, 7);
	assert_string_equal(node.agent->live->node.location, "zone-b");
	assert_int_equal(stubs[1].links, 1);
	node_end(&node);
}

static void what_can_not_be_opened_is_told(void **state)
{
	struct node node;
	struct error error = { "" };

	node_init(&node);
	struct mesh_agent_setup setup = setup_of(&node);
	stubs[1].is_refused = true;
	assert_int_equal(mesh_agent_new_with(&setup, kinds, node.loop, &error, &node.agent),
			 -EADDRINUSE);
	assert_string_equal(error.text, "cannot probe");
	assert_int_equal(stubs[0].closed, 1);
	stubs[1].is_refused = false;
	node.serve.listen[1].local = node.serve.listen[0].local;
	node.serve.listen[0].transport = TRANSPORT_TCP;
	assert_int_equal(mesh_agent_new_with(&setup, kinds, node.loop, &error, &node.agent),
			 -EADDRINUSE);
	assert_non_null(strstr(error.text, "127.0.0.1:5003"));
	/* Never started. */
	node.serve.listen_count = 1;
	assert_int_equal(mesh_agent_new_with(&setup, kinds, node.loop, &error, &node.agent), 0);
	assert_int_equal(mesh_agent_set_targets(node.agent, NULL, 0), 0);
	assert_string_equal(mesh_agent_look(node.agent)->node.name, "web-1");
	mesh_agent_release(node.agent);
	node_free(&node);
}

/* ---- what it costs */

static size_t resident_bytes(void *pages, size_t size)
{
	static unsigned char residency[65536];
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t count = (size + page_bytes - 1) / page_bytes, resident = 0;

	assert_true(count <= sizeof(residency));
	assert_int_equal(mincore(pages, size, residency), 0);
	for (size_t i = 0; i < count; i++)
		resident += (residency[i] & 1) * page_bytes;
	return resident;
}

static void steady_state_allocates_nothing(void **state)
{
	struct node node;
	struct mesh_target targets[] = { target_of(1, ""), target_of(2, "") };

	node_init(&node);
	node_start(&node);
	set_targets(&node, targets, 2);
	assert_true(allocations > 0);
	allocations = 0;
	for (unsigned i = 0; i < 1000; i++) {
		answer(&node, 1 + i % 2, i % 3 == 0 ? "web-1" : "web-2@zone-b!");
		stubs[0].host->started(stubs[0].host->context, i * NS_PER_US);
		run_for(&node, 100 * NS_PER_MS);
	}
	assert_int_equal(node.agent->live->node.window, 4);
	assert_int_equal(allocations, 0);
	node_end(&node);
}

/* With room for 10,000, and 100 of them used: its own, with the copy that readers see. */
static void a_pair_costs_six_kilobytes(void **state)
{
	struct node node;
	struct mesh_target targets[100];
	struct error error = { "" };

	node_init(&node);
	struct mesh_agent_setup setup = setup_of(&node);
	setup.places = 10000;
	assert_int_equal(mesh_agent_new_with(&setup, kinds, node.loop, &error, &node.agent), 0);
	assert_int_equal(mesh_agent_start(node.agent), 0);
	for (uint32_t i = 0; i < 100; i++)
		targets[i] = target_of(1 + i, "");
	set_targets(&node, targets, 100);
	run_for(&node, 60 * NS_PER_S);
	struct mesh_agent *agent = node.agent;
	size_t bytes = sizeof(*agent->live) + 10000 * sizeof(agent->live->pairs[0]);
	size_t slots = resident_bytes(agent->links.slots, 10000 * sizeof(*agent->links.slots));
	size_t live = resident_bytes(agent->live, bytes);
	size_t published = resident_bytes(agent->published, bytes);
	print_message("%zu bytes a pair: %zu, %zu in the copy, %zu beside it\n",
		      (live + published + slots) / 100, live / 100, published / 100, slots / 100);
	assert_in_range(live + published + slots, 100 * sizeof(struct mesh_pair), 100 * 6 * 1024);
	node_end(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_come_and_go),
		cmocka_unit_test(a_peer_that_rests_keeps_what_was_counted),
		cmocka_unit_test(probers_hear_of_another_way_to_a_peer),
		cmocka_unit_test(more_than_there_are_places_for_are_left_out),
		cmocka_unit_test(a_node_that_moved_keeps_its_counters),
		cmocka_unit_test(nobody_takes_over_from_one_that_is_probed),
		cmocka_unit_test(windows_close_on_time),
		cmocka_unit_test(own_trouble_is_told_by_window),
		cmocka_unit_test(a_hold_up_is_told_without_any_probe),
		cmocka_unit_test(nothing_changes_while_somebody_looks),
		cmocka_unit_test(answers_tell_the_name_and_that_it_leaves),
		cmocka_unit_test(it_ends_when_what_is_in_flight_is_decided),
		cmocka_unit_test(it_ends_at_the_drain_at_the_latest),
		cmocka_unit_test(settings_change_but_for_what_can_not),
		cmocka_unit_test(what_can_not_be_opened_is_told),
		cmocka_unit_test(steady_state_allocates_nothing),
		cmocka_unit_test(a_pair_costs_six_kilobytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
