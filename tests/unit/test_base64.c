/* The vectors of RFC 4648 both ways, and what is none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/base64.h"

static void vectors_both_ways(void **state)
{
	static const struct {
		const char *bytes;
		const char *text;
	} cases[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xff\xff\xfb\xef\xbe", "////++++" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct buffer out;
		buffer_init(&out, 100);
		base64_encode(cases[i].bytes, strlen(cases[i].bytes), &out);
		assert_string_equal(buffer_text(&out), cases[i].text);
		buffer_clear(&out);
		assert_int_equal(base64_decode(cases[i].text, strlen(cases[i].text), &out), 0);
		assert_int_equal(out.size, strlen(cases[i].bytes));
		assert_string_equal(buffer_text(&out), cases[i].bytes);
		buffer_deinit(&out);
	}
}

static void nothing_else_is_base64(void **state)
{
	static const char *const wrong[] = {
		"Z",    "Zg=",      "Zg",   "Zh==", "Zm9=",  "=Zg=",        "Z===",
		"====", "Zg==Zg==", "Zm-v", "Zm 8", "Zm8\n", "Z\xc3\xa4==", "Zg=v",
	};
	for (size_t i = 0; i < array_size(wrong); i++) {
		struct buffer out;
		buffer_init(&out, 100);
		if (base64_decode(wrong[i], strlen(wrong[i]), &out) == 0)
			fail_msg("%s is taken", wrong[i]);
		buffer_deinit(&out);
	}
	struct buffer out;
	buffer_init(&out, 100);
	assert_true(base64_decode("Zm\0v", 4, &out) < 0);
	buffer_deinit(&out);
}

static void keeps_to_the_buffers_maximum(void **state)
{
	struct buffer out;
	buffer_init(&out, 4);
	assert_int_equal(base64_decode("Zm9vYmFy", 8, &out), 0);
	assert_int_not_equal(out.error, 0);
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(nothing_else_is_base64),
		cmocka_unit_test(keeps_to_the_buffers_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
