/* The path MTU of a mesh's links in the memory network: what the pair keeps, what it costs, and
 * that nobody is kept waiting by those who do not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "proto/control.h"
#include "support/link_bench.h"
#include "support/service_bench.h"

#define SERVER  "127.0.0.1"
#define CLIENT  "192.0.2.9"
#define ROUTER  "198.51.100.1"
#define SERVICE SERVER ":5003"
#define ECHO    SERVER ":5007"
#define SILENT  SERVER ":5055" /* takes all and says nothing */
#define TOKEN   "open sesame"

static const char token[CONTROL_TOKEN_MAX] = TOKEN;

static struct bench bench;
static struct datagram_transport from_client;
static struct datagram_socket silent;

/* An address that no interface of this machine has: its MTU is the usual one. */
static int open_from_client(struct datagram_socket *socket, const struct datagram_options *options)
{
	struct datagram_options ours = *options;
	ours.local = bench_endpoint(CLIENT);
	return datagram_memory.open(socket, &ours);
}

static void say_nothing(struct datagram_socket *socket, unsigned events)
{
	uint8_t room[2048];
	struct datagram datagram;
	(void)events;
	do
		datagram = (struct datagram){ .data = room, .capacity = sizeof(room) };
	while (datagram_receive(socket, &datagram, 1) > 0);
}

static void begin(const struct memory_options *options)
{
	bench_init(&bench, options);
	bench.plan.serve.control_token = token;
	bench_listen(&bench, SERVICE_TRAFFIC, TRANSPORT_UDP, 5003);
	bench_listen(&bench, SERVICE_ECHO, TRANSPORT_UDP, 5007);
	bench_listen(&bench, SERVICE_CONTROL, TRANSPORT_TCP, 5004);
	bench_start(&bench);
	struct datagram_options at = { .local = bench_endpoint(SILENT), .network = bench.network };
	assert_int_equal(datagram_open(&silent, &datagram_memory, bench.loop, &at, say_nothing), 0);
	link_bench_init(&mesh_prober_mtu, bench.loop, bench.network);
	from_client = datagram_memory;
	from_client.open = open_from_client;
	link_bench.host.datagram = &from_client;
	link_bench_open();
}

static void end(void)
{
	link_bench_close();
	datagram_close(&silent);
	bench_end(&bench);
	bench_run(&bench, 6000);
	bench_free(&bench);
}

static void narrow(const char *to, uint32_t mtu_bytes, const char *teller)
{
	struct endpoint there = bench_endpoint(to);
	struct endpoint router = { 0 };
	if (teller)
		router = bench_endpoint(teller);
	if (mtu_bytes > 0)
		memory_network_narrow(bench.network, &there, mtu_bytes, &router);
}

static void the_pair_keeps_the_verdict_of_each_way(void **state)
{
	static const struct {
		uint32_t there_bytes; /* 0: wide */
		const char *teller;
		uint32_t back_bytes;
		uint8_t there;
		uint8_t back;
	} cases[] = {
		{ .there = PATH_OK, .back = PATH_OK },
		{ 1400, NULL, 0, PATH_BLACK_HOLE, PATH_OK },
		{ 1400, ROUTER, 0, PATH_REDUCED, PATH_OK },
		{ 0, NULL, 1280, PATH_OK, PATH_BLACK_HOLE },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct memory_options options = { .delay_ns = 5 * NS_PER_MS };
		const struct mesh_mtu *mtu = &link_bench.pairs[0].mtu;
		begin(&options);
		link_bench.host.control_token = TOKEN;
		narrow(SERVER, cases[i].there_bytes, cases[i].teller);
		narrow(CLIENT, cases[i].back_bytes, NULL);
		(void)link_bench_target(SERVICE);
		link_bench_add();
		assert_int_equal(mtu->forward.verdict, PATH_VERDICTS);
		bench_run(&bench, 40000);
		print_message("case %zu\n", i);
		assert_true(mtu->looks >= 1);
		assert_int_equal(mtu->forward.verdict, cases[i].there);
		assert_int_equal(mtu->reverse.verdict, cases[i].back);
		assert_int_equal(mtu->forward.mtu_bytes,
				 cases[i].there_bytes ? cases[i].there_bytes : 1500);
		assert_int_equal(mtu->reverse.mtu_bytes,
				 cases[i].back_bytes ? cases[i].back_bytes : 1500);
		assert_int_equal(mtu->forward.full_bytes, 1500);
		assert_int_equal(mtu->forward.large_lost > 0, cases[i].there_bytes > 0);
		assert_int_equal(mtu->forward.small_lost, 0);
		assert_true(mtu->looked_ns > BENCH_START_NS);
		assert_int_equal(mtu->forward.is_signalled, cases[i].teller != NULL);
		assert_int_equal(mtu->signals > 0, cases[i].teller != NULL);
		if (cases[i].teller) {
			struct endpoint router = bench_endpoint(ROUTER);
			assert_true(endpoint_is_equal(&mtu->forward.signal_from, &router));
		}
		assert_string_equal(link_bench.told_name, "web-3-7d9f");
		assert_true(link_bench.answered >= 1);
		end();
	}
}

/* A look of one that is well: three packets there, each answered by a small one. */
static void a_look_that_finds_nothing_costs_little(void **state)
{
	struct memory_options options = { .delay_ns = 5 * NS_PER_MS };

	begin(&options);
	(void)link_bench_target(SERVICE);
	link_bench_add();
	bench_run(&bench, 10 * 30000);
	assert_int_equal(link_bench.pairs[0].mtu.looks, 10);
	assert_int_equal(link_bench.pairs[0].mtu.probes, 30);
	assert_int_equal(link_bench.node.packets_sent, 30);
	assert_int_equal(link_bench.started, 10);
	assert_true(link_bench.late_ns < NS_PER_MS);
	assert_int_equal(link_bench.pairs[0].mtu.reverse.verdict, PATH_VERDICTS);
	assert_int_equal(link_bench.node.skipped_late, 0);
	end();
}

static void random_loss_accuses_nobody(void **state)
{
	struct memory_options options = { .delay_ns = 5 * NS_PER_MS, .loss = 0.05, .seed = 11 };
	const struct mesh_mtu *mtu = &link_bench.pairs[0].mtu;

	begin(&options);
	link_bench.host.control_token = TOKEN;
	(void)link_bench_target(SERVICE);
	link_bench_add();
	for (uint32_t looks = 0; looks < 100; looks = mtu->looks) {
		bench_run(&bench, 1000);
		assert_int_not_equal(mtu->forward.verdict, PATH_BLACK_HOLE);
		assert_int_not_equal(mtu->reverse.verdict, PATH_BLACK_HOLE);
		assert_true(mtu->forward.small_lost <= mtu->forward.small_sent);
	}
	end();
}

static void another_echo_is_looked_at_both_ways_as_one(void **state)
{
	struct memory_options options = { .delay_ns = NS_PER_MS };

	begin(&options);
	narrow(CLIENT, 1400, NULL);
	(void)link_bench_target(ECHO);
	link_bench_add();
	bench_run(&bench, 40000);
	assert_int_equal(link_bench.pairs[0].mtu.forward.verdict, PATH_BLACK_HOLE);
	assert_int_equal(link_bench.pairs[0].mtu.reverse.verdict, PATH_VERDICTS);
	end();
}

static void the_silent_keep_nobody_waiting(void **state)
{
	enum { DEAF = 100, WELL = 20 };
	struct memory_options options = { .delay_ns = 20 * NS_PER_MS };

	begin(&options);
	link_bench.settings.mtu_interval_ns = 5 * NS_PER_S;
	for (int i = 0; i < DEAF; i++)
		(void)link_bench_target(SILENT);
	for (int i = 0; i < WELL; i++)
		(void)link_bench_target(SERVICE);
	for (int i = DEAF; i < DEAF + WELL; i++)
		link_bench.pairs[i].answered_ns = BENCH_START_NS;
	link_bench_add();
	bench_run(&bench, 60000);
	uint32_t deaf_looks = 0;
	for (int i = 0; i < DEAF; i++) {
		deaf_looks += link_bench.pairs[i].mtu.looks;
		assert_true(link_bench.pairs[i].mtu.looks == 0 ||
			    link_bench.pairs[i].mtu.forward.verdict == PATH_UNDECIDED);
	}
	for (int i = DEAF; i < DEAF + WELL; i++) {
		assert_int_equal(link_bench.pairs[i].mtu.looks, 12);
		assert_int_equal(link_bench.pairs[i].mtu.forward.verdict, PATH_OK);
	}
	/* Eight at a time, six seconds each. */
	assert_true(deaf_looks >= 64 && deaf_looks <= 80);
	assert_true(link_bench.node.skipped_late > 0);
	end();
}

static void the_caps_put_off_and_count(void **state)
{
	struct memory_options options = { .delay_ns = NS_PER_MS };

	begin(&options);
	mesh_caps_init(&link_bench.caps, 3, 0);
	link_bench.settings.mtu_interval_ns = 10 * NS_PER_S;
	for (int i = 0; i < 20; i++)
		(void)link_bench_target(SERVICE);
	link_bench_add();
	bench_run(&bench, 60000);
	assert_true(link_bench.node.packets_sent <= 183);
	assert_true(link_bench.node.packets_sent >= 170);
	assert_true(link_bench.node.skipped_cap > 0);
	for (int i = 0; i < 20; i++)
		assert_true(link_bench.pairs[i].mtu.looks >= 1);
	end();
}

static void who_is_not_to_be_looked_at_is_not(void **state)
{
	struct memory_options options = { .delay_ns = NS_PER_MS };

	begin(&options);
	link_bench_target(SERVICE)->is_probed = false;
	link_bench_target(SERVICE)->speech = MESH_SPEECH_ACK;
	link_bench_target(SERVICE)->speech = MESH_SPEECH_HTTP;
	(void)link_bench_target(SERVICE);
	link_bench_add();
	bench_run(&bench, 35000);
	for (int i = 0; i < 3; i++)
		assert_int_equal(link_bench.pairs[i].mtu.looks, 0);
	uint32_t looks = link_bench.pairs[3].mtu.looks;
	assert_true(looks > 0);
	link_bench.settings.has_mtu = false;
	bench_run(&bench, 90000);
	assert_int_equal(link_bench.pairs[3].mtu.looks, looks);
	end();
}

static void an_end_leaves_nothing_behind(void **state)
{
	struct memory_options options = { .delay_ns = NS_PER_MS };

	begin(&options);
	for (int i = 0; i < 20; i++)
		(void)link_bench_target(SILENT);
	link_bench_add();
	bench_run(&bench, 25000);
	link_bench_remove(3);
	for (uint32_t i = 10; i < 20; i++)
		link_bench_remove(i);
	link_bench.kind->stop(link_bench.state);
	uint64_t packets = link_bench.node.packets_sent;
	bench_run(&bench, 2100);
	assert_true(link_bench.kind->is_done(link_bench.state));
	bench_run(&bench, 60000);
	assert_true(link_bench.node.packets_sent < packets + 100);
	end();
}

/* Where the search for a black hole is cut short, none is claimed. */
static void a_search_cut_short_accuses_nobody(void **state)
{
	struct memory_options options = { .delay_ns = 200 * NS_PER_MS };
	const struct mesh_mtu *mtu = &link_bench.pairs[0].mtu;

	begin(&options);
	narrow(SERVER, 1400, NULL);
	(void)link_bench_target(SERVICE);
	link_bench_add();
	while (link_bench.started == 0)
		bench_run(&bench, 100);
	/* Sizes have failed, and whether it was they is not sure yet. */
	bench_run(&bench, 5000);
	link_bench.settings.timeout_ns = NS_PER_S;
	link_bench.kind->stop(link_bench.state);
	bench_run(&bench, 1100);
	assert_true(link_bench.kind->is_done(link_bench.state));
	assert_int_equal(mtu->looks, 1);
	assert_true(mtu->forward.failed_bytes > 1400);
	assert_int_equal(mtu->forward.verdict, PATH_UNDECIDED);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pair_keeps_the_verdict_of_each_way),
		cmocka_unit_test(a_look_that_finds_nothing_costs_little),
		cmocka_unit_test(random_loss_accuses_nobody),
		cmocka_unit_test(another_echo_is_looked_at_both_ways_as_one),
		cmocka_unit_test(the_silent_keep_nobody_waiting),
		cmocka_unit_test(the_caps_put_off_and_count),
		cmocka_unit_test(who_is_not_to_be_looked_at_is_not),
		cmocka_unit_test(a_search_cut_short_accuses_nobody),
		cmocka_unit_test(an_end_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
