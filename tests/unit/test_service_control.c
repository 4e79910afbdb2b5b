/* Who asks control and how: neighbours and strangers, in pieces, too fast, too long, too slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/control.h"
#include "support/service_bench.h"

#define PORT     5004
#define DISCARD  5009
#define STRANGER "192.0.2.9"
#define HELLO    "{\"ask\":\"hello\"}\n"
#define HELLO_ANSWER                                                                  \
	"{\"version\":\"" CONNTEST_VERSION "\",\"name\":\"web-3-7d9f\",\"services\":" \
	"[{\"service\":\"control\",\"transport\":\"tcp\",\"port\":5004},"             \
	"{\"service\":\"discard\",\"transport\":\"tcp\",\"port\":5009}]}\n"
#define RECEIVER(local)                                                  \
	"{\"ask\":\"receiver\",\"transport\":\"tcp\",\"local\":\"" local \
	"\",\"remote\":\"127.0.0.1:5009\"}\n"

/* With a cookie that nobody was given. */
#define PATH(local, token)                                                                   \
	"{\"ask\":\"path\",\"local\":\"" local "\",\"remote\":\"127.0.0.1:5003\",\"run\":1," \
	"\"number\":1,\"payload_bytes\":1472,"                                               \
	"\"cookie\":\"0123456789abcdef0123456789abcdef\"" token "}\n"

static const char token[CONTROL_TOKEN_MAX] = "open sesame";

static void open_bench(struct bench *bench, const struct memory_options *options)
{
	bench_init(bench, options);
	bench->plan.serve.control_token = token;
	bench_listen(bench, SERVICE_CONTROL, TRANSPORT_TCP, PORT);
	bench_listen(bench, SERVICE_DISCARD, TRANSPORT_TCP, DISCARD);
	bench_start(bench);
}

/* Asks and lets time pass. */
static void ask(struct bench *bench, struct bench_client *client, const char *local,
		const char *lines)
{
	client_open_from(client, bench, local, PORT);
	client_send(client, lines, strlen(lines));
	bench_run(bench, 100);
}

static void assert_got(const struct bench_client *client, const char *text)
{
	assert_string_equal(buffer_text(&client->got), text);
}

static void who_may_ask_is_answered(void **state)
{
	static const struct {
		const char *local;
		const char *line;
		const char *answer;
		bool has_end;
	} cases[] = {
		/* clang-format off */
		{ "127.0.0.1", HELLO, HELLO_ANSWER, false },
		{ "127.9.9.9", HELLO, HELLO_ANSWER, false },
		{ STRANGER, "{\"ask\":\"hello\",\"token\":\"open sesame\"}\n", HELLO_ANSWER, false },
		{ STRANGER, HELLO, "{\"error\":\"not allowed: other hosts need the token (--receiver-token TEXT)\"}\n", true },
		{ STRANGER, "{\"ask\":\"hello\",\"token\":\"open sesam\"}\n",
		  "{\"error\":\"not allowed: this is not the token that serve was given\"}\n", true },
		{ STRANGER, RECEIVER("192.0.2.9:1"),
		  "{\"error\":\"not allowed: other hosts need the token (--receiver-token TEXT)\"}\n", true },
		{ "127.0.0.1", "GET / HTTP/1.1\r\n\r\n", "{\"error\":\"not a JSON object in one line\"}\n", true },
		{ STRANGER, PATH("192.0.2.9:41000", ""),
		  "{\"error\":\"not allowed: other hosts need the token (--receiver-token TEXT)\"}\n", true },
		{ STRANGER, PATH("192.0.2.10:41000", ",\"token\":\"open sesame\""),
		  "{\"error\":\"not allowed: \\\"local\\\" is not who asks\"}\n", false },
		{ "127.0.0.1", PATH("192.0.2.9:41000", ""), "{\"error\":\"not allowed: \\\"local\\\" is not who asks\"}\n", false },
		{ STRANGER, PATH("192.0.2.9:41000", ",\"token\":\"open sesame\""),
		  "{\"error\":\"this cookie is not of that path, or too old\"}\n", false },
		/* clang-format on */
	};
	struct bench bench;

	open_bench(&bench, &(struct memory_options){ 0 });
	for (size_t i = 0; i < array_size(cases); i++) {
		struct bench_client client;

		ask(&bench, &client, cases[i].local, cases[i].line);
		assert_got(&client, cases[i].answer);
		assert_int_equal(client.has_end, cases[i].has_end);
		client_close(&client);
		bench_run(&bench, 10);
	}
	assert_int_equal(bench_counters(&bench)->connections, 0);
	assert_int_equal(bench_counters(&bench)->received, array_size(cases));
	bench_assert_settled(&bench);
	bench_free(&bench);
}

static void without_a_token_no_stranger_may_ask(void **state)
{
	struct bench bench;
	struct bench_client client;

	bench_init(&bench, &(struct memory_options){ 0 });
	bench_listen(&bench, SERVICE_CONTROL, TRANSPORT_TCP, PORT);
	bench_start(&bench);
	ask(&bench, &client, STRANGER, "{\"ask\":\"hello\",\"token\":\"x\"}\n");
	assert_got(&client, "{\"error\":\"not allowed: other hosts are told nothing (serve "
			    "--control-token TEXT lets those in who have it)\"}\n");
	assert_true(client.has_end);
	client_close(&client);
	bench_free(&bench);
}

/* A client of discard, while it sends and after it ended. */
static void what_arrived_is_told(void **state)
{
	struct bench bench;
	struct bench_client sender;
	struct bench_client client;
	struct control_receipt receipt;
	struct error error;
	uint8_t *data = bench_bytes(300000);

	open_bench(&bench, &(struct memory_options){ 0 });
	client_open_from(&sender, &bench, "192.0.2.7:41000", DISCARD);
	client_send(&sender, data, 300000);
	bench_run(&bench, 50);

	ask(&bench, &client, "127.0.0.1", RECEIVER("192.0.2.7:41000") RECEIVER("192.0.2.7:41001"));
	const char *end = memchr(client.got.data, '\n', client.got.size);
	assert_non_null(end);
	assert_int_equal(control_read_receipt(client.got.data, (size_t)(end - client.got.data),
					      &error, &receipt),
			 0);
	assert_true(receipt.is_known);
	assert_int_equal(receipt.bytes, 300000);
	assert_true(receipt.first_ns >= BENCH_START_NS && receipt.first_ns <= receipt.last_ns);
	assert_string_equal(end + 1, "{\"known\":false}\n");

	client_send(&sender, data, 17);
	client_finish(&sender);
	bench_run(&bench, 50);
	client_assert_got(&sender, "300017\n", 7);
	client_close(&sender);
	bench_run(&bench, 50);
	buffer_clear(&client.got);
	client_send(&client, RECEIVER("192.0.2.7:41000"), strlen(RECEIVER("192.0.2.7:41000")));
	bench_run(&bench, 50);
	assert_int_equal(
		control_read_receipt(client.got.data, client.got.size - 1, &error, &receipt), 0);
	assert_int_equal(receipt.bytes, 300017);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

/* As many questions as fill several buffers, in pieces of every size, over a network that takes
 * little at once: each is answered once, in order. */
static void many_questions_in_any_pieces_are_answered(void **state)
{
	static const size_t chunks[] = { 1, 7, 4095, 4096, 0 };
	struct buffer lines cleanup(buffer_deinit);
	struct buffer answers cleanup(buffer_deinit);

	buffer_init(&lines, 1 << 20);
	buffer_init(&answers, 1 << 20);
	for (int i = 0; i < 700; i++) {
		buffer_append_text(&lines, i % 3 ? RECEIVER("192.0.2.7:1") : HELLO);
		buffer_append_text(&answers, i % 3 ? "{\"known\":false}\n" : HELLO_ANSWER);
	}
	for (size_t i = 0; i < array_size(chunks); i++) {
		struct bench bench;
		struct bench_client client;

		open_bench(&bench, &(struct memory_options){ .chunk_max_bytes = chunks[i],
							     .buffer_bytes = 3000 });
		client_open(&client, &bench, PORT);
		client_send(&client, lines.data, lines.size);
		bench_run(&bench, 1000);
		client_finish(&client);
		bench_run(&bench, 1000);
		client_assert_got(&client, answers.data, answers.size);
		assert_true(client.has_end);
		client_close(&client);
		bench_run(&bench, 10);
		assert_int_equal(bench_counters(&bench)->connections, 0);
		bench_assert_settled(&bench);
		bench_free(&bench);
	}
}

/* It asks and does not read: what it is owed stays bounded, and so does its time. */
static void who_does_not_read_is_let_go(void **state)
{
	struct bench bench;
	struct bench_client client;
	struct buffer lines cleanup(buffer_deinit);

	buffer_init(&lines, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buffer_append_text(&lines, HELLO);
	open_bench(&bench, &(struct memory_options){ .buffer_bytes = 3000 });
	client_open(&client, &bench, PORT);
	client.is_deaf = true;
	client_send(&client, lines.data, lines.size);
	bench_run(&bench, 4000);
	assert_int_equal(bench_counters(&bench)->connections, 1);
	assert_true(bench_counters(&bench)->scheduled < 1000);
	bench_run(&bench, 2000);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	assert_int_equal(bench_errors(&bench, OUTCOME_TIMED_OUT), 1);
	client_close(&client);
	bench_free(&bench);
}

static void a_line_without_end_is_refused(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *line = malloc(10000000);

	assert_non_null(line);
	memset(line, 'x', 10000000);
	open_bench(&bench, &(struct memory_options){ 0 });
	client_open(&client, &bench, PORT);
	client_send(&client, line, 10000000);
	bench_run(&bench, 900);
	assert_got(&client, "{\"error\":\"a question has at most 4,095 characters\"}\n");
	assert_true(client.has_end);
	bench_run(&bench, 11000); /* it does not end: it is cut off */
	assert_int_equal(bench_counters(&bench)->connections, 0);
	client_close(&client);
	bench_free(&bench);
	free(line);
}

/* A byte a second: within its line's time nothing came of it. */
static void who_is_slow_is_let_go(void **state)
{
	struct bench bench;
	struct bench_client client;

	open_bench(&bench, &(struct memory_options){ 0 });
	client_open(&client, &bench, PORT);
	for (size_t i = 0; i < 10 && !client.has_end; i++) {
		client_send(&client, HELLO + i, 1);
		bench_run(&bench, 1000);
	}
	assert_got(&client, "{\"error\":\"no question came within 5 s\"}\n");
	assert_true(client.has_end);
	assert_in_range(client.ended_ms, 5000, 5010);
	client_close(&client);
	bench_run(&bench, 10);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	bench_free(&bench);
}

/* Each answer gives time for the next question. */
static void who_asks_now_and_then_is_answered(void **state)
{
	struct bench bench;
	struct bench_client client;

	open_bench(&bench, &(struct memory_options){ 0 });
	client_open(&client, &bench, PORT);
	for (int i = 0; i < 5; i++) {
		buffer_clear(&client.got);
		client_send(&client, HELLO, strlen(HELLO));
		bench_run(&bench, 4000);
		assert_got(&client, HELLO_ANSWER);
	}
	assert_false(client.has_end);
	client_close(&client);
	bench_free(&bench);
}

/* A drain waits for no half question. */
static void it_drains(void **state)
{
	struct bench bench;
	struct bench_client client;

	open_bench(&bench, &(struct memory_options){ 0 });
	ask(&bench, &client, "127.0.0.1", HELLO "{\"ask\":");
	assert_got(&client, HELLO_ANSWER);
	bench_end(&bench);
	bench_run(&bench, 100);
	assert_true(client.has_end);
	client_close(&client);
	bench_run(&bench, 300);
	assert_true(bench_is_done(&bench));
	bench_free(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_ask_is_answered),
		cmocka_unit_test(without_a_token_no_stranger_may_ask),
		cmocka_unit_test(what_arrived_is_told),
		cmocka_unit_test(many_questions_in_any_pieces_are_answered),
		cmocka_unit_test(who_does_not_read_is_let_go),
		cmocka_unit_test(a_line_without_end_is_refused),
		cmocka_unit_test(who_is_slow_is_let_go),
		cmocka_unit_test(who_asks_now_and_then_is_answered),
		cmocka_unit_test(it_drains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
