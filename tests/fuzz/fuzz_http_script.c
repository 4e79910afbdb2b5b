// What users give for requests over HTTP is refused or makes a request that reads back as it was
// meant; statuses, places of backends and the routes of `serve` are read within their bounds.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http_route.h"
#include "engine/http_script.h"
#include "fuzz.h"
#include "proto/http1.h"

static void parse_rules(const char *text)
{
	struct backend_rule rule;
	struct status_set set;
	struct error error;

	if (status_set_parse(text, &error, &set) == 0)
		assert(set.count > 0 && status_set_has(&set, set.ranges[0].last));
	/* What regcomp() makes of a body's is not ours to test. */
	if (strncmp(text, "body:", 5) != 0 && backend_rule_parse(text, &error, &rule) == 0)
		assert(strlen(rule.name) > 0);
	struct http_route route = http_route_find("GET", 3, text, strlen(text));
	assert(route.kind != HTTP_ROUTE_WRONG || route.value >= 400);
}

static void read_back(const struct buffer *head)
{
	struct http1 http;
	struct http1_event event;
	size_t at = 0;

	http1_init(&http, HTTP1_REQUESTS);
	do
		at += http1_read(&http, head->data + at, head->size - at, &event);
	while (event.what != HTTP1_END && event.what != HTTP1_WRONG && event.what != HTTP1_MORE);
	/* A Host or an Expect of the user's own may be as odd as he likes. */
	assert(event.what == HTTP1_END || http.verdict == HTTP1_WRONG_HOST);
	assert(event.what != HTTP1_END || at == head->size);
	http1_deinit(&http);
}

/* As base/uri.h lets them through. */
static bool is_path(const char *text)
{
	for (const char *letter = text; *letter != '\0'; letter++) {
		if (*letter > '\0' && *letter <= ' ')
			return false;
	}
	return *text != '\0';
}

static void make_request(const char *text)
{
	const char *const headers[] = { text };
	struct http1_request request = { .method = "GET", .path = "/", .authority = "web" };
	struct error error;
	struct buffer head;

	if (http1_check_header(text, &error) == 0) {
		request.headers = headers;
		request.header_count = 1;
	} else if (is_path(text)) {
		request.path = text;
	} else if (http1_check_method(text, &error) == 0) {
		request.method = text;
	} else {
		return;
	}
	buffer_init(&head, 1 << 20);
	http1_write_head(&request, &head);
	http1_write_end(&head);
	if (head.size < HTTP1_HEAD_MAX)
		read_back(&head);
	buffer_deinit(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	parse_rules(text);
	make_request(text);
	free(text);
	return 0;
}
