#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/reply_rule.h"

static struct reply_rule parse(const char *text)
{
	struct reply_rule rule;
	struct error error = { "" };
	if (reply_rule_parse(text, &error, &rule) < 0)
		fail_msg("%s: %s", text, error.text);
	return rule;
}

static void rules_are_parsed(void **state)
{
	static const struct {
		const char *text;
		enum reply_kind kind;
		uint64_t bytes;
		const char *kept;
	} rows[] = {
		{ "none", REPLY_NONE, 0, NULL },
		{ "echo", REPLY_ECHO, 0, NULL },
		{ "bytes 64", REPLY_BYTES, 64, NULL },
		{ "bytes 2KiB", REPLY_BYTES, 2048, NULL },
		{ "until \\r\\n", REPLY_UNTIL, 0, "\r\n" },
		{ "until  x ", REPLY_UNTIL, 0, " x " },
		{ "regex ^250 .*$", REPLY_REGEX, 0, "^250 .*$" },
		{ "regex a[\\r\\n]\\t\\.\\\\n\\w", REPLY_REGEX, 0, "a[\r\n]\t\\.\\\\n\\w" },
		{ "marker", REPLY_MARKER, 0, NULL },
		{ "length-prefix u16", REPLY_LENGTH_U16, 0, NULL },
		{ "length-prefix u32", REPLY_LENGTH_U32, 0, NULL },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct reply_rule rule = parse(rows[i].text);
		assert_int_equal(rule.kind, rows[i].kind);
		assert_int_equal(rule.bytes, rows[i].bytes);
		assert_int_equal(rule.text_size, rows[i].kept ? strlen(rows[i].kept) : 0);
		if (rows[i].kept)
			assert_string_equal(rule.text, rows[i].kept);
		reply_rule_deinit(&rule);
	}
	struct reply_rule rule = parse("until a\\0b");
	assert_int_equal(rule.text_size, 3);
	assert_memory_equal(rule.text, "a\0b", 3);
	reply_rule_deinit(&rule);
}

static void mistakes_are_explained(void **state)
{
	static const char *const rows[][2] = {
		{ "bites 5", "\"bites 5\" is no reply rule; did you mean bytes?" },
		{ "", "\"\" is no reply rule; these are: none, echo, bytes N, until STR, regex RE, "
		      "marker, length-prefix u16|u32" },
		{ "bytes", "\"bytes\" needs how many: bytes 64" },
		{ "bytes 0", "an answer has a byte at least" },
		{ "bytes -1", NULL },
		{ "bytes 99999999999999999999", NULL },
		{ "until ", "\"until\" needs the text that ends an answer: until \\r\\n" },
		{ "until a\\q", "\"a\\q\": column 2: no such escape; \\\\ is a backslash" },
		{ "regex", "\"regex\" needs an expression: regex ^250 .*$" },
		{ "regex (", "\"(\" is no regular expression: Unmatched ( or \\(" },
		{ "regex a*", "\"a*\" is found in nothing at all, so that no answer ends" },
		{ "echo x", "\"echo\" takes nothing behind it" },
		{ "length-prefix u8", "\"u8\" is no length; u16 and u32 are" },
		{ "length-prefix", "\"length-prefix\" needs u16 or u32: length-prefix u16" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct reply_rule rule;
		struct error error = { "" };
		assert_int_equal(reply_rule_parse(rows[i][0], &error, &rule), -EINVAL);
		assert_true(error.text[0] != '\0');
		if (rows[i][1])
			assert_string_equal(error.text, rows[i][1]);
		assert_null(rule.text);
	}
}

#define ENDS_MAX 16

/* Where answers end in `data` when it comes in pieces of `step` bytes. */
static size_t find_ends(const struct reply_rule *rule, const void *data, size_t size, size_t step,
			size_t ends[ENDS_MAX], uint64_t values[ENDS_MAX])
{
	struct reply_matcher matcher;
	struct reply_state answer = { 0 };
	size_t count = 0;
	assert_int_equal(reply_matcher_init(&matcher, rule), 0);
	for (size_t at = 0; at < size;) {
		size_t left = step - at % step;
		left = left < size - at ? left : size - at;
		/* A copy of its own: what lies behind it may not be read. */
		uint8_t *piece = malloc(left);
		assert_non_null(piece);
		memcpy(piece, (const uint8_t *)data + at, left);
		size_t used = 0;
		enum outcome outcome = reply_match(&matcher, &answer, piece, left, &used);
		free(piece);
		assert_in_range(used, 1, left);
		at += used;
		if (outcome == OUTCOME_DONE) {
			values[count] = answer.value;
			ends[count++] = at;
			reply_state_clear(&matcher, &answer);
		} else {
			assert_int_equal(outcome, OUTCOME_OPEN);
			assert_int_equal(used, left);
		}
	}
	reply_state_clear(&matcher, &answer);
	reply_matcher_deinit(&matcher);
	return count;
}

static void answers_end_at_the_same_bytes_however_they_come(void **state)
{
	static const struct {
		const char *rule;
		const char *data;
		size_t size;
		size_t count;
		size_t ends[4];
		uint64_t value; /* of the first */
	} rows[] = {
		{ "bytes 3", "abcdefgh", 8, 2, { 3, 6 }, 0 },
		{ "until \\r\\n", "one\r\rtwo\r\n\r\nx", 13, 2, { 10, 12 }, 0 },
		{ "regex ok", "not yet, okokx", 14, 2, { 11, 13 }, 0 },
		{ "regex a+", "aab", 3, 2, { 1, 2 }, 0 },
		{ "regex ^2[0-9]+ .*$", "250-more\n250 done\n220 next\n2", 28, 2, { 18, 27 }, 0 },
		{ "regex (yes|no)\\.", "yes.no.ye", 9, 2, { 4, 7 }, 0 },
		{ "regex \xff.", "a\xff\x80\xff\xffz", 6, 2, { 3, 5 }, 0 },
		{ "length-prefix u16", "\0\003abc\0\0\0\001x\001\0yy", 14, 3, { 5, 7, 10 }, 3 },
		{ "length-prefix u32", "\0\0\0\002ab\0\0\0\0\377", 11, 2, { 6, 10 }, 2 },
		{ "marker",
		  "<TCPKaliMsgTS-00064401676b38bd.>",
		  32,
		  1,
		  { 31 },
		  UINT64_C(0x64401676b38bd) },
		{ "marker",
		  "TCPKaliMsgTS-00TCPKaliMsgTS-TCPKaliMsgTS-0123456789abcdef.x",
		  60,
		  1,
		  { 58 },
		  UINT64_C(0x123456789abcdef) },
		{ "marker",
		  "TCPKaliMsgTS-0123456789abcdef0.TCPKaliMsgTCPKaliMsgTS-0000000000000001.",
		  71,
		  1,
		  { 71 },
		  1 },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct reply_rule rule = parse(rows[i].rule);
		size_t size = rows[i].size;
		for (size_t step = 1; step <= size; step++) {
			size_t ends[ENDS_MAX];
			uint64_t values[ENDS_MAX] = { 0 };
			size_t count = find_ends(&rule, rows[i].data, size, step, ends, values);
			if (count != rows[i].count)
				fail_msg("%s: %zu answers in steps of %zu", rows[i].rule, count,
					 step);
			for (size_t k = 0; k < count; k++)
				assert_int_equal(ends[k], rows[i].ends[k]);
			assert_int_equal(values[0], rows[i].value);
		}
		reply_rule_deinit(&rule);
	}
}

static void a_regex_has_a_longest_answer(void **state)
{
	struct reply_rule rule = parse("regex end");
	static const size_t steps[] = { 1000, REPLY_KEPT_MAX, 2 * REPLY_KEPT_MAX };
	uint8_t *data = malloc(2 * REPLY_KEPT_MAX);
	memset(data, 'x', 2 * REPLY_KEPT_MAX);
	for (size_t i = 0; i < array_size(steps); i++) {
		struct reply_matcher matcher;
		struct reply_state answer = { 0 };
		enum outcome outcome = OUTCOME_OPEN;
		size_t size = 0;
		assert_int_equal(reply_matcher_init(&matcher, &rule), 0);
		while (outcome == OUTCOME_OPEN) {
			size_t used = 0;
			outcome = reply_match(&matcher, &answer, data, steps[i], &used);
			size += used;
			assert_in_range(size, 1, REPLY_KEPT_MAX);
		}
		assert_int_equal(outcome, OUTCOME_PROTOCOL);
		assert_int_equal(size, REPLY_KEPT_MAX);
		reply_state_clear(&matcher, &answer);
		reply_matcher_deinit(&matcher);
	}
	free(data);
	reply_rule_deinit(&rule);
}

/* What a connection pays while no answer is partial. */
static void state_is_small_and_keeps_nothing_between_answers(void **state)
{
	struct reply_rule rule = parse("regex \\n");
	struct reply_matcher matcher;
	struct reply_state answer = { 0 };
	size_t used = 0;
	assert_true(sizeof(answer) <= 64);
	assert_int_equal(reply_matcher_init(&matcher, &rule), 0);
	assert_int_equal(reply_match(&matcher, &answer, (const uint8_t *)"whole\n", 6, &used),
			 OUTCOME_DONE);
	assert_null(answer.kept);
	assert_int_equal(reply_match(&matcher, &answer, (const uint8_t *)"half", 4, &used),
			 OUTCOME_OPEN);
	assert_non_null(answer.kept);
	reply_state_clear(&matcher, &answer);
	assert_null(answer.kept);
	reply_matcher_deinit(&matcher);
	reply_rule_deinit(&rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_parsed),
		cmocka_unit_test(mistakes_are_explained),
		cmocka_unit_test(answers_end_at_the_same_bytes_however_they_come),
		cmocka_unit_test(a_regex_has_a_longest_answer),
		cmocka_unit_test(state_is_small_and_keeps_nothing_between_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
