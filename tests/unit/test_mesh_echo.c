/* The rounds over TCP of a mesh: over the memory network to the real service, and to peers that do
 * what they are told to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "support/prober_bench.h"

#define PORT      5003
#define PEER_PORT 6000

/* ---- a peer under the test's control */

enum peer_way {
	PEER_MUTE,     /* accepts and never says a word */
	PEER_ECHOES,   /* without a name */
	PEER_SPOILS,   /* the last byte */
	PEER_BABBLES,  /* answers more than was asked, and goes on */
	PEER_HASTY,    /* before it was asked, and then, too */
	PEER_CLOSES,   /* after half of the answer */
	PEER_RESETS,   /* what it accepts */
	PEER_ACKS,     /* the older conntest's */
	PEER_ACKS_BAD, /* something else */
};

struct served {
	struct stream stream;
	struct peer *peer;
	struct buffer got;
	bool is_over;
};

struct peer {
	struct listener listener;
	struct prober_bench *bench;
	enum peer_way way;
	struct served served[256];
	uint32_t accepted;
};

static void end(struct served *served, void (*close)(struct stream *stream))
{
	close(&served->stream);
	served->is_over = true;
}

static void say(struct served *served, const void *data, size_t size)
{
	struct iovec part = { (void *)data, size };
	assert_int_equal(stream_send(&served->stream, &part, 1), size);
}

static const uint8_t noise[65536];

static void act(struct served *served, uint8_t *data, size_t size)
{
	switch (served->peer->way) {
	case PEER_ECHOES:
		say(served, data, size);
		break;
	case PEER_SPOILS:
		data[size - 1] ^= 1;
		say(served, data, size);
		break;
	case PEER_BABBLES:
		say(served, noise, sizeof(noise));
		break;
	case PEER_CLOSES:
		say(served, data, size / 2);
		end(served, stream_close);
		break;
	case PEER_ACKS:
		if (memchr(served->got.data, '\n', served->got.size) == NULL ||
		    served->got.size != size)
			break;
		say(served, "AC", 2);
		say(served, "K\n", 2);
		break;
	case PEER_ACKS_BAD:
		say(served, "NAK\n", 4);
		break;
	default:
		break;
	}
}

static void served_ready(struct stream *stream, unsigned events)
{
	struct served *served = container_of(stream, struct served, stream);
	uint8_t data[16384];
	ssize_t got = 1;

	(void)events;
	while (!served->is_over && got > 0 && served->peer->way != PEER_MUTE) {
		got = stream_receive(stream, data, sizeof(data));
		if (got > 0) {
			buffer_append(&served->got, data, (size_t)got);
			act(served, data, (size_t)got);
		}
	}
	if (!served->is_over && (got == 0 || (got < 0 && got != -EAGAIN)))
		end(served, stream_close);
}

static void arrived(struct listener *listener)
{
	struct peer *peer = container_of(listener, struct peer, listener);

	for (;;) {
		struct served *served = &peer->served[peer->accepted];
		assert_true(peer->accepted < array_size(peer->served));
		buffer_init(&served->got, 1 << 20);
		served->peer = peer;
		if (listener_accept(listener, &served->stream, served_ready) < 0)
			return;
		peer->accepted++;
		if (peer->way == PEER_RESETS)
			end(served, stream_reset);
		if (peer->way == PEER_HASTY)
			say(served, noise, 128);
	}
}

static struct mesh_link *add_peer(struct prober_bench *bench, struct peer *peer, enum peer_way way,
				  uint16_t port)
{
	struct listen_options options = {
		.local = bench_endpoint("127.0.0.1"),
		.network = bench->served.network,
	};

	*peer = (struct peer){ .bench = bench, .way = way };
	options.local.port = port;
	assert_int_equal(listener_open(&peer->listener, &stream_memory, bench->served.loop,
				       &options, arrived),
			 0);
	return prober_bench_add(bench, port);
}

static void drop_peer(struct peer *peer)
{
	listener_close(&peer->listener);
	for (uint32_t i = 0; i < peer->accepted; i++) {
		stream_close(&peer->served[i].stream);
		buffer_deinit(&peer->served[i].got);
	}
}

static const struct memory_options quick = { .delay_ns = NS_PER_MS, .seed = 1 };

static void open_bench(struct prober_bench *bench, const struct memory_options *options)
{
	prober_bench_init(bench, options);
	bench_listen(&bench->served, SERVICE_TRAFFIC, TRANSPORT_TCP, PORT);
}

static const struct mesh_series *series_of(const struct mesh_link *link, enum mesh_probe probe)
{
	return &link->pair->probes[probe];
}

/* ---- without trouble */

static void a_round_is_a_short_and_a_long_one(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 20 * 1000);
	prober_bench_stop(&bench);
	const struct mesh_window *window = &link->pair->window;
	assert_int_equal(series_of(link, MESH_TCP)->sent, 20);
	assert_int_equal(series_of(link, MESH_TCP)->received, 20);
	assert_int_equal(series_of(link, MESH_TCP_LONG)->received, 20);
	assert_int_equal(series_of(link, MESH_UDP)->sent, 0);
	/* The connection is apart from the question. */
	assert_int_equal(window->probes[MESH_TCP].rtt_min_ns, 2 * NS_PER_MS);
	assert_int_equal(window->probes[MESH_TCP].rtt_max_ns, 2 * NS_PER_MS);
	assert_int_equal(window->connects, 40);
	assert_int_equal(window->connect_min_ns, 2 * NS_PER_MS);
	assert_int_equal(window->connect_sum_ns, 40 * 2 * NS_PER_MS);
	assert_int_equal(link->pair->tcp.connects, 40);
	assert_int_equal(link->pair->tcp.connect_sum_ns, 40 * 2 * NS_PER_MS);
	assert_int_equal(mesh_spread_count(&bench.node.phases[MESH_TCP][PROBE_CONNECT]), 20);
	assert_int_equal(mesh_spread_count(&bench.node.phases[MESH_TCP_LONG][PROBE_WAIT]), 20);
	assert_int_equal(bench.started, 20);
	assert_string_equal(bench.name, "web-3-7d9f");
	/* The peer saw as many messages, and every connection came to its regular end. */
	assert_int_equal(bench_counters(&bench.served)->received, 40);
	assert_int_equal(bench_counters(&bench.served)->connections, 0);
	assert_int_equal(bench_errors(&bench.served, OUTCOME_RESET), 0);
	prober_bench_free(&bench);
}

static void settings_say_which_and_how_often(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	bench.settings.probes = 1U << MESH_TCP_LONG;
	bench.settings.wait_ns = 500 * NS_PER_MS;
	bench.settings.rand_ns = NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 100 * 1000);
	assert_int_equal(series_of(link, MESH_TCP)->sent, 0);
	assert_in_range(series_of(link, MESH_TCP_LONG)->sent, 85, 115);
	bench.settings.probes = 1U << MESH_TCP;
	bench.settings.wait_ns = 2 * NS_PER_S;
	bench.settings.rand_ns = 0;
	bench.kind->change(bench.state);
	uint64_t before = series_of(link, MESH_TCP_LONG)->sent;
	prober_bench_run(&bench, 20 * 1000);
	assert_int_equal(series_of(link, MESH_TCP)->sent, 10);
	assert_int_equal(series_of(link, MESH_TCP_LONG)->sent, before);
	link->target.is_probed = false;
	prober_bench_run(&bench, 20 * 1000);
	assert_int_equal(series_of(link, MESH_TCP)->sent, 10);
	prober_bench_free(&bench);
}

static void bytes_may_come_and_go_in_pieces(void **state)
{
	static const struct memory_options pieces = {
		.delay_ns = NS_PER_MS,
		.jitter_ns = NS_PER_MS,
		.chunk_max_bytes = 700,
		.seed = 2,
	};
	struct prober_bench bench;

	open_bench(&bench, &pieces);
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 10 * 1000);
	prober_bench_stop(&bench);
	assert_int_equal(series_of(link, MESH_TCP_LONG)->received, 10);
	prober_bench_free(&bench);
}

/* ---- the older line protocol */

static void a_line_is_acknowledged_and_ended(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_ACKS, PEER_PORT);
	link->target.speech = MESH_SPEECH_ACK;
	prober_bench_run(&bench, 10 * 1000);
	prober_bench_stop(&bench);
	prober_bench_run(&bench, 10);
	assert_int_equal(series_of(link, MESH_TCP)->received, 10);
	assert_int_equal(series_of(link, MESH_TCP_LONG)->sent, 0);
	assert_int_equal(peer.accepted, 10);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(peer.served[i].got.size, strlen("node-1\nEOS\n"));
		assert_memory_equal(peer.served[i].got.data, "node-1\nEOS\n",
				    peer.served[i].got.size);
		assert_true(peer.served[i].is_over);
	}
	/* It tells no name. */
	assert_string_equal(bench.name, "");
	assert_int_equal(bench.answered, 10);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

static void a_page_alone_is_not_its_part(void **state)
{
	struct prober_bench bench;
	struct mesh_link link = { .target.speech = MESH_SPEECH_HTTP };

	open_bench(&bench, &quick);
	prober_bench_open(&bench, &mesh_prober_echo);
	assert_int_equal(bench.kind->add(bench.state, &link), 0);
	assert_null(link.own[MESH_PROBER_ECHO]);
	bench.kind->remove(bench.state, &link);
	prober_bench_free(&bench);
}

/* ---- peers that misbehave */

static void each_failure_has_its_reason(void **state)
{
	static const struct {
		enum peer_way way;
		enum mesh_speech speech;
		enum mesh_reason reason;
	} rows[] = {
		{ PEER_MUTE, MESH_SPEECH_OURS, MESH_REASON_TIMEOUT },
		{ PEER_SPOILS, MESH_SPEECH_OURS, MESH_REASON_CORRUPTED },
		{ PEER_BABBLES, MESH_SPEECH_OURS, MESH_REASON_CORRUPTED },
		{ PEER_HASTY, MESH_SPEECH_OURS, MESH_REASON_CORRUPTED },
		{ PEER_HASTY, MESH_SPEECH_ACK, MESH_REASON_PROTOCOL_ERROR },
		{ PEER_CLOSES, MESH_SPEECH_OURS, MESH_REASON_SHORT_REPLY },
		{ PEER_RESETS, MESH_SPEECH_OURS, MESH_REASON_RESET },
		{ PEER_MUTE, MESH_SPEECH_ACK, MESH_REASON_TIMEOUT },
		{ PEER_ACKS_BAD, MESH_SPEECH_ACK, MESH_REASON_PROTOCOL_ERROR },
		{ PEER_ECHOES, MESH_SPEECH_ACK, MESH_REASON_PROTOCOL_ERROR },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		bool is_line = rows[i].speech == MESH_SPEECH_ACK;
		struct prober_bench bench;
		struct peer peer;
		open_bench(&bench, &quick);
		prober_bench_open(&bench, &mesh_prober_echo);
		/* What it does to ten bytes that nobody looks at can't be told. */
		bench.settings.probes = 1U << (is_line ? MESH_TCP : MESH_TCP_LONG);
		struct mesh_link *link = add_peer(&bench, &peer, rows[i].way, PEER_PORT);
		link->target.speech = (uint8_t)rows[i].speech;
		prober_bench_run(&bench, 10 * 1000);
		prober_bench_stop(&bench);
		const struct mesh_series *series =
			series_of(link, is_line ? MESH_TCP : MESH_TCP_LONG);
		assert_int_equal(series->sent, 10);
		assert_int_equal(series->failures[rows[i].reason], 10);
		drop_peer(&peer);
		prober_bench_free(&bench);
	}
}

static void a_refusal_is_told_at_once(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 10 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = prober_bench_add(&bench, PEER_PORT);
	prober_bench_run(&bench, 10 * 1000);
	assert_int_equal(series_of(link, MESH_TCP)->failures[MESH_REASON_REFUSED], 10);
	assert_int_equal(series_of(link, MESH_TCP_LONG)->failures[MESH_REASON_REFUSED], 10);
	assert_int_equal(bench.answered, 0);
	assert_int_equal(link->pair->tcp.connects, 0);
	prober_bench_free(&bench);
}

static void a_silent_peer_delays_nobody_and_not_even_itself(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 5 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *silent = add_peer(&bench, &peer, PEER_MUTE, PEER_PORT);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 30 * 1000);
	assert_int_equal(series_of(silent, MESH_TCP)->sent, 30);
	assert_in_range(series_of(silent, MESH_TCP)->in_flight, 5, 6);
	assert_in_range(series_of(silent, MESH_TCP_LONG)->in_flight, 5, 6);
	assert_in_range(series_of(link, MESH_TCP)->received, 29, 30);
	assert_int_equal(series_of(link, MESH_TCP)->lost, 0);
	assert_true(bench.late_max_ns < NS_PER_MS);
	prober_bench_stop(&bench);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

/* 200 a second: about four a step of 15 ms, and none later than it would be alone. */
static void rounds_of_many_links_leave_in_steps(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	bench.settings.wait_ns = 200 * NS_PER_MS;
	bench.settings.probes = 1U << MESH_TCP;
	prober_bench_open(&bench, &mesh_prober_echo);
	for (unsigned i = 0; i < 40; i++)
		(void)prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 10 * 1000);
	assert_in_range(bench.started, 1960, 2040);
	assert_in_range(bench.moments, 300, 800); /* 1,260 without steps */
	assert_true(bench.late_max_ns < NS_PER_MS);
	for (unsigned i = 0; i < 40; i++)
		assert_in_range(series_of(&bench.links[i], MESH_TCP)->sent, 49, 51);
	prober_bench_stop(&bench);
	prober_bench_free(&bench);
}

static void what_hangs_is_bounded(void **state)
{
	struct prober_bench bench;
	struct peer peer;

	open_bench(&bench, &quick);
	bench.settings.timeout_ns = 60 * NS_PER_S;
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = add_peer(&bench, &peer, PEER_MUTE, PEER_PORT);
	prober_bench_run(&bench, 50 * 1000);
	assert_int_equal(series_of(link, MESH_TCP)->in_flight, 16);
	assert_int_equal(series_of(link, MESH_TCP)->skipped, 50 - 16);
	prober_bench_remove(&bench, link);
	assert_int_equal(series_of(link, MESH_TCP)->in_flight, 0);
	assert_int_equal(series_of(link, MESH_TCP)->sent, 0);
	drop_peer(&peer);
	prober_bench_free(&bench);
}

static void a_cap_skips_and_says_so(void **state)
{
	struct prober_bench bench;

	open_bench(&bench, &quick);
	bench.settings.wait_ns = 10 * NS_PER_MS;
	mesh_caps_init(&bench.caps, 0, 200000);
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	prober_bench_run(&bench, 20 * 1000);
	const struct mesh_series *small = series_of(link, MESH_TCP);
	const struct mesh_series *large = series_of(link, MESH_TCP_LONG);
	assert_int_equal(small->sent + small->skipped, 2000);
	assert_int_equal(large->sent + large->skipped, 2000);
	assert_in_range(large->sent, 200, 400);
	assert_in_range(bench.node.bytes_sent, 19 * 200000, 21 * 200000);
	assert_int_equal(bench.node.skipped_cap, small->skipped + large->skipped);
	prober_bench_free(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_round_is_a_short_and_a_long_one),
		cmocka_unit_test(settings_say_which_and_how_often),
		cmocka_unit_test(bytes_may_come_and_go_in_pieces),
		cmocka_unit_test(a_line_is_acknowledged_and_ended),
		cmocka_unit_test(a_page_alone_is_not_its_part),
		cmocka_unit_test(each_failure_has_its_reason),
		cmocka_unit_test(a_refusal_is_told_at_once),
		cmocka_unit_test(a_silent_peer_delays_nobody_and_not_even_itself),
		cmocka_unit_test(rounds_of_many_links_leave_in_steps),
		cmocka_unit_test(what_hangs_is_bounded),
		cmocka_unit_test(a_cap_skips_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
