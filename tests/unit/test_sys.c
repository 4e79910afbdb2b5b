/* The small system calls of sys/. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "sys/cpu_wait.h"
#include "sys/fd.h"
#include "sys/limits.h"

static void test_clock_texts(void **state)
{
	static const struct {
		int64_t unix_ns;
		const char *date;
		const char *time;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z", "00:00:00.000Z" },
		{ 999999, "1970-01-01T00:00:00.000Z", "00:00:00.000Z" },
		{ 1795158684930000000, "2026-11-20T07:11:24.930Z", "07:11:24.930Z" },
		{ -1, "1969-12-31T23:59:59.999Z", "23:59:59.999Z" },
		{ -1000000000, "1969-12-31T23:59:59.000Z", "23:59:59.000Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854Z", "23:47:16.854Z" },
		{ INT64_MIN + 1000000000, "1677-09-21T00:12:44.145Z", "00:12:44.145Z" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct wall_time at = { rows[i].unix_ns };
		char text[CLOCK_TEXT_MAX];
		assert_string_equal(clock_format_date(at, text), rows[i].date);
		assert_string_equal(clock_format_time(at, text), rows[i].time);
	}
}

static void test_clocks_agree(void **state)
{
	uint64_t before_ns = clock_monotonic_ns();
	struct wall_time now = clock_wall();
	struct wall_time earlier = clock_wall_at(before_ns - 10 * NS_PER_S);
	int64_t apart_ns = now.unix_ns - earlier.unix_ns;

	assert_true(clock_monotonic_ns() >= before_ns);
	assert_true(apart_ns > 9 * (int64_t)NS_PER_S && apart_ns < 11 * (int64_t)NS_PER_S);
	assert_true(now.unix_ns > 1700000000 * (int64_t)NS_PER_S);
}

static void test_fd(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int taken = take_fd(&fd);

	assert_int_equal(fd, -1);
	errno = EDOM;
	assert_int_equal(fd_close(fd), -1);
	assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC);
	{
		owned_fd int owned = taken;
		assert_true(owned >= 0);
	}
	assert_int_equal(errno, EDOM);
	assert_int_equal(fcntl(taken, F_GETFD), -1);
	errno = EDOM;
	assert_int_equal(fd_close(taken), -1); /* fails, and keeps errno */
	assert_int_equal(errno, EDOM);
}

/* ---- waiting for a cpu */

static void test_waits_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *path;
		bool is_v1;
	} groups[] = {
		{ "0::/user.slice/a\n", "/user.slice/a", false },
		{ "9:name=systemd:/x\n4:cpuacct,cpu:/pod/one\n3:cpuset:/y\n0::/z\n", "/pod/one",
		  true },
		{ "3:cpuset:/y\n2:cpuacct:/w\n0::/z\n", "/z", false },
		{ "1:cpu:/\n", "/", true },
		{ "3:cpuset:/y\n", "", false },
		{ "", "", false },
		{ "no such line", "", false },
	};
	char path[64];

	(void)state;
	assert_int_equal(cpu_wait_parse_schedstat("34350721 51700142 123\n"), 51700142);
	assert_int_equal(cpu_wait_parse_schedstat(""), 0);
	assert_int_equal(cpu_wait_parse_stat("nr_throttled 25\nthrottled_time 1323295210\n"),
			 1323295210);
	assert_int_equal(cpu_wait_parse_stat("usage_usec 7\nthrottled_usec 15\nburst_usec 0\n"),
			 15000);
	assert_int_equal(cpu_wait_parse_stat("usage_usec 7\n"), 0);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		assert_int_equal(cpu_wait_parse_group(groups[i].text, sizeof(path), path),
				 groups[i].is_v1);
		assert_string_equal(path, groups[i].path);
	}
}

/* ---- cpus */

static void test_cpu_lists(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "off", 0 },        { "0,", -EINVAL },   { "", -EINVAL },     { "1-0", -EINVAL },
		{ "-1", -EINVAL },   { "a", -EINVAL },    { "0-", -EINVAL },   { "0 ", -EINVAL },
		{ "9999", -EINVAL }, { "1023", -EINVAL }, { "+0", -EINVAL },   { "0x0", -EINVAL },
		{ ",", -EINVAL },    { "0--1", -EINVAL }, { "Auto", -EINVAL },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		unsigned cpus[CPU_LIST_MAX];
		unsigned count = 99;
		struct error error = { "" };
		int rc = cpu_list_parse(rows[i].text, &error, cpus, &count);
		if (rc != rows[i].code)
			fail_msg("\"%s\": %d", rows[i].text, rc);
		assert_int_equal(count, 0);
		assert_int_equal(error.text[0] != '\0', rc < 0);
	}
}

static void test_cpu_list_of_this_host(void **state)
{
	unsigned all[CPU_LIST_MAX];
	unsigned cpus[CPU_LIST_MAX];
	unsigned all_count = 0;
	unsigned count = 0;
	char text[64];

	assert_int_equal(cpu_list_parse("auto", NULL, all, &all_count), 0);
	assert_int_equal(all_count, cpu_count());
	unsigned last = all[all_count - 1];
	(void)snprintf(text, sizeof(text), "%u,%u-%u,%u", all[0], last, last, all[0]);
	assert_int_equal(cpu_list_parse(text, NULL, cpus, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(cpus[0], all[0]);
	assert_int_equal(cpus[1], last);
	assert_int_equal(cpus[2], all[0]);
}

static void test_pin(void **state)
{
	cpu_set_t before;
	unsigned all[CPU_LIST_MAX];
	unsigned count = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(cpu_list_parse("auto", NULL, all, &count), 0);
	assert_int_equal(cpu_pin(all[count - 1]), 0);
	assert_int_equal(cpu_count(), 1);
	assert_int_equal(sched_getcpu(), all[count - 1]);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(cpu_pin(CPU_SETSIZE), -EINVAL);
}

static void test_cpu_time_grows(void **state)
{
	uint64_t before_ns = cpu_used_ns();
	uint64_t end_ns = clock_monotonic_ns() + NS_PER_S;

	while (cpu_used_ns() < before_ns + NS_PER_MS && clock_monotonic_ns() < end_ns)
		;
	assert_true(cpu_used_ns() >= before_ns + NS_PER_MS);
}

/* ---- limits */

static void test_read_number(void **state)
{
	static const struct {
		const char *content;
		int code;
		uint64_t value;
	} rows[] = {
		{ "4096\n", 0, 4096 },
		{ "0", 0, 0 },
		{ "18446744073709551615\n", 0, UINT64_MAX },
		{ "18446744073709551616\n", -EINVAL, 0 },
		{ "many\n", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		char path[] = "/tmp/test_sys.XXXXXX";
		uint64_t value = 0;
		owned_fd int fd = mkstemp(path);
		size_t size = strlen(rows[i].content);
		assert_int_equal(write(fd, rows[i].content, size), size);
		assert_int_equal(limits_read_number(path, &value), rows[i].code);
		assert_int_equal(value, rows[i].value);
		(void)unlink(path);
		assert_int_equal(limits_read_number(path, &value), -ENOENT);
	}
}

static void test_limits_of_this_host(void **state)
{
	uint16_t low = 0;
	uint16_t high = 0;

	assert_int_equal(limits_read_port_range(&low, &high), 0);
	assert_true(low > 0 && low <= high);
	assert_true(limits_raise_descriptors() >= 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_texts), cmocka_unit_test(test_clocks_agree),
		cmocka_unit_test(test_fd),          cmocka_unit_test(test_waits_are_read),
		cmocka_unit_test(test_cpu_lists),   cmocka_unit_test(test_cpu_list_of_this_host),
		cmocka_unit_test(test_pin),         cmocka_unit_test(test_cpu_time_grows),
		cmocka_unit_test(test_read_number), cmocka_unit_test(test_limits_of_this_host),
	};
	return cmocka_run_group_tests_name("sys", tests, NULL, NULL);
}
