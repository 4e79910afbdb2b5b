/* TLS over the memory network in simulated time: bytes, ends, readiness and room under every
 * disturbance, handshakes that fail, resumption, memory. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/loop.h"
#include "net/memory.h"
#include "net/tls.h"
#include "support/certificate.h"
#include "support/end.h"

#define DELAY_NS UINT64_C(1000000)

struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct listener listener;
	struct tls_client *client_tls;
	struct tls_server *server_tls;
	struct end client;
	struct end server;
};

/* Byte n of what an end sends is n. Goes on until a send comes up short. */
static void send_more(struct end *end)
{
	uint8_t data[40000];
	struct iovec parts[64];

	while (end->to_send_bytes > 0) {
		size_t size = 0;
		int count = 0;
		while (count < 64 && size < end->to_send_bytes &&
		       size + end->part_bytes <= sizeof(data)) {
			size_t left = end->to_send_bytes - size;
			size_t part = left < end->part_bytes ? left : end->part_bytes;
			parts[count++] = (struct iovec){ data + size, part };
			parts[count++] = (struct iovec){ NULL, 0 };
			size += part;
		}
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)(end->sent_bytes + i);
		ssize_t sent = stream_send(&end->stream, parts, count);
		if (sent < 0) {
			assert_true(sent == -EAGAIN || stream_error(&end->stream) != 0);
			return;
		}
		assert_true(sent > 0 && (size_t)sent <= size);
		end->sent_bytes += (size_t)sent;
		end->to_send_bytes -= (size_t)sent;
		if ((size_t)sent < size)
			return;
	}
}

static void note(struct stream *stream, unsigned events)
{
	struct end *end = container_of(stream, struct end, stream);

	assert_int_equal(end->told & events & (STREAM_LINKED | STREAM_CONNECTED), 0);
	if ((events & STREAM_FAILED) != 0)
		assert_int_not_equal(stream_error(stream), 0);
	end_note(end, events);
	if ((events & STREAM_WRITABLE) != 0)
		send_more(end);
	if (end->has_end && end->closes_at_end)
		stream_close(stream);
}

static void accept_one(struct listener *listener)
{
	struct bench *bench = container_of(listener, struct bench, listener);
	struct stream extra;

	assert_int_equal(listener_accept(listener, &bench->server.stream, note), 0);
	assert_int_equal(listener_accept(listener, &extra, note), -EAGAIN);
}

static void open_bench(struct bench *bench, const struct memory_options *options,
		       const struct stream_transport *transport)
{
	struct loop_options loop_options = { .is_simulated = true };
	struct listen_options listen_options = { .local.port = 7 };

	*bench = (struct bench){
		.client = { .receive_size = 100, .part_bytes = 1000 },
		.server = { .receive_size = 100, .part_bytes = 1000 },
	};
	assert_int_equal(loop_new(&loop_options, &bench->loop), 0);
	assert_int_equal(memory_network_new(bench->loop, options, &bench->network), 0);
	bench->client_tls = certificate_client("ca");
	bench->server_tls = certificate_server("web");
	listen_options.network = bench->network;
	listen_options.below = &stream_memory;
	listen_options.tls = bench->server_tls;
	assert_int_equal(listener_open(&bench->listener, transport, bench->loop, &listen_options,
				       accept_one),
			 0);
	assert_int_equal(bench->listener.local.port, 7);
}

static void start_connecting(struct bench *bench, const struct stream_transport *transport,
			     const char *name)
{
	struct stream_connect connect = {
		.network = bench->network,
		.below = &stream_memory,
		.tls = bench->client_tls,
		.server_name = name,
	};

	assert_int_equal(endpoint_parse("192.0.2.1", 7, &connect.remote), 0);
	assert_int_equal(
		stream_connect(&bench->client.stream, transport, bench->loop, &connect, note), 0);
	assert_int_equal(bench->client.told, 0);
}

static void run(struct bench *bench)
{
	assert_int_equal(loop_run(bench->loop, UINT64_MAX), 0);
}

static void open_connected_bench(struct bench *bench, const struct memory_options *options)
{
	open_bench(bench, options, &stream_tls);
	start_connecting(bench, &stream_tls, "web.test");
	run(bench);
	assert_int_equal(bench->client.told & (STREAM_CONNECTED | STREAM_LINKED | STREAM_FAILED),
			 STREAM_CONNECTED | STREAM_LINKED);
	assert_int_equal(bench->server.told & (STREAM_CONNECTED | STREAM_LINKED | STREAM_FAILED),
			 0);
	assert_true(stream_is_open(&bench->server.stream));
	assert_null(tls_client_complaint(bench->client_tls));
}

static void close_bench(struct bench *bench)
{
	stream_close(&bench->client.stream);
	stream_close(&bench->server.stream);
	run(bench);
	listener_close(&bench->listener);
	memory_network_free(bench->network);
	loop_free(bench->loop);
	tls_client_free(bench->client_tls);
	tls_server_free(bench->server_tls);
}

static void send_bytes(struct end *end, size_t size)
{
	end->to_send_bytes = size;
	send_more(end);
}

static unsigned checksum_of(size_t size)
{
	unsigned checksum = 0;

	for (size_t i = 0; i < size; i++)
		checksum = checksum * 31 + (uint8_t)i;
	return checksum;
}

/* ---- what works */

static void test_moments_and_names(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct tls_figures figures;
	struct stream_info info;
	struct endpoint local;
	struct endpoint remote;
	struct bench bench;

	open_connected_bench(&bench, &options);
	assert_int_equal(bench.client.linked_ns, 2 * DELAY_NS);
	assert_int_equal(bench.client.connected_ns, 4 * DELAY_NS);
	send_bytes(&bench.client, 10);
	uint64_t sent_ns = loop_now(bench.loop);
	run(&bench);
	assert_int_equal(bench.server.readable_ns, sent_ns + DELAY_NS);
	assert_int_equal(bench.server.got_bytes, 10);
	assert_int_equal(stream_info(&bench.client.stream, &info), 0);
	assert_int_equal(info.rtt_ns, 2 * DELAY_NS);
	assert_int_equal(stream_endpoints(&bench.client.stream, &local, NULL), 0);
	assert_int_equal(stream_endpoints(&bench.server.stream, NULL, &remote), 0);
	assert_true(endpoint_is_equal(&local, &remote));
	tls_client_describe(bench.client_tls, &figures);
	assert_string_equal(figures.version, "TLSv1.3");
	assert_string_equal(figures.cipher, "TLS_AES_256_GCM_SHA384");
	assert_string_equal(figures.alpn, "");
	assert_int_equal(figures.handshakes, 1);
	assert_int_equal(figures.resumed, 0);
	assert_int_equal(figures.cut_short, 0);
	assert_false(figures.is_unverified);
	close_bench(&bench);
}

struct disturbance {
	struct memory_options network;
	size_t bytes;
	size_t part_bytes;
	size_t receive_size;
};

/* However it is cut up, all bytes come in order, both ways at once, and then the end. */
static void test_bytes_survive_every_disturbance(void **state)
{
	static const struct disturbance rows[] = {
		{ { .delay_ns = 1000 }, 5000, 1000, 100 },
		{ { .delay_ns = 1000 }, 300000, 20000, 65536 },
		{ { .delay_ns = 1000 }, 300000, 16384, 7 },
		{ { .delay_ns = 1000 }, 40000, 1, 1 },
		{ { .delay_ns = 1000 }, 200000, 40000, 16384 },
		{ { .delay_ns = 1000, .chunk_max_bytes = 1 }, 20000, 300, 33 },
		{ { .delay_ns = 1000, .chunk_max_bytes = 7, .buffer_bytes = 100 }, 5000, 33, 33 },
		{ { .delay_ns = 1000, .jitter_ns = 100000, .chunk_max_bytes = 13 }, 5000, 9, 50 },
		{ { .delay_ns = 1000, .loss = 0.1, .chunk_max_bytes = 50, .seed = 9 }, 5000, 9, 9 },
		{ { .buffer_bytes = 1 }, 3000, 1000, 33 },
		{ { .delay_ns = 1000, .buffer_bytes = 20000 }, 500000, 40000, 70000 },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct bench bench;
		open_connected_bench(&bench, &rows[i].network);
		bench.server.receive_size = bench.client.receive_size = rows[i].receive_size;
		bench.server.part_bytes = bench.client.part_bytes = rows[i].part_bytes;
		send_bytes(&bench.client, rows[i].bytes);
		send_bytes(&bench.server, rows[i].bytes);
		run(&bench);
		assert_int_equal(bench.client.to_send_bytes, 0);
		assert_int_equal(bench.server.got_bytes, rows[i].bytes);
		assert_int_equal(bench.server.checksum, checksum_of(rows[i].bytes));
		assert_int_equal(bench.client.got_bytes, rows[i].bytes);
		assert_int_equal(bench.client.checksum, checksum_of(rows[i].bytes));
		assert_false(bench.server.has_end);
		assert_int_equal(stream_finish(&bench.client.stream), 0);
		run(&bench);
		assert_true(bench.server.has_end);
		assert_int_equal(bench.server.told & STREAM_FAILED, 0);
		/* The other direction goes on. */
		send_bytes(&bench.server, 1000);
		run(&bench);
		assert_int_equal(bench.client.got_bytes, rows[i].bytes + 1000);
		close_bench(&bench);
	}
}

/* One record for many tiny parts: the lower stream's chunks show how many bytes they took. */
static void test_small_parts_share_a_record(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS, .buffer_bytes = 17000 };
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.server.receive_size = 0;
	bench.client.part_bytes = 100;
	send_bytes(&bench.client, 3000); /* as 30 records it would take 3,660 bytes */
	send_bytes(&bench.client, 3000);
	send_bytes(&bench.client, 3000);
	send_bytes(&bench.client, 3000);
	send_bytes(&bench.client, 3000);
	assert_int_equal(bench.client.to_send_bytes, 0);
	struct iovec more = { (char[2000]){ 0 }, 1800 };
	assert_int_equal(stream_send(&bench.client.stream, &more, 1), 1800);
	assert_false(bench.client.stream.is_blocked);
	close_bench(&bench);
}

/* What was decrypted beyond what was asked for is no news to the stream below. */
static void test_pending_bytes_need_no_event(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	uint8_t data[4000];
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.server.receive_size = 0;
	send_bytes(&bench.client, 3000);
	send_bytes(&bench.client, 2000);
	run(&bench);
	assert_int_equal(stream_receive(&bench.server.stream, data, 1), 1);
	assert_int_equal(stream_receive(&bench.server.stream, data, 3998), 3998);
	assert_int_equal(stream_skip(&bench.server.stream, 1000), 1000);
	assert_int_equal(stream_receive(&bench.server.stream, data, 4000), 1);
	assert_int_equal(data[0], (uint8_t)4999);
	assert_int_equal(stream_receive(&bench.server.stream, data, 4000), -EAGAIN);
	close_bench(&bench);
}

/* A short count and the end behind it: the end is told, too. */
static void test_end_behind_bytes_is_told(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct tls_figures figures;
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.client.receive_size = 4096;
	send_bytes(&bench.server, 10);
	stream_close(&bench.server.stream);
	run(&bench);
	assert_int_equal(bench.client.got_bytes, 10);
	assert_true(bench.client.has_end);
	assert_int_equal(bench.client.told & STREAM_FAILED, 0);
	tls_client_describe(bench.client_tls, &figures);
	assert_int_equal(figures.cut_short, 0);
	close_bench(&bench);
}

static void test_full_buffer_holds_the_sender_up(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS, .buffer_bytes = 20000 };
	struct iovec part = { calloc(1, 100000), 100000 };
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.server.receive_size = 0;
	/* One record goes; of the next two the buffer takes a part; the fourth was encrypted by
	 * then. */
	assert_int_equal(stream_send(&bench.client.stream, &part, 1), 4 * 16384);
	assert_int_equal(stream_send(&bench.client.stream, &part, 1), -EAGAIN);
	run(&bench);
	assert_int_equal(bench.client.told & STREAM_WRITABLE, 0);
	assert_int_equal(stream_skip(&bench.server.stream, 100000), 16384);
	run(&bench);
	assert_int_equal(bench.client.told & STREAM_WRITABLE, 0); /* what waits goes first */
	for (int i = 0; i < 10 && (bench.client.told & STREAM_WRITABLE) == 0; i++) {
		assert_true(stream_skip(&bench.server.stream, 100000) > 0);
		run(&bench);
	}
	assert_int_equal(bench.client.told & STREAM_WRITABLE, STREAM_WRITABLE);
	assert_false(bench.client.stream.is_blocked);
	free(part.iov_base);
	close_bench(&bench);
}

/* What was taken arrives, though the stream is closed before there was room for it. */
static void test_closed_stream_sends_what_it_took(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS, .buffer_bytes = 1000 };
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.server.receive_size = 0;
	send_bytes(&bench.client, 10000);
	assert_true(bench.client.sent_bytes > 1000);
	stream_close(&bench.client.stream);
	assert_false(stream_is_open(&bench.client.stream));
	bench.server.receive_size = 500;
	assert_int_equal(loop_run(bench.loop, loop_now(bench.loop) + 2 * DELAY_NS), 0);
	run(&bench);
	assert_int_equal(bench.server.got_bytes, bench.client.sent_bytes);
	assert_true(bench.server.has_end);
	close_bench(&bench);
}

/* Nobody reads: after 10 s it is given up. */
static void test_closed_stream_does_not_send_forever(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS, .buffer_bytes = 1000 };
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.server.receive_size = 0;
	send_bytes(&bench.client, 10000);
	stream_close(&bench.client.stream);
	assert_int_equal(loop_run(bench.loop, loop_now(bench.loop) + 9 * NS_PER_S), 0);
	assert_int_equal(bench.server.told & STREAM_FAILED, 0);
	run(&bench);
	assert_int_equal(stream_error(&bench.server.stream), ECONNRESET);
	close_bench(&bench);
}

static void test_reset(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_connected_bench(&bench, &options);
	send_bytes(&bench.client, 10);
	stream_reset(&bench.client.stream);
	run(&bench);
	assert_int_equal(bench.server.got_bytes, 10);
	assert_int_equal(bench.server.receive_error, -ECONNRESET);
	assert_int_equal(bench.server.told & STREAM_FAILED, STREAM_FAILED);
	assert_int_equal(stream_error(&bench.server.stream), ECONNRESET);
	close_bench(&bench);
}

/* Who speaks first may try to before the handshake is done. */
static void test_server_speaks_first(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options, &stream_tls);
	start_connecting(&bench, &stream_tls, "web.test");
	assert_int_equal(loop_run(bench.loop, DELAY_NS), 0);
	assert_true(stream_is_open(&bench.server.stream));
	send_bytes(&bench.server, 5000);
	assert_int_equal(bench.server.sent_bytes, 0);
	assert_int_equal(stream_receive(&bench.server.stream, (char[1]){ 0 }, 1), -EAGAIN);
	run(&bench);
	assert_int_equal(bench.client.got_bytes, 5000);
	close_bench(&bench);
}

static void test_names_that_are_verified(void **state)
{
	/* An address is what an address is verified by; the dot of a name is not in certificates.
	 */
	static const char *const names[] = { "web.test", "web.test.", "192.0.2.1", NULL,
					     "a.b.test" };
	struct memory_options options = { .delay_ns = DELAY_NS };

	for (size_t i = 0; i < array_size(names); i++) {
		struct bench bench;
		open_bench(&bench, &options, &stream_tls);
		start_connecting(&bench, &stream_tls, names[i]);
		run(&bench);
		assert_true((bench.client.told & STREAM_CONNECTED) != 0);
		close_bench(&bench);
	}
}

/* ---- handshakes that fail */

/* Some of these hold NULs. */
#define ANSWER(text) (text), sizeof(text) - 1
#define NO_ANSWER    NULL, 0

struct refusal {
	const char *server; /* the certificate it shows; NULL: it speaks no TLS */
	const char *name;
	const char *ca;
	const char *answer; /* of one that speaks no TLS; NULL: its end */
	size_t answer_size;
	int failure;
	const char *complaint; /* starts so, %D stands for a date */
};

static bool is_like(const char *text, const char *like)
{
	for (; *like != '\0'; text++, like++) {
		if (strncmp(like, "%D", 2) == 0) {
			text += strlen("2026-01-01T00:00:00Z") - 1;
			like++;
		} else if (*text != *like) {
			return false;
		}
	}
	return *text == '\0';
}

static void answer_plainly(struct bench *bench, const struct refusal *row)
{
	struct iovec part = { (void *)row->answer, row->answer_size };

	assert_int_equal(loop_run(bench->loop, 3 * DELAY_NS), 0);
	assert_int_equal(bench->client.told, STREAM_LINKED);
	if (row->answer != NULL)
		assert_int_equal(stream_send(&bench->server.stream, &part, 1), part.iov_len);
	else
		assert_int_equal(stream_finish(&bench->server.stream), 0);
}

static void check_refusal(const struct refusal *row)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options, row->server != NULL ? &stream_tls : &stream_memory);
	tls_client_free(bench.client_tls);
	bench.client_tls = certificate_client(row->ca);
	if (row->server != NULL) {
		listener_close(&bench.listener);
		tls_server_free(bench.server_tls);
		bench.server_tls = certificate_server(row->server);
		struct listen_options listen = { .local.port = 7,
						 .network = bench.network,
						 .below = &stream_memory,
						 .tls = bench.server_tls };
		assert_int_equal(listener_open(&bench.listener, &stream_tls, bench.loop, &listen,
					       accept_one),
				 0);
	}
	start_connecting(&bench, &stream_tls, row->name);
	if (row->server == NULL)
		answer_plainly(&bench, row);
	run(&bench);
	assert_int_equal(bench.client.told, STREAM_LINKED | STREAM_FAILED);
	assert_int_equal(stream_error(&bench.client.stream), row->failure);
	const char *complaint = tls_client_complaint(bench.client_tls);
	assert_non_null(complaint);
	if (!is_like(complaint, row->complaint))
		assert_string_equal(complaint, row->complaint);
	close_bench(&bench);
}

static void test_handshakes_that_fail(void **state)
{
	static const struct refusal rows[] = {
		{ "web", "other.test", "ca", NO_ANSWER, EKEYREJECTED,
		  "the certificate is for web.test and 2 others, not for other.test: --sni web.test, "
		  "or -k to trust anything" },
		{ "web", "127.0.0.9", "ca", NO_ANSWER, EKEYREJECTED,
		  "the certificate is for web.test and 2 others, not for 127.0.0.9: --sni web.test, "
		  "or -k to trust anything" },
		{ "old", "web.test", "ca", NO_ANSWER, EKEYREJECTED,
		  "the certificate expired on %D (-k goes on all the same)" },
		{ "early", "web.test", "ca", NO_ANSWER, EKEYREJECTED,
		  "the certificate is not valid before %D: is this host's clock right? (-k goes on "
		  "all the same)" },
		{ "own", "web.test", "ca", NO_ANSWER, EKEYREJECTED,
		  "the certificate is signed by nobody whom this host trusts (self-signed): --ca "
		  "FILE, or -k to trust anything" },
		{ "web", "web.test", NULL, NO_ANSWER, EKEYREJECTED,
		  "the certificate is signed by nobody whom this host trusts (ca): --ca FILE, or -k "
		  "to trust anything" },
		{ NULL, "web.test", "ca", ANSWER("HTTP/1.1 400 Bad Request\r\n\r\n"), EPROTO,
		  "the peer does not speak TLS (it answered \"HTTP/1.1 400 Bad Request\")" },
		{ NULL, "web.test", "ca", ANSWER("\001\002\003\004\005\006"), EPROTO,
		  "the peer does not speak TLS" },
		{ NULL, "web.test", "ca", ANSWER("\026\003\001\000\004\001\000\000\000"), EPROTO,
		  "the peer does not speak TLS: it is a plain echo" },
		{ NULL, "web.test", "ca", NO_ANSWER, EKEYREVOKED,
		  "the peer closed the connection in the TLS handshake" },
		{ NULL, "web.test", "ca", ANSWER("\025\003\003\000\002\002\050"), EKEYREVOKED,
		  "the peer refused: handshake failure (no common version or cipher, or it wants "
		  "--cert)" },
	};

	for (size_t i = 0; i < array_size(rows); i++)
		check_refusal(&rows[i]);
}

static void test_unverified(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct tls_client_options unverified = { .is_unverified = true };
	struct error error = { "" };
	struct tls_figures figures;
	struct bench bench;

	open_bench(&bench, &options, &stream_tls);
	tls_client_free(bench.client_tls);
	assert_int_equal(tls_client_new(&unverified, &error, &bench.client_tls), 0);
	start_connecting(&bench, &stream_tls, "other.test");
	run(&bench);
	assert_true((bench.client.told & STREAM_CONNECTED) != 0);
	assert_null(tls_client_complaint(bench.client_tls));
	tls_client_describe(bench.client_tls, &figures);
	assert_true(figures.is_unverified);
	close_bench(&bench);
}

static void test_reset_in_the_handshake(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options, &stream_memory);
	start_connecting(&bench, &stream_tls, "web.test");
	assert_int_equal(loop_run(bench.loop, 3 * DELAY_NS), 0);
	stream_reset(&bench.server.stream);
	run(&bench);
	assert_int_equal(bench.client.told, STREAM_LINKED | STREAM_FAILED);
	assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
	close_bench(&bench);
}

static void test_refused(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options, &stream_tls);
	listener_close(&bench.listener);
	start_connecting(&bench, &stream_tls, "web.test");
	run(&bench);
	assert_int_equal(bench.client.told, STREAM_FAILED);
	assert_int_equal(stream_error(&bench.client.stream), ECONNREFUSED);
	close_bench(&bench);
}

/* A client that connects and says nothing has 10 s. */
static void test_server_does_not_wait_forever(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options, &stream_tls);
	start_connecting(&bench, &stream_memory, NULL);
	assert_int_equal(loop_run(bench.loop, 9 * NS_PER_S), 0);
	assert_int_equal(bench.server.told, 0);
	run(&bench);
	assert_int_equal(bench.server.told, STREAM_FAILED);
	assert_int_equal(stream_error(&bench.server.stream), ETIMEDOUT);
	assert_true(bench.server.failed_ns >= 10 * NS_PER_S);
	close_bench(&bench);
}

static void test_plain_client_of_a_server(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct iovec part = { "GET / HTTP/1.0\r\n\r\n", 18 };
	struct bench bench;

	open_bench(&bench, &options, &stream_tls);
	start_connecting(&bench, &stream_memory, NULL);
	assert_int_equal(loop_run(bench.loop, 3 * DELAY_NS), 0);
	assert_int_equal(stream_send(&bench.client.stream, &part, 1), 18);
	run(&bench);
	assert_int_equal(stream_error(&bench.server.stream), EPROTO);
	close_bench(&bench);
}

/* ---- a peer of OpenSSL itself, for what ours does not do */

struct plain_peer {
	struct end end;
	SSL_CTX *context;
	SSL *ssl;
	BIO *in;
	BIO *out;
};

static void peer_flush(struct plain_peer *peer)
{
	char *data = NULL;
	long size = BIO_get_mem_data(peer->out, &data);
	struct iovec part = { data, (size_t)size };

	if (size > 0)
		assert_int_equal(stream_send(&peer->end.stream, &part, 1), size);
	(void)BIO_reset(peer->out);
}

static void peer_ready(struct stream *stream, unsigned events)
{
	struct plain_peer *peer = container_of(stream, struct plain_peer, end.stream);
	uint8_t data[20000];
	ssize_t got = 0;

	while ((got = stream_receive(stream, data, sizeof(data))) > 0)
		assert_int_equal(BIO_write(peer->in, data, (int)got), got);
	peer->end.has_end = got == 0;
	if (!SSL_is_init_finished(peer->ssl))
		(void)SSL_do_handshake(peer->ssl);
	int size = 0;
	while ((size = SSL_read(peer->ssl, data, sizeof(data))) > 0)
		peer->end.got_bytes += (size_t)size;
	peer_flush(peer);
}

static struct plain_peer *listening_peer;

static void accept_peer(struct listener *listener)
{
	assert_int_equal(listener_accept(listener, &listening_peer->end.stream, peer_ready), 0);
}

static void open_peer(struct plain_peer *peer, struct bench *bench, int version)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct listen_options listen = { .local.port = 7 };

	*peer = (struct plain_peer){ .context = SSL_CTX_new(TLS_server_method()) };
	assert_int_equal(SSL_CTX_use_certificate_file(peer->context, certificate_path("web.crt"),
						      SSL_FILETYPE_PEM),
			 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(peer->context, certificate_path("web.key"),
						     SSL_FILETYPE_PEM),
			 1);
	(void)SSL_CTX_set_max_proto_version(peer->context, version);
	peer->ssl = SSL_new(peer->context);
	peer->in = BIO_new(BIO_s_mem());
	peer->out = BIO_new(BIO_s_mem());
	(void)BIO_set_mem_eof_return(peer->in, -1);
	SSL_set_bio(peer->ssl, peer->in, peer->out);
	SSL_set_accept_state(peer->ssl);
	open_bench(bench, &options, &stream_memory);
	listener_close(&bench->listener);
	listening_peer = peer;
	listen.network = bench->network;
	assert_int_equal(
		listener_open(&bench->listener, &stream_memory, bench->loop, &listen, accept_peer),
		0);
	start_connecting(bench, &stream_tls, "web.test");
	run(bench);
	assert_true((bench->client.told & STREAM_CONNECTED) != 0);
}

static void close_peer(struct plain_peer *peer, struct bench *bench)
{
	stream_close(&peer->end.stream);
	close_bench(bench);
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
}

/* New keys both ways in the midst of it (RFC 8446, section 4.6.3). */
static void test_key_update(void **state)
{
	struct plain_peer peer;
	struct bench bench;

	open_peer(&peer, &bench, TLS1_3_VERSION);
	send_bytes(&bench.client, 100);
	run(&bench);
	assert_int_equal(SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_write(peer.ssl, "hello", 5), 5);
	peer_flush(&peer);
	run(&bench);
	assert_int_equal(bench.client.got_bytes, 5);
	send_bytes(&bench.client, 100);
	run(&bench);
	assert_int_equal(peer.end.got_bytes, 200);
	close_peer(&peer, &bench);
}

/* A server of TLS 1.2 may negotiate anew at any time; what is sent meanwhile waits. */
static void test_renegotiation(void **state)
{
	struct plain_peer peer;
	struct bench bench;
	struct tls_figures figures;

	open_peer(&peer, &bench, TLS1_2_VERSION);
	tls_client_describe(bench.client_tls, &figures);
	assert_string_equal(figures.version, "TLSv1.2");
	assert_int_equal(SSL_renegotiate(peer.ssl), 1);
	(void)SSL_do_handshake(peer.ssl);
	peer_flush(&peer);
	assert_int_equal(loop_run(bench.loop, loop_now(bench.loop) + DELAY_NS), 0);
	send_bytes(&bench.client, 100);
	assert_int_equal(bench.client.to_send_bytes, 100);
	run(&bench);
	assert_int_equal(bench.client.told & STREAM_FAILED, 0);
	assert_int_equal(SSL_num_renegotiations(peer.ssl), 1);
	assert_int_equal(peer.end.got_bytes, 100);
	close_peer(&peer, &bench);
}

/* A FIN is an end, with or without the goodbye of TLS, but not the same one. */
static void test_bare_end_is_counted(void **state)
{
	struct plain_peer peer;
	struct bench bench;
	struct tls_figures figures;

	open_peer(&peer, &bench, TLS1_3_VERSION);
	bench.client.receive_size = 4096;
	assert_int_equal(SSL_write(peer.ssl, "hello", 5), 5);
	peer_flush(&peer);
	assert_int_equal(stream_finish(&peer.end.stream), 0);
	run(&bench);
	assert_int_equal(bench.client.got_bytes, 5);
	assert_true(bench.client.has_end);
	assert_int_equal(bench.client.told & STREAM_FAILED, 0);
	tls_client_describe(bench.client_tls, &figures);
	assert_int_equal(figures.cut_short, 1);
	send_bytes(&bench.client, 100);
	run(&bench);
	assert_int_equal(peer.end.got_bytes, 100);
	close_peer(&peer, &bench);
}

/* One flipped bit of a record fails the stream, behind the bytes that came before it. */
static void test_broken_record(void **state)
{
	struct plain_peer peer;
	struct bench bench;

	open_peer(&peer, &bench, TLS1_3_VERSION);
	bench.client.receive_size = 4096;
	assert_int_equal(SSL_write(peer.ssl, "hello", 5), 5);
	peer_flush(&peer);
	assert_int_equal(SSL_write(peer.ssl, "again", 5), 5);
	char *data = NULL;
	long size = BIO_get_mem_data(peer.out, &data);
	data[size - 1] ^= 1;
	peer_flush(&peer);
	run(&bench);
	assert_int_equal(bench.client.got_bytes, 5);
	assert_false(bench.client.has_end);
	assert_int_equal(bench.client.receive_error, -EPROTO);
	assert_int_equal(stream_error(&bench.client.stream), EPROTO);
	assert_string_equal(tls_client_complaint(bench.client_tls),
			    "TLS failed: decryption failed or bad record mac");
	close_peer(&peer, &bench);
}

/* ---- resumption, memory */

static void connect_again(struct bench *bench)
{
	send_bytes(&bench->server, 1); /* the tickets come before it */
	run(bench);
	stream_close(&bench->client.stream);
	stream_close(&bench->server.stream);
	run(bench);
	bench->client.told = bench->server.told = 0;
	start_connecting(bench, &stream_tls, "web.test");
	run(bench);
	assert_true((bench->client.told & STREAM_CONNECTED) != 0);
}

static void test_resumption(void **state)
{
	static const enum tls_version versions[] = { TLS_VERSION_1_2, TLS_VERSION_1_3 };

	for (size_t i = 0; i < array_size(versions); i++) {
		struct memory_options options = { .delay_ns = DELAY_NS };
		struct tls_client_options resuming = { .ca_file = certificate_path("ca.crt"),
						       .has_resumption = true,
						       .version = versions[i] };
		struct error error = { "" };
		struct tls_figures figures;
		struct bench bench;

		open_bench(&bench, &options, &stream_tls);
		tls_client_free(bench.client_tls);
		assert_int_equal(tls_client_new(&resuming, &error, &bench.client_tls), 0);
		start_connecting(&bench, &stream_tls, "web.test");
		run(&bench);
		for (unsigned times = 0; times < 5; times++)
			connect_again(&bench);
		tls_client_describe(bench.client_tls, &figures);
		assert_int_equal(figures.handshakes, 6);
		assert_int_equal(figures.resumed, 5);
		close_bench(&bench);
	}
}

static void test_nothing_is_resumed_unasked(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct tls_figures figures;
	struct bench bench;

	open_connected_bench(&bench, &options);
	connect_again(&bench);
	tls_client_describe(bench.client_tls, &figures);
	assert_int_equal(figures.handshakes, 2);
	assert_int_equal(figures.resumed, 0);
	close_bench(&bench);
}

static size_t bytes_in_use;

static void *counted_malloc(size_t size, const char *file, int line)
{
	size_t *block = malloc(size + 16);

	if (block == NULL)
		return NULL;
	*block = size;
	bytes_in_use += size;
	return block + 2;
}

static void counted_free(void *pointer, const char *file, int line)
{
	size_t *block = pointer;

	if (block == NULL)
		return;
	bytes_in_use -= block[-2];
	free(block - 2);
}

static void *counted_realloc(void *pointer, size_t size, const char *file, int line)
{
	void *moved = counted_malloc(size, file, line);
	size_t *block = pointer;

	if (moved == NULL || pointer == NULL)
		return moved;
	memcpy(moved, pointer, block[-2] < size ? block[-2] : size);
	counted_free(pointer, file, line);
	return moved;
}

/* Two idle ends with all that OpenSSL keeps for them. The client has the server's certificate. */
static void test_memory_of_an_idle_connection(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_connected_bench(&bench, &options);
	size_t one = bytes_in_use;
	stream_close(&bench.client.stream);
	stream_close(&bench.server.stream);
	run(&bench);
	assert_true(one - bytes_in_use > 5000); /* it is counted at all */
	assert_true(one - bytes_in_use < 36000);
	close_bench(&bench);
}

static int make_certificates(void **state)
{
	static const struct certificate certificates[] = {
		{ "ca", NULL, NULL, -10, 10 },
		{ "web", "DNS:web.test,DNS:*.b.test,IP:192.0.2.1", "ca", -10, 10 },
		{ "old", "DNS:web.test", "ca", -10, -1 },
		{ "early", "DNS:web.test", "ca", 1, 10 },
		{ "own", "DNS:web.test", NULL, -10, 10 },
	};

	for (size_t i = 0; i < array_size(certificates); i++)
		certificate_make(&certificates[i]);
	return 0;
}

static int remove_certificates(void **state)
{
	certificates_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments_and_names),
		cmocka_unit_test(test_bytes_survive_every_disturbance),
		cmocka_unit_test(test_small_parts_share_a_record),
		cmocka_unit_test(test_pending_bytes_need_no_event),
		cmocka_unit_test(test_end_behind_bytes_is_told),
		cmocka_unit_test(test_full_buffer_holds_the_sender_up),
		cmocka_unit_test(test_closed_stream_sends_what_it_took),
		cmocka_unit_test(test_closed_stream_does_not_send_forever),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_server_speaks_first),
		cmocka_unit_test(test_names_that_are_verified),
		cmocka_unit_test(test_handshakes_that_fail),
		cmocka_unit_test(test_unverified),
		cmocka_unit_test(test_reset_in_the_handshake),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_server_does_not_wait_forever),
		cmocka_unit_test(test_plain_client_of_a_server),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_bare_end_is_counted),
		cmocka_unit_test(test_broken_record),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_nothing_is_resumed_unasked),
		cmocka_unit_test(test_memory_of_an_idle_connection),
	};

	if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
