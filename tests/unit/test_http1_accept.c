/* Accept: which range decides, and what is no range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/http1_accept.h"

static void the_most_specific_range_decides(void **state)
{
	static const struct http1_media plain = { "text", "plain", "0.0.4" };
	static const struct {
		const char *accept;
		unsigned quality;
	} cases[] = {
		{ NULL, 1000 },
		{ "", 0 },
		{ "*/*", 1000 },
		{ "*/plain", 0 },
		{ "text/*;q=0.25", 250 },
		{ "TEXT/Plain ; Q=0.5", 500 },
		{ "text/html", 0 },
		{ "*/*;q=0.1, text/*;q=0.2, text/plain;q=0.3, text/plain;version=0.0.4;q=0.4",
		  400 },
		{ "text/plain;version=0.0.4;q=0.4, text/plain;q=0.3, text/*;q=0.9, */*", 400 },
		{ "text/plain;version=1.0.0, */*;q=0.1", 100 },
		{ "text/plain;q=0, */*", 0 },
		{ "text/plain;q=0.1, text/plain;q=0.7, text/plain;q=0.2", 700 },
		{ "text/plain;q=1.000", 1000 },
		{ "text/plain;q=0.", 0 },
		{ "text/plain;q=0.007", 7 },
		{ "text/plain;a=\",\\\";q=0\";q=0.6,text/html", 600 },
		{ "text/plain;version=\"0.0.4\"", 1000 },
		{ ",, ,text/plain,", 1000 },
		{ "text/plain;", 1000 },
		/* none */
		{ "text/plain;q=1.001", 0 },
		{ "text/plain;q=2", 0 },
		{ "text/plain;q=0.1234", 0 },
		{ "text/plain;q=0.x", 0 },
		{ "text/plain;q=", 0 },
		{ "text/plain;q=-1", 0 },
		{ "text", 0 },
		{ "text/", 0 },
		{ "/plain", 0 },
		{ "text/plain/x", 0 },
		{ "\"text/plain", 0 },
		{ "text /plain", 0 },
		{ "text/plain;a=\"\\", 1000 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		unsigned quality = http1_accept_quality(cases[i].accept, &plain);
		if (quality != cases[i].quality)
			fail_msg("\"%s\": %u, not %u", cases[i].accept, quality, cases[i].quality);
	}
}

static void a_type_without_a_version_has_none(void **state)
{
	static const struct http1_media html = { "text", "html", NULL };
	assert_int_equal(http1_accept_quality("text/html;version=1", &html), 0);
	assert_int_equal(http1_accept_quality("text/html;level=1", &html), 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_range_decides),
		cmocka_unit_test(a_type_without_a_version_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
