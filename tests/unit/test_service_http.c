/* The service http over the memory network: answers however the bytes come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "proto/http1.h"
#include "support/service_bench.h"

#define PORT 8080
#define NAME "web-3-7d9f"

#define HOST        "Host: web\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"

/* ---- a conversation */

static const struct memory_options networks[] = {
	{ 0 },
	{ .chunk_max_bytes = 1, .delay_ns = 1000 },
	{ .chunk_max_bytes = 7, .buffer_bytes = 100 },
	{ .buffer_bytes = 5000, .delay_ns = 100000 },
};

struct talk {
	struct bench bench;
	struct bench_client client;
};

static void open_talk(struct talk *talk, const struct memory_options *options)
{
	bench_init(&talk->bench, options);
	bench_listen(&talk->bench, SERVICE_HTTP, TRANSPORT_TCP, PORT);
	bench_start(&talk->bench);
	client_open(&talk->client, &talk->bench, PORT);
}

static void say(struct talk *talk, const char *text, uint64_t ms)
{
	client_send(&talk->client, text, strlen(text));
	bench_run(&talk->bench, ms);
}

static void close_talk(struct talk *talk)
{
	client_close(&talk->client);
	bench_run(&talk->bench, 100);
	bench_assert_settled(&talk->bench);
	bench_free(&talk->bench);
}

/* What the client got, as text: "200 body|" or, of larger bodies, "200 1000 bytes|"; the fields
 * that matter before it. */
static void write_field(const struct http1_event *event, struct buffer *text)
{
	static const char *const fields[] = { "Connection", "Allow", "X-Backend" };
	for (size_t i = 0; i < array_size(fields); i++) {
		if (event->name_size != strlen(fields[i]) ||
		    memcmp(event->name, fields[i], event->name_size) != 0)
			continue;
		if (strcmp(fields[i], "X-Backend") != 0)
			buffer_append_format(text, "%.*s ", (int)event->size, event->data);
		else
			assert_memory_equal(event->data, NAME, event->size);
	}
}

static void write_body(const struct buffer *body, struct buffer *text)
{
	if (body->size > 100)
		buffer_append_format(text, " %zu bytes|", body->size);
	else
		buffer_append_format(text, "%s%s|", body->size > 0 ? " " : "", buffer_text(body));
	if (text->size > 1 && text->data[text->size - 2] == '\n') {
		buffer_cut(text, text->size - 2);
		buffer_append_text(text, "|");
	}
}

static void write_answers(const struct bench_client *client, bool is_head, struct buffer *text)
{
	struct http1 http;
	struct http1_event event = { .what = HTTP1_START };
	struct buffer body;
	size_t at = 0;
	buffer_init(&body, 64 * 1024 * 1024);
	http1_init(&http, HTTP1_RESPONSES);
	http.wants_fields = true;
	http.is_head_asked = is_head;
	while (event.what != HTTP1_MORE && event.what != HTTP1_WRONG) {
		at += http1_read(&http, client->got.data + at, client->got.size - at, &event);
		if (event.what == HTTP1_FIELD)
			write_field(&event, text);
		else if (event.what == HTTP1_INTERIM)
			buffer_append_text(text, "interim|");
		else if (event.what == HTTP1_HEAD)
			buffer_append_format(text, "%u", http.status);
		else if (event.what == HTTP1_BODY)
			buffer_append(&body, event.data, event.size);
		if (event.what != HTTP1_END)
			continue;
		write_body(&body, text);
		buffer_clear(&body);
	}
	assert_int_not_equal(event.what, HTTP1_WRONG);
	assert_true(http1_is_between(&http));
	http1_deinit(&http);
	buffer_deinit(&body);
}

static void assert_answers_of(const struct talk *talk, bool is_head, const char *wanted)
{
	struct buffer text;
	buffer_init(&text, 1 << 20);
	write_answers(&talk->client, is_head, &text);
	assert_string_equal(buffer_text(&text), wanted);
	buffer_deinit(&text);
}

static void assert_answers(const struct talk *talk, const char *wanted)
{
	assert_answers_of(talk, false, wanted);
}

/* The same answers on every network; `ends`: the server ends the connection. */
static void check(const char *said, const char *wanted, bool ends)
{
	for (size_t i = 0; i < array_size(networks); i++) {
		struct talk talk;
		open_talk(&talk, &networks[i]);
		say(&talk, said, 5000);
		assert_answers_of(&talk, memcmp(said, "HEAD", 4) == 0, wanted);
		assert_int_equal(talk.client.has_end, ends);
		assert_int_equal(talk.client.error, 0);
		close_talk(&talk);
	}
}

/* ---- routes */

static void every_route_answers(void **state)
{
	check(GET("/"), "200 " NAME "|", false);
	check(GET("/?query"), "200 " NAME "|", false);
	check(GET("http://web:8080/bytes/101?x"), "200 101 bytes|", false);
	check(GET("http://web"), "200 " NAME "|", false);
	check(GET("/bytes/0") GET("/bytes/2k"), "200|200 2000 bytes|", false);
	check(GET("/delay/0") GET("/delay/10"), "200 " NAME "|200 " NAME "|", false);
	check(GET("/status/200") GET("/status/404") GET("/status/503") GET("/status/599"),
	      "200 200 OK|404 404 Not Found|503 503 Service Unavailable|599 599 |", false);
	check(GET("/status/204") GET("/status/304") GET("/"), "204|304|200 " NAME "|", false);
	check(GET("/echo") GET("/"), "200|200 " NAME "|", false);
}

static void a_head_has_no_body(void **state)
{
	check("HEAD / HTTP/1.1\r\n" HOST "\r\nHEAD /bytes/100M HTTP/1.1\r\n" HOST
	      "\r\nHEAD /delay/1 HTTP/1.1\r\n" HOST "\r\nHEAD /status/500 HTTP/1.1\r\n" HOST "\r\n",
	      "200|200|200|500|", false);
}

static void bodies_come_back(void **state)
{
	check("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello" GET("/"),
	      "200 hello|200 " NAME "|", false);
	check("PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
	      "6;x\r\n world\r\n0\r\nX: y\r\n\r\n" GET("/"),
	      "200 hello world|200 " NAME "|", false);
	check("POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
	      "interim|200 hi|", false);
	/* Elsewhere they are read and thrown away. */
	check("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello" GET("/"),
	      "200 " NAME "|200 " NAME "|", false);
}

static void connections_are_kept_or_not(void **state)
{
	check("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET("/"), "close 200 " NAME "|",
	      true);
	check("GET / HTTP/1.0\r\n\r\n", "close 200 " NAME "|", true);
	check("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET("/"),
	      "keep-alive 200 " NAME "|200 " NAME "|", false);
	check("GET /bytes/100k HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
	      "close 200 100000 bytes|", true);
}

static void what_is_wrong_is_said_and_ends_it(void **state)
{
	check(GET("/nothing") GET("/"), "close 404 404 Not Found|", true);
	check(GET("/bytes/"), "close 400 400 Bad Request|", true);
	check(GET("/bytes/-1"), "close 400 400 Bad Request|", true);
	check(GET("/delay/60001"), "close 400 400 Bad Request|", true);
	check(GET("/status/100"), "close 400 400 Bad Request|", true);
	check("DELETE / HTTP/1.1\r\n" HOST "\r\n",
	      "GET, HEAD, POST close 405 405 Method Not Allowed|", true);
	check("POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n",
	      "close 413 413 Content Too Large|", true);
	check("GET / HTTP/1.1\r\n" HOST "Expect: miracles\r\n\r\n",
	      "close 417 417 Expectation Failed|", true);
	check("GET / HTTP/2.0\r\n\r\n",
	      "close 505 the client speaks another version of HTTP than 1.0 and 1.1|", true);
	check("GET / HTTP/1.1\r\n\r\n", "close 400 the client sent no Host, or more than one|",
	      true);
	check("\x16\x03\x01\x02", "close 400 the client speaks TLS, not plain HTTP|", true);
	check("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n",
	      "close 501 the client sent a Transfer-Encoding that does not end in chunked|", true);
	check("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n",
	      "close 400 the client sent a chunk without its size or its end|", true);
	check("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n folded\r\n",
	      "close 400 the client sent a header field folded over lines|", true);
}

static void a_large_head_is_refused(void **state)
{
	struct buffer said;
	struct talk talk;
	buffer_init(&said, 1 << 20);
	buffer_append_text(&said, "GET / HTTP/1.1\r\n" HOST "X: ");
	buffer_append_repeated(&said, 'x', 100000);
	open_talk(&talk, &networks[0]);
	say(&talk, buffer_text(&said), 100);
	assert_answers(&talk, "close 431 the client sent more than 64 KiB of header fields|");
	assert_true(talk.client.has_end);
	assert_int_equal(bench_errors(&talk.bench, OUTCOME_PROTOCOL), 1);
	close_talk(&talk);
	buffer_deinit(&said);
}

/* ---- sizes */

static void many_requests_are_answered_together(void **state)
{
	struct buffer said;
	struct buffer wanted;
	buffer_init(&said, 1 << 20);
	buffer_init(&wanted, 1 << 20);
	for (int i = 0; i < 3000; i++) {
		buffer_append_format(&said, GET("/bytes/%d"), i);
		buffer_append_format(&wanted, i > 100 ? "200 %d bytes|" : "", i);
	}
	for (size_t i = 0; i < array_size(networks); i++) {
		struct talk talk;
		struct buffer text;
		open_talk(&talk, &networks[i]);
		buffer_init(&text, 1 << 20);
		say(&talk, buffer_text(&said), 60000);
		write_answers(&talk.client, false, &text);
		assert_non_null(strstr(buffer_text(&text), buffer_text(&wanted)));
		assert_int_equal(bench_counters(&talk.bench)->sent, 3000);
		buffer_deinit(&text);
		close_talk(&talk);
	}
	buffer_deinit(&said);
	buffer_deinit(&wanted);
}

static void large_answers_need_no_memory(void **state)
{
	check(GET("/bytes/64k") GET("/bytes/65537") GET("/bytes/1M") GET("/"),
	      "200 64000 bytes|200 65537 bytes|200 1000000 bytes|200 " NAME "|", false);
}

static void large_bodies_come_back(void **state)
{
	struct talk talk;
	struct buffer said;
	uint8_t *body = bench_bytes(1000000);
	for (size_t i = 0; i < 1000000; i++)
		body[i] = (uint8_t)('a' + body[i] % 26);
	buffer_init(&said, 16 << 20);
	buffer_append_text(&said, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
	buffer_append(&said, body, 1000000);
	buffer_append_text(&said,
			   "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < 1000000; at += 10000) {
		buffer_append_text(&said, "2710\r\n");
		buffer_append(&said, body + at, 10000);
		buffer_append_text(&said, "\r\n");
	}
	buffer_append_text(&said, "0\r\n\r\n");
	for (size_t i = 2; i < array_size(networks); i++) {
		open_talk(&talk, &networks[i]);
		say(&talk, buffer_text(&said), 60000);
		assert_answers(&talk, "200 1000000 bytes|200 1000000 bytes|");
		assert_non_null(memmem(talk.client.got.data, talk.client.got.size, body, 1000000));
		close_talk(&talk);
	}
	buffer_deinit(&said);
	free(body);
}

/* ---- time */

static void a_delay_holds_up_what_comes_behind_it(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk, GET("/status/200") GET("/delay/500") GET("/status/201"), 499);
	assert_answers(&talk, "200 200 OK|");
	bench_run(&talk.bench, 2);
	assert_answers(&talk, "200 200 OK|200 " NAME "|201 201 Created|");
	close_talk(&talk);
}

static void who_ended_still_gets_the_answer(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk, GET("/delay/500") GET("/"), 10);
	client_finish(&talk.client);
	bench_run(&talk.bench, 1000);
	assert_answers(&talk, "200 " NAME "|200 " NAME "|");
	assert_true(talk.client.has_end);
	close_talk(&talk);
}

static void a_slow_head_is_given_up(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk, "GET / HT", 9900);
	assert_false(talk.client.has_end);
	say(&talk, "TP/1.1\r\n", 200);
	assert_answers(&talk, "close 408 408 Request Timeout|");
	assert_in_range(talk.client.ended_ms, 10000, 10001);
	assert_int_equal(bench_errors(&talk.bench, OUTCOME_TIMED_OUT), 1);
	close_talk(&talk);

	open_talk(&talk, &networks[0]); /* and of a later request */
	say(&talk, GET("/") "G", 1000);
	bench_run(&talk.bench, 8900);
	assert_false(talk.client.has_end);
	bench_run(&talk.bench, 200);
	assert_answers(&talk, "200 " NAME "|close 408 408 Request Timeout|");
	close_talk(&talk);
}

static void a_silent_connection_is_given_up(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	bench_run(&talk.bench, 11000);
	assert_answers(&talk, "close 408 408 Request Timeout|");
	assert_true(talk.client.has_end);
	close_talk(&talk);
}

static void an_idle_connection_ends_after_a_minute(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk, GET("/"), 50000);
	say(&talk, GET("/"), 59000);
	assert_false(talk.client.has_end);
	bench_run(&talk.bench, 2000);
	assert_true(talk.client.has_end);
	assert_in_range(talk.client.ended_ms, 110000, 110100);
	assert_answers(&talk, "200 " NAME "|200 " NAME "|");
	assert_int_equal(bench_errors(&talk.bench, OUTCOME_TIMED_OUT), 0);
	close_talk(&talk);
}

/* Who reads nothing for a minute is closed, who reads on is not, however slowly. */
static void a_reader_that_stopped_is_given_up(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	talk.client.is_deaf = true;
	say(&talk, GET("/bytes/100M"), 59000);
	assert_int_equal(bench_counters(&talk.bench)->connections, 1);
	bench_run(&talk.bench, 62000);
	assert_int_equal(bench_counters(&talk.bench)->connections, 0);
	assert_int_equal(bench_errors(&talk.bench, OUTCOME_TIMED_OUT), 1);
	assert_int_equal(bench_counters(&talk.bench)->missed_peer, 1);
	close_talk(&talk);
}

static void a_body_that_stops_is_given_up(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nhello", 59000);
	assert_int_equal(bench_counters(&talk.bench)->connections, 1);
	bench_run(&talk.bench, 2000);
	assert_int_equal(bench_counters(&talk.bench)->connections, 0);
	assert_int_equal(bench_errors(&talk.bench, OUTCOME_TIMED_OUT), 1);
	close_talk(&talk);
}

/* ---- draining */

static void a_drain_ends_idle_connections_at_once(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk, GET("/"), 10);
	bench_end(&talk.bench);
	bench_run(&talk.bench, 20);
	assert_true(talk.client.has_end);
	assert_answers(&talk, "200 " NAME "|");
	assert_int_equal(talk.bench.worker->service.drained, 1);
	close_talk(&talk);
}

static void a_drain_lets_the_answer_under_way_end(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk, GET("/delay/300"), 10);
	bench_end(&talk.bench);
	bench_run(&talk.bench, 200);
	assert_false(talk.client.has_end);
	bench_run(&talk.bench, 200);
	assert_answers(&talk, "close 200 " NAME "|");
	assert_true(talk.client.has_end);
	close_talk(&talk);
}

/* ---- counting */

static void messages_are_counted(void **state)
{
	struct talk talk;
	open_talk(&talk, &networks[0]);
	say(&talk,
	    GET("/") GET("/bytes/1M") "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel",
	    100);
	assert_int_equal(bench_counters(&talk.bench)->scheduled, 3);
	assert_int_equal(bench_counters(&talk.bench)->sent, 2);
	assert_int_equal(bench_counters(&talk.bench)->debt, 1);
	say(&talk, "lo" GET("/nothing"), 100);
	assert_int_equal(bench_counters(&talk.bench)->sent, 4);
	assert_int_equal(bench_counters(&talk.bench)->bytes_sent, talk.client.got.size);
	close_talk(&talk);

	open_talk(&talk, &networks[0]);
	say(&talk, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel", 100);
	client_close(&talk.client);
	bench_run(&talk.bench, 100);
	assert_int_equal(bench_counters(&talk.bench)->missed_peer, 1);
	close_talk(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_answers),
		cmocka_unit_test(a_head_has_no_body),
		cmocka_unit_test(bodies_come_back),
		cmocka_unit_test(connections_are_kept_or_not),
		cmocka_unit_test(what_is_wrong_is_said_and_ends_it),
		cmocka_unit_test(a_large_head_is_refused),
		cmocka_unit_test(many_requests_are_answered_together),
		cmocka_unit_test(large_answers_need_no_memory),
		cmocka_unit_test(large_bodies_come_back),
		cmocka_unit_test(a_delay_holds_up_what_comes_behind_it),
		cmocka_unit_test(who_ended_still_gets_the_answer),
		cmocka_unit_test(a_slow_head_is_given_up),
		cmocka_unit_test(a_silent_connection_is_given_up),
		cmocka_unit_test(an_idle_connection_ends_after_a_minute),
		cmocka_unit_test(a_reader_that_stopped_is_given_up),
		cmocka_unit_test(a_body_that_stops_is_given_up),
		cmocka_unit_test(a_drain_ends_idle_connections_at_once),
		cmocka_unit_test(a_drain_lets_the_answer_under_way_end),
		cmocka_unit_test(messages_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
