/* What is asked of a socket is on it, and what the kernel refuses is said before a run. */
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "net/socket_options.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

#define WITH(...) ((struct socket_options){ __VA_ARGS__ })

static void test_values_are_on_the_socket(void **state)
{
	static const struct {
		const char *name;
		enum socket_role role;
		struct socket_options options;
		int level, option, value;
	} cases[] = {
		/* clang-format off */
		{ "nodelay", SOCKET_CONNECTS, { .has_no_delay = true }, IPPROTO_TCP, TCP_NODELAY, 1 },
		{ "none", SOCKET_CONNECTS, { 0 }, IPPROTO_TCP, TCP_NODELAY, 0 },
		{ "dscp", SOCKET_CONNECTS, { .has_dscp = true, .dscp = 46 }, IPPROTO_IP, IP_TOS, 184 },
		{ "dscp of datagrams", SOCKET_DATAGRAM, { .has_dscp = true, .dscp = 10 },
		  IPPROTO_IP, IP_TOS, 40 },
		{ "mss", SOCKET_CONNECTS, { .segment_bytes = 1000 }, IPPROTO_TCP, TCP_MAXSEG, 1000 },
		{ "user timeout", SOCKET_CONNECTS, { .user_timeout_ms = 5000 },
		  IPPROTO_TCP, TCP_USER_TIMEOUT, 5000 },
		{ "pacing", SOCKET_CONNECTS, { .pacing_bytes_per_s = 125000 },
		  SOL_SOCKET, SO_MAX_PACING_RATE, 125000 },
		{ "no pacing of a listener", SOCKET_LISTENS, { .pacing_bytes_per_s = 125000 },
		  SOL_SOCKET, SO_MAX_PACING_RATE, -1 },
		{ "fast open", SOCKET_CONNECTS, { .is_fast_open = true },
		  IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1 },
		{ "fast open of a listener", SOCKET_LISTENS, { .is_fast_open = true },
		  IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0 },
		{ "send buffer", SOCKET_CONNECTS, { .send_buffer_bytes = 50000 },
		  SOL_SOCKET, SO_SNDBUF, 100000 },
		{ "receive buffer of datagrams", SOCKET_DATAGRAM, { .receive_buffer_bytes = 50000 },
		  SOL_SOCKET, SO_RCVBUF, 100000 },
		/* clang-format on */
	};
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		int value = -2;
		int type = cases[i].role == SOCKET_DATAGRAM ? SOCK_DGRAM : SOCK_STREAM;
		owned_fd int fd = ip_socket_open(AF_INET, type);
		assert_true(fd >= 0);
		assert_int_equal(socket_options_apply(fd, cases[i].role, &cases[i].options, NULL),
				 0);
		assert_int_equal(ip_socket_get(fd, cases[i].level, cases[i].option, &value), 0);
		if (value != cases[i].value)
			fail_msg("%s: %d, not %d", cases[i].name, value, cases[i].value);
	}
}

static void test_class_of_ipv6_is_of_both_families(void **state)
{
	int value = 0;
	(void)state;
	owned_fd int fd = ip_socket_open(AF_INET6, SOCK_STREAM);
	if (fd == -EAFNOSUPPORT)
		skip();
	assert_int_equal(
		socket_options_apply(fd, SOCKET_LISTENS, &WITH(.has_dscp = true, .dscp = 46), NULL),
		0);
	assert_int_equal(ip_socket_get(fd, IPPROTO_IPV6, IPV6_TCLASS, &value), 0);
	assert_int_equal(value, 184);
	assert_int_equal(ip_socket_get(fd, IPPROTO_IP, IP_TOS, &value), 0);
	assert_int_equal(value, 184);
}

static void test_refusals_are_explained(void **state)
{
	static const struct {
		struct socket_options options;
		enum socket_role role;
		int code;
		const char *parts[3];
	} cases[] = {
		{ { .congestion = "no-such" },
		  SOCKET_CONNECTS,
		  -EINVAL,
		  { "--congestion: ", "\"no-such\"", "reno" } },
		{ { .device = "no-such0" },
		  SOCKET_CONNECTS,
		  -EINVAL,
		  { "--bind-device: ", "\"no-such0\"", "lo" } },
		{ { .device = "no-such0" },
		  SOCKET_DATAGRAM,
		  -EINVAL,
		  { "--bind-device: ", "\"no-such0\"", "lo" } },
		/* The kernel would look for its first 15 bytes. */
		{ { .device = "lo-longer-than-a-device" },
		  SOCKET_CONNECTS,
		  -EINVAL,
		  { "--bind-device: ", "\"lo-longer-than-a-device\"", "lo" } },
		{ { .segment_bytes = 20 }, SOCKET_CONNECTS, -EINVAL, { "--mss: ", "20", "" } },
	};
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct error error = { "" };
		assert_int_equal(socket_options_try(&cases[i].options, cases[i].role, &error),
				 cases[i].code);
		for (size_t k = 0; k < array_size(cases[i].parts); k++)
			if (!strstr(error.text, cases[i].parts[k]))
				fail_msg("%zu: no \"%s\" in: %s", i, cases[i].parts[k], error.text);
	}
}

static void test_trial_takes_what_the_kernel_takes(void **state)
{
	struct error error = { "" };
	(void)state;
	assert_int_equal(socket_options_try(&WITH(.congestion = "reno", .device = "lo",
						  .segment_bytes = 1000, .has_dscp = true),
					    SOCKET_CONNECTS, &error),
			 0);
	assert_string_equal(error.text, "");
	/* What is of TCP is not asked of datagrams. */
	assert_int_equal(socket_options_try(&WITH(.congestion = "no-such", .segment_bytes = 20),
					    SOCKET_DATAGRAM, &error),
			 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_on_the_socket),
		cmocka_unit_test(test_class_of_ipv6_is_of_both_families),
		cmocka_unit_test(test_refusals_are_explained),
		cmocka_unit_test(test_trial_takes_what_the_kernel_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
