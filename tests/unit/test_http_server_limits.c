/* The HTTP server when many come, for long, from one place, over TLS, and for large answers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "net/http_server.h"
#include "support/certificate.h"
#include "support/service_bench.h"

#define PORT        9090
#define GET(target) "GET " target " HTTP/1.1\r\nHost: host\r\n\r\n"
#define ZIPPED      "GET /text HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n"
#define LARGE_BYTES ((size_t)16 << 20)

struct place {
	struct bench bench;
	struct http_server *server;
	struct http_server_text *text;
	bool is_closed; /* to all */
};

static void answer_who(void *context, const struct http_server_request *request,
		       struct http_server_response *response)
{
	char text[ENDPOINT_TEXT_MAX];

	buffer_append_text(&response->body, endpoint_format_address(&request->remote, text));
}

static void answer_large(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	buffer_append_repeated(&response->body, 'z', LARGE_BYTES);
}

static void answer_text(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	struct place *place = context;

	response->text = place->text;
}

static bool allow(void *context, const struct http_server_request *request,
		  struct http_server_response *response)
{
	const struct place *place = context;

	if (!place->is_closed)
		return true;
	response->status = 401;
	return false;
}

static void open_place(struct place *place, const struct http_server_options *limits)
{
	static const struct http_server_route routes[] = {
		{ "GET", "/who", answer_who },
		{ "GET", "/large", answer_large },
		{ "GET", "/text", answer_text },
	};
	struct http_server_options options = *limits;

	*place = (struct place){ 0 };
	bench_init(&place->bench, &(struct memory_options){ .delay_ns = 1000 });
	bench_start_bare(&place->bench);
	options.transport = limits->transport ? limits->transport : &stream_memory;
	options.listen.local = bench_endpoint("127.0.0.1");
	options.listen.local.port = PORT;
	options.listen.network = place->bench.network;
	options.routes = routes;
	options.route_count = array_size(routes);
	options.context = place;
	options.allow = allow;
	assert_int_equal(http_server_open(place->bench.loop, &options, &place->server), 0);
}

static void close_place(struct place *place)
{
	http_server_close(place->server);
	http_server_text_free(place->text);
	bench_run(&place->bench, 1000);
	bench_free(&place->bench);
}

static void say(struct bench_client *client, const char *text, uint64_t ms)
{
	client_send(client, text, strlen(text));
	bench_run(client->bench, ms);
}

static bool has(const struct bench_client *client, const char *text)
{
	return strstr(buffer_text(&client->got), text) != NULL;
}

static void is_answered(struct place *place, const char *from)
{
	struct bench_client client;

	client_open_from(&client, &place->bench, from, PORT);
	say(&client, GET("/who"), 10);
	assert_true(has(&client, "200 OK"));
	assert_true(has(&client, from));
	client_close(&client);
	bench_run(&place->bench, 10);
}

/* ---- too many */

/* Each says `text`, waits so long, and stays. */
static void are_there(struct place *place, struct bench_client *clients, size_t count,
		      const char *text, uint64_t ms)
{
	for (size_t i = 0; i < count; i++) {
		char from[32];
		(void)snprintf(from, sizeof(from), "10.0.%zu.%zu", i / 250, i % 250 + 1);
		client_open_from(&clients[i], &place->bench, from, PORT);
		say(&clients[i], text, ms);
	}
}

static void are_gone(struct bench_client *clients, size_t count)
{
	for (size_t i = 0; i < count; i++)
		client_close(&clients[i]);
}

static void a_thousand_idle_connections_keep_nobody_out(void **state)
{
	static struct bench_client clients[1000];
	static const char *const words[] = { "", GET("/who") };

	for (size_t i = 0; i < array_size(words); i++) {
		struct place place;
		open_place(&place, &(struct http_server_options){ .served_max = 64 });
		/* Who has asked may go at once, who has not has 200 ms to do so. */
		are_there(&place, clients, array_size(clients), words[i], 4);
		assert_true(clients[0].has_end);
		assert_true(clients[999 - 64].has_end);
		assert_false(clients[999 - 63].has_end);
		is_answered(&place, "10.1.0.1");
		assert_true(clients[999 - 63].has_end);
		assert_false(clients[999].has_end);
		are_gone(clients, array_size(clients));
		close_place(&place);
	}
}

/* Its connection may stay until its request has come, and waits for that until it has a place. */
static void in_a_burst_of_connections_one_that_asks_is_heard(void **state)
{
	static const char *const words[] = { "", "GET /who HTTP/1.1\r\nX: " };
	static struct bench_client clients[1000];
	struct bench_client client;

	for (size_t i = 0; i < array_size(words); i++) {
		struct place place;
		open_place(&place, &(struct http_server_options){ .served_max = 64 });
		are_there(&place, clients, 500, words[i], 0);
		client_open_from(&client, &place.bench, "10.1.0.1", PORT);
		are_there(&place, clients + 500, 500, words[i], 0);
		bench_run(&place.bench, 100);
		say(&client, GET("/who"), 500 / 64 * 200);
		assert_true(has(&client, "200 OK"));
		assert_false(clients[999].has_end);
		client_close(&client);
		are_gone(clients, array_size(clients));
		close_place(&place);
	}
}

static void who_never_ends_a_request_makes_room(void **state)
{
	static struct bench_client clients[1000];
	struct place place;

	open_place(&place, &(struct http_server_options){ .served_max = 64 });
	/* So fast that all of the newest have begun only just now, and others wait for a place. */
	are_there(&place, clients, array_size(clients), "GET /who HTTP/1.1\r\nX: ", 1);
	bench_run(&place.bench, 1000 / 64 * 200);
	is_answered(&place, "10.1.0.1");
	bench_run(&place.bench, 1000);
	is_answered(&place, "10.1.0.1");
	are_gone(clients, array_size(clients));
	close_place(&place);
}

static void one_address_takes_its_share_alone(void **state)
{
	struct bench_client clients[20];
	struct place place;

	open_place(&place, &(struct http_server_options){ .served_max = 64, .per_address_max = 8 });
	for (size_t i = 0; i < array_size(clients); i++) {
		client_open_from(&clients[i], &place.bench, "10.0.0.1", PORT);
		say(&clients[i], i < 10 ? "" : "GET /who ", 1);
	}
	for (size_t i = 0; i < 10; i++)
		assert_true(clients[i].has_end);
	for (size_t i = 10; i < array_size(clients); i++)
		say(&clients[i], "HTTP/1.1\r\nHost: h\r\n\r\n", 1);
	for (size_t i = 10; i < array_size(clients); i++)
		assert_true(has(&clients[i], i < 18 ? "200 OK" : "503 "));
	is_answered(&place, "10.0.0.2");
	are_gone(clients, array_size(clients));
	close_place(&place);
}

static void who_may_not_is_told_before_any_route(void **state)
{
	struct bench_client client;
	struct place place;

	open_place(&place, &(struct http_server_options){ 0 });
	place.is_closed = true;
	client_open(&client, &place.bench, PORT);
	say(&client, GET("/who") GET("/nothing"), 10);
	assert_false(has(&client, "200 OK"));
	assert_false(has(&client, "404"));
	assert_true(has(&client, "\r\n\r\n401 Unauthorized\nHTTP/1.1 401 "));
	assert_int_equal(http_server_requests(place.server), 2);
	client_close(&client);
	close_place(&place);
}

/* ---- where */

static void it_listens_in_several_places(void **state)
{
	struct place place;
	struct bench_client client;
	struct listen_options more = { .local = bench_endpoint("127.0.0.1") };

	open_place(&place, &(struct http_server_options){ 0 });
	more.network = place.bench.network;
	more.local.port = PORT;
	assert_int_equal(http_server_listen(place.server, &stream_memory, &more), -EADDRINUSE);
	for (unsigned i = 1; i < HTTP_SERVER_LISTENERS_MAX; i++) {
		more.local.port = (uint16_t)(PORT + i);
		assert_int_equal(http_server_listen(place.server, &stream_memory, &more), 0);
		assert_int_equal(http_server_local_of(place.server, i)->port, PORT + i);
		client_open(&client, &place.bench, more.local.port);
		say(&client, GET("/who"), 10);
		assert_true(has(&client, "200 OK"));
		client_close(&client);
	}
	assert_int_equal(http_server_listen(place.server, &stream_memory, &more), -ENOSPC);
	close_place(&place);
}

static void it_speaks_tls(void **state)
{
	static const struct certificate made[] = {
		{ "ca", NULL, NULL, -1, 30 },
		{ "page", "DNS:localhost,IP:127.0.0.1", "ca", -1, 30 },
	};
	struct bench_client client, plain;
	struct place place;
	for (size_t i = 0; i < array_size(made); i++)
		certificate_make(&made[i]);
	struct tls_server *server = certificate_server("page");
	struct tls_client *trusting = certificate_client("ca");

	open_place(&place, &(struct http_server_options){
				   .transport = &stream_tls,
				   .listen = { .below = &stream_memory, .tls = server },
				   .response_bytes_max = LARGE_BYTES });
	client_open_tls(&client, &place.bench, PORT, trusting);
	bench_run(&place.bench, 100);
	say(&client, GET("/who") GET("/large"), 2000);
	assert_int_equal(client.error, 0);
	assert_true(has(&client, "200 OK"));
	assert_true(client.got.size > LARGE_BYTES);
	client_open(&plain, &place.bench, PORT);
	say(&plain, GET("/who"), 1000);
	assert_false(has(&plain, "200 OK"));
	client_close(&client);
	client_close(&plain);
	close_place(&place);
	tls_client_free(trusting);
	tls_server_free(server);
	certificates_remove();
}

/* ---- what */

static void sixteen_mebibytes_are_sent(void **state)
{
	struct bench_client client;
	struct place place;

	open_place(&place, &(struct http_server_options){ .response_bytes_max = LARGE_BYTES });
	client_open(&client, &place.bench, PORT);
	say(&client, GET("/large"), 5000);
	assert_true(has(&client, "Content-Length: 16777216\r\n"));
	assert_true(client.got.size > LARGE_BYTES);
	client_close(&client);
	close_place(&place);
}

static void share(struct place *place, size_t lines)
{
	struct buffer text;

	buffer_init(&text, LARGE_BYTES);
	for (size_t i = 0; i < lines; i++)
		buffer_append_format(&text, "series{number=\"%zu\"} 1\n", i);
	place->text = http_server_text_new(&text);
	assert_non_null(place->text);
	buffer_deinit(&text);
}

/* Its owner lets go of it while it is still on its way to one of two. */
static void a_text_is_shared(void **state)
{
	struct bench_client clients[2];
	struct place place;

	open_place(&place, &(struct http_server_options){ 0 });
	share(&place, 20000);
	for (size_t i = 0; i < 2; i++) {
		client_open(&clients[i], &place.bench, PORT);
		clients[i].is_deaf = i == 1;
		say(&clients[i], GET("/text"), 10);
	}
	http_server_text_free(place.text);
	place.text = NULL;
	client_listen(&clients[1]);
	bench_run(&place.bench, 100);
	for (size_t i = 0; i < 2; i++) {
		assert_true(has(&clients[i], "series{number=\"19999\"} 1\n"));
		client_close(&clients[i]);
	}
	close_place(&place);
}

static void inflate_all(const struct buffer *got, struct buffer *out)
{
	char piece[4096];
	const char *body = strstr(got->data, "\r\n\r\n") + 4;
	z_stream stream = { .next_in = (unsigned char *)body,
			    .avail_in = (unsigned)(got->data + got->size - body) };
	int result = inflateInit2(&stream, 15 + 16);

	while (result == Z_OK) {
		stream.next_out = (unsigned char *)piece;
		stream.avail_out = sizeof(piece);
		result = inflate(&stream, Z_NO_FLUSH);
		buffer_append(out, piece, sizeof(piece) - stream.avail_out);
	}
	assert_int_equal(result, Z_STREAM_END);
	(void)inflateEnd(&stream);
}

static void who_accepts_gzip_gets_less(void **state)
{
	struct bench_client client;
	struct place place;
	struct buffer out cleanup(buffer_deinit);

	open_place(&place, &(struct http_server_options){ .compresses = true });
	share(&place, 2000);
	buffer_init(&out, LARGE_BYTES);
	for (unsigned i = 0; i < 2; i++) {
		client_open(&client, &place.bench, PORT);
		say(&client, ZIPPED, 10);
		assert_true(has(&client, "Content-Encoding: gzip\r\n"));
		assert_true(has(&client, "Vary: Accept-Encoding\r\n"));
		assert_true(client.got.size < 20000);
		buffer_clear(&out);
		inflate_all(&client.got, &out);
		assert_non_null(strstr(buffer_text(&out), "series{number=\"1999\"} 1\n"));
		client_close(&client);
	}
	client_open(&client, &place.bench, PORT);
	say(&client, GET("/text"), 10);
	assert_false(has(&client, "Content-Encoding"));
	assert_true(has(&client, "series{number=\"1999\"} 1\n"));
	client_close(&client);
	close_place(&place);
}

static void not_everybody_accepts_gzip(void **state)
{
	static const struct {
		const char *field;
		bool is_gzip;
	} cases[] = {
		{ "gzip", true },
		{ "deflate, GZIP", true },
		{ "*", true },
		{ "gzip;q=1.0", true },
		{ "gzip; q=0.001", true },
		{ "*;q=0, gzip", true },
		{ "gzip;q=0", false },
		{ "gzip ; q=0.000", false },
		{ "identity", false },
		{ "*, gzip;q=0", false },
		{ "", false },
		{ "x-gzip-y", false },
		{ ",,,;;q", false },
	};
	struct place place;

	open_place(&place, &(struct http_server_options){ .compresses = true });
	share(&place, 2000);
	for (size_t i = 0; i < array_size(cases); i++) {
		struct bench_client client;
		char text[200];
		(void)snprintf(text, sizeof(text),
			       "GET /text HTTP/1.1\r\nHost: h\r\nAccept-Encoding: %s\r\n\r\n",
			       cases[i].field);
		client_open(&client, &place.bench, PORT);
		say(&client, text, 10);
		if (has(&client, "Content-Encoding: gzip") != cases[i].is_gzip)
			fail_msg("\"%s\"", cases[i].field);
		client_close(&client);
	}
	close_place(&place);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_idle_connections_keep_nobody_out),
		cmocka_unit_test(in_a_burst_of_connections_one_that_asks_is_heard),
		cmocka_unit_test(who_never_ends_a_request_makes_room),
		cmocka_unit_test(one_address_takes_its_share_alone),
		cmocka_unit_test(who_may_not_is_told_before_any_route),
		cmocka_unit_test(it_listens_in_several_places),
		cmocka_unit_test(it_speaks_tls),
		cmocka_unit_test(sixteen_mebibytes_are_sent),
		cmocka_unit_test(a_text_is_shared),
		cmocka_unit_test(who_accepts_gzip_gets_less),
		cmocka_unit_test(not_everybody_accepts_gzip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
