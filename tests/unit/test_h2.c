/* Both sides of proto/h2 against one another however their bytes are cut, and what no peer may do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "support/h2_talk.h"

/* ---- a server that sends back what it gets, or what its path says */

struct echo {
	int32_t id;
	char path[32];
	struct buffer body;
	bool is_complete;
};

struct server {
	struct h2 *h2;
	struct buffer out;
	struct echo echoes[H2_TALK_STREAMS_MAX];
	size_t count;
	size_t closed;
	const char *why;
	uint64_t now_ns;
	bool refuses;
};

static void *begin(void *owner, int32_t id)
{
	struct server *server = owner;

	if (server->refuses)
		return NULL;
	struct echo *echo = &server->echoes[server->count++ % H2_TALK_STREAMS_MAX];
	*echo = (struct echo){ .id = id };
	buffer_init(&echo->body, 1 << 24);
	return echo;
}

static void note_field(void *owner, void *stream, const struct h2_field *field)
{
	struct echo *echo = stream;

	(void)owner;
	if (field->name_size == 5 && memcmp(field->name, ":path", 5) == 0)
		memcpy(echo->path, field->value, field->value_size < 31 ? field->value_size : 31);
}

static void note_head(void *owner, void *stream, enum h2_head head)
{
	struct server *server = owner;
	struct echo *echo = stream;
	const struct h2_field status = H2_FIELD(":status", "200");

	if (head != H2_HEAD_FINAL)
		return;
	if (strcmp(echo->path, "/continue") == 0)
		assert_int_equal(h2_continue(server->h2, echo->id), 0);
	if (strcmp(echo->path, "/reset") == 0)
		h2_reset(server->h2, echo->id, 11);
	else if (strcmp(echo->path, "/never") != 0)
		assert_int_equal(h2_answer(server->h2, echo->id, &status, 1, true), 0);
}

static void note_body(void *owner, void *stream, const uint8_t *data, size_t size)
{
	struct server *server = owner;
	struct echo *echo = stream;

	buffer_append(&echo->body, data, size);
	h2_consume(server->h2, echo->id, size);
}

static void note_end(void *owner, void *stream)
{
	struct server *server = owner;
	struct echo *echo = stream;

	echo->is_complete = true;
	h2_resume(server->h2, echo->id);
}

static void note_closed(void *owner, void *stream, uint32_t code, const char *why)
{
	struct server *server = owner;

	(void)code;
	server->closed++;
	server->why = why;
	buffer_deinit(&((struct echo *)stream)->body);
}

static void fill(void *owner, void *stream, struct h2_fill *ret)
{
	struct server *server = owner;
	struct echo *echo = stream;
	const struct h2_field status = H2_FIELD("grpc-status", "7");

	if (!echo->is_complete)
		return;
	ret->size = echo->body.size < ret->room ? echo->body.size : ret->room;
	memcpy(ret->data, buffer_text(&echo->body), ret->size);
	if (ret->size > 0) {
		memmove(echo->body.data, echo->body.data + ret->size, echo->body.size - ret->size);
		buffer_cut(&echo->body, echo->body.size - ret->size);
	}
	ret->is_last = echo->body.size == 0;
	ret->has_trailers = ret->is_last && strcmp(echo->path, "/trailers") == 0;
	if (ret->has_trailers)
		assert_int_equal(h2_trailers(server->h2, echo->id, &status, 1), 0);
}

static const struct h2_handler handler = {
	.begin = begin,
	.field = note_field,
	.head = note_head,
	.body = note_body,
	.end = note_end,
	.closed = note_closed,
	.fill = fill,
};

static void open_server(struct server *server)
{
	*server = (struct server){ .count = 0 };
	buffer_init(&server->out, 1 << 26);
	assert_int_equal(h2_new(H2_SERVER, &handler, server, &server->h2), 0);
}

static void close_server(struct server *server)
{
	h2_free(server->h2);
	buffer_deinit(&server->out);
	assert_int_equal(server->closed, server->count);
}

static void server_read(struct server *server, const void *data, size_t size)
{
	for (size_t used = 0; used < size;)
		used += h2_read(server->h2, (const uint8_t *)data + used, size - used,
				server->now_ns);
}

static void server_write(struct server *server)
{
	const uint8_t *bytes = NULL;
	ssize_t size = 0;

	while ((size = h2_write(server->h2, &bytes)) > 0)
		buffer_append(&server->out, bytes, (size_t)size);
}

/* ---- a talk between the two */

struct pair {
	struct h2_talk talk;
	struct server server;
};

static void open_pair(struct pair *pair)
{
	h2_talk_init(&pair->talk);
	open_server(&pair->server);
}

static void close_pair(struct pair *pair)
{
	h2_talk_deinit(&pair->talk);
	close_server(&pair->server);
}

/* Until neither has anything to say; in pieces. */
static void talk(struct pair *pair, size_t piece)
{
	struct buffer *there = &pair->talk.out;
	struct buffer *back = &pair->server.out;

	do {
		h2_talk_write(&pair->talk);
		for (size_t at = 0; at < there->size; at += piece)
			server_read(&pair->server, there->data + at,
				    there->size - at < piece ? there->size - at : piece);
		buffer_clear(there);
		server_write(&pair->server);
		for (size_t at = 0; at < back->size; at += piece)
			h2_talk_read(&pair->talk, back->data + at,
				     back->size - at < piece ? back->size - at : piece);
		buffer_clear(back);
		h2_talk_write(&pair->talk);
	} while (there->size > 0);
}

static const size_t pieces[] = { 1, 7, 8192, SIZE_MAX / 2 };

static void requests_are_answered_however_they_are_cut(void **state)
{
	static char large[200000];

	memset(large, 'x', sizeof(large));
	for (size_t i = 0; i < array_size(pieces); i++) {
		struct pair pair;
		open_pair(&pair);
		h2_talk_ask(&pair.talk, "POST", "/", NULL, "hello", 5);
		h2_talk_ask(&pair.talk, "GET", "/", NULL, NULL, 0);
		h2_talk_ask(&pair.talk, "POST", "/", NULL, large, sizeof(large));
		h2_talk_ask(&pair.talk, "POST", "/trailers", NULL, "call", 4);
		h2_talk_ask(&pair.talk, "POST", "/continue", NULL, "go on", 5);
		h2_talk_ask(&pair.talk, "GET", "/reset", NULL, NULL, 0);
		talk(&pair, pieces[i]);
		assert_string_equal(h2_talk_text(&pair.talk),
				    "200 hello|200|200 200000 bytes|200 call grpc-status: 7|"
				    "200 go on|ENHANCE_YOUR_CALM|");
		assert_true(h2_is_between(pair.server.h2));
		assert_null(h2_complaint(pair.server.h2));
		assert_null(h2_complaint(pair.talk.h2));
		close_pair(&pair);
	}
}

static void who_is_refused_may_try_again(void **state)
{
	struct pair pair;

	open_pair(&pair);
	pair.server.refuses = true;
	h2_talk_ask(&pair.talk, "GET", "/", NULL, NULL, 0);
	talk(&pair, SIZE_MAX / 2);
	assert_string_equal(h2_talk_text(&pair.talk), "REFUSED_STREAM|");
	close_pair(&pair);
}

/* The one that is under way is answered, and no other begun. */
static void an_end_is_announced(void **state)
{
	struct pair pair;

	open_pair(&pair);
	h2_talk_ask(&pair.talk, "POST", "/", NULL, "before", 6)->is_open_ended = true;
	talk(&pair, 7);
	assert_true(h2_room(pair.talk.h2) > 0);
	h2_announce_end(pair.server.h2);
	talk(&pair, 7);
	assert_true(pair.talk.is_going);
	assert_int_equal(h2_room(pair.talk.h2), 0);
	pair.talk.streams[0].is_open_ended = false;
	h2_resume(pair.talk.h2, 1);
	h2_end(pair.server.h2);
	talk(&pair, 7);
	assert_string_equal(h2_talk_text(&pair.talk), "200 before|");
	close_pair(&pair);
}

static void no_more_streams_than_the_server_allows(void **state)
{
	struct pair pair;

	open_pair(&pair);
	assert_int_equal(h2_room(pair.talk.h2), 100);
	talk(&pair, 7);
	assert_int_equal(h2_room(pair.talk.h2), H2_SERVER_STREAMS_MAX);
	h2_talk_ask(&pair.talk, "GET", "/never", NULL, NULL, 0);
	assert_int_equal(h2_room(pair.talk.h2), H2_SERVER_STREAMS_MAX - 1);
	close_pair(&pair);
}

/* ---- what no peer may do */

enum frame {
	DATA = 0,
	HEADERS = 1,
	PRIORITY = 2,
	RST_STREAM = 3,
	SETTINGS = 4,
	PING = 6,
	GOAWAY = 7,
	WINDOW_UPDATE = 8,
	CONTINUATION = 9,
};

/* :method GET, :scheme http, :path / and :authority x, of HPACK's tables. */
static const uint8_t get[] = { 0x82, 0x86, 0x84, 0x41, 0x01, 'x' };

static void begin_attack(struct buffer *out)
{
	buffer_init(out, 1 << 24);
	buffer_append_text(out, H2_PREFACE);
	h2_talk_frame(out, SETTINGS, 0, 0, NULL, 0);
}

/* The server's sentence about it; NULL: it has none. */
static const char *complaint_of(struct buffer *attack, bool reads)
{
	struct server server;
	const char *complaint;

	open_server(&server);
	if (reads) {
		for (size_t at = 0; at < attack->size; at += 1000) {
			server_read(&server, attack->data + at,
				    attack->size - at < 1000 ? attack->size - at : 1000);
			server_write(&server);
			buffer_clear(&server.out);
		}
	} else {
		server_read(&server, attack->data, attack->size);
		server_write(&server);
	}
	complaint = h2_complaint(server.h2);
	close_server(&server);
	buffer_deinit(attack);
	return complaint;
}

static void flood(struct buffer *out, uint8_t type, const void *payload, size_t size, size_t count)
{
	begin_attack(out);
	for (size_t i = 0; i < count; i++)
		h2_talk_frame(out, type, 0, 0, payload, size);
}

static void floods_end_a_connection(void **state)
{
	static const char bringing_nothing[] =
		"sent more than 1,000 frames a second that bring nothing";
	struct buffer out;

	flood(&out, SETTINGS, NULL, 0, 900);
	assert_null(complaint_of(&out, true));
	flood(&out, SETTINGS, NULL, 0, 1100);
	assert_string_equal(complaint_of(&out, true), bringing_nothing);
	flood(&out, PING, "12345678", 8, 1100);
	assert_string_equal(complaint_of(&out, true), bringing_nothing);
	flood(&out, 0xbb, "unknown", 7, 1100);
	assert_string_equal(complaint_of(&out, true), bringing_nothing);
	/* Nor may answers pile up that nobody reads. */
	flood(&out, PING, "12345678", 8, H2_ACKS_MAX + 2);
	assert_string_equal(complaint_of(&out, false), "asked for answers without reading them");
}

static void pings_are_no_flood_with_time_between(void **state)
{
	struct server server;
	struct buffer out;

	begin_attack(&out);
	open_server(&server);
	server_read(&server, out.data, out.size);
	buffer_clear(&out);
	h2_talk_frame(&out, PING, 0, 0, "12345678", 8);
	for (size_t i = 0; i < 5000; i++) {
		server.now_ns += 2 * NS_PER_MS;
		server_read(&server, out.data, out.size);
		server_write(&server);
	}
	assert_null(h2_complaint(server.h2));
	close_server(&server);
	buffer_deinit(&out);
}

static void rapid_resets_end_a_connection(void **state)
{
	struct buffer out;

	begin_attack(&out);
	for (uint32_t i = 0; i < 150; i++) {
		h2_talk_frame(&out, HEADERS, 5, 2 * i + 1, get, sizeof(get));
		h2_talk_frame(&out, RST_STREAM, 0, 2 * i + 1, "\0\0\0\x08", 4);
	}
	assert_null(complaint_of(&out, true));
	begin_attack(&out);
	for (uint32_t i = 0; i < 1000; i++) {
		h2_talk_frame(&out, HEADERS, 5, 2 * i + 1, get, sizeof(get));
		h2_talk_frame(&out, RST_STREAM, 0, 2 * i + 1, "\0\0\0\x08", 4);
	}
	assert_string_equal(complaint_of(&out, true), "reset its streams as fast as it began them");
}

/* A literal field without indexing: "x" and so many bytes. */
static size_t long_field(uint8_t *out, size_t bytes)
{
	uint8_t *at = out;

	*at++ = 0x00;
	*at++ = 1;
	*at++ = 'x';
	*at++ = 0x7f;
	size_t left = bytes - 127;
	while (left >= 128) {
		*at++ = (uint8_t)(left | 128);
		left >>= 7;
	}
	*at++ = (uint8_t)left;
	memset(at, 'y', bytes);
	return (size_t)(at - out) + bytes;
}

static void heads_have_a_size(void **state)
{
	static uint8_t field[20000];
	size_t size = long_field(field, 16000);
	struct buffer out;

	for (uint32_t many = 3; many <= 6; many += 3) {
		begin_attack(&out);
		h2_talk_frame(&out, HEADERS, 1, 1, get, sizeof(get));
		for (uint32_t i = 0; i < many; i++)
			h2_talk_frame(&out, CONTINUATION, i + 1 == many ? 4 : 0, 1, field, size);
		const char *complaint = complaint_of(&out, true);
		if (many == 3)
			assert_null(complaint);
		else
			assert_string_equal(complaint, "sent more than 64 KiB of headers");
	}
	begin_attack(&out);
	h2_talk_frame(&out, HEADERS, 1, 1, get, sizeof(get));
	for (uint32_t i = 0; i < 100; i++)
		h2_talk_frame(&out, CONTINUATION, 0, 1, NULL, 0);
	assert_string_equal(complaint_of(&out, true), "sent one head in too many frames");
}

static void rules_are_kept(void **state)
{
	static const uint8_t window[] = { 0x7f, 0xff, 0xff, 0xff };
	static uint8_t settings[6 * (H2_SETTINGS_MAX + 1)];
	struct buffer out;

	buffer_init(&out, 1000);
	buffer_append_text(&out, "GET / HTTP/1.1\r\nHost: web\r\n\r\n");
	assert_string_equal(complaint_of(&out, true), "did not begin with the preface of HTTP/2");
	begin_attack(&out);
	h2_talk_frame(&out, SETTINGS, 0, 0, settings, sizeof(settings));
	assert_non_null(complaint_of(&out, true));
	begin_attack(&out);
	h2_talk_frame(&out, WINDOW_UPDATE, 0, 0, window, sizeof(window));
	assert_non_null(complaint_of(&out, true));
	begin_attack(&out);
	h2_talk_frame(&out, DATA, 0, 1, "nobody began this", 17);
	assert_non_null(complaint_of(&out, true));
	begin_attack(&out);
	h2_talk_frame(&out, HEADERS, 5, 1, "\xff\xff\xff\xff\xff\xff\xff", 7);
	assert_non_null(complaint_of(&out, true));
}

/* ---- servers that do what they must not */

static const char *client_complaint(const void *said, size_t size, const char **ret_text)
{
	static struct h2_talk talk;
	static char text[256];
	const char *complaint;

	h2_talk_init(&talk);
	h2_talk_ask(&talk, "GET", "/", NULL, NULL, 0);
	h2_talk_write(&talk);
	h2_talk_read(&talk, said, size);
	h2_talk_write(&talk);
	complaint = h2_complaint(talk.h2);
	(void)snprintf(text, sizeof(text), "%s", h2_talk_text(&talk));
	*ret_text = text;
	h2_talk_deinit(&talk);
	return complaint;
}

static void servers_are_held_to_the_rules(void **state)
{
	static const char http1[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	static const char alert[] = "\x15\x03\x03\x00\x02\x02\x28 and more";
	struct buffer out;
	const char *text;

	assert_string_equal(client_complaint(http1, sizeof(http1) - 1, &text),
			    "answered in HTTP/1.1 and does not speak HTTP/2 here");
	assert_string_equal(client_complaint(alert, sizeof(alert) - 1, &text),
			    "speaks TLS, not plain HTTP/2");
	buffer_init(&out, 1 << 20);
	for (size_t i = 0; i < 1100; i++)
		h2_talk_frame(&out, SETTINGS, 0, 0, NULL, 0);
	assert_non_null(client_complaint(out.data, out.size, &text));
	/* No status: the stream is at fault, not the connection. */
	buffer_clear(&out);
	h2_talk_frame(&out, SETTINGS, 0, 0, NULL, 0);
	h2_talk_frame(&out, HEADERS, 5, 1, "\x00\x01x\x01y", 5);
	assert_null(client_complaint(out.data, out.size, &text));
	assert_string_equal(text, "Violation in HTTP messaging rule|");
	/* Goes, and has not begun with stream 1. */
	buffer_clear(&out);
	h2_talk_frame(&out, SETTINGS, 0, 0, NULL, 0);
	h2_talk_frame(&out, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
	assert_null(client_complaint(out.data, out.size, &text));
	assert_string_equal(text, "REFUSED_STREAM|");
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered_however_they_are_cut),
		cmocka_unit_test(who_is_refused_may_try_again),
		cmocka_unit_test(an_end_is_announced),
		cmocka_unit_test(no_more_streams_than_the_server_allows),
		cmocka_unit_test(floods_end_a_connection),
		cmocka_unit_test(pings_are_no_flood_with_time_between),
		cmocka_unit_test(rapid_resets_end_a_connection),
		cmocka_unit_test(heads_have_a_size),
		cmocka_unit_test(rules_are_kept),
		cmocka_unit_test(servers_are_held_to_the_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
