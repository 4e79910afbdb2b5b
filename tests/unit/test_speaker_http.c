/* What the HTTP speaker sends however little room there is, and what it hears however answers are
 * cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "engine/http_script.h"
#include "engine/script.h"
#include "engine/speaker.h"
#include "engine/worker.h"

#define HEAD_REST "Host: web\r\nUser-Agent: conntest/" CONNTEST_VERSION "\r\nAccept: */*\r\n"

struct talk {
	struct plan plan;
	struct worker worker;
	struct http_script http;
	struct script script;
	struct backend_rule backend;
	const struct template *bodies[4];
	struct speaker speaker;
	void *speech;
};

/* ---- set-up */

static void talk_init(struct talk *talk, const char *method)
{
	*talk = (struct talk){
		.plan = { .workers = 2 },
		.http.request = { .method = method, .path = "/p", .authority = "web" },
		.script = { .is_answered = true, .firsts = talk->bodies },
	};
	talk->worker.plan = &talk->plan;
	talk->worker.index = 1;
	talk->script.http = &talk->http;
	talk->http.backend = &talk->backend;
}

static struct template *compile(const char *text)
{
	static const struct template_options options = { .has_escapes = false };
	struct template *template = NULL;
	struct error error;
	assert_int_equal(template_compile(text, strlen(text), &options, &error, &template), 0);
	return template;
}

/* The firsts come before the messages. */
static void add_body(struct talk *talk, const char *text, bool is_first)
{
	uint32_t index = talk->script.first_count + talk->script.message_count;
	talk->bodies[index] = compile(text);
	if (is_first)
		talk->script.first_count++;
	else
		talk->script.message_count++;
	talk->script.messages = talk->bodies + talk->script.first_count;
}

static void talk_begin(struct talk *talk)
{
	talk->speaker = (struct speaker){
		.kind = &speaker_http,
		.script = &talk->script,
		.worker = &talk->worker,
	};
	assert_int_equal(speaker_http.init(&talk->speaker), 0);
	talk->speech = malloc(speaker_http.speech_bytes);
	assert_non_null(talk->speech);
	speaker_http.begin(&talk->speaker, talk->speech, &(struct speech_start){ .uid = 7 });
}

static void talk_end(struct talk *talk)
{
	speaker_http.end(&talk->speaker, talk->speech);
	speaker_http.deinit(&talk->speaker);
	free(talk->speech);
	backend_rule_deinit(&talk->backend);
	for (size_t i = 0; i < array_size(talk->bodies); i++)
		template_free((struct template *)talk->bodies[i]);
}

/* ---- sending */

/* Sends so many messages, of each write `most` bytes, and appends what went out. */
static void say(struct talk *talk, uint32_t messages, size_t most, struct buffer *out)
{
	bool is_partial = false;
	uint32_t begun = 0;
	while (begun < messages || is_partial) {
		static struct speech_parts parts;
		size_t left = most;
		speaker_http.write(&talk->speaker, talk->speech, messages - begun + is_partial, 1,
				   &parts);
		assert_in_range(parts.count, 1, SPEECH_PARTS_MAX);
		size_t total = 0;
		for (int i = 0; i < parts.count; i++) {
			size_t part = parts.parts[i].iov_len < left ? parts.parts[i].iov_len : left;
			buffer_append(out, parts.parts[i].iov_base, part);
			left -= part;
			total += parts.parts[i].iov_len;
		}
		assert_int_equal(total, parts.size);
		begun += speaker_http.wrote(&talk->speaker, talk->speech, most - left, &is_partial);
		assert_true(begun <= messages);
	}
}

static void check_sent(struct talk *talk, uint32_t messages, const char *wanted)
{
	static const size_t rooms[] = { SIZE_MAX, 1, 7, 100, 1000 };
	for (size_t i = 0; i < array_size(rooms); i++) {
		struct buffer out;
		buffer_init(&out, 10 << 20);
		talk_begin(talk);
		say(talk, messages, rooms[i], &out);
		assert_string_equal(buffer_text(&out), wanted);
		buffer_deinit(&out);
		speaker_http.end(&talk->speaker, talk->speech);
		speaker_http.deinit(&talk->speaker);
		free(talk->speech);
		talk->speech = NULL;
	}
	talk_begin(talk);
	talk_end(talk);
}

static void requests_without_a_body(void **state)
{
	struct talk talk;
	talk_init(&talk, "GET");
	check_sent(&talk, 2,
		   "GET /p HTTP/1.1\r\n" HEAD_REST "\r\nGET /p HTTP/1.1\r\n" HEAD_REST "\r\n");
	talk_init(&talk, "POST");
	check_sent(&talk, 1, "POST /p HTTP/1.1\r\n" HEAD_REST "Content-Length: 0\r\n\r\n");
}

static void bodies_come_in_turn(void **state)
{
	struct talk talk;
	talk_init(&talk, "POST");
	add_body(&talk, "first", true);
	add_body(&talk, "a", false);
	add_body(&talk, "\\{message.seq} of \\{connection.uid}", false);
	check_sent(&talk, 5,
		   "POST /p HTTP/1.1\r\n" HEAD_REST "Content-Length: 5\r\n\r\nfirst"
		   "POST /p HTTP/1.1\r\n" HEAD_REST "Content-Length: 1\r\n\r\na"
		   "POST /p HTTP/1.1\r\n" HEAD_REST "Content-Length: 6\r\n\r\n2 of 7"
		   "POST /p HTTP/1.1\r\n" HEAD_REST "Content-Length: 1\r\n\r\na"
		   "POST /p HTTP/1.1\r\n" HEAD_REST "Content-Length: 6\r\n\r\n4 of 7");
}

/* More parts than one send takes, and more than one batch. */
static void a_request_of_many_parts(void **state)
{
	struct buffer template;
	struct buffer wanted;
	struct talk talk;
	buffer_init(&template, 100000);
	buffer_init(&wanted, 10 << 20);
	for (int i = 0; i < 100; i++)
		buffer_append_text(&template, "<\\{connection.uid}>\\{message.seq}");
	for (int i = 0; i < 40; i++) {
		buffer_append_format(&wanted,
				     "PUT /p HTTP/1.1\r\n" HEAD_REST "Content-Length: %d\r\n\r\n",
				     i < 10 ? 400 : 500);
		for (int k = 0; k < 100; k++)
			buffer_append_format(&wanted, "<7>%d", i);
	}
	talk_init(&talk, "PUT");
	add_body(&talk, buffer_text(&template), false);
	check_sent(&talk, 40, buffer_text(&wanted));
	buffer_deinit(&template);
	buffer_deinit(&wanted);
}

static void a_large_body_is_not_copied(void **state)
{
	struct buffer body;
	struct buffer wanted;
	struct talk talk;
	buffer_init(&body, 10 << 20);
	buffer_init(&wanted, 10 << 20);
	buffer_append_repeated(&body, 'x', 100000);
	for (int i = 0; i < 2; i++)
		buffer_append_format(&wanted,
				     "POST /p HTTP/1.1\r\n" HEAD_REST
				     "Content-Length: 100000\r\n\r\n%s",
				     buffer_text(&body));
	talk_init(&talk, "POST");
	add_body(&talk, buffer_text(&body), false);
	check_sent(&talk, 2, buffer_text(&wanted));
	buffer_deinit(&body);
	buffer_deinit(&wanted);
}

/* What was begun goes on with the time it was begun with. */
static void a_request_stays_as_it_was_begun(void **state)
{
	static struct speech_parts parts;
	struct talk talk;
	bool is_partial;
	char first[64] = "";
	char second[64] = "";
	talk_init(&talk, "POST");
	add_body(&talk, "\\{time}", false);
	talk_begin(&talk);
	speaker_http.write(&talk.speaker, talk.speech, 1, 1000000000, &parts);
	const struct iovec *last = &parts.parts[parts.count - 1];
	assert_in_range(last->iov_len, 1, sizeof(first) - 1);
	memcpy(first, last->iov_base, last->iov_len);
	assert_int_equal(speaker_http.wrote(&talk.speaker, talk.speech, 5, &is_partial), 1);
	assert_true(is_partial);
	speaker_http.write(&talk.speaker, talk.speech, 2, 9000000000, &parts);
	for (int i = 0; i < parts.count && second[0] == '\0'; i++) {
		last = &parts.parts[i];
		if (last->iov_len <= strlen(first) + 48 &&
		    memmem(last->iov_base, last->iov_len, first, strlen(first)) != NULL)
			memcpy(second, first, sizeof(second));
	}
	assert_string_equal(second, first);
	talk_end(&talk);
}

/* ---- hearing */

/* Appends what is heard: "200 done web-1 last|". */
static bool tell(const struct heard *heard, struct buffer *told)
{
	static const char *const words[] = {
		[HEARD_REPLY] = "",
		[HEARD_GOODBYE] = "goodbye ",
		[HEARD_WRONG] = "wrong ",
		[HEARD_STOP] = "stop ",
	};
	if (heard->what == HEARD_ALL)
		return true;
	assert_int_not_equal(heard->what, HEARD_OPENED);
	buffer_append_format(told, "%s%u", words[heard->what], heard->code);
	if (heard->what == HEARD_REPLY || heard->what == HEARD_WRONG)
		buffer_append_format(told, " %s", outcome_name(heard->outcome));
	if (heard->backend != NULL)
		buffer_append_format(told, " %s", heard->backend);
	if (heard->why != NULL)
		buffer_append_format(told, " %s", heard->why);
	buffer_append_text(told, heard->is_last ? " last|" : "|");
	return heard->what != HEARD_WRONG && heard->what != HEARD_GOODBYE;
}

/* False: it is over. */
static bool give(struct talk *talk, const char *bytes, size_t size, struct buffer *told)
{
	bool goes_on = true;
	while (goes_on && size > 0) {
		struct heard heard = { 0 };
		uint8_t *copy = malloc(size);
		assert_non_null(copy);
		memcpy(copy, bytes, size);
		speaker_http.hear(&talk->speaker, talk->speech, copy, size, &heard);
		assert_true(heard.used <= size);
		assert_true(heard.what != HEARD_ALL || heard.used == size);
		goes_on = tell(&heard, told);
		bytes += heard.used;
		size -= heard.used;
		free(copy);
	}
	return goes_on;
}

/* With `asked` requests under way; at the end the peer's end comes. */
static void hear_once(struct talk *talk, uint32_t asked, const char *bytes, size_t piece,
		      const char *wanted)
{
	size_t size = strlen(bytes);
	bool goes_on = true;
	struct heard heard = { 0 };
	struct buffer told;
	struct buffer out;
	buffer_init(&told, 1 << 20);
	buffer_init(&out, 1 << 20);
	talk_begin(talk);
	say(talk, asked, SIZE_MAX, &out);
	for (size_t at = 0; at < size && goes_on; at += piece)
		goes_on = give(talk, bytes + at, size - at < piece ? size - at : piece, &told);
	if (goes_on) {
		speaker_http.hear(&talk->speaker, talk->speech, NULL, 0, &heard);
		(void)tell(&heard, &told);
	}
	assert_string_equal(buffer_text(&told), wanted);
	speaker_http.end(&talk->speaker, talk->speech);
	speaker_http.deinit(&talk->speaker);
	free(talk->speech);
	buffer_deinit(&told);
	buffer_deinit(&out);
}

static void check_heard(struct talk *talk, uint32_t asked, const char *bytes, const char *wanted)
{
	static const size_t pieces[] = { SIZE_MAX / 2, 1, 2, 3, 5, 50 };
	for (size_t i = 0; i < array_size(pieces); i++)
		hear_once(talk, asked, bytes, pieces[i], wanted);
}

#define OK "HTTP/1.1 200 OK\r\n"

struct row {
	uint32_t asked;
	const char *bytes;
	const char *wanted;
};

static void check_rows(struct talk *talk, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_heard(talk, rows[i].asked, rows[i].bytes, rows[i].wanted);
	backend_rule_deinit(&talk->backend);
}

static void answers_come_in_order(void **state)
{
	static const struct row rows[] = {
		{ 0, "", "" },
		{ 3,
		  OK
		  "Content-Length: 2\r\n\r\nhi"
		  "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
		  "HTTP/1.1 503 Not now\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		  "200 done|404 done|503 rejected|" },
		{ 1, "HTTP/1.1 103 Early\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", "200 done|" },
		{ 2, OK "Connection: close\r\nContent-Length: 0\r\n\r\n", "200 done last|" },
		{ 1, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 done last|" },
		{ 1, OK "\r\nto the end", "200 done last|" },
		{ 1, OK "Content-Length: 5\r\n\r\nhel", "" },
		{ 1, OK, "" },
		{ 2, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
		  "204 done|304 done|" },
	};
	struct talk talk;
	talk_init(&talk, "GET");
	check_rows(&talk, rows, array_size(rows));
	talk_init(&talk, "HEAD");
	check_heard(&talk, 2, OK "Content-Length: 5\r\n\r\n" OK "\r\n", "200 done|200 done|");
}

static void what_nobody_asked_for_is_told(void **state)
{
	static const struct row rows[] = {
		{ 0, OK "\r\n", "wrong 200 protocol sent a response that nobody asked for|" },
		{ 1, OK "Content-Length: 0\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
		  "200 done|wrong 200 protocol sent a response that nobody asked for|" },
		{ 0, "HTTP/1.1 408 Timeout\r\nConnection: close\r\n\r\n", "goodbye 408|" },
		{ 1, "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n", "408 done|" },
		{ 1, "HTTP/1.1 101 Switching\r\n\r\n",
		  "wrong 101 protocol switched to a protocol that nobody asked for|" },
		{ 1, "\x15\x03\x01\x02\x02", "wrong 0 protocol speaks TLS, not plain HTTP|" },
		{ 1, "+OK ready\r\n", "wrong 0 protocol does not speak HTTP|" },
		{ 1, OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
		  "wrong 0 protocol sent a chunk size that overflows|" },
	};
	struct talk talk;
	talk_init(&talk, "GET");
	check_rows(&talk, rows, array_size(rows));
}

static void statuses_and_texts_are_expected(void **state)
{
	static const struct row rows[] = {
		{ 5,
		  OK "Content-Length: 9\r\n\r\nnot ready" OK "Content-Length: 5\r\n\r\nready" OK
		     "Transfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n" OK
		     "Content-Length: 4\r\nX: ready\r\n\r\nread"
		     "HTTP/1.1 201 Made\r\nContent-Length: 5\r\n\r\nready",
		  "200 done|200 done|200 done|200 rejected|201 rejected|" },
	};
	struct talk talk;
	talk_init(&talk, "GET");
	talk.script.expect_text = "ready";
	assert_int_equal(status_set_parse("200,404", NULL, &talk.http.expected), 0);
	check_rows(&talk, rows, array_size(rows));
}

static void the_backend_says_who_it_is(void **state)
{
	static const struct {
		const char *rule;
		struct row row;
	} rows[] = {
		{ "header:x-backend",
		  { 3,
		    OK "X-Backend: web-1 \r\nContent-Length: 0\r\n\r\n" OK
		       "Content-Length: 0\r\n\r\n" OK
		       "x-BACKEND:w\x01\r\nContent-Length: 0\r\n\r\n",
		    "200 done web-1|200 done|200 done w?|" } },
		{ "header:X-Backend",
		  { 1,
		    "HTTP/1.1 103 Early\r\nX-Backend: early\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
		    "200 done|" } },
		{ "header:X-Backend",
		  { 1,
		    OK "X-Backend: "
		       "0123456789012345678901234567890123456789012345678901234567890123456789\r\n"
		       "Content-Length: 0\r\n\r\n",
		    "200 done 012345678901234567890123456789012345678901234567890123456789012|" } },
		{ "cookie:SERVER",
		  { 2,
		    OK "Set-Cookie: SERVERS=no\r\nSet-Cookie: SERVER=web-2; Path=/\r\n"
		       "Set-Cookie: other=1\r\nContent-Length: 0\r\n\r\n" OK
		       "set-cookie: SERVER=web-3\r\nCookie: SERVER=no\r\nContent-Length: 0\r\n\r\n",
		    "200 done web-2|200 done web-3|" } },
		{ "body:host=([a-z0-9-]+)",
		  { 3,
		    OK
		    "Content-Length: 11\r\n\r\nhost=web-4." OK
		    "Transfer-Encoding: chunked\r\n\r\n5\r\na hos\r\n7\r\nt=web-5\r\n0\r\n\r\n" OK
		    "Content-Length: 0\r\n\r\n",
		    "200 done web-4|200 done web-5|200 done|" } },
		{ "body:web-[0-9]",
		  { 1, OK "Content-Length: 8\r\n\r\nI: web-6", "200 done web-6|" } },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct talk talk;
		struct error error;
		talk_init(&talk, "GET");
		assert_int_equal(backend_rule_parse(rows[i].rule, &error, &talk.backend), 0);
		check_rows(&talk, &rows[i].row, 1);
	}
}

/* Of a large body no more than the window is kept. */
static void a_backend_behind_the_window_is_not_seen(void **state)
{
	struct buffer bytes;
	struct talk talk;
	struct error error;
	buffer_init(&bytes, 1 << 20);
	buffer_append_text(&bytes, OK "Content-Length: 10000\r\n\r\n");
	buffer_append_repeated(&bytes, 'x', 9995);
	buffer_append_text(&bytes, "web-1");
	talk_init(&talk, "GET");
	assert_int_equal(backend_rule_parse("body:web-1", &error, &talk.backend), 0);
	check_heard(&talk, 1, buffer_text(&bytes), "200 done|");
	backend_rule_deinit(&talk.backend);
	buffer_deinit(&bytes);
}

static void the_run_stops_where_it_is_told_to(void **state)
{
	static const struct row rows[] = {
		{ 2,
		  OK "Content-Length: 2\r\n\r\nhi" OK
		     "Transfer-Encoding: chunked\r\n\r\n2\r\nst\r\n2\r\nop\r\n0\r\n\r\n",
		  "200 done|stop 0|200 done|" },
		{ 1, OK "X-State: stop\r\nContent-Length: 0\r\n\r\n", "stop 0|200 done|" },
		{ 1, OK "Content-Length: 4\r\n\r\nstop", "stop 0|200 done|" },
		{ 1, OK "Content-Length: 3\r\n\r\nsto", "200 done|" },
	};
	struct talk talk;
	talk_init(&talk, "GET");
	talk.script.stop_on = "stop";
	check_rows(&talk, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_without_a_body),
		cmocka_unit_test(bodies_come_in_turn),
		cmocka_unit_test(a_request_of_many_parts),
		cmocka_unit_test(a_large_body_is_not_copied),
		cmocka_unit_test(a_request_stays_as_it_was_begun),
		cmocka_unit_test(answers_come_in_order),
		cmocka_unit_test(what_nobody_asked_for_is_told),
		cmocka_unit_test(statuses_and_texts_are_expected),
		cmocka_unit_test(the_backend_says_who_it_is),
		cmocka_unit_test(a_backend_behind_the_window_is_not_seen),
		cmocka_unit_test(the_run_stops_where_it_is_told_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
