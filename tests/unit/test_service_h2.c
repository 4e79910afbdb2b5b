/* The services h2c and grpc, and http spoken to in HTTP/2, over the memory network: the same
 * answers however the bytes come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "proto/grpc.h"
#include "support/h2_talk.h"
#include "support/service_bench.h"

#define PORT 8080
#define NAME "web-3-7d9f"
#define GRPC "application/grpc"
/* An empty message, and one for the health of db. */
#define EMPTY "\0\0\0\0\0"
#define DB                     \
	"\0\0\0\0\x04\x0a\x02" \
	"db"

static const struct memory_options networks[] = {
	{ 0 },
	{ .chunk_max_bytes = 1, .delay_ns = 1000 },
	{ .chunk_max_bytes = 7, .buffer_bytes = 100 },
	{ .buffer_bytes = 5000, .delay_ns = 100000 },
};

struct meeting {
	struct bench bench;
	struct bench_client client;
	struct h2_talk talk;
	size_t heard; /* of what the client got */
};

static void meet(struct meeting *meeting, enum service service,
		 const struct memory_options *options)
{
	static const struct plan_health healths[] = {
		{ "db", GRPC_HEALTH_NOT_SERVING },
	};

	bench_init(&meeting->bench, options);
	bench_listen(&meeting->bench, service, TRANSPORT_TCP, PORT);
	meeting->bench.plan.serve.health = healths;
	meeting->bench.plan.serve.health_count = 1;
	bench_start(&meeting->bench);
	client_open(&meeting->client, &meeting->bench, PORT);
	h2_talk_init(&meeting->talk);
	meeting->heard = 0;
}

static void part(struct meeting *meeting)
{
	h2_talk_deinit(&meeting->talk);
	client_close(&meeting->client);
	bench_run(&meeting->bench, 100);
	bench_assert_settled(&meeting->bench);
	bench_free(&meeting->bench);
}

/* Says what there is to say, and hears what comes within this time. */
static void talk(struct meeting *meeting, uint64_t ms)
{
	struct bench_client *client = &meeting->client;

	h2_talk_write(&meeting->talk);
	client_send(client, meeting->talk.out.data, meeting->talk.out.size);
	bench_run(&meeting->bench, ms);
	assert_int_equal(client->to_send_bytes, 0);
	buffer_clear(&meeting->talk.out);
	if (client->got.size > meeting->heard)
		h2_talk_read(&meeting->talk, client->got.data + meeting->heard,
			     client->got.size - meeting->heard);
	meeting->heard = client->got.size;
}

static void settle(struct meeting *meeting, uint64_t ms)
{
	for (int i = 0; i < 5; i++)
		talk(meeting, ms);
}

/* ---- HTTP */

static void every_route_answers_as_in_http1(void **state)
{
	static const enum service services[] = { SERVICE_HTTP, SERVICE_H2C };

	for (size_t i = 0; i < array_size(networks) * 2; i++) {
		struct meeting meeting;
		meet(&meeting, services[i % 2], &networks[i / 2]);
		struct h2_talk *asked = &meeting.talk;
		h2_talk_ask(asked, "GET", "/?query", NULL, NULL, 0);
		h2_talk_ask(asked, "GET", "/bytes/2k", NULL, NULL, 0);
		h2_talk_ask(asked, "GET", "/bytes/300k", NULL, NULL, 0);
		h2_talk_ask(asked, "HEAD", "/bytes/100M", NULL, NULL, 0);
		h2_talk_ask(asked, "GET", "/delay/10", NULL, NULL, 0);
		h2_talk_ask(asked, "GET", "/status/503", NULL, NULL, 0);
		h2_talk_ask(asked, "GET", "/status/204", NULL, NULL, 0);
		h2_talk_ask(asked, "POST", "/echo", NULL, "hello", 5);
		h2_talk_ask(asked, "GET", "/echo", NULL, NULL, 0);
		h2_talk_ask(asked, "POST", "/", NULL, "unread", 6);
		h2_talk_ask(asked, "GET", "/nothing", NULL, NULL, 0);
		h2_talk_ask(asked, "DELETE", "/", NULL, NULL, 0);
		settle(&meeting, 4000);
		assert_string_equal(h2_talk_text(asked),
				    "200 " NAME "|200 2000 bytes|200 300000 bytes|200|200 " NAME
				    "|503 503 Service Unavailable|204|200 hello|200|200 " NAME
				    "|404 404 Not Found|405 405 Method Not Allowed allow: GET, "
				    "HEAD, POST|");
		assert_false(meeting.client.has_end);
		assert_int_equal(bench_counters(&meeting.bench)->received, 12);
		part(&meeting);
	}
}

/* While it fills the network others are asked for, and it is cancelled. */
static void a_large_answer_is_in_nobodys_way(void **state)
{
	static const struct memory_options network = { .buffer_bytes = 5000,
						       .delay_ns = NS_PER_MS };
	struct meeting meeting;

	meet(&meeting, SERVICE_H2C, &network);
	struct h2_talk *asked = &meeting.talk;
	h2_talk_ask(asked, "GET", "/bytes/40M", NULL, NULL, 0);
	talk(&meeting, 10);
	assert_true(asked->streams[0].got.size > 0);
	h2_talk_ask(asked, "GET", "/status/204", NULL, NULL, 0);
	talk(&meeting, 1000);
	assert_string_equal(asked->streams[1].status, "204");
	assert_string_equal(asked->streams[0].fate, "");
	h2_reset(asked->h2, 1, H2_CANCEL);
	talk(&meeting, 10);
	assert_string_equal(asked->streams[0].fate, "CANCEL");
	size_t heard = meeting.client.got.size;
	talk(&meeting, 10000);
	assert_true(meeting.client.got.size <= heard + WORKER_SCRATCH_BYTES);
	part(&meeting);
}

static void a_large_body_comes_back_through_a_small_window(void **state)
{
	static char large[1000000];

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < array_size(networks); i++) {
		struct meeting meeting;
		if (networks[i].chunk_max_bytes > 0)
			continue;
		meet(&meeting, SERVICE_H2C, &networks[i]);
		h2_talk_ask(&meeting.talk, "POST", "/echo", NULL, large, sizeof(large));
		for (int turn = 0; turn < 100; turn++)
			talk(&meeting, 100);
		assert_string_equal(h2_talk_text(&meeting.talk), "200 1000000 bytes|");
		assert_memory_equal(meeting.talk.streams[0].got.data, large, sizeof(large));
		part(&meeting);
	}
}

static void a_body_that_nobody_wants_has_a_limit(void **state)
{
	static char large[1100000];
	struct meeting meeting;

	meet(&meeting, SERVICE_H2C, &networks[0]);
	h2_talk_ask(&meeting.talk, "POST", "/", NULL, large, sizeof(large));
	for (int turn = 0; turn < 50; turn++)
		talk(&meeting, 10);
	assert_string_equal(h2_talk_text(&meeting.talk), "413 413 Content Too Large|");
	part(&meeting);
}

static void http1_is_still_spoken(void **state)
{
	static const char *const said[] = { "GET / HTTP/1.1\r\nHost: web\r\n\r\n",
					    "PRI * HTTP/1.1\r\nHost: web\r\n\r\n",
					    "PUT /echo HTTP/1.1\r\nHost: web\r\n"
					    "Content-Length: 0\r\n\r\n" };
	static const char *const wanted[] = { "HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\n",
					      "HTTP/1.1 200 OK\r\n" };

	for (size_t i = 0; i < array_size(networks) * array_size(said); i++) {
		struct meeting meeting;
		size_t which = i % array_size(said);
		meet(&meeting, SERVICE_HTTP, &networks[i / array_size(said)]);
		client_send(&meeting.client, said[which], strlen(said[which]));
		bench_run(&meeting.bench, 1000);
		assert_memory_equal(meeting.client.got.data, wanted[which], strlen(wanted[which]));
		part(&meeting);
	}
}

/* ---- gRPC */

static void calls_are_answered(void **state)
{
	for (size_t i = 0; i < array_size(networks); i++) {
		struct meeting meeting;
		meet(&meeting, SERVICE_GRPC, &networks[i]);
		struct h2_talk *asked = &meeting.talk;
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC, EMPTY, 5);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC "+proto", DB, 9);
		h2_talk_ask(asked, "POST", GRPC_ECHO, GRPC, "\0\0\0\0\3abc", 8);
		h2_talk_ask(asked, "POST", "/conntest.Echo/Nothing", GRPC, EMPTY, 5);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC, "\0\0\0\0\3\x0a\1x", 8);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC, "\0\0\0\0\1\x0a", 6);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC, "\1\0\0\0\0", 5);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC, EMPTY EMPTY, 10);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC, "\0\0\0\0", 4);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, GRPC, NULL, 0);
		h2_talk_ask(asked, "POST", GRPC_ECHO, GRPC, "\0\0\0\0\x09xyz", 8);
		h2_talk_ask(asked, "POST", GRPC_HEALTH_CHECK, "text/plain", EMPTY, 5);
		h2_talk_ask(asked, "GET", "/", GRPC, NULL, 0);
		settle(&meeting, 4000);
		static const char *const wanted[] = { "0",  "0",  "0",  "12", "5", "3",
						      "12", "12", "13", "13", "13" };
		for (size_t at = 0; at < array_size(wanted); at++) {
			char trailer[32];
			(void)snprintf(trailer, sizeof(trailer), " grpc-status: %s", wanted[at]);
			assert_string_equal(asked->streams[at].trailer, trailer);
			assert_string_equal(asked->streams[at].status, "200");
			assert_string_equal(asked->streams[at].fate, "done");
		}
		assert_int_equal(asked->streams[0].got.size, 7);
		assert_memory_equal(asked->streams[0].got.data, "\0\0\0\0\2\x08\1", 7);
		assert_memory_equal(asked->streams[1].got.data, "\0\0\0\0\2\x08\2", 7);
		assert_memory_equal(asked->streams[2].got.data, "\0\0\0\0\3abc", 8);
		assert_string_equal(asked->streams[11].status, "415");
		assert_string_equal(asked->streams[12].status, "405");
		part(&meeting);
	}
}

static struct h2_talk_stream *watch(struct meeting *meeting, const char *timeout)
{
	static struct h2_talk_stream *stream;
	struct h2_talk *asked = &meeting->talk;
	const struct h2_field fields[] = {
		H2_FIELD(":method", "POST"),       H2_FIELD(":scheme", "http"),
		H2_FIELD(":authority", "web"),     H2_FIELD(":path", GRPC_HEALTH_WATCH),
		H2_FIELD("content-type", GRPC),    H2_FIELD("te", "trailers"),
		H2_FIELD("grpc-timeout", timeout),
	};

	stream = &asked->streams[asked->count++];
	*stream = (struct h2_talk_stream){ .body = EMPTY, .size = 5, .fate = "" };
	buffer_init(&stream->got, 1000);
	assert_true(h2_request(asked->h2, fields, array_size(fields), true, stream) > 0);
	return stream;
}

static void a_watch_ends_with_its_deadline_or_the_server(void **state)
{
	struct meeting meeting;

	meet(&meeting, SERVICE_GRPC, &networks[0]);
	struct h2_talk_stream *brief = watch(&meeting, "500m");
	struct h2_talk_stream *lasting = watch(&meeting, "1H");
	talk(&meeting, 499);
	assert_memory_equal(lasting->got.data, "\0\0\0\0\2\x08\1", 7);
	assert_string_equal(brief->fate, "");
	talk(&meeting, 10);
	assert_string_equal(brief->trailer, " grpc-status: 4");
	assert_string_equal(brief->fate, "done");
	/* Longer than an idle connection has: it answers our pings. */
	for (int i = 0; i < 20; i++)
		talk(&meeting, 10000);
	assert_false(meeting.client.has_end);
	bench_end(&meeting.bench);
	talk(&meeting, 100);
	assert_int_equal(lasting->got.size, 14);
	assert_memory_equal(lasting->got.data + 7, "\0\0\0\0\2\x08\2", 7);
	assert_string_equal(lasting->trailer, " grpc-status: 14");
	assert_true(meeting.talk.is_going);
	assert_true(meeting.client.has_end);
	part(&meeting);
}

static void a_watch_that_is_dead_is_given_up(void **state)
{
	struct meeting meeting;

	meet(&meeting, SERVICE_GRPC, &networks[0]);
	(void)watch(&meeting, "1H");
	talk(&meeting, 100);
	bench_run(&meeting.bench, 121000);
	assert_true(meeting.client.has_end || meeting.client.error != 0);
	assert_int_equal(bench_errors(&meeting.bench, OUTCOME_TIMED_OUT), 1);
	part(&meeting);
}

/* ---- limits */

static void a_drain_answers_what_is_asked_and_says_so(void **state)
{
	struct meeting meeting;

	meet(&meeting, SERVICE_H2C, &networks[0]);
	h2_talk_ask(&meeting.talk, "GET", "/delay/300", NULL, NULL, 0);
	talk(&meeting, 10);
	bench_end(&meeting.bench);
	talk(&meeting, 100);
	assert_true(meeting.talk.is_going);
	assert_string_equal(h2_talk_text(&meeting.talk), "-|");
	talk(&meeting, 300);
	assert_string_equal(h2_talk_text(&meeting.talk), "200 " NAME "|");
	assert_true(meeting.client.has_end);
	assert_int_equal(meeting.bench.worker->service.drained, 1);
	part(&meeting);
}

static void deadlines_end_a_connection(void **state)
{
	struct meeting meeting;

	/* Half a preface, then nothing. */
	meet(&meeting, SERVICE_H2C, &networks[0]);
	client_send(&meeting.client, H2_PREFACE, 10);
	bench_run(&meeting.bench, 9900);
	assert_false(meeting.client.has_end);
	bench_run(&meeting.bench, 200);
	assert_true(meeting.client.has_end || meeting.client.error != 0);
	part(&meeting);
	/* All well, and idle. */
	meet(&meeting, SERVICE_H2C, &networks[0]);
	h2_talk_ask(&meeting.talk, "GET", "/", NULL, NULL, 0);
	settle(&meeting, 100);
	bench_run(&meeting.bench, 59000);
	assert_false(meeting.client.has_end);
	talk(&meeting, 2000);
	bench_run(&meeting.bench, 61000);
	talk(&meeting, 10);
	assert_true(meeting.talk.is_going);
	assert_true(meeting.client.has_end);
	part(&meeting);
	/* As long as the longest delay is none. */
	meet(&meeting, SERVICE_H2C, &networks[0]);
	h2_talk_ask(&meeting.talk, "GET", "/delay/60000", NULL, NULL, 0);
	talk(&meeting, 60100);
	assert_string_equal(h2_talk_text(&meeting.talk), "200 " NAME "|");
	part(&meeting);
}

static void a_flood_is_told_and_ended(void **state)
{
	struct meeting meeting;
	struct buffer flood;

	meet(&meeting, SERVICE_HTTP, &networks[0]);
	buffer_init(&flood, 1 << 20);
	buffer_append_text(&flood, H2_PREFACE);
	for (int i = 0; i < 1100; i++)
		h2_talk_frame(&flood, 4, 0, 0, NULL, 0);
	client_send(&meeting.client, flood.data, flood.size);
	bench_run(&meeting.bench, 100);
	assert_true(meeting.client.has_end);
	assert_int_equal(bench_errors(&meeting.bench, OUTCOME_PROTOCOL), 1);
	/* GOAWAY with ENHANCE_YOUR_CALM comes last. */
	assert_memory_equal(meeting.client.got.data + meeting.client.got.size - 4, "\0\0\0\x0b", 4);
	buffer_deinit(&flood);
	part(&meeting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_answers_as_in_http1),
		cmocka_unit_test(a_large_answer_is_in_nobodys_way),
		cmocka_unit_test(a_large_body_comes_back_through_a_small_window),
		cmocka_unit_test(a_body_that_nobody_wants_has_a_limit),
		cmocka_unit_test(http1_is_still_spoken),
		cmocka_unit_test(calls_are_answered),
		cmocka_unit_test(a_watch_ends_with_its_deadline_or_the_server),
		cmocka_unit_test(a_watch_that_is_dead_is_given_up),
		cmocka_unit_test(a_drain_answers_what_is_asked_and_says_so),
		cmocka_unit_test(deadlines_end_a_connection),
		cmocka_unit_test(a_flood_is_told_and_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
