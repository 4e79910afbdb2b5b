#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/json_pull.h"

static struct json_pull of(const char *text)
{
	struct json_pull pull;

	json_pull_init(&pull, text, strlen(text));
	return pull;
}

static void an_object_is_read(void **state)
{
	struct json_pull pull =
		of(" {\"a\" : 1.5e1 ,\"b\":[1,[],{\"x\":{}},\"]\"],\"c\":\"t\",\"d\":null}\n");
	double number = 0;
	char key[8];
	char text[8];

	assert_false(json_pull_array(&pull));
	assert_true(json_pull_object(&pull));
	assert_true(json_pull_key(&pull, key, sizeof(key)));
	assert_string_equal(key, "a");
	assert_false(json_pull_text(&pull, text, sizeof(text)));
	assert_true(json_pull_number(&pull, &number));
	assert_true(number == 15);
	assert_true(json_pull_key(&pull, key, sizeof(key)));
	json_pull_skip(&pull);
	assert_true(json_pull_key(&pull, key, sizeof(key)));
	assert_false(json_pull_number(&pull, &number));
	assert_true(json_pull_text(&pull, text, sizeof(text)));
	assert_string_equal(text, "t");
	assert_true(json_pull_key(&pull, key, sizeof(key)));
	assert_string_equal(key, "d");
	json_pull_skip(&pull);
	assert_false(json_pull_key(&pull, key, sizeof(key)));
	assert_true(json_pull_is_done(&pull));
}

static void an_array_is_read(void **state)
{
	struct json_pull pull = of("[1, 2,\t3]");
	double number = 0;
	double sum = 0;

	assert_true(json_pull_array(&pull));
	while (json_pull_item(&pull) && json_pull_number(&pull, &number))
		sum = 10 * sum + number;
	assert_true(sum == 123);
	assert_true(json_pull_is_done(&pull));
}

static void texts_are_decoded_and_cut(void **state)
{
	static const struct {
		const char *json;
		const char *text; /* NULL: it is wrong */
	} cases[] = {
		{ "\"\"", "" },
		{ "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\b\f\n\r\t" },
		{ "\"\\u00e9\\u20ac\"", "\xc3\xa9\xe2\x82\xac" },
		{ "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80" },
		{ "\"\\ud83d.\"", "\xef\xbf\xbd." },
		{ "\"\\ude00\"", "\xef\xbf\xbd" },
		{ "\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
					"A" },
		{ "\"\\u0000\"", "\xef\xbf\xbd" },
		{ "\"\xff\"", "\xef\xbf\xbd" },
		{ "\"\xc3\"", "\xef\xbf\xbd" },
		{ "\"12345678901234567\"", "123456789012345" },
		{ "\"1234567890123\xe2\x82\xac"
		  "4\"",
		  "1234567890123" },
		{ "\"a", NULL },
		{ "\"a\\", NULL },
		{ "\"\\x\"", NULL },
		{ "\"\\u12\"", NULL },
		{ "\"\\u12g4\"", NULL },
		{ "\"a\nb\"", NULL },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct json_pull pull = of(cases[i].json);
		char text[16] = "";
		bool is_text = json_pull_text(&pull, text, sizeof(text));
		if (is_text != (cases[i].text != NULL) || is_text == pull.is_wrong ||
		    (is_text && strcmp(text, cases[i].text) != 0))
			fail_msg("%s gives \"%s\"", cases[i].json, text);
		assert_true(!is_text || json_pull_is_done(&pull));
	}
}

static void what_is_wrong_is_noticed(void **state)
{
	static const char *const right[] = {
		"0",     "-0.5e-3", "[]", "{}", "true", "[[],[1]]", "{\"a\":{\"b\":[]},\"c\":1}",
		" null "
	};
	static const char *const wrong[] = {
		"",           " ",        "[",
		"{",          "]",        "[1",
		"[1,]",       "[,1]",     "01",
		"-",          "1.",       ".5",
		"1e",         "+1",       "tru",
		"nul",        "[1 2]",    "{1:2}",
		"{\"a\"}",    "{\"a\":}", "{\"a\" 1}",
		"{\"a\":1,}", "[}",       "{]",
		"1 2",        "[]]",      "\xef\xbb\xbf[]",
	};
	for (size_t i = 0; i < array_size(right); i++) {
		struct json_pull pull = of(right[i]);
		json_pull_skip(&pull);
		if (!json_pull_is_done(&pull))
			fail_msg("%s", right[i]);
	}
	for (size_t i = 0; i < array_size(wrong); i++) {
		struct json_pull pull = of(wrong[i]);
		json_pull_skip(&pull);
		if (json_pull_is_done(&pull))
			fail_msg("%s", wrong[i]);
	}
}

static void depth_is_bounded(void **state)
{
	char text[2 * JSON_PULL_DEPTH_MAX + 3] = "";

	for (unsigned depth = 1; depth <= JSON_PULL_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[(size_t)2 * depth] = '\0';
		struct json_pull pull = of(text);
		json_pull_skip(&pull);
		assert_int_equal(json_pull_is_done(&pull), depth <= JSON_PULL_DEPTH_MAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_read),
		cmocka_unit_test(an_array_is_read),
		cmocka_unit_test(texts_are_decoded_and_cut),
		cmocka_unit_test(what_is_wrong_is_noticed),
		cmocka_unit_test(depth_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
