/* The client against a scripted server over the in-memory network. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/http_client.h"
#include "net/memory.h"

#define START_NS UINT64_C(1000000000)
#define PORT     4318
#define ADDRESS  "192.0.2.1"
#define BODY_MAX 1000

/* What the server does with each connection. */
struct script {
	const char *answer; /* NULL: it reads and never answers */
	size_t after;       /* answers when so many bytes have come */
	enum { STAYS, ENDS, RESETS, NEVER_READS } then;
};

struct server {
	struct listener listener;
	const struct script *script;
	struct stream streams[8];
	unsigned accepted;
	struct buffer got;
	bool has_answered;
};

struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct server server;
	struct http_client *client;
	unsigned told;
	int code;
	uint16_t status;
	char sentence[128];
	struct buffer body;
	const struct http1_request *again; /* asked from within `done`, once */
};

static struct bench bench;

static void answer(struct stream *stream)
{
	const struct script *script = bench.server.script;
	if (bench.server.has_answered || bench.server.got.size < script->after || !script->answer)
		return;
	bench.server.has_answered = true;
	struct iovec part = { (void *)script->answer, strlen(script->answer) };
	if (part.iov_len > 0)
		assert_int_equal(stream_send(stream, &part, 1), part.iov_len);
	if (script->then == RESETS)
		stream_reset(stream);
	else if (script->then == ENDS)
		assert_int_equal(stream_finish(stream), 0);
}

static void on_ready(struct stream *stream, unsigned events)
{
	char bytes[700];
	ssize_t got = 1;
	(void)events;
	while (bench.server.script->then != NEVER_READS && got > 0) {
		got = stream_receive(stream, bytes, sizeof(bytes));
		if (got > 0)
			buffer_append(&bench.server.got, bytes, (size_t)got);
	}
	if (got == 0 || (got < 0 && got != -EAGAIN))
		stream_close(stream);
	else
		answer(stream);
}

static void on_arrived(struct listener *listener)
{
	struct server *server = &bench.server;
	while (server->accepted < 8 &&
	       listener_accept(listener, &server->streams[server->accepted], on_ready) == 0) {
		server->has_answered = false;
		buffer_clear(&server->got);
		server->accepted++;
	}
}

static const struct http1_request get = { .method = "GET", .authority = "test" };

static void on_done(void *context, const struct http_client_answer *result)
{
	assert_ptr_equal(context, &bench);
	assert_false(http_client_is_busy(bench.client));
	bench.told++;
	bench.code = result->code;
	bench.status = result->status;
	(void)snprintf(bench.sentence, sizeof(bench.sentence), "%s", result->sentence);
	buffer_clear(&bench.body);
	buffer_append(&bench.body, result->body, result->size);
	if (bench.again)
		assert_int_equal(http_client_ask(bench.client, bench.again, NULL, 0,
						 loop_now(bench.loop) + NS_PER_S),
				 0);
	bench.again = NULL;
}

static struct endpoint place(void)
{
	struct endpoint endpoint;
	assert_int_equal(endpoint_parse(ADDRESS, PORT, &endpoint), 0);
	return endpoint;
}

static void open_bench(const struct memory_options *options, const struct script *script)
{
	bench = (struct bench){ .server.script = script };
	buffer_init(&bench.server.got, 1 << 20);
	buffer_init(&bench.body, 1 << 20);
	assert_int_equal(loop_new(&(struct loop_options){ .is_simulated = true,
							  .simulated_start_ns = START_NS },
				  &bench.loop),
			 0);
	assert_int_equal(memory_network_new(bench.loop, options, &bench.network), 0);
	if (script)
		assert_int_equal(listener_open(&bench.server.listener, &stream_memory, bench.loop,
					       &(struct listen_options){ .local = place(),
									 .network = bench.network },
					       on_arrived),
				 0);
	assert_int_equal(http_client_new(&(struct http_client_setup){ .loop = bench.loop,
								      .transport = &stream_memory,
								      .network = bench.network,
								      .host = ADDRESS,
								      .port = PORT,
								      .body_max = BODY_MAX,
								      .done = on_done,
								      .context = &bench },
					 &bench.client),
			 0);
}

static void close_bench(void)
{
	http_client_free(bench.client);
	listener_close(&bench.server.listener);
	for (unsigned i = 0; i < bench.server.accepted; i++)
		stream_close(&bench.server.streams[i]);
	memory_network_free(bench.network);
	loop_free(bench.loop);
	buffer_deinit(&bench.server.got);
	buffer_deinit(&bench.body);
}

static void ask(const struct http1_request *request, const char *body)
{
	assert_int_equal(http_client_ask(bench.client, request, body, strlen(body),
					 loop_now(bench.loop) + 2 * NS_PER_S),
			 0);
	assert_true(http_client_is_busy(bench.client));
	assert_int_equal(bench.told, 0);
	assert_int_equal(loop_run(bench.loop, loop_now(bench.loop) + 5 * NS_PER_S), 0);
}

static void what_is_asked_is_what_is_written(void **state)
{
	static const struct script script = { "HTTP/1.1 204 No Content\r\n\r\n", 1, STAYS };
	static const char *const headers[] = { "Content-Type: application/json" };
	static const struct http1_request post = { .method = "POST",
						   .path = "/v1/metrics",
						   .authority = "collector:4318",
						   .headers = headers,
						   .header_count = 1 };
	open_bench(&(struct memory_options){ 0 }, &script);
	ask(&post, "{\"a\":1}");
	assert_int_equal(bench.code, 0);
	assert_int_equal(bench.status, 204);
	assert_string_equal(buffer_text(&bench.server.got),
			    "POST /v1/metrics HTTP/1.1\r\nHost: collector:4318\r\n"
			    "User-Agent: conntest/" CONNTEST_VERSION "\r\nAccept: */*\r\n"
			    "Content-Type: application/json\r\nConnection: close\r\n"
			    "Content-Length: 7\r\n\r\n{\"a\":1}");
	close_bench();
}

static char long_answer[BODY_MAX + 200];

static void every_answer_ends_it_once(void **state)
{
	static const struct {
		struct script script;
		int code;
		uint16_t status;
		const char *body;
		const char *sentence;
	} cases[] = {
		/* clang-format off */
		{ { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 1, STAYS }, 0, 200, "{}", "" },
		{ { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1, STAYS }, 0, 200, "abc", "" },
		{ { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx", 1, STAYS }, 0, 503, "x", "" },
		{ { "HTTP/1.0 200 OK\r\n\r\nto the end", 1, ENDS }, 0, 200, "to the end", "" },
		{ { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 1, ENDS }, -EPROTO, 200, "short", NULL },
		{ { "", 1, ENDS }, -ECONNRESET, 0, "", "closed without an answer" },
		{ { "SSH-2.0-x\r\n", 1, STAYS }, -EPROTO, 0, "", NULL },
		{ { "HTTP/1.1 200 OK\r\nContent-", 1, RESETS }, -ECONNRESET, 0, "", "reset" },
		{ { NULL, 0, STAYS }, -ETIMEDOUT, 0, "", "no answer in time" },
		{ { long_answer, 1, STAYS }, -EFBIG, 200, NULL, "its answer is too long" },
		/* clang-format on */
	};
	static const struct memory_options networks[] = { { 0 }, { .delay_ns = 10000000 } };
	(void)snprintf(long_answer, sizeof(long_answer),
		       "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n%0*d", BODY_MAX + 1, 0);
	for (size_t k = 0; k < 2 * array_size(cases); k++) {
		size_t i = k / 2;
		open_bench(&networks[k % 2], &cases[i].script);
		ask(&get, "");
		assert_int_equal(bench.told, 1);
		assert_int_equal(bench.code, cases[i].code);
		assert_int_equal(bench.status, cases[i].status);
		if (cases[i].body)
			assert_string_equal(buffer_text(&bench.body), cases[i].body);
		if (cases[i].sentence)
			assert_string_equal(bench.sentence, cases[i].sentence);
		else
			assert_true(bench.sentence[0] != '\0');
		close_bench();
	}
}

/* A body larger than any buffer, in single bytes over a slow network. */
static void a_long_request_gets_there(void **state)
{
	static struct script script = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, STAYS };
	size_t size = 500000;
	char *body = malloc(size + 1);
	assert_non_null(body);
	memset(body, 'x', size);
	body[size] = '\0';
	script.after = size + 100;
	open_bench(&(struct memory_options){ .delay_ns = 1000000, .buffer_bytes = 5000 }, &script);
	ask(&get, body);
	assert_int_equal(bench.code, 0);
	assert_int_equal(bench.status, 200);
	assert_string_equal(strstr(buffer_text(&bench.server.got), "\r\n\r\n") + 4, body);
	close_bench();
	free(body);
}

static void one_that_reads_nothing_costs_the_deadline(void **state)
{
	static const struct script script = { .then = NEVER_READS };
	char *body = calloc(1, 100001);
	assert_non_null(body);
	memset(body, 'x', 100000);
	open_bench(&(struct memory_options){ .buffer_bytes = 5000 }, &script);
	ask(&get, body);
	assert_int_equal(bench.told, 1);
	assert_int_equal(bench.code, -ETIMEDOUT);
	close_bench();
	free(body);
}

static void nobody_there_is_told(void **state)
{
	open_bench(&(struct memory_options){ 0 }, NULL);
	ask(&get, "");
	assert_int_equal(bench.told, 1);
	assert_int_equal(bench.code, -ECONNREFUSED);
	assert_string_equal(bench.sentence, "refused");
	close_bench();
}

static void the_next_one_may_be_asked_at_once(void **state)
{
	static const struct script script = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1,
					      STAYS };
	open_bench(&(struct memory_options){ 0 }, &script);
	bench.again = &get;
	ask(&get, "");
	assert_int_equal(bench.told, 2);
	assert_int_equal(bench.server.accepted, 2);
	close_bench();
}

/* Freed while it talks: nothing is told, nothing is left. */
static void it_may_be_freed_at_any_time(void **state)
{
	static const struct script script = { NULL, 0, STAYS };
	for (uint64_t after_ns = 0; after_ns < 50000000; after_ns += 9000000) {
		open_bench(&(struct memory_options){ .delay_ns = 10000000 }, &script);
		assert_int_equal(http_client_ask(bench.client, &get, NULL, 0, START_NS + NS_PER_S),
				 0);
		assert_int_equal(loop_run(bench.loop, START_NS + after_ns), 0);
		http_client_free(bench.client);
		bench.client = NULL;
		assert_int_equal(loop_run(bench.loop, START_NS + 2 * NS_PER_S), 0);
		assert_int_equal(bench.told, 0);
		close_bench();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_is_what_is_written),
		cmocka_unit_test(every_answer_ends_it_once),
		cmocka_unit_test(a_long_request_gets_there),
		cmocka_unit_test(one_that_reads_nothing_costs_the_deadline),
		cmocka_unit_test(nobody_there_is_told),
		cmocka_unit_test(the_next_one_may_be_asked_at_once),
		cmocka_unit_test(it_may_be_freed_at_any_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
