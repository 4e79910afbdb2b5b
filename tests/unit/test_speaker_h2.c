/* What the speaker of HTTP/2 says however little room there is, and what it hears however answers
 * are cut and in whatever order they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"
#include "engine/http_script.h"
#include "engine/script.h"
#include "engine/speaker.h"
#include "engine/worker.h"
#include "proto/grpc.h"
#include "support/h2_talk.h"

struct talk {
	struct plan plan;
	struct worker worker;
	struct http_script http;
	struct script script;
	const struct template *bodies[2];
	struct speaker speaker;
	void *speech;
	struct buffer said; /* by us */
	struct buffer back; /* by the server */
	struct buffer text; /* what was heard */
};

/* ---- set-up */

static void talk_init(struct talk *talk)
{
	*talk = (struct talk){
		.plan = { .workers = 2 },
		.http.request = { .method = "POST", .path = "/p", .authority = "web" },
		.http.scheme = "http",
		.script = { .is_answered = true, .messages = talk->bodies },
	};
	talk->worker.plan = &talk->plan;
	talk->worker.index = 1;
	talk->script.http = &talk->http;
	assert_int_equal(
		loop_new(&(struct loop_options){ .is_simulated = true }, &talk->worker.loop), 0);
	buffer_init(&talk->said, 1 << 24);
	buffer_init(&talk->back, 1 << 24);
	buffer_init(&talk->text, 1 << 16);
}

static void talk_begin(struct talk *talk)
{
	talk->speaker = (struct speaker){
		.kind = &speaker_h2,
		.script = &talk->script,
		.worker = &talk->worker,
	};
	assert_int_equal(speaker_h2.init(&talk->speaker), 0);
	talk->speech = malloc(speaker_h2.speech_bytes);
	assert_non_null(talk->speech);
	speaker_h2.begin(&talk->speaker, talk->speech, &(struct speech_start){ .uid = 7 });
	buffer_clear(&talk->said);
	buffer_clear(&talk->text);
}

static void talk_end(struct talk *talk)
{
	speaker_h2.end(&talk->speaker, talk->speech);
	speaker_h2.deinit(&talk->speaker);
	free(talk->speech);
}

static void talk_deinit(struct talk *talk)
{
	buffer_deinit(&talk->said);
	buffer_deinit(&talk->back);
	buffer_deinit(&talk->text);
	for (size_t i = 0; i < array_size(talk->bodies); i++)
		template_free((struct template *)talk->bodies[i]);
	loop_free(talk->worker.loop);
}

static void add_body(struct talk *talk, const char *text)
{
	static const struct template_options options = { .has_escapes = false };
	struct template *template = NULL;
	struct error error;

	assert_int_equal(template_compile(text, strlen(text), &options, &error, &template), 0);
	talk->bodies[talk->script.message_count++] = template;
}

/* Sends so many messages, of each write `most` bytes. */
static void say(struct talk *talk, uint32_t messages, size_t most)
{
	bool is_partial = false;
	uint32_t begun = 0;

	while (begun < messages || is_partial) {
		static struct speech_parts parts;
		size_t size;
		speaker_write(&talk->speaker, talk->speech, messages - begun + is_partial, 1,
			      &parts);
		assert_int_equal(parts.count, 1);
		size = parts.parts[0].iov_len < most ? parts.parts[0].iov_len : most;
		assert_true(size > 0);
		buffer_append(&talk->said, parts.parts[0].iov_base, size);
		begun += speaker_h2.wrote(&talk->speaker, talk->speech, size, &is_partial);
		assert_true(begun <= messages);
	}
}

/* "3+1 200|": message 3 was answered, before an older one. */
static void write_heard(struct talk *talk, const struct heard *heard)
{
	char status[STATUS_TEXT_MAX];

	switch (heard->what) {
	case HEARD_REPLY:
		buffer_append_format(&talk->text, "%u+%u %s%s%s|", heard->number, heard->ahead,
				     status_format(heard->code, status),
				     heard->outcome == OUTCOME_REJECTED ? " rejected" : "",
				     heard->is_last ? " last" : "");
		break;
	case HEARD_GOODBYE:
		buffer_append_format(&talk->text, "goodbye%s%s|", heard->code > 0 ? " " : "",
				     heard->code > 0 ? status_format(heard->code, status) : "");
		break;
	case HEARD_WRONG:
		buffer_append_format(&talk->text, "wrong: %s|", heard->why);
		break;
	case HEARD_STOP:
		buffer_append_text(&talk->text, "stop|");
		break;
	case HEARD_ALL:
	case HEARD_OPENED:
		break;
	}
}

/* As its owners do; false: what is heard ends the connection. */
static bool hear_piece(struct talk *talk, const uint8_t *data, size_t size)
{
	while (size > 0) {
		struct heard heard;
		speaker_hear(&talk->speaker, talk->speech, data, size, &heard);
		assert_true(heard.used <= size);
		write_heard(talk, &heard);
		if (heard.what == HEARD_WRONG || heard.what == HEARD_GOODBYE || heard.is_last)
			return false;
		if (heard.what == HEARD_ALL)
			assert_int_equal(heard.used, size);
		data += heard.used;
		size -= heard.used;
	}
	return true;
}

static void hear(struct talk *talk, size_t piece)
{
	const uint8_t *data = (const uint8_t *)talk->back.data;
	bool goes_on = true;

	for (size_t at = 0; goes_on && at < talk->back.size; at += piece) {
		size_t left = talk->back.size - at;
		uint8_t *copy = malloc(left < piece ? left : piece);
		memcpy(copy, data + at, left < piece ? left : piece);
		goes_on = hear_piece(talk, copy, left < piece ? left : piece);
		free(copy);
	}
}

/* ---- what servers say */

enum frame { DATA, HEADERS, RST_STREAM = 3, SETTINGS = 4, GOAWAY = 7 };
#define STATUS_200 "\x88"
#define STATUS_503 \
	"\x08\x03" \
	"503"

static void frame(struct talk *talk, uint8_t type, uint8_t flags, uint32_t id, const char *payload,
		  size_t size)
{
	if (talk->back.size == 0)
		h2_talk_frame(&talk->back, SETTINGS, 0, 0, NULL, 0);
	h2_talk_frame(&talk->back, type, flags, id, payload, size);
}

static void answer(struct talk *talk, uint32_t id, const char *head, const char *body)
{
	frame(talk, HEADERS, body != NULL ? 4 : 5, id, head, strlen(head));
	if (body != NULL)
		frame(talk, DATA, 1, id, body, strlen(body));
}

/* So many messages, what the server says to them, and what is heard. */
static void check(struct talk *talk, uint32_t messages, const char *wanted)
{
	static const size_t pieces[] = { 1, 2, 7, 10, 100000 };

	for (size_t i = 0; i < array_size(pieces); i++) {
		talk_begin(talk);
		say(talk, messages, pieces[i] * 10);
		hear(talk, pieces[i]);
		assert_string_equal(buffer_text(&talk->text), wanted);
		talk_end(talk);
	}
	buffer_clear(&talk->back);
}

static void answers_say_whose_they_are(void **state)
{
	struct talk talk;

	talk_init(&talk);
	answer(&talk, 5, STATUS_200, "third");
	answer(&talk, 1, STATUS_200, NULL);
	answer(&talk, 7, STATUS_503, "fourth");
	answer(&talk, 3, STATUS_200, "");
	check(&talk, 4, "2+2 200|0+0 200|3+1 503 rejected|1+0 200|");
	/* Interim ones are none. */
	frame(&talk, HEADERS, 4, 1,
	      "\x08\x03"
	      "103",
	      5);
	answer(&talk, 1, STATUS_200, "x");
	check(&talk, 1, "0+0 200|");
	talk_deinit(&talk);
}

static void a_reset_is_an_answer(void **state)
{
	struct talk talk;

	talk_init(&talk);
	frame(&talk, RST_STREAM, 0, 3, "\0\0\0\x0b", 4);
	answer(&talk, 1, STATUS_200, "x");
	check(&talk, 2, "1+1 RST_STREAM ENHANCE_YOUR_CALM rejected|0+0 200|");
	talk_deinit(&talk);
}

static void who_goes_is_heard_out(void **state)
{
	struct talk talk;

	talk_init(&talk);
	/* Before anything was asked; in anger. */
	frame(&talk, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
	check(&talk, 0, "goodbye|");
	frame(&talk, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\x0b", 8);
	check(&talk, 0, "goodbye RST_STREAM ENHANCE_YOUR_CALM|");
	/* The second one is still answered, the third was not begun. */
	answer(&talk, 1, STATUS_200, "x");
	frame(&talk, GOAWAY, 0, 0, "\0\0\0\x03\0\0\0\0", 8);
	answer(&talk, 3, STATUS_200, "y");
	check(&talk, 3, "0+0 200|2+1 RST_STREAM REFUSED_STREAM rejected|1+0 200 last|");
	/* None was. */
	frame(&talk, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
	check(&talk, 2,
	      "1+1 RST_STREAM REFUSED_STREAM rejected|"
	      "0+0 RST_STREAM REFUSED_STREAM rejected last|");
	talk_deinit(&talk);
}

static void who_breaks_the_rules_is_told_so(void **state)
{
	static const char trailers[] = "\x00\x01x\x01y";
	struct talk talk;

	talk_init(&talk);
	buffer_append_text(&talk.back, "HTTP/1.1 400 Bad Request\r\n\r\n");
	check(&talk, 1, "wrong: answered in HTTP/1.1 and does not speak HTTP/2 here|");
	for (int i = 0; i < 1100; i++)
		frame(&talk, 0xbb, 0, 0, NULL, 0);
	check(&talk, 1, "wrong: sent more than 1,000 frames a second that bring nothing|");
	frame(&talk, HEADERS, 5, 1, trailers, sizeof(trailers) - 1);
	check(&talk, 1, "wrong: Violation in HTTP messaging rule|");
	talk_deinit(&talk);
}

static void calls_end_with_their_status(void **state)
{
#define NO_STATUS "\x00\x01x\x01y"
#define STATUS(n) "\x00\x0bgrpc-status\x01" #n
	static const struct {
		const char *body;
		size_t size;
		const char *trailers;
		const char *wanted;
	} rows[] = {
		{ "\0\0\0\0\2\x08\1", 7, STATUS(0), "0+0 grpc OK|" },
		{ "\0\0\0\0\2\x08\2", 7, STATUS(0), "0+0 health NOT_SERVING rejected|" },
		{ "\0\0\0\0\0", 5, STATUS(0), "0+0 health UNKNOWN rejected|" },
		{ "", 0, STATUS(5), "0+0 grpc NOT_FOUND rejected|" },
		{ "\0\0\0\0\2\x08\1", 7, STATUS(8), "0+0 grpc RESOURCE_EXHAUSTED rejected|" },
		{ "\0\0\0\0\2\x08\1", 7, NO_STATUS, "wrong: ended a call without grpc-status|" },
		{ "\0\0\0\0\2\x08", 6, STATUS(0),
		  "wrong: answered a call without a whole message|" },
		{ "\0\0\0\0\1\x08", 6, STATUS(0),
		  "wrong: answered a health check with something else|" },
	};
	static const uint8_t health[5] = { 0 };
	struct talk talk;

	talk_init(&talk);
	talk.http.is_grpc = true;
	talk.http.health = health;
	talk.http.health_bytes = sizeof(health);
	for (size_t i = 0; i < array_size(rows); i++) {
		size_t size = rows[i].trailers[1] == 1 ? 5 : 15;
		frame(&talk, HEADERS, 4, 1, STATUS_200, 1);
		frame(&talk, DATA, 0, 1, rows[i].body, rows[i].size);
		frame(&talk, HEADERS, 5, 1, rows[i].trailers, size);
		check(&talk, 1, rows[i].wanted);
	}
	answer(&talk, 1, STATUS_503, "no backend");
	check(&talk, 1, "0+0 503 rejected|");
	talk_deinit(&talk);
}

static void texts_are_looked_for(void **state)
{
	struct talk talk;

	talk_init(&talk);
	talk.script.expect_text = "needle";
	talk.script.stop_on = "enough";
	answer(&talk, 3, STATUS_200, "a nee");
	answer(&talk, 1, STATUS_200, "a needle");
	check(&talk, 2, "1+1 200 rejected|0+0 200|");
	answer(&talk, 1, STATUS_200, "that is enough, needle");
	check(&talk, 1, "stop|0+0 200|");
	talk_deinit(&talk);
}

/* ---- sending */

/* What a server of ours makes of it. */
static void check_bodies(struct talk *talk, uint32_t messages, size_t wanted)
{
	static const size_t rooms[] = { SIZE_MAX, 1, 9, 1000 };

	for (size_t i = 0; i < array_size(rooms); i++) {
		size_t data = 0;
		uint32_t heads = 0;
		talk_begin(talk);
		say(talk, messages, rooms[i]);
		const uint8_t *at = (const uint8_t *)talk->said.data + H2_PREFACE_BYTES;
		const uint8_t *end = (const uint8_t *)talk->said.data + talk->said.size;
		assert_memory_equal(talk->said.data, H2_PREFACE, H2_PREFACE_BYTES);
		while (at < end) {
			size_t size = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
			data += at[3] == DATA ? size : 0;
			heads += at[3] == HEADERS;
			at += 9 + size;
		}
		assert_ptr_equal(at, end);
		assert_int_equal(heads, messages);
		assert_int_equal(data, wanted);
		talk_end(talk);
	}
}

static void bodies_go_out_whole(void **state)
{
	struct talk talk;

	talk_init(&talk);
	check_bodies(&talk, 3, 0);
	add_body(&talk, "hello");
	check_bodies(&talk, 3, 15);
	add_body(&talk, "\\{connection.uid}");
	check_bodies(&talk, 4, 12);
	talk.http.is_grpc = true;
	check_bodies(&talk, 4, 32);
	talk_deinit(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_say_whose_they_are),
		cmocka_unit_test(a_reset_is_an_answer),
		cmocka_unit_test(who_goes_is_heard_out),
		cmocka_unit_test(who_breaks_the_rules_is_told_so),
		cmocka_unit_test(calls_end_with_their_status),
		cmocka_unit_test(texts_are_looked_for),
		cmocka_unit_test(bodies_go_out_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
