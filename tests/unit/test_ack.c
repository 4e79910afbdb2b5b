/* The line protocol of the older conntest: its reader, and the service that answers it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/ack.h"
#include "support/golden.h"
#include "support/prober_bench.h"

#define PORT 8080

/* ---- the reader */

static enum ack_verdict read_text(const char *text, size_t piece, size_t *ret_lines)
{
	struct ack_reader reader = { 0 };
	size_t size = strlen(text);
	enum ack_verdict verdict = ACK_GOES_ON;

	*ret_lines = 0;
	for (size_t at = 0; at < size && verdict == ACK_GOES_ON; at += piece) {
		size_t lines;
		verdict = ack_read(&reader, (const uint8_t *)text + at,
				   size - at < piece ? size - at : piece, &lines);
		*ret_lines += lines;
	}
	return verdict;
}

static void lines_are_counted_up_to_the_end(void **state)
{
	static const struct {
		const char *text;
		enum ack_verdict verdict;
		size_t lines;
	} rows[] = {
		{ "", ACK_GOES_ON, 0 },
		{ "hello", ACK_GOES_ON, 0 },
		{ "hello\n", ACK_GOES_ON, 1 },
		{ "\n\n", ACK_GOES_ON, 2 },
		{ "EOS\n", ACK_IS_ENDED, 0 },
		{ "EOS\r\n", ACK_IS_ENDED, 0 },
		{ "a\r\nEOS\nb\n", ACK_IS_ENDED, 1 },
		{ "EOS", ACK_GOES_ON, 0 },
		{ "EO\nS\n", ACK_GOES_ON, 2 },
		{ "EOSS\n EOS\nEOS \nEOS\r\r\neos\n", ACK_GOES_ON, 5 },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		for (size_t piece = 1; piece <= 8; piece++) {
			size_t lines = 0;
			assert_int_equal(read_text(rows[i].text, piece, &lines), rows[i].verdict);
			assert_int_equal(lines, rows[i].lines);
		}
	}
}

static void a_line_has_its_bound(void **state)
{
	static char text[ACK_LINE_MAX + 3];
	size_t lines = 0;

	memset(text, 'x', ACK_LINE_MAX);
	text[ACK_LINE_MAX] = '\n';
	for (size_t piece = 1; piece <= sizeof(text); piece += 4096) {
		assert_int_equal(read_text(text, piece, &lines), ACK_GOES_ON);
		assert_int_equal(lines, 1);
	}
	memcpy(text + ACK_LINE_MAX, "x\n", 3);
	for (size_t piece = 1; piece <= sizeof(text); piece += 4096) {
		assert_int_equal(read_text(text, piece, &lines), ACK_IS_TOO_LONG);
		assert_int_equal(lines, 0);
	}
}

/* ---- the service */

static void open_bench(struct bench *bench)
{
	static const struct memory_options quick = { .delay_ns = 1000000, .seed = 1 };

	bench_init(bench, &quick);
	bench_listen(bench, SERVICE_ACK, TRANSPORT_TCP, PORT);
	bench_start(bench);
}

static void write_bytes(struct buffer *out, const char *way, const void *data, size_t size)
{
	buffer_append_text(out, size > 0 ? way : "(nothing)");
	for (size_t i = 0; i < size; i++) {
		char byte = ((const char *)data)[i];
		if (byte == '\n')
			buffer_append_text(out, "\\n");
		else if (byte == '\r')
			buffer_append_text(out, "\\r");
		else
			buffer_append(out, &byte, 1);
	}
	buffer_append_text(out, "\n");
}

/* What it is sent, and what it answers to that, byte for byte. */
static void the_bytes_of_the_protocol(void **state)
{
	static const char *const conversations[][4] = {
		{ "node-7\n", "EOS\n" },
		{ "node-7\nEOS\n" },
		{ "one\ntwo\nthree\n", "\n", "EOS\r\n" },
		{ "in pie", "ces\nEO", "S\n" },
		{ "no end" },
		{ "EOS\nnobody hears this\n" },
	};
	struct buffer out cleanup(buffer_deinit);
	struct bench bench;

	buffer_init(&out, 1 << 16);
	open_bench(&bench);
	for (size_t i = 0; i < array_size(conversations); i++) {
		struct bench_client client = { 0 };
		client_open(&client, &bench, PORT);
		bench_run(&bench, 10);
		for (size_t part = 0; part < 4 && conversations[i][part] != NULL; part++) {
			const char *text = conversations[i][part];
			size_t before = client.got.size;
			client_send(&client, text, strlen(text));
			bench_run(&bench, 10);
			write_bytes(&out, "> ", text, strlen(text));
			write_bytes(&out, "< ", client.got.data + before, client.got.size - before);
		}
		buffer_append_text(&out, client.has_end ? "ended\n\n" : "goes on\n\n");
		client_close(&client);
		bench_run(&bench, 10);
	}
	golden_check("ack.txt", &out);
	assert_int_equal(bench_counters(&bench)->received, 7);
	bench_assert_settled(&bench);
	bench_free(&bench);
}

static void a_line_without_end_is_turned_away(void **state)
{
	struct bench_client client = { 0 };
	uint8_t *bytes = bench_bytes(1 << 20);
	struct bench bench;

	open_bench(&bench);
	for (size_t i = 0; i < 1 << 20; i++)
		bytes[i] |= 0x80;
	client_open(&client, &bench, PORT);
	bench_run(&bench, 10);
	client_send(&client, bytes, 1 << 20);
	bench_run(&bench, 100);
	assert_true(client.has_end);
	assert_int_equal(client.got.size, 0);
	assert_int_equal(bench_errors(&bench, OUTCOME_LIMITED), 1);
	assert_int_equal(bench_counters(&bench)->received, 0);
	client_close(&client);
	bench_run(&bench, 100);
	bench_assert_settled(&bench);
	bench_free(&bench);
	free(bytes);
}

/* Four bytes come back for each: who does not take them is not read any further. */
static void answers_that_find_no_room_wait(void **state)
{
	static uint8_t lines[1 << 20];
	static uint8_t answers[ACK_ANSWER_BYTES << 20];
	struct bench_client client = { 0 };
	struct bench bench;

	memset(lines, '\n', sizeof(lines));
	for (size_t i = 0; i < sizeof(lines); i++)
		memcpy(answers + i * ACK_ANSWER_BYTES, ACK_ANSWER, ACK_ANSWER_BYTES);
	open_bench(&bench);
	client_open(&client, &bench, PORT);
	client.is_deaf = true;
	bench_run(&bench, 10);
	client_send(&client, lines, sizeof(lines));
	bench_run(&bench, 1000);
	assert_true(bench_counters(&bench)->bytes_received < sizeof(lines) / 2);
	client_listen(&client);
	bench_run(&bench, 10000);
	client_assert_got(&client, answers, sizeof(answers));
	assert_int_equal(bench_counters(&bench)->received, sizeof(lines));
	client_close(&client);
	bench_run(&bench, 10);
	bench_free(&bench);
}

static void a_drain_ends_between_lines(void **state)
{
	struct bench_client quiet = { 0 }, writing = { 0 };
	struct bench bench;

	open_bench(&bench);
	client_open(&quiet, &bench, PORT);
	client_open(&writing, &bench, PORT);
	bench_run(&bench, 10);
	client_send(&quiet, "done\n", 5);
	client_send(&writing, "half of ", 8);
	bench_run(&bench, 10);
	bench_end(&bench);
	bench_run(&bench, 50);
	assert_true(quiet.has_end);
	assert_false(writing.has_end);
	client_send(&writing, "a line\n", 7);
	bench_run(&bench, 50);
	assert_true(writing.has_end);
	client_assert_got(&writing, ACK_ANSWER, ACK_ANSWER_BYTES);
	client_close(&quiet);
	client_close(&writing);
	bench_run(&bench, 50);
	bench_free(&bench);
}

/* Ours speaks it, too. */
static void a_mesh_probes_it(void **state)
{
	static const struct memory_options quick = { .delay_ns = 1000000, .seed = 1 };
	struct prober_bench bench;

	prober_bench_init(&bench, &quick);
	bench_listen(&bench.served, SERVICE_ACK, TRANSPORT_TCP, PORT);
	prober_bench_open(&bench, &mesh_prober_echo);
	struct mesh_link *link = prober_bench_add(&bench, PORT);
	link->target.speech = MESH_SPEECH_ACK;
	prober_bench_run(&bench, 10 * 1000);
	prober_bench_stop(&bench);
	prober_bench_run(&bench, 50);
	assert_int_equal(link->pair->probes[MESH_TCP].received, 10);
	assert_int_equal(bench_counters(&bench.served)->received, 10);
	assert_int_equal(bench_counters(&bench.served)->connections, 0);
	bench_assert_settled(&bench.served);
	prober_bench_free(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_counted_up_to_the_end),
		cmocka_unit_test(a_line_has_its_bound),
		cmocka_unit_test(the_bytes_of_the_protocol),
		cmocka_unit_test(a_line_without_end_is_turned_away),
		cmocka_unit_test(answers_that_find_no_room_wait),
		cmocka_unit_test(a_drain_ends_between_lines),
		cmocka_unit_test(a_mesh_probes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
