#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/http1_request.h"

#define AGENT "User-Agent: conntest/" CONNTEST_VERSION "\r\n"

static void heads_are_written(void **state)
{
	static const char *const extra[] = { "x-one:1", "X-Two:   two words" };
	static const char *const replacing[] = { "HOST: other", "user-agent: me",
						 "Accept: text/html" };
	static const char *const removing[] = { "Accept:", "User-Agent: " };
	static const struct {
		struct http1_request request;
		const char *head;
	} rows[] = {
		{ { "GET", NULL, "web:8080", NULL, 0 },
		  "GET / HTTP/1.1\r\nHost: web:8080\r\n" AGENT "Accept: */*\r\n\r\n" },
		{ { "POST", "/a?b=c", "[::1]", extra, 2 },
		  "POST /a?b=c HTTP/1.1\r\nHost: [::1]\r\n" AGENT
		  "Accept: */*\r\nx-one: 1\r\nX-Two: two words\r\n\r\n" },
		{ { "GET", "/", "web", replacing, 3 },
		  "GET / HTTP/1.1\r\nHOST: other\r\nuser-agent: me\r\nAccept: text/html\r\n\r\n" },
		{ { "GET", "/", "web", removing, 2 }, "GET / HTTP/1.1\r\nHost: web\r\n\r\n" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct buffer out;
		buffer_init(&out, 4096);
		http1_write_head(&rows[i].request, &out);
		http1_write_end(&out);
		assert_string_equal(buffer_text(&out), rows[i].head);
		buffer_deinit(&out);
	}
}

static void lengths_are_formatted(void **state)
{
	char text[HTTP1_LENGTH_TEXT_MAX];
	size_t size = http1_format_length(UINT64_MAX, text);
	assert_string_equal(text, "Content-Length: 18446744073709551615\r\n\r\n");
	assert_int_equal(size, strlen(text));
	assert_int_equal(http1_format_length(0, text), strlen("Content-Length: 0\r\n\r\n"));
}

static void what_users_give_is_checked(void **state)
{
	static const struct {
		int (*check)(const char *text, struct error *error);
		const char *text;
		const char *sentence; /* "": it is fine */
	} rows[] = {
		{ http1_check_method, "GET", "" },
		{ http1_check_method, "PROPFIND", "" },
		{ http1_check_method, "", "\"\" is not a method (GET, POST, ...)" },
		{ http1_check_method, "GET /x", "\"GET /x\" is not a method (GET, POST, ...)" },
		{ http1_check_method, "CONNECT", "CONNECT makes a tunnel, which is not measured" },
		{ http1_check_header, "Name: value", "" },
		{ http1_check_header, "Name:", "" },
		{ http1_check_header, "Name:\tv\xc3\xa4lue", "" },
		{ http1_check_header, "Name", "\"Name\" is not a header (NAME: VALUE)" },
		{ http1_check_header, ": value", "\": value\" is not a header (NAME: VALUE)" },
		{ http1_check_header, "Na me: x", "\"Na me: x\" is not a header (NAME: VALUE)" },
		{ http1_check_header, "Name: a\r\nB: c",
		  "\"Name: a\r\nB: c\" is not a header (NAME: VALUE)" },
		{ http1_check_header, "content-LENGTH: 5", "content-LENGTH follows from the body" },
		{ http1_check_header, "Transfer-Encoding: chunked",
		  "Transfer-Encoding follows from the body" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct error error = { "" };
		int rc = rows[i].check(rows[i].text, &error);
		assert_string_equal(error.text, rows[i].sentence);
		assert_int_equal(rc < 0, rows[i].sentence[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_written),
		cmocka_unit_test(lengths_are_formatted),
		cmocka_unit_test(what_users_give_is_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
