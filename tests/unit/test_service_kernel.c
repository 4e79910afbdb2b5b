/* The services in threads, over the kernel's transports on the loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/engine.h"
#include "engine/service.h"
#include "sys/fd.h"

#define CLIENTS 50

static struct plan plan_for(uint16_t tcp_port, uint16_t udp_port)
{
	struct plan plan = {
		.serve.name = "web-3-7d9f",
		.serve.listen_count = 2,
		.serve.drain_ns = 5 * NS_PER_S,
		.workers = 2,
		.socket_options.has_no_delay = true,
		.stream = &stream_tcp,
		.datagram = &datagram_udp,
	};
	struct endpoint local = { .address = { 127, 0, 0, 1 }, .family = AF_INET };
	plan.serve.listen[0] = (struct plan_listen){ SERVICE_TRAFFIC, TRANSPORT_TCP, local };
	plan.serve.listen[0].local.port = tcp_port;
	plan.serve.listen[1] = (struct plan_listen){ SERVICE_TRAFFIC, TRANSPORT_UDP, local };
	plan.serve.listen[1].local.port = udp_port;
	return plan;
}

static struct engine *open_engine(const struct plan *plan)
{
	struct engine *engine = NULL;
	struct error error = { "" };
	if (engine_new(plan, &error, &engine) < 0)
		fail_msg("%s", error.text);
	return engine;
}

static void assert_taken(uint16_t tcp_port, uint16_t udp_port, const char *beginning)
{
	struct plan plan = plan_for(tcp_port, udp_port);
	struct engine *engine = NULL;
	struct error error = { "" };
	assert_int_equal(engine_new(&plan, &error, &engine), -EADDRINUSE);
	assert_memory_equal(error.text, beginning, strlen(beginning));
}

/* SO_REUSEPORT alone would let a second server of the same user have half of the connections. */
static void a_port_is_not_shared_with_another_server(void **state)
{
	char sentence[100];
	struct plan plan = plan_for(0, 0);
	struct engine *engine = open_engine(&plan);
	uint16_t tcp_port = engine_port(engine, 0);
	uint16_t udp_port = engine_port(engine, 1);
	(void)snprintf(sentence, sizeof(sentence),
		       "cannot listen on traffic://127.0.0.1:%u: address in use", tcp_port);
	assert_taken(tcp_port, 0, sentence);
	(void)snprintf(sentence, sizeof(sentence),
		       "cannot listen on traffic+udp://127.0.0.1:%u: address in use", udp_port);
	assert_taken(0, udp_port, sentence);
	engine_free(engine);
	plan = plan_for(tcp_port, udp_port);
	engine_free(open_engine(&plan));
}

static void an_address_of_others_is_told(void **state)
{
	struct plan plan = plan_for(0, 0);
	struct engine *engine = NULL;
	struct error error = { "" };
	plan.serve.listen[0].local.address[0] = 192; /* 192.0.0.1 is nobody's */
	assert_int_equal(engine_new(&plan, &error, &engine), -EADDRNOTAVAIL);
	assert_string_equal(error.text, "cannot listen on traffic://192.0.0.1:0: no such address "
					"on this host (see ip addr)");
}

static void connect_socket(int fd, uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static int connect_to(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	connect_socket(fd, port);
	return fd;
}

/* The one descriptor that is free again is taken at once. */
static int socket_instead_of(int fd)
{
	(void)fd_close(fd);
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void converse(int fd)
{
	char sent[1000];
	char got[1000];
	memset(sent, 'x', sizeof(sent));
	assert_int_equal(send(fd, sent, sizeof(sent), MSG_NOSIGNAL), sizeof(sent));
	assert_int_equal(recv(fd, got, sizeof(got), MSG_WAITALL), sizeof(got));
	assert_memory_equal(got, "web-3-7d9f", 11);
	assert_memory_equal(got + 11, sent, sizeof(sent) - 11);
}

static void assert_end(int fd)
{
	struct pollfd any = { .fd = fd, .events = POLLIN };
	char byte;
	assert_int_equal(poll(&any, 1, 4000), 1);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static struct service_totals totals_of(const struct engine *engine)
{
	struct service_totals sum = { 0 };
	for (unsigned i = 0; i < engine_workers(engine); i++) {
		struct service_totals totals = engine_worker(engine, i)->service;
		sum.drained += totals.drained;
		sum.cut_off += totals.cut_off;
		sum.turned_away += totals.turned_away;
		sum.connections_now += totals.connections_now;
	}
	return sum;
}

static void ignore(void *context)
{
	(void)context;
}

/* 50 served and drained; the limit counts those of both workers. */
static void all_are_served_and_let_go(void **state)
{
	struct plan plan = plan_for(0, 0);
	struct error error = { "" };
	int clients[CLIENTS];
	plan.serve.connections_max = CLIENTS;
	struct engine *engine = open_engine(&plan);
	assert_int_equal(engine_start(engine, NULL, ignore, NULL, &error), 0);
	engine_begin(engine, 1);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = connect_to(engine_port(engine, 0));
		converse(clients[i]);
	}
	owned_fd int beyond = connect_to(engine_port(engine, 0));
	assert_end(beyond);
	engine_end(engine);
	for (int i = 0; i < CLIENTS; i++) {
		assert_end(clients[i]);
		clients[i] = fd_close(clients[i]);
	}
	engine_join(engine);
	struct service_totals totals = totals_of(engine);
	assert_int_equal(totals.drained, CLIENTS);
	assert_int_equal(totals.cut_off, 0);
	assert_int_equal(totals.turned_away, 1);
	assert_int_equal(totals.connections_now, 0);
	engine_free(engine);
}

#define HELD_MAX 65536

static void without_a_descriptor_a_client_is_told_at_once(void **state)
{
	static int held[HELD_MAX];
	struct plan plan = plan_for(0, 0);
	struct error error = { "" };
	struct rlimit limit;
	int count = 0;
	plan.workers = 1;
	plan.serve.connections_max = CLIENTS;
	struct engine *engine = open_engine(&plan);
	assert_int_equal(engine_start(engine, NULL, ignore, NULL, &error), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	struct rlimit low = { .rlim_cur = limit.rlim_cur < 256 ? limit.rlim_cur : 256,
			      .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	owned_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (count < HELD_MAX && (held[count] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0)
		count++;
	for (int i = 0; i < 2; i++) {
		if (i > 0)
			fd = socket_instead_of(fd);
		connect_socket(fd, engine_port(engine, 0));
		assert_end(fd);
	}
	while (count > 0)
		(void)fd_close(held[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	engine_abort(engine);
	engine_join(engine);
	assert_int_equal(totals_of(engine).turned_away, 2);
	engine_free(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_not_shared_with_another_server),
		cmocka_unit_test(an_address_of_others_is_told),
		cmocka_unit_test(all_are_served_and_let_go),
		cmocka_unit_test(without_a_descriptor_a_client_is_told_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
