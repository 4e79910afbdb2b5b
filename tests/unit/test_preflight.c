#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "net/preflight.h"

#define ROOM                                                                      \
	.descriptors = 20000, .ports = 28232, .tuples = 28232, .time_wait_s = 60, \
	.conntrack_free = UINT64_MAX, .conntrack_max = 65536

static void test_invented_rooms(void **state)
{
	static const struct {
		struct preflight_need need;
		struct preflight_room room;
		int code;
		const char *sentence;
	} rows[] = {
		{ { .connections = 100, .descriptors = 120 }, { ROOM }, 0, "" },
		{ { .connections = 19980, .descriptors = 20000 }, { ROOM }, 0, "" },
		{ { .connections = 24980, .descriptors = 25000 },
		  { ROOM },
		  -EMFILE,
		  "needs 25,000 file descriptors, the hard limit here is 20,000: lower -c to "
		  "19,900, or raise it with `ulimit -Hn 25100` (LimitNOFILE= in systemd)" },
		/* Two each. */
		{ { .connections = 600, .descriptors = 1220 },
		  { .descriptors = 1024, .ports = 28232, .tuples = 28232, .conntrack_free = 9999 },
		  -EMFILE,
		  "needs 1,220 file descriptors, the hard limit here is 1,024: lower -c to 502, or "
		  "raise it with `ulimit -Hn 1300` (LimitNOFILE= in systemd)" },
		{ { .connections = 28232 }, { ROOM }, 0, "" },
		{ { .connections = 60000, .remote_endpoints = 1 },
		  { ROOM },
		  -EADDRNOTAVAIL,
		  "needs 60,000 local ports towards 192.0.2.1:80, there are 28,232: lower -c to "
		  "28,200, give 3 addresses with --source, or widen the range with `sysctl -w "
		  "net.ipv4.ip_local_port_range=\"1024 65535\"`" },
		{ { .connections = 232, .connections_per_s = 2000, .remote_endpoints = 1 },
		  { .descriptors = 1024,
		    .ports = 64000,
		    .tuples = 64000,
		    .time_wait_s = 60,
		    .conntrack_free = UINT64_MAX },
		  -EADDRNOTAVAIL,
		  "needs 120,232 local ports towards 192.0.2.1:80 (with those in TIME-WAIT), there "
		  "are 64,000: lower the rate of new connections to 1,062 a second, give 2 "
		  "addresses with --source" },
		/* Ports that TIME-WAIT gives back after a second. */
		{ { .connections = 232, .connections_per_s = 2000, .remote_endpoints = 1 },
		  { .ports = 28232, .tuples = 28232, .time_wait_s = 1, .conntrack_free = 1000000 },
		  0,
		  "" },
		{ { .connections = 5000, .connections_per_s = 10, .remote_endpoints = 1 },
		  { .ports = 28232,
		    .tuples = 28232,
		    .time_wait_s = 60,
		    .conntrack_free = 5000,
		    .conntrack_max = 8192 },
		  -ENOBUFS,
		  "needs 6,200 entries of connection tracking, 5,000 are free: raise it with "
		  "`sysctl -w net.netfilter.nf_conntrack_max=9400`, or exempt this traffic "
		  "(notrack)" },
		{ { .connections = UINT64_MAX, .connections_per_s = UINT64_MAX },
		  { ROOM },
		  -EADDRNOTAVAIL,
		  NULL },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct preflight_need need = rows[i].need;
		struct error error = { "" };
		assert_int_equal(endpoint_parse("192.0.2.1:80", 0, &need.remote), 0);
		assert_int_equal(preflight_check(&need, &rows[i].room, &error), rows[i].code);
		if (rows[i].sentence != NULL)
			assert_string_equal(error.text, rows[i].sentence);
	}
}

static void test_this_host(void **state)
{
	struct preflight_need need = { .source_addresses = 3, .remote_endpoints = 2 };
	struct preflight_room room;
	struct rlimit limit;

	assert_int_equal(endpoint_parse("192.0.2.1:80", 0, &need.remote), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(preflight_measure(&need, &room), 0);
	assert_int_equal(room.descriptors, limit.rlim_max);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(limit.rlim_cur, limit.rlim_max);
	assert_in_range(room.ports, 1, 65535);
	assert_int_equal(room.tuples, 6 * room.ports);
	assert_true(room.somaxconn > 0);
	assert_true(room.time_wait_s == 60 || room.time_wait_s == 1);
	assert_true(room.conntrack_free > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invented_rooms),
		cmocka_unit_test(test_this_host),
	};
	return cmocka_run_group_tests_name("preflight", tests, NULL, NULL);
}
