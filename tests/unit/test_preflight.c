#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "net/preflight.h"

/* One address to connect from and one to connect to. */
#define ROOM(descriptor_count, port_count, wait_s)                                        \
	.descriptors = (descriptor_count), .ports = (port_count), .tuples = (port_count), \
	.flows = (port_count), .time_wait_s = (wait_s)
#define FREE  .conntrack_free = UINT64_MAX
#define USUAL ROOM(20000, 28232, 60), FREE

/* As `traffic` does by default. */
#define TRAFFIC                                                               \
	.connections_per_s = 10, .open_s = 4, .flows = 16, .descriptors = 64, \
	.source_addresses = 1, .remote_endpoints = 1

struct case_row {
	struct preflight_need need;
	struct preflight_room room;
	int code;
	const char *sentence;
};

static void check(const struct case_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct preflight_need need = rows[i].need;
		struct error error = { "" };
		assert_int_equal(endpoint_parse("192.0.2.1:80", 0, &need.remote), 0);
		int code = preflight_check(&need, &rows[i].room, &error);
		if (rows[i].sentence != NULL)
			assert_string_equal(error.text, rows[i].sentence);
		assert_int_equal(code, rows[i].code);
	}
}

#define HARD_20000       "file descriptors, the hard limit here is 20,000: "
#define OR_RAISE(number) "raise it with `ulimit -Hn " #number "` (LimitNOFILE= in systemd)"

static void test_descriptors(void **state)
{
	static const struct case_row rows[] = {
		{ { .connections = 100, .descriptors = 20 }, { USUAL }, 0, "" },
		{ { .connections = 19980, .descriptors = 20 }, { USUAL }, 0, "" },
		{ { .connections = 24980, .descriptors = 20 },
		  { USUAL },
		  -EMFILE,
		  "needs 25,000 " HARD_20000
		  "say --processes 2, lower -c to 19,900, or " OR_RAISE(25100) },
		{ { .connections = 24980, .descriptors = 20, .processes = 2 }, { USUAL }, 0, "" },
		{ { .connections = 50001, .descriptors = 20, .processes = 2 },
		  { USUAL },
		  -EMFILE,
		  "needs 25,021 file descriptors in each of 2 processes, the hard limit here is "
		  "20,000: say --processes 3, lower -c to 39,900, or " OR_RAISE(25100) },
		/* More than there can be. */
		{ { .connections = 2000000, .descriptors = 20 },
		  { USUAL },
		  -EMFILE,
		  "needs 2,000,020 " HARD_20000 "lower -c to 19,900, or " OR_RAISE(2000100) },
		/* 125: each that can be lowered enough by itself. */
		{ { TRAFFIC, .connections = 5 },
		  { ROOM(122, 28232, 60), FREE },
		  -EMFILE,
		  "needs 125 file descriptors, the hard limit here is 122: say --processes 3, lower "
		  "-c to 2 or "
		  "--new-connections to 9/s or --path-flows to 13, or " OR_RAISE(200) },
		{ { TRAFFIC, .connections = 5 },
		  { ROOM(100, 28232, 60), FREE },
		  -EMFILE,
		  "needs 125 file descriptors, the hard limit here is 100: lower --new-connections "
		  "to 3/s, or " OR_RAISE(200) },
		{ { TRAFFIC, .connections = 5 },
		  { ROOM(70, 28232, 60), FREE },
		  -EMFILE,
		  "needs 125 file descriptors, the hard limit here is 70: say --new-connections off "
		  "and --path-probe off, or " OR_RAISE(200) },
		{ { TRAFFIC, .connections = 5 },
		  { ROOM(66, 28232, 60), FREE },
		  -EMFILE,
		  "needs 125 file descriptors, the hard limit here is 66: say --new-connections off "
		  "and --path-probe off and lower -c to 2, or " OR_RAISE(200) },
		{ { TRAFFIC, .connections = 5 },
		  { ROOM(20, 28232, 60), FREE },
		  -EMFILE,
		  "needs 125 file descriptors, the hard limit here is 20: " OR_RAISE(200) },
	};
	check(rows, array_size(rows));
}

#define TOWARDS " local ports towards 192.0.2.1:80"
#define WIDEN                                                                                     \
	" with --source, or widen the range with `sysctl -w net.ipv4.ip_local_port_range=\"1024 " \
	"65535\"`"

static void test_ports(void **state)
{
	static const struct case_row rows[] = {
		{ { .connections = 19000 }, { USUAL }, 0, "" },
		{ { .connections = 60000, .remote_endpoints = 1 },
		  { ROOM(90000, 28232, 60), FREE },
		  -EADDRNOTAVAIL,
		  "needs 60,000" TOWARDS
		  ", there are 28,232: lower -c to 28,200, give 3 addresses" WIDEN },
		/* What waits leaves room for less. */
		{ { TRAFFIC, .connections = 50 },
		  { ROOM(20000, 50, 1), FREE },
		  -EADDRNOTAVAIL,
		  "needs 60" TOWARDS
		  " (with those in TIME-WAIT), there are 50: lower -c to 40, give "
		  "2 addresses" WIDEN },
		{ { TRAFFIC, .connections = 45 },
		  { ROOM(20000, 50, 1), FREE },
		  -EADDRNOTAVAIL,
		  "needs 55" TOWARDS " (with those in TIME-WAIT), there are 50: lower -c to 40 or "
		  "--new-connections to 5/s, give 2 addresses" WIDEN },
		{ { TRAFFIC, .connections = 20 },
		  { ROOM(20000, 16, 60), FREE },
		  -EADDRNOTAVAIL,
		  "needs 620" TOWARDS " (with those in TIME-WAIT), there are 16: say "
		  "--new-connections off and lower -c to 16, give 39 addresses" WIDEN },
		{ { .connections = 232, .connections_per_s = 2000, .remote_endpoints = 1 },
		  { ROOM(20000, 64000, 60), FREE },
		  -EADDRNOTAVAIL,
		  "needs 120,232" TOWARDS " (with those in TIME-WAIT), there are 64,000: lower "
		  "--new-connections to 1,062/s, give 2 addresses with --source" },
		/* Ports that TIME-WAIT gives back after a second. */
		{ { .connections = 232, .connections_per_s = 2000, .remote_endpoints = 1 },
		  { ROOM(20000, 28232, 1), FREE },
		  0,
		  "" },
		/* A UDP port is taken whatever it is connected to. */
		{ { .connections = 30000, .is_datagram = true, .remote_endpoints = 2 },
		  { ROOM(90000, 28232, 60), FREE },
		  -EADDRNOTAVAIL,
		  "needs 30,000 local UDP ports, there are 28,232: lower -c to 28,200, give more "
		  "addresses" WIDEN },
		{ { .connections = 1, .flows = 16, .remote_endpoints = 1 },
		  { ROOM(20000, 10, 60), FREE },
		  -EADDRNOTAVAIL,
		  "needs 16 local UDP ports, there are 10: lower --path-flows to 10, give more "
		  "addresses" WIDEN },
	};
	check(rows, array_size(rows));
}

#define ONE_EACH                                                                              \
	"--source: an address with a port of its own is for one connection, and there are 3 " \
	"addresses: say "

static void test_source_ports(void **state)
{
	static const struct case_row rows[] = {
		{ { .connections = 3, .flows = 3, .source_addresses = 3, .source_ports = 3 },
		  { ROOM(20000, 3, 60), FREE },
		  0,
		  "" },
		{ { .connections = 2,
		    .connections_per_s = 10,
		    .flows = 16,
		    .source_addresses = 3,
		    .source_ports = 3 },
		  { ROOM(20000, 3, 60), FREE },
		  -EADDRNOTAVAIL,
		  ONE_EACH "--new-connections off, --path-flows 3, or leave out the ports" },
		{ { .connections = 4, .source_addresses = 3, .source_ports = 1 },
		  { USUAL },
		  -EADDRNOTAVAIL,
		  ONE_EACH "-c 3, or leave out the ports" },
	};
	check(rows, array_size(rows));
}

static void test_conntrack(void **state)
{
	static const struct case_row rows[] = {
		{ { .connections = 5000, .connections_per_s = 10, .remote_endpoints = 1 },
		  { ROOM(20000, 28232, 60), .conntrack_free = 5000, .conntrack_max = 8192 },
		  -ENOBUFS,
		  "needs 6,200 entries of connection tracking, 5,000 are free: raise it with "
		  "`sysctl -w net.netfilter.nf_conntrack_max=9400`, or exempt this traffic "
		  "(notrack)" },
	};
	check(rows, array_size(rows));
}

static void test_numbers_beyond_all(void **state)
{
	static const struct case_row rows[] = {
		{ { .connections = UINT64_MAX, .connections_per_s = UINT64_MAX, .open_s = 4 },
		  { USUAL },
		  -EMFILE,
		  NULL },
		{ { .connections = UINT64_MAX, .connections_per_s = UINT64_MAX },
		  { ROOM(UINT64_MAX, 28232, 60), FREE },
		  -EADDRNOTAVAIL,
		  NULL },
	};
	check(rows, array_size(rows));
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
	assert_int_equal(room.flows, 3 * room.ports);
	assert_true(room.somaxconn > 0);
	assert_true(room.time_wait_s == 60 || room.time_wait_s == 2);
	assert_true(room.conntrack_free > 0);

	need.source_ports = 2;
	assert_int_equal(preflight_measure(&need, &room), 0);
	assert_int_equal(room.tuples, 2 * room.ports + 2);
	assert_int_equal(room.flows, room.ports + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),        cmocka_unit_test(test_ports),
		cmocka_unit_test(test_source_ports),       cmocka_unit_test(test_conntrack),
		cmocka_unit_test(test_numbers_beyond_all), cmocka_unit_test(test_this_host),
	};
	return cmocka_run_group_tests_name("preflight", tests, NULL, NULL);
}
