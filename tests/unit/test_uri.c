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
	.bare_transports = URI_TRANSPORTS_SERVICE,
};
static const struct uri_defaults load = {
	.service = SERVICE_DISCARD,
	.bare_transports = URI_TRANSPORTS_RAW,
};
static const struct uri_defaults plain = {
	.service = SERVICE_DISCARD,
	.transports = 1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP,
};
static const struct uri_defaults streams = {
	.service = SERVICE_DISCARD,
	.transports = 1u << TRANSPORT_TCP | 1u << TRANSPORT_TLS,
};
static const struct uri_defaults packets = {
	.service = SERVICE_ICMP,
	.bare_transports = URI_TRANSPORTS_RAW,
};
static const struct uri_defaults own = { .service = SERVICE_DISCARD,
					 .bare_transports = URI_TRANSPORTS_REFUSED,
					 .is_own = true };
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
	const char *path;
} good[] = {
	{ &traffic, "10.20.0.5", "tcp://10.20.0.5:5003", "10.20.0.5", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, false, "" },
	{ &traffic, "web:80", "tcp://web:80", "web", SERVICE_TRAFFIC, TRANSPORT_TCP, 80, false, "" },
	{ &traffic, "udp://web", "udp://web:5003", "web", SERVICE_TRAFFIC, TRANSPORT_UDP, 5003, true, "" },
	{ &traffic, "TCP://Web-1_a.example./", "tcp://Web-1_a.example.:5003", "Web-1_a.example.", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, true, "" },
	{ &traffic, "traffic+udp://web", "traffic+udp://web:5003", "web", SERVICE_TRAFFIC, TRANSPORT_UDP, 5003, true, "" },
	{ &traffic, "echo://[2001:db8::1]:7", "echo://[2001:db8::1]:7", "2001:db8::1", SERVICE_ECHO, TRANSPORT_TCP, 7, false, "" },
	{ &traffic, "[fe80::1%eth0]", "tcp://[fe80::1%eth0]:5003", "fe80::1%eth0", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, false, "" },
	{ &load, "10.9.1.2", "discard://10.9.1.2:5009", "10.9.1.2", SERVICE_DISCARD, TRANSPORT_TCP, 5009, false, "" },
	{ &load, "source://h", "source://h:5019", "h", SERVICE_SOURCE, TRANSPORT_TCP, 5019, false, "" },
	{ &load, "source+udp://h", "source+udp://h:5019", "h", SERVICE_SOURCE, TRANSPORT_UDP, 5019, true, "" },
	{ &load, "discard+udp://h:65535", "discard+udp://h:65535", "h", SERVICE_DISCARD, TRANSPORT_UDP, 65535, true, "" },
	{ &serve, "traffic://:5003", "traffic://:5003", "", SERVICE_TRAFFIC, TRANSPORT_TCP, 5003, false, "" },
	{ &serve, "echo+tcp://[::]:0", "echo+tcp://[::]:0", "::", SERVICE_ECHO, TRANSPORT_TCP, 0, true, "" },
	{ &own, "discard://", "discard://127.0.0.1", "127.0.0.1", SERVICE_DISCARD, TRANSPORT_TCP, 0, false, "" },
	{ &own, "wss:///x", "wss://127.0.0.1/x", "127.0.0.1", SERVICE_WS, TRANSPORT_TLS, 0, true, "/x" },
	{ &own, "echo+udp://:7", "echo+udp://127.0.0.1:7", "127.0.0.1", SERVICE_ECHO, TRANSPORT_UDP, 7, true, "" },
	{ &own, "[::1]", "discard://[::1]", "::1", SERVICE_DISCARD, TRANSPORT_TCP, 0, false, "" },
	{ &serve, "ack://", "ack://:8080", "", SERVICE_ACK, TRANSPORT_TCP, 8080, false, "" },
	{ &serve, "discard://", "discard://:5009", "", SERVICE_DISCARD, TRANSPORT_TCP, 5009, false, "" },
	{ &traffic, "srv://_traffic._tcp.web.example", "srv://_traffic._tcp.web.example", "_traffic._tcp.web.example", SERVICE_TRAFFIC, TRANSPORT_TCP, 0, true, "" },
	{ &traffic, "srv://_echo._UDP.web", "srv://_echo._UDP.web", "_echo._UDP.web", SERVICE_ECHO, TRANSPORT_UDP, 0, true, "" },
	{ &traffic, "srv://_mqtt._tcp.web", "srv://_mqtt._tcp.web", "_mqtt._tcp.web", SERVICE_TRAFFIC, TRANSPORT_TCP, 0, true, "" },
	{ &traffic, "tls://web", "tls://web:5003", "web", SERVICE_TRAFFIC, TRANSPORT_TLS, 5003, true, "" },
	{ &load, "echo+tls://web", "echo+tls://web:5007", "web", SERVICE_ECHO, TRANSPORT_TLS, 5007, true, "" },
	{ &load, "tcp://web:25", "tcp://web:25", "web", SERVICE_NONE, TRANSPORT_TCP, 25, true, "" },
	{ &load, "TLS://[::1]:443/", "tls://[::1]:443", "::1", SERVICE_NONE, TRANSPORT_TLS, 443, true, "" },
	{ &load, "udp://web:53", "udp://web:53", "web", SERVICE_NONE, TRANSPORT_UDP, 53, true, "" },
	{ &load, "srv://_mqtt._tcp.web", "srv://_mqtt._tcp.web", "_mqtt._tcp.web", SERVICE_NONE, TRANSPORT_TCP, 0, true, "" },
	{ &load, "srv://_https._tcp.web/x?y", "srv://_https._tcp.web/x?y", "_https._tcp.web", SERVICE_HTTP, TRANSPORT_TLS, 0, true, "/x?y" },
	{ &load, "http://web", "http://web:80", "web", SERVICE_HTTP, TRANSPORT_TCP, 80, false, "/" },
	{ &load, "http://web/", "http://web:80/", "web", SERVICE_HTTP, TRANSPORT_TCP, 80, false, "/" },
	{ &load, "HTTPS://Web/Items?a=%20&b=/?:@", "https://Web:443/Items?a=%20&b=/?:@", "Web", SERVICE_HTTP, TRANSPORT_TLS, 443, true, "/Items?a=%20&b=/?:@" },
	{ &load, "http+tls://web:8443?a", "http+tls://web:8443/?a", "web", SERVICE_HTTP, TRANSPORT_TLS, 8443, true, "/?a" },
	{ &load, "ws://[::1]:9/feed", "ws://[::1]:9/feed", "::1", SERVICE_WS, TRANSPORT_TCP, 9, false, "/feed" },
	{ &load, "wss://feed", "wss://feed:443", "feed", SERVICE_WS, TRANSPORT_TLS, 443, true, "/" },
	{ &load, "ws+tls://feed", "ws+tls://feed:443", "feed", SERVICE_WS, TRANSPORT_TLS, 443, true, "/" },
	{ &load, "control://web", "control://web:5004", "web", SERVICE_CONTROL, TRANSPORT_TCP, 5004, false, "" },
	{ &load, "dns://9.9.9.9/web.test/AAAA", "dns://9.9.9.9:53/web.test/AAAA", "9.9.9.9", SERVICE_DNS, TRANSPORT_UDP, 53, false, "/web.test/AAAA" },
	{ &load, "dns+tcp://[::1]:5353/web.test", "dns+tcp://[::1]:5353/web.test", "::1", SERVICE_DNS, TRANSPORT_TCP, 5353, true, "/web.test" },
	{ &load, "stamp://h", "stamp://h:862", "h", SERVICE_STAMP, TRANSPORT_UDP, 862, false, "/" },
	{ &load, "stamp://[::1]:8620?stateful", "stamp://[::1]:8620/?stateful", "::1", SERVICE_STAMP, TRANSPORT_UDP, 8620, false, "/?stateful" },
	{ &load, "dns+tls://ns/a.test", "dns+tls://ns:853/a.test", "ns", SERVICE_DNS, TRANSPORT_TLS, 853, true, "/a.test" },
	{ &load, "dns://ns", "dns://ns:53", "ns", SERVICE_DNS, TRANSPORT_UDP, 53, false, "/" },
	{ &load, "ICMP://[fe80::1%eth0]/", "icmp://[fe80::1%eth0]", "fe80::1%eth0", SERVICE_ICMP, TRANSPORT_UDP, 0, false, "" },
	{ &packets, "web", "icmp://web", "web", SERVICE_ICMP, TRANSPORT_UDP, 0, false, "" },
	{ &packets, "udp://web:7", "udp://web:7", "web", SERVICE_NONE, TRANSPORT_UDP, 7, true, "" },
	{ &serve, "https://:8443/", "https://:8443", "", SERVICE_HTTP, TRANSPORT_TLS, 8443, true, "" },
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
	{ &load, "htps://h/x", "\"htps\" is not a scheme; did you mean https://?" },
	{ &load, "https+tcp://h", "\"https+tcp\": https is over TLS and nothing else" },
	{ &plain, "https://h", "over tls this command does nothing yet" },
	{ &plain, "srv://_wss._tcp.h", "over tls this command does nothing yet" },
	{ &load, "http+udp://h", "http does not run over udp: http://" },
	{ &load, "tcp://h", "tcp://h names no port, and bytes as given have none of their own: tcp://h:PORT" },
	{ &load, "tcp://h:1/x", "tcp takes no path: leave out /x" },
	{ &load, "http://h/a b", "the path has a byte that no request line takes (2 characters in): write %20" },
	{ &load, "http://h/\r\nX: y", "the path has a byte that no request line takes (1 characters in): write %0D" },
	{ &load, "http://h/\xc3\xa4", "the path has a byte that no request line takes (1 characters in): write %C3" },
	{ &load, "http://h/a#top", "\"#top\" is for browsers and is never sent: leave it out" },
	{ &load, "https://me:secret@h/", "a target holds no user and no password: leave out all before the @ (over HTTP, -H 'Authorization: ...' tells them)" },
	{ &serve, "http://:80/x", "http takes no path: leave out /x" },
	{ &serve, "tls://:1", "tls:// is how, not what: traffic+tls://:1, echo+tls://:1 or discard+tls://:1?" },
	{ &load, "icpm://h", "\"icpm\" is not a scheme; did you mean icmp://?" },
	{ &load, "quic://h", "\"quic\" is not a scheme that conntest knows (traffic, echo, discard, source, http, https, h2c, grpc, grpcs, ws, wss, dns, icmp, ack, stamp, control, tcp, udp, tls, srv)" },
	{ &load, "icmp://h:80", "icmp has no ports: leave out :80, or say what speaks there, as in tcp://h:80" },
	{ &packets, "h:80", "icmp has no ports: leave out :80, or say what speaks there, as in tcp://h:80" },
	{ &load, "icmp+udp://h", "icmp does not run over udp: icmp://" },
	{ &load, "icmp+tcp://h", "icmp does not run over tcp: icmp://" },
	{ &load, "srv://_icmp._tcp.h", "icmp does not run over tcp: icmp://" },
	{ &load, "icmp://h/x", "icmp takes no path: leave out /x" },
	{ &streams, "dns://h/x", "over udp this command does nothing yet" },
	{ &load, "stamp+tls://h", "stamp does not run over tls: stamp://" },
	{ &traffic, "dns://h/x", "dns:// is of no use here; traffic://, echo:// is" },
	{ &load, "://h", "\"\" is not a scheme that conntest knows (traffic, echo, discard, source, http, https, h2c, grpc, grpcs, ws, wss, dns, icmp, ack, stamp, control, tcp, udp, tls, srv)" },
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
	{ &traffic, "me@web", "a target holds no user and no password: leave out all before the @ (over HTTP, -H 'Authorization: ...' tells them)" },
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
	{ &own, "srv://_traffic._tcp.web", "srv:// is something to connect to, not to listen on" },
	{ &own, "tcp://:1", "tcp:// is how, not what: traffic://:1, echo://:1 or discard://:1?" },
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
		assert_string_equal(uri.path, good[i].path);
		assert_int_equal(uri.has_transport, good[i].has_transport);
		assert_int_equal(uri.is_srv, strncmp(good[i].text, "srv:", 4) == 0);
	}
}

static void a_service_is_its_domain(void **state)
{
	static const char *const names[][3] = {
		{ "https://web.example/x", "web.example", "web.example" },
		{ "https://web.example:80/x", "web.example", "web.example:80" },
		{ "http://[fe80::1%eth0]:8080", "fe80::1%eth0", "[fe80::1]:8080" },
		{ "h2c://192.0.2.1:80", "192.0.2.1", "192.0.2.1" },
		{ "srv://_https._tcp.web.example/x", "web.example", "web.example" },
		{ "srv://_mqtt._tcp.web", "web", "web" },
	};

	for (size_t i = 0; i < array_size(names); i++) {
		struct uri uri;
		assert_int_equal(uri_parse(names[i][0], &load, NULL, &uri), 0);
		char authority[URI_AUTHORITY_MAX];
		assert_string_equal(uri_peer(&uri), names[i][1]);
		assert_string_equal(uri_authority(&uri, authority), names[i][2]);
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
	for (size_t length = 200; length < 2000; length++) {
		char text[2001];
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

static void a_path_has_an_end(void **state)
{
	for (size_t length = 1; length < 2000; length++) {
		char text[2100] = "http://h/";
		memset(text + strlen(text), 'a', length - 1);
		struct error error = { "" };
		struct uri uri;
		assert_int_equal(uri_parse(text, &load, &error, &uri),
				 length <= 1024 ? 0 : -EINVAL);
		if (length <= 1024)
			assert_int_equal(strlen(uri.path), length);
		else
			assert_non_null(strstr(error.text, "characters at most"));
	}
}

static void services_come_from_their_table(void **state)
{
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		const char *name = service_name((enum service)i);
		assert_int_equal(service_find(name, strlen(name)), i);
		bool has_ports = service_over((enum service)i) != SERVICE_OVER_IP;
		assert_int_equal(service_port((enum service)i) != 0, has_ports);
		assert_string_not_equal(service_sentence((enum service)i), "");
	}
	assert_int_equal(service_find("echoes", 6), SERVICE_COUNT);
	assert_int_equal(service_find("ech", 3), SERVICE_COUNT);
	assert_true(service_runs_over_udp(SERVICE_ECHO));
	assert_true(service_runs_over_udp(SERVICE_SOURCE));
	assert_false(service_runs_over_udp(SERVICE_HTTP));
	assert_true(service_runs_over_udp(SERVICE_DNS));
	assert_true(service_runs_over_tcp(SERVICE_DNS));
	assert_false(service_runs_over_tcp(SERVICE_ICMP));
	assert_string_equal(transport_name(TRANSPORT_UDP), "udp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_targets),
		cmocka_unit_test(a_service_is_its_domain),
		cmocka_unit_test(complete_text_reads_back),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(a_path_has_an_end),
		cmocka_unit_test(services_come_from_their_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
