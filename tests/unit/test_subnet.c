/* Ranges of addresses: what is one, and who is in it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/subnet.h"

static void test_has(void **state)
{
	static const struct {
		const char *range;
		const char *address;
		bool is_in;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "0.0.0.0/0", "203.0.113.1", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "192.0.2.1", false },
		{ "::/0", "2001:db8::1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "::1", "::1", true },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct error error = { "" };
		struct subnet subnet;
		struct endpoint endpoint;
		assert_int_equal(subnet_parse(rows[i].range, &error, &subnet), 0);
		assert_int_equal(endpoint_parse(rows[i].address, 4000, &endpoint), 0);
		assert_int_equal(subnet_has(&subnet, &endpoint), rows[i].is_in);
	}
}

static void test_wrong(void **state)
{
	static const struct {
		const char *range;
		const char *sentence;
	} rows[] = {
		{ "", "\"\" is no address and no range like 192.0.2.0/24" },
		{ "web", "\"web\" is no address and no range like 192.0.2.0/24" },
		{ "192.0.2.1:80", "\"192.0.2.1:80\" is no address and no range like 192.0.2.0/24" },
		{ "192.0.2.0/33", "\"/33\" is not a prefix from /0 to /32" },
		{ "192.0.2.0/", "\"/\" is not a prefix from /0 to /32" },
		{ "2001:db8::/129", "\"/129\" is not a prefix from /0 to /128" },
		{ "192.0.2.0/24x", "\"/24x\" is not a prefix from /0 to /32" },
		{ "192.0.2.1/24",
		  "\"192.0.2.1/24\" has an address that is not the first of its range" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct error error = { "" };
		struct subnet subnet;
		assert_int_equal(subnet_parse(rows[i].range, &error, &subnet), -EINVAL);
		assert_string_equal(error.text, rows[i].sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_wrong),
	};
	return cmocka_run_group_tests_name("subnet", tests, NULL, NULL);
}
