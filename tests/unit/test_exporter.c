/* Where --metrics listens, from what is typed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "run/exporter.h"

static void places_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *place; /* "": all addresses */
		uint16_t port;
	} cases[] = {
		{ "127.0.0.1:9090", "127.0.0.1:9090", 9090 },
		{ "127.0.0.1:0", "127.0.0.1:0", 0 },
		{ "[::1]:9090", "[::1]:9090", 9090 },
		{ "[::]:80", "[::]:80", 80 },
		{ "0.0.0.0:65535", "0.0.0.0:65535", 65535 },
		{ ":9090", "", 9090 },
		{ ":0", "", 0 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct endpoint place;
		struct error error = { "" };
		char text[ENDPOINT_TEXT_MAX];
		if (exporter_parse(cases[i].text, "--metrics", &error, &place) < 0)
			fail_msg("%s", error.text);
		assert_string_equal(endpoint_format(&place, text), cases[i].place);
		assert_int_equal(place.port, cases[i].port);
	}
}

static void what_is_no_place_is_answered(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} cases[] = {
		{ "9090", "--metrics: \"9090\" has no address (try 127.0.0.1:9090, or :9090 for "
			  "all addresses)" },
		{ "1.2.3.4", "--metrics: \"1.2.3.4\" has no port (try 1.2.3.4:9090)" },
		{ "::1", "--metrics: \"::1\" has no port (try [::1]:9090)" },
		{ "::0", "--metrics: \"::0\" has no port (try [::0]:9090)" },
		{ "[::1]", "--metrics: \"[::1]\" has no port (try [::1]:9090)" },
		{ "localhost:9090", "is no ADDR:PORT of this host" },
		{ "127.0.0.1:65536", "is no ADDR:PORT of this host" },
		{ ":65536", "is no ADDR:PORT of this host" },
		{ ":-1", "is no ADDR:PORT of this host" },
		{ ":", "is no ADDR:PORT of this host" },
		{ "", "is no ADDR:PORT of this host" },
		{ "http://127.0.0.1:9090/", "is no ADDR:PORT of this host" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct endpoint place;
		struct error error = { "" };
		assert_int_equal(exporter_parse(cases[i].text, "--metrics", &error, &place),
				 -EINVAL);
		if (strstr(error.text, cases[i].sentence) == NULL)
			fail_msg("\"%s\": %s", cases[i].text, error.text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_read),
		cmocka_unit_test(what_is_no_place_is_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
