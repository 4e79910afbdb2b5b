/* Looks over HTTP/1.1: what is asked, what is made of the answer, and where redirects lead. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/probe_bench.h"

#define RTT_NS   PROBE_RTT_NS
#define WEB      "http://192.0.2.1:8080/health"
#define DELAY_NS (300 * NS_PER_MS)

#define bench probe_bench

static const struct probe_script ok = {
	.parts = { { .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" } },
};

static const struct probe_result *look(void)
{
	probe_bench_run(1);
	return &bench.results[0];
}

/* ---- what is asked ---- */

static void says_what_is_given(void **state)
{
	static const char *const headers[] = { "Host: other.test", "X-Probe: 1",
					       "Accept:", "connection: keep-alive" };
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &ok, 1);
	probe_bench_target(WEB);
	bench.target.method = "PUT";
	bench.target.headers = headers;
	bench.target.header_count = 4;
	bench.target.body = "abc";
	bench.target.body_size = 3;
	(void)look();
	assert_string_equal(buffer_text(&bench.last_request),
			    "PUT /health HTTP/1.1\r\nUser-Agent: conntest/" CONNTEST_VERSION
			    "\r\nHost: other.test\r\nX-Probe: 1\r\nconnection: keep-alive\r\n"
			    "Content-Length: 3\r\n\r\nabc");
	probe_bench_close();
}

/* ---- answers ---- */

struct answer_case {
	const char *name;
	struct probe_script script;
	struct probe_target target; /* what of it is not the usual */
	enum outcome outcome;
	const char *why;
	enum probe_phase failed_in;
	uint32_t status;
	uint64_t body_bytes;
	bool is_cut;
	const char *location;
};

#define HEAD(text) "HTTP/1.1 " text "\r\n"
#define ONE(answer)                               \
	{                                         \
		.parts = { { .text = (answer) } } \
	}
#define TWO(first, second)                                                            \
	{                                                                             \
		.parts = { { .text = (first) }, { .text = (second), .after_ns = 1 } } \
	}
#define THEN(answer, end)                                        \
	{                                                        \
		.parts = { { .text = (answer) } }, .then = (end) \
	}

static char large_head[70000];
static char long_redirect[2000];
static const uint32_t teapot[] = { 418, 503 };

static const struct answer_case answers[] = {
	{ "no content", ONE(HEAD("204 No Content") "\r\n"), .status = 204 },
	{ "chunked",
	  ONE(HEAD("200 OK") "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
	  .status = 200, .body_bytes = 6 },
	{ "up to the end", THEN(HEAD("200 OK") "\r\nhello", PROBE_ENDS), .status = 200,
	  .body_bytes = 5 },
	{ "HEAD",
	  ONE(HEAD("200 OK") "Content-Length: 1000\r\n\r\n"),
	  { .method = "HEAD" },
	  .status = 200 },
	{ "interim",
	  TWO(HEAD("103 Early Hints") "Link: a\r\n\r\n",
	      HEAD("200 OK") "Content-Length: 0\r\n\r\n"),
	  .status = 200 },
	{ "cut",
	  ONE(HEAD("200 OK") "Content-Length: 10737418240\r\n\r\nhello hello"),
	  { .body_max_bytes = 5 },
	  .status = 200,
	  .body_bytes = 5,
	  .is_cut = true },
	{ "not cut at its end",
	  ONE(HEAD("200 OK") "Content-Length: 5\r\n\r\nhello"),
	  { .body_max_bytes = 5 },
	  .status = 200,
	  .body_bytes = 5 },
	{ "the text over two parts",
	  TWO(HEAD("200 OK") "Content-Length: 5\r\n\r\nhe", "llo"),
	  { .text = "ell" },
	  .status = 200,
	  .body_bytes = 5 },
	{ "a status that is asked for",
	  ONE(HEAD("503 Busy") "Content-Length: 0\r\n\r\n"),
	  { .statuses = teapot, .status_count = 2 },
	  .status = 503 },
	{ "a redirect that is not followed",
	  ONE(HEAD("302 Found") "Location: /login?x=1#top\r\nContent-Length: 0\r\n\r\n"),
	  .status = 302, .location = "/login?x=1#top" },
	{ "a redirect with what does not belong there",
	  ONE(HEAD("302 Found") "Location: /\xc3\xa4 \x1b[1m\r\nContent-Length: 0\r\n\r\n"),
	  .status = 302, .location = "/%C3%A4%20%1B[1m" },
	{ "a redirect that is too long", ONE(long_redirect), .status = 302 },
	{ "created", ONE(HEAD("201 Created") "Location: /7\r\nContent-Length: 0\r\n\r\n"),
	  .status = 201 },
	/* Wrong ones. */
	{ "an error", ONE(HEAD("503 Busy") "Content-Length: 2\r\n\r\nno"), .status = 503,
	  .body_bytes = 2, .outcome = OUTCOME_REJECTED, .why = "status 503 Service Unavailable",
	  .failed_in = PROBE_TRANSFER },
	{ "a status that is not asked for",
	  ONE(HEAD("200 OK") "Content-Length: 0\r\n\r\n"),
	  { .statuses = teapot, .status_count = 2 },
	  .status = 200,
	  .outcome = OUTCOME_REJECTED,
	  .why = "status 200 OK",
	  .failed_in = PROBE_TRANSFER },
	{ "no text",
	  ONE(HEAD("200 OK") "Content-Length: 5\r\n\r\nhello"),
	  { .text = "help" },
	  .status = 200,
	  .body_bytes = 5,
	  .outcome = OUTCOME_REJECTED,
	  .why = "the text is not in it",
	  .failed_in = PROBE_TRANSFER },
	{ "no text in what was read",
	  ONE(HEAD("200 OK") "Content-Length: 5\r\n\r\nhello"),
	  { .text = "llo", .body_max_bytes = 4 },
	  .status = 200,
	  .body_bytes = 4,
	  .is_cut = true,
	  .outcome = OUTCOME_REJECTED,
	  .why = "the text is not in as much as was read",
	  .failed_in = PROBE_TRANSFER },
	{ "closed at once", THEN("", PROBE_ENDS), .outcome = OUTCOME_CLOSED,
	  .why = "before it answered", .failed_in = PROBE_WAIT },
	{ "closed in mid-header", THEN(HEAD("200 OK") "Content-", PROBE_ENDS),
	  .outcome = OUTCOME_CLOSED, .why = "in mid-header", .failed_in = PROBE_TRANSFER },
	{ "closed in mid-body", THEN(HEAD("200 OK") "Content-Length: 9\r\n\r\nhello", PROBE_ENDS),
	  .status = 200, .body_bytes = 5, .outcome = OUTCOME_CLOSED,
	  .why = "in mid-body, after 5 bytes", .failed_in = PROBE_TRANSFER },
	{ "reset at once", THEN("", PROBE_RESETS), .outcome = OUTCOME_RESET, .why = "",
	  .failed_in = PROBE_WAIT },
	{ "reset in mid-body", THEN(HEAD("200 OK") "Content-Length: 9\r\n\r\nhello", PROBE_RESETS),
	  .status = 200, .body_bytes = 5, .outcome = OUTCOME_RESET,
	  .why = "in the middle of its answer", .failed_in = PROBE_TRANSFER },
	{ "garbage", ONE("220 mail.test ESMTP ready\r\n"), .outcome = OUTCOME_PROTOCOL,
	  .why = "does not speak HTTP", .failed_in = PROBE_TRANSFER },
	{ "TLS", ONE("\x15\x03\x01\x00\x02\x02\x46"), .outcome = OUTCOME_PROTOCOL,
	  .why = "speaks TLS, not plain HTTP", .failed_in = PROBE_TRANSFER },
	{ "an oversized head", ONE(large_head), .outcome = OUTCOME_PROTOCOL,
	  .why = "sent more than 64 KiB of header fields", .failed_in = PROBE_TRANSFER },
	{ "another protocol", ONE(HEAD("101 Switching Protocols") "\r\n"),
	  .outcome = OUTCOME_PROTOCOL, .why = "switched to a protocol that nobody asked for",
	  .failed_in = PROBE_TRANSFER },
};

static void check_answer(const struct answer_case *row)
{
	enum outcome outcome = row->outcome ? row->outcome : OUTCOME_DONE;
	probe_bench_open(NULL, PROBE_OVER_TCP, &row->script, 1);
	probe_bench_target(WEB);
	bench.target.method = row->target.method;
	bench.target.body_max_bytes = row->target.body_max_bytes;
	bench.target.text = row->target.text;
	bench.target.statuses = row->target.statuses;
	bench.target.status_count = row->target.status_count;
	const struct probe_result *result = look();
	if (result->outcome != outcome)
		fail_msg("%s: %s (%s)", row->name, outcome_name(result->outcome), result->why);
	assert_string_equal(result->why, row->why ? row->why : "");
	assert_int_equal(result->status, row->status);
	assert_int_equal(result->body_bytes, row->body_bytes);
	assert_int_equal(result->is_cut, row->is_cut);
	assert_string_equal(result->location, row->location ? row->location : "");
	bool is_whole = outcome == OUTCOME_DONE || outcome == OUTCOME_REJECTED;
	assert_int_equal(probe_has(result, PROBE_TRANSFER), is_whole);
	if (!is_whole) {
		assert_int_equal(result->failed_in, row->failed_in);
		assert_int_not_equal(result->failed_after_ns, 0);
	}
	probe_bench_close();
}

static void answers_are_judged(void **state)
{
	(void)state;
	(void)snprintf(large_head, sizeof(large_head), "HTTP/1.1 200 OK\r\nX: %068000d\r\n\r\n", 7);
	(void)snprintf(long_redirect, sizeof(long_redirect),
		       HEAD("302 Found") "Location: /%01100d\r\nContent-Length: 0\r\n\r\n", 7);
	for (size_t i = 0; i < array_size(answers); i++)
		check_answer(&answers[i]);
}

/* ---- redirects ---- */

static const struct probe_script moved[] = {
	{ .parts = { { .text = HEAD(
			       "303 See Other") "Location: ../new?a=b#top\r\nContent-Length: 0\r\n\r\n",
		       .after_ns = DELAY_NS } } },
	{ .parts = { { .text = HEAD("200 OK") "Content-Length: 2\r\n\r\nok" } } },
};

static void a_redirect_is_followed(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, moved, 2);
	probe_bench_target("http://192.0.2.1:8080/a/b?c=d");
	bench.target.follows = true;
	bench.target.method = "POST";
	bench.target.body = "x";
	bench.target.body_size = 1;
	const struct probe_result *result = look();
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->status, 200);
	assert_int_equal(result->redirects, 1);
	assert_int_equal(result->body_bytes, 2);
	assert_int_equal(bench.accepted, 2);
	assert_int_equal(result->phase_ns[PROBE_CONNECT], 2 * RTT_NS);
	assert_in_range(result->phase_ns[PROBE_WAIT], DELAY_NS + 2 * RTT_NS,
			DELAY_NS + 2 * RTT_NS + 70 * NS_PER_US);
	assert_int_equal(probe_total(result),
			 result->phase_ns[PROBE_CONNECT] + result->phase_ns[PROBE_WAIT]);
	assert_non_null(strstr(buffer_text(&bench.last_request), "GET /a/../new?a=b HTTP/1.1\r\n"));
	assert_null(strstr(buffer_text(&bench.last_request), "Content-Length"));
	probe_bench_close();
}

struct lead_case {
	const char *location;
	enum outcome outcome;
	const char *why;
	const char *target; /* that is asked for at last */
};

static const struct lead_case leads[] = {
	{ "/there", OUTCOME_DONE, "", "GET /there HTTP/1.1\r\nHost: 192.0.2.1:8080\r\n" },
	{ "?x=1", OUTCOME_DONE, "", "GET /health?x=1 HTTP/1.1\r\n" },
	{ "//192.0.2.1:8080/x", OUTCOME_DONE, "", "GET /x HTTP/1.1\r\n" },
	{ "http://192.0.2.1:8080", OUTCOME_DONE, "", "GET / HTTP/1.1\r\n" },
	{ "http://192.0.2.1:9/", OUTCOME_REFUSED, "", "GET /health HTTP/1.1\r\n" },
	{ "https://192.0.2.1/", OUTCOME_REJECTED, "redirects to TLS, which was not asked for",
	  "GET /health HTTP/1.1\r\n" },
	{ "ftp://192.0.2.1/", OUTCOME_REJECTED,
	  "redirects to what is no target: \"ftp\" is not a scheme", "GET /health" },
};

static void redirects_lead_somewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(leads); i++) {
		char text[200];
		struct probe_script scripts[] = { { .parts[0].text = text }, ok };
		(void)snprintf(text, sizeof(text),
			       HEAD("302 Found") "Location: %s\r\nContent-Length: 0\r\n\r\n",
			       leads[i].location);
		probe_bench_open(NULL, PROBE_OVER_TCP, scripts, 2);
		probe_bench_target(WEB);
		bench.target.follows = true;
		const struct probe_result *result = look();
		assert_int_equal(result->outcome, leads[i].outcome);
		assert_memory_equal(result->why, leads[i].why, strlen(leads[i].why));
		assert_int_equal(strlen(result->why) > 0, strlen(leads[i].why) > 0);
		assert_memory_equal(buffer_text(&bench.last_request), leads[i].target,
				    strlen(leads[i].target));
		probe_bench_close();
	}
}

static void redirects_end(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, moved, 1);
	probe_bench_target(WEB);
	bench.target.follows = true;
	bench.targets[0].timeout_ns = 60 * NS_PER_S;
	const struct probe_result *result = look();
	assert_int_equal(result->outcome, OUTCOME_REJECTED);
	assert_string_equal(result->why, "more than 10 redirects");
	assert_int_equal(result->redirects, 10);
	assert_int_equal(bench.accepted, 11);
	probe_bench_close();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_given),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(a_redirect_is_followed),
		cmocka_unit_test(redirects_lead_somewhere),
		cmocka_unit_test(redirects_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
