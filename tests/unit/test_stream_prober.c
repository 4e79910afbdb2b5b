/* Looks over TCP and TLS at a scripted server under the simulated clock: a delay put into one phase
 * makes that one grow and no other, and what goes wrong is named where it does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/certificate.h"
#include "support/probe_bench.h"

#define START_NS PROBE_START_NS
#define RTT_NS   PROBE_RTT_NS
#define WEB      "http://192.0.2.1:8080/health"
#define SECURE   "https://192.0.2.1:8080/health"
#define MUTE     "http://192.0.2.1:8081/"
#define DELAY_NS (300 * NS_PER_MS)
/* Of timers, and of a network that sends again. */
#define SLACK_NS (220 * NS_PER_MS)

#define HEAD(text) "HTTP/1.1 " text "\r\n"

#define bench probe_bench

static const struct probe_script ok = {
	.parts = { { .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" } },
};

static const struct probe_result *look(const char *uri)
{
	if (!bench.target.stream)
		probe_bench_target(uri);
	probe_bench_run(1);
	return &bench.results[0];
}

static uint64_t length_of(const struct probe_result *result)
{
	return probe_total(result) + result->failed_after_ns;
}

/* ---- what is told of a good look ---- */

static void looks_at_a_web_server(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &ok, 1);
	const struct probe_result *result = look(WEB);
	assert_int_equal(bench.told, 1);
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->number, 1);
	assert_int_equal(result->status_of, PROBE_STATUS_HTTP);
	assert_int_equal(result->status, 200);
	assert_int_equal(result->body_bytes, 5);
	assert_int_equal(result->head_bytes, 38);
	assert_string_equal(result->protocol, "http/1.1");
	assert_int_equal(result->phases, 1U << PROBE_CONNECT | 1U << PROBE_SEND | 1U << PROBE_WAIT |
						 1U << PROBE_TRANSFER);
	assert_int_equal(result->phase_ns[PROBE_CONNECT], RTT_NS);
	assert_int_equal(result->phase_ns[PROBE_WAIT], RTT_NS);
	assert_int_equal(result->tcp_rtt_ns, RTT_NS);
	assert_int_equal(probe_total(result), 2 * RTT_NS);
	assert_int_equal(result->remote.port, 8080);
	assert_int_not_equal(result->local.port, 0);
	assert_int_equal(result->certificate_until_s, PROBE_UNKNOWN);
	assert_string_equal(buffer_text(&bench.last_request),
			    "GET /health HTTP/1.1\r\nHost: 192.0.2.1:8080\r\n"
			    "User-Agent: conntest/" CONNTEST_VERSION "\r\nAccept: */*\r\n"
			    "Connection: close\r\n\r\n");
	probe_bench_close();
}

static void looks_at_a_port(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &ok, 1);
	const struct probe_result *result = look("tcp://192.0.2.1:8080");
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->phases, 1U << PROBE_CONNECT);
	assert_int_equal(probe_total(result), RTT_NS);
	probe_bench_close();
}

static void looks_at_tls(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TLS, &ok, 1);
	const struct probe_result *result = look("tls://192.0.2.1:8080");
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->phases, 1U << PROBE_CONNECT | 1U << PROBE_TLS);
	assert_string_equal(result->tls_version, "TLSv1.3");
	assert_string_equal(result->protocol, "");
	assert_false(result->is_resumed);
	/* The CA ends after 3 days, the certificate after 2. */
	int64_t left_s = result->certificate_until_s - time(NULL);
	assert_in_range(left_s, 86400, 2 * 86400);
	probe_bench_close();
}

/* ---- the right phase grows, and no other ---- */

struct delay_case {
	const char *uri;
	enum probe_phase phase;
	struct probe_script script;
	uint64_t cut_at_ns; /* after the start; 0: never */
	size_t body_bytes;
	size_t buffer_bytes;
};

static const struct delay_case delays[] = {
	{ .uri = WEB, .phase = PROBE_CONNECT, .cut_at_ns = 1 },
	{ .uri = SECURE, .phase = PROBE_CONNECT, .cut_at_ns = 1 },
	{ .uri = SECURE, .phase = PROBE_TLS, .cut_at_ns = RTT_NS + RTT_NS / 4 },
	{ .uri = WEB,
	  .phase = PROBE_SEND,
	  .body_bytes = 100000,
	  .buffer_bytes = 8192,
	  .script = { .reads_after_ns = DELAY_NS, .request_bytes = 100000 } },
	{ .uri = SECURE,
	  .phase = PROBE_SEND,
	  .body_bytes = 100000,
	  .buffer_bytes = 8192,
	  .script = { .reads_after_ns = DELAY_NS, .request_bytes = 100000 } },
	{ .uri = WEB, .phase = PROBE_WAIT, .script.parts[0].after_ns = DELAY_NS },
	{ .uri = SECURE, .phase = PROBE_WAIT, .script.parts[0].after_ns = DELAY_NS },
	{ .uri = WEB, .phase = PROBE_TRANSFER, .script.parts[1].after_ns = DELAY_NS },
	{ .uri = SECURE, .phase = PROBE_TRANSFER, .script.parts[1].after_ns = DELAY_NS },
};

static void check_delay(const struct delay_case *row)
{
	struct memory_options options = { .delay_ns = RTT_NS / 2,
					  .buffer_bytes = row->buffer_bytes };
	struct probe_script script = row->script;
	char body[100000];
	memset(body, 'x', sizeof(body));
	script.parts[0].text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
	script.parts[1].text = "again";
	probe_bench_open(&options, strncmp(row->uri, "https", 5) ? PROBE_OVER_TCP : PROBE_OVER_TLS,
			 &script, 1);
	probe_bench_target(row->uri);
	bench.target.method = row->body_bytes ? "POST" : NULL;
	bench.target.body = row->body_bytes ? body : NULL;
	bench.target.body_size = row->body_bytes;
	probe_bench_start(1);
	if (row->cut_at_ns) {
		probe_bench_run_until(START_NS + row->cut_at_ns);
		memory_network_cut(bench.network);
		probe_bench_run_until(START_NS + row->cut_at_ns + DELAY_NS);
		memory_network_join(bench.network);
	}
	probe_bench_run_until(START_NS + 60 * NS_PER_S);
	const struct probe_result *result = &bench.results[0];
	assert_int_equal(bench.told, 1);
	assert_int_equal(result->outcome, OUTCOME_DONE);
	for (unsigned phase = 0; phase < PROBE_PHASES; phase++) {
		uint64_t took_ns = result->phase_ns[phase];
		if (phase == row->phase)
			assert_in_range(took_ns, DELAY_NS, DELAY_NS + SLACK_NS);
		else
			assert_in_range(took_ns, 0, 10 * RTT_NS);
	}
	probe_bench_close();
}

static void the_right_phase_grows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(delays); i++)
		check_delay(&delays[i]);
}

/* ---- out of time in each phase ---- */

struct timeout_case {
	const char *uri;
	enum probe_phase phase;
	enum outcome outcome;
	const char *why;
	struct probe_script script;
	size_t body_bytes;
	bool is_cut;
};

static const struct timeout_case timeouts[] = {
	{ WEB,
	  PROBE_CONNECT,
	  OUTCOME_CONNECT_TIMEOUT,
	  "SYN sent once",
	  { .request_bytes = 1 },
	  0,
	  true },
	{ "https://192.0.2.1:8081/",
	  PROBE_TLS,
	  OUTCOME_TIMED_OUT,
	  "",
	  { .request_bytes = 1 },
	  0,
	  false },
	{ WEB,
	  PROBE_SEND,
	  OUTCOME_TIMED_OUT,
	  "",
	  { .reads_after_ns = 3600 * NS_PER_S },
	  500000,
	  false },
	{ MUTE, PROBE_WAIT, OUTCOME_NO_REPLY, "", { .request_bytes = 1 }, 0, false },
	{ WEB,
	  PROBE_TRANSFER,
	  OUTCOME_TIMED_OUT,
	  "",
	  { .parts = { { .text = "HTTP/1.1 200 OK\r\n" } } },
	  0,
	  false },
};

static void check_timeout(const struct timeout_case *row)
{
	static char body[500000];
	probe_bench_open(NULL, strncmp(row->uri, "https", 5) ? PROBE_OVER_TCP : PROBE_OVER_TLS,
			 &row->script, 1);
	probe_bench_target(row->uri);
	bench.target.body = row->body_bytes ? body : NULL;
	bench.target.body_size = row->body_bytes;
	if (row->is_cut)
		memory_network_cut(bench.network);
	const struct probe_result *result = look(row->uri);
	assert_int_equal(bench.told, 1);
	assert_int_equal(result->outcome, row->outcome);
	assert_int_equal(result->failed_in, row->phase);
	assert_false(probe_has(result, row->phase));
	assert_string_equal(result->why, row->why);
	assert_in_range(length_of(result), 2 * NS_PER_S, 2 * NS_PER_S + 70 * NS_PER_US);
	assert_in_range(result->failed_after_ns, 2 * NS_PER_S - 3 * RTT_NS, UINT64_MAX);
	probe_bench_close();
}

static void time_runs_out_in_each_phase(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(timeouts); i++)
		check_timeout(&timeouts[i]);
}

/* ---- the connection ---- */

static void is_refused(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, NULL, 0);
	const struct probe_result *result = look(WEB);
	assert_int_equal(result->outcome, OUTCOME_REFUSED);
	assert_int_equal(result->failed_in, PROBE_CONNECT);
	assert_int_equal(result->failed_after_ns, RTT_NS);
	assert_int_equal(result->remote.port, 8080);
	assert_string_equal(result->why, "");
	probe_bench_close();
}

static void is_reset_in_tls(void **state)
{
	static const struct probe_script script = { .request_bytes = 10, .then = PROBE_RESETS };
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &script, 1);
	probe_bench_target("tls://192.0.2.1:8080");
	bench.client_tls = certificate_client("ca");
	bench.target.tls = bench.client_tls;
	const struct probe_result *result = look(SECURE);
	assert_int_equal(result->outcome, OUTCOME_RESET);
	assert_int_equal(result->failed_in, PROBE_TLS);
	assert_string_equal(result->why, "in the TLS handshake");
	probe_bench_close();
}

static void a_certificate_is_for_another(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TLS, &ok, 1);
	probe_bench_target("https://shop.test:8080/");
	bench.target.connect_host = PROBE_ADDRESS;
	const struct probe_result *result = look(SECURE);
	assert_int_equal(result->outcome, OUTCOME_UNTRUSTED);
	assert_int_equal(result->failed_in, PROBE_TLS);
	assert_string_equal(result->why,
			    "the certificate is for web.test and 1 other, not for shop.test: --sni "
			    "web.test, or -k to trust anything");
	probe_bench_close();
}

static void goes_to_another_place(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &ok, 1);
	probe_bench_target("http://shop.test/");
	bench.target.connect_host = PROBE_ADDRESS;
	bench.target.connect_port = 8080;
	const struct probe_result *result = look(WEB);
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->remote.port, 8080);
	assert_non_null(strstr(buffer_text(&bench.last_request), "\r\nHost: shop.test\r\n"));
	probe_bench_close();
}

/* ---- kept connections ---- */

static void a_connection_is_kept(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TLS, &ok, 1);
	probe_bench_target(SECURE);
	bench.target.is_kept = true;
	bench.targets[0].count = 3;
	probe_bench_run(1);
	assert_int_equal(bench.told, 3);
	assert_int_equal(bench.accepted, 1);
	for (unsigned i = 0; i < 3; i++) {
		const struct probe_result *result = &bench.results[i];
		assert_int_equal(result->outcome, OUTCOME_DONE);
		assert_int_equal(result->is_kept, i > 0);
		assert_int_equal(probe_has(result, PROBE_CONNECT), i == 0);
		assert_int_equal(probe_has(result, PROBE_TLS), i == 0);
		assert_string_equal(result->tls_version, "TLSv1.3");
		assert_int_equal(result->remote.port, 8080);
	}
	assert_int_equal(probe_total(&bench.results[2]), RTT_NS);
	probe_bench_close();
}

/* The server ends it between two looks, or says that it will. */
static void a_kept_connection_is_opened_anew(void **state)
{
	static const struct probe_script scripts[] = {
		{ .parts = { { .text = HEAD("200 OK") "Content-Length: 0\r\n\r\n" } },
		  .then = PROBE_ENDS,
		  .then_after_ns = NS_PER_S / 2 },
		{ .parts = { { .text = HEAD(
				       "200 OK") "Connection: close\r\nContent-Length: 0\r\n\r\n" } } },
		{ .parts = { { .text = HEAD("200 OK") "Content-Length: 0\r\n\r\nmore" } } },
		{ .parts = { { .text = HEAD("200 OK") "Content-Length: 0\r\n\r\n" } } },
	};
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, scripts, 4);
	probe_bench_target(WEB);
	bench.target.is_kept = true;
	bench.targets[0].count = 5;
	probe_bench_run(1);
	assert_int_equal(bench.accepted, 4);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(bench.results[i].outcome, OUTCOME_DONE);
		assert_int_equal(bench.results[i].is_kept, i == 4);
	}
	probe_bench_close();
}

/* It ends as it is asked: nothing tells whether the peer has heard the question. */
static void a_kept_connection_ends_when_asked(void **state)
{
	static const struct probe_script scripts[] = {
		{ .parts = { { .text = HEAD("200 OK") "Content-Length: 0\r\n\r\n" } } },
		{ .then = PROBE_ENDS },
		{ .parts = { { .text = HEAD("200 OK") "Content-Length: 0\r\n\r\n" } } },
	};
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, scripts, 3);
	probe_bench_target(WEB);
	bench.target.is_kept = true;
	bench.targets[0].count = 3;
	probe_bench_run(1);
	assert_int_equal(bench.results[1].outcome, OUTCOME_CLOSED);
	assert_string_equal(bench.results[1].why, "the kept connection, before it answered");
	assert_int_equal(bench.results[2].outcome, OUTCOME_DONE);
	assert_false(bench.results[2].is_kept);
	probe_bench_close();
}

/* The rest of the request is not sent any more, and the connection not used again. */
static void an_early_answer_ends_a_look(void **state)
{
	static const struct probe_script early = {
		.parts = { { .text = HEAD("413 Content Too Large") "Content-Length: 0\r\n\r\n",
			     .after_ns = DELAY_NS } },
		.reads_after_ns = 3600 * NS_PER_S,
		.is_hasty = true,
	};
	static char body[500000];
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &early, 1);
	probe_bench_target(WEB);
	bench.target.is_kept = true;
	bench.target.body = body;
	bench.target.body_size = sizeof(body);
	bench.targets[0].count = 2;
	const struct probe_result *result = look(WEB);
	assert_int_equal(result->outcome, OUTCOME_REJECTED);
	assert_int_equal(result->status, 413);
	assert_int_equal(result->phase_ns[PROBE_WAIT], 0);
	assert_in_range(result->phase_ns[PROBE_SEND], DELAY_NS, DELAY_NS + 70 * NS_PER_US);
	assert_int_equal(bench.accepted, 2);
	assert_false(bench.results[1].is_kept);
	probe_bench_close();
}

/* More than is heard in a turn, so that sending fails between the hints and the redirect: what that
 * leads to is not the old connection's to fail. */
static void an_early_redirect_is_followed(void **state)
{
	static const char hint[] = HEAD("103 Early Hints") "\r\n";
	static const char redirect[] =
		HEAD("307 Temporary Redirect") "Location: /there\r\nContent-Length: 0\r\n\r\n";
	static const struct memory_options options = { .delay_ns = RTT_NS / 2,
						       .buffer_bytes = 2 << 20 };
	static char text[1200000], body[3 << 20];
	const struct probe_script scripts[] = {
		{ .parts = { { .text = text } },
		  .reads_after_ns = 3600 * NS_PER_S,
		  .is_hasty = true,
		  .then = PROBE_RESETS },
		ok,
	};
	(void)state;
	size_t at = 0;
	for (; at + sizeof(hint) + sizeof(redirect) < sizeof(text); at += sizeof(hint) - 1)
		memcpy(text + at, hint, sizeof(hint) - 1);
	memcpy(text + at, redirect, sizeof(redirect));
	probe_bench_open(&options, PROBE_OVER_TCP, scripts, array_size(scripts));
	probe_bench_target(WEB);
	bench.target.follows = true;
	bench.target.method = "POST";
	bench.target.body = body;
	bench.target.body_size = sizeof(body);
	const struct probe_result *result = look(WEB);
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->status, 200);
	assert_int_equal(result->redirects, 1);
	probe_bench_close();
}

/* What comes due while the kept one is busy has one of its own, and of both one stays. */
static void another_beside_a_kept_one(void **state)
{
	static const struct probe_script slow = {
		.parts = { { .text = HEAD("200 OK") "Content-Length: 0\r\n\r\n",
			     .after_ns = NS_PER_S + NS_PER_S / 2 } }
	};
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &slow, 1);
	probe_bench_target(WEB);
	bench.target.is_kept = true;
	bench.targets[0].count = 4;
	probe_bench_start(1);
	probe_bench_run_until(START_NS + 60 * NS_PER_S);
	assert_int_equal(bench.told, 4);
	assert_int_equal(bench.accepted, 2);
	assert_int_equal(bench.served[0].is_over + bench.served[1].is_over, 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(bench.results[i].is_kept, i >= 2);
	probe_bench_close();
}

/* ---- what can't be looked at ---- */

static void a_target_is_refused(const char *uri, bool is_kept, int family, const char *sentence)
{
	struct error error = { "" };
	probe_bench_open(NULL, PROBE_OVER_TCP, &ok, 1);
	probe_bench_target(uri);
	bench.target.is_kept = is_kept;
	bench.target.family = family;
	assert_int_equal(probe_bench_new(1, &error), -EINVAL);
	assert_string_equal(error.text, sentence);
	probe_bench_close();
}

static void targets_are_checked(void **state)
{
	(void)state;
	a_target_is_refused("tcp://192.0.2.1:80", true, 0,
			    "tcp://192.0.2.1:80: nothing is asked there, so a kept connection "
			    "would be looked at only once (try echo+tcp)");
	a_target_is_refused("https://192.0.2.1:80", false, 0, "https://192.0.2.1:80: needs TLS");
	a_target_is_refused(WEB, false, AF_INET6, "192.0.2.1 is no IPv6 address");
	a_target_is_refused("discard://192.0.2.1", false, 0,
			    "discard://192.0.2.1:5009: cannot be looked at");
}

/* ---- several ---- */

static void several_are_in_flight(void **state)
{
	static const struct probe_script slow = {
		.parts = { { .text = HEAD("200 OK") "Content-Length: 0\r\n\r\n",
			     .after_ns = 3 * NS_PER_S + NS_PER_S / 2 } }
	};
	struct pinger_counts counts;
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &slow, 1);
	probe_bench_target(WEB);
	bench.targets[0].timeout_ns = 5 * NS_PER_S;
	bench.targets[0].count = 6;
	probe_bench_start(1);
	probe_bench_run_until(START_NS + 3 * NS_PER_S + NS_PER_S / 4);
	pinger_counts(bench.pinger, 0, &counts);
	assert_int_equal(counts.in_flight, 4);
	probe_bench_run_until(START_NS + 60 * NS_PER_S);
	assert_true(bench.is_finished);
	assert_int_equal(bench.told, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(bench.results[i].outcome, OUTCOME_DONE);
		assert_int_equal(bench.results[i].number, i + 1);
		assert_int_equal(bench.results[i].due_ns, START_NS + i * NS_PER_S);
		assert_int_equal(bench.results[i].started_ns, bench.results[i].due_ns);
	}
	probe_bench_close();
}

static void a_silent_target_delays_nobody(void **state)
{
	(void)state;
	probe_bench_open(NULL, PROBE_OVER_TCP, &ok, 1);
	probe_bench_target(MUTE);
	bench.other.uri = probe_bench_uri(WEB);
	bench.targets[0].count = 10;
	bench.targets[1].count = 10;
	bench.targets[1].after_ns = pinger_spread(1, 2, NS_PER_S);
	probe_bench_run(2);
	assert_int_equal(bench.told, 20);
	unsigned good = 0;
	for (unsigned i = 0; i < 20; i++) {
		const struct probe_result *result = &bench.results[i];
		assert_int_equal(result->started_ns, result->due_ns);
		if (result->target == 0) {
			assert_int_equal(result->outcome, OUTCOME_NO_REPLY);
			continue;
		}
		good++;
		assert_int_equal(result->due_ns,
				 START_NS + NS_PER_S / 2 + (result->number - 1) * NS_PER_S);
		assert_int_equal(probe_total(result), 2 * RTT_NS);
	}
	assert_int_equal(good, 10);
	probe_bench_close();
}

/* Wherever they are: nothing is told, and nothing is left behind. */
static void is_closed_in_every_phase(void **state)
{
	static const uint64_t moments_ns[] = { 1,          RTT_NS / 2,     RTT_NS,
					       RTT_NS + 1, RTT_NS * 3 / 2, RTT_NS * 2,
					       RTT_NS * 3, RTT_NS * 4 };
	(void)state;
	for (size_t i = 0; i < 2 * array_size(moments_ns); i++) {
		bool is_tls = i >= array_size(moments_ns);
		probe_bench_open(NULL, is_tls ? PROBE_OVER_TLS : PROBE_OVER_TCP, &ok, 1);
		probe_bench_target(is_tls ? SECURE : WEB);
		bench.other.uri = probe_bench_uri("http://192.0.2.1:8081/");
		bench.target.is_kept = i % 2;
		probe_bench_start(2);
		probe_bench_run_until(START_NS + moments_ns[i % array_size(moments_ns)]);
		unsigned told = bench.told;
		pinger_free(bench.pinger);
		bench.pinger = NULL;
		probe_bench_run_until(START_NS + 60 * NS_PER_S);
		assert_int_equal(bench.told, told);
		assert_false(bench.is_finished);
		probe_bench_close();
	}
}

static int make_certificates(void **state)
{
	(void)state;
	certificate_make(&(struct certificate){ "ca", NULL, NULL, -1, 3 });
	certificate_make(&(struct certificate){ "web", "DNS:web.test,IP:192.0.2.1", "ca", -1, 2 });
	return 0;
}

static int remove_certificates(void **state)
{
	(void)state;
	certificates_remove();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_at_a_web_server),
		cmocka_unit_test(looks_at_a_port),
		cmocka_unit_test(looks_at_tls),
		cmocka_unit_test(the_right_phase_grows),
		cmocka_unit_test(time_runs_out_in_each_phase),
		cmocka_unit_test(is_refused),
		cmocka_unit_test(is_reset_in_tls),
		cmocka_unit_test(a_certificate_is_for_another),
		cmocka_unit_test(goes_to_another_place),
		cmocka_unit_test(a_connection_is_kept),
		cmocka_unit_test(a_kept_connection_is_opened_anew),
		cmocka_unit_test(a_kept_connection_ends_when_asked),
		cmocka_unit_test(an_early_answer_ends_a_look),
		cmocka_unit_test(an_early_redirect_is_followed),
		cmocka_unit_test(another_beside_a_kept_one),
		cmocka_unit_test(targets_are_checked),
		cmocka_unit_test(several_are_in_flight),
		cmocka_unit_test(a_silent_target_delays_nobody),
		cmocka_unit_test(is_closed_in_every_phase),
	};
	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
