/* What a mesh node answers over HTTP, and to whom. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "run/mesh_api.h"
#include "support/certificate.h"
#include "support/sample_mesh.h"
#include "support/service_bench.h"

#define PORT  8080
#define TOKEN "correct-horse"
#define HOST  "Host: node-04\r\n"
#define AUTH  "Authorization: Bearer " TOKEN "\r\n"

struct place {
	struct bench bench;
	struct mesh_api *api;
	struct sample_mesh *sample;
	bool is_looking;
	unsigned looks;
	unsigned rows;
	unsigned quits;
	const char *why;
	char added[MESH_API_TARGET_MAX];
	char marked[MESH_API_MARK_MAX];
	int add_result;
};

/* ---- its owner */

static const struct mesh_state *look(void *context)
{
	struct place *place = context;

	assert_false(place->is_looking);
	place->is_looking = true;
	place->looks++;
	return &place->sample->state;
}

static void release(void *context)
{
	struct place *place = context;

	assert_true(place->is_looking);
	place->is_looking = false;
}

static const char *why_not_ready(void *context)
{
	return ((const struct place *)context)->why;
}

static void want_rows(void *context)
{
	((struct place *)context)->rows++;
}

static int add_peer(void *context, const char *text, struct error *error)
{
	struct place *place = context;

	(void)snprintf(place->added, sizeof(place->added), "%s", text);
	return place->add_result < 0 ? error_set(error, -place->add_result, "no more room") : 0;
}

static void mark(void *context, const char *text)
{
	struct place *place = context;

	(void)snprintf(place->marked, sizeof(place->marked), "%s", text);
}

static void quit(void *context)
{
	((struct place *)context)->quits++;
}

static const struct mesh_api_calls calls = {
	.look = look,
	.release = release,
	.why_not_ready = why_not_ready,
	.want_rows = want_rows,
	.add_peer = add_peer,
	.mark = mark,
	.quit = quit,
};

static struct endpoint listening(void)
{
	struct endpoint endpoint = bench_endpoint("127.0.0.1");

	endpoint.port = PORT;
	return endpoint;
}

static void open_place(struct place *place, const struct mesh_api_setup *wanted)
{
	const struct endpoint at = listening();
	struct mesh_api_setup setup = *wanted;
	struct error error = { "" };

	*place = (struct place){ 0 };
	bench_init(&place->bench, &(struct memory_options){ 0 });
	bench_start_bare(&place->bench);
	place->sample = sample_mesh_a4();
	setup.loop = place->bench.loop;
	setup.places = &at;
	setup.place_count = 1;
	setup.calls = &calls;
	setup.context = place;
	setup.transport = &stream_memory;
	setup.network = place->bench.network;
	if (mesh_api_open(&setup, &error, &place->api) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(mesh_api_local(place->api, 0)->port, PORT);
}

static void close_place(struct place *place)
{
	assert_false(place->is_looking);
	mesh_api_close(place->api);
	bench_run(&place->bench, 1000);
	bench_free(&place->bench);
	sample_mesh_free(place->sample);
}

/* ---- a client */

static struct buffer answer_from(struct place *place, const char *from, const char *method,
				 const char *target, const char *fields, const char *body)
{
	struct bench_client client;
	char text[2048];
	char length[40] = "";

	if (body[0] != '\0')
		(void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body));
	(void)snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\n" HOST "%s%s\r\n%s", method, target,
		       length, fields, body);
	client_open_from(&client, &place->bench, from, PORT);
	client_send(&client, text, strlen(text));
	bench_run(&place->bench, 10);
	struct buffer got = client.got;
	buffer_init(&client.got, 1);
	client_close(&client);
	return got;
}

static void check(struct place *place, const char *method, const char *target, const char *fields,
		  const char *body, const char *wanted)
{
	struct buffer got cleanup(buffer_deinit) =
		answer_from(place, "10.9.9.9", method, target, fields, body);

	if (strstr(buffer_text(&got), wanted) == NULL)
		fail_msg("%s %s: \"%s\" is not in \"%.600s\"", method, target, wanted,
			 buffer_text(&got));
}

#define GETS(target, wanted)        check(&place, "GET", target, "", "", wanted)
#define POSTS(target, body, wanted) check(&place, "POST", target, AUTH, body, wanted)

/* ---- reading */

static void it_tells(void **state)
{
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = NULL });
	GETS("/v1/peers", "Content-Type: application/json\r\n");
	GETS("/v1/peers", "\"SrvHost\": \"node-04\"");
	GETS("/v1/peers?conntest=row", "\"rtt_median_ns\"");
	GETS("/v1/ping", "<p>Served from b\n");
	GETS("/v1/metrics", "\"NumActive\"");
	GETS("/v1", "/v1/addpeer");
	GETS("/sd", "[{\"targets\":[\"node-04\"]");
	check(&place, "GET", "http://x/sd", "", "", "[{\"targets\":[\"node-04\"]");
	GETS("/healthz", "HTTP/1.1 200 OK");
	GETS("/readyz", "\r\n\r\nready\n");
	GETS("/v1/env", "HTTP/1.1 404 ");
	GETS("/nothing", "HTTP/1.1 404 ");
	check(&place, "HEAD", "/v1/peers", "", "", "HTTP/1.1 200 OK");
	check(&place, "DELETE", "/v1/peers", AUTH, "", "Allow: GET, HEAD\r\n");
	place.why = "no source of peers has answered yet";
	GETS("/readyz", "HTTP/1.1 503 ");
	GETS("/readyz", "\r\n\r\nno source of peers has answered yet\n");
	GETS("/healthz", "HTTP/1.1 200 OK");
	assert_true(mesh_api_requests(place.api) > 10);
	close_place(&place);
}

static void who_asks_for_peers_learns_where_we_are(void **state)
{
	struct bench_client client;
	struct place place;
	static const char request[] = "GET /sd HTTP/1.1\r\nHost: 10.0.0.9:1\r\n\r\n"
				      "GET /sd HTTP/1.1\r\nHost: a/b\r\n\r\n";

	open_place(&place, &(struct mesh_api_setup){ .self = "10.0.0.4:8080" });
	GETS("/sd", "[{\"targets\":[\"10.0.0.4:8080\"]");
	close_place(&place);
	open_place(&place, &(struct mesh_api_setup){ .self = "" });
	GETS("/sd", "[{\"targets\":[\"node-04\"]");
	client_open(&client, &place.bench, PORT);
	client_send(&client, request, strlen(request));
	bench_run(&place.bench, 10);
	assert_non_null(strstr(buffer_text(&client.got), "[{\"targets\":[\"10.0.0.9:1\"]"));
	assert_null(strstr(buffer_text(&client.got), "a/b"));
	client_close(&client);
	close_place(&place);
}

static void the_page_is_as_its_query_says(void **state)
{
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = NULL });
	GETS("/", "Content-Security-Policy: ");
	GETS("/", "node-12");
	assert_int_equal(place.rows, 0);
	GETS("/?matrix=1&colour=loss", "HTTP/1.1 200 OK");
	GETS("/page-body?matrix=1", "HTTP/1.1 200 OK");
	assert_int_equal(place.rows, 2);
	GETS("/?peer=node-09", "node-09");
	close_place(&place);
}

static void metrics_are_as_they_are_accepted(void **state)
{
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = NULL });
	GETS("/metrics", "Content-Type: text/plain; version=0.0.4");
	GETS("/metrics?pairs=1", "HTTP/1.1 200 OK");
	check(&place, "GET", "/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n",
	      "", "# EOF\n");
	close_place(&place);
}

/* Whoever asks again within a second gets what was written, and no effect is hidden by that. */
static void what_is_written_is_kept_for_a_second(void **state)
{
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = TOKEN });
	for (unsigned i = 0; i < 10; i++)
		GETS("/v1/peers", "node-12");
	assert_int_equal(place.looks, 1);
	GETS("/v1/peers?conntest=row", "node-12");
	assert_int_equal(place.looks, 2);
	POSTS("/v1/mark", "text=x", "HTTP/1.1 202 ");
	GETS("/v1/peers", "node-12");
	assert_int_equal(place.looks, 3);
	bench_run(&place.bench, 1000);
	GETS("/v1/peers", "node-12");
	assert_int_equal(place.looks, 4);
	close_place(&place);
}

static void events_are_resumed(void **state)
{
	struct place place;
	char target[64];
	char fields[64];

	open_place(&place, &(struct mesh_api_setup){ .token = NULL });
	uint64_t newest = mesh_events_newest(place.sample->events);
	mesh_events_note(place.sample->events, MESH_EVENT_MARK, "", "the last one");
	GETS("/v1/events", "Content-Type: application/x-ndjson\r\n");
	GETS("/v1/events", "\r\n\r\n{\"number\":1,");
	GETS("/v1/events?limit=1", "\r\n\r\n{\"number\":1,");
	GETS("/v1/events?after=abc", "\r\n\r\n{\"number\":1,");
	GETS("/v1/events?after=99999", "{\"event\":\"gap\",\"after\":99999,");
	(void)snprintf(target, sizeof(target), "/v1/events?after=%u", (unsigned)newest);
	(void)snprintf(fields, sizeof(fields), "Last-Event-ID: %u\r\n", (unsigned)newest);
	GETS(target, "\"text\":\"the last one\"}\n");
	check(&place, "GET", "/v1/events", fields, "", "Content-Length: 9");
	check(&place, "GET", "/v1/events", fields, "", "\"text\":\"the last one\"}\n");
	(void)snprintf(target, sizeof(target), "/v1/events?after=%u", (unsigned)newest + 1);
	GETS(target, "Content-Length: 0\r\n");
	close_place(&place);
}

/* ---- effects */

static void effects_take_a_post(void **state)
{
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = TOKEN });
	GETS("/v1/quit", "<form method=\"post\" action=\"/v1/quit\">");
	GETS("/v1/addpeer?url=a%22%3Cb&ip=1.2.3.4", "value=\"a&quot;&lt;b\"");
	GETS("/v1/mark", "<input name=\"token\" type=\"password\"");
	check(&place, "PUT", "/v1/quit", AUTH, "", "Allow: GET, HEAD, POST\r\n");
	check(&place, "POST", "/v1/peers", AUTH, "", "HTTP/1.1 405 ");
	assert_int_equal(place.quits, 0);
	POSTS("/v1/quit", "", "\"SrvHost\": \"node-04\"");
	assert_int_equal(place.quits, 1);
	POSTS("/v1/mark", "text=switch+b-2%20off", "marked: switch b-2 off\n");
	assert_string_equal(place.marked, "switch b-2 off");
	POSTS("/v1/mark?text=again", "", "HTTP/1.1 202 ");
	assert_string_equal(place.marked, "again");
	POSTS("/v1/mark", "text=", "HTTP/1.1 400 ");
	POSTS("/v1/mark", "", "HTTP/1.1 400 ");
	check(&place, "POST", "/v1/mark", "", "text=by+form&token=" TOKEN, "HTTP/1.1 202 ");
	assert_string_equal(place.marked, "by form");
	close_place(&place);
}

static void without_the_token_nothing_is_changed(void **state)
{
	static const char *const fields[] = {
		"",
		"Origin: http://evil.test\r\n",
		"Authorization: Basic OmNvcnJlY3QtaG9yc2U=\r\n", /* ":correct-horse" */
		"Authorization: Bearer\r\n",
		"Authorization: Bearer \r\n",
		"Authorization: Bearer " TOKEN "x\r\n",
		"Authorization: Bearer correct-hors\r\n",
		"Authorization: " TOKEN "\r\n",
	};
	struct place place;

	for (size_t i = 0; i < array_size(fields); i++) {
		open_place(&place, &(struct mesh_api_setup){ .token = TOKEN });
		check(&place, "POST", "/v1/quit", fields[i], "a=b",
		      "HTTP/1.1 401 Unauthorized\r\n");
		check(&place, "POST", "/v1/quit?token=" TOKEN, fields[i], "",
		      "WWW-Authenticate: Bearer ");
		check(&place, "POST", "/v1/quit", "", "token=wrong", "HTTP/1.1 401 ");
		assert_int_equal(place.quits, 0);
		close_place(&place);
	}
	open_place(&place, &(struct mesh_api_setup){ .token = NULL });
	POSTS("/v1/quit", "token=", "HTTP/1.1 403 ");
	check(&place, "POST", "/v1/mark", "", "text=x", "this node is read-only");
	assert_int_equal(place.quits, 0);
	close_place(&place);
}

static void ten_wrong_tokens_and_one_waits(void **state)
{
	static const char wrong[] = "Authorization: Bearer guess\r\n";
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = TOKEN });
	for (unsigned i = 0; i < 10; i++)
		check(&place, "POST", "/v1/quit", wrong, "", "HTTP/1.1 401 ");
	check(&place, "POST", "/v1/quit", wrong, "", "HTTP/1.1 429 ");
	POSTS("/v1/quit", "", "Retry-After: 60\r\n");
	assert_int_equal(place.quits, 0);
	GETS("/v1/ping", "HTTP/1.1 200 OK");
	struct buffer got cleanup(buffer_deinit) =
		answer_from(&place, "10.9.9.8", "POST", "/v1/quit", AUTH, "");
	assert_non_null(strstr(buffer_text(&got), "HTTP/1.1 202 "));
	bench_run(&place.bench, 60000);
	POSTS("/v1/quit", "", "HTTP/1.1 202 ");
	assert_int_equal(place.quits, 2);
	close_place(&place);
}

/* More addresses than are remembered: the first of them are forgotten, the newest are not. */
static void many_who_guess_are_bounded(void **state)
{
	struct place place;
	char from[24];

	open_place(&place, &(struct mesh_api_setup){ .token = TOKEN });
	for (unsigned i = 0; i < 200; i++) {
		(void)snprintf(from, sizeof(from), "10.8.0.%u", i + 1);
		for (unsigned k = 0; k < 11; k++) {
			struct buffer got cleanup(buffer_deinit) =
				answer_from(&place, from, "POST", "/v1/quit",
					    "Authorization: Bearer guess\r\n", "");
			assert_non_null(strstr(buffer_text(&got),
					       k < 10 ? "HTTP/1.1 401 " : "HTTP/1.1 429 "));
		}
	}
	close_place(&place);
}

static void all_may_need_the_token(void **state)
{
	static const char basic[] = "Authorization: Basic dTpjb3JyZWN0LWhvcnNl\r\n";
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = TOKEN, .token_for_all = true });
	GETS("/", "HTTP/1.1 401 ");
	GETS("/", "WWW-Authenticate: Basic ");
	GETS("/metrics", "HTTP/1.1 401 ");
	GETS("/nothing", "HTTP/1.1 401 ");
	GETS("/healthz", "HTTP/1.1 200 ");
	GETS("/readyz", "HTTP/1.1 200 ");
	check(&place, "GET", "/v1/peers?token=" TOKEN, "", "", "HTTP/1.1 401 ");
	check(&place, "GET", "/v1/peers", AUTH, "", "HTTP/1.1 200 ");
	check(&place, "GET", "/v1/peers", basic, "", "HTTP/1.1 200 ");
	check(&place, "POST", "/v1/quit", basic, "", "HTTP/1.1 401 ");
	assert_int_equal(place.looks, 1);
	assert_int_equal(place.quits, 0);
	close_place(&place);
}

static void wrong_tokens_are_no_setup(void **state)
{
	const struct endpoint at = listening();
	struct mesh_api *api = NULL;
	struct error error = { "" };
	static const char *const tokens[] = { "", "a b", "t\xc3\xa9", "a\n" };
	struct loop *loop = NULL;

	assert_int_equal(loop_new(&(struct loop_options){ .is_simulated = true }, &loop), 0);
	for (size_t i = 0; i < array_size(tokens); i++)
		assert_int_equal(mesh_api_open(&(struct mesh_api_setup){ .loop = loop,
									 .token = tokens[i],
									 .places = &at,
									 .place_count = 1,
									 .calls = &calls },
					       &error, &api),
				 -EINVAL);
	assert_int_equal(mesh_api_open(&(struct mesh_api_setup){ .loop = loop,
								 .token_for_all = true,
								 .calls = &calls },
				       &error, &api),
			 -EINVAL);
	assert_null(api);
	loop_free(loop);
}

/* ---- whom one may name */

static void only_what_is_allowed_is_named(void **state)
{
	static const struct {
		const char *body;
		const char *wanted;
		const char *added; /* "": it is refused */
	} cases[] = {
		{ "url=10.1.2.3:5003", "202", "10.1.2.3:5003" },
		{ "url=http://10.1.2.3/v1/ping", "202", "http://10.1.2.3/v1/ping" },
		{ "url=http://10.1.2.3:80/v1/peers?addpeers=true", "202",
		  "http://10.1.2.3:80/v1/peers" },
		{ "url=https://[2001:db8::7]:443/v1/ping", "202",
		  "https://[2001:db8::7]:443/v1/ping" },
		{ "url=http://a.mesh.test/x&ip=10.0.0.9", "202", "http://10.0.0.9/x" },
		{ "url=http://a.mesh.test/x&ip=2001:db8::9", "202", "http://[2001:db8::9]/x" },
		{ "url=http://a.mesh.test/x", "202", "http://a.mesh.test/x" },
		{ "url=web.test:80", "202", "web.test:80" },
		{ "url=http%3A%2F%2FWEB.test", "202", "http://WEB.test" },
		{ "url=11.1.2.3:5003", "403", "" },
		{ "url=http://127.0.0.1/", "403", "" },
		{ "url=http://169.254.169.254/latest/", "403", "" },
		{ "url=http://[::1]/", "403", "" },
		{ "url=http://[::ffff:10.1.2.3]/", "202", "http://[::ffff:10.1.2.3]/" },
		{ "url=http://a.mesh.test/&ip=127.0.0.1", "403", "" },
		{ "url=http://mesh.test/", "403", "" },
		{ "url=http://xmesh.test/", "403", "" },
		{ "url=http://2130706433/", "403", "" },
		{ "url=http://0x7f.1/", "403", "" },
		{ "url=http://web.test@127.0.0.1/", "400", "" },
		{ "url=http://web.test:80@127.0.0.1/", "400", "" },
		{ "url=http://web.test%5C@127.0.0.1/", "400", "" },
		{ "url=ftp://10.1.2.3/", "400", "" },
		{ "url=file:/etc/passwd", "400", "" },
		{ "url=/etc/passwd", "400", "" },
		{ "url=10.1.2.3", "400", "" },
		{ "url=http://", "400", "" },
		{ "url=http://[10.1.2.3/", "400", "" },
		{ "url=http://10.1.2.3/%0d%0aX:y", "400", "" },
		{ "url=10.1.2.3:5003&ip=nowhere", "400", "" },
		{ "", "400", "" },
	};
	static const char *const hosts[] = { "web.test", ".mesh.test" };
	struct subnet allowed[2];
	struct error error;
	struct place place;

	assert_int_equal(subnet_parse("10.0.0.0/8", &error, &allowed[0]), 0);
	assert_int_equal(subnet_parse("2001:db8::/32", &error, &allowed[1]), 0);
	open_place(&place, &(struct mesh_api_setup){ .token = TOKEN,
						     .allowed = allowed,
						     .allowed_count = 2,
						     .allowed_hosts = hosts,
						     .allowed_host_count = 2 });
	for (size_t i = 0; i < array_size(cases); i++) {
		char wanted[32];
		place.added[0] = '\0';
		(void)snprintf(wanted, sizeof(wanted), "HTTP/1.1 %s ", cases[i].wanted);
		POSTS("/v1/addpeer", cases[i].body, wanted);
		if (strcmp(place.added, cases[i].added) != 0)
			fail_msg("%s: added \"%s\"", cases[i].body, place.added);
	}
	POSTS("/v1/addpeer?url=10.1.2.3:80&delay=3&fails=1", "", "not heeded: delay, fails (");
	place.add_result = -ENOSPC;
	POSTS("/v1/addpeer", "url=10.1.2.3:80", "\r\n\r\nno more room\n");
	close_place(&place);
}

static void without_a_list_nothing_is_named(void **state)
{
	struct place place;

	open_place(&place, &(struct mesh_api_setup){ .token = TOKEN });
	POSTS("/v1/addpeer", "url=10.1.2.3:5003",
	      "10.1.2.3 may not be named over the network: this node was started without --allow");
	assert_string_equal(place.added, "");
	close_place(&place);
}

/* ---- TLS */

static void it_answers_over_tls(void **state)
{
	static const struct certificate made[] = {
		{ "ca", NULL, NULL, -1, 30 },
		{ "node", "DNS:localhost,IP:127.0.0.1", "ca", -1, 30 },
	};
	struct bench_client client;
	struct place place;
	for (size_t i = 0; i < array_size(made); i++)
		certificate_make(&made[i]);
	struct tls_server *server = certificate_server("node");
	struct tls_client *trusting = certificate_client("ca");
	static const char request[] = "GET /v1/ping HTTP/1.1\r\n" HOST "\r\n";

	open_place(&place, &(struct mesh_api_setup){ .tls = server });
	client_open_tls(&client, &place.bench, PORT, trusting);
	client_send(&client, request, strlen(request));
	bench_run(&place.bench, 100);
	assert_non_null(strstr(buffer_text(&client.got), "<p>Served from b\n"));
	client_close(&client);
	close_place(&place);
	tls_client_free(trusting);
	tls_server_free(server);
	certificates_remove();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells),
		cmocka_unit_test(who_asks_for_peers_learns_where_we_are),
		cmocka_unit_test(the_page_is_as_its_query_says),
		cmocka_unit_test(metrics_are_as_they_are_accepted),
		cmocka_unit_test(what_is_written_is_kept_for_a_second),
		cmocka_unit_test(events_are_resumed),
		cmocka_unit_test(effects_take_a_post),
		cmocka_unit_test(without_the_token_nothing_is_changed),
		cmocka_unit_test(ten_wrong_tokens_and_one_waits),
		cmocka_unit_test(many_who_guess_are_bounded),
		cmocka_unit_test(all_may_need_the_token),
		cmocka_unit_test(wrong_tokens_are_no_setup),
		cmocka_unit_test(only_what_is_allowed_is_named),
		cmocka_unit_test(without_a_list_nothing_is_named),
		cmocka_unit_test(it_answers_over_tls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
