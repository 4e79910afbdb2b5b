/* The wire of the control service: what is asked, what is answered, and what is neither. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/control.h"

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint;

	assert_int_equal(endpoint_parse(text, 0, &endpoint), 0);
	return endpoint;
}

static int read_question(const char *line, struct error *error, struct control_question *question)
{
	error->text[0] = '\0';
	return control_read_question(line, strlen(line), error, question);
}

#define COOKIE "0123456789abcdef0123456789abcdef"
#define PATH(cookie, run, number, bytes)                                                           \
	"{\"ask\":\"path\",\"local\":\"192.0.2.9:41000\",\"remote\":\"192.0.2.1:5003\","           \
	"\"cookie\":\"" cookie "\",\"run\":" run ",\"number\":" number ",\"payload_bytes\":" bytes \
	"}\n"

static void questions_come_back(void **state)
{
	static const struct {
		const char *line;
		enum control_ask ask;
		enum transport transport;
		const char *local;
		const char *remote;
		const char *token;
	} cases[] = {
		/* clang-format off */
		{ "{\"ask\":\"hello\"}\n", CONTROL_HELLO, TRANSPORT_TCP, NULL, NULL, "" },
		{ "{\"ask\":\"hello\",\"token\":\"open sesame\"}\n", CONTROL_HELLO, TRANSPORT_TCP, NULL, NULL, "open sesame" },
		{ "{\"ask\":\"receiver\",\"transport\":\"tcp\",\"local\":\"192.0.2.9:41000\",\"remote\":\"192.0.2.1:5009\"}\n",
		  CONTROL_RECEIVER, TRANSPORT_TCP, "192.0.2.9:41000", "192.0.2.1:5009", "" },
		{ "{\"ask\":\"receiver\",\"transport\":\"udp\",\"local\":\"[2001:db8::1]:1\",\"remote\":\"[2001:db8::2]:65535\",\"token\":\"\\\"\\\\\"}\n",
		  CONTROL_RECEIVER, TRANSPORT_UDP, "[2001:db8::1]:1", "[2001:db8::2]:65535", "\"\\" },
		{ PATH(COOKIE, "4294967295", "3", "65507"), CONTROL_PATH, TRANSPORT_TCP, "192.0.2.9:41000", "192.0.2.1:5003", "" },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct buffer line cleanup(buffer_deinit);
		struct control_question question;
		struct error error;

		assert_int_equal(read_question(cases[i].line, &error, &question), 0);
		assert_int_equal(question.ask, cases[i].ask);
		assert_int_equal(question.transport, cases[i].transport);
		assert_string_equal(question.token, cases[i].token);
		if (cases[i].local) {
			struct endpoint local = endpoint_of(cases[i].local);
			struct endpoint remote = endpoint_of(cases[i].remote);

			assert_true(endpoint_is_equal(&question.local, &local));
			assert_true(endpoint_is_equal(&question.remote, &remote));
		}
		buffer_init(&line, CONTROL_QUESTION_MAX);
		control_write_question(&question, &line);
		assert_string_equal(buffer_text(&line), cases[i].line);
	}
}

static void what_is_no_question_is_told(void **state)
{
#define RECEIVER "{\"ask\":\"receiver\",\"transport\":\"tcp\","
	static const struct {
		const char *line;
		const char *sentence;
	} cases[] = {
		/* clang-format off */
		{ "", "not a JSON object in one line" },
		{ "hello", "not a JSON object in one line" },
		{ "GET / HTTP/1.1", "not a JSON object in one line" },
		{ "[]", "not a JSON object in one line" },
		{ "\"hello\"", "not a JSON object in one line" },
		{ "{\"ask\":\"hello\"", "not a JSON object in one line" },
		{ "{\"ask\":\"hello\"} {}", "not a JSON object in one line" },
		{ "{\"ask\":\"hello\",\"ask\":\"hello\"}", "not a JSON object in one line" },
		{ "{}", "\"ask\" is neither \"hello\", \"receiver\" nor \"path\"" },
		{ "{\"ask\":\"Hello\"}", "\"ask\" is neither \"hello\", \"receiver\" nor \"path\"" },
		{ "{\"ask\":1}", "\"ask\" is neither \"hello\", \"receiver\" nor \"path\"" },
		{ "{\"ask\":\"hello\",\"token\":1}", "\"token\" is no text" },
		{ "{\"ask\":\"hello\",\"token\":null}", "\"token\" is no text" },
		{ "{\"ask\":\"hello\",\"token\":\"\"}", "a token has 1 to 255 printable characters" },
		{ "{\"ask\":\"hello\",\"token\":\"\\u0007\"}", "a token has 1 to 255 printable characters" },
		{ "{\"ask\":\"receiver\"}", "\"transport\" is neither \"tcp\" nor \"udp\"" },
		{ "{\"ask\":\"receiver\",\"transport\":\"tls\"}", "\"transport\" is neither \"tcp\" nor \"udp\"" },
		{ RECEIVER "\"local\":\"192.0.2.9\"}", "\"local\" is no address with a port" },
		{ RECEIVER "\"local\":\"192.0.2.9:0\"}", "\"local\" is no address with a port" },
		{ RECEIVER "\"local\":\"web:80\"}", "\"local\" is no address with a port" },
		{ RECEIVER "\"local\":80}", "\"local\" is no address with a port" },
		{ RECEIVER "\"local\":\"192.0.2.9:1\"}", "\"remote\" is no address with a port" },
		{ PATH("00", "7", "3", "1472"), "\"cookie\" is not 32 hexadecimal digits" },
		{ PATH("0123456789abcdef0123456789ABCDEF", "7", "3", "1472"), "\"cookie\" is not 32 hexadecimal digits" },
		{ PATH(COOKIE, "-1", "3", "1472"), "\"run\" is no number in its range" },
		{ PATH(COOKIE, "7", "0", "1472"), "\"number\" is no number in its range" },
		{ PATH(COOKIE, "7", "3", "151"), "\"payload_bytes\" is no number in its range" },
		{ PATH(COOKIE, "7", "3", "65508"), "\"payload_bytes\" is no number in its range" },
		{ PATH(COOKIE, "7", "3", "\"1472\""), "\"payload_bytes\" is no number in its range" },
		{ "{\"ask\":\"path\",\"cookie\":\"" COOKIE "\",\"run\":1,\"number\":1,\"payload_bytes\":152}", "\"local\" is no address with a port" },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct control_question question;
		struct error error;

		if (read_question(cases[i].line, &error, &question) != -EINVAL)
			fail_msg("%s: read", cases[i].line);
		assert_string_equal(error.text, cases[i].sentence);
	}
}

static void a_question_nested_too_deep_is_no_question(void **state)
{
	char line[CONTROL_QUESTION_MAX];
	struct control_question question;
	struct error error;

	memset(line, '[', sizeof(line));
	assert_int_equal(control_read_question(line, sizeof(line), &error, &question), -EINVAL);
}

static void tokens_are_the_same_or_not(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool is_same;
	} cases[] = {
		{ "x", "x", true },
		{ "x", "y", false },
		{ "x", "xx", false },
		{ "xx", "x", false },
		{ "x", "X", false },
		{ "long and longer", "long", false },
		{ "a token", "a token", true },
	};
	char longest[CONTROL_TOKEN_MAX + 1];
	char token[CONTROL_TOKEN_MAX];
	struct error error;

	for (size_t i = 0; i < array_size(cases); i++) {
		char a[CONTROL_TOKEN_MAX];
		char b[CONTROL_TOKEN_MAX];

		memset(a, 'r', sizeof(a)); /* what was there before doesn't count */
		assert_int_equal(control_set_token(cases[i].a, &error, a), 0);
		assert_int_equal(control_set_token(cases[i].b, &error, b), 0);
		assert_int_equal(control_is_same_token(a, b), cases[i].is_same);
	}
	memset(longest, 'x', sizeof(longest));
	longest[CONTROL_TOKEN_MAX] = '\0';
	assert_int_equal(control_set_token(longest, &error, token), -EINVAL);
	longest[CONTROL_TOKEN_MAX - 1] = '\0';
	assert_int_equal(control_set_token(longest, &error, token), 0);
	assert_string_equal(token, longest);
	assert_int_equal(control_set_token("", &error, token), -EINVAL);
	assert_int_equal(control_set_token("two\nlines", &error, token), -EINVAL);
}

static void hello_names_the_services(void **state)
{
	static const struct control_place places[] = {
		{ SERVICE_TRAFFIC, TRANSPORT_UDP, 5003 },
		{ SERVICE_DISCARD, TRANSPORT_TCP, 40000 },
	};
	struct buffer line cleanup(buffer_deinit);

	buffer_init(&line, CONTROL_ANSWER_MAX);
	control_write_hello("0.1.0", "web-3", places, array_size(places), &line);
	assert_string_equal(buffer_text(&line),
			    "{\"version\":\"0.1.0\",\"name\":\"web-3\",\"services\":["
			    "{\"service\":\"traffic\",\"transport\":\"udp\",\"port\":5003},"
			    "{\"service\":\"discard\",\"transport\":\"tcp\",\"port\":40000}]}\n");
}

/* Each number of its own, so that none can stand for another. */
static void fill(struct control_receipt *receipt)
{
	uint64_t *numbers = &receipt->first_ns;
	size_t count = (offsetof(struct control_receipt, delay_hdr) -
			offsetof(struct control_receipt, first_ns)) /
		       sizeof(*numbers);

	memset(receipt, 0, sizeof(*receipt));
	receipt->is_known = true;
	for (size_t i = 0; i < count; i++)
		numbers[i] = (UINT64_C(1) << 40) + i;
	memset(receipt->delay_hdr, 'A', CONTROL_HDR_MAX - 1);
}

static void a_receipt_comes_back_whole(void **state)
{
	struct buffer line cleanup(buffer_deinit);
	struct control_receipt *receipt = calloc(1, sizeof(*receipt));
	struct control_receipt *again = malloc(sizeof(*again));
	struct error error = { "" };

	assert_non_null(receipt);
	assert_non_null(again);
	fill(receipt);
	buffer_init(&line, CONTROL_ANSWER_MAX);
	control_write_receipt(receipt, &line);
	assert_int_equal(line.error, 0); /* the longest fits */
	assert_int_equal(control_read_receipt(line.data, line.size - 1, &error, again), 0);
	assert_memory_equal(receipt, again, sizeof(*receipt));
	free(receipt);
	free(again);
}

static void a_receipt_of_tcp_is_short(void **state)
{
	struct buffer line cleanup(buffer_deinit);
	struct control_receipt receipt = {
		.is_known = true, .bytes = 1234, .first_ns = 5, .last_ns = 9
	};

	buffer_init(&line, CONTROL_ANSWER_MAX);
	control_write_receipt(&receipt, &line);
	assert_string_equal(buffer_text(&line),
			    "{\"known\":true,\"bytes\":1234,\"first_ns\":5,\"last_ns\":9}\n");
	buffer_clear(&line);
	control_write_receipt(&(struct control_receipt){ .bytes = 1234 }, &line);
	assert_string_equal(buffer_text(&line), "{\"known\":false}\n");
}

static void a_datagram_on_the_way_back_comes_back(void **state)
{
	static const struct {
		struct control_path path;
		const char *line;
	} cases[] = {
		{ { .number = 3, .is_sent = true, .interface_bytes = 1500, .route_bytes = 1400 },
		  "{\"number\":3,\"sent\":true,\"too_large\":false,\"interface_bytes\":1500,"
		  "\"route_bytes\":1400}\n" },
		{ { .number = 4,
		    .is_too_large = true,
		    .is_signalled = true,
		    .signal_number = 3,
		    .signal_bytes = 1280,
		    .signal_from = { .family = AF_INET, .address = { 192, 0, 2, 254 } } },
		  "{\"number\":4,\"sent\":false,\"too_large\":true,\"interface_bytes\":0,"
		  "\"route_bytes\":0,\"signal_from\":\"192.0.2.254:0\",\"signal_bytes\":1280,"
		  "\"signal_number\":3}\n" },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct buffer line cleanup(buffer_deinit);
		struct control_path again;
		struct error error = { "" };

		buffer_init(&line, CONTROL_ANSWER_MAX);
		control_write_path(&cases[i].path, &line);
		assert_string_equal(buffer_text(&line), cases[i].line);
		assert_int_equal(control_read_path(line.data, line.size - 1, &error, &again), 0);
		assert_memory_equal(&again, &cases[i].path, sizeof(again));
	}
}

static void what_is_no_such_answer_is_told(void **state)
{
	static const struct {
		const char *line;
		int code;
	} cases[] = {
		{ "{\"sent\":true}", 0 },
		{ "{\"sent\":true,\"new in 2031\":1}", 0 },
		{ "{\"error\":\"not allowed\"}", -EACCES },
		{ "{\"known\":false}", -EINVAL },
		{ "{\"sent\":1}", -EINVAL },
		{ "{\"sent\":true,\"number\":-1}", -EINVAL },
		{ "{\"sent\":true,\"signal_from\":\"web\"}", -EINVAL },
		{ "{\"sent\":true,\"signal_from\":\"192.0.2.1\",\"signal_bytes\":\"x\"}", -EINVAL },
		{ "", -EINVAL },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct control_path path;
		struct error error = { "" };
		int rc = control_read_path(cases[i].line, strlen(cases[i].line), &error, &path);

		if (rc != cases[i].code)
			fail_msg("%s: %d", cases[i].line, rc);
	}
}

static void what_is_no_receipt_is_told(void **state)
{
	static const char nonsense[] = "its answer is not what a control service says";
	static const struct {
		const char *line;
		int code;
		const char *sentence;
	} cases[] = {
		/* clang-format off */
		{ "{\"known\":false}", 0, "" },
		{ "{\"known\":true,\"new in 2031\":[1]}", 0, "" },
		{ "{\"error\":\"not allowed\"}", -EACCES, "not allowed" },
		{ "{\"error\":\"\\u001b[31mred\\n\"}", -EACCES, "?[31mred?" },
		{ "", -EINVAL, nonsense },
		{ "220 mail.example ESMTP", -EINVAL, nonsense },
		{ "{}", -EINVAL, nonsense },
		{ "[]", -EINVAL, nonsense },
		{ "{\"error\":1}", -EINVAL, nonsense },
		{ "{\"known\":1}", -EINVAL, nonsense },
		{ "{\"known\":true,\"bytes\":-1}", -EINVAL, nonsense },
		{ "{\"known\":true,\"bytes\":1.5}", -EINVAL, nonsense },
		{ "{\"known\":true,\"bytes\":\"1\"}", -EINVAL, nonsense },
		{ "{\"known\":true,\"bytes\":18446744073709551616}", -EINVAL, nonsense },
		{ "{\"known\":true,\"burst_lengths\":1}", -EINVAL, nonsense },
		{ "{\"known\":true,\"burst_lengths\":[null]}", -EINVAL, nonsense },
		{ "{\"known\":true,\"burst_lengths\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
		  "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}", -EINVAL, nonsense },
		{ "{\"known\":true,\"delay_hdr\":1}", -EINVAL, nonsense },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct control_receipt receipt;
		struct error error = { "" };
		int code = control_read_receipt(cases[i].line, strlen(cases[i].line), &error,
						&receipt);

		if (code != cases[i].code)
			fail_msg("%s: %d", cases[i].line, code);
		assert_string_equal(error.text, cases[i].sentence);
		if (code < 0)
			assert_false(receipt.is_known);
	}
}

static void errors_are_escaped(void **state)
{
	struct buffer line cleanup(buffer_deinit);

	buffer_init(&line, CONTROL_ANSWER_MAX);
	control_write_error("\"ask\" is wrong", &line);
	assert_string_equal(buffer_text(&line), "{\"error\":\"\\\"ask\\\" is wrong\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_come_back),
		cmocka_unit_test(what_is_no_question_is_told),
		cmocka_unit_test(a_question_nested_too_deep_is_no_question),
		cmocka_unit_test(tokens_are_the_same_or_not),
		cmocka_unit_test(hello_names_the_services),
		cmocka_unit_test(a_receipt_comes_back_whole),
		cmocka_unit_test(a_receipt_of_tcp_is_short),
		cmocka_unit_test(what_is_no_receipt_is_told),
		cmocka_unit_test(a_datagram_on_the_way_back_comes_back),
		cmocka_unit_test(what_is_no_such_answer_is_told),
		cmocka_unit_test(errors_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
