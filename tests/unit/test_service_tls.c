/* The services over TLS, in the memory network and simulated time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/tls.h"
#include "support/certificate.h"
#include "support/service_bench.h"

#define PORT 5003

static struct tls_server *server;
static struct tls_client *trusting;

static const struct memory_options networks[] = {
	{ .delay_ns = NS_PER_MS },
	{ .delay_ns = NS_PER_MS, .chunk_max_bytes = 1 },
	{ .delay_ns = NS_PER_MS, .chunk_max_bytes = 700, .buffer_bytes = 5000 },
	{ .delay_ns = NS_PER_MS, .jitter_ns = NS_PER_MS, .loss = 0.01, .seed = 3 },
};

static void open_service(struct bench *bench, const struct memory_options *network,
			 enum service service)
{
	bench_init(bench, network);
	bench_listen(bench, service, TRANSPORT_TLS, PORT);
	bench->plan.serve.tls = server;
	bench_start(bench);
}

static void open_client(struct bench_client *client, struct bench *bench)
{
	client_open_tls(client, bench, PORT, trusting);
	bench_run(bench, 20000);
	assert_true(client->is_connected);
}

static void echo_returns_every_byte(void **state)
{
	for (size_t i = 0; i < array_size(networks); i++) {
		struct bench bench;
		struct bench_client client;
		uint8_t *data = bench_bytes(60000);
		open_service(&bench, &networks[i], SERVICE_ECHO);
		open_client(&client, &bench);
		client_send(&client, data, 60000);
		bench_run(&bench, 1000000);
		client_assert_got(&client, data, 60000);
		client_finish(&client);
		bench_run(&bench, 1000);
		assert_true(client.has_end);
		assert_int_equal(client.error, 0);
		client_close(&client);
		bench_run(&bench, 1000);
		bench_assert_settled(&bench);
		assert_int_equal(bench_counters(&bench)->connections, 0);
		bench_free(&bench);
		free(data);
	}
}

/* It is written behind the last answer, and the connection closed with it. */
static void discard_answers_the_end(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(100000);
	open_service(&bench, &networks[2], SERVICE_DISCARD);
	open_client(&client, &bench);
	client_send(&client, data, 100000);
	bench_run(&bench, 100000);
	client_finish(&client);
	bench_run(&bench, 1000);
	buffer_append(&client.got, "", 1);
	assert_non_null(strstr(client.got.data, "100000"));
	assert_true(client.has_end);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

/* It speaks first, before the handshake is done. */
static void source_sends(void **state)
{
	struct bench bench;
	struct bench_client client;
	open_service(&bench, &networks[0], SERVICE_SOURCE);
	open_client(&client, &bench);
	client.is_deaf = true;
	bench_run(&bench, 1000);
	assert_true(client.got.size > 100000);
	client_close(&client);
	bench_free(&bench);
}

static void draining_says_goodbye(void **state)
{
	struct bench bench;
	struct bench_client client;
	struct tls_figures figures;
	uint8_t *data = bench_bytes(2000);
	open_service(&bench, &networks[0], SERVICE_ECHO);
	open_client(&client, &bench);
	client_send(&client, data, 2000);
	bench_run(&bench, 100);
	bench_end(&bench);
	bench_run(&bench, 100);
	assert_true(client.has_end);
	client_assert_got(&client, data, 2000);
	client_close(&client);
	bench_run(&bench, 1000);
	assert_true(bench_is_done(&bench));
	tls_client_describe(trusting, &figures);
	assert_int_equal(figures.cut_short, 0);
	bench_free(&bench);
	free(data);
}

/* A client that says nothing does not keep its place for ever; the error is the server's. */
static void silent_clients_are_let_go(void **state)
{
	struct bench bench;
	struct bench_client client;
	open_service(&bench, &networks[0], SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	bench_run(&bench, 9000);
	assert_int_equal(bench_counters(&bench)->connections, 1);
	bench_run(&bench, 2000);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	assert_int_equal(bench_errors(&bench, OUTCOME_TIMED_OUT), 1);
	client_close(&client);
	bench_free(&bench);
}

static void plain_clients_break_the_protocol(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(2000);
	open_service(&bench, &networks[0], SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	client_send(&client, data, 2000);
	bench_run(&bench, 1000);
	assert_int_equal(bench_errors(&bench, OUTCOME_PROTOCOL), 1);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

static int make_certificates(void **state)
{
	certificate_make(&(struct certificate){ "ca", NULL, NULL, -1, 10 });
	certificate_make(&(struct certificate){ "web", "IP:127.0.0.1", "ca", -1, 10 });
	server = certificate_server("web");
	trusting = certificate_client("ca");
	return 0;
}

static int remove_certificates(void **state)
{
	tls_server_free(server);
	tls_client_free(trusting);
	certificates_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_returns_every_byte),
		cmocka_unit_test(discard_answers_the_end),
		cmocka_unit_test(source_sends),
		cmocka_unit_test(draining_says_goodbye),
		cmocka_unit_test(silent_clients_are_let_go),
		cmocka_unit_test(plain_clients_break_the_protocol),
	};
	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
