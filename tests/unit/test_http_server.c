/* The HTTP server over the memory network: answers however the bytes come and go, and its limits.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "net/http_server.h"
#include "support/service_bench.h"

#define PORT 9090

#define HOST        "Host: host\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"

/* ---- a server */

#define LARGE_BYTES 100000

static void answer_hello(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	unsigned *asked = context;
	const char *accept = http_server_field(request, "accept");

	++*asked;
	buffer_append_format(&response->body, "%s %s ?%s %s", request->method, request->path,
			     request->query, accept ? accept : "-");
}

static void answer_large(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	buffer_append_repeated(&response->body, 'z', LARGE_BYTES);
	response->content_type = "text/x";
	response->fields = "Vary: Accept\r\n";
}

static void answer_too_large(void *context, const struct http_server_request *request,
			     struct http_server_response *response)
{
	buffer_append_repeated(&response->body, 'x', HTTP_SERVER_RESPONSE_BYTES_MAX);
	buffer_append_text(&response->body, "x");
}

static void answer_body(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	response->status = 202;
	buffer_append_format(&response->body, "%zu:%.20s", request->body_size, request->body);
}

static const struct http_server_route routes[] = {
	{ "GET", "/hello", answer_hello },         { "GET", "/large", answer_large },
	{ "GET", "/too-large", answer_too_large }, { "POST", "/both", answer_body },
	{ "GET", "/both", answer_hello },
};

static const struct memory_options networks[] = {
	{ 0 },
	{ .chunk_max_bytes = 1, .delay_ns = 1000 },
	{ .chunk_max_bytes = 7, .buffer_bytes = 100 },
	{ .buffer_bytes = 5000, .delay_ns = 100000 },
};

struct place {
	struct bench bench;
	struct http_server *server;
	unsigned asked;
};

static void open_place(struct place *place, const struct memory_options *options)
{
	*place = (struct place){ 0 };
	bench_init(&place->bench, options);
	bench_start_bare(&place->bench);
	struct http_server_options server = {
		.transport = &stream_memory,
		.listen = { .local = bench_endpoint("127.0.0.1"), .network = place->bench.network },
		.routes = routes,
		.route_count = array_size(routes),
		.context = &place->asked,
	};
	server.listen.local.port = PORT;
	assert_int_equal(http_server_open(place->bench.loop, &server, &place->server), 0);
	assert_int_equal(http_server_local(place->server)->port, PORT);
}

static void close_place(struct place *place)
{
	http_server_close(place->server);
	bench_run(&place->bench, 1000);
	bench_free(&place->bench);
}

static void say(struct bench_client *client, const char *text, uint64_t ms)
{
	client_send(client, text, strlen(text));
	bench_run(client->bench, ms);
}

static bool has(const struct bench_client *client, const char *text)
{
	return strstr(buffer_text(&client->got), text) != NULL;
}

static unsigned count(const struct bench_client *client, const char *text)
{
	unsigned found = 0;
	for (const char *at = buffer_text(&client->got); (at = strstr(at, text)) != NULL; at++)
		found++;
	return found;
}

/* Bytes of the large answer. */
static unsigned count_z(const struct bench_client *client)
{
	unsigned found = 0;
	for (size_t i = 0; i < client->got.size; i++)
		found += client->got.data[i] == 'z';
	return found;
}

/* On every network: each of `wanted` is in what came; `ends`: the server ended the connection. */
static void check(const char *said, const char *const wanted[], bool ends)
{
	for (size_t i = 0; i < array_size(networks); i++) {
		struct place place;
		struct bench_client client;
		open_place(&place, &networks[i]);
		client_open(&client, &place.bench, PORT);
		say(&client, said, 5000);
		for (size_t k = 0; wanted[k] != NULL; k++)
			if (!has(&client, wanted[k]))
				fail_msg("\"%s\" is not in \"%.300s\"", wanted[k],
					 buffer_text(&client.got));
		assert_int_equal(client.has_end, ends);
		assert_int_equal(client.error, 0);
		client_close(&client);
		close_place(&place);
	}
}

#define CHECK(said, ends, ...) check(said, (const char *const[]){ __VA_ARGS__, NULL }, ends)

/* ---- answers */

static void it_answers(void **state)
{
	CHECK(GET("/hello"), false, "HTTP/1.1 200 OK\r\nServer: conntest\r\nDate: ",
	      "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 14\r\n\r\nGET /hello ? -");
	CHECK(GET("/hello?a=b"), false, "GET /hello ?a=b -");
	CHECK(GET("http://host:1/hello?"), false, "GET /hello ? -");
	CHECK("GET /hello HTTP/1.1\r\n" HOST "ACCEPT:  text/x \r\n\r\n", false,
	      "GET /hello ? text/x");
	CHECK(GET("/large"), false, "Content-Type: text/x\r\nContent-Length: 100000\r\n",
	      "Vary: Accept\r\n", "\r\n\r\nzzz");
}

static void what_it_has_not_is_said(void **state)
{
	CHECK(GET("/"), false, "HTTP/1.1 404 Not Found\r\n", "\r\n\r\n404 Not Found\n");
	CHECK(GET("http://host"), false, "HTTP/1.1 404 ");
	CHECK("POST /hello HTTP/1.1\r\n" HOST "\r\n", false, "HTTP/1.1 405 ",
	      "\r\nAllow: GET, HEAD\r\n");
	CHECK("PUT /both HTTP/1.1\r\n" HOST "\r\n", false, "\r\nAllow: POST, GET, HEAD\r\n");
	CHECK("GET /hello HTTP/1.1\r\n\r\n", true, "HTTP/1.1 400 ", "Connection: close\r\n",
	      "the client sent no Host");
	CHECK("\x16\x03\x01", true, "HTTP/1.1 400 ", "the client speaks TLS, not plain HTTP");
	CHECK("GET / HTTP/3.0\r\n", true, "HTTP/1.1 505 ");
	CHECK("POST /both HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", true,
	      "HTTP/1.1 413 ");
	CHECK("POST /both HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
	      true, "HTTP/1.1 417 ");
}

static void bodies_reach_the_route(void **state)
{
	CHECK("POST /both HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", false,
	      "HTTP/1.1 202 Accepted\r\n", "\r\n\r\n5:hello");
	CHECK("POST /both HTTP/1.1\r\n" HOST
	      "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
	      false, "\r\n\r\n5:hello");
	CHECK("POST /both HTTP/1.1\r\n" HOST "\r\n", false, "\r\n\r\n0:");
}

static void too_much_is_told(void **state)
{
	static const struct {
		const char *before;
		char filling;
		size_t size;
		const char *wanted;
	} cases[] = {
		{ "GET /hello HTTP/1.1\r\nX: ", 'x', 9000, "HTTP/1.1 431 " },
		{ "GET /", 'x', 9000, "HTTP/1.1 431 " },
		{ "POST /both HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n10001\r\n", 'x',
		  0x10001, "HTTP/1.1 413 " },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct buffer said cleanup(buffer_deinit);
		buffer_init(&said, 1 << 20);
		buffer_append_text(&said, cases[i].before);
		buffer_append_repeated(&said, cases[i].filling, cases[i].size);
		CHECK(buffer_text(&said), true, cases[i].wanted);
	}
	CHECK(GET("/too-large"), false, "HTTP/1.1 500 ", "\r\n\r\n500 Internal Server Error\n");
}

static void a_head_of_eight_kilobytes_is_read(void **state)
{
	struct buffer said cleanup(buffer_deinit);
	buffer_init(&said, 1 << 20);
	buffer_append_text(&said, "GET /hello HTTP/1.1\r\n" HOST "X: ");
	buffer_append_repeated(&said, 'x', HTTP_SERVER_HEAD_BYTES_MAX - said.size - 4);
	buffer_append_text(&said, "\r\n\r\n");
	assert_int_equal(said.size, HTTP_SERVER_HEAD_BYTES_MAX);
	CHECK(buffer_text(&said), false, "HTTP/1.1 200 OK\r\n");
}

/* ---- connections */

static void connections_are_kept(void **state)
{
	CHECK("GET /hello HTTP/1.0\r\n\r\n", true, "\r\nConnection: close\r\n");
	CHECK("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false,
	      "\r\nConnection: keep-alive\r\n");
	CHECK("GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET ", true,
	      "\r\nConnection: close\r\n");
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	for (size_t i = 0; i < array_size(networks); i++) {
		struct place place;
		struct bench_client client;
		open_place(&place, &networks[i]);
		client_open(&client, &place.bench, PORT);
		say(&client, GET("/hello?1") GET("/nothing") GET("/hello?2") GET("/large"), 10000);
		assert_int_equal(count(&client, "HTTP/1.1 "), 4);
		assert_true(strstr(buffer_text(&client.got), "?1") <
			    strstr(buffer_text(&client.got), " 404 "));
		assert_true(strstr(buffer_text(&client.got), " 404 ") <
			    strstr(buffer_text(&client.got), "?2"));
		assert_int_equal(count_z(&client), LARGE_BYTES);
		client_close(&client);
		close_place(&place);
	}
}

static void a_head_has_no_body(void **state)
{
	struct place place;
	struct bench_client client;
	open_place(&place, &networks[0]);
	client_open(&client, &place.bench, PORT);
	say(&client, "HEAD /large HTTP/1.1\r\n" HOST "\r\n" GET("/hello"), 100);
	assert_true(has(&client, "Content-Length: 100000\r\nVary: Accept\r\n\r\nHTTP/1.1 200 OK"));
	client_close(&client);
	close_place(&place);
}

static void who_ends_after_a_request_is_answered(void **state)
{
	for (size_t i = 0; i < array_size(networks); i++) {
		struct place place;
		struct bench_client client;
		open_place(&place, &networks[i]);
		client_open(&client, &place.bench, PORT);
		say(&client, GET("/large"), 0);
		bench_run(&place.bench, 1);
		client_finish(&client);
		bench_run(&place.bench, 5000);
		assert_int_equal(count_z(&client), LARGE_BYTES);
		assert_true(client.has_end);
		client_close(&client);
		close_place(&place);
	}
}

/* ---- bad days */

static void sixteen_scrapers_are_all_answered(void **state)
{
	struct place place;
	struct bench_client clients[16];
	open_place(&place, &networks[3]);
	for (size_t i = 0; i < array_size(clients); i++)
		client_open(&clients[i], &place.bench, PORT);
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < array_size(clients); i++)
			say(&clients[i], GET("/hello"), 0);
		bench_run(&place.bench, 1000);
	}
	assert_int_equal(place.asked, 3 * array_size(clients));
	for (size_t i = 0; i < array_size(clients); i++) {
		assert_int_equal(count(&clients[i], "GET /hello"), 3);
		client_close(&clients[i]);
	}
	close_place(&place);
}

static void who_reads_nothing_is_cut_off_and_holds_up_nobody(void **state)
{
	struct place place;
	struct bench_client stuck, other;
	open_place(&place, &networks[3]);
	client_open(&stuck, &place.bench, PORT);
	stuck.is_deaf = true;
	client_open(&other, &place.bench, PORT);
	say(&stuck, GET("/large"), 9000);
	assert_int_equal(stuck.error, 0);
	say(&other, GET("/hello"), 1);
	assert_true(has(&other, "200 OK"));
	bench_run(&place.bench, 1500);
	assert_int_equal(stuck.error, ECONNRESET);
	say(&other, GET("/hello"), 1);
	assert_int_equal(count(&other, "200 OK"), 2);
	client_close(&stuck);
	client_close(&other);
	close_place(&place);
}

/* It takes longer than any deadline, and something moves all the time. */
static void who_reads_slowly_gets_it_all(void **state)
{
	struct place place;
	struct bench_client slow;
	open_place(&place, &networks[3]);
	client_open(&slow, &place.bench, PORT);
	slow.is_deaf = true;
	say(&slow, GET("/large"), 10);
	for (unsigned i = 0; i < 100 && count_z(&slow) < LARGE_BYTES; i++) {
		char data[2000];
		ssize_t got = stream_receive(&slow.stream, data, sizeof(data));
		if (got > 0)
			buffer_append(&slow.got, data, (size_t)got);
		bench_run(&place.bench, 3000);
	}
	assert_int_equal(count_z(&slow), LARGE_BYTES);
	assert_int_equal(slow.error, 0);
	client_close(&slow);
	close_place(&place);
}

static void a_request_has_ten_seconds(void **state)
{
	struct place place;
	struct bench_client silent, half, body;
	open_place(&place, &networks[0]);
	client_open(&silent, &place.bench, PORT);
	client_open(&half, &place.bench, PORT);
	client_open(&body, &place.bench, PORT);
	say(&half, "GET /hello HTTP/1.1\r\nX: ", 0);
	say(&body, "POST /both HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nx", 9900);
	assert_false(silent.has_end || half.has_end || body.has_end);
	bench_run(&place.bench, 200);
	assert_true(silent.has_end && half.has_end && body.has_end);
	assert_int_equal(silent.got.size, 0);
	assert_true(has(&half, "HTTP/1.1 408 Request Timeout\r\n"));
	assert_true(has(&body, "HTTP/1.1 408 "));
	client_close(&silent);
	client_close(&half);
	client_close(&body);
	close_place(&place);
}

static void an_idle_connection_is_kept_five_minutes(void **state)
{
	struct place place;
	struct bench_client client;
	open_place(&place, &networks[0]);
	client_open(&client, &place.bench, PORT);
	say(&client, GET("/hello"), 299000);
	say(&client, GET("/hello"), 299000);
	assert_int_equal(count(&client, "200 OK"), 2);
	assert_false(client.has_end);
	bench_run(&place.bench, 2000);
	assert_true(client.has_end);
	client_close(&client);
	close_place(&place);
}

/* Idle ones would make room; to these answers are on their way. */
static void one_too_many_is_told(void **state)
{
	struct place place;
	struct bench_client clients[HTTP_SERVER_SERVED_MAX + HTTP_SERVER_REFUSED_MAX + 1];
	size_t last = array_size(clients) - 1;
	open_place(&place, &networks[3]);
	for (size_t i = 0; i <= last; i++) {
		client_open(&clients[i], &place.bench, PORT);
		clients[i].is_deaf = i < HTTP_SERVER_SERVED_MAX;
		say(&clients[i], clients[i].is_deaf ? GET("/large") : "GET /hello ", 1);
	}
	assert_true(clients[last].has_end || clients[last].error);
	for (size_t i = HTTP_SERVER_SERVED_MAX; i < last; i++) {
		say(&clients[i], "HTTP/1.1\r\n" HOST "\r\n", 1);
		assert_true(has(&clients[i], "503 Service Unavailable"));
		assert_true(clients[i].has_end);
	}
	assert_int_equal(place.asked, 0);
	client_close(&clients[0]);
	client_close(&clients[last]);
	bench_run(&place.bench, 1500);
	client_open(&clients[0], &place.bench, PORT);
	say(&clients[0], GET("/hello"), 1);
	assert_true(has(&clients[0], "200 OK"));
	for (size_t i = 0; i < last; i++)
		client_close(&clients[i]);
	close_place(&place);
}

/* It has its turn beside others, and no request is lost. */
static void a_flood_of_requests_is_answered(void **state)
{
	struct place place;
	struct bench_client flood, other;
	struct buffer said cleanup(buffer_deinit);
	buffer_init(&said, 1 << 20);
	for (unsigned i = 0; i < 1000; i++)
		buffer_append_text(&said, GET("/hello"));
	open_place(&place, &networks[0]);
	client_open(&flood, &place.bench, PORT);
	client_open(&other, &place.bench, PORT);
	client_send(&flood, said.data, said.size);
	say(&other, GET("/hello"), 100);
	assert_int_equal(count(&other, "200 OK"), 1);
	assert_int_equal(count(&flood, "200 OK"), 1000);
	client_close(&flood);
	client_close(&other);
	close_place(&place);
}

/* Whatever is under way: nothing is left behind (the sanitizers see it). */
static void it_closes_at_any_moment(void **state)
{
	for (unsigned ms = 0; ms < 60; ms++) {
		struct place place;
		struct bench_client client;
		open_place(&place, &networks[1]);
		client_open(&client, &place.bench, PORT);
		client_send(&client, GET("/hello") "POST /both HTTP/1.1\r\n",
			    strlen(GET("/hello")) + 21);
		assert_int_equal(loop_run(place.bench.loop,
					  loop_now(place.bench.loop) + ms * 20 * NS_PER_US),
				 0);
		http_server_close(place.server);
		place.server = NULL;
		client_close(&client);
		close_place(&place);
	}
}

static void a_taken_port_is_an_error(void **state)
{
	struct place place;
	struct http_server *second = NULL;
	open_place(&place, &networks[0]);
	struct http_server_options server = {
		.transport = &stream_memory,
		.listen = { .local = *http_server_local(place.server),
			    .network = place.bench.network },
	};
	assert_int_equal(http_server_open(place.bench.loop, &server, &second), -EADDRINUSE);
	http_server_close(second);
	close_place(&place);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_answers),
		cmocka_unit_test(what_it_has_not_is_said),
		cmocka_unit_test(bodies_reach_the_route),
		cmocka_unit_test(too_much_is_told),
		cmocka_unit_test(a_head_of_eight_kilobytes_is_read),
		cmocka_unit_test(connections_are_kept),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(a_head_has_no_body),
		cmocka_unit_test(who_ends_after_a_request_is_answered),
		cmocka_unit_test(sixteen_scrapers_are_all_answered),
		cmocka_unit_test(who_reads_nothing_is_cut_off_and_holds_up_nobody),
		cmocka_unit_test(who_reads_slowly_gets_it_all),
		cmocka_unit_test(a_request_has_ten_seconds),
		cmocka_unit_test(an_idle_connection_is_kept_five_minutes),
		cmocka_unit_test(one_too_many_is_told),
		cmocka_unit_test(a_flood_of_requests_is_answered),
		cmocka_unit_test(it_closes_at_any_moment),
		cmocka_unit_test(a_taken_port_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
