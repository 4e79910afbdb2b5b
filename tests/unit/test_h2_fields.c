/* What users say in the form of HTTP/1.1, as fields of HTTP/2. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "proto/h2_fields.h"

#define HEADERS_MAX 3

/* ":method=GET :scheme=..." but for the agent, which is one's version. */
static void write_fields(const struct h2_fields *fields, struct buffer *text)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct h2_field *field = &fields->fields[i];
		bool is_agent = strcmp(field->name, "user-agent") == 0;
		assert_int_equal(field->name_size, strlen(field->name));
		assert_int_equal(field->value_size, strlen(field->value));
		if (!is_agent || strncmp(field->value, "conntest/", 9) != 0)
			buffer_append_format(text, "%s=%s ", field->name, field->value);
	}
}

static void headers_add_replace_and_take_away(void **state)
{
#define START ":method=GET :scheme=http :authority="
	static const struct {
		const char *headers[HEADERS_MAX];
		enum h2_content content;
		const char *path;
		const char *wanted;
	} rows[] = {
		{ { 0 }, H2_CONTENT_ANY, NULL, START "web :path=/ accept=*/* " },
		{ { "X-Who: me", "X-Who:\t you" },
		  H2_CONTENT_ANY,
		  "/p?q",
		  START "web :path=/p?q accept=*/* x-who=you " },
		{ { "Host: other", "ACCEPT: text/html", "User-Agent: me" },
		  H2_CONTENT_ANY,
		  "/",
		  START "other :path=/ user-agent=me accept=text/html " },
		{ { "Accept:", "X-None: ", "Host:" },
		  H2_CONTENT_ANY,
		  "/",
		  ":method=GET :scheme=http :path=/ " },
		{ { "Connection: close", "Upgrade: websocket", "keep-alive: 5" },
		  H2_CONTENT_ANY,
		  "/",
		  START "web :path=/ accept=*/* " },
		{ { "grpc-timeout: 1S" },
		  H2_CONTENT_GRPC,
		  "/a.B/C",
		  START "web :path=/a.B/C te=trailers content-type=application/grpc "
			"grpc-timeout=1S " },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct h2_fields fields;
		struct buffer text;
		struct http1_request request = {
			.method = "GET",
			.path = rows[i].path,
			.authority = "web",
			.headers = rows[i].headers,
		};
		while (request.header_count < HEADERS_MAX &&
		       rows[i].headers[request.header_count] != NULL)
			request.header_count++;
		buffer_init(&text, 4096);
		assert_int_equal(h2_fields_init(&fields, &request, "http", rows[i].content), 0);
		write_fields(&fields, &text);
		assert_string_equal(buffer_text(&text), rows[i].wanted);
		h2_fields_deinit(&fields);
		buffer_deinit(&text);
	}
}

static void too_many_are_refused(void **state)
{
	static char names[H2_FIELDS_MAX][24];
	const char *headers[H2_FIELDS_MAX];
	struct http1_request request = { .method = "GET", .authority = "web", .headers = headers };
	struct h2_fields fields;

	for (int i = 0; i < H2_FIELDS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "x-%d: y", i);
		headers[i] = names[i];
	}
	/* Six are said by default, and room for one is left. */
	request.header_count = H2_FIELDS_MAX - 7;
	assert_int_equal(h2_fields_init(&fields, &request, "http", H2_CONTENT_ANY), 0);
	h2_fields_deinit(&fields);
	request.header_count++;
	assert_int_equal(h2_fields_init(&fields, &request, "http", H2_CONTENT_ANY), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_add_replace_and_take_away),
		cmocka_unit_test(too_many_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
