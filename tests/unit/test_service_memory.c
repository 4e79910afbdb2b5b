/* What connections and their backlogs cost, looked at from inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/service_tcp.h"
#include "support/service_bench.h"

#define PORT        5003
#define FREE_CHUNKS 4096

static void open_echo(struct bench *bench, struct service_tcp *tcp)
{
	uint16_t port = 0;
	bench_init(bench, &(struct memory_options){ .buffer_bytes = 300000 });
	bench_listen(bench, SERVICE_ECHO, TRANSPORT_TCP, PORT);
	bench_start_bare(bench);
	service_tcp_init(tcp, bench->worker, &bench->shared);
	assert_int_equal(service_tcp_listen(tcp, 0, PORT, &port), 0);
	assert_int_equal(port, PORT);
}

static void close_echo(struct bench *bench, struct service_tcp *tcp)
{
	service_tcp_deinit(tcp);
	bench_free(bench);
}

/* A client that sends and reads nothing: more than finds room on the way waits at the server. */
static void send_deaf(struct bench_client *client, struct bench *bench, const uint8_t *data)
{
	client_open(client, bench, PORT);
	client->is_deaf = true;
	client_send(client, data, 1000000);
	bench_run(bench, 10);
}

static void a_backlog_goes_with_its_connection(void **state)
{
	static struct service_tcp tcp;
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(1000000);
	open_echo(&bench, &tcp);
	for (int i = 0; i < 3; i++) {
		send_deaf(&client, &bench, data);
		assert_in_range(tcp.connections.backlog_pool.taken, 1, BACKLOG_PARTS_MAX);
		client_close(&client);
		bench_run(&bench, 10);
		assert_int_equal(tcp.connections.backlog_pool.taken, 0);
		assert_int_equal(tcp.connections.slab.taken, 0);
	}
	close_echo(&bench, &tcp);
	free(data);
}

/* Those who read nothing can't take all memory: beyond the free chunks it is one a connection,
 * and who reads is served as ever. */
static void backlogs_have_a_bound(void **state)
{
	static struct service_tcp tcp;
	static void *chunks[FREE_CHUNKS];
	struct bench bench;
	struct bench_client clients[4];
	uint8_t *data = bench_bytes(1000000);
	open_echo(&bench, &tcp);
	for (size_t i = 0; i < FREE_CHUNKS; i++)
		chunks[i] = slab_take(&tcp.connections.backlog_pool);
	for (size_t i = 0; i < 3; i++) {
		send_deaf(&clients[i], &bench, data);
		assert_in_range(tcp.connections.backlog_pool.taken, FREE_CHUNKS,
				FREE_CHUNKS + i + 1);
	}
	client_open(&clients[3], &bench, PORT);
	client_send(&clients[3], data, 1000000);
	bench_run(&bench, 10);
	client_assert_got(&clients[3], data, 1000000);
	client_listen(&clients[0]);
	bench_run(&bench, 10);
	client_assert_got(&clients[0], data, 1000000);
	for (size_t i = 0; i < 4; i++)
		client_close(&clients[i]);
	bench_run(&bench, 10);
	for (size_t i = 0; i < FREE_CHUNKS; i++)
		slab_put(&tcp.connections.backlog_pool, chunks[i]);
	assert_int_equal(tcp.connections.backlog_pool.taken, 0);
	close_echo(&bench, &tcp);
	free(data);
}

static void nothing_is_allocated_in_steady_state(void **state)
{
	static struct service_tcp tcp;
	struct bench bench;
	struct bench_client client;
	const struct slab_chunk *connections = NULL;
	const struct slab_chunk *backlogs = NULL;
	uint8_t *data = bench_bytes(1000000);
	open_echo(&bench, &tcp);
	for (int i = 0; i < 100; i++) {
		send_deaf(&client, &bench, data);
		client_listen(&client);
		bench_run(&bench, 10);
		client_assert_got(&client, data, 1000000);
		client_close(&client);
		bench_run(&bench, 10);
		if (i == 0) {
			connections = tcp.connections.slab.chunks;
			backlogs = tcp.connections.backlog_pool.chunks;
		}
		assert_ptr_equal(tcp.connections.slab.chunks, connections);
		assert_ptr_equal(tcp.connections.backlog_pool.chunks, backlogs);
	}
	assert_non_null(backlogs);
	close_echo(&bench, &tcp);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backlog_goes_with_its_connection),
		cmocka_unit_test(backlogs_have_a_bound),
		cmocka_unit_test(nothing_is_allocated_in_steady_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
