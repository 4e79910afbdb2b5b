/* The count that discard answers with, whole and in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/discard_answer.h"

static const struct {
	const char *text;
	enum discard_answer_state state;
	uint64_t bytes;
} cases[] = {
	/* clang-format off */
	{ "0\n", DISCARD_ANSWER_DONE, 0 },
	{ "1\n", DISCARD_ANSWER_DONE, 1 },
	{ "11762000000\n", DISCARD_ANSWER_DONE, UINT64_C(11762000000) },
	{ "18446744073709551615\n", DISCARD_ANSWER_DONE, UINT64_MAX },
	{ "", DISCARD_ANSWER_PART, 0 },
	{ "12", DISCARD_ANSWER_PART, 12 },
	{ "18446744073709551616\n", DISCARD_ANSWER_NONE, 0 },
	{ "99999999999999999999\n", DISCARD_ANSWER_NONE, 0 },
	{ "184467440737095516150\n", DISCARD_ANSWER_NONE, 0 },
	{ "00\n", DISCARD_ANSWER_NONE, 0 },
	{ "01\n", DISCARD_ANSWER_NONE, 0 },
	{ "000000000000000000000000", DISCARD_ANSWER_NONE, 0 },
	{ "\n", DISCARD_ANSWER_NONE, 0 },
	{ "-1\n", DISCARD_ANSWER_NONE, 0 },
	{ " 1\n", DISCARD_ANSWER_NONE, 0 },
	{ "1 \n", DISCARD_ANSWER_NONE, 0 },
	{ "1\r\n", DISCARD_ANSWER_NONE, 0 },
	{ "1\n2", DISCARD_ANSWER_NONE, 0 },
	{ "1\n\n", DISCARD_ANSWER_NONE, 0 },
	{ "HTTP/1.1 200 OK\r\n", DISCARD_ANSWER_NONE, 0 },
	/* clang-format on */
};

static void check(size_t i, size_t piece)
{
	struct discard_answer answer = { 0 };
	const char *text = cases[i].text;
	size_t length = strlen(text);

	for (size_t at = 0; at < length; at += piece) {
		size_t size = length - at < piece ? length - at : piece;
		(void)discard_answer_read(&answer, (const uint8_t *)text + at, size);
	}
	if (answer.state != cases[i].state)
		fail_msg("\"%s\" in pieces of %zu: %d", text, piece, answer.state);
	if (answer.state != DISCARD_ANSWER_NONE)
		assert_int_equal(answer.bytes, cases[i].bytes);
}

static void answers_are_read_in_any_pieces(void **state)
{
	for (size_t i = 0; i < array_size(cases); i++)
		for (size_t piece = 1; piece <= DISCARD_ANSWER_MAX + 4; piece++)
			check(i, piece);
}

static void no_bytes_change_nothing(void **state)
{
	struct discard_answer answer = { 0 };

	assert_int_equal(discard_answer_read(&answer, (const uint8_t *)"7\n", 2),
			 DISCARD_ANSWER_DONE);
	assert_int_equal(discard_answer_read(&answer, NULL, 0), DISCARD_ANSWER_DONE);
	assert_int_equal(answer.bytes, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read_in_any_pieces),
		cmocka_unit_test(no_bytes_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
