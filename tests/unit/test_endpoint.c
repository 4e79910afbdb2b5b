#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/endpoint.h"

static void test_parse_and_format(void **state)
{
	static const struct {
		const char *text;
		const char *whole;
		const char *address;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1:7", "192.0.2.1" },
		{ "192.0.2.1:80", "192.0.2.1:80", "192.0.2.1" },
		{ "0.0.0.0:0", "0.0.0.0:0", "0.0.0.0" },
		{ "255.255.255.255:65535", "255.255.255.255:65535", "255.255.255.255" },
		{ "::", "[::]:7", "::" },
		{ "2001:db8::1", "[2001:db8::1]:7", "2001:db8::1" },
		{ "[2001:db8::1]", "[2001:db8::1]:7", "2001:db8::1" },
		{ "[2001:DB8::1]:80", "[2001:db8::1]:80", "2001:db8::1" },
		{ "fe80::1%3", "[fe80::1%3]:7", "fe80::1%3" },
		{ "[fe80::1%3]:80", "[fe80::1%3]:80", "fe80::1%3" },
		{ "::ffff:192.0.2.1", "192.0.2.1:7", "192.0.2.1" },
		{ "[::ffff:192.0.2.1]:80", "192.0.2.1:80", "192.0.2.1" },
		{ "[2001:db8:1111:2222:3333:4444:5555:6666%4294967295]:65535",
		  "[2001:db8:1111:2222:3333:4444:5555:6666%4294967295]:65535",
		  "2001:db8:1111:2222:3333:4444:5555:6666%4294967295" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct endpoint endpoint = { 0 };
		struct endpoint again = { 0 };
		char text[ENDPOINT_TEXT_MAX];
		assert_int_equal(endpoint_parse(rows[i].text, 7, &endpoint), 0);
		assert_string_equal(endpoint_format_address(&endpoint, text), rows[i].address);
		assert_string_equal(endpoint_format(&endpoint, text), rows[i].whole);
		assert_int_equal(endpoint_parse(text, 0, &again), 0);
		assert_true(endpoint_is_equal(&endpoint, &again));
	}
}

static void test_what_is_no_endpoint(void **state)
{
	static const char *const rows[] = {
		"",
		"localhost",
		"192.0.2",
		"192.0.2.1:",
		"192.0.2.1:65536",
		"192.0.2.1:-1",
		"192.0.2.1: 80",
		"192.0.2.1:80x",
		"192.0.2.256",
		" 192.0.2.1",
		"192.0.2.1 ",
		":80",
		"[::1",
		"[::1]80",
		"[::1]:",
		"[::1]:65536",
		"[192.0.2.1]:80",
		"::1%lo",
		"::1%",
		"1::2::3",
		"[]",
		"[]:80",
		"%1",
		"::1%4294967296",
		"0000000000000000000000000000000000000000000000000000000000000000000000000000.1",
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct endpoint endpoint = { .port = 99 };
		if (endpoint_parse(rows[i], 7, &endpoint) != -EINVAL)
			fail_msg("\"%s\" was taken", rows[i]);
		assert_int_equal(endpoint.port, 99); /* left alone */
	}
}

static void test_unset_is_empty(void **state)
{
	struct endpoint unset = { 0 };
	struct sockaddr_storage address;
	char text[ENDPOINT_TEXT_MAX] = "x";

	assert_string_equal(endpoint_format(&unset, text), "");
	assert_string_equal(endpoint_format_address(&unset, text), "");
	assert_int_equal(endpoint_to_sockaddr(&unset, &address), 0);
	assert_false(endpoint_is_any(&unset));
	assert_false(endpoint_is_loopback(&unset));
}

static void test_sockaddr_and_back(void **state)
{
	static const struct {
		const char *text;
		socklen_t size;
	} rows[] = {
		{ "192.0.2.1:80", sizeof(struct sockaddr_in) },
		{ "[2001:db8::1]:443", sizeof(struct sockaddr_in6) },
		{ "[fe80::1%7]:443", sizeof(struct sockaddr_in6) },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct endpoint endpoint;
		struct endpoint back;
		struct sockaddr_storage address;
		assert_int_equal(endpoint_parse(rows[i].text, 0, &endpoint), 0);
		assert_int_equal(endpoint_to_sockaddr(&endpoint, &address), rows[i].size);
		endpoint_from_sockaddr((struct sockaddr *)&address, &back);
		assert_true(endpoint_is_equal(&endpoint, &back));
	}
}

static void test_mapped_address_becomes_ipv4(void **state)
{
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6, .sin6_port = htons(80) };
	struct endpoint endpoint;
	struct endpoint expected;

	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &mapped.sin6_addr), 1);
	assert_int_equal(endpoint_parse("192.0.2.1:80", 0, &expected), 0);
	endpoint_from_sockaddr((struct sockaddr *)&mapped, &endpoint);
	assert_true(endpoint_is_equal(&endpoint, &expected));
}

static void test_kinds(void **state)
{
	static const struct {
		const char *text;
		bool is_any;
		bool is_loopback;
	} rows[] = {
		{ "0.0.0.0", true, false },   { "::", true, false },
		{ "127.0.0.1", false, true }, { "127.255.255.255", false, true },
		{ "::1", false, true },       { "128.0.0.1", false, false },
		{ "::2", false, false },      { "2001:db8::1", false, false },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct endpoint endpoint;
		assert_int_equal(endpoint_parse(rows[i].text, 0, &endpoint), 0);
		assert_int_equal(endpoint_is_any(&endpoint), rows[i].is_any);
		assert_int_equal(endpoint_is_loopback(&endpoint), rows[i].is_loopback);
	}
}

static void test_every_part_counts(void **state)
{
	static const char *const rows[] = { "192.0.2.1:80", "192.0.2.2:80",   "192.0.2.1:81",
					    "[fe80::1]:80", "[fe80::1%1]:80", "[fe80::2]:80" };

	for (size_t i = 0; i < array_size(rows); i++) {
		for (size_t j = 0; j < array_size(rows); j++) {
			struct endpoint a;
			struct endpoint b;
			assert_int_equal(endpoint_parse(rows[i], 0, &a), 0);
			assert_int_equal(endpoint_parse(rows[j], 0, &b), 0);
			assert_int_equal(endpoint_is_equal(&a, &b), i == j);
		}
	}
	assert_int_equal(sizeof(struct endpoint), 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_format),
		cmocka_unit_test(test_what_is_no_endpoint),
		cmocka_unit_test(test_unset_is_empty),
		cmocka_unit_test(test_sockaddr_and_back),
		cmocka_unit_test(test_mapped_address_becomes_ipv4),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_every_part_counts),
	};
	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
