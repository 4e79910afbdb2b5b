/* One look over HTTP/2 without a network: what is asked, what each answer comes to however it is
 * cut, and what every server that does what none should is told to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/needle.h"
#include "base/status.h"
#include "probe/talk.h"
#include "support/h2_talk.h"

struct scene {
	struct probe_target target;
	struct prober prober;
	struct talk_request request;
	struct needle text;
	struct probe_result result;
	struct talk *talk;
	struct buffer out;
	struct buffer back; /* by the server */
	struct buffer told; /* what each look came to */
	size_t piece_min;   /* of what is heard */
};

/* ---- one connection ---- */

static void scene_init(struct scene *scene, const char *uri)
{
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP };

	*scene = (struct scene){ .prober.target = &scene->target };
	assert_int_equal(uri_parse(uri, &defaults, NULL, &scene->target.uri), 0);
	scene->request = (struct talk_request){
		.uri = &scene->target.uri,
		.authority = "web",
		.method = "GET",
		.text = &scene->text,
	};
	buffer_init(&scene->out, TALK_OUT_MAX);
	buffer_init(&scene->back, 1 << 24);
	buffer_init(&scene->told, 1 << 16);
}

static void scene_deinit(struct scene *scene)
{
	needle_deinit(&scene->text);
	buffer_deinit(&scene->out);
	buffer_deinit(&scene->back);
	buffer_deinit(&scene->told);
}

static void connect_talk(struct scene *scene)
{
	scene->talk = calloc(1, talk_h2.size);
	assert_non_null(scene->talk);
	scene->talk->kind = &talk_h2;
	scene->talk->prober = &scene->prober;
	scene->talk->request = &scene->request;
	scene->talk->out = &scene->out;
	buffer_clear(&scene->out);
	assert_int_equal(talk_h2.open(scene->talk), 0);
}

static void close_talk(struct scene *scene)
{
	talk_h2.close(scene->talk);
	free(scene->talk);
	scene->talk = NULL;
}

/* As the stream prober does: what is in `out` has gone when something is heard. */
static void ask(struct scene *scene)
{
	scene->result = (struct probe_result){ .outcome = OUTCOME_DONE, .health = -1 };
	scene->talk->result = &scene->result;
	scene->talk->state = TALK_SENDING;
	scene->talk->outcome = OUTCOME_DONE;
	scene->talk->why = NULL;
	scene->talk->is_held_back = false;
	talk_h2.ask(scene->talk);
	if (scene->talk->state == TALK_SENDING && !scene->talk->is_held_back)
		scene->talk->state = TALK_WAITING;
}

static bool is_over(const struct scene *scene)
{
	return scene->talk->state == TALK_ANSWERED || scene->talk->outcome != OUTCOME_DONE;
}

/* In pieces, each of its own so that the sanitizer sees who reads beyond. */
static void hear(struct scene *scene, const void *data, size_t size, size_t piece)
{
	for (size_t at = 0; at < size; at += piece) {
		size_t count = size - at < piece ? size - at : piece;
		uint8_t *copy = malloc(count);
		memcpy(copy, (const uint8_t *)data + at, count);
		talk_h2.hear(scene->talk, copy, count, 1);
		free(copy);
		if (scene->talk->result != NULL && is_over(scene))
			scene->talk->result = NULL;
	}
}

static void hear_end(struct scene *scene)
{
	talk_h2.hear(scene->talk, NULL, 0, 1);
}

static void tell_answer(struct scene *scene)
{
	const struct probe_result *result = &scene->result;
	bool is_health = result->health >= 0;

	buffer_append_format(&scene->told, " %s%u %s%d%s%s%s%s",
			     result->status_of == PROBE_STATUS_GRPC ? "grpc " : "", result->status,
			     is_health ? "health " : "",
			     is_health ? (int)result->health : (int)result->body_bytes,
			     is_health ? "" : " bytes", result->is_cut ? " cut" : "",
			     result->location[0] != '\0' ? " to " : "", result->location);
}

/* "done 200 5 bytes|", "rejected 503 0 bytes: status 503 Service Unavailable|", "closed: before it
 * answered, ended|". */
static void tell(struct scene *scene)
{
	const struct talk *talk = scene->talk;

	buffer_append_text(&scene->told, outcome_name(talk->outcome));
	if (talk->state == TALK_ANSWERED)
		tell_answer(scene);
	if (talk->why != NULL)
		buffer_append_format(&scene->told, ": %s", talk->why);
	buffer_append_format(&scene->told, "%s|", talk->is_ended ? ", ended" : "");
}

/* ---- what servers say, frame by frame ---- */

enum frame { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW, MORE };
enum { END = 1, WHOLE = 4 };

#define STATUS_200 "\x88"
#define STATUS_404 "\x8d"
#define STATUS_503 \
	"\x08\x03" \
	"503"
#define STATUS_103 \
	"\x08\x03" \
	"103"
#define STATUS_301 \
	"\x08\x03" \
	"301"
#define LOCATION_X     \
	"\x0f\x1f\x02" \
	"/x" /* of HPACK's table: location */
#define GRPC(n) "\x00\x0bgrpc-status\x01" #n
#define GRPC_WHY                   \
	"\x00\x0cgrpc-message\x07" \
	"not%20a"

static void frame(struct scene *scene, uint8_t type, uint8_t flags, uint32_t id,
		  const char *payload, size_t size)
{
	if (scene->back.size == 0)
		h2_talk_frame(&scene->back, SETTINGS, 0, 0, NULL, 0);
	h2_talk_frame(&scene->back, type, flags, id, payload, size);
}

static void head(struct scene *scene, uint32_t id, uint8_t flags, const char *block)
{
	frame(scene, HEADERS, flags, id, block, strlen(block));
}

static void body(struct scene *scene, uint32_t id, uint8_t flags, const char *text)
{
	frame(scene, DATA, flags, id, text, strlen(text));
}

/* Hears from there until the look is over, with the connection's end behind it; returns how far. */
static size_t look_once(struct scene *scene, size_t at, size_t piece)
{
	ask(scene);
	while (at < scene->back.size && !is_over(scene)) {
		size_t left = scene->back.size - at;
		size_t count = left < piece ? left : piece;
		hear(scene, scene->back.data + at, count, count);
		at += count;
	}
	if (!is_over(scene))
		hear_end(scene);
	tell(scene);
	return at;
}

/* So many looks one after the other at what the server says, and what they come to. */
static void check(struct scene *scene, uint32_t looks, const char *wanted)
{
	static const size_t pieces[] = { 1, 2, 7, 10, 100000 };

	for (size_t i = 0; i < array_size(pieces); i++) {
		size_t at = 0;
		if (pieces[i] < scene->piece_min)
			continue;
		buffer_clear(&scene->told);
		connect_talk(scene);
		for (uint32_t look = 0; look < looks; look++)
			at = look_once(scene, at, looks > 1 ? 1 : pieces[i]);
		assert_string_equal(buffer_text(&scene->told), wanted);
		close_talk(scene);
	}
	buffer_clear(&scene->back);
}

/* ---- good days ---- */

static void an_answer_has_its_status_size_and_text(void **state)
{
	static const uint32_t wanted[] = { 404, 410 };
	struct scene scene;

	scene_init(&scene, "h2c://web/");
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, END, "hello");
	check(&scene, 1, "done 200 5 bytes|");
	head(&scene, 1, WHOLE | END, STATUS_503);
	check(&scene, 1, "rejected 503 0 bytes: status 503 Service Unavailable|");
	/* An interim one is not the answer, whatever it says. */
	head(&scene, 1, WHOLE, STATUS_103 LOCATION_X);
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, 0, "a");
	body(&scene, 1, END, "");
	check(&scene, 1, "done 200 1 bytes|");
	/* Where a redirect goes is told; 201 is none. */
	head(&scene, 1, WHOLE | END, STATUS_301 LOCATION_X);
	check(&scene, 1, "done 301 0 bytes to /x|");
	scene.target.statuses = wanted;
	scene.target.status_count = 2;
	head(&scene, 1, WHOLE | END, STATUS_404);
	check(&scene, 1, "done 404 0 bytes|");
	head(&scene, 1, WHOLE | END, STATUS_200);
	check(&scene, 1, "rejected 200 0 bytes: status 200 OK|");
	/* One that is followed is not judged. */
	scene.target.follows = true;
	head(&scene, 1, WHOLE | END, STATUS_301 LOCATION_X);
	check(&scene, 1, "done 301 0 bytes to /x|");
	scene_deinit(&scene);
}

static void a_text_is_looked_for_across_frames(void **state)
{
	struct scene scene;

	scene_init(&scene, "h2c://web/");
	scene.target.text = "needle";
	assert_int_equal(needle_init_text(&scene.text, scene.target.text), 0);
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, 0, "a nee");
	body(&scene, 1, END, "dle");
	check(&scene, 1, "done 200 8 bytes|");
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, END, "a nee");
	check(&scene, 1, "rejected 200 5 bytes: the text is not in it|");
	scene.target.body_max_bytes = 7;
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, 0, "a nee");
	body(&scene, 1, 0, "dle");
	check(&scene, 1, "rejected 200 7 bytes cut: the text is not in as much as was read|");
	scene_deinit(&scene);
}

/* How many of such a frame are in `out`, and the last one's first payload byte but three. */
static unsigned count_frames(const struct scene *scene, size_t from, uint8_t type,
			     uint8_t *ret_code)
{
	const uint8_t *data = (const uint8_t *)scene->out.data;
	unsigned count = 0;

	for (size_t at = from; at < scene->out.size;) {
		size_t size = (size_t)data[at] << 16 | (size_t)data[at + 1] << 8 | data[at + 2];
		if (data[at + 3] == type) {
			count++;
			*ret_code = size > 3 ? data[at + 9 + 3] : 0;
		}
		at += 9 + size;
	}
	return count;
}

static void a_body_is_read_so_far_and_cancelled(void **state)
{
	struct scene scene;
	uint8_t code = 0;

	scene_init(&scene, "h2c://web/");
	scene.target.body_max_bytes = 8;
	/* All of it fits. */
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, 0, "12345678");
	body(&scene, 1, END, "");
	check(&scene, 1, "done 200 8 bytes|");
	/* What was on its way harms nobody. */
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, 0, "12345678");
	body(&scene, 1, 0, "9");
	body(&scene, 1, 0, "0");
	head(&scene, 3, WHOLE, STATUS_200);
	body(&scene, 3, END, "x");
	check(&scene, 2, "done 200 8 bytes cut|done 200 1 bytes|");
	connect_talk(&scene);
	ask(&scene);
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, 0, "123456789");
	hear(&scene, scene.back.data, scene.back.size, scene.back.size);
	assert_int_equal(count_frames(&scene, H2_PREFACE_BYTES, RST_STREAM, &code), 1);
	assert_int_equal(code, H2_CANCEL);
	close_talk(&scene);
	scene_deinit(&scene);
}

/* Preface, SETTINGS and the request go out at once; and the first byte of the answer is not one of
 * the server's SETTINGS. */
static void a_look_waits_for_its_answer(void **state)
{
	static const size_t settings = 9;
	struct scene scene;
	uint8_t code;

	scene_init(&scene, "h2c://web/");
	connect_talk(&scene);
	assert_int_equal(scene.out.size, 0);
	ask(&scene);
	assert_memory_equal(scene.out.data, H2_PREFACE, H2_PREFACE_BYTES);
	assert_int_equal(count_frames(&scene, H2_PREFACE_BYTES, SETTINGS, &code), 1);
	assert_int_equal(count_frames(&scene, H2_PREFACE_BYTES, HEADERS, &code), 1);
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, END, "x");
	hear(&scene, scene.back.data, settings + 9, 1);
	assert_int_equal(scene.talk->state, TALK_WAITING);
	hear(&scene, scene.back.data + settings + 9, 1, 1);
	assert_int_equal(scene.talk->state, TALK_HEARING);
	hear(&scene, scene.back.data + settings + 10, scene.back.size - settings - 10, 1);
	assert_int_equal(scene.talk->state, TALK_ANSWERED);
	assert_true(scene.result.head_bytes > 0);
	close_talk(&scene);
	scene_deinit(&scene);
}

static void looks_follow_one_another_on_a_connection(void **state)
{
	struct scene scene;

	scene_init(&scene, "h2c://web/");
	for (uint32_t id = 1; id < 9; id += 2) {
		head(&scene, id, WHOLE, STATUS_200);
		frame(&scene, PING, 0, 0, "12345678", 8);
		body(&scene, id, END, "x");
	}
	check(&scene, 4, "done 200 1 bytes|done 200 1 bytes|done 200 1 bytes|done 200 1 bytes|");
	/* The last one it will answer. */
	head(&scene, 1, WHOLE | END, STATUS_200);
	frame(&scene, GOAWAY, 0, 0, "\0\0\0\x03\0\0\0\0", 8);
	head(&scene, 3, WHOLE | END, STATUS_200);
	check(&scene, 2, "done 200 0 bytes|done 200 0 bytes, ended|");
	scene_deinit(&scene);
}

static void a_connection_may_end_between_looks(void **state)
{
	static const struct {
		uint8_t type;
		const char *payload;
		size_t size;
		bool is_ended;
	} rows[] = {
		{ PING, "12345678", 8, false },
		{ SETTINGS, "\0\3\0\0\0\1", 6, false },
		{ SETTINGS, "\0\3\0\0\0\0", 6, true }, /* no streams */
		{ GOAWAY, "\0\0\0\1\0\0\0\0", 8, true },
		{ PRIORITY, "", 0, true }, /* breaks a rule */
	};
	struct scene scene;

	scene_init(&scene, "h2c://web/");
	for (size_t i = 0; i < array_size(rows); i++) {
		connect_talk(&scene);
		ask(&scene);
		head(&scene, 1, WHOLE | END, STATUS_200);
		hear(&scene, scene.back.data, scene.back.size, 1);
		assert_int_equal(scene.talk->state, TALK_ANSWERED);
		assert_false(scene.talk->is_ended);
		buffer_clear(&scene.back);
		frame(&scene, rows[i].type, 0, 0, rows[i].payload, rows[i].size);
		hear(&scene, scene.back.data, scene.back.size, 1);
		assert_int_equal(scene.talk->is_ended, rows[i].is_ended);
		if (!rows[i].is_ended)
			hear_end(&scene);
		assert_true(scene.talk->is_ended);
		close_talk(&scene);
		buffer_clear(&scene.back);
	}
	scene_deinit(&scene);
}

/* ---- bad days ---- */

static void what_ends_an_answer_is_told(void **state)
{
	struct scene scene;

	scene_init(&scene, "h2c://web/");
	frame(&scene, RST_STREAM, 0, 1, "\0\0\0\x0b", 4);
	check(&scene, 1, "reset: RST_STREAM ENHANCE_YOUR_CALM|");
	head(&scene, 1, WHOLE, STATUS_200);
	frame(&scene, RST_STREAM, 0, 1, "\0\0\0\x02", 4);
	check(&scene, 1, "reset: RST_STREAM INTERNAL_ERROR|");
	frame(&scene, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\x0b", 8);
	check(&scene, 1, "closed: with GOAWAY ENHANCE_YOUR_CALM, before it answered, ended|");
	frame(&scene, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
	check(&scene, 1, "closed: with GOAWAY NO_ERROR, before it answered, ended|");
	frame(&scene, GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0", 8);
	check(&scene, 1, "closed: with GOAWAY NO_ERROR, before it answered, ended|");
	head(&scene, 1, WHOLE, STATUS_200);
	frame(&scene, GOAWAY, 0, 0, "\0\0\0\1\0\0\0\2", 8);
	check(&scene, 1, "closed: with GOAWAY INTERNAL_ERROR, in mid-answer, ended|");
	/* The connection's end. */
	check(&scene, 1, "closed: before it answered, ended|");
	frame(&scene, PING, 0, 0, "12345678", 8);
	check(&scene, 1, "closed: before it answered, ended|");
	head(&scene, 1, WHOLE, STATUS_200);
	check(&scene, 1, "closed: in mid-answer, ended|");
	head(&scene, 1, WHOLE, STATUS_200);
	body(&scene, 1, END, "hello");
	buffer_cut(&scene.back, scene.back.size - 1);
	check(&scene, 1, "closed: in mid-frame, after 4 bytes, ended|");
	buffer_append(&scene.back, "\0\0", 2);
	check(&scene, 1, "closed: in mid-frame, ended|");
	scene_deinit(&scene);
}

/* A field "x" of 16,000 bytes, in no table. */
static void large_field(struct scene *scene, uint8_t flags)
{
	static char block[16006] = "\x00\x01x\x7f\x81\x7c";

	memset(block + 6, 'y', sizeof(block) - 6);
	frame(scene, MORE, flags, 1, block, sizeof(block));
}

static void who_breaks_the_rules_is_told_so(void **state)
{
	struct scene scene;

	scene_init(&scene, "h2c://web/");
	buffer_append_text(&scene.back, "HTTP/1.1 400 Bad Request\r\n\r\n");
	check(&scene, 1, "protocol: answered in HTTP/1.1 and does not speak HTTP/2 here, ended|");
	for (int i = 0; i < 1100; i++)
		frame(&scene, SETTINGS, 0, 0, NULL, 0);
	check(&scene, 1,
	      "protocol: sent more than 1,000 frames a second that bring nothing, ended|");
	/* nghttp2 counts a frame of a head for each piece that its own head comes in. */
	scene.piece_min = 1000;
	head(&scene, 1, 0, STATUS_200);
	for (int i = 0; i < 5; i++)
		large_field(&scene, i == 4 ? WHOLE : 0);
	check(&scene, 1, "protocol: sent more than 64 KiB of headers, ended|");
	head(&scene, 1, 0, STATUS_200);
	for (int i = 0; i < 20; i++)
		frame(&scene, MORE, 0, 1, NULL, 0);
	check(&scene, 1, "protocol: sent one head in too many frames, ended|");
	head(&scene, 1, WHOLE | END, "\x00\x01x\x01y"); /* no status */
	check(&scene, 1, "protocol: broke a rule of HTTP/2: Violation in HTTP messaging rule|");
	scene_deinit(&scene);
}

/* ---- gRPC ---- */

#define SERVING     "\0\0\0\0\2\x08\1"
#define NOT_SERVING "\0\0\0\0\2\x08\2"

static void a_health_check_tells_call_and_health_apart(void **state)
{
	static const struct {
		const char *body;
		size_t size;
		const char *trailers;
		const char *wanted;
	} rows[] = {
		{ SERVING, 7, GRPC(0), "done grpc 0 health 1|" },
		{ NOT_SERVING, 7, GRPC(0), "rejected grpc 0 health 2: health NOT_SERVING|" },
		{ "\0\0\0\0\0", 5, GRPC(0), "rejected grpc 0 health 0: health UNKNOWN|" },
		{ "", 0, GRPC(5), "rejected grpc 5 0 bytes: grpc NOT_FOUND|" },
		{ "", 0, GRPC(5) GRPC_WHY, "rejected grpc 5 0 bytes: grpc NOT_FOUND: not a|" },
		{ SERVING, 7, "x", "protocol: ended the call without grpc-status|" },
		{ "\0\0\0\0\2\x08", 6, GRPC(0),
		  "protocol: answered the call without a whole message|" },
		{ "", 0, GRPC(0), "protocol: answered the call without a whole message|" },
		{ "\0\0\0\0\1\x08", 6, GRPC(0),
		  "protocol: answered the health check with something else|" },
		{ "\1\0\0\0\2\x08\1", 7, GRPC(0),
		  "protocol: answered the health check with something else|" },
	};
	struct scene scene;

	scene_init(&scene, "grpc://web/db");
	for (size_t i = 0; i < array_size(rows); i++) {
		static const char none[] = "\x00\x01x\x01y";
		bool has_status = rows[i].trailers[0] != 'x';
		size_t size = sizeof(GRPC(0)) - 1 +
			      (strstr(rows[i].wanted, "not a") ? sizeof(GRPC_WHY) - 1 : 0);
		head(&scene, 1, WHOLE, STATUS_200);
		frame(&scene, DATA, 0, 1, rows[i].body, rows[i].size);
		frame(&scene, HEADERS, WHOLE | END, 1, has_status ? rows[i].trailers : none,
		      has_status ? size : sizeof(none) - 1);
		check(&scene, 1, rows[i].wanted);
	}
	/* A balancer answers for it. */
	head(&scene, 1, WHOLE | END, STATUS_503);
	check(&scene, 1, "rejected 503 0 bytes: status 503, without grpc-status|");
	scene_deinit(&scene);
}

static void a_health_without_end_is_given_up(void **state)
{
	static char filler[16384];
	struct scene scene;

	scene_init(&scene, "grpc://web");
	head(&scene, 1, WHOLE, STATUS_200);
	for (int i = 0; i < 5; i++)
		frame(&scene, DATA, 0, 1, filler, sizeof(filler));
	check(&scene, 1, "protocol: answered the health check with something else|");
	scene_deinit(&scene);
}

/* ---- what is asked ---- */

/* A server of ours that keeps what it is asked. */
struct server {
	struct h2 *h2;
	struct buffer fields;
	struct buffer body;
	struct buffer out;
	int32_t id;
	bool answers_at_once;
	bool has_ended;
};

static void *begin(void *owner, int32_t id)
{
	struct server *server = owner;

	server->id = id;
	return server;
}

static void keep_field(void *owner, void *stream, const struct h2_field *field)
{
	buffer_append_format(&((struct server *)owner)->fields, "%.*s=%.*s ", (int)field->name_size,
			     field->name, (int)field->value_size, field->value);
}

static void answer(struct server *server)
{
	const struct h2_field status = H2_FIELD(":status", "413");

	assert_int_equal(h2_answer(server->h2, server->id, &status, 1, false), 0);
}

static void keep_head(void *owner, void *stream, enum h2_head kind)
{
	struct server *server = owner;

	if (server->answers_at_once)
		answer(server);
}

static void keep_body(void *owner, void *stream, const uint8_t *data, size_t size)
{
	struct server *server = owner;

	buffer_append(&server->body, data, size);
	if (!server->answers_at_once)
		h2_consume(server->h2, server->id, size);
}

static void keep_end(void *owner, void *stream)
{
	((struct server *)owner)->has_ended = true;
	if (!((struct server *)owner)->answers_at_once)
		answer(owner);
}

static void keep_closed(void *owner, void *stream, uint32_t code, const char *why)
{
}

static const struct h2_handler server_handler = {
	.begin = begin,
	.field = keep_field,
	.head = keep_head,
	.body = keep_body,
	.end = keep_end,
	.closed = keep_closed,
};

static void server_open(struct server *server)
{
	*server = (struct server){ .id = 0 };
	buffer_init(&server->fields, 1 << 16);
	buffer_init(&server->body, 1 << 24);
	buffer_init(&server->out, 1 << 24);
	assert_int_equal(h2_new(H2_SERVER, &server_handler, server, &server->h2), 0);
}

static void server_close(struct server *server)
{
	h2_free(server->h2);
	buffer_deinit(&server->fields);
	buffer_deinit(&server->body);
	buffer_deinit(&server->out);
}

/* To and fro until both have nothing to say. */
static void carry(struct scene *scene, struct server *server)
{
	const uint8_t *bytes;
	ssize_t size;

	do {
		for (size_t used = 0; used < scene->out.size;)
			used += h2_read(server->h2, (const uint8_t *)scene->out.data + used,
					scene->out.size - used, 1);
		buffer_clear(&scene->out);
		buffer_clear(&server->out);
		while ((size = h2_write(server->h2, &bytes)) > 0)
			buffer_append(&server->out, bytes, (size_t)size);
		hear(scene, buffer_text(&server->out), server->out.size, 1000);
	} while (scene->out.size > 0);
}

static void check_asked(struct scene *scene, const char *fields)
{
	struct server server;

	server_open(&server);
	connect_talk(scene);
	ask(scene);
	carry(scene, &server);
	assert_string_equal(buffer_text(&server.fields), fields);
	assert_int_equal(server.body.size, scene->request.body_size);
	if (server.body.size > 0)
		assert_memory_equal(server.body.data, scene->request.body, server.body.size);
	assert_int_equal(scene->talk->state, TALK_ANSWERED);
	close_talk(scene);
	server_close(&server);
}

#define AGENT "user-agent=conntest/" CONNTEST_VERSION " "

static void a_request_says_what_it_is_told_to(void **state)
{
	static const char *const headers[] = { "X-Who: me", "Host: other" };
	static char large[300000];
	struct scene scene;

	scene_init(&scene, "https://web/p?q");
	check_asked(&scene,
		    ":method=GET :scheme=https :authority=web :path=/p?q " AGENT "accept=*/* ");
	scene.target.headers = headers;
	scene.target.header_count = 2;
	scene.request.method = "PUT";
	scene.request.body = "hello";
	scene.request.body_size = 5;
	check_asked(&scene, ":method=PUT :scheme=https :authority=other :path=/p?q " AGENT
			    "accept=*/* x-who=me content-length=5 ");
	/* Longer than the server's window. */
	memset(large, 'x', sizeof(large));
	scene.target.header_count = 0;
	scene.request.body = large;
	scene.request.body_size = sizeof(large);
	check_asked(&scene, ":method=PUT :scheme=https :authority=web :path=/p?q " AGENT
			    "accept=*/* content-length=300000 ");
	scene.request.body = "";
	scene.request.body_size = 0;
	check_asked(&scene, ":method=PUT :scheme=https :authority=web :path=/p?q " AGENT
			    "accept=*/* content-length=0 ");
	scene_deinit(&scene);
}

static void a_health_check_names_the_service(void **state)
{
	static const struct {
		const char *uri;
		const char *body;
		size_t size;
	} rows[] = {
		{ "grpc://web", "\0\0\0\0\0", 5 },
		{ "grpc://web/", "\0\0\0\0\0", 5 },
		{ "grpcs://web/db",
		  "\0\0\0\0\4\x0a\2"
		  "db",
		  9 },
		{ "grpc://web/a.b.C",
		  "\0\0\0\0\7\x0a\5"
		  "a.b.C",
		  12 },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct scene scene;
		struct server server;
		scene_init(&scene, rows[i].uri);
		server_open(&server);
		connect_talk(&scene);
		ask(&scene);
		carry(&scene, &server);
		assert_int_equal(server.body.size, rows[i].size);
		assert_memory_equal(server.body.data, rows[i].body, rows[i].size);
		assert_non_null(
			strstr(buffer_text(&server.fields), ":path=/grpc.health.v1.Health/Check "));
		assert_non_null(strstr(buffer_text(&server.fields), ":method=POST "));
		assert_non_null(strstr(buffer_text(&server.fields), "te=trailers "));
		close_talk(&scene);
		server_close(&server);
		scene_deinit(&scene);
	}
}

/* The body is held back by the server's window when the answer comes: the rest is not sent. */
static void an_answer_may_come_before_all_was_asked(void **state)
{
	static char large[300000];
	struct scene scene;
	struct server server;

	scene_init(&scene, "h2c://web/");
	scene.request.method = "PUT";
	scene.request.body = large;
	scene.request.body_size = sizeof(large);
	server_open(&server);
	server.answers_at_once = true;
	connect_talk(&scene);
	ask(&scene);
	assert_true(scene.talk->is_held_back);
	assert_int_equal(scene.talk->state, TALK_SENDING);
	carry(&scene, &server);
	tell(&scene);
	assert_string_equal(buffer_text(&scene.told),
			    "rejected 413 0 bytes: status 413 Content Too Large|");
	assert_false(scene.talk->is_held_back);
	assert_int_equal(server.body.size, H2_SERVER_STREAM_BYTES);
	assert_false(server.has_ended);
	close_talk(&scene);
	server_close(&server);
	scene_deinit(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_its_status_size_and_text),
		cmocka_unit_test(a_text_is_looked_for_across_frames),
		cmocka_unit_test(a_body_is_read_so_far_and_cancelled),
		cmocka_unit_test(a_look_waits_for_its_answer),
		cmocka_unit_test(looks_follow_one_another_on_a_connection),
		cmocka_unit_test(a_connection_may_end_between_looks),
		cmocka_unit_test(what_ends_an_answer_is_told),
		cmocka_unit_test(who_breaks_the_rules_is_told_so),
		cmocka_unit_test(a_health_check_tells_call_and_health_apart),
		cmocka_unit_test(a_health_without_end_is_given_up),
		cmocka_unit_test(a_request_says_what_it_is_told_to),
		cmocka_unit_test(a_health_check_names_the_service),
		cmocka_unit_test(an_answer_may_come_before_all_was_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
