/* What pairs have in common: a location, this node, a peer that others see too, or this node's own
 * trouble; and no word where all is well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "support/mesh_world.h"

static void expect(const struct mesh_world *world, const char *subject, enum mesh_scope scope,
		   enum mesh_verdict verdict, enum mesh_blame blame)
{
	const struct mesh_finding *finding = mesh_world_finding(world, subject);

	if (finding == NULL)
		fail_msg("nothing is said of %s", subject);
	if (finding->scope != scope || finding->verdict != verdict || finding->blame != blame)
		print_message("%s: %s\n", subject, finding->evidence);
	assert_int_equal(finding->scope, scope);
	assert_string_equal(mesh_verdict_name(finding->verdict), mesh_verdict_name(verdict));
	assert_string_equal(mesh_blame_name(finding->blame), mesh_blame_name(blame));
}

static void list_events(const struct mesh_world *world)
{
	for (uint64_t i = mesh_events_oldest(world->events);
	     i != 0 && i <= mesh_events_newest(world->events); i++) {
		const struct mesh_event *event = mesh_events_at(world->events, i);
		print_message("%s %s %s %s: %s\n", mesh_event_kind_name(event->kind),
			      event->subject, mesh_verdict_name(event->verdict),
			      mesh_blame_name(event->blame), event->text);
	}
}

static void expect_events(const struct mesh_world *world, uint32_t count)
{
	if (mesh_events_newest(world->events) != count)
		list_events(world);
	assert_int_equal(mesh_events_newest(world->events), count);
}

/* ---- health */

static void a_healthy_mesh_is_left_alone(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	for (uint32_t i = 0; i < 30; i++)
		world.pairs[i].loss = 1e-4;
	for (uint32_t i = 0; i < 300; i++) {
		mesh_world_pass(&world, 1);
		assert_int_equal(mesh_world_findings(&world), 0);
	}
	expect_events(&world, 0);
	mesh_world_deinit(&world);
}

static void a_noisy_machine_is_not_slow(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	world.udp = 60;
	for (uint32_t i = 0; i < 30; i++) {
		world.pairs[i].spread = 1.0;
		world.pairs[i].spikes = 0.1;
	}
	mesh_world_pass(&world, 300);
	expect_events(&world, 0);
	mesh_world_deinit(&world);
}

static void bursts_accuse_nobody(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 200, 2);
	world.udp = 30;
	for (uint32_t i = 0; i < 100; i++) {
		for (uint32_t j = 0; j < 200; j++) {
			world.pairs[j].loss = 1e-4;
			if (random_below(&world.random, 1000) == 0)
				world.pairs[j].burst = 5;
		}
		mesh_world_pass(&world, 1);
		assert_int_equal(mesh_world_findings(&world), 0);
	}
	expect_events(&world, 0);
	mesh_world_deinit(&world);
}

/* ---- a location */

static void lose_to_b(uint32_t udp, double loss)
{
	struct mesh_world world;
	const struct mesh_finding *finding = NULL;

	mesh_world_init(&world, 30, 2);
	world.udp = udp;
	mesh_world_pass(&world, 3);
	for (uint32_t i = 15; i < 30; i++)
		world.pairs[i].loss = loss;
	mesh_world_pass(&world, 2);
	expect(&world, "b", MESH_SCOPE_PLACE, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	mesh_world_pass(&world, 20);
	expect(&world, "b", MESH_SCOPE_PLACE, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	assert_int_equal(mesh_world_findings(&world), 1);
	finding = mesh_world_finding(&world, "b");
	assert_true(finding->pairs >= 8 && finding->of == 15);
	expect_events(&world, 1);
	for (uint32_t i = 15; i < 30; i++)
		world.pairs[i].loss = 0;
	mesh_world_pass(&world, 5);
	assert_int_equal(mesh_world_findings(&world), 0);
	expect_events(&world, 2);
	assert_int_equal(mesh_events_at(world.events, 2)->kind, MESH_EVENT_ENDED);
	mesh_world_deinit(&world);
}

static void loss_to_a_location_is_one_finding(void **state)
{
	lose_to_b(30, 0.05);
	lose_to_b(150, 0.05);
	lose_to_b(60, 0.3);
}

static void a_dead_peer_in_a_lossy_location_is_told_too(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	for (uint32_t i = 15; i < 30; i++)
		world.pairs[i].loss = 0.05;
	world.pairs[20].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 6);
	expect(&world, "b", MESH_SCOPE_PLACE, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect(&world, "p20", MESH_SCOPE_PAIR, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	expect_events(&world, 2);
	mesh_world_deinit(&world);
}

static void a_few_bad_pairs_are_no_location(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	for (uint32_t i = 16; i < 20; i++)
		world.pairs[i].loss = 0.2;
	mesh_world_pass(&world, 5);
	assert_null(mesh_world_finding(&world, "b"));
	assert_null(mesh_world_finding(&world, "here"));
	expect(&world, "p16", MESH_SCOPE_PAIR, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect_events(&world, 4);
	mesh_world_deinit(&world);
}

/* Enough that lost something for a location, were it not for those that lost nothing at all. */
static void bad_pairs_among_clean_ones_are_no_location(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	world.udp = 30;
	mesh_world_pass(&world, 3);
	for (uint32_t i = 16; i < 22; i++)
		world.pairs[i].loss = 0.4;
	mesh_world_pass(&world, 5);
	assert_null(mesh_world_finding(&world, "b"));
	assert_int_equal(mesh_world_findings(&world), 6);
	expect_events(&world, 6);
	mesh_world_deinit(&world);
}

static void a_location_is_told_and_taken_back_by_two_windows(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	for (int round = 0; round < 2; round++) { /* bad, good, bad, bad */
		for (uint32_t i = 15; i < 30; i++)
			world.pairs[i].loss = 0.05;
		mesh_world_pass(&world, 1 + round);
		assert_int_equal(mesh_world_findings(&world), round);
		for (uint32_t i = 15; i < 30; i++)
			world.pairs[i].loss = 0;
		mesh_world_pass(&world, 1);
		assert_int_equal(mesh_world_findings(&world), round);
	}
	expect_events(&world, 1);
	mesh_world_pass(&world, 1);
	expect_events(&world, 2);
	mesh_world_deinit(&world);
}

static void nearly_all_are_one_location(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	for (uint32_t i = 2; i < 15; i++)
		(void)snprintf(world.peers[i].location, MESH_PLACE_MAX, "b");
	mesh_world_pass(&world, 3);
	for (uint32_t i = 2; i < 30; i++)
		world.pairs[i].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 3);
	expect(&world, "b", MESH_SCOPE_PLACE, MESH_VERDICT_SILENT, MESH_BLAME_NETWORK);
	expect_events(&world, 1);
	mesh_world_deinit(&world);
}

static void a_partition_is_one_finding(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	for (uint32_t i = 14; i < 30; i++)
		world.pairs[i].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 4);
	expect(&world, "b", MESH_SCOPE_PLACE, MESH_VERDICT_SILENT, MESH_BLAME_NETWORK);
	expect(&world, "p14", MESH_SCOPE_PAIR, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	assert_int_equal(mesh_world_findings(&world), 2);
	assert_int_equal(mesh_world_finding(&world, "b")->pairs, 15);
	expect_events(&world, 2);
	for (uint32_t i = 14; i < 30; i++)
		world.pairs[i].state = MESH_WORLD_UP;
	mesh_world_pass(&world, 3);
	assert_int_equal(mesh_world_findings(&world), 0);
	expect_events(&world, 4);
	mesh_world_deinit(&world);
}

static void half_of_all_is_this_node_where_no_location_is(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	for (uint32_t i = 0; i < 30; i++)
		world.peers[i].location[0] = '\0';
	mesh_world_pass(&world, 3);
	for (uint32_t i = 0; i < 16; i++)
		world.pairs[i].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 4);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	assert_int_equal(mesh_world_findings(&world), 1);
	expect_events(&world, 1);
	assert_string_equal(mesh_events_at(world.events, 1)->subject, "");
	mesh_world_deinit(&world);
}

static void all_pairs_are_this_node(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	for (uint32_t i = 0; i < 30; i++)
		world.pairs[i].loss = 0.05;
	mesh_world_pass(&world, 4);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect_events(&world, 1);
	for (uint32_t i = 0; i < 30; i++) {
		world.pairs[i].loss = 0;
		world.pairs[i].state = MESH_WORLD_DEAD;
	}
	mesh_world_pass(&world, 3);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	expect_events(&world, 2);
	assert_int_equal(mesh_events_at(world.events, 2)->kind, MESH_EVENT_CHANGED);
	mesh_world_deinit(&world);
}

/* A link swallows large packets: which one may be open, whose fault it is not. */
static void no_pair_passes_large_ones(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	world.rounds = 3;
	mesh_world_pass(&world, 2);
	for (uint32_t i = 0; i < 30; i++)
		world.pairs[i].state = MESH_WORLD_STUCK;
	mesh_world_pass(&world, 2);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	for (uint32_t i = 0; i < 8; i++) {
		world.rounds = i % 3;
		mesh_world_pass(&world, 1);
	}
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	expect_events(&world, 1);
	mesh_world_deinit(&world);
}

/* Most of one location, and half of the other one: they have this node in common. */
static void a_location_and_half_of_the_rest_is_this_node(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 2);
	for (uint32_t i = 0; i < 24; i++)
		world.pairs[i].state = MESH_WORLD_STUCK;
	mesh_world_pass(&world, 2);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	expect_events(&world, 1);
	mesh_world_deinit(&world);
}

static void a_far_location_became_slow(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	for (uint32_t i = 15; i < 30; i++)
		world.pairs[i].rtt_ns = 50 * NS_PER_MS;
	mesh_world_pass(&world, 3);
	expect(&world, "b", MESH_SCOPE_PLACE, MESH_VERDICT_SLOW, MESH_BLAME_NETWORK);
	expect_events(&world, 1);
	mesh_world_deinit(&world);
}

/* ---- what others say */

#define TELLERS 5

struct others {
	struct mesh_row rows[TELLERS];
	struct mesh_cell cells[TELLERS];
	struct mesh_rows all;
};

/* p01 ... p05 of this peer, asked just now. */
static void ask(struct mesh_world *world, struct others *others, const char *peer,
		enum mesh_verdict verdict, uint16_t loss_permille)
{
	others->all = (struct mesh_rows){ .rows = others->rows, .count = TELLERS };
	for (unsigned i = 0; i < TELLERS; i++) {
		others->cells[i] = (struct mesh_cell){ .verdict = (uint8_t)verdict,
						       .loss_permille = loss_permille };
		others->rows[i] = (struct mesh_row){ .count = 1,
						     .cells = &others->cells[i],
						     .asked_ns = world->own.began_ns };
		(void)snprintf(others->cells[i].name, MESH_NAME_MAX, "%s", peer);
		(void)snprintf(others->rows[i].node, MESH_NAME_MAX, "p%02u", i + 1);
	}
	world->rows = &others->all;
}

static void a_dead_host_is_seen_by_others(void **state)
{
	struct mesh_world world;
	struct others others;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	world.pairs[20].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 1);
	ask(&world, &others, "p20", MESH_VERDICT_OK, 1000); /* they have not spoken yet */
	mesh_world_pass(&world, 1);
	expect(&world, "p20", MESH_SCOPE_PEER, MESH_VERDICT_SILENT, MESH_BLAME_PEER_HOST);
	assert_int_equal(mesh_world_finding(&world, "p20")->witnesses, TELLERS);
	expect_events(&world, 1);
	/* Nobody is asked any more: what they said stands. */
	world.rows = NULL;
	mesh_world_pass(&world, 2);
	expect(&world, "p20", MESH_SCOPE_PEER, MESH_VERDICT_SILENT, MESH_BLAME_PEER_HOST);
	expect_events(&world, 1);
	mesh_world_deinit(&world);
}

static void what_others_said_before_is_old(void **state)
{
	struct mesh_world world;
	struct others others;

	mesh_world_init(&world, 30, 2);
	ask(&world, &others, "p20", MESH_VERDICT_SILENT, 1000); /* of an outage that is over */
	mesh_world_pass(&world, 3);
	world.pairs[20].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 3);
	expect(&world, "p20", MESH_SCOPE_PAIR, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	mesh_world_deinit(&world);
}

static void others_see_half_of_all_dead_too(void **state)
{
	struct mesh_world world;
	struct mesh_cell cells[16];
	struct mesh_row row = { .node = "p29", .count = 16, .cells = cells };
	struct mesh_rows rows = { .rows = &row, .count = 1 };

	mesh_world_init(&world, 30, 2);
	for (uint32_t i = 0; i < 30; i++)
		world.peers[i].location[0] = '\0';
	mesh_world_pass(&world, 3);
	for (uint32_t i = 0; i < 16; i++) {
		world.pairs[i].state = MESH_WORLD_DEAD;
		cells[i] = (struct mesh_cell){ .verdict = MESH_VERDICT_OK, .loss_permille = 1000 };
		(void)snprintf(cells[i].name, MESH_NAME_MAX, "p%02u", i);
	}
	world.rows = &rows;
	row.asked_ns = world.own.began_ns + NS_PER_S;
	mesh_world_pass(&world, 3);
	assert_null(mesh_world_finding(&world, "here"));
	expect(&world, "p07", MESH_SCOPE_PEER, MESH_VERDICT_SILENT, MESH_BLAME_PEER_HOST);
	assert_int_equal(mesh_world_findings(&world), 16);
	mesh_world_deinit(&world);
}

static void a_cut_way_is_not_the_host_s(void **state)
{
	struct mesh_world world;
	struct others others;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	ask(&world, &others, "p20", MESH_VERDICT_OK, 0); /* before it happened: no word on it */
	world.pairs[20].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 2);
	expect(&world, "p20", MESH_SCOPE_PAIR, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	mesh_world_pass(&world, 1);
	ask(&world, &others, "p20", MESH_VERDICT_OK, 0);
	mesh_world_pass(&world, 1);
	expect(&world, "p20", MESH_SCOPE_PAIR, MESH_VERDICT_SILENT, MESH_BLAME_NETWORK);
	assert_string_equal(mesh_world_finding(&world, "p20")->besides, "");
	expect_events(&world, 2);
	assert_int_equal(mesh_events_at(world.events, 2)->kind, MESH_EVENT_CHANGED);
	mesh_world_deinit(&world);
}

/* ---- own trouble */

/* 5 % of a cpu: on for a tenth of the time, answers wait for it. */
static void starve(struct mesh_world *world)
{
	world->own.throttled_ns = 14 * NS_PER_S;
	world->own.late = 3000;
	world->own.delay_p99_ns = 90 * NS_PER_MS;
	world->own.delay_max_ns = 300 * NS_PER_MS;
	for (uint32_t i = 0; i < world->count; i++)
		world->pairs[i].process_ns = 50 * NS_PER_MS + i * NS_PER_MS;
}

static void a_starved_agent_says_agent(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	starve(&world);
	for (uint32_t i = 0; i < 30; i++)
		world.pairs[i].loss = 0.02;
	mesh_world_pass(&world, 4);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_AGENT, MESH_BLAME_AGENT);
	assert_int_equal(mesh_world_findings(&world), 1);
	expect_events(&world, 1);
	assert_int_equal(mesh_world_judged(&world, 3)->verdict, MESH_VERDICT_AGENT);
	mesh_world_deinit(&world);
}

static void it_says_so_from_its_first_window_on(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	starve(&world);
	mesh_world_pass(&world, 3);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_AGENT, MESH_BLAME_AGENT);
	expect_events(&world, 1);
	mesh_world_deinit(&world);
}

static void a_starved_agent_still_sees_the_dead(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	starve(&world);
	world.pairs[20].state = MESH_WORLD_DEAD;
	world.pairs[7].process_ns = 900 * NS_PER_MS;
	mesh_world_pass(&world, 4);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_AGENT, MESH_BLAME_AGENT);
	expect(&world, "p20", MESH_SCOPE_PAIR, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	expect(&world, "p07", MESH_SCOPE_PAIR, MESH_VERDICT_SLOW, MESH_BLAME_PEER_HOST);
	assert_int_equal(mesh_world_findings(&world), 3);
	mesh_world_deinit(&world);
}

static void a_slight_delay_hides_nothing(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 3);
	world.own.throttled_ns = NS_PER_S;
	world.own.delay_p99_ns = 25 * NS_PER_MS;
	world.own.delay_max_ns = 120 * NS_PER_MS;
	world.pairs[3].loss = 0.1;
	world.pairs[7].process_ns = 60 * NS_PER_MS;
	world.pairs[20].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 4);
	expect(&world, "p03", MESH_SCOPE_PAIR, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect(&world, "p07", MESH_SCOPE_PAIR, MESH_VERDICT_SLOW, MESH_BLAME_PEER_HOST);
	expect(&world, "p20", MESH_SCOPE_PAIR, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	assert_int_equal(mesh_world_findings(&world), 3);
	mesh_world_deinit(&world);
}

/* Waiting for a cpu again and again, for short: answers wait, and none is lost by it. */
static void lose_while_waiting(uint64_t waited_ns, uint64_t longest_ns)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	world.udp = 30;
	world.own.cpu_waited_ns = waited_ns;
	world.own.delay_p99_ns = 25 * NS_PER_MS;
	world.own.delay_max_ns = longest_ns;
	mesh_world_pass(&world, 3);
	expect_events(&world, 0);
	for (uint32_t i = 15; i < 30; i++)
		world.pairs[i].loss = 0.05;
	mesh_world_pass(&world, 4);
	expect(&world, "b", MESH_SCOPE_PLACE, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	assert_int_equal(mesh_world_findings(&world), 1);
	mesh_world_deinit(&world);
}

static void a_busy_machine_hides_no_loss(void **state)
{
	lose_while_waiting(9 * NS_PER_S, 60 * NS_PER_MS);
	lose_while_waiting(NS_PER_S, 400 * NS_PER_MS);
}

/* All wait for a cpu, this node too: who alone takes long is slow all the same, known or not. */
static void see_slow_while_waiting(uint32_t windows_needed, uint32_t windows_before)
{
	struct mesh_world world;

	mesh_world_init(&world, 29, windows_needed);
	mesh_world_pass(&world, windows_before);
	world.own.cpu_waited_ns = 6 * NS_PER_S + NS_PER_S / 2;
	world.own.delay_p99_ns = 14 * NS_PER_MS;
	world.own.delay_max_ns = 45 * NS_PER_MS;
	for (uint32_t i = 0; i < 29; i++)
		world.pairs[i].process_ns = 100 * NS_PER_US;
	world.pairs[7].process_ns = 60 * NS_PER_MS;
	mesh_world_pass(&world, windows_needed);
	expect(&world, "p07", MESH_SCOPE_PAIR, MESH_VERDICT_SLOW, MESH_BLAME_PEER_HOST);
	assert_int_equal(mesh_world_findings(&world), 1);
	mesh_world_deinit(&world);
}

static void a_busy_machine_hides_no_slow_peer(void **state)
{
	see_slow_while_waiting(2, 3);
	see_slow_while_waiting(1, 0);
}

static void a_full_queue_here_is_no_loss_there(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	world.rounds = 0;
	mesh_world_pass(&world, 3);
	for (uint32_t i = 0; i < 30; i++)
		world.pairs[i].loss = 0.03;
	world.own.overflows = 200;
	mesh_world_pass(&world, 4);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_AGENT, MESH_BLAME_AGENT);
	assert_int_equal(mesh_world_findings(&world), 1);
	mesh_world_deinit(&world);
}

static void a_stopped_node_accuses_nobody(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 1);
	mesh_world_pass(&world, 3);
	world.own.delay_max_ns = 25 * NS_PER_S;
	world.own.skipped = 4000;
	for (uint32_t i = 0; i < 30; i++)
		world.pairs[i].loss = 0.1;
	mesh_world_pass(&world, 1);
	expect(&world, "here", MESH_SCOPE_NODE, MESH_VERDICT_AGENT, MESH_BLAME_AGENT);
	assert_int_equal(mesh_world_findings(&world), 1);
	mesh_world_deinit(&world);
}

static void more_bad_pairs_than_findings(void **state)
{
	struct mesh_world world;
	uint32_t count = 0;

	mesh_world_init(&world, 200, 2);
	world.udp = 30;
	mesh_world_pass(&world, 2);
	for (uint32_t i = 0; i < 200; i += 4)
		world.pairs[i].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 4);
	(void)mesh_judge_findings(world.judge, &count);
	assert_int_equal(count, MESH_FINDINGS_MAX);
	expect_events(&world, MESH_FINDINGS_MAX);
	assert_int_equal(mesh_world_judged(&world, 196)->verdict, MESH_VERDICT_SILENT);
	mesh_world_deinit(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_mesh_is_left_alone),
		cmocka_unit_test(a_noisy_machine_is_not_slow),
		cmocka_unit_test(bursts_accuse_nobody),
		cmocka_unit_test(loss_to_a_location_is_one_finding),
		cmocka_unit_test(a_dead_peer_in_a_lossy_location_is_told_too),
		cmocka_unit_test(a_few_bad_pairs_are_no_location),
		cmocka_unit_test(bad_pairs_among_clean_ones_are_no_location),
		cmocka_unit_test(a_location_is_told_and_taken_back_by_two_windows),
		cmocka_unit_test(nearly_all_are_one_location),
		cmocka_unit_test(a_partition_is_one_finding),
		cmocka_unit_test(half_of_all_is_this_node_where_no_location_is),
		cmocka_unit_test(all_pairs_are_this_node),
		cmocka_unit_test(no_pair_passes_large_ones),
		cmocka_unit_test(a_location_and_half_of_the_rest_is_this_node),
		cmocka_unit_test(a_far_location_became_slow),
		cmocka_unit_test(a_dead_host_is_seen_by_others),
		cmocka_unit_test(what_others_said_before_is_old),
		cmocka_unit_test(others_see_half_of_all_dead_too),
		cmocka_unit_test(a_cut_way_is_not_the_host_s),
		cmocka_unit_test(a_starved_agent_says_agent),
		cmocka_unit_test(it_says_so_from_its_first_window_on),
		cmocka_unit_test(a_starved_agent_still_sees_the_dead),
		cmocka_unit_test(a_slight_delay_hides_nothing),
		cmocka_unit_test(a_busy_machine_hides_no_loss),
		cmocka_unit_test(a_busy_machine_hides_no_slow_peer),
		cmocka_unit_test(a_full_queue_here_is_no_loss_there),
		cmocka_unit_test(a_stopped_node_accuses_nobody),
		cmocka_unit_test(more_bad_pairs_than_findings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
