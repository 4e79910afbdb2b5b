/* Datagram probes of a mesh: over the memory network to the real service, and to peers that do what
 * they are told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/units.h"
#include "proto/traffic_wire.h"
#include "support/prober_bench.h"

#define PORT      5003
#define PEER_PORT 6000

/* ---- a peer under the test's control */

enum peer_way {
	PEER_MUTE,
	PEER_ECHOES,
	PEER_DOUBLES,   /* answers twice */
	PEER_SWAPS,     /* keeps every other one until the next is answered */
	PEER_LATE,      /* 300 ms more than there is time */
	PEER_SPOILS,    /* a byte behind the head */
	PEER_SHORTENS,  /* by a byte */
	PEER_LENGTHENS, /* by a byte */
	PEER_ELSEWHERE, /* answers from another port */
	PEER_COUNTS,    /* as our service does, but hears only every third and fourth */
};

struct letter {
	struct timer timer;
	struct peer *peer;
	struct endpoint to;
	uint8_t data[256];
	size_t size;
};

struct peer {
	struct datagram_socket socket;
	struct datagram_socket other;
	struct prober_bench *bench;
	enum peer_way way;
	uint32_t heard;
	uint32_t counted;
	struct endpoint from[16]; /* who asked */
	uint32_t from_count;
	struct letter kept[64];
	uint32_t kept_count;
};

static void note_sender(struct peer *peer, const struct endpoint *from)
{
	for (uint32_t i = 0; i < peer->from_count; i++) {
		if (endpoint_is_equal(&peer->from[i], from))
			return;
	}
	assert_true(peer->from_count < array_size(peer->from));
	peer->from[peer->from_count++] = *from;
}

static void answer(struct datagram_socket *socket, const struct letter *letter)
{
	struct datagram datagram = {
		.data = (void *)letter->data,
		.size = letter->size,
		.remote = letter->to,
	};
	assert_int_equal(datagram_send(socket, &datagram, 1), 1);
}

static void answer_kept(struct timer *timer)
{
	const struct letter *letter = container_of(timer, struct letter, timer);
	answer(&letter->peer->socket, letter);
}

static struct letter *keep(struct peer *peer, const struct letter *letter)
{
	struct letter *kept = &peer->kept[peer->kept_count++ % array_size(peer->kept)];

	*kept = *letter;
	kept->peer = peer;
	timer_init(&kept->timer, answer_kept);
	return kept;
}

static void act(struct peer *peer, struct letter *letter)
{
	struct loop *loop = peer->bench->served.loop;
	uint32_t number = peer->heard++;

	switch (peer->way) {
	case PEER_MUTE:
		break;
	case PEER_DOUBLES:
		answer(&peer->socket, letter);
		answer(&peer->socket, letter);
		break;
	case PEER_SWAPS:
		if (number % 2 == 0) {
			(void)keep(peer, letter);
			break;
		}
		answer(&peer->socket, letter);
		answer(&peer->socket, &peer->kept[peer->kept_count - 1]);
		break;
	case PEER_LATE:
		loop_set_timer(loop, &keep(peer, letter)->timer,
			       loop_now(loop) + peer->bench->settings.timeout_ns + 300 * NS_PER_MS);
		break;
	case PEER_SPOILS:
		letter->data[letter->size - 1] ^= 1;
		answer(&peer->socket, letter);
		break;
	case PEER_SHORTENS:
		letter->size--;
		answer(&peer->socket, letter);
		break;
	case PEER_LENGTHENS:
		letter->size++;
		answer(&peer->socket, letter);
		break;
	case PEER_ELSEWHERE:
		answer(&peer->other, letter);
		break;
	case PEER_COUNTS:
		if (number % 4 < 2)
			break;
		wire_fill_datagram(letter->data, ++peer->counted, 1);
		answer(&peer->socket, letter);
		break;
	case PEER_ECHOES:
		answer(&peer->socket, letter);
		break;
	}
}

static void peer_ready(struct datagram_socket *socket, unsigned events)
{
	struct peer *peer = container_of(socket, struct peer, socket);
	struct letter letter = { 0 };
	struct datagram datagram = { .data = letter.data, .capacity = sizeof(letter.data) };

	(void)events;
	while (datagram_receive(socket, &datagram, 1) == 1) {
		letter.size = datagram.size;
		letter.to = datagram.remote;
		note_sender(peer, &datagram.remote);
		act(peer, &letter);
	}
}

static void ignore(struct datagram_socket *socket, unsigned events)
{
	(void)socket;
	(void)events;
}

static struct mesh_link *add_peer(struct prober_bench *bench, struct peer *peer, enum peer_way way,
				  uint16_t port)
{
	struct datagram_options options = {
		.local = bench_endpoint("127.0.0.1"),
		.network = bench->served.network,
	};

	*peer = (struct peer){ .bench = bench, .way = way };
	options.local.port = port;
	assert_int_equal(datagram_open(&peer->socket, &datagram_memory, bench->served.loop,
				       &options, peer_ready),
			 0);
	options.local.port = 0;
	assert_int_equal(
		datagram_open(&peer->other, &datagram_memory, bench->served.loop, &options, ignore),
		0);
	return prober_bench_add(bench, port);
}

static void drop_peer(struct peer *peer)
{
	datagram_close(&peer->socket);
	datagram_close(&peer->other);
}

static const struct memory_options quick = { .delay_ns = NS_PER_MS, .seed = 1 };

static void open_bench(struct prober_bench *bench, const struct memory_options *options)
{
	prober_bench_init(bench, options);
	bench_listen(&bench->served, SERVICE_TRAFFIC, TRANSPORT_UDP, PORT);
}

static struct mesh_series *series_of(const struct mesh_link *link)
{
	return &link->pair->probes[MESH_UDP];
}

/* ---- without trouble */

static void each_interval_one_leaves_from_the_ports_in_turn(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	bench.settings.udp_ports = 4;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 20 * 1000);
	const struct mesh_series *series = series_of(link);
	const struct mesh_udp *udp = &link->pair->udp;

	assert_int_equal(series->sent, 20);
	assert_in_range(series->received, 19, 20);
	assert_int_equal(series->lost, 0);
	for (unsigned port = 0; port < 4; port++)
		assert_int_equal(udp->sent[port], 5);
	assert_int_equal(udp->sent[4], 0);
	assert_int_equal(link->pair->window.ports_used, 0xf);
	assert_int_equal(link->pair->window.ports_lost, 0);
	/* There and back, by the moment of arrival and not by when this loop came to it. */
	assert_int_equal(link->pair->window.probes[MESH_UDP].rtt_min_ns, 2 * NS_PER_MS);
	assert_int_equal(link->pair->window.probes[MESH_UDP].rtt_max_ns, 2 * NS_PER_MS);
	/* From the second one of each port on. */
	assert_in_range(mesh_spread_count(&udp->jitter), 15, 16);
	assert_int_equal(udp->jitter.sum_ns, 0);
	assert_string_equal(bench.name, "web-3-7d9f");
	assert_int_equal(bench.answered, series->received);
	assert_int_equal(bench.started, 20);
	assert_true(bench.late_max_ns < NS_PER_MS);
	assert_int_equal(bench.node.packets_sent, 20);
	assert_int_equal(bench.node.bytes_sent, 20 * (96 + 28));
	assert_int_equal(bench.node.stamps_missing, 0);
	prober_bench_free(&bench);
}

static void links_are_spread_over_the_interval(void **state)
{
	struct prober_bench bench;
	unsigned tenths[10] = { 0 };

	open_bench(&bench, &quick);
	bench.settings.udp_interval_ns = 10 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_udp);
	for (unsigned i = 0; i < PROBER_LINKS_MAX; i++)
		(void)prober_bench_add(&bench, PORT);
	for (unsigned second = 0; second < 10; second++) {
		uint64_t before = bench.started;
		prober_bench_run(&bench, 1000);
		tenths[second] = (unsigned)(bench.started - before);
		assert_in_range(tenths[second], 1, 14);
	}
	assert_int_equal(bench.started, PROBER_LINKS_MAX);
	prober_bench_free(&bench);
}

static void the_phase_is_the_same_again_and_both_ends_differ(void **state)
{
	struct mesh_settings settings = { .node = "a" };
	struct mesh_settings other = { .node = "b" };
	struct mesh_host host = { .settings = &settings };
	struct mesh_host far = { .settings = &other };
	struct mesh_link link = { .target.id = 7 };
	struct mesh_link back = { .target.id = 8 };
	uint64_t every_ns = 256 * MESH_GRID_NS;
	uint64_t first_ns = mesh_phase(&host, &link, 1000, every_ns);

	assert_in_range(first_ns, 1000, 1000 + every_ns - 1);
	assert_int_equal(mesh_phase(&host, &link, 1000, every_ns), first_ns);
	assert_int_equal(first_ns % MESH_GRID_NS, 0);
	assert_int_equal(mesh_phase(&host, &link, 1000 + every_ns, every_ns), first_ns + every_ns);
	assert_in_range(mesh_phase(&host, &link, 1000, 10), 1000, 1009);
	assert_int_not_equal(mesh_phase(&far, &back, 1000, every_ns), first_ns);
	assert_int_not_equal(mesh_phase(&far, &link, 1000, every_ns), first_ns);
	assert_int_equal(mesh_phase(&host, &link, 1000, 0), 1000);
}

/* ---- losses, and which way */

static void sums_hold_under_loss_doubling_and_overtaking(void **state)
{
	static const struct memory_options bad = {
		.delay_ns = 20 * NS_PER_MS,
		.jitter_ns = 60 * NS_PER_MS,
		.loss = 0.1,
		.duplication = 0.1,
		.reordering = 0.1,
		.seed = 5,
	};
	struct prober_bench bench;

	open_bench(&bench, &bad);
	bench.settings.udp_interval_ns = 20 * NS_PER_MS;
	bench.settings.timeout_ns = 120 * NS_PER_MS;
	prober_bench_open(&bench, &mesh_prober_udp);
	for (unsigned i = 0; i < 8; i++)
		(void)prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 20 * 1000);
	prober_bench_stop(&bench);
	for (unsigned i = 0; i < 8; i++) {
		const struct mesh_pair *pair = &bench.pairs[i];
		const struct mesh_series *series = &pair->probes[MESH_UDP];
		uint32_t sent = 0, lost = 0;
		for (unsigned port = 0; port < MESH_PORTS_MAX; port++) {
			sent += pair->udp.sent[port];
			lost += pair->udp.lost[port];
		}
		assert_int_equal(series->sent, 1000);
		assert_int_equal(sent, 1000);
		assert_int_equal(lost, series->lost);
		assert_in_range(series->lost, 120, 350);
		assert_int_equal(series->failures[MESH_REASON_TIMEOUT], series->lost);
		assert_true(series->duplicated > 100);
		assert_true(series->reordered > 50);
		assert_true(series->late > 5);
		assert_true(pair->udp.jitter.sum_ns > 0);
		assert_in_range(pair->udp.lost_there + pair->udp.lost_back, series->lost - 20,
				series->lost);
	}
	prober_bench_free(&bench);
}

static void the_receivers_counts_tell_which_way(void **state)
{
	static const struct memory_options lossy = { .delay_ns = NS_PER_MS,
						     .loss = 0.1,
						     .seed = 9 };
	struct prober_bench bench;

	open_bench(&bench, &lossy);
	bench.settings.udp_interval_ns = 20 * NS_PER_MS;
	bench.settings.timeout_ns = 50 * NS_PER_MS;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 40 * 1000);
	prober_bench_stop(&bench);
	const struct mesh_series *series = series_of(link);
	const struct mesh_udp *udp = &link->pair->udp;
	uint64_t there = series->sent - bench_counters(&bench.served)->received;

	assert_int_equal(series->sent, 2000);
	assert_true(there > 150 && series->lost - there > 130);
	/* But for those behind the last answer. */
	assert_in_range(udp->lost_there, there - 2, there);
	assert_in_range(udp->lost_back, series->lost - there - 2, series->lost - there);
	assert_int_equal(link->pair->window.lost_there, udp->lost_there);
	assert_int_equal(link->pair->window.lost_back, udp->lost_back);
	prober_bench_free(&bench);
}

static void a_receiver_that_does_not_count_leaves_the_way_open(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_ECHOES, PEER_PORT);
	prober_bench_run(&bench, 10 * 1000);
	peer.way = PEER_MUTE;
	prober_bench_run(&bench, 5 * 1000);
	peer.way = PEER_ECHOES;
	prober_bench_run(&bench, 5 * 1000);
	assert_in_range(series_of(link)->lost, 4, 6);
	assert_int_equal(link->pair->udp.lost_there + link->pair->udp.lost_back, 0);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

static void what_a_counting_peer_never_got_was_lost_on_the_way_there(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	bench.settings.udp_ports = 1;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_COUNTS, PEER_PORT);
	prober_bench_run(&bench, 20 * 1000);
	prober_bench_stop(&bench);
	assert_int_equal(series_of(link)->received, 10);
	assert_int_equal(link->pair->udp.lost_there, 10);
	assert_int_equal(link->pair->udp.lost_back, 0);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

/* ---- peers that misbehave */

static void a_silent_peer_delays_nobody(void **state)
{
	struct prober_bench bench;
	struct peer mute, good;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 5 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *silent = add_peer(&bench, &mute, PEER_MUTE, PEER_PORT);
	struct mesh_link *link = add_peer(&bench, &good, PEER_ECHOES, PEER_PORT + 1);
	prober_bench_run(&bench, 60 * 1000);
	/* At the same rate all the same, and each is given up after its own time. */
	assert_int_equal(series_of(silent)->sent, 60);
	assert_in_range(series_of(silent)->in_flight, 5, 6);
	assert_int_equal(series_of(silent)->received, 0);
	assert_int_equal(series_of(link)->sent, 60);
	assert_int_equal(series_of(link)->lost, 0);
	assert_true(bench.late_max_ns < NS_PER_MS);
	assert_int_equal(silent->pair->answered_ns, 0);
	prober_bench_stop(&bench);
	assert_int_equal(series_of(silent)->failures[MESH_REASON_TIMEOUT], 60);
	drop_peer(&mute);
	drop_peer(&good);
	prober_bench_free(&bench);
}

static void late_answers_stay_lost(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_LATE, PEER_PORT);
	prober_bench_run(&bench, 20 * 1000);
	prober_bench_stop(&bench);
	prober_bench_run(&bench, 1000);
	assert_int_equal(series_of(link)->sent, 20);
	assert_int_equal(series_of(link)->lost, 20);
	assert_int_equal(series_of(link)->late, 20);
	assert_int_equal(series_of(link)->duplicated, 0);
	assert_int_equal(link->pair->window.probes[MESH_UDP].late, 20);
	assert_int_equal(link->pair->window.probes[MESH_UDP].reasons, 1U << MESH_REASON_TIMEOUT);
	/* It does answer. */
	assert_true(link->pair->answered_ns > 0);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

static void second_answers_and_overtaken_ones_are_counted_apart(void **state)
{
	struct prober_bench bench;
	struct peer doubling, swapping;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 3 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *twice = add_peer(&bench, &doubling, PEER_DOUBLES, PEER_PORT);
	struct mesh_link *swapped = add_peer(&bench, &swapping, PEER_SWAPS, PEER_PORT + 1);
	prober_bench_run(&bench, 20 * 1000);
	prober_bench_stop(&bench);
	assert_int_equal(series_of(twice)->received, 20);
	assert_int_equal(series_of(twice)->duplicated, 20);
	assert_int_equal(series_of(twice)->reordered, 0);
	assert_int_equal(series_of(swapped)->received, 20);
	assert_int_equal(series_of(swapped)->reordered, 10);
	assert_int_equal(series_of(swapped)->duplicated, 0);
	drop_peer(&doubling);
	drop_peer(&swapping);
	prober_bench_free(&bench);
}

static void spoiled_answers_fail_at_once(void **state)
{
	static const enum peer_way ways[] = { PEER_SPOILS, PEER_SHORTENS, PEER_LENGTHENS };

	for (size_t i = 0; i < array_size(ways); i++) {
		struct prober_bench bench;
		struct peer peer;
		open_bench(&bench, &quick);
		bench.settings.udp_bytes = 100;
		bench.settings.timeout_ns = 10 * NS_PER_S;
		prober_bench_open(&bench, &mesh_prober_udp);
		struct mesh_link *link = add_peer(&bench, &peer, ways[i], PEER_PORT);
		prober_bench_run(&bench, 5 * 1000);
		assert_in_range(series_of(link)->corrupted, 4, 5);
		assert_int_equal(series_of(link)->failures[MESH_REASON_CORRUPTED],
				 series_of(link)->corrupted);
		assert_int_equal(series_of(link)->received, 0);
		drop_peer(&peer);
		prober_bench_free(&bench);
	}
}

static void answers_from_elsewhere_are_nobodys(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_ELSEWHERE, PEER_PORT);
	prober_bench_run(&bench, 10 * 1000);
	prober_bench_stop(&bench);
	assert_int_equal(series_of(link)->failures[MESH_REASON_TIMEOUT], 10);
	assert_int_equal(bench.answered, 0);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

static void icmp_ends_a_probe_at_once_with_its_reason(void **state)
{
	struct prober_bench bench;
	struct peer good;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 10 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *refused = prober_bench_add(&bench, PEER_PORT + 7);
	struct mesh_link *link = add_peer(&bench, &good, PEER_ECHOES, PEER_PORT);
	prober_bench_run(&bench, 20 * 1000);
	assert_int_equal(series_of(refused)->sent, 20);
	assert_in_range(series_of(refused)->failures[MESH_REASON_REFUSED], 19, 20);
	/* Over the same sockets, which the refusals failed once each. */
	assert_in_range(series_of(link)->received, 19, 20);
	assert_int_equal(series_of(link)->skipped, 0);
	drop_peer(&good);
	prober_bench_free(&bench);
}

static void what_is_too_long_is_said_so(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 10 * NS_PER_S;
	bench.settings.udp_bytes = 200;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	memory_network_narrow(bench.served.network, &link->target.endpoint, 200,
			      &link->target.endpoint);
	prober_bench_run(&bench, 10 * 1000);
	assert_in_range(series_of(link)->failures[MESH_REASON_MESSAGE_TOO_LONG], 9, 10);
	prober_bench_free(&bench);
}

/* ---- limits */

static void a_cap_skips_and_says_so(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	bench.settings.udp_interval_ns = 10 * NS_PER_MS;
	mesh_caps_init(&bench.caps, 20, 0);
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 10 * 1000);
	assert_in_range(series_of(link)->sent, 195, 205);
	assert_int_equal(series_of(link)->sent + series_of(link)->skipped, 1000);
	assert_int_equal(bench.node.skipped_cap, series_of(link)->skipped);
	assert_int_equal(bench.node.skipped_late, 0);
	/* What was never sent is not lost, on neither way. */
	prober_bench_stop(&bench);
	assert_int_equal(series_of(link)->lost, 0);
	assert_int_equal(link->pair->udp.lost_there, 0);
	prober_bench_free(&bench);
}

/* More in flight than were foreseen: the ring never runs over. */
static void what_the_ring_can_not_follow_is_skipped(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_MUTE, PEER_PORT);
	bench.settings.timeout_ns = 100 * NS_PER_S; /* and nobody told it so */
	prober_bench_run(&bench, 60 * 1000);
	assert_int_equal(series_of(link)->in_flight, 16);
	assert_int_equal(series_of(link)->skipped, 60 - 16);
	bench.kind->change(bench.state);
	prober_bench_run(&bench, 40 * 1000);
	assert_in_range(series_of(link)->in_flight, 16 + 39, 16 + 41);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

static void changed_settings_count_from_the_next_turn_on(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 10 * 1000);
	assert_int_equal(series_of(link)->sent, 10);
	bench.settings.udp_interval_ns = 100 * NS_PER_MS;
	bench.settings.udp_bytes = 300;
	bench.kind->change(bench.state);
	prober_bench_run(&bench, 10 * 1000);
	assert_in_range(series_of(link)->sent, 109, 111);
	assert_int_equal(series_of(link)->lost, 0);
	bench.settings.probes = 1U << MESH_TCP;
	bench.kind->change(bench.state);
	uint64_t sent = series_of(link)->sent;
	prober_bench_run(&bench, 10 * 1000);
	assert_int_equal(series_of(link)->sent, sent);
	bench.settings.probes = 1U << MESH_UDP;
	link->target.is_probed = false;
	bench.kind->change(bench.state);
	prober_bench_run(&bench, 10 * 1000);
	assert_int_equal(series_of(link)->sent, sent);
	assert_int_equal(series_of(link)->skipped, 0);
	prober_bench_free(&bench);
}

/* ---- coming and going */

static void what_is_in_flight_at_removal_was_never_sent(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 4 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_udp);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_LATE, PEER_PORT);
	prober_bench_run(&bench, 10 * 1000);
	assert_in_range(series_of(link)->in_flight, 4, 5);
	prober_bench_remove(&bench, link);
	assert_int_equal(series_of(link)->in_flight, 0);
	assert_int_equal(series_of(link)->sent, series_of(link)->lost);
	assert_int_equal(link->pair->udp.sent[0] + link->pair->udp.sent[1], series_of(link)->sent);
	/* Its successor in the same place hears nothing of them. */
	struct mesh_pair pair = { 0 };
	link->pair = &pair;
	assert_int_equal(bench.kind->add(bench.state, link), 0);
	prober_bench_run(&bench, 3 * 1000);
	assert_true(pair.probes[MESH_UDP].sent > 0);
	assert_int_equal(pair.probes[MESH_UDP].late + pair.probes[MESH_UDP].duplicated +
				 pair.probes[MESH_UDP].received,
			 0);
	assert_int_equal(bench.kind->is_done(bench.state), false);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

static void it_has_no_part_where_no_datagrams_are_spoken(void **state)
{
	struct prober_bench bench;
	struct error error = { "" };
	void *none = &error;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_udp);
	for (unsigned speech = MESH_SPEECH_ACK; speech <= MESH_SPEECH_HTTP; speech++) {
		struct mesh_link link = { .target.speech = (uint8_t)speech };
		assert_int_equal(bench.kind->add(bench.state, &link), 0);
		assert_null(link.own[MESH_PROBER_UDP]);
		bench.kind->remove(bench.state, &link);
	}
	bench.settings.udp_ports = 0;
	assert_int_equal(bench.kind->open(&bench.host, &error, &none), 0);
	assert_null(none);
	bench.settings.udp_ports = 2;
	prober_bench_free(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_interval_one_leaves_from_the_ports_in_turn),
		cmocka_unit_test(links_are_spread_over_the_interval),
		cmocka_unit_test(the_phase_is_the_same_again_and_both_ends_differ),
		cmocka_unit_test(sums_hold_under_loss_doubling_and_overtaking),
		cmocka_unit_test(the_receivers_counts_tell_which_way),
		cmocka_unit_test(a_receiver_that_does_not_count_leaves_the_way_open),
		cmocka_unit_test(what_a_counting_peer_never_got_was_lost_on_the_way_there),
		cmocka_unit_test(a_silent_peer_delays_nobody),
		cmocka_unit_test(late_answers_stay_lost),
		cmocka_unit_test(second_answers_and_overtaken_ones_are_counted_apart),
		cmocka_unit_test(spoiled_answers_fail_at_once),
		cmocka_unit_test(answers_from_elsewhere_are_nobodys),
		cmocka_unit_test(icmp_ends_a_probe_at_once_with_its_reason),
		cmocka_unit_test(what_is_too_long_is_said_so),
		cmocka_unit_test(a_cap_skips_and_says_so),
		cmocka_unit_test(what_the_ring_can_not_follow_is_skipped),
		cmocka_unit_test(changed_settings_count_from_the_next_turn_on),
		cmocka_unit_test(what_is_in_flight_at_removal_was_never_sent),
		cmocka_unit_test(it_has_no_part_where_no_datagrams_are_spoken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
