#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/source_pool.h"

static struct endpoint parse(const char *text)
{
	struct endpoint endpoint = { 0 };
	assert_int_equal(endpoint_parse(text, 80, &endpoint), 0);
	return endpoint;
}

static int read_pool(const char *text, const struct endpoint *to, struct error *error,
		     struct source_pool **ret)
{
	int rc = source_pool_parse(text, error, ret);
	if (rc == 0)
		rc = source_pool_check(*ret, to, error);
	if (rc < 0) {
		source_pool_free(*ret);
		*ret = NULL;
	}
	return rc;
}

static struct source_pool *parse_pool(const char *text, const char *remote)
{
	struct endpoint to = parse(remote);
	struct error error = { "" };
	struct source_pool *pool = NULL;

	int rc = read_pool(text, &to, &error, &pool);
	assert_string_equal(error.text, "");
	assert_int_equal(rc, 0);
	return pool;
}

static void assert_next(struct source_pool *pool, const char *expected)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint next = source_pool_next(pool);
	assert_string_equal(endpoint_format(&next, text), expected);
}

static void test_texts(void **state)
{
	static const struct {
		const char *text;
		const char *remote;
		uint64_t count; /* 0: any */
		uint64_t fixed_port_count;
		const char *expected[4]; /* the first ones, in turn */
	} rows[] = {
		{ "127.0.0.2", "127.0.0.1", 1, 0, { "127.0.0.2:0", "127.0.0.2:0" } },
		{ "127.0.0.2:4000", "127.0.0.1", 1, 1, { "127.0.0.2:4000" } },
		{ "127.0.1.0/30",
		  "127.0.0.1",
		  2,
		  0,
		  { "127.0.1.1:0", "127.0.1.2:0", "127.0.1.1:0" } },
		{ "127.0.1.7/24", "127.0.0.1", 254, 0, { "127.0.1.1:0", "127.0.1.2:0" } },
		{ "127.0.1.254/31",
		  "127.0.0.1",
		  2,
		  0,
		  { "127.0.1.254:0", "127.0.1.255:0", "127.0.1.254:0" } },
		{ "127.0.1.9/32", "127.0.0.1", 1, 0, { "127.0.1.9:0" } },
		{ "127.16.0.0/12", "127.0.0.1", 1048574, 0, { "127.16.0.1:0" } },
		{ "::1", "::1", 1, 0, { "[::1]:0" } },
		{ "::1/128", "::1", 1, 0, { "[::1]:0" } },
		{ "auto", "127.0.0.1", 0, 0, { "127.0.0.1:0" } },
		{ "auto", "::1", 0, 0, { "[::1]:0" } },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct source_pool *pool = parse_pool(rows[i].text, rows[i].remote);
		if (rows[i].count > 0)
			assert_int_equal(source_pool_count(pool), rows[i].count);
		assert_int_equal(source_pool_fixed_port_count(pool), rows[i].fixed_port_count);
		for (int n = 0; n < 4 && rows[i].expected[n] != NULL; n++)
			assert_next(pool, rows[i].expected[n]);
		source_pool_free(pool);
	}
}

static void test_carry_into_higher_bytes(void **state)
{
	struct source_pool *pool = parse_pool("127.1.0.0/16", "127.0.0.1");

	for (int n = 0; n < 255; n++)
		(void)source_pool_next(pool);
	assert_next(pool, "127.1.1.0:0");
	source_pool_free(pool);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		const char *remote;
		int code;
		const char *part;
	} rows[] = {
		{ "192.0.2.77", "127.0.0.1", -EADDRNOTAVAIL, "192.0.2.77 is not an address of" },
		{ "192.0.2.0/24", "127.0.0.1", -EADDRNOTAVAIL, "192.0.2.1 is not an address of" },
		{ "::1", "127.0.0.1", -EINVAL, "::1 is an IPv6 address, but the target 127.0.0.1" },
		{ "127.0.0.0/8", "127.0.0.1", -EINVAL, "prefix from /12 to /32" },
		{ "127.0.0.0/33", "127.0.0.1", -EINVAL, "prefix from /12 to /32" },
		{ "127.0.0.0/", "127.0.0.1", -EINVAL, "prefix from /12 to /32" },
		{ "::1/64", "::1", -EINVAL, "prefix from /108 to /128" },
		{ "/nowhere/to/be/found", "127.0.0.1", -EINVAL, "there is no such file" },
		{ "automatic", "127.0.0.1", -EINVAL, "\"automatic\" is no address" },
		{ "/dev/zero", "127.0.0.1", -EINVAL, "/dev/zero:1: this is not a text" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct endpoint to = parse(rows[i].remote);
		struct error error = { "" };
		struct source_pool *pool = NULL;
		int rc = read_pool(rows[i].text, &to, &error, &pool);
		if (strstr(error.text, rows[i].part) == NULL)
			fail_msg("%s: %s", rows[i].text, error.text);
		assert_int_equal(rc, rows[i].code);
		assert_null(pool);
	}
}

/* ---- files */

static void write_file(char path[64], const char *content)
{
	(void)snprintf(path, 64, "/tmp/test_source_pool.XXXXXX");
	FILE *file = fdopen(mkstemp(path), "w");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_file(void **state)
{
	char path[64];

	write_file(path,
		   "# ours\n\n127.0.0.2\n  127.0.0.3:4001  # with a port\n127.0.0.4:4002\r\n");
	struct source_pool *pool = parse_pool(path, "127.0.0.1");
	(void)unlink(path);
	assert_int_equal(source_pool_count(pool), 3);
	assert_int_equal(source_pool_fixed_port_count(pool), 2);
	assert_next(pool, "127.0.0.2:0");
	assert_next(pool, "127.0.0.3:4001");
	assert_next(pool, "127.0.0.4:4002");
	assert_next(pool, "127.0.0.2:0");
	source_pool_free(pool);
}

#define LINE_OF_64 "################################################################"

static void test_file_errors(void **state)
{
	static const struct {
		const char *content;
		int code;
		const char *part;
	} rows[] = {
		{ "127.0.0.2\nlocalhost\n", -EINVAL, ":2: \"localhost\" is not an address" },
		{ "127.0.0.2\n::1\n", -EINVAL, "::1 is an IPv6 address" },
		{ "127.0.0.2\n192.0.2.1\n", -EADDRNOTAVAIL, "192.0.2.1 is not an address of" },
		{ "# nothing\n", -EINVAL, "no address in it" },
		{ LINE_OF_64 LINE_OF_64 LINE_OF_64 LINE_OF_64 "\n", -EINVAL, ":1: a line has 254" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct endpoint to = parse("127.0.0.1");
		struct error error = { "" };
		struct source_pool *pool = NULL;
		char path[64];
		write_file(path, rows[i].content);
		int rc = read_pool(path, &to, &error, &pool);
		(void)unlink(path);
		if (strstr(error.text, rows[i].part) == NULL)
			fail_msg("%s: %s", rows[i].content, error.text);
		assert_int_equal(rc, rows[i].code);
	}
}

/* Empty lines without an end, as a pipe can give them. */
static void test_endless_file(void **state)
{
	struct endpoint to = parse("127.0.0.1");
	struct error error = { "" };
	struct source_pool *pool = NULL;
	char path[64];
	FILE *endless = popen("yes '' 2>/dev/null", "re");

	assert_non_null(endless);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fileno(endless));
	assert_int_equal(read_pool(path, &to, &error, &pool), -EINVAL);
	assert_non_null(strstr(error.text, "more than 4000000 lines"));
	(void)pclose(endless);
}

/* ---- split */

static void test_split_shares_no_address(void **state)
{
	struct source_pool *whole = parse_pool("127.0.1.0/28", "127.0.0.1");
	bool has_seen[16] = { false };
	uint64_t total = 0;

	for (unsigned index = 0; index < 3; index++) {
		struct source_pool *part = NULL;
		assert_int_equal(source_pool_split(whole, index, 3, &part), 0);
		total += source_pool_count(part);
		for (uint64_t n = 0; n < source_pool_count(part); n++) {
			struct endpoint next = source_pool_next(part);
			assert_false(has_seen[next.address[3]]);
			has_seen[next.address[3]] = true;
		}
		source_pool_free(part);
	}
	assert_int_equal(total, 14);
	source_pool_free(whole);
}

static void test_split_of_few_is_shared(void **state)
{
	static const char *const first[] = { "127.0.1.1:0", "127.0.1.2:0", "127.0.1.1:0" };
	struct source_pool *whole = parse_pool("127.0.1.0/30", "127.0.0.1");

	for (unsigned index = 0; index < 3; index++) {
		struct source_pool *part = NULL;
		assert_int_equal(source_pool_split(whole, index, 3, &part), 0);
		assert_int_equal(source_pool_count(part), 2);
		assert_next(part, first[index]);
		source_pool_free(part);
	}
	source_pool_free(whole);
}

static void test_split_keeps_ports(void **state)
{
	struct source_pool *part = NULL;
	char path[64];

	write_file(path, "127.0.0.2:4001\n127.0.0.3\n127.0.0.4:4003\n127.0.0.5:4004\n");
	struct source_pool *whole = parse_pool(path, "127.0.0.1");
	(void)unlink(path);
	assert_int_equal(source_pool_split(whole, 1, 2, &part), 0);
	assert_int_equal(source_pool_fixed_port_count(part), 1);
	assert_next(part, "127.0.0.3:0");
	assert_next(part, "127.0.0.5:4004");
	source_pool_free(part);
	source_pool_free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_carry_into_higher_bytes),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_errors),
		cmocka_unit_test(test_endless_file),
		cmocka_unit_test(test_split_shares_no_address),
		cmocka_unit_test(test_split_of_few_is_shared),
		cmocka_unit_test(test_split_keeps_ports),
	};
	return cmocka_run_group_tests_name("source_pool", tests, NULL, NULL);
}
