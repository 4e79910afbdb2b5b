#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void nests_and_separates(void **state)
{
	struct buffer out;
	struct json json;
	buffer_init(&out, 4096);
	json_init(&json, &out);
	json_object_open(&json);
	json_key_text(&json, "a", "x");
	json_key_unsigned(&json, "b", UINT64_MAX);
	json_key_signed(&json, "c", INT64_MIN);
	json_key_boolean(&json, "d", true);
	json_key_null(&json, "e");
	json_key(&json, "f");
	json_array_open(&json);
	json_array_open(&json);
	json_array_close(&json);
	json_object_open(&json);
	json_key_text(&json, "g", NULL);
	json_object_close(&json);
	json_unsigned(&json, 1);
	json_boolean(&json, false);
	json_array_close(&json);
	json_key_double(&json, "h", 0.1);
	json_object_close(&json);
	assert_string_equal(buffer_text(&out),
			    "{\"a\":\"x\",\"b\":18446744073709551615,\"c\":-9223372036854775808,"
			    "\"d\":true,\"e\":null,\"f\":[[],{\"g\":null},1,false],\"h\":0.1}");
	buffer_deinit(&out);
}

static void indents(void **state)
{
	struct buffer out;
	struct json json;
	buffer_init(&out, 4096);
	json_init(&json, &out);
	json.indent = 2;
	json_object_open(&json);
	json_key_text(&json, "a", "x");
	json_key(&json, "b");
	json_array_open(&json);
	json_unsigned(&json, 1);
	json_object_open(&json);
	json.indent = 0;
	json_key_unsigned(&json, "c", 2);
	json_key_unsigned(&json, "d", 3);
	json_object_close(&json);
	json.indent = 2;
	json_array_open(&json);
	json_array_close(&json);
	json_array_close(&json);
	json_object_close(&json);
	assert_string_equal(buffer_text(&out),
			    "{\n  \"a\": \"x\",\n  \"b\": [\n    1,\n    {\"c\":2,\"d\":3},\n"
			    "    []\n  ]\n}");
	buffer_deinit(&out);
}

static const struct {
	const char *text;
	const char *json;
} texts[] = {
	{ "", "\"\"" },
	{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
	{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
	{ "\xc2\xb1 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc2\xb1 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	/* Not UTF-8: a lone byte, overlong forms, a surrogate, too large, cut off. */
	{ "\xff", "\"\xef\xbf\xbd\"" },
	{ "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xe0\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xe2(", "\"\xef\xbf\xbd(\"" },
};

static void escapes_and_repairs_text(void **state)
{
	for (size_t i = 0; i < array_size(texts); i++) {
		struct buffer out;
		struct json json;
		buffer_init(&out, 4096);
		json_init(&json, &out);
		json_text(&json, texts[i].text);
		assert_string_equal(buffer_text(&out), texts[i].json);
		buffer_deinit(&out);
	}
}

static const struct {
	double value;
	const char *json;
} doubles[] = {
	{ 0, "0" },           { -1.5, "-1.5" },
	{ 0.1, "0.1" },       { 1.0 / 3, "0.33333333333333331" },
	{ 1e300, "1e+300" },  { NAN, "null" },
	{ INFINITY, "null" }, { -INFINITY, "null" },
};

static void writes_numbers_that_read_back(void **state)
{
	for (size_t i = 0; i < array_size(doubles); i++) {
		struct buffer out;
		struct json json;
		buffer_init(&out, 4096);
		json_init(&json, &out);
		json_double(&json, doubles[i].value);
		assert_string_equal(buffer_text(&out), doubles[i].json);
		buffer_deinit(&out);
	}
}

static void goes_as_deep_as_it_says(void **state)
{
	struct buffer out;
	struct json json;
	buffer_init(&out, 4096);
	json_init(&json, &out);
	for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
		json_array_open(&json);
	json_unsigned(&json, 1);
	json_unsigned(&json, 2);
	for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
		json_array_close(&json);
	assert_int_equal(out.size, 2 * (JSON_DEPTH_MAX - 1) + 3);
	assert_non_null(strstr(buffer_text(&out), "[1,2]"));
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nests_and_separates),
		cmocka_unit_test(indents),
		cmocka_unit_test(escapes_and_repairs_text),
		cmocka_unit_test(writes_numbers_that_read_back),
		cmocka_unit_test(goes_as_deep_as_it_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
