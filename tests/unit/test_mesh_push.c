/* What a mesh sends elsewhere, over loopback: that it arrives, and that a dead sink costs nothing
 * but what was to be sent. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "run/mesh_push.h"
#include "support/sample_mesh.h"

struct bench {
	struct loop *loop;
	struct sample_mesh *sample;
	struct push_options options;
	struct push_plan plan;
	struct mesh_push *push;
	unsigned looks;
	unsigned releases;
	bool has_none;
	char told[1024];
};

static const struct mesh_state *look(void *context)
{
	struct bench *bench = context;
	if (bench->has_none)
		return NULL;
	bench->looks++;
	return &bench->sample->state;
}

static void release(void *context)
{
	struct bench *bench = context;
	bench->releases++;
}

static void tell(void *context, const char *line)
{
	struct bench *bench = context;
	size_t used = strlen(bench->told);
	(void)snprintf(bench->told + used, sizeof(bench->told) - used, "%s\n", line);
}

static void open_bench(struct bench *bench, const char *statsd, const char *otlp)
{
	struct error error = { "" };
	*bench = (struct bench){ .options = { .statsd = statsd,
					      .statsd_namespace = "conntest",
					      .otlp = otlp,
					      .otlp_interval_ns = 10 * NS_PER_S } };
	bench->sample = sample_mesh_a4();
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &bench->loop), 0);
	if (push_plan_parse(&bench->options, &error, &bench->plan) < 0)
		fail_msg("%s", error.text);
	const struct mesh_push_setup setup = {
		.loop = bench->loop,
		.plan = &bench->plan,
		.worst = 1,
		.look = look,
		.release = release,
		.tell = tell,
		.context = bench,
	};
	if (mesh_push_new(&setup, &error, &bench->push) < 0)
		fail_msg("%s", error.text);
}

static void close_bench(struct bench *bench)
{
	assert_int_equal(bench->looks, bench->releases);
	mesh_push_free(bench->push);
	loop_free(bench->loop);
	sample_mesh_free(bench->sample);
}

/* Bound to loopback; `place` is HOST:PORT. */
static int open_socket(int type, char place[64])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	(void)snprintf(place, 64, "127.0.0.1:%u", ntohs(address.sin_port));
	return fd;
}

static void nothing_asked_for_is_nothing(void **state)
{
	struct bench bench;
	open_bench(&bench, NULL, NULL);
	assert_null(bench.push);
	mesh_push_start(bench.push);
	mesh_push_stop(bench.push);
	mesh_push_cut(bench.push);
	close_bench(&bench);
}

static void statsd_arrives(void **state)
{
	struct bench bench;
	char place[64], text[1024];
	int fd = open_socket(SOCK_DGRAM, place);
	open_bench(&bench, place, NULL);
	mesh_push_start(bench.push);
	for (int i = 0; i < 100 && bench.looks == 0; i++)
		assert_int_equal(loop_run(bench.loop, loop_read_clock(bench.loop) + NS_PER_S / 10),
				 0);
	ssize_t size = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(size > 0);
	text[size] = '\0';
	assert_int_equal(strncmp(text, "conntest.mesh.", 14), 0);
	mesh_push_stop(bench.push);
	assert_string_equal(bench.told, "");
	close_bench(&bench);
	(void)close(fd);
}

/* ---- OTLP */

struct receiver {
	int fd;
	size_t size;
	char text[(size_t)256 << 10];
};

static bool is_whole(const struct receiver *receiver)
{
	const char *end = strstr(receiver->text, "\r\n\r\n");
	const char *length = strcasestr(receiver->text, "Content-Length:");
	return end && length &&
	       receiver->size >=
		       (size_t)(end + 4 - receiver->text) + strtoul(length + 15, NULL, 10);
}

static void *receive(void *context)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	struct receiver *receiver = context;
	int fd = accept(receiver->fd, NULL, NULL);
	while (!is_whole(receiver)) {
		ssize_t size = recv(fd, receiver->text + receiver->size,
				    sizeof(receiver->text) - 1 - receiver->size, 0);
		if (size <= 0)
			break;
		receiver->size += (size_t)size;
	}
	(void)send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
	(void)close(fd);
	return NULL;
}

static void the_last_otlp_arrives(void **state)
{
	struct receiver *receiver = calloc(1, sizeof(*receiver));
	struct bench bench;
	pthread_t thread;
	char place[64], url[96];
	assert_non_null(receiver);
	receiver->fd = open_socket(SOCK_STREAM, place);
	assert_int_equal(listen(receiver->fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, receive, receiver), 0);
	(void)snprintf(url, sizeof(url), "http://%s", place);
	open_bench(&bench, NULL, url);
	mesh_push_start(bench.push);
	mesh_push_stop(bench.push);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(bench.told, "");
	assert_int_equal(bench.looks, 1);
	assert_int_equal(strncmp(receiver->text, "POST /v1/metrics HTTP/1.1\r\n", 27), 0);
	assert_non_null(strstr(receiver->text, "\"conntest.pair_probes_sent\""));
	close_bench(&bench);
	(void)close(receiver->fd);
	free(receiver);
}

static void a_dead_receiver_is_told_and_counted(void **state)
{
	struct bench bench;
	char place[64], url[96];
	int fd = open_socket(SOCK_STREAM, place); /* and nobody listens */
	(void)snprintf(url, sizeof(url), "http://%s", place);
	open_bench(&bench, NULL, url);
	mesh_push_start(bench.push);
	mesh_push_stop(bench.push);
	assert_non_null(strstr(bench.told, "refused"));
	assert_non_null(strstr(bench.told, "1 of 1 request dropped"));
	uint64_t pushes = 0, dropped = 0;
	mesh_push_count(bench.push, &pushes, &dropped);
	assert_int_equal(pushes, 1);
	assert_int_equal(dropped, 1);
	close_bench(&bench);
	(void)close(fd);
}

static void before_there_is_a_state_nothing_is_sent(void **state)
{
	struct bench bench;
	char place[64], url[96];
	int fd = open_socket(SOCK_STREAM, place);
	(void)snprintf(url, sizeof(url), "http://%s", place);
	open_bench(&bench, NULL, url);
	bench.has_none = true;
	mesh_push_start(bench.push);
	mesh_push_stop(bench.push);
	assert_string_equal(bench.told, "");
	close_bench(&bench);
	(void)close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_for_is_nothing),
		cmocka_unit_test(statsd_arrives),
		cmocka_unit_test(the_last_otlp_arrives),
		cmocka_unit_test(a_dead_receiver_is_told_and_counted),
		cmocka_unit_test(before_there_is_a_state_nothing_is_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
