#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/uri.h"

static const struct uri_defaults traffic = {
	.service = SERVICE_TRAFFIC,
	.services = 1u << SERVICE_TRAFFIC | 1u << SERVICE_ECHO,
	.has_bare_transports = true,
};
static const struct uri_defaults load = { .service = SERVICE_DISCARD };
static const struct uri_defaults serve = { .service = SERVICE_TRAFFIC, .is_listening = true };

/* clang-format off */
static const struct {
	const struct uri_defaults *defaults;
	const char *text;
	const char *complete;
	const char *host;
	enum service service;
	enum transport transport;
	uint16_t port;
	bool has_transport;
} good[] = {
	{ &traffic, "10.20.0.5", "tcp://10.20.0.5:5003", "10.20.0.5", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, false },
	{ &traffic, "web:80", "tcp://web:80", "web", SERVICE_TRAFFIC, TRANSPORT_TCP, 80, false },
	{ &traffic, "udp://web", "udp://web:5003", "web", SERVICE_TRAFFIC, TRANSPORT_UDP, 5003, true },
	{ &traffic, "TCP://Web-1_a.example./", "tcp://Web-1_a.example.:5003", "Web-1_a.example.", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, true },
	{ &traffic, "traffic+udp://web", "traffic+udp://web:5003", "web", SERVICE_TRAFFIC, TRANSPORT_UDP, 5003, true },
	{ &traffic, "echo://[2001:db8::1]:7", "echo://[2001:db8::1]:7", "2001:db8::1", SERVICE_ECHO, TRANSPORT_TCP, 7, false },
	{ &traffic, "[fe80::1%eth0]", "tcp://[fe80::1%eth0]:5003", "fe80::1%eth0", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, false },
	{ &load, "10.9.1.2", "discard://10.9.1.2:5009", "10.9.1.2", SERVICE_DISCARD, TRANSPORT_TCP, 5009, false },
	{ &load, "source://h", "source://h:5019", "h", SERVICE_SOURCE, TRANSPORT_TCP, 5019, false },
	{ &load, "discard+udp://h:65535", "discard+udp://h:65535", "h", SERVICE_DISCARD, TRANSPORT_UDP, 65535, true },
	{ &serve, "traffic://:5003", "traffic://:5003", "", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, false },
	{ &serve, "echo+tcp://[::]:0", "echo+tcp://[::]:0", "::", SERVICE_ECHO, TRANSPORT_TCP, 0, true },
	{ &serve, "discard://", "discard://:5009", "", SERVICE_DISCARD, TRANSPORT_TCP, 5009, false },
	{ &traffic, "srv://_traffic._tcp.web.example", "srv://_traffic._tcp.web.example", "_traffic._tcp.web.example", SERVICE_TRAFFIC, TRANSPORT_TCP, 0, true },
	{ &traffic, "srv://_echo._UDP.web", "srv://_echo._UDP.web", "_echo._UDP.web", SERVICE_ECHO, TRANSPORT_UDP, 0, true },
	{ &traffic, "srv://_http._tcp.web", "srv://_http._tcp.web", "_http._tcp.web", SERVICE_TRAFFIC, TRANSPORT_TCP, 0, true },
};

static const struct {
	const struct uri_defaults *defaults;
	const char *text;
	const char *error;
} bad[] = {
	{ &serve, "tcp://:5003", "tcp:// is how, not what: traffic://:5003, echo://:5003 or discard://:5003?" },
	{ &serve, "udp://h", "udp:// is how, not what: traffic+udp://h, echo+udp://h or discard+udp://h?" },
	{ &load, "trafic://h", "\"trafic\" is not a scheme; did you mean traffic://?" },
	{ &load, "ecoh+udp://h", "\"ecoh\" is not a scheme; did you mean echo://?" },
	{ &load, "https://h/x", "\"https\" is not a scheme that conntest knows (traffic, echo, discard, source, tcp, udp, srv)" },
	{ &load, "icmp://h", "\"icmp\" is not a scheme that conntest knows (traffic, echo, discard, source, tcp, udp, srv)" },
	{ &load, "://h", "\"\" is not a scheme that conntest knows (traffic, echo, discard, source, tcp, udp, srv)" },
	{ &load, "echo+sctp://h", "\"echo+sctp\": a service runs over +tcp, +udp or +tls" },
	{ &traffic, "discard://h", "discard:// is of no use here; traffic://, echo:// is" },
	{ &traffic, "", "\"\" names no host" },
	{ &traffic, "tcp://:5003", "\"tcp://:5003\" names no host" },
	{ &traffic, "tcp://[]:5003", "\"[]\" is not an IPv6 address" },
	{ &traffic, "2001:db8::1", "\"2001:db8::1\": an IPv6 address stands in brackets, as in [2001:db8::1]" },
	{ &traffic, "[2001:db8::1", "\"[2001:db8::1\" lacks a ]" },
	{ &traffic, "[::1]5003", "\"[::1]5003\" has more than a port behind the ]" },
	{ &traffic, "[web]", "\"[web]\" is not an IPv6 address" },
	{ &traffic, "[fe80::1%]", "\"[fe80::1%]\" is not an IPv6 address" },
	{ &traffic, "10.0.0.256", "\"10.0.0.256\" is not an IPv4 address" },
	{ &traffic, "me@web", "\"me@web\" is not a host name" },
	{ &traffic, "we b", "\"we b\" is not a host name" },
	{ &traffic, "web:", "port \"\" is not a number from 1 to 65535" },
	{ &traffic, "web:0", "port \"0\" is not a number from 1 to 65535" },
	{ &traffic, "web:65536", "port \"65536\" is not a number from 1 to 65535" },
	{ &traffic, "web:99999999999999999999", "port \"99999999999999999999\" is not a number from 1 to 65535" },
	{ &traffic, "web:http", "port \"http\" is not a number from 1 to 65535" },
	{ &traffic, "web:+80", "port \"+80\" is not a number from 1 to 65535" },
	{ &serve, "echo://:65536", "port \"65536\" is not a number from 0 to 65535" },
	{ &traffic, "traffic://web/healthz", "traffic takes no path: leave out /healthz" },
	{ &traffic, "web?x=1", "traffic takes no options: leave out ?x=1" },
	{ &traffic, "srv://web", "\"web\" is not a service's name like _traffic._tcp.web.example" },
	{ &traffic, "srv://_traffic._sctp.web", "\"_traffic._sctp.web\" is not a service's name like _traffic._tcp.web.example" },
	{ &traffic, "srv://_traffic._tcp", "\"_traffic._tcp\" is not a service's name like _traffic._tcp.web.example" },
	{ &traffic, "srv://_traffic.", "\"_traffic.\" is not a service's name like _traffic._tcp.web.example" },
	{ &traffic, "srv://_traffic._tcp.web:80", "srv:// gets its ports from DNS: leave out :80" },
	{ &serve, "srv://_traffic._tcp.web", "srv:// is something to connect to, not to listen on" },
};
/* clang-format on */

static void reads_targets(void **state)
{
	for (size_t i = 0; i < array_size(good); i++) {
		struct error error = { "" };
		struct uri uri;
		int code = uri_parse(good[i].text, good[i].defaults, &error, &uri);
		assert_string_equal(error.text, "");
		assert_int_equal(code, 0);
		assert_string_equal(uri.text, good[i].complete);
		assert_string_equal(uri.host, good[i].host);
		assert_int_equal(uri.service, good[i].service);
		assert_int_equal(uri.transport, good[i].transport);
		assert_int_equal(uri.port, good[i].port);
		assert_int_equal(uri.has_transport, good[i].has_transport);
		assert_int_equal(uri.is_srv, strncmp(good[i].text, "srv:", 4) == 0);
	}
}

static void complete_text_reads_back(void **state)
{
	for (size_t i = 0; i < array_size(good); i++) {
		struct uri uri;
		assert_int_equal(uri_parse(good[i].complete, good[i].defaults, NULL, &uri), 0);
		assert_string_equal(uri.text, good[i].complete);
		assert_int_equal(uri.port, good[i].port);
		assert_int_equal(uri.transport, good[i].transport);
	}
}

static void says_what_is_wrong(void **state)
{
	for (size_t i = 0; i < array_size(bad); i++) {
		struct error error = { "" };
		struct uri uri;
		int code = uri_parse(bad[i].text, bad[i].defaults, &error, &uri);
		assert_string_equal(error.text, bad[i].error);
		assert_int_equal(code, -EINVAL);
	}
}

static void refuses_what_is_too_long(void **state)
{
	for (size_t length = 200; length < 1000; length++) {
		char text[1001];
		memset(text, 'a', length);
		text[length] = '\0';
		struct error error = { "" };
		struct uri uri;
		assert_int_equal(uri_parse(text, &traffic, &error, &uri),
				 length < URI_HOST_MAX ? 0 : -EINVAL);
		char said[32];
		(void)snprintf(said, sizeof(said), "at most, this has %zu", length);
		if (length >= URI_HOST_MAX)
			assert_non_null(strstr(error.text, said));
	}
}

static void services_come_from_their_table(void **state)
{
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		const char *name = service_name((enum service)i);
		assert_int_equal(service_find(name, strlen(name)), i);
		assert_int_not_equal(service_port((enum service)i), 0);
		assert_string_not_equal(service_sentence((enum service)i), "");
	}
	assert_int_equal(service_find("echoes", 6), SERVICE_COUNT);
	assert_int_equal(service_find("ech", 3), SERVICE_COUNT);
	assert_true(service_runs_over_udp(SERVICE_ECHO));
	assert_true(service_runs_over_udp(SERVICE_SOURCE));
	assert_string_equal(transport_name(TRANSPORT_UDP), "udp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_targets),
		cmocka_unit_test(complete_text_reads_back),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(services_come_from_their_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
