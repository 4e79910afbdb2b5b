/* One worker that serves, in the memory network and simulated time, and clients that talk to it.
 * Every helper fails the test when something can't be. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "engine/service.h"
#include "engine/worker.h"
#include "net/memory.h"

#define BENCH_START_NS UINT64_C(1000000000)

struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct plan plan;
	struct worker *worker;
	struct service_shared shared;
};

/* With the memory network's transports; 127.0.0.1 and these ports are the caller's to listen on. */
void bench_init(struct bench *bench, const struct memory_options *options);
/* TCP or UDP on 127.0.0.1; before bench_start(). */
void bench_listen(struct bench *bench, enum service service, enum transport transport,
		  uint16_t port);
void bench_start(struct bench *bench);
/* Only the worker, without the services, for what is to be looked at from inside. */
void bench_start_bare(struct bench *bench);
void bench_free(struct bench *bench);
void bench_run(struct bench *bench, uint64_t ms);
/* Ends regularly: drains. The loop runs on with bench_run(). */
void bench_end(struct bench *bench);
bool bench_is_done(const struct bench *bench);
uint64_t bench_now_ms(const struct bench *bench); /* since the start */
const struct counters *bench_counters(const struct bench *bench);
/* Both identities hold and nothing is left owed. */
void bench_assert_settled(const struct bench *bench);
/* How often an error of this outcome was recorded. */
uint64_t bench_errors(const struct bench *bench, enum outcome outcome);
struct endpoint bench_endpoint(const char *text);

/* A client that sends what it is given as there is room, and keeps what it gets. */
struct bench_client {
	struct stream stream;
	struct bench *bench;
	struct buffer got;
	const uint8_t *to_send;
	size_t to_send_bytes;
	bool is_deaf; /* lets arrive without receiving */
	bool is_connected;
	bool has_end;
	int error; /* positive errno */
	uint64_t ended_ms;
};

void client_open(struct bench_client *client, struct bench *bench, uint16_t port);
/* From this address and, where it names one, port. */
void client_open_from(struct bench_client *client, struct bench *bench, const char *local,
		      uint16_t port);
void client_open_tls(struct bench_client *client, struct bench *bench, uint16_t port,
		     const struct tls_client *tls);
/* `data` must stay until it is sent. */
void client_send(struct bench_client *client, const void *data, size_t size);
void client_finish(struct bench_client *client);
void client_listen(struct bench_client *client); /* no longer deaf */
void client_close(struct bench_client *client);
void client_assert_got(const struct bench_client *client, const void *data, size_t size);
/* `size` bytes that no two places have in the same order; malloc'd. */
uint8_t *bench_bytes(size_t size);
