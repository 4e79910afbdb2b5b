/* The service ws over the memory network: upgrades, frames in any pieces, goodbyes. */
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
#include "proto/websocket.h"
#include "support/service_bench.h"

#define PORT 8080

#define UPGRADE                         \
	"GET /any?path=1 HTTP/1.1\r\n"  \
	"Host: web\r\n"                 \
	"Upgrade: websocket\r\n"        \
	"Connection: Upgrade\r\n"       \
	"Sec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define SWITCH                                 \
	"HTTP/1.1 101 Switching Protocols\r\n" \
	"Upgrade: websocket\r\n"               \
	"Connection: Upgrade\r\n"              \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

/* ---- a conversation: what the client says, and what it gets back */

struct talk {
	struct bench bench;
	struct bench_client client;
	struct buffer said;
};

static void open_talk(struct talk *talk, const struct memory_options *options)
{
	bench_init(&talk->bench, options);
	bench_listen(&talk->bench, SERVICE_WS, TRANSPORT_TCP, PORT);
	bench_start(&talk->bench);
	client_open(&talk->client, &talk->bench, PORT);
	buffer_init(&talk->said, 64 * 1024 * 1024);
}

static void close_talk(struct talk *talk)
{
	client_close(&talk->client);
	bench_run(&talk->bench, 100);
	bench_assert_settled(&talk->bench);
	bench_free(&talk->bench);
	buffer_deinit(&talk->said);
}

/* Adds a masked frame: final with FIN | opcode. */
#define FIN 0x80
static void add_frame(struct buffer *said, uint8_t first, const void *payload, size_t size)
{
	static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };
	struct websocket_head head = { .opcode = first & 15,
				       .is_final = (first & FIN) != 0,
				       .is_masked = true,
				       .size = size };
	uint8_t bytes[WEBSOCKET_HEAD_MAX];
	memcpy(head.key, key, sizeof(key));
	buffer_append(said, bytes, websocket_write_head(&head, bytes));
	size_t at = said->size;
	buffer_append(said, payload, size);
	websocket_mask((uint8_t *)said->data + at, (uint8_t *)said->data + at, size, key, 0);
}

static void add_text(struct buffer *said, uint8_t first, const char *text)
{
	add_frame(said, first, text, strlen(text));
}

static void say(struct talk *talk, uint64_t ms)
{
	client_send(&talk->client, talk->said.data, talk->said.size);
	bench_run(&talk->bench, ms);
	buffer_clear(&talk->said);
}

/* What the client got behind the switch, as text: messages as t(...) or b(...), whatever their
 * fragments; p, o and x for pings, pongs and closes with their code. */
struct got {
	struct buffer text;
	uint64_t frames;
	bool is_between; /* nothing is under way at its end */
};

static void write_got(struct got *got, const struct websocket_piece *piece, bool *in_message)
{
	static const char names[] = ".tb.....xpo";
	bool is_control = websocket_is_control(piece->opcode);
	if (piece->is_begin && (is_control || !*in_message))
		buffer_append_format(&got->text, "%c(", names[piece->opcode]);
	if (piece->opcode == WEBSOCKET_CLOSE && piece->size >= 2)
		buffer_append_format(&got->text, "%u ", piece->data[0] << 8 | piece->data[1]);
	size_t skip = piece->opcode == WEBSOCKET_CLOSE && piece->size >= 2 ? 2 : 0;
	buffer_append(&got->text, piece->data + skip, piece->size - skip);
	if (piece->is_end && (is_control || piece->is_message_end))
		buffer_append_text(&got->text, ")");
	if (!is_control)
		*in_message = !piece->is_message_end;
	got->frames += piece->is_end;
}

static void read_got(struct got *got, const struct talk *talk)
{
	const struct buffer *bytes = &talk->client.got;
	const char *end = memmem(bytes->data, bytes->size, "\r\n\r\n", 4);
	struct websocket_reader reader;
	struct websocket_piece piece;
	bool in_message = false;
	*got = (struct got){ .frames = 0 };
	buffer_init(&got->text, 64 * 1024 * 1024);
	websocket_reader_init(&reader, WEBSOCKET_CLIENT);
	assert_non_null(end);
	assert_memory_equal(bytes->data, "HTTP/1.1 101 ", 13);
	for (size_t at = (size_t)(end - bytes->data) + 4; at < bytes->size; at += piece.used) {
		websocket_read(&reader, (uint8_t *)bytes->data + at, bytes->size - at, &piece);
		assert_int_equal(piece.mistake, WEBSOCKET_RIGHT);
		write_got(got, &piece, &in_message);
	}
	got->is_between = websocket_is_between(&reader);
}

static void assert_got(const struct talk *talk, const char *text)
{
	struct got got;
	read_got(&got, talk);
	assert_true(got.is_between);
	assert_string_equal(buffer_text(&got.text), text);
	buffer_deinit(&got.text);
}

/* ---- upgrades */

static void an_upgrade_is_answered(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, UPGRADE "Sec-WebSocket-Protocol: mqtt, b\r\n\r\n");
	say(&talk, 10);
	client_assert_got(&talk.client, SWITCH "Sec-WebSocket-Protocol: mqtt\r\n\r\n",
			  strlen(SWITCH "Sec-WebSocket-Protocol: mqtt\r\n\r\n"));
	close_talk(&talk);
}

static const struct {
	const char *request;
	const char *status;
	const char *body;
} refusals[] = {
	{ "GET / HTTP/1.1\r\nHost: web\r\n\r\n", "HTTP/1.1 426 ",
	  "no WebSocket upgrade was asked for\n" },
	{ "POST / HTTP/1.1\r\nHost: web\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	  "HTTP/1.1 405 ", "a WebSocket upgrade is a GET\n" },
	{ "GET / HTTP/1.1\r\nHost: web\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	  "Sec-WebSocket-Version: 8\r\n\r\n",
	  "HTTP/1.1 426 ", "a WebSocket upgrade to another version than 13\n" },
	{ "GET / HTTP/1.1\r\nHost: web\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
	  "HTTP/1.1 400 ", "a WebSocket upgrade without a Sec-WebSocket-Key of 16 bytes\n" },
	{ "\x16\x03\x01 hello", "HTTP/1.1 400 ", "speaks TLS, not plain HTTP\n" },
	{ "nonsense\r\n\r\n", "HTTP/1.1 400 ", "\n" },
};

static void what_is_no_upgrade_is_refused(void **state)
{
	for (size_t i = 0; i < array_size(refusals); i++) {
		struct talk talk;
		open_talk(&talk, &(struct memory_options){ .chunk_max_bytes = i });
		buffer_append_text(&talk.said, refusals[i].request);
		say(&talk, 100);
		const struct buffer *got = &talk.client.got;
		const char *body = refusals[i].body;
		assert_memory_equal(got->data, refusals[i].status, strlen(refusals[i].status));
		assert_true(got->size > strlen(body));
		assert_string_equal(got->data + got->size - strlen(body), body);
		assert_true(talk.client.has_end);
		assert_int_equal(bench_errors(&talk.bench, OUTCOME_PROTOCOL), 1);
		close_talk(&talk);
	}
}

static void who_does_not_ask_is_not_waited_for(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, "GET / HTTP/1.1\r\nHost: ");
	say(&talk, 9900);
	assert_false(talk.client.has_end);
	bench_run(&talk.bench, 200);
	assert_true(talk.client.has_end);
	assert_in_range(talk.client.ended_ms, 10000, 10001);
	assert_int_equal(bench_errors(&talk.bench, OUTCOME_TIMED_OUT), 1);
	close_talk(&talk);
}

static void who_is_open_may_be_silent(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, UPGRADE "\r\n");
	say(&talk, 3600 * 1000);
	assert_false(talk.client.has_end);
	add_text(&talk.said, FIN | WEBSOCKET_TEXT, "still here");
	say(&talk, 10);
	assert_got(&talk, "t(still here)");
	close_talk(&talk);
}

/* ---- messages */

/* A text in fragments around a ping, an empty one, bytes, a pong nobody asked for, a close. */
static void add_conversation(struct buffer *said)
{
	buffer_append_text(said, UPGRADE "\r\n");
	add_text(said, WEBSOCKET_TEXT, "Gr\xc3");
	add_text(said, FIN | WEBSOCKET_PING, "are you there?");
	add_text(said, WEBSOCKET_CONTINUATION, "");
	add_text(said, FIN | WEBSOCKET_CONTINUATION,
		 "\xbc\xc3\x9f"
		 "e");
	add_text(said, FIN | WEBSOCKET_TEXT, "");
	add_frame(said, FIN | WEBSOCKET_BINARY, "\xff\xfe", 2);
	add_text(said, FIN | WEBSOCKET_PONG, "by the way");
	add_text(said, WEBSOCKET_BINARY, "");
	add_text(said, FIN | WEBSOCKET_CONTINUATION, "");
	add_text(said, FIN | WEBSOCKET_PING, "");
	add_frame(said, FIN | WEBSOCKET_CLOSE, "\x03\xe8ok", 4);
}

/* A pong may go between the fragments of what comes back: what is said in this order comes back in
 * it, but for the pieces. */
static void assert_conversation(const struct talk *talk)
{
	struct got got;
	read_got(&got, talk);
	const char *pong = strstr(buffer_text(&got.text), "o(are you there?)");
	assert_non_null(pong);
	size_t before = (size_t)(pong - got.text.data);
	char rest[256];
	(void)snprintf(rest, sizeof(rest), "%.*s%s", (int)before, got.text.data,
		       pong + strlen("o(are you there?)"));
	assert_string_equal(rest, "t(Gr\xc3\xbc\xc3\x9f"
				  "e)t()b(\xff\xfe)b()o()x(1000 )");
	buffer_deinit(&got.text);
}

static void a_conversation_survives_any_cut(void **state)
{
	for (size_t chunk = 0; chunk < 40; chunk++) {
		struct talk talk;
		open_talk(&talk, &(struct memory_options){ .chunk_max_bytes = chunk,
							   .delay_ns = chunk * 1000 });
		add_conversation(&talk.said);
		say(&talk, 1000);
		assert_conversation(&talk);
		assert_true(talk.client.has_end);
		assert_int_equal(bench_counters(&talk.bench)->scheduled, 4);
		assert_int_equal(bench_counters(&talk.bench)->received, 4);
		client_finish(&talk.client);
		bench_run(&talk.bench, 10);
		close_talk(&talk);
	}
}

static void large_messages_come_back(void **state)
{
	static const struct {
		struct memory_options options;
		size_t size;
	} cases[] = {
		{ { 0 }, 126 },
		{ { 0 }, 65536 },
		{ { 0 }, 5000000 },
		{ { .buffer_bytes = 1000 }, 300000 },
		{ { .chunk_max_bytes = 7, .buffer_bytes = 100 }, 20000 },
		{ { .chunk_max_bytes = 1 }, 1000 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct talk talk;
		struct got got;
		size_t size = cases[i].size;
		uint8_t *data = bench_bytes(size);
		open_talk(&talk, &cases[i].options);
		buffer_append_text(&talk.said, UPGRADE "\r\n");
		add_frame(&talk.said, WEBSOCKET_BINARY, data, size / 3);
		add_text(&talk.said, FIN | WEBSOCKET_PING, "in between");
		add_frame(&talk.said, FIN | WEBSOCKET_CONTINUATION, data + size / 3,
			  size - size / 3);
		say(&talk, 60000);
		read_got(&got, &talk);
		char *pong = memmem(got.text.data, got.text.size, "o(in between)", 13);
		assert_non_null(pong);
		memmove(pong, pong + 13, (size_t)(got.text.data + got.text.size - pong) - 13);
		assert_int_equal(got.text.size, size + 16);
		assert_memory_equal(got.text.data, "b(", 2);
		assert_memory_equal(got.text.data + 2, data, size);
		buffer_deinit(&got.text);
		close_talk(&talk);
		free(data);
	}
}

static void a_flood_of_pings_is_answered(void **state)
{
	struct talk talk;
	struct got got;
	char longest[WEBSOCKET_CONTROL_MAX + 1] = "";
	open_talk(&talk, &(struct memory_options){ .buffer_bytes = 3000 });
	memset(longest, 'p', WEBSOCKET_CONTROL_MAX);
	buffer_append_text(&talk.said, UPGRADE "\r\n");
	for (int i = 0; i < 10000; i++)
		add_text(&talk.said, FIN | WEBSOCKET_PING, i % 2 == 0 ? longest : "");
	say(&talk, 60000);
	read_got(&got, &talk);
	assert_int_equal(got.frames, 10000);
	assert_int_equal(got.text.size, 10000 * 3 + 5000 * WEBSOCKET_CONTROL_MAX);
	buffer_deinit(&got.text);
	close_talk(&talk);
}

/* ---- mistakes */

static const struct {
	const char *frames;
	size_t size;
	const char *goodbye; /* its beginning */
} mistakes[] = {
	{ "\x81\x05Hello", 7, "x(1002 sent a WebSocket frame of a client that is not masked" },
	{ "\xc1\x80____", 6, "x(1002 sent a WebSocket frame with reserved bits" },
	{ "\x83\x80____", 6, "x(1002 sent a WebSocket frame with a reserved opcode" },
	{ "\x80\x80____", 6, "x(1002 sent a WebSocket continuation" },
	{ "\x89\xfe____", 6, "x(1002 sent a WebSocket control frame of more" },
	{ "\x09\x80____", 6, "x(1002 sent a fragmented WebSocket control frame" },
	{ "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10, "x(1009 sent a WebSocket frame of 2^63" },
	{ "\x82\xfe\x00\x05", 4, "x(1002 sent a WebSocket length" },
	{ "\x88\x81\x00\x00\x00\x00z", 7, "x(1002 sent a WebSocket close frame" },
	{ "\x88\x82\x00\x00\x00\x00\x03\xed", 8, "x(1002 sent a WebSocket close frame" },
	{ "\x88\x83\x00\x00\x00\x00\x03\xe8\xff", 9, "x(1007 sent a WebSocket text" },
	{ "\x81\x81\x00\x00\x00\x00\xff", 7, "x(1007 sent a WebSocket text" },
	{ "\x81\x81\x00\x00\x00\x00\xc3", 7, "x(1007 sent a WebSocket text" },
	{ "\x01\x81\x00\x00\x00\x00"
	  "a\x81\x80____",
	  13, "t(ax(1002 sent a WebSocket message within" },
	{ "\x82\x81\x00\x00\x00\x00"
	  "a\x81\x05Hello",
	  14, "b(a)x(1002 " },
};

static void assert_goodbye(const struct talk *talk, const char *goodbye)
{
	struct got got;
	read_got(&got, talk);
	assert_memory_equal(buffer_text(&got.text), goodbye, strlen(goodbye));
	buffer_deinit(&got.text);
}

static void mistakes_are_told_and_end_it(void **state)
{
	for (size_t i = 0; i < array_size(mistakes); i++) {
		for (size_t chunk = 0; chunk < 2; chunk++) {
			struct talk talk;
			open_talk(&talk, &(struct memory_options){ .chunk_max_bytes = chunk });
			buffer_append_text(&talk.said, UPGRADE "\r\n");
			buffer_append(&talk.said, mistakes[i].frames, mistakes[i].size);
			say(&talk, 1000);
			assert_goodbye(&talk, mistakes[i].goodbye);
			assert_true(talk.client.has_end);
			assert_int_equal(bench_errors(&talk.bench, OUTCOME_PROTOCOL), 1);
			client_finish(&talk.client);
			bench_run(&talk.bench, 10);
			close_talk(&talk);
		}
	}
}

/* ---- ends */

static void an_end_without_goodbye_is_answered(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, UPGRADE "\r\n");
	add_text(&talk.said, WEBSOCKET_TEXT, "half a ");
	say(&talk, 10);
	client_finish(&talk.client);
	bench_run(&talk.bench, 10);
	assert_true(talk.client.has_end);
	assert_int_equal(talk.client.error, 0);
	close_talk(&talk);
}

static void who_answers_no_end_is_not_waited_for(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, UPGRADE "\r\n");
	add_frame(&talk.said, WEBSOCKET_CLOSE | FIN, "\x03\xe8", 2);
	say(&talk, 10);
	assert_true(talk.client.has_end);
	assert_int_equal(bench_counters(&talk.bench)->connections, 1);
	bench_run(&talk.bench, 11000);
	assert_int_equal(bench_counters(&talk.bench)->connections, 0);
	close_talk(&talk);
}

static void a_drain_says_goodbye_and_waits_for_the_answer(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, UPGRADE "\r\n");
	say(&talk, 10);
	bench_end(&talk.bench);
	bench_run(&talk.bench, 1000);
	assert_got(&talk, "x(1001 )");
	assert_false(talk.client.has_end);
	/* What has crossed the goodbye is thrown away. */
	add_text(&talk.said, FIN | WEBSOCKET_TEXT, "late");
	add_text(&talk.said, FIN | WEBSOCKET_PING, "late");
	add_frame(&talk.said, FIN | WEBSOCKET_CLOSE, "\x03\xe9", 2);
	say(&talk, 10);
	assert_got(&talk, "x(1001 )");
	assert_true(talk.client.has_end);
	client_finish(&talk.client);
	bench_run(&talk.bench, 10);
	assert_true(bench_is_done(&talk.bench));
	close_talk(&talk);
}

static void a_drain_lets_a_message_come_to_its_end(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, UPGRADE "\r\n");
	add_text(&talk.said, WEBSOCKET_TEXT, "first ");
	say(&talk, 10);
	bench_end(&talk.bench);
	bench_run(&talk.bench, 1000);
	add_text(&talk.said, FIN | WEBSOCKET_CONTINUATION, "last");
	say(&talk, 100);
	assert_got(&talk, "t(first last)x(1001 )");
	close_talk(&talk);
}

static void a_drain_ends_at_its_deadline(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	buffer_append_text(&talk.said, UPGRADE "\r\n");
	say(&talk, 10);
	bench_end(&talk.bench);
	bench_run(&talk.bench, 4900);
	assert_false(bench_is_done(&talk.bench));
	bench_run(&talk.bench, 200);
	assert_true(bench_is_done(&talk.bench));
	assert_int_equal(talk.bench.worker->service.cut_off, 1);
	close_talk(&talk);
}

static void a_drain_does_not_wait_for_an_upgrade(void **state)
{
	struct talk talk;
	open_talk(&talk, &(struct memory_options){ 0 });
	bench_run(&talk.bench, 100);
	bench_end(&talk.bench);
	bench_run(&talk.bench, 100);
	assert_true(talk.client.has_end);
	client_finish(&talk.client);
	bench_run(&talk.bench, 100);
	assert_true(bench_is_done(&talk.bench));
	close_talk(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_upgrade_is_answered),
		cmocka_unit_test(what_is_no_upgrade_is_refused),
		cmocka_unit_test(who_does_not_ask_is_not_waited_for),
		cmocka_unit_test(who_is_open_may_be_silent),
		cmocka_unit_test(a_conversation_survives_any_cut),
		cmocka_unit_test(large_messages_come_back),
		cmocka_unit_test(a_flood_of_pings_is_answered),
		cmocka_unit_test(mistakes_are_told_and_end_it),
		cmocka_unit_test(an_end_without_goodbye_is_answered),
		cmocka_unit_test(who_answers_no_end_is_not_waited_for),
		cmocka_unit_test(a_drain_says_goodbye_and_waits_for_the_answer),
		cmocka_unit_test(a_drain_lets_a_message_come_to_its_end),
		cmocka_unit_test(a_drain_ends_at_its_deadline),
		cmocka_unit_test(a_drain_does_not_wait_for_an_upgrade),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
