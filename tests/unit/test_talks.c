/* Talks as they are, bytes in and bytes out: the WebSocket and the echoes. That of HTTP/1.1 is in
 * test_talk_http1.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/needle.h"
#include "probe/talk.h"
#include "proto/traffic_wire.h"
#include "proto/websocket.h"
#include "proto/websocket_handshake.h"

struct bench {
	struct probe_target target;
	struct prober prober;
	struct needle text;
	struct talk_request request;
	struct probe_result result;
	struct buffer out;
	struct talk *talk;
};

static struct bench bench;

static void open_bench(const struct talk_kind *kind, const char *uri, uint64_t payload_bytes)
{
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP };
	struct error error;
	bench = (struct bench){ .prober.target = &bench.target,
				.target.payload_bytes = payload_bytes,
				.result.number = 7 };
	assert_int_equal(uri_parse(uri, &defaults, &error, &bench.target.uri), 0);
	bench.request = (struct talk_request){ .uri = &bench.target.uri,
					       .authority = "web.test",
					       .method = "GET",
					       .text = &bench.text };
	buffer_init(&bench.out, TALK_OUT_MAX);
	bench.talk = calloc(1, kind->size);
	bench.talk->kind = kind;
	bench.talk->prober = &bench.prober;
	bench.talk->request = &bench.request;
	bench.talk->out = &bench.out;
	assert_int_equal(kind->open(bench.talk), 0);
}

/* What goes out at the end is in `out` until the next bench. */
static void close_talk(void)
{
	bench.talk->kind->close(bench.talk);
	free(bench.talk);
	bench.talk = NULL;
}

static void close_bench(void)
{
	if (bench.talk)
		close_talk();
	buffer_deinit(&bench.out);
}

static void ask(void)
{
	buffer_clear(&bench.out);
	bench.talk->result = &bench.result;
	bench.talk->state = TALK_SENDING;
	bench.talk->outcome = OUTCOME_DONE;
	bench.talk->why = NULL;
	bench.talk->kind->ask(bench.talk);
	assert_int_equal(bench.out.error, 0);
}

/* As if the kernel had taken it all. */
static void send_all(void)
{
	buffer_clear(&bench.out);
	if (bench.talk->state == TALK_SENDING)
		bench.talk->state = TALK_WAITING;
}

static void hear(const void *data, size_t size)
{
	bench.talk->kind->hear(bench.talk, data, size, 0);
}

/* One byte at a time, as far as it is asked for. */
static void hear_slowly(const void *data, size_t size)
{
	for (size_t i = 0; i < size && bench.talk->state != TALK_ANSWERED; i++)
		hear((const uint8_t *)data + i, 1);
}

/* ---- the WebSocket ---- */

#define ANSWER_MAX 512

/* The server's answer to the request in `out`. */
static size_t write_switch(char answer[ANSWER_MAX])
{
	char accept[WEBSOCKET_ACCEPT_BYTES];
	const char *key = strstr(buffer_text(&bench.out), "Sec-WebSocket-Key: ");
	assert_non_null(key);
	websocket_write_accept(key + strlen("Sec-WebSocket-Key: "), accept);
	return (size_t)snprintf(answer, ANSWER_MAX,
				"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
				"Connection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
				WEBSOCKET_ACCEPT_BYTES, accept);
}

/* Reads the one control frame in `out`, unmasked. */
static size_t read_control(uint8_t opcode, uint8_t payload[WEBSOCKET_CONTROL_MAX])
{
	struct websocket_reader reader;
	struct websocket_piece piece;
	websocket_reader_init(&reader, WEBSOCKET_SERVER);
	websocket_read(&reader, (const uint8_t *)bench.out.data, bench.out.size, &piece);
	assert_int_equal(piece.mistake, WEBSOCKET_RIGHT);
	assert_int_equal(piece.opcode, opcode);
	assert_true(piece.is_end);
	assert_int_equal(piece.used, bench.out.size);
	websocket_mask(payload, piece.data, piece.size, reader.key, 0);
	return piece.size;
}

static size_t write_pong(uint8_t frame[ANSWER_MAX])
{
	size_t size = read_control(WEBSOCKET_PING, frame + 2);
	frame[0] = 0x80 | WEBSOCKET_PONG;
	frame[1] = (uint8_t)size;
	return 2 + size;
}

static void open_socket(void)
{
	char answer[ANSWER_MAX];
	open_bench(&talk_ws, "ws://web.test/chat", 0);
	ask();
	assert_memory_equal(buffer_text(&bench.out), "GET /chat HTTP/1.1\r\nHost: web.test\r\n",
			    36);
	size_t size = write_switch(answer);
	send_all();
	hear_slowly(answer, size);
	assert_int_equal(bench.talk->outcome, OUTCOME_DONE);
	assert_int_equal(bench.talk->state, TALK_HEARING);
	assert_int_equal(bench.result.status, 101);
	assert_int_equal(bench.result.status_of, PROBE_STATUS_SOCKET);
	assert_int_equal(bench.result.head_bytes, size);
}

static void a_socket_answers_a_ping(void **state)
{
	uint8_t frame[ANSWER_MAX];
	uint8_t goodbye[WEBSOCKET_CONTROL_MAX];
	(void)state;
	open_socket();
	size_t size = write_pong(frame);
	send_all();
	/* A message, a pong that nobody asked for, and the peer's own ping come first. */
	hear("\x81\x05hello\x8a\x01x\x89\x02hi", 7 + 3 + 4);
	assert_int_equal(bench.talk->state, TALK_HEARING);
	assert_int_equal(read_control(WEBSOCKET_PONG, goodbye), 2);
	assert_memory_equal(goodbye, "hi", 2);
	send_all();
	hear_slowly(frame, size);
	assert_int_equal(bench.talk->state, TALK_ANSWERED);
	assert_int_equal(bench.talk->outcome, OUTCOME_DONE);
	close_talk();
	assert_int_equal(read_control(WEBSOCKET_CLOSE, goodbye), 2);
	assert_memory_equal(goodbye, "\x03\xe8", 2);
	close_bench();
}

static void a_kept_socket_is_pinged(void **state)
{
	uint8_t frame[ANSWER_MAX];
	(void)state;
	open_socket();
	bench.target.is_kept = true;
	size_t size = write_pong(frame);
	send_all();
	hear(frame, size);
	assert_int_equal(bench.talk->state, TALK_ANSWERED);
	assert_int_equal(bench.out.size, 0);
	/* At rest it answers, too. */
	bench.talk->result = NULL;
	hear("\x89\x00", 2);
	assert_false(bench.talk->is_ended);
	assert_int_equal(read_control(WEBSOCKET_PONG, frame), 0);
	bench.result = (struct probe_result){ .number = 8 };
	ask();
	/* The pong to the look before is none to this one. */
	uint8_t late[ANSWER_MAX];
	memcpy(late, frame, sizeof(late));
	size = write_pong(frame);
	memcpy(late, frame, size);
	late[size - 1] = 7;
	send_all();
	hear(late, size);
	assert_int_equal(bench.talk->state, TALK_WAITING);
	hear(frame, size);
	assert_int_equal(bench.talk->state, TALK_ANSWERED);
	/* It ends at rest. */
	bench.talk->result = NULL;
	hear("\x88\x02\x03\xe9", 4);
	assert_true(bench.talk->is_ended);
	close_bench();
}

struct wrong_case {
	const char *answer;
	size_t size;
	bool is_opened; /* these are frames */
	bool is_whole;
	enum outcome outcome;
	const char *why;
};

#define TEXT(text) (text), sizeof(text) - 1

static const struct wrong_case wrongs[] = {
	{ TEXT("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), false, true,
	  OUTCOME_REJECTED, "status 403 Forbidden instead of 101" },
	{ TEXT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
	  false, false, OUTCOME_PROTOCOL, NULL },
	{ TEXT("hello"), false, false, OUTCOME_PROTOCOL, "does not speak HTTP" },
	{ TEXT(""), false, false, OUTCOME_CLOSED, "before it answered" },
	{ TEXT("\x88\x02\x03\xe9"), true, false, OUTCOME_CLOSED, "the WebSocket, with code 1001" },
	{ TEXT("\x88\x00"), true, false, OUTCOME_CLOSED, "the WebSocket, without a code" },
	{ TEXT("\x8a\x80mask"), true, false, OUTCOME_PROTOCOL,
	  "sent a WebSocket frame of a server that is masked" },
	{ TEXT(""), true, false, OUTCOME_CLOSED, "without a close frame" },
};

static void wrong_sockets_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(wrongs); i++) {
		const struct wrong_case *row = &wrongs[i];
		if (row->is_opened) {
			open_socket();
		} else {
			open_bench(&talk_ws, "ws://web.test/chat", 0);
			ask();
		}
		send_all();
		hear(row->answer, row->size);
		assert_int_equal(bench.talk->outcome, row->outcome);
		assert_int_equal(bench.talk->state == TALK_ANSWERED, row->is_whole);
		if (row->why)
			assert_string_equal(bench.talk->why, row->why);
		assert_true(bench.talk->is_ended || row->outcome == OUTCOME_PROTOCOL);
		close_bench();
	}
}

/* ---- echoes ---- */

static void an_echo_comes_back(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 64, 5000 };
	(void)state;
	for (size_t i = 0; i < array_size(sizes); i++) {
		uint8_t bytes[5000];
		open_bench(&talk_echo, "echo://web.test", sizes[i]);
		for (unsigned look = 0; look < 2; look++) {
			bench.result = (struct probe_result){ .number = look };
			ask();
			size_t size = bench.out.size;
			assert_int_equal(size, sizes[i] ? sizes[i] : 64);
			memcpy(bytes, bench.out.data, size);
			send_all();
			hear_slowly(bytes, size - 1);
			assert_int_equal(bench.talk->state, size > 1 ? TALK_HEARING : TALK_WAITING);
			hear(bytes + size - 1, 1);
			assert_int_equal(bench.talk->state, TALK_ANSWERED);
			assert_int_equal(bench.talk->outcome, OUTCOME_DONE);
			assert_int_equal(bench.result.body_bytes, size);
			assert_false(bench.talk->is_ended);
		}
		close_bench();
	}
}

/* The host name comes over the first bytes of a connection, and of none that follow. */
static void traffic_comes_back_with_a_name(void **state)
{
	uint8_t bytes[128];
	(void)state;
	open_bench(&talk_echo, "traffic://web.test", 0);
	ask();
	assert_int_equal(bench.out.size, sizeof(bytes));
	memcpy(bytes, bench.out.data, sizeof(bytes));
	assert_int_equal(wire_read_stream_size(bytes, sizeof(bytes)), sizeof(bytes));
	wire_write_name(bytes, sizeof(bytes), "web-3");
	send_all();
	hear_slowly(bytes, sizeof(bytes));
	assert_int_equal(bench.talk->state, TALK_ANSWERED);
	assert_int_equal(bench.talk->outcome, OUTCOME_DONE);
	ask();
	memcpy(bytes, bench.out.data, sizeof(bytes));
	wire_write_name(bytes, sizeof(bytes), "web-3");
	send_all();
	hear(bytes, sizeof(bytes));
	assert_int_equal(bench.talk->outcome, OUTCOME_CORRUPTED);
	close_bench();
}

static void wrong_echoes_are_told(void **state)
{
	uint8_t bytes[100];
	(void)state;
	open_bench(&talk_echo, "echo://web.test", 100);
	ask();
	memcpy(bytes, bench.out.data, sizeof(bytes));
	bytes[70] ^= 1;
	send_all();
	hear(bytes, sizeof(bytes));
	assert_int_equal(bench.talk->outcome, OUTCOME_CORRUPTED);
	assert_int_equal(bench.talk->state, TALK_HEARING);
	assert_string_equal(bench.talk->why, "at byte 71 of 100");
	close_bench();

	open_bench(&talk_echo, "echo://web.test", 100);
	ask();
	memcpy(bytes, bench.out.data, sizeof(bytes));
	send_all();
	hear(bytes, 40);
	hear("", 0);
	assert_int_equal(bench.talk->outcome, OUTCOME_CLOSED);
	assert_string_equal(bench.talk->why, "after 40 of 100 bytes");
	close_bench();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_answers_a_ping),
		cmocka_unit_test(a_kept_socket_is_pinged),
		cmocka_unit_test(wrong_sockets_are_told),
		cmocka_unit_test(an_echo_comes_back),
		cmocka_unit_test(traffic_comes_back_with_a_name),
		cmocka_unit_test(wrong_echoes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
