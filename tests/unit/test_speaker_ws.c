/* The speaker of WebSockets through its table, with a server that is this test: every conversation
 * in pieces of any size, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "engine/script.h"
#include "engine/speaker.h"
#include "engine/worker.h"
#include "engine/ws_script.h"
#include "proto/websocket.h"
#include "proto/websocket_handshake.h"

#define NOW_NS       UINT64_C(5000000000)
#define MESSAGES_MAX 8
#define KEY_AT       "Sec-WebSocket-Key: "

/* ---- a client, and what it has sent */

struct talk {
	struct plan plan;
	struct worker worker;
	struct ws_script ws;
	struct script script;
	struct reply_rule reply;
	const struct template *messages[MESSAGES_MAX];
	struct speaker speaker;
	uint64_t speech[32];
	struct buffer sent;
	size_t read; /* of it, by the server */
	struct websocket_reader reader;
	uint32_t started;
	bool is_partial;
	size_t chunk; /* a send takes so much; 0: all */
};

static struct template *compile(const char *text)
{
	struct template *template = NULL;
	struct error error = { "" };
	struct template_options options = { .has_escapes = true };
	if (template_compile(text, strlen(text), &options, &error, &template) < 0)
		fail_msg("%s: %s", text, error.text);
	return template;
}

static void init_talk(struct talk *talk)
{
	static uint8_t zeros[WORKER_SCRATCH_BYTES];
	*talk = (struct talk){
		.plan.slots.count = 2,
		.worker.zeros = zeros,
		.ws.request = { .path = "/chat?x=1", .authority = "web:8080" },
		.script = { .kind = &speaker_ws, .is_answered = true, .seed = 7 },
		.reply.kind = REPLY_NONE,
	};
	talk->worker.plan = &talk->plan;
	talk->script.ws = &talk->ws;
	talk->script.reply = &talk->reply;
	talk->script.messages = talk->messages;
	buffer_init(&talk->sent, 64 * 1024 * 1024);
	websocket_reader_init(&talk->reader, WEBSOCKET_SERVER);
}

static void add_message(struct talk *talk, const char *text)
{
	talk->messages[talk->script.message_count++] = compile(text);
}

static void begin(struct talk *talk)
{
	struct speech_start start = { .uid = 3 };
	talk->speaker = (struct speaker){ &speaker_ws, &talk->script, &talk->worker, NULL };
	assert_true(speaker_ws.speech_bytes <= sizeof(talk->speech));
	assert_int_equal(speaker_ws.speech_bytes % 8, 0);
	assert_int_equal(speaker_ws.init(&talk->speaker), 0);
	memset(talk->speech, 0xa5, sizeof(talk->speech));
	speaker_ws.begin(&talk->speaker, talk->speech, &start);
}

static void end(struct talk *talk)
{
	speaker_ws.end(&talk->speaker, talk->speech);
	speaker_ws.deinit(&talk->speaker);
	for (uint32_t i = 0; i < talk->script.message_count; i++)
		template_free((struct template *)talk->messages[i]);
	buffer_deinit(&talk->sent);
}

/* One send; returns whether anything was sent. */
static bool send_once(struct talk *talk, uint32_t count)
{
	struct speech_parts parts;
	size_t size = 0;
	speaker_ws.write(&talk->speaker, talk->speech, count + talk->is_partial, NOW_NS, &parts);
	for (int i = 0; i < parts.count; i++)
		size += parts.parts[i].iov_len;
	assert_int_equal(size, parts.size);
	size_t left = talk->chunk > 0 && talk->chunk < size ? talk->chunk : size;
	size_t taken = left;
	for (int i = 0; i < parts.count && left > 0; i++) {
		size_t part = parts.parts[i].iov_len < left ? parts.parts[i].iov_len : left;
		buffer_append(&talk->sent, parts.parts[i].iov_base, part);
		left -= part;
	}
	if (taken > 0)
		talk->started +=
			speaker_ws.wrote(&talk->speaker, talk->speech, taken, &talk->is_partial);
	return taken > 0;
}

/* Sends `count` messages and what else is to be sent. */
static void send_all(struct talk *talk, uint32_t count)
{
	uint32_t end_at = talk->started + count;
	while (send_once(talk, end_at - talk->started))
		assert_true(talk->started <= end_at);
	assert_int_equal(talk->started, end_at);
	assert_false(talk->is_partial);
}

/* ---- the server */

/* Takes the request and answers it: "%s" is the right proof. */
static void answer_request(struct talk *talk, const char *format, char answer[512])
{
	char accept[WEBSOCKET_ACCEPT_BYTES + 1] = "";
	const char *text = buffer_text(&talk->sent);
	const char *key = strstr(text, KEY_AT);
	const char *request_end = strstr(text, "\r\n\r\n");
	assert_non_null(key);
	assert_non_null(request_end);
	talk->read = (size_t)(request_end - text) + 4;
	websocket_write_accept(key + strlen(KEY_AT), accept);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(answer, 512, format, accept);
#pragma GCC diagnostic pop
}

#define SWITCH                                                                              \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Accept: %s\r\n\r\n"

/* What has been sent since, as text: t(...) and b(...) with a + for each further frame, p, o and
 * x(code). */
static void read_sent(struct talk *talk, struct buffer *out)
{
	static const char names[] = "+tb.....xpo";
	uint8_t payload[256 * 1024];
	struct websocket_piece piece;
	buffer_init(out, 64 * 1024 * 1024);
	for (; talk->read < talk->sent.size; talk->read += piece.used) {
		websocket_read(&talk->reader, (uint8_t *)talk->sent.data + talk->read,
			       talk->sent.size - talk->read, &piece);
		if (piece.mistake != WEBSOCKET_RIGHT)
			fail_msg("%s", websocket_sentence(piece.mistake));
		if (piece.is_begin)
			buffer_append_format(out, "%c(", names[talk->reader.opcode]);
		for (size_t at = 0; at < piece.size; at += sizeof(payload)) {
			size_t left = piece.size - at;
			size_t size = left < sizeof(payload) ? left : sizeof(payload);
			websocket_mask(payload, piece.data + at, size, talk->reader.key,
				       piece.offset + at);
			if (piece.opcode == WEBSOCKET_CLOSE && size >= 2)
				buffer_append_format(out, "%u", payload[0] << 8 | payload[1]);
			else
				buffer_append(out, payload, size);
		}
		if (piece.is_end)
			buffer_append_text(out, ")");
	}
}

static void assert_sent(struct talk *talk, const char *text)
{
	struct buffer sent;
	read_sent(talk, &sent);
	assert_string_equal(buffer_text(&sent), text);
	buffer_deinit(&sent);
}

#define FIN 0x80
static size_t put_frame(uint8_t *to, uint8_t first, const void *payload, size_t size)
{
	struct websocket_head head = { .opcode = first & 15,
				       .is_final = first >= FIN,
				       .size = size };
	size_t head_size = websocket_write_head(&head, to);
	memcpy(to + head_size, payload, size);
	return head_size + size;
}

/* What is heard in bytes that come in pieces of `step`, as text: R, r (rejected), O, S, G(code),
 * W(outcome), ! for urgent. */
static void hear(struct talk *talk, const void *data, size_t size, size_t step, struct buffer *out)
{
	static const char names[] = ".ORGWS";
	const uint8_t *bytes = data;
	buffer_init(out, 1 << 20);
	for (size_t at = 0; at < size;) {
		struct heard heard;
		size_t most = step < size - at ? step : size - at;
		uint8_t *piece = malloc(most); /* so that one byte beyond is seen */
		memcpy(piece, bytes + at, most);
		speaker_ws.hear(&talk->speaker, talk->speech, piece, most, &heard);
		free(piece);
		assert_true(heard.used <= most);
		if (heard.what == HEARD_ALL)
			assert_int_equal(heard.used, most);
		else if (heard.what == HEARD_REPLY && heard.outcome == OUTCOME_REJECTED)
			buffer_append_text(out, "r");
		else
			buffer_append_format(out, "%c", names[heard.what]);
		if (heard.what == HEARD_GOODBYE)
			buffer_append_format(out, "(%u)", heard.code);
		if (heard.what == HEARD_WRONG)
			buffer_append_format(out, "(%s %u)", outcome_name(heard.outcome),
					     heard.code);
		if (heard.is_urgent)
			buffer_append_text(out, "!");
		at += heard.used;
		if (heard.what == HEARD_WRONG)
			return;
	}
}

static void assert_heard(struct talk *talk, const void *data, size_t size, size_t step,
			 const char *text)
{
	struct buffer heard;
	hear(talk, data, size, step, &heard);
	assert_string_equal(buffer_text(&heard), text);
	buffer_deinit(&heard);
}

/* With which of the others a ping is heard depends on the cut. */
static void drop_urgent(struct buffer *heard)
{
	size_t used = 0;
	for (size_t at = 0; at < heard->size; at++) {
		if (heard->data[at] != '!')
			heard->data[used++] = heard->data[at];
	}
	buffer_cut(heard, used);
}

static void open_talk(struct talk *talk, size_t chunk)
{
	char answer[512];
	talk->chunk = chunk;
	begin(talk);
	send_all(talk, 0);
	answer_request(talk, SWITCH, answer);
	assert_heard(talk, answer, strlen(answer), chunk > 0 ? chunk : 512, "O");
}

/* ---- the opening */

static void a_request_is_sent_in_any_pieces(void **state)
{
	static const char *const headers[] = { "Cookie: a=b", "Accept:" };
	char first[2048] = "";
	for (size_t chunk = 0; chunk < 300; chunk += 7) {
		struct talk talk;
		init_talk(&talk);
		talk.ws.request.headers = headers;
		talk.ws.request.header_count = 2;
		talk.ws.subprotocol = "mqtt";
		talk.chunk = chunk;
		begin(&talk);
		send_all(&talk, 0);
		if (chunk == 0)
			(void)snprintf(first, sizeof(first), "%s", buffer_text(&talk.sent));
		assert_string_equal(buffer_text(&talk.sent), first);
		end(&talk);
	}
	assert_memory_equal(first, "GET /chat?x=1 HTTP/1.1\r\nHost: web:8080\r\n", 40);
	assert_non_null(strstr(first, "\r\nCookie: a=b\r\n"));
	assert_non_null(strstr(first, "\r\nSec-WebSocket-Protocol: mqtt\r\n"));
	assert_null(strstr(first, "Accept:"));
	assert_string_equal(strstr(first, KEY_AT) + strlen(KEY_AT) + WEBSOCKET_KEY_BYTES,
			    "\r\n\r\n");
}

static const struct {
	const char *answer;
	const char *heard;
} answers[] = {
	{ SWITCH, "O" },
	{ "HTTP/1.1 102 Processing\r\n\r\n" SWITCH, "O" },
	{ "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n%s", "W(rejected 404)" },
	{ "HTTP/1.1 200 OK\r\n\r\n%s", "W(rejected 200)" },
	{ "HTTP/1.1 503 Busy\r\n\r\n%s", "W(rejected 503)" },
	{ "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	  "Sec-WebSocket-Accept: x%s\r\n\r\n",
	  "W(protocol 0)" },
	{ "HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
	  "W(protocol 0)" },
	{ "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n%s",
	  "W(protocol 0)" },
	{ "SSH-2.0-OpenSSH_9.2\r\n%s", "W(protocol 0)" },
	{ "HTTP/1.1 101 Yes\r\nno field%s\r\n\r\n", "W(protocol 0)" },
};

static void answers_are_judged_in_any_pieces(void **state)
{
	for (size_t i = 0; i < array_size(answers); i++) {
		for (size_t step = 1; step < 512; step = step * 3 + 1) {
			struct talk talk;
			char answer[512];
			init_talk(&talk);
			begin(&talk);
			send_all(&talk, 0);
			answer_request(&talk, answers[i].answer, answer);
			assert_heard(&talk, answer, strlen(answer), step, answers[i].heard);
			end(&talk);
		}
	}
}

static void a_head_without_end_is_wrong(void **state)
{
	struct talk talk;
	struct buffer head;
	init_talk(&talk);
	begin(&talk);
	send_all(&talk, 0);
	buffer_init(&head, 16 << 20);
	buffer_append_text(&head, "HTTP/1.1 101 Yes\r\nX: ");
	buffer_append_repeated(&head, 'x', 10 << 20);
	assert_heard(&talk, head.data, head.size, 4096, "W(protocol 0)");
	buffer_deinit(&head);
	end(&talk);
}

static void a_frame_may_follow_the_answer_at_once(void **state)
{
	struct talk talk;
	char bytes[512 + 16];
	init_talk(&talk);
	talk.script.stop_on = "now";
	begin(&talk);
	send_all(&talk, 0);
	answer_request(&talk, SWITCH, bytes);
	size_t size = strlen(bytes);
	size += put_frame((uint8_t *)bytes + size, FIN | WEBSOCKET_TEXT, "now", 3);
	assert_heard(&talk, bytes, size, sizeof(bytes), "OS");
	end(&talk);
}

/* ---- messages */

static void add_mixture(struct talk *talk)
{
	add_message(talk, "hello");
	add_message(talk, "\\{message.seq} of \\{connection.uid}");
	add_message(talk, "\\xff\\xfe");
	add_message(talk, "\\{re [a-z]{20}}");
	add_message(talk, "\\{ws.text \"frag\" ...}\\{ws.ping \"p\"}\\{ws.cont \"ment\"}");
	add_message(talk, "\\{ws.binary \"b\"}");
}

static void messages_are_the_same_in_any_pieces(void **state)
{
	struct buffer first;
	buffer_init(&first, 1 << 20);
	for (size_t chunk = 0; chunk < 100; chunk++) {
		struct talk talk;
		init_talk(&talk);
		add_mixture(&talk);
		open_talk(&talk, chunk);
		size_t from = talk.sent.size;
		send_all(&talk, 8);
		if (chunk == 0)
			buffer_append(&first, talk.sent.data + from, talk.sent.size - from);
		assert_int_equal(talk.sent.size - from, first.size);
		assert_memory_equal(talk.sent.data + from, first.data, first.size);
		struct buffer sent;
		read_sent(&talk, &sent);
		assert_memory_equal(sent.data, "t(hello)t(1 of 3)b(\xff\xfe)t(", 24);
		assert_string_equal(sent.data + 44, ")t(frag)p(p)+(ment)b(b)t(hello)t(7 of 3)");
		buffer_deinit(&sent);
		end(&talk);
	}
	buffer_deinit(&first);
}

static void each_message_has_its_own_key(void **state)
{
	struct talk talk;
	init_talk(&talk);
	add_message(&talk, "same");
	open_talk(&talk, 0);
	size_t from = talk.sent.size;
	send_all(&talk, 32);
	assert_int_equal(talk.sent.size - from, 32 * 10);
	for (size_t i = 0; i < 32; i++) {
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(talk.sent.data + from + 10 * i + 2,
						talk.sent.data + from + 10 * k + 2, 4);
	}
	end(&talk);
}

static void raw_bytes_go_without_a_frame(void **state)
{
	struct talk talk;
	init_talk(&talk);
	add_message(&talk, "\\{raw \"\\x81\\x00\"}");
	open_talk(&talk, 1);
	size_t from = talk.sent.size;
	send_all(&talk, 1);
	assert_int_equal(talk.sent.size - from, 2);
	assert_memory_equal(talk.sent.data + from, "\x81\x00", 2);
	end(&talk);
}

static void nothing_is_said_without_messages(void **state)
{
	struct talk talk;
	init_talk(&talk);
	open_talk(&talk, 0);
	assert_false(send_once(&talk, 5));
	end(&talk);
}

/* A window is smaller than these. */
static void large_messages_are_sent_in_windows(void **state)
{
	static const size_t chunks[] = { 0, 1000, 65536, 131072 };
	for (size_t i = 0; i < array_size(chunks); i++) {
		struct talk talk;
		struct buffer sent;
		init_talk(&talk);
		talk.script.bulk_bytes = 1000000;
		open_talk(&talk, 0);
		talk.chunk = chunks[i];
		send_all(&talk, 2);
		read_sent(&talk, &sent);
		assert_int_equal(sent.size, 2 * 1000003);
		assert_memory_equal(sent.data, "b(", 2);
		for (size_t at = 2; at < 1000002; at++)
			assert_int_equal(sent.data[at], 0);
		assert_memory_equal(sent.data + 1000002, ")b(", 3);
		buffer_deinit(&sent);
		end(&talk);
	}
}

/* ---- answers */

/* Two texts, the first in fragments around a ping. */
static size_t put_answers(uint8_t *to, const char *first, const char *second, const char *other)
{
	uint8_t *at = to;
	at += put_frame(at, WEBSOCKET_TEXT, first, strlen(first));
	at += put_frame(at, FIN | WEBSOCKET_PING, "ping", 4);
	at += put_frame(at, FIN | WEBSOCKET_CONTINUATION, second, strlen(second));
	at += put_frame(at, FIN | WEBSOCKET_PONG, "", 0);
	at += put_frame(at, FIN | WEBSOCKET_TEXT, other, strlen(other));
	return (size_t)(at - to);
}

static void each_message_is_an_answer(void **state)
{
	for (size_t step = 1; step < 60; step++) {
		struct talk talk;
		uint8_t bytes[256];
		size_t size = put_answers(bytes, "any", "thing", "else");
		init_talk(&talk);
		add_message(&talk, "hello");
		open_talk(&talk, 0);
		/* A greeting answers nothing. */
		assert_heard(&talk, "\x81\x02hi", 4, step, "");
		send_all(&talk, 2);
		struct buffer heard;
		hear(&talk, bytes, size, step, &heard);
		assert_non_null(strchr(buffer_text(&heard), '!'));
		assert_int_equal(heard.data[heard.size - 1], 'R');
		buffer_deinit(&heard);
		assert_heard(&talk, "\x81\x00", 2, step, "");
		send_all(&talk, 0);
		assert_sent(&talk, "t(hello)t(hello)o(ping)");
		end(&talk);
	}
}

static const struct {
	const char *first;
	const char *second;
	const char *other;
	const char *heard;
} echoes[] = {
	{ "hel", "lo", "1 of 3", "RR" },
	{ "", "hello", "1 of 3", "RR" },
	{ "hel", "lo", "2 of 3", "RW(corrupted 0)" },
	{ "hel", "lo!", "1 of 3", "W(corrupted 0)" },
	{ "hel", "l", "1 of 3", "W(corrupted 0)" },
	{ "hal", "lo", "1 of 3", "W(corrupted 0)" },
	{ "hel", "lo", "1 of ", "RW(corrupted 0)" },
};

static void echoes_are_compared(void **state)
{
	for (size_t i = 0; i < array_size(echoes); i++) {
		uint8_t bytes[256];
		struct talk talk;
		struct buffer heard;
		size_t size =
			put_answers(bytes, echoes[i].first, echoes[i].second, echoes[i].other);
		for (size_t step = 1; step < 60; step++) {
			init_talk(&talk);
			talk.reply.kind = REPLY_ECHO;
			add_message(&talk, "hello");
			add_message(&talk, "\\{message.seq} of \\{connection.uid}");
			open_talk(&talk, 0);
			send_all(&talk, 2);
			hear(&talk, bytes, size, step, &heard);
			drop_urgent(&heard);
			assert_string_equal(buffer_text(&heard), echoes[i].heard);
			buffer_deinit(&heard);
			end(&talk);
		}
	}
}

static void an_echo_nobody_asked_for_is_wrong(void **state)
{
	struct talk talk;
	init_talk(&talk);
	talk.reply.kind = REPLY_ECHO;
	add_message(&talk, "hello");
	open_talk(&talk, 0);
	assert_heard(&talk, "\x81\x05hello", 7, 7, "W(corrupted 0)");
	end(&talk);
}

/* What was sent in several messages comes back in as many. */
static void an_echo_may_be_several_messages(void **state)
{
	static const char frames[] = "\x81\x03one\x82\x03two\x81\x05three";
	for (size_t step = 1; step < sizeof(frames); step++) {
		struct talk talk;
		init_talk(&talk);
		talk.reply.kind = REPLY_ECHO;
		add_message(&talk, "\\{ws.text \"one\"}\\{ws.binary \"two\"}\\{ws.ping}");
		add_message(&talk, "three");
		open_talk(&talk, 0);
		send_all(&talk, 2);
		assert_heard(&talk, frames, sizeof(frames) - 1, step, "RR");
		end(&talk);
	}
}

/* The echo of a message that holds the time is compared with the time it was sent at. */
static void echoes_of_time_are_compared(void **state)
{
	struct talk talk;
	uint8_t bytes[256];
	init_talk(&talk);
	talk.reply.kind = REPLY_ECHO;
	add_message(&talk, "\\{time} \\{message.marker}");
	open_talk(&talk, 5);
	send_all(&talk, 2);
	struct buffer sent;
	read_sent(&talk, &sent);
	size_t length = (sent.size - 6) / 2;
	assert_in_range(length, 40, 80);
	size_t size = put_frame(bytes, FIN | WEBSOCKET_TEXT, sent.data + 2, length);
	size += put_frame(bytes + size, FIN | WEBSOCKET_TEXT, sent.data + 5 + length, length);
	assert_heard(&talk, bytes, size, 9, "RR");
	buffer_deinit(&sent);
	end(&talk);
}

static void large_echoes_are_compared(void **state)
{
	struct talk talk;
	uint8_t *bytes = calloc(1, 1000016);
	assert_non_null(bytes);
	init_talk(&talk);
	talk.reply.kind = REPLY_ECHO;
	talk.script.bulk_bytes = 1000000;
	open_talk(&talk, 0);
	send_all(&talk, 2);
	struct websocket_head head = { .opcode = WEBSOCKET_BINARY,
				       .is_final = true,
				       .size = 1000000 };
	size_t size = websocket_write_head(&head, bytes) + 1000000;
	assert_heard(&talk, bytes, size, 4096, "R");
	bytes[size - 1] = 1;
	assert_heard(&talk, bytes, size, 4096, "W(corrupted 0)");
	free(bytes);
	end(&talk);
}

static void what_is_expected_has_to_come(void **state)
{
	static const struct {
		const char *first;
		const char *second;
		const char *other;
		const char *heard;
	} cases[] = {
		{ "it is o", "k.", "ok", "RR" },
		{ "it is n", "ot", "ok", "rR" },
		{ "ok", "ok", "ko", "Rr" },
		{ "it is o", "", "k", "rr" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct talk talk;
		uint8_t bytes[256];
		struct buffer heard;
		size_t size = put_answers(bytes, cases[i].first, cases[i].second, cases[i].other);
		for (size_t step = 1; step < 40; step++) {
			init_talk(&talk);
			talk.script.expect_text = "ok";
			add_message(&talk, "hello");
			open_talk(&talk, 0);
			send_all(&talk, 2);
			hear(&talk, bytes, size, step, &heard);
			drop_urgent(&heard);
			assert_string_equal(buffer_text(&heard), cases[i].heard);
			buffer_deinit(&heard);
			end(&talk);
		}
	}
}

/* It may be the end of an answer as well, and is told once. */
static void what_stops_the_run_is_told(void **state)
{
	static const char frames[] = "\x01\x02st\x80\x02op\x81\x04stop";
	for (size_t step = 1; step < sizeof(frames); step++) {
		struct talk talk;
		init_talk(&talk);
		talk.script.stop_on = "stop";
		add_message(&talk, "hello");
		open_talk(&talk, 0);
		send_all(&talk, 2);
		assert_heard(&talk, frames, sizeof(frames) - 1, step, "SRR");
		end(&talk);
	}
}

static void fragments_of_two_messages_do_not_stop_it(void **state)
{
	static const char frames[] = "\x81\x02st\x81\x02op";
	struct talk talk;
	init_talk(&talk);
	talk.script.stop_on = "stop";
	open_talk(&talk, 0);
	assert_heard(&talk, frames, sizeof(frames) - 1, 3, "");
	end(&talk);
}

/* ---- pings and goodbyes */

static void a_pong_waits_for_the_message_that_is_partly_sent(void **state)
{
	struct talk talk;
	init_talk(&talk);
	add_message(&talk, "0123456789");
	open_talk(&talk, 5);
	assert_true(send_once(&talk, 1));
	assert_true(talk.is_partial);
	assert_heard(&talk, "\x89\x01x", 3, 3, "!");
	send_all(&talk, 1);
	assert_sent(&talk, "t(0123456789)o(x)t(0123456789)");
	end(&talk);
}

/* Of whatever size the rest of the message is: there is room for the pong behind it. */
static void a_pong_finds_room_behind_a_full_window(void **state)
{
	for (uint32_t size = 130900; size < 131100; size++) {
		struct talk talk;
		struct buffer sent;
		init_talk(&talk);
		talk.script.bulk_bytes = size;
		open_talk(&talk, 0);
		talk.chunk = 1;
		assert_true(send_once(&talk, 1));
		talk.chunk = 0;
		assert_heard(&talk, "\x89\x01x", 3, 3, "!");
		send_all(&talk, 0);
		read_sent(&talk, &sent);
		assert_int_equal(sent.size, size + 7);
		assert_memory_equal(sent.data + size + 2, ")o(x)", 5);
		buffer_deinit(&sent);
		end(&talk);
	}
}

static void the_last_ping_is_answered(void **state)
{
	struct talk talk;
	init_talk(&talk);
	open_talk(&talk, 0);
	assert_heard(&talk, "\x89\x01x\x89\x01y", 6, 3, "!!");
	send_all(&talk, 0);
	assert_sent(&talk, "o(y)");
	/* One that comes while a pong is partly sent is answered behind it. */
	talk.chunk = 3;
	assert_heard(&talk, "\x89\x01z", 3, 3, "!");
	assert_true(send_once(&talk, 0));
	assert_heard(&talk, "\x89\x01v\x89\x01w", 6, 1, "!!");
	send_all(&talk, 0);
	assert_sent(&talk, "o(z)o(w)");
	end(&talk);
}

static void a_goodbye_is_answered(void **state)
{
	static const struct {
		const char *frame;
		size_t size;
		const char *heard;
		const char *sent;
	} cases[] = {
		{ "\x88\x02\x03\xe8", 4, "G(1000)!", "x(1000)" },
		{ "\x88\x09\x03\xe9go away", 11, "G(1001)!", "x(1001)" },
		{ "\x88\x00", 2, "G(1005)!", "x()" },
		{ "\x88\x02\x10\x04", 4, "G(4100)!", "x(4100)" },
		{ "\x88\x01\x03", 3, "W(protocol 1002)", "" },
		{ "\x88\x02\x03\xed", 4, "W(protocol 1002)", "" },
		{ "\x88\x03\x03\xe8\xff", 5, "W(protocol 1007)", "" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		for (size_t step = 1; step <= cases[i].size; step++) {
			struct talk talk;
			init_talk(&talk);
			add_message(&talk, "never sent");
			open_talk(&talk, 1);
			assert_heard(&talk, cases[i].frame, cases[i].size, step, cases[i].heard);
			while (cases[i].sent[0] != '\0' && send_once(&talk, 1))
				assert_int_equal(talk.started, 0);
			assert_sent(&talk, cases[i].sent);
			end(&talk);
		}
	}
}

static void leaving_says_goodbye(void **state)
{
	struct talk talk;
	init_talk(&talk);
	add_message(&talk, "hello");
	open_talk(&talk, 0);
	send_all(&talk, 1);
	/* A pong that is partly sent comes to its end first. */
	talk.chunk = 3;
	assert_heard(&talk, "\x89\x01x", 3, 3, "!");
	assert_true(send_once(&talk, 0));
	assert_true(speaker_ws.leave(&talk.speaker, talk.speech));
	send_all(&talk, 0);
	assert_false(send_once(&talk, 1));
	assert_sent(&talk, "t(hello)o(x)x(1000)");
	assert_heard(&talk, "\x89\x01y\x81\x01z\x88\x02\x03\xe8", 10, 10, "RG(1000)");
	send_all(&talk, 0);
	assert_sent(&talk, "");
	end(&talk);
}

static void before_it_is_open_there_is_no_goodbye(void **state)
{
	struct talk talk;
	init_talk(&talk);
	begin(&talk);
	send_all(&talk, 0);
	assert_false(speaker_ws.leave(&talk.speaker, talk.speech));
	end(&talk);
}

static void wrong_frames_are_wrong(void **state)
{
	static const struct {
		const char *frame;
		size_t size;
		const char *heard;
	} cases[] = {
		{ "\x81\x80____", 6, "W(protocol 1002)" },
		{ "\xc1\x00", 2, "W(protocol 1002)" },
		{ "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10, "W(protocol 1009)" },
		{ "\x80\x00", 2, "W(protocol 1002)" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		for (size_t step = 1; step <= cases[i].size; step++) {
			struct talk talk;
			init_talk(&talk);
			open_talk(&talk, 0);
			assert_heard(&talk, cases[i].frame, cases[i].size, step, cases[i].heard);
			end(&talk);
		}
	}
}

static void an_end_completes_nothing(void **state)
{
	struct talk talk;
	struct heard heard;
	init_talk(&talk);
	begin(&talk);
	speaker_ws.hear(&talk.speaker, talk.speech, NULL, 0, &heard);
	assert_int_equal(heard.what, HEARD_ALL);
	end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_sent_in_any_pieces),
		cmocka_unit_test(answers_are_judged_in_any_pieces),
		cmocka_unit_test(a_head_without_end_is_wrong),
		cmocka_unit_test(a_frame_may_follow_the_answer_at_once),
		cmocka_unit_test(messages_are_the_same_in_any_pieces),
		cmocka_unit_test(each_message_has_its_own_key),
		cmocka_unit_test(raw_bytes_go_without_a_frame),
		cmocka_unit_test(nothing_is_said_without_messages),
		cmocka_unit_test(large_messages_are_sent_in_windows),
		cmocka_unit_test(each_message_is_an_answer),
		cmocka_unit_test(echoes_are_compared),
		cmocka_unit_test(an_echo_nobody_asked_for_is_wrong),
		cmocka_unit_test(an_echo_may_be_several_messages),
		cmocka_unit_test(echoes_of_time_are_compared),
		cmocka_unit_test(large_echoes_are_compared),
		cmocka_unit_test(what_is_expected_has_to_come),
		cmocka_unit_test(what_stops_the_run_is_told),
		cmocka_unit_test(fragments_of_two_messages_do_not_stop_it),
		cmocka_unit_test(a_pong_waits_for_the_message_that_is_partly_sent),
		cmocka_unit_test(a_pong_finds_room_behind_a_full_window),
		cmocka_unit_test(the_last_ping_is_answered),
		cmocka_unit_test(a_goodbye_is_answered),
		cmocka_unit_test(leaving_says_goodbye),
		cmocka_unit_test(before_it_is_open_there_is_no_goodbye),
		cmocka_unit_test(wrong_frames_are_wrong),
		cmocka_unit_test(an_end_completes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
