/* What comes out is the text again to an XML parser, or U+FFFD. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/xml.h"

static void escapes(void **state)
{
	static const struct {
		const char *text;
		const char *xml;
	} cases[] = {
		{ NULL, "" },
		{ "", "" },
		{ "plain ± text", "plain ± text" },
		{ "a < b && c > \"d\"", "a &lt; b &amp;&amp; c &gt; &quot;d&quot;" },
		{ "it's ]]>", "it&#39;s ]]&gt;" },
		{ "a\nb\tc\rd", "a&#10;b&#9;c&#13;d" },
		{ "\x1b[31m\x01\x7f", "\xef\xbf\xbd[31m\xef\xbf\xbd\x7f" },
		{ "\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd(" },
		{ "\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbc", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbc" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct buffer out;
		buffer_init(&out, 1000);
		xml_append(&out, cases[i].text);
		assert_string_equal(buffer_text(&out), cases[i].xml);
		buffer_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
