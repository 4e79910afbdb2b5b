#include "support/service_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"

#define GOT_MAX (64 * 1024 * 1024)

/* ---- the server */

struct endpoint bench_endpoint(const char *text)
{
	struct endpoint endpoint;

	assert_int_equal(endpoint_parse(text, 0, &endpoint), 0);
	return endpoint;
}

void bench_init(struct bench *bench, const struct memory_options *options)
{
	static const struct loop_options simulated = {
		.is_simulated = true,
		.simulated_start_ns = BENCH_START_NS,
	};

	*bench = (struct bench){ 0 };
	assert_int_equal(loop_new(&simulated, &bench->loop), 0);
	assert_int_equal(memory_network_new(bench->loop, options, &bench->network), 0);
	bench->plan = (struct plan){
		.serve.name = "web-3-7d9f",
		.serve.connections_max = 1000,
		.serve.drain_ns = 5 * NS_PER_S,
		.workers = 1,
		.stream = &stream_memory,
		.datagram = &datagram_memory,
		.network = bench->network,
	};
}

void bench_listen(struct bench *bench, enum service service, enum transport transport,
		  uint16_t port)
{
	struct plan_listen *listen = &bench->plan.serve.listen[bench->plan.serve.listen_count++];

	*listen = (struct plan_listen){ service, transport, bench_endpoint("127.0.0.1") };
	listen->local.port = port;
}

void bench_start_bare(struct bench *bench)
{
	assert_int_equal(worker_new(&bench->plan, 0, bench->loop, &bench->worker), 0);
}

void bench_start(struct bench *bench)
{
	struct error error = { "" };

	bench_start_bare(bench);
	assert_int_equal(service_add(bench->worker, &bench->shared, &error), 0);
	worker_start(bench->worker);
	worker_want_begin(bench->worker, BENCH_START_NS);
	bench_run(bench, 0);
}

void bench_free(struct bench *bench)
{
	worker_want_abort(bench->worker);
	bench_run(bench, 0);
	assert_true(bench_is_done(bench));
	worker_free(bench->worker);
	memory_network_free(bench->network);
	loop_free(bench->loop);
}

void bench_run(struct bench *bench, uint64_t ms)
{
	assert_int_equal(loop_run(bench->loop, loop_now(bench->loop) + ms * NS_PER_MS), 0);
}

void bench_end(struct bench *bench)
{
	worker_want_end(bench->worker);
	bench_run(bench, 0);
}

bool bench_is_done(const struct bench *bench)
{
	return atomic_load(&bench->worker->is_done);
}

uint64_t bench_now_ms(const struct bench *bench)
{
	return (loop_now(bench->loop) - BENCH_START_NS) / NS_PER_MS;
}

const struct counters *bench_counters(const struct bench *bench)
{
	return &bench->worker->recorders[PLAN_SERVED]->counters;
}

void bench_assert_settled(const struct bench *bench)
{
	const struct counters *counters = bench_counters(bench);

	assert_null(counters_check(counters));
	assert_int_equal(counters->debt, 0);
	assert_int_equal(counters->in_flight, 0);
}

uint64_t bench_errors(const struct bench *bench, enum outcome outcome)
{
	const struct recorder *recorder = bench->worker->recorders[PLAN_SERVED];
	uint64_t count = 0;

	for (size_t i = 0; i < ERROR_ROWS_MAX; i++) {
		if (recorder->errors[i].outcome == outcome)
			count += recorder->errors[i].count;
	}
	return count;
}

/* ---- clients */

static void receive_all(struct bench_client *client)
{
	uint8_t data[4096];
	ssize_t got = -EAGAIN;

	while ((got = stream_receive(&client->stream, data, sizeof(data))) > 0)
		buffer_append(&client->got, data, (size_t)got);
	if (got == -EAGAIN)
		return;
	client->has_end = got == 0;
	client->error = (int)-got;
	client->ended_ms = bench_now_ms(client->bench);
}

static void send_more(struct bench_client *client)
{
	while (client->to_send_bytes > 0 && client->error == 0) {
		struct iovec part = { (void *)client->to_send, client->to_send_bytes };
		ssize_t sent = stream_send(&client->stream, &part, 1);
		if (sent < 0) {
			assert_true(sent == -EAGAIN || sent == -ECONNRESET || sent == -EPIPE);
			return;
		}
		client->to_send += sent;
		client->to_send_bytes -= (size_t)sent;
	}
}

static void client_ready(struct stream *stream, unsigned events)
{
	struct bench_client *client = container_of(stream, struct bench_client, stream);

	if ((events & STREAM_CONNECTED) != 0)
		client->is_connected = true;
	if ((events & (STREAM_CONNECTED | STREAM_WRITABLE)) != 0)
		send_more(client);
	if ((events & STREAM_READABLE) != 0 && !client->is_deaf && !client->has_end)
		receive_all(client);
	if ((events & STREAM_FAILED) != 0 && client->error == 0) {
		client->error = stream_error(stream);
		client->ended_ms = bench_now_ms(client->bench);
	}
}

static void open_over(struct bench_client *client, struct bench *bench, const char *local,
		      uint16_t port, const struct tls_client *tls)
{
	struct stream_connect connect = {
		.local = bench_endpoint(local),
		.remote = bench_endpoint("127.0.0.1"),
		.network = bench->network,
		.below = &stream_memory,
		.tls = tls,
	};

	*client = (struct bench_client){ .bench = bench };
	buffer_init(&client->got, GOT_MAX);
	connect.remote.port = port;
	assert_int_equal(stream_connect(&client->stream, tls ? &stream_tls : &stream_memory,
					bench->loop, &connect, client_ready),
			 0);
}

void client_open(struct bench_client *client, struct bench *bench, uint16_t port)
{
	open_over(client, bench, "127.0.0.1", port, NULL);
}

void client_open_from(struct bench_client *client, struct bench *bench, const char *local,
		      uint16_t port)
{
	open_over(client, bench, local, port, NULL);
}

void client_open_tls(struct bench_client *client, struct bench *bench, uint16_t port,
		     const struct tls_client *tls)
{
	open_over(client, bench, "127.0.0.1", port, tls);
}

void client_send(struct bench_client *client, const void *data, size_t size)
{
	assert_int_equal(client->to_send_bytes, 0);
	client->to_send = data;
	client->to_send_bytes = size;
	if (client->is_connected)
		send_more(client);
}

void client_finish(struct bench_client *client)
{
	assert_int_equal(client->to_send_bytes, 0);
	assert_int_equal(stream_finish(&client->stream), 0);
}

void client_listen(struct bench_client *client)
{
	client->is_deaf = false;
	receive_all(client);
}

void client_close(struct bench_client *client)
{
	stream_close(&client->stream);
	buffer_deinit(&client->got);
}

void client_assert_got(const struct bench_client *client, const void *data, size_t size)
{
	assert_int_equal(client->got.size, size);
	assert_int_equal(client->got.error, 0);
	if (size > 0)
		assert_memory_equal(client->got.data, data, size);
}

uint8_t *bench_bytes(size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i ^ (i >> 8) * 7 ^ (i >> 16) * 13);
	return bytes;
}
