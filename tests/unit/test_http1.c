/* Each case is read whole, byte by byte, and cut at every place: what is told must be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/http1.h"

#define RESPONSE HTTP1_RESPONSES
#define REQUEST  HTTP1_REQUESTS

struct row {
	const char *bytes;
	const char *told; /* the peer's end comes behind the bytes */
};

/* ---- telling */

struct listener {
	struct http1 http;
	struct buffer told;
	bool is_in_body;
	bool is_wrong;
};

static void tell(struct listener *listener, const struct http1_event *event)
{
	const struct http1 *http = &listener->http;
	struct buffer *told = &listener->told;
	if (event->what == HTTP1_BODY && !listener->is_in_body)
		buffer_append_text(told, "body:");
	else if (event->what != HTTP1_BODY && listener->is_in_body)
		buffer_append_text(told, "|");
	listener->is_in_body = event->what == HTTP1_BODY;
	switch (event->what) {
	case HTTP1_MORE:
		break;
	case HTTP1_START:
		buffer_append_format(told, "%.*s %.*s|", (int)event->name_size, event->name,
				     (int)event->size, event->data);
		break;
	case HTTP1_FIELD:
		buffer_append_format(told, "%.*s=%.*s|", (int)event->name_size, event->name,
				     (int)event->size, event->data);
		break;
	case HTTP1_INTERIM:
		buffer_append_text(told, "interim|");
		break;
	case HTTP1_HEAD:
		buffer_append_format(told, "head %u%s%s%s%s|", http->status,
				     http->is_old ? " old" : "", http->is_last ? " last" : "",
				     http->wants_continue ? " continue" : "",
				     http->is_expecting_more ? " more" : "");
		break;
	case HTTP1_BODY:
		buffer_append(told, event->data, event->size);
		break;
	case HTTP1_END:
		buffer_append_text(told, "end|");
		break;
	case HTTP1_WRONG:
		buffer_append_format(told, "%s|", http1_verdict_sentence(http->verdict));
		listener->is_wrong = true;
		break;
	}
}

/* Until MORE, which is not told: pieces of a body are one. */
static void give(struct listener *listener, const char *bytes, size_t size)
{
	struct http1_event event;
	size_t used = 0;
	char *copy = malloc(size + 1); /* so that the sanitizer sees what reads beyond */
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	do {
		used += http1_read(&listener->http, copy + used, size - used, &event);
		assert_true(used <= size);
		if (event.what != HTTP1_MORE)
			tell(listener, &event);
	} while (event.what != HTTP1_MORE && event.what != HTTP1_WRONG);
	assert_true(used == size || event.what == HTTP1_WRONG);
	free(copy);
}

static void listen_to(struct listener *listener, enum http1_kind kind, bool wants_fields)
{
	*listener = (struct listener){ 0 };
	http1_init(&listener->http, kind);
	listener->http.wants_fields = wants_fields;
	buffer_init(&listener->told, 1 << 20);
}

static void finish(struct listener *listener, const char *told)
{
	struct http1_event event;
	if (!listener->is_wrong) {
		http1_read_end(&listener->http, &event);
		tell(listener, &event);
	}
	assert_string_equal(buffer_text(&listener->told), told);
	http1_deinit(&listener->http);
	assert_null(listener->http.line.data);
	buffer_deinit(&listener->told);
}

static void check(const struct row *row, enum http1_kind kind, bool wants_fields)
{
	struct listener listener;
	size_t size = strlen(row->bytes);
	for (size_t cut = 0; cut <= size; cut++) {
		listen_to(&listener, kind, wants_fields);
		give(&listener, row->bytes, cut);
		if (!listener.is_wrong)
			give(&listener, row->bytes + cut, size - cut);
		finish(&listener, row->told);
	}
	listen_to(&listener, kind, wants_fields);
	for (size_t i = 0; i < size && !listener.is_wrong; i++)
		give(&listener, row->bytes + i, 1);
	finish(&listener, row->told);
}

static void check_all(const struct row *rows, size_t count, enum http1_kind kind)
{
	for (size_t i = 0; i < count; i++)
		check(&rows[i], kind, false);
}

/* ---- responses */

#define OK "HTTP/1.1 200 OK\r\n"

static void responses_are_framed(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ OK "Content-Length: 5\r\n\r\nhello", "head 200|body:hello|end|" },
		{ OK "content-length:\t5 \r\n\r\nhello" OK "Content-Length: 0\r\n\r\n",
		  "head 200|body:hello|end|head 200|end|" },
		{ OK "Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello",
		  "head 200|body:hello|end|" },
		{ OK "\r\nuntil the end", "head 200 last|body:until the end|end|" },
		{ OK "\r\n", "head 200 last|end|" },
		{ OK "Content-Length: 5\r\nConnection: close\r\n\r\nhello",
		  "head 200 last|body:hello|end|" },
		{ OK "Content-Length: 0\r\nConnection: x, Close\r\n\r\n", "head 200 last|end|" },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		  "head 200 old last|body:hi|end|" },
		{ "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
		  "head 200 old|body:hi|end|" },
		{ "HTTP/1.1 204 No Content\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
		  "head 204|end|head 200|end|" },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "head 304|end|" },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK
		  "Content-Length: 1\r\n\r\nx",
		  "interim|interim|head 200|body:x|end|" },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
		  "head 101|end|" },
		/* What RFC 9112 lets a reader forgive. */
		{ "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "head 200|end|" },
		{ "HTTP/1.1 200 \nContent-Length: 1\n\nx", "head 200|body:x|end|" },
		{ "HTTP/1.9 599 Odd\r\nContent-Length: 0\r\n\r\n", "head 599|end|" },
		{ OK "X:\r\nY: \x80\xff\r\nContent-Length: 0\r\n\r\n", "head 200|end|" },
	};
	check_all(rows, array_size(rows), RESPONSE);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void chunks_are_joined(void **state)
{
	static const struct row rows[] = {
		{ CHUNKED "5\r\nhello\r\n0\r\n\r\n", "head 200|body:hello|end|" },
		{ CHUNKED "5\r\nhello\r\n0006;a=b;c=\"d\"\r\n world\r\n00\r\n\r\n" CHUNKED
			  "0\r\n\r\n",
		  "head 200|body:hello world|end|head 200|end|" },
		{ CHUNKED "A ;x\r\n0123456789\r\na\r\n0123456789\r\n0\r\nDigest: x\r\nContent-"
			  "Length: 9\r\n\r\n",
		  "head 200|body:01234567890123456789|end|" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip,\r\nTransfer-Encoding: "
		  "Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		  "head 200|body:x|end|" },
		/* Both: the coding holds, and the connection ends (RFC 9112 6.3). */
		{ OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		  "head 200 last|body:x|end|" },
		{ OK "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabcdef",
		  "head 200 last|body:abcdef|end|" },
	};
	check_all(rows, array_size(rows), RESPONSE);
}

static void the_head_alone_answers_a_head(void **state)
{
	static const char bytes[] =
		OK "Content-Length: 5\r\n\r\n" OK "Transfer-Encoding: chunked\r\n\r\n" OK "\r\n";
	struct listener listener;
	listen_to(&listener, RESPONSE, false);
	listener.http.is_head_asked = true;
	give(&listener, bytes, strlen(bytes));
	finish(&listener, "head 200|end|head 200|end|head 200|end|");
}

static void fields_are_told_to_who_wants_them(void **state)
{
	static const struct row row = {
		OK "Server:  web \t\r\nX-Backend:web-1\r\nEmpty:\r\nContent-Length: 1\r\n\r\nx",
		"Server=web|X-Backend=web-1|Empty=|Content-Length=1|head 200|body:x|end|"
	};
	check(&row, RESPONSE, true);
}

static void broken_responses_get_a_verdict(void **state)
{
	static const struct row rows[] = {
		{ "\x15\x03\x01\x00\x02\x02\x46", "speaks TLS, not plain HTTP|" },
		{ "\x16\x03\x01\x02", "speaks TLS, not plain HTTP|" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP|" },
		{ "\r\n" OK, "does not speak HTTP|" },
		{ "HTTP\r\n", "does not speak HTTP|" },
		{ OK "Content-Length: 1\r\n\r\nxy", "head 200|body:x|end|does not speak HTTP|" },
		{ "HTTP/2.0 200 OK\r\n\r\n", "speaks another version of HTTP than 1.0 and 1.1|" },
		{ "HTTP/1x1 200 OK\r\n\r\n", "speaks another version of HTTP than 1.0 and 1.1|" },
		{ "HTTP/1.1\r\n\r\n", "sent a status line without a status|" },
		{ "HTTP/1.1 20\r\n\r\n", "sent a status line without a status|" },
		{ "HTTP/1.1 2000 OK\r\n\r\n", "sent a status line without a status|" },
		{ "HTTP/1.1 099 Low\r\n\r\n", "sent a status line without a status|" },
		{ "HTTP/1.1  200 OK\r\n\r\n", "sent a status line without a status|" },
		{ "HTTP/1.1 200 O\rK\r\n\r\n", "sent a status line without a status|" },
		{ OK "no colon\r\n\r\n", "sent a header field that is none|" },
		{ OK ": nameless\r\n\r\n", "sent a header field that is none|" },
		{ OK "Name : x\r\n\r\n", "sent a header field that is none|" },
		{ OK "Name: a\rb\r\n\r\n", "sent a header field that is none|" },
		{ OK "Name: a\r\n folded\r\n\r\n", "sent a header field folded over lines|" },
		{ OK "\tName: a\r\n\r\n", "sent a header field folded over lines|" },
		{ OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
		  "sent a Content-Length that is no number, overflows or contradicts another "
		  "one|" },
		{ OK "Content-Length: -1\r\n\r\n",
		  "sent a Content-Length that is no number, overflows or contradicts another "
		  "one|" },
		{ OK "Content-Length:\r\n\r\n",
		  "sent a Content-Length that is no number, overflows or contradicts another "
		  "one|" },
		{ OK "Content-Length: 9223372036854775808\r\n\r\n",
		  "sent a Content-Length that is no number, overflows or contradicts another "
		  "one|" },
		{ OK "Content-Length: 18446744073709551617\r\n\r\n",
		  "sent a Content-Length that is no number, overflows or contradicts another "
		  "one|" },
		{ OK "Transfer-Encoding: chunked, gzip\r\n\r\n",
		  "sent a Transfer-Encoding that does not end in chunked|" },
		{ CHUNKED "x\r\n", "head 200|sent a chunk without its size or its end|" },
		{ CHUNKED "-1\r\n", "head 200|sent a chunk without its size or its end|" },
		{ CHUNKED "1 x\r\n", "head 200|sent a chunk without its size or its end|" },
		{ CHUNKED "1\nx\r\n", "head 200|sent a chunk without its size or its end|" },
		{ CHUNKED "1\r\nxx\r\n",
		  "head 200|body:x|sent a chunk without its size or its end|" },
		{ CHUNKED "1\r\nx\n", "head 200|body:x|sent a chunk without its size or its end|" },
		{ CHUNKED "8000000000000000\r\n", "head 200|sent a chunk size that overflows|" },
		{ CHUNKED "fffffffffffffffffffff\r\n",
		  "head 200|sent a chunk size that overflows|" },
		{ CHUNKED "0\r\n folded\r\n\r\n",
		  "head 200|sent a header field folded over lines|" },
		{ OK "Content-Length: 5\r\n\r\nhell",
		  "head 200|body:hell|ended in the middle of a message|" },
		{ CHUNKED "5\r\nhello\r\n",
		  "head 200|body:hello|ended in the middle of a message|" },
		{ OK "Content-Le", "ended in the middle of a message|" },
		{ OK, "ended in the middle of a message|" },
		{ "H", "ended in the middle of a message|" },
	};
	check_all(rows, array_size(rows), RESPONSE);
}

/* ---- requests */

#define HOST "Host: x\r\n"

static void requests_are_framed(void **state)
{
	static const struct row rows[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", "GET /|head 0|end|" },
		{ "\r\n\r\nGET /a?b=c HTTP/1.1\n" HOST "\n\r\nHEAD * HTTP/1.1\r\n" HOST "\r\n",
		  "GET /a?b=c|head 0|end|HEAD *|head 0|end|" },
		{ "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
		  "POST /echo|head 0|body:hello|end|" },
		{ "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
		  "0\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
		  "POST /echo|head 0|body:abc|end|GET /|head 0|end|" },
		{ "PUT /x HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
		  "PUT /x|head 0 continue|body:x|end|" },
		{ "PUT /x HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n", "PUT /x|head 0 more|end|" },
		{ "GET / HTTP/1.0\r\n\r\n", "GET /|head 0 old last|end|" },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET /|head 0 old|end|" },
		{ "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "GET /|head 0 last|end|" },
	};
	check_all(rows, array_size(rows), REQUEST);
}

static void broken_requests_get_a_verdict(void **state)
{
	static const struct row rows[] = {
		{ "\x16\x03\x01", "speaks TLS, not plain HTTP|" },
		{ "\x7fGET", "does not speak HTTP|" },
		{ "GET /\r\n", "sent a request line that is none|" },
		{ "GET  / HTTP/1.1\r\n", "sent a request line that is none|" },
		{ "GET / x HTTP/1.1\r\n", "sent a request line that is none|" },
		{ "GET  HTTP/1.1\r\n", "sent a request line that is none|" },
		{ "GET / HTTP/1.11\r\n", "sent a request line that is none|" },
		{ "GET / http/1.1\r\n", "sent a request line that is none|" },
		{ "G(T / HTTP/1.1\r\n", "sent a request line that is none|" },
		{ "PRI * HTTP/2.0\r\n\r\n", "speaks another version of HTTP than 1.0 and 1.1|" },
		{ "GET / HTTP/1.1\r\n\r\n", "GET /|sent no Host, or more than one|" },
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", "GET /|sent no Host, or more than one|" },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n",
		  "POST /|sent a Transfer-Encoding that does not end in chunked|" },
		{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "POST /|sent a Transfer-Encoding that does not end in chunked|" },
		{ "POST / HTTP/1.1\r\n" HOST
		  "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "POST /|sent a Content-Length that is no number, overflows or contradicts "
		  "another one|" },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell",
		  "POST /|head 0|body:hell|ended in the middle of a message|" },
	};
	check_all(rows, array_size(rows), REQUEST);
}

/* ---- sizes */

static void repeat(struct listener *listener, const char *text, size_t times)
{
	for (size_t i = 0; i < times && !listener->is_wrong; i++)
		give(listener, text, strlen(text));
}

static void heads_have_a_limit(void **state)
{
	struct listener listener;
	listen_to(&listener, RESPONSE, false);
	give(&listener, OK, strlen(OK));
	repeat(&listener, "x", 10 << 20); /* one field that never ends */
	assert_true(listener.http.line.capacity <= 2 * HTTP1_HEAD_MAX);
	finish(&listener, "sent more than 64 KiB of header fields|");

	listen_to(&listener, RESPONSE, false);
	give(&listener, OK, strlen(OK));
	repeat(&listener, "Name: value\r\n", 10000);
	finish(&listener, "sent more than 64 KiB of header fields|");

	listen_to(&listener, REQUEST, false);
	repeat(&listener, "\r\n", 100000);
	finish(&listener, "sent more than 64 KiB of header fields|");

	listen_to(&listener, RESPONSE, false);
	give(&listener, CHUNKED "0\r\n", strlen(CHUNKED "0\r\n"));
	repeat(&listener, "Name: value\r\n", 10000);
	finish(&listener, "head 200|sent more than 64 KiB of header fields|");

	listen_to(&listener, RESPONSE, false);
	give(&listener, CHUNKED "1;", strlen(CHUNKED "1;"));
	repeat(&listener, "extension", 10000);
	finish(&listener, "head 200|sent a chunk without its size or its end|");
}

/* The limit is of one message, not of a connection. */
static void many_heads_are_no_large_one(void **state)
{
	static const char bytes[] = CHUNKED "1;extension\r\nx\r\n0\r\nTrailer: x\r\n\r\n";
	struct listener listener;
	listen_to(&listener, RESPONSE, false);
	for (size_t i = 0; i < 5000; i++) {
		give(&listener, bytes, strlen(bytes));
		assert_string_equal(buffer_text(&listener.told), "head 200|body:x|end|");
		buffer_clear(&listener.told);
	}
	finish(&listener, "");
}

/* Nothing of a body is kept, and of a head nothing once its line is whole. */
static void only_a_part_of_a_line_is_kept(void **state)
{
	struct listener listener;
	listen_to(&listener, RESPONSE, false);
	give(&listener, OK "Content-Length: 1000000\r\nServ",
	     strlen(OK "Content-Length: 1000000\r\nServ"));
	assert_int_equal(listener.http.line.size, 4);
	give(&listener, "er: x\r\n\r\n", 9);
	assert_null(listener.http.line.data);
	repeat(&listener, "0123456789", 100000);
	assert_null(listener.http.line.data);
	assert_true(http1_is_between(&listener.http));
	buffer_clear(&listener.told);
	finish(&listener, "");
}

static void a_verdict_stays(void **state)
{
	struct listener listener;
	struct http1_event event;
	listen_to(&listener, RESPONSE, false);
	give(&listener, "nonsense", 8);
	assert_int_equal(http1_read(&listener.http, OK, strlen(OK), &event), 0);
	assert_int_equal(event.what, HTTP1_WRONG);
	http1_read_end(&listener.http, &event);
	assert_int_equal(event.what, HTTP1_WRONG);
	assert_int_equal(listener.http.verdict, HTTP1_WRONG_NOT_HTTP);
	assert_int_equal(http1_verdict_status(HTTP1_WRONG_HEAD_SIZE), 431);
	finish(&listener, "does not speak HTTP|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses_are_framed),
		cmocka_unit_test(chunks_are_joined),
		cmocka_unit_test(the_head_alone_answers_a_head),
		cmocka_unit_test(fields_are_told_to_who_wants_them),
		cmocka_unit_test(broken_responses_get_a_verdict),
		cmocka_unit_test(requests_are_framed),
		cmocka_unit_test(broken_requests_get_a_verdict),
		cmocka_unit_test(heads_have_a_limit),
		cmocka_unit_test(many_heads_are_no_large_one),
		cmocka_unit_test(only_a_part_of_a_line_is_kept),
		cmocka_unit_test(a_verdict_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
