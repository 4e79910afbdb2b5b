/* Verdicts on single pairs: each kind, whose fault it is, why, and when it is said and taken back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/path_result.h"
#include "support/mesh_world.h"

static void expect(const struct mesh_world *world, uint32_t pair, enum mesh_verdict verdict,
		   enum mesh_blame blame)
{
	const struct mesh_judged *judged = mesh_world_judged(world, pair);

	if (judged->verdict != verdict || judged->blame != blame)
		print_message("p%02u: %s\n", pair, judged->evidence);
	assert_string_equal(mesh_verdict_name(judged->verdict), mesh_verdict_name(verdict));
	assert_string_equal(mesh_blame_name(judged->blame), mesh_blame_name(blame));
}

static void expect_why(const struct mesh_world *world, uint32_t pair, const char *why)
{
	const struct mesh_judged *judged = mesh_world_judged(world, pair);

	if (strstr(judged->evidence, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, judged->evidence);
}

/* All but this one are well, and it is the only finding. */
static void expect_alone(const struct mesh_world *world, uint32_t pair)
{
	for (uint32_t i = 0; i < world->count; i++) {
		if (i != pair)
			expect(world, i, MESH_VERDICT_OK, MESH_BLAME_NONE);
	}
	assert_int_equal(mesh_world_findings(world), 1);
	assert_non_null(mesh_world_finding(world, world->peers[pair].name));
}

static void one_bad_window_says_nothing(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 3);
	expect(&world, 2, MESH_VERDICT_OK, MESH_BLAME_NONE);
	assert_false(mesh_judge_wants_rows(world.judge));
	world.pairs[2].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 1);
	expect(&world, 2, MESH_VERDICT_OK, MESH_BLAME_NONE);
	assert_int_equal(mesh_world_judged(&world, 2)->now, MESH_VERDICT_SILENT);
	assert_int_equal(mesh_world_judged(&world, 2)->bad_in_a_row, 1);
	assert_true(mesh_judge_wants_rows(world.judge));
	assert_int_equal(mesh_events_newest(world.events), 0);
	world.pairs[2].state = MESH_WORLD_UP;
	mesh_world_pass(&world, 2);
	assert_int_equal(mesh_events_newest(world.events), 0);
	assert_false(mesh_judge_wants_rows(world.judge));
	mesh_world_deinit(&world);
}

static void it_is_said_and_taken_back_once(void **state)
{
	struct mesh_world world;
	const struct mesh_event *event = NULL;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 3);
	world.pairs[2].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 2);
	expect(&world, 2, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	expect_why(&world, 2, "nothing back of 150 udp and 8 tcp probes");
	expect_alone(&world, 2);
	assert_string_equal(mesh_world_finding(&world, "p02")->besides,
			    "its host being down, or the network between");
	/* Since the first bad window. */
	assert_int_equal(mesh_world_judged(&world, 2)->since_ns, 190 * NS_PER_S);
	assert_int_equal(mesh_events_newest(world.events), 1);
	event = mesh_events_at(world.events, 1);
	assert_int_equal(event->kind, MESH_EVENT_BEGAN);
	assert_string_equal(event->subject, "p02");
	assert_int_equal(event->since_unix_ns, INT64_C(1800000090) * (int64_t)NS_PER_S);
	mesh_world_pass(&world, 5);
	assert_int_equal(mesh_events_newest(world.events), 1);
	world.pairs[2].state = MESH_WORLD_UP;
	mesh_world_pass(&world, 1);
	expect(&world, 2, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	mesh_world_pass(&world, 1);
	expect(&world, 2, MESH_VERDICT_OK, MESH_BLAME_NONE);
	assert_int_equal(mesh_world_findings(&world), 0);
	assert_int_equal(mesh_events_newest(world.events), 2);
	assert_int_equal(mesh_events_at(world.events, 2)->kind, MESH_EVENT_ENDED);
	assert_non_null(strstr(mesh_events_at(world.events, 2)->text, "after 210 s; nothing back"));
	mesh_world_deinit(&world);
}

static void once_speaks_at_once(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 11, 1);
	world.pairs[2].state = MESH_WORLD_DEAD;
	world.pairs[8].rtt_ns = 60 * NS_PER_MS;
	mesh_world_pass(&world, 1);
	expect(&world, 2, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	expect_why(&world, 2, "it has never answered");
	expect(&world, 8, MESH_VERDICT_SLOW, MESH_BLAME_UNDECIDED);
	expect_why(&world, 8, "others there take");
	assert_int_equal(mesh_world_findings(&world), 2);
	mesh_world_deinit(&world);
}

static void a_closed_port_is_refused(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.pairs[1].state = MESH_WORLD_CLOSED;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_REFUSED, MESH_BLAME_SERVICE);
	expect_why(&world, 1, "tcp: 4 of 4 failed (refused)");
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void a_frozen_process_is_its_host_s(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.pairs[1].state = MESH_WORLD_FROZEN;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_SERVICE, MESH_BLAME_PEER_HOST);
	expect_why(&world, 1, "its kernel takes connections, its process says nothing");
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void a_bad_page_is_the_service_s(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	world.has_pages = true;
	mesh_world_pass(&world, 2);
	world.pairs[1].state = MESH_WORLD_FAILING;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_SERVICE, MESH_BLAME_SERVICE);
	expect_why(&world, 1, "http: 4 of 4 failed (bad_status 503); its echo is good");
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void other_bytes_are_the_service_s(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.pairs[1].state = MESH_WORLD_GARBLED;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_SERVICE, MESH_BLAME_SERVICE);
	expect_why(&world, 1, "tcp_long: 4 of 4 failed (corrupted)");
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void what_this_node_lacks_accuses_nobody(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	world.has_pages = true;
	mesh_world_pass(&world, 2);
	for (uint32_t i = 0; i < 6; i++)
		world.pairs[i].state = MESH_WORLD_WANTING;
	mesh_world_pass(&world, 4);
	for (uint32_t i = 0; i < 6; i++)
		expect(&world, i, MESH_VERDICT_AGENT, MESH_BLAME_AGENT);
	assert_int_equal(mesh_world_findings(&world), 1);
	const struct mesh_finding *finding = mesh_world_finding(&world, world.snapshot->node.name);
	assert_non_null(strstr(finding->evidence, "72 probes could not be made here"));
	mesh_world_deinit(&world);
}

static void loss_is_named_with_its_ports(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 2);
	world.pairs[20].loss = 0.05;
	mesh_world_pass(&world, 3);
	expect(&world, 20, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect_why(&world, 20, "source ports");
	expect_why(&world, 20, "not this node's cpu");
	expect_alone(&world, 20);
	mesh_world_deinit(&world);
}

static void loss_on_one_port_is_the_network_s(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	world.rounds = 0;
	mesh_world_pass(&world, 2);
	world.pairs[20].loss = 0.5;
	world.pairs[20].ports = 1u << 3;
	mesh_world_pass(&world, 2);
	expect(&world, 20, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect_why(&world, 20, "on 1 of 6 source ports");
	expect_alone(&world, 20);
	mesh_world_deinit(&world);
}

static void a_burst_over_the_boundary_is_none(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 2);
	world.pairs[20].burst = 2;
	mesh_world_pass(&world, 1);
	world.pairs[20].burst = 3;
	mesh_world_pass(&world, 1);
	expect(&world, 20, MESH_VERDICT_OK, MESH_BLAME_NONE);
	world.pairs[20].burst = 3;
	mesh_world_pass(&world, 1);
	expect(&world, 20, MESH_VERDICT_LOSS, MESH_BLAME_UNDECIDED);
	mesh_world_deinit(&world);
}

static void a_window_with_one_lost_is_neither(void **state)
{
	static const unsigned lost[] = { 3, 1, 3, 1, 0, 1, 0 };
	struct mesh_world world;

	mesh_world_init(&world, 30, 2);
	mesh_world_pass(&world, 2);
	for (size_t i = 0; i < array_size(lost); i++) {
		enum mesh_verdict was = mesh_world_judged(&world, 20)->verdict;

		world.pairs[20].burst = lost[i];
		mesh_world_pass(&world, 1);
		if (lost[i] == 1)
			assert_int_equal(mesh_world_judged(&world, 20)->verdict, was);
		if (i == 2)
			expect(&world, 20, MESH_VERDICT_LOSS, MESH_BLAME_UNDECIDED);
	}
	expect(&world, 20, MESH_VERDICT_OK, MESH_BLAME_NONE);
	mesh_world_deinit(&world);
}

static void look_at_mtu(struct mesh_world *world, uint32_t pair, enum path_verdict there,
			enum path_verdict back)
{
	struct mesh_mtu *mtu = &world->snapshot->pairs[pair].mtu;

	mtu->looks++;
	mtu->looked_ns = world->own.began_ns + 1;
	mtu->forward = (struct mesh_mtu_direction){
		.verdict = (uint8_t)there,
		.full_bytes = 1500,
		.failed_bytes = there == PATH_OK ? 0 : 1500,
		.mtu_bytes = there == PATH_OK ? 1500 : 1400,
		.large_sent = 3,
		.large_lost = there == PATH_OK ? 0 : 3,
	};
	mtu->reverse = (struct mesh_mtu_direction){ .verdict = (uint8_t)back };
}

static void a_black_hole_has_a_direction(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	look_at_mtu(&world, 1, PATH_OK, PATH_VERDICTS);
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_OK, MESH_BLAME_NONE);
	world.pairs[1].state = MESH_WORLD_STUCK;
	look_at_mtu(&world, 1, PATH_BLACK_HOLE, PATH_VERDICTS);
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	expect_why(&world, 1,
		   "3 of 3 of 1500 B lost, small ones between them answered, no ICMP; "
		   "1400 B pass, 1500 B do not; on the way there");
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void an_empty_look_takes_no_black_hole_back(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	look_at_mtu(&world, 1, PATH_BLACK_HOLE, PATH_VERDICTS);
	mesh_world_pass(&world, 2);
	look_at_mtu(&world, 1, PATH_UNDECIDED, PATH_VERDICTS);
	mesh_world_pass(&world, 3);
	expect(&world, 1, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	assert_int_equal(mesh_events_newest(world.events), 1);
	look_at_mtu(&world, 1, PATH_OK, PATH_VERDICTS);
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_OK, MESH_BLAME_NONE);
	mesh_world_deinit(&world);
}

static void the_way_back_is_told_by_tcp_and_by_the_peer(void **state)
{
	struct mesh_world world;
	struct mesh_cell cell = { .name = "here",
				  .verdict = MESH_VERDICT_BLACK_HOLE,
				  .mtu_bytes = 1400 };
	struct mesh_row row = { .node = "p01", .count = 1, .cells = &cell };
	struct mesh_rows rows = { .rows = &row, .count = 1 };

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.pairs[1].state = MESH_WORLD_STUCK;
	for (int i = 0; i < 2; i++) {
		look_at_mtu(&world, 1, PATH_OK, PATH_VERDICTS);
		mesh_world_pass(&world, 1);
	}
	expect(&world, 1, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	expect_why(&world, 1,
		   "4 of 4 echoes of 10,000 B over tcp stuck, small ones answered; on "
		   "the way back");
	world.rows = &rows;
	row.asked_ns = world.own.began_ns;
	look_at_mtu(&world, 1, PATH_OK, PATH_VERDICTS);
	mesh_world_pass(&world, 1);
	expect_why(&world, 1, "it says the same of its way here, where 1400 B pass");
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void an_old_look_at_the_mtu_is_forgotten(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	look_at_mtu(&world, 1, PATH_REDUCED, PATH_OK);
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_MTU_REDUCED, MESH_BLAME_NETWORK);
	expect_why(&world, 1, "1400 B of 1500 B pass on the way there");
	mesh_world_pass(&world, 5);
	expect(&world, 1, MESH_VERDICT_OK, MESH_BLAME_NONE);
	mesh_world_deinit(&world);
}

static void slow_is_its_process_or_the_way(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 8, 2);
	mesh_world_pass(&world, 4);
	world.pairs[1].process_ns = 40 * NS_PER_MS;
	world.pairs[6].rtt_ns = 40 * NS_PER_MS;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_SLOW, MESH_BLAME_PEER_HOST);
	expect_why(&world, 1, "its kernel takes a connection in 0.30 ms");
	expect(&world, 6, MESH_VERDICT_SLOW, MESH_BLAME_UNDECIDED);
	expect_why(&world, 6, "a connection takes 40.0 ms as well");
	assert_int_equal(mesh_world_findings(&world), 2);
	mesh_world_deinit(&world);
}

static void a_little_slower_is_not_slow(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 8, 2);
	world.pairs[1].rtt_ns = 20 * NS_PER_MS;
	mesh_world_pass(&world, 4);
	world.pairs[1].rtt_ns = 40 * NS_PER_MS; /* twice, by 20 ms */
	world.pairs[2].rtt_ns = 3 * NS_PER_MS;  /* ten times, by 2.7 ms */
	mesh_world_pass(&world, 4);
	assert_int_equal(mesh_events_newest(world.events), 0);
	world.settings.slow_ns = 30 * NS_PER_MS;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_SLOW, MESH_BLAME_UNDECIDED);
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void a_drain_is_no_fault(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.snapshot->pairs[1].is_leaving = true;
	world.peers[4].life = MESH_LIFE_DRAINING;
	mesh_world_pass(&world, 1);
	world.pairs[1].state = world.pairs[4].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 3);
	expect(&world, 1, MESH_VERDICT_LEAVING, MESH_BLAME_NONE);
	expect(&world, 4, MESH_VERDICT_LEAVING, MESH_BLAME_NONE);
	assert_int_equal(mesh_world_findings(&world), 0);
	assert_int_equal(mesh_events_newest(world.events), 0);
	mesh_world_deinit(&world);
}

static void what_drains_ends_what_was_said(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.pairs[1].loss = 0.3;
	mesh_world_pass(&world, 3);
	expect(&world, 1, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	world.snapshot->pairs[1].is_leaving = true;
	mesh_world_pass(&world, 1);
	expect(&world, 1, MESH_VERDICT_LEAVING, MESH_BLAME_NONE);
	assert_int_equal(mesh_world_findings(&world), 0);
	assert_non_null(strstr(mesh_events_at(world.events, 2)->text, "after 90 s; it leaves; "));
	mesh_world_deinit(&world);
}

/* Segments are lost that are large, as TCP alone shows: a look at the MTU comes first. */
static void what_may_be_size_is_not_called_loss(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	world.settings.has_mtu = true;
	mesh_world_pass(&world, 2);
	for (int i = 0; i < 3; i++) {
		world.snapshot->pairs[1].window.retransmitted = 20;
		mesh_world_pass(&world, 1);
	}
	expect(&world, 1, MESH_VERDICT_OK, MESH_BLAME_NONE);
	look_at_mtu(&world, 1, PATH_BLACK_HOLE, PATH_VERDICTS);
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	for (int i = 0; i < 3; i++) {
		look_at_mtu(&world, 1, PATH_OK, PATH_OK);
		world.snapshot->pairs[1].window.retransmitted = 20;
		mesh_world_pass(&world, 1);
	}
	expect(&world, 1, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect_why(&world, 1, "tcp: 20 retransmits");
	mesh_world_deinit(&world);
}

/* The lost ones are long, and none came back: that may be size, whoever waits for more of them. */
static void a_lost_long_echo_is_not_called_loss(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.pairs[1].state = MESH_WORLD_STUCK;
	world.rounds = 1;
	for (int i = 0; i < 3; i++) {
		world.snapshot->pairs[1].window.retransmitted = 8;
		mesh_world_pass(&world, 1);
	}
	expect(&world, 1, MESH_VERDICT_OK, MESH_BLAME_NONE);
	world.rounds = 2;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	world.rounds = 1;
	mesh_world_pass(&world, 2);
	world.rounds = 0;
	mesh_world_pass(&world, 3);
	expect(&world, 1, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	expect_alone(&world, 1);
	world.pairs[1].state = MESH_WORLD_UP;
	world.rounds = 1;
	mesh_world_pass(&world, 2);
	expect(&world, 1, MESH_VERDICT_OK, MESH_BLAME_NONE);
	mesh_world_deinit(&world);
}

/* Of a few long echoes all may be lost as other packets are: the fewer datagrams there are to prove
 * that they are not, the more it takes. */
static void lost_long_echoes_are_no_black_hole(void **state)
{
	static const struct {
		uint32_t udp;
		uint32_t udp_lost;
		uint32_t long_ones;
		enum mesh_verdict verdict;
	} cases[] = {
		{ 25, 0, 2, MESH_VERDICT_OK },          { 25, 0, 3, MESH_VERDICT_BLACK_HOLE },
		{ 25, 1, 3, MESH_VERDICT_LOSS },        { 150, 0, 2, MESH_VERDICT_BLACK_HOLE },
		{ 150, 1, 2, MESH_VERDICT_BLACK_HOLE }, { 150, 5, 2, MESH_VERDICT_LOSS },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct mesh_window_series *probes;
		struct mesh_world world;

		mesh_world_init(&world, 6, 1);
		mesh_world_pass(&world, 2);
		world.rounds = 0;
		world.udp = cases[i].udp - cases[i].udp_lost;
		probes = world.snapshot->pairs[1].window.probes;
		probes[MESH_UDP].lost = cases[i].udp_lost;
		probes[MESH_UDP].reasons = 1u << MESH_REASON_TIMEOUT;
		probes[MESH_TCP].received = 3;
		probes[MESH_TCP_LONG].lost = cases[i].long_ones;
		probes[MESH_TCP_LONG].reasons = 1u << MESH_REASON_TIMEOUT;
		mesh_world_pass(&world, 1);
		assert_string_equal(mesh_verdict_name(mesh_world_judged(&world, 1)->verdict),
				    mesh_verdict_name(cases[i].verdict));
		mesh_world_deinit(&world);
	}
}

/* Connections come up and no short echo does, for packets are lost: long ones come back. */
static void lost_short_echoes_are_no_silence(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.rounds = 0;
	world.pairs[1].loss = 0.1;
	for (int i = 0; i < 4; i++) {
		struct mesh_window *window = &world.snapshot->pairs[1].window;

		window->connects = 3;
		window->probes[MESH_TCP].lost = 2;
		window->probes[MESH_TCP].reasons = 1u << MESH_REASON_TIMEOUT;
		window->probes[MESH_TCP_LONG].received = 2;
		mesh_world_pass(&world, 1);
	}
	expect(&world, 1, MESH_VERDICT_LOSS, MESH_BLAME_NETWORK);
	expect_alone(&world, 1);
	mesh_world_deinit(&world);
}

static void another_peer_begins_anew(void **state)
{
	struct mesh_world world;

	mesh_world_init(&world, 6, 2);
	mesh_world_pass(&world, 2);
	world.pairs[1].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 3);
	expect(&world, 1, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
	world.snapshot->pairs[1].id = world.peers[1].id = 77;
	world.pairs[1].state = MESH_WORLD_UP;
	mesh_world_pass(&world, 1);
	expect(&world, 1, MESH_VERDICT_OK, MESH_BLAME_NONE);
	/* Whoever has the place next is not called what this one was. */
	assert_null(mesh_judge_of(world.judge, 1, 78));
	assert_int_equal(mesh_world_events(&world, MESH_EVENT_ENDED), 1);
	assert_non_null(strstr(mesh_events_at(world.events, 2)->text, "it is not probed any more"));
	world.snapshot->pairs[1].id = 0;
	mesh_world_pass(&world, 1);
	assert_null(mesh_judge_of(world.judge, 1, 77));
	assert_null(mesh_judge_of(world.judge, 1, 0));
	mesh_world_deinit(&world);
}

static void windows_are_remembered(void **state)
{
	struct mesh_world world;
	const struct mesh_judged *judged = NULL;

	mesh_world_init(&world, 2, 2);
	mesh_world_pass(&world, MESH_HISTORY_MAX + 5);
	world.pairs[1].state = MESH_WORLD_DEAD;
	mesh_world_pass(&world, 1);
	judged = mesh_world_judged(&world, 1);
	assert_int_equal(judged->window, MESH_HISTORY_MAX + 6);
	assert_int_equal(judged->history[judged->window % MESH_HISTORY_MAX].loss_200, 200);
	assert_int_equal(judged->history[(judged->window - 1) % MESH_HISTORY_MAX].loss_200, 0);
	assert_int_equal(judged->history[(judged->window - 1) % MESH_HISTORY_MAX].rtt_10us, 30);
	assert_int_equal(judged->history[judged->window % MESH_HISTORY_MAX].rtt_10us, 0);
	world.own.number += 3; /* nobody looked */
	mesh_world_pass(&world, 1);
	assert_int_equal(judged->history[(judged->window - 1) % MESH_HISTORY_MAX].loss_200,
			 UINT8_MAX);
	mesh_world_deinit(&world);
}

static void what_so_many_probes_can_see(void **state)
{
	assert_true(mesh_smallest_loss(0) == 1);
	assert_int_equal(mesh_smallest_loss(60) * 1000, 48);
	assert_int_equal(mesh_smallest_loss(299) * 10000, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bad_window_says_nothing),
		cmocka_unit_test(it_is_said_and_taken_back_once),
		cmocka_unit_test(once_speaks_at_once),
		cmocka_unit_test(a_closed_port_is_refused),
		cmocka_unit_test(a_frozen_process_is_its_host_s),
		cmocka_unit_test(a_bad_page_is_the_service_s),
		cmocka_unit_test(other_bytes_are_the_service_s),
		cmocka_unit_test(what_this_node_lacks_accuses_nobody),
		cmocka_unit_test(loss_is_named_with_its_ports),
		cmocka_unit_test(loss_on_one_port_is_the_network_s),
		cmocka_unit_test(a_burst_over_the_boundary_is_none),
		cmocka_unit_test(a_window_with_one_lost_is_neither),
		cmocka_unit_test(a_black_hole_has_a_direction),
		cmocka_unit_test(an_empty_look_takes_no_black_hole_back),
		cmocka_unit_test(the_way_back_is_told_by_tcp_and_by_the_peer),
		cmocka_unit_test(an_old_look_at_the_mtu_is_forgotten),
		cmocka_unit_test(slow_is_its_process_or_the_way),
		cmocka_unit_test(a_little_slower_is_not_slow),
		cmocka_unit_test(a_drain_is_no_fault),
		cmocka_unit_test(what_drains_ends_what_was_said),
		cmocka_unit_test(what_may_be_size_is_not_called_loss),
		cmocka_unit_test(a_lost_long_echo_is_not_called_loss),
		cmocka_unit_test(lost_long_echoes_are_no_black_hole),
		cmocka_unit_test(lost_short_echoes_are_no_silence),
		cmocka_unit_test(another_peer_begins_anew),
		cmocka_unit_test(windows_are_remembered),
		cmocka_unit_test(what_so_many_probes_can_see),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
