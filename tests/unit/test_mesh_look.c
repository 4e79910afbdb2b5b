/* Pages and health checks of a mesh's links in the memory network: what the pair keeps, every way
 * in which they fail, and what a look costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "proto/grpc.h"
#include "support/certificate.h"
#include "support/link_bench.h"
#include "support/probe_bench.h"
#include "support/service_bench.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define PAGE      PROBE_ADDRESS ":5003"
#define NOBODY    9

static const struct mesh_pair *first(void)
{
	return &link_bench.pairs[0];
}

static void begin_pages(enum probe_transport transport, const struct probe_script *scripts,
			unsigned count)
{
	probe_bench_open(NULL, transport, scripts, count);
	link_bench_init(&mesh_prober_look, probe_bench.loop, probe_bench.network);
	link_bench.host.tls = probe_bench.client_tls;
	link_bench.settings.http_is_tls = transport == PROBE_OVER_TLS;
	link_bench.settings.http_port = PROBE_PORT;
	link_bench.settings.probes = 1u << MESH_HTTP;
	link_bench_open();
}

static void pass(uint64_t ms)
{
	probe_bench_run_until(loop_now(probe_bench.loop) + ms * NS_PER_MS);
}

static void end_pages(void)
{
	link_bench_close();
	probe_bench_close();
}

static void a_page_is_kept_by_phase(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER, 0, 3 * NS_PER_MS } } };
	const struct mesh_series *series = &first()->probes[MESH_HTTP];

	begin_pages(PROBE_OVER_TCP, &script, 1);
	(void)link_bench_target(PAGE);
	link_bench_add();
	pass(20000);
	assert_int_equal(series->sent, 4);
	assert_int_equal(series->received, 4);
	assert_int_equal(series->skipped, 0);
	assert_non_null(strstr(buffer_text(&probe_bench.last_request), "GET /v1/ping HTTP/1.1"));
	assert_non_null(strstr(buffer_text(&probe_bench.last_request), "192.0.2.1:8080"));
	assert_int_equal(probe_bench.accepted, 4);
	assert_int_equal(first()->http_status, 200);
	assert_int_equal(first()->grpc_health, UINT8_MAX);
	/* A round trip for each: the connection, and the request with the server's 3 ms. */
	assert_int_equal(first()->phase_count[PROBE_RESOLVE], 0);
	assert_int_equal(first()->phase_count[PROBE_CONNECT], 4);
	assert_int_equal(first()->phase_count[PROBE_WAIT], 4);
	assert_in_range(first()->phase_sum_ns[PROBE_CONNECT], 4 * PROBE_RTT_NS,
			4 * PROBE_RTT_NS + NS_PER_MS);
	assert_in_range(series->rtt.sum_ns, 4 * (PROBE_RTT_NS + 3 * NS_PER_MS),
			4 * (PROBE_RTT_NS + 3 * NS_PER_MS) + NS_PER_MS);
	assert_int_equal(first()->phase_sum_ns[PROBE_WAIT], series->rtt.sum_ns);
	assert_int_equal(mesh_spread_count(&link_bench.node.phases[MESH_HTTP][PROBE_WAIT]), 4);
	assert_int_equal(first()->window.probes[MESH_HTTP].received, 4);
	assert_int_equal(link_bench.started, 4);
	assert_true(link_bench.late_ns < NS_PER_MS);
	assert_int_equal(link_bench.answered, 4);
	end_pages();
}

static void each_failure_has_its_reason_and_no_time(void **state)
{
	static char huge[200000];
	static const struct {
		const char *what;
		struct probe_script script;
		uint16_t port; /* 0: that of the page */
		enum mesh_reason reason;
		uint16_t status;
		bool is_good;
	} cases[] = {
		{ "304",
		  { .parts = { { "HTTP/1.1 304 Not Modified\r\n\r\n" } } },
		  0,
		  0,
		  304,
		  true },
		{ "302, not followed",
		  { .parts = { { "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: "
				 "0\r\n\r\n" } } },
		  0,
		  0,
		  302,
		  true },
		{ "307",
		  { .parts = { { "HTTP/1.1 307 Else\r\nContent-Length: 0\r\n\r\n" } } },
		  0,
		  MESH_REASON_BAD_STATUS,
		  307,
		  false },
		{ "500",
		  { .parts = { { "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" } } },
		  0,
		  MESH_REASON_BAD_STATUS,
		  500,
		  false },
		{ "garbage",
		  { .parts = { { "\x16\x03 no HTTP\r\n\r\n" } } },
		  0,
		  MESH_REASON_PROTOCOL_ERROR,
		  0,
		  false },
		{ "cut short",
		  { .parts = { { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok" } },
		    .then = PROBE_ENDS },
		  0,
		  MESH_REASON_SHORT_REPLY,
		  200,
		  false },
		{ "reset", { .then = PROBE_RESETS }, 0, MESH_REASON_RESET, 0, false },
		{ "mute", { .then = PROBE_STAYS }, PROBE_MUTE_PORT, MESH_REASON_TIMEOUT, 0, false },
		{ "nobody", { .then = PROBE_STAYS }, NOBODY, MESH_REASON_REFUSED, 0, false },
		{ "10 GiB",
		  { .parts = { { "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n" },
			       { huge, sizeof(huge) } } },
		  0,
		  0,
		  200,
		  true },
	};

	memset(huge, 'x', sizeof(huge));
	for (size_t i = 0; i < array_size(cases); i++) {
		const struct mesh_series *series = &first()->probes[MESH_HTTP];
		begin_pages(PROBE_OVER_TCP, &cases[i].script, 1);
		link_bench_target(PAGE)->http_port = cases[i].port;
		link_bench_add();
		pass(9900);
		print_message("%s\n", cases[i].what);
		assert_true(series->sent >= 1);
		assert_int_equal(series->in_flight, 0);
		assert_int_equal(series->received, cases[i].is_good ? series->sent : 0);
		assert_int_equal(first()->http_status, cases[i].status);
		if (!cases[i].is_good) {
			assert_int_equal(series->failures[cases[i].reason], series->sent);
			assert_int_equal(series->rtt.sum_ns, 0);
			assert_int_equal(first()->phase_count[PROBE_CONNECT], 0);
			assert_int_equal(first()->window.probes[MESH_HTTP].reasons,
					 1u << cases[i].reason);
		}
		end_pages();
	}
}

static void tls_fails_as_tls(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };
	static const struct {
		const char *certificate;
		bool is_good;
	} cases[] = { { "web", true }, { "expired", false }, { "elsewhere", false } };

	for (size_t i = 0; i < array_size(cases); i++) {
		const struct mesh_series *series = &first()->probes[MESH_HTTP];
		certificate_make(&(struct certificate){
			"web",
			strcmp(cases[i].certificate, "elsewhere") ? "IP:192.0.2.1" : "IP:192.0.2.7",
			"ca", -3, strcmp(cases[i].certificate, "expired") ? 2 : -1 });
		begin_pages(PROBE_OVER_TLS, &script, 1);
		(void)link_bench_target(PAGE);
		link_bench_add();
		pass(9000);
		print_message("%s\n", cases[i].certificate);
		assert_true(series->sent >= 1);
		assert_int_equal(series->received, cases[i].is_good ? series->sent : 0);
		assert_int_equal(series->failures[MESH_REASON_TLS_ERROR],
				 cases[i].is_good ? 0 : series->sent);
		assert_int_equal(first()->phase_count[PROBE_TLS], series->received);
		end_pages();
	}
}

static void no_tls_is_told_at_once(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };
	struct error error = { "" };
	void *other = NULL;

	begin_pages(PROBE_OVER_TCP, &script, 1);
	link_bench.settings.http_is_tls = true;
	assert_true(mesh_prober_look.open(&link_bench.host, &error, &other) < 0);
	assert_non_null(strstr(error.text, "TLS"));
	end_pages();
}

static void a_url_is_looked_at_as_it_stands(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };

	begin_pages(PROBE_OVER_TCP, &script, 1);
	link_bench.settings.probes = 0;
	struct mesh_target *target = link_bench_target(PAGE);
	target->speech = MESH_SPEECH_HTTP;
	target->url = "http://web.test:8080/v1/ping?n=1";
	target = link_bench_target(PAGE);
	target->speech = MESH_SPEECH_HTTP;
	target->url = "http://[nothing";
	target = link_bench_target(PAGE);
	target->speech = MESH_SPEECH_ACK;
	link_bench_add();
	pass(9900);
	assert_true(first()->probes[MESH_HTTP].received >= 1);
	assert_non_null(strstr(buffer_text(&probe_bench.last_request), "GET /v1/ping?n=1 HTTP"));
	assert_non_null(strstr(buffer_text(&probe_bench.last_request), "web.test:8080"));
	const struct mesh_series *series = &link_bench.pairs[1].probes[MESH_HTTP];
	assert_true(series->sent >= 1);
	assert_int_equal(series->failures[MESH_REASON_ABORTED], series->sent);
	assert_int_equal(link_bench.pairs[2].probes[MESH_HTTP].sent, 0);
	end_pages();
}

static void a_name_is_asked_for_by_its_name(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };
	static const struct {
		const char *name;
		const char *host;
	} cases[] = {
		{ "web-1.example", "Host: web-1.example:8080\r\n" },
		{ "192.0.2.77", "Host: 192.0.2.77:8080\r\n" },
		{ "no host at all", "Host: 192.0.2.1:8080\r\n" },
		{ "a/b", "Host: 192.0.2.1:8080\r\n" },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		begin_pages(PROBE_OVER_TCP, &script, 1);
		struct mesh_target *target = link_bench_target(PAGE);
		(void)snprintf(target->name, sizeof(target->name), "%s", cases[i].name);
		link_bench_add();
		pass(9900);
		assert_true(first()->probes[MESH_HTTP].received >= 1);
		assert_non_null(strcasestr(buffer_text(&probe_bench.last_request), cases[i].host));
		end_pages();
	}
}

static void what_is_in_flight_when_due_is_skipped(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };

	begin_pages(PROBE_OVER_TCP, &script, 1);
	link_bench.settings.wait_ns = NS_PER_S;
	link_bench.settings.timeout_ns = 3500 * NS_PER_MS;
	link_bench_target(PAGE)->http_port = PROBE_MUTE_PORT;
	link_bench_add();
	pass(20000);
	const struct mesh_series *series = &first()->probes[MESH_HTTP];
	assert_int_equal(series->sent + series->skipped, 20);
	assert_int_equal(series->sent, 5);
	assert_int_equal(series->failures[MESH_REASON_TIMEOUT], series->lost);
	end_pages();
}

static void the_schedule_keeps_its_rate(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };

	begin_pages(PROBE_OVER_TCP, &script, 1);
	link_bench.settings.rand_ns = 5 * NS_PER_S;
	(void)link_bench_target(PAGE);
	link_bench_target(PAGE)->is_probed = false;
	link_bench_add();
	pass(300000);
	assert_in_range(first()->probes[MESH_HTTP].sent, 36, 44);
	assert_int_equal(link_bench.pairs[1].probes[MESH_HTTP].sent, 0);
	end_pages();
}

static void the_caps_skip_and_count(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };

	begin_pages(PROBE_OVER_TCP, &script, 1);
	mesh_caps_init(&link_bench.caps, 1, 0);
	for (int i = 0; i < 4; i++)
		(void)link_bench_target(PAGE);
	link_bench_add();
	pass(60000);
	uint64_t sent = 0, skipped = 0;
	for (int i = 0; i < 4; i++) {
		sent += link_bench.pairs[i].probes[MESH_HTTP].sent;
		skipped += link_bench.pairs[i].probes[MESH_HTTP].skipped;
	}
	assert_in_range(sent, 8, 11);
	assert_int_equal(sent + skipped, 48);
	assert_int_equal(link_bench.node.skipped_cap, skipped);
	end_pages();
}

static void an_end_leaves_nothing_behind(void **state)
{
	static const struct probe_script script = { .parts = { { OK_ANSWER } } };

	begin_pages(PROBE_OVER_TCP, &script, 1);
	link_bench.settings.wait_ns = NS_PER_S;
	for (int i = 0; i < 8; i++)
		link_bench_target(PAGE)->http_port = PROBE_MUTE_PORT;
	link_bench_add();
	pass(1500);
	assert_int_equal(link_bench.pairs[2].probes[MESH_HTTP].in_flight, 1);
	link_bench_remove(2);
	assert_int_equal(link_bench.pairs[2].probes[MESH_HTTP].in_flight, 0);
	assert_int_equal(link_bench.pairs[2].probes[MESH_HTTP].sent, 0);
	mesh_prober_look.stop(link_bench.state);
	assert_false(mesh_prober_look.is_done(link_bench.state));
	pass(2100);
	assert_true(mesh_prober_look.is_done(link_bench.state));
	unsigned accepted = probe_bench.accepted;
	pass(10000);
	assert_int_equal(probe_bench.accepted, accepted);
	for (int i = 0; i < 8; i++)
		assert_int_equal(link_bench.pairs[i].probes[MESH_HTTP].in_flight, 0);
	end_pages();
}

/* ---- health checks, and what a look costs */

static struct bench bench;

static void begin_served(enum grpc_health health)
{
	static struct memory_options options = { .delay_ns = NS_PER_MS };
	static struct plan_health healths[1];

	healths[0] = (struct plan_health){ "", health };
	bench_init(&bench, &options);
	bench_listen(&bench, SERVICE_GRPC, TRANSPORT_TCP, 50051);
	bench_listen(&bench, SERVICE_HTTP, TRANSPORT_TCP, 8080);
	bench_listen(&bench, SERVICE_DISCARD, TRANSPORT_TCP, 5009);
	bench.plan.serve.health = healths;
	bench.plan.serve.health_count = 1;
	bench_start(&bench);
	link_bench_init(&mesh_prober_look, bench.loop, bench.network);
	link_bench.settings.grpc_port = 50051;
	link_bench.settings.http_port = 8080;
	link_bench.settings.http_path[0] = '\0';
	link_bench_open();
}

static void end_served(void)
{
	link_bench_close();
	bench_end(&bench);
	bench_run(&bench, 6000);
	bench_free(&bench);
}

static void a_health_check_is_kept(void **state)
{
	static const enum grpc_health healths[] = { GRPC_HEALTH_SERVING, GRPC_HEALTH_NOT_SERVING };

	for (size_t i = 0; i < array_size(healths); i++) {
		const struct mesh_series *series = &first()->probes[MESH_GRPC];
		begin_served(healths[i]);
		(void)link_bench_target("127.0.0.1:5003");
		link_bench_add();
		bench_run(&bench, 21000);
		bool is_good = healths[i] == GRPC_HEALTH_SERVING;
		assert_true(series->sent >= 3);
		assert_int_equal(series->received, is_good ? series->sent : 0);
		assert_int_equal(series->failures[MESH_REASON_BAD_STATUS],
				 is_good ? 0 : series->sent);
		assert_int_equal(first()->grpc_health, healths[i]);
		assert_int_equal(first()->probes[MESH_HTTP].received,
				 first()->probes[MESH_HTTP].sent);
		assert_int_equal(first()->http_status, 200);
		assert_int_equal(mesh_spread_count(&link_bench.node.phases[MESH_GRPC][PROBE_WAIT]),
				 series->received);
		end_served();
	}
}

/* Each silent one holds its place until its time-out, and there are more of them than places. */
static void the_silent_keep_nobody_waiting(void **state)
{
	enum { WELL = 10, ALL = 210 };
	uint64_t sent = 0;

	begin_served(GRPC_HEALTH_SERVING);
	link_bench.settings.probes = 1u << MESH_HTTP;
	link_bench.settings.wait_ns = 2 * NS_PER_S;
	link_bench.settings.timeout_ns = 10 * NS_PER_S;
	for (int i = 0; i < WELL; i++)
		(void)link_bench_target("127.0.0.1:5003");
	link_bench_add();
	bench_run(&bench, 2000);
	for (int i = WELL; i < ALL; i++)
		link_bench_target("127.0.0.1:5003")->http_port = 5009;
	link_bench_add();
	bench_run(&bench, 40000);
	for (int i = 0; i < WELL; i++) {
		const struct mesh_series *series = &link_bench.pairs[i].probes[MESH_HTTP];
		assert_int_equal(series->skipped, 0);
		assert_int_equal(series->sent, 21);
		assert_int_equal(series->received + series->in_flight, 21);
	}
	for (int i = WELL; i < ALL; i++) {
		const struct mesh_series *series = &link_bench.pairs[i].probes[MESH_HTTP];
		assert_int_equal(series->lost, series->failures[MESH_REASON_TIMEOUT]);
		assert_int_equal(series->received, 0);
		sent += series->sent;
	}
	assert_in_range(sent, 128 + 64 * 2, 128 + 72 + 64 * 4);
	assert_int_equal(link_bench.node.skipped_late, 0);
	end_served();
}

static int make_certificates(void **state)
{
	certificate_make(&(struct certificate){ "ca", NULL, NULL, -5, 5 });
	return 0;
}

static int remove_certificates(void **state)
{
	certificates_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_kept_by_phase),
		cmocka_unit_test(each_failure_has_its_reason_and_no_time),
		cmocka_unit_test(tls_fails_as_tls),
		cmocka_unit_test(no_tls_is_told_at_once),
		cmocka_unit_test(a_url_is_looked_at_as_it_stands),
		cmocka_unit_test(a_name_is_asked_for_by_its_name),
		cmocka_unit_test(what_is_in_flight_when_due_is_skipped),
		cmocka_unit_test(the_schedule_keeps_its_rate),
		cmocka_unit_test(the_caps_skip_and_count),
		cmocka_unit_test(an_end_leaves_nothing_behind),
		cmocka_unit_test(a_health_check_is_kept),
		cmocka_unit_test(the_silent_keep_nobody_waiting),
	};
	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
