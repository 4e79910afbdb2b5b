/* conntest ping: one look at a target after the other, phase by phase. */
#include "cmd/ping.h"

#include <errno.h>

#include "cli/config.h"
#include "cmd/commands.h"
#include "run/run.h"

#define ROW(field, kind, ...) OPTION(struct ping_options, field, kind, __VA_ARGS__)

/* clang-format off */
static const struct option_row rows[] = {
	ROW(count, OPTION_COUNT, .name = "count", .letter = 'c', .placeholder = "N",
	    .default_text = "0", .help = "probes of each target; 0 = until interrupted"),
	ROW(interval_ns, OPTION_TIME, .name = "interval", .letter = 'i', .placeholder = "TIME",
	    .default_text = "1s", .minimum = "100us",
	    .help = "from one probe of a target to the next, whatever became of the one before; "
		    "with --wait 250ms unless given"),
	ROW(timeout_ns, OPTION_TIME, .name = "timeout", .placeholder = "TIME",
	    .default_text = "2s", .minimum = "1ms",
	    .help = "gives a probe up, name and connection included; may exceed the interval"),
	ROW(duration_ns, OPTION_TIME, .name = "duration", .letter = 'T', .placeholder = "TIME",
	    .default_text = "0", .help = "begins no more probes after this; 0 = no such end"),
	ROW(wait_ns, OPTION_TIME, .name = "wait", .placeholder = "TIME", .default_text = "0",
	    .help = "until every target has answered, at most so long: exit 0 at that moment, 1 if "
		    "it did not come"),
	ROW(max_failures, OPTION_COUNT, .name = "max-failures", .placeholder = "N",
	    .default_text = "0", .level = OPTION_ALL,
	    .help = "leaves a target alone after so many failures in a row; 0 = never"),
	ROW(keeps, OPTION_FLAG, .name = "keep",
	    .help = "one connection for all probes of a target, not a new one for each"),
	ROW(is_fresh, OPTION_FLAG, .name = "fresh", .level = OPTION_ALL,
	    .help = "another source port, or id of ICMP, for each datagram, and so maybe another way; "
		    "without it they are one flow"),
	ROW(connect_to, OPTION_TEXT, .name = "connect-to", .placeholder = "HOST[:PORT]",
	    .help = "connects there, and asks and verifies for the target all the same"),
	ROW(headers, OPTION_LIST, .name = "header", .letter = 'H', .placeholder = "'NAME: VALUE'",
	    .level = OPTION_ALL, .help = "of requests, and of the upgrade to WebSocket"),
	ROW(method, OPTION_TEXT, .name = "method", .placeholder = "METHOD", .level = OPTION_ALL,
	    .help = "of requests; GET, with a body POST"),
	ROW(body, OPTION_TEXT, .name = "body", .placeholder = "TEXT", .level = OPTION_ALL,
	    .help = "of requests"),
	ROW(body_file, OPTION_TEXT, .name = "body-file", .placeholder = "FILE",
	    .instead_of = "body", .level = OPTION_ALL, .help = "the same from a file"),
	ROW(expect_status, OPTION_TEXT, .name = "expect-status", .placeholder = "LIST",
	    .level = OPTION_ALL,
	    .help = "another status is a failure: 200,3xx,400-404, of dns:// NXDOMAIN,...; "
		    "without it, 400 and more are, and what is not NOERROR"),
	ROW(expect_text, OPTION_TEXT, .name = "expect-text", .placeholder = "TEXT",
	    .level = OPTION_ALL, .help = "an answer without it is a failure"),
	ROW(max_bytes, OPTION_SIZE, .name = "max-bytes", .placeholder = "SIZE",
	    .default_text = "10MB", .level = OPTION_ALL,
	    .help = "reads so much of an answer's body; 0 = all of it"),
	ROW(follows, OPTION_FLAG, .name = "follow", .level = OPTION_ALL,
	    .help = "goes where redirects lead; without it they are answers like any other"),
	ROW(payload_bytes, OPTION_SIZE, .name = "size", .placeholder = "SIZE",
	    .default_text = "0", .maximum = "65000", .level = OPTION_ALL,
	    .help = "payload of datagrams and echoes; 0 = what suits them"),
	ROW(dns, OPTION_TEXT, .name = "dns", .placeholder = "ADDR[:PORT],...",
	    .level = OPTION_SOCKET, .help = "asks these servers for names, not the system's"),
	ROW(addresses, OPTION_CHOICE, .name = "addresses", .choices = "first all",
	    .placeholder = "first|all", .default_text = "first", .level = OPTION_SOCKET,
	    .help = "of a name: looks at its first address, or at each as a target of its own, asked "
		    "for once"),
	ROW(is_ipv4, OPTION_FLAG, .name = "ipv4", .letter = '4', .level = OPTION_SOCKET,
	    .help = "only IPv4 addresses"),
	ROW(is_ipv6, OPTION_FLAG, .name = "ipv6", .letter = '6', .level = OPTION_SOCKET,
	    .help = "only IPv6 addresses"),
	ROW(source, OPTION_TEXT, .name = "source", .placeholder = "ADDR", .level = OPTION_SOCKET,
	    .help = "local address to send from"),
	SOCKET_OPTIONS_CONNECTING(struct ping_options, sockets),
	TLS_OPTIONS(struct ping_options, tls),
	CONFIG_OPTION(struct ping_options, config),
	OUTPUT_PING_OPTIONS(struct ping_options, output),
};
/* clang-format on */

static int ping_run(const struct command *command, int argc, char **argv)
{
	struct ping_options options = { 0 };
	struct ping_build build;
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	ping_build_init(&build);
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code < 0)
		return command_stop(command, code, &error);
	/* Who waits wants to know soon. */
	if (options.wait_ns > 0 && !option_is_given(command, &operands, "interval"))
		options.interval_ns = PING_WAIT_INTERVAL_NS;
	code = ping_build(&build, &options, &operands, &error);
	struct ping ping = {
		.command = command,
		.options = &options,
		.output = &options.output,
		.plan = &build.plan,
		.prepare = ping_build_resolve,
		.context = &build,
	};
	int exit_code =
		code < 0 ? command_fail(command, run_exit_code(code), &error) : ping_measure(&ping);
	ping_build_deinit(&build);
	return exit_code;
}

const struct command command_ping = {
	.name = "ping",
	.summary = "one look at a target after the other, its time by phase",
	.operands = "TARGET...",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct ping_options),
	.description =
		"Looks at each target again and again and says how long each phase took: resolve "
		"(the name), connect, tls, send (the request), wait (to the first byte of the answer: "
		"the server's time and one round trip) and transfer (to its last byte). Phases don't "
		"overlap and add up to the total. A probe that fails has no total; what failed stands "
		"in the column of the phase where it did. On the same host wait may be 0.00: sending "
		"can wake a server on the same CPU, which has answered by the time it returns, and "
		"its work is then in send.\n\n"
		"TARGET is a URI: http:// and https:// ask for a page, over HTTP/2 where the server "
		"takes it (https://) or without asking (h2c://); grpc:// and grpcs://HOST:PORT/SERVICE "
		"ask for that service's health; ws:// and wss:// open a WebSocket; echo:// and "
		"traffic:// send a message that is to come back; tcp://HOST:PORT connects, "
		"tls://HOST:PORT does the handshake too. HOST alone, or icmp://HOST, is sent ICMP "
		"echoes; echo+udp://, traffic+udp:// and udp://HOST:PORT are sent datagrams that are "
		"to come back; dns://SERVER/NAME[/TYPE] asks that server for that name; stamp:// is a "
		"session with a reflector of STAMP or, with --size 14 to 43, of TWAMP-light, which tells "
		"the delay of each way by both clocks and, where it counts, the loss: "
		"stamp://HOST?key-file=FILE is the authenticated mode, ?counts asks a reflector of RFC "
		"8972 what it counted, and ?stateful says that its numbers are its own. Targets of all "
		"kinds may be mixed. On a "
		"terminal several have one table, the worst first, and else a line a probe.\n\n"
		"Probes begin at even times whatever became of those before, so several may be under "
		"way; where a target is slow no other waits for it. Each has a connection of its own "
		"unless --keep says otherwise, and a name is asked for each time too; datagrams are "
		"sent from one socket unless --fresh says otherwise.\n\n"
		"srv://_service._proto.name, as srv://_https._tcp.example.com, is every answer of DNS, "
		"and --addresses all every address of a name: each is a target of its own.\n\n"
		"With --wait nothing is measured: it ends when every target has answered as it "
		"should, and tells what changed until then.\n\n"
		"-o tsv is the table of perftest by perftest's own definitions: TCP begins when the "
		"name is resolved, First has writing the request in it, Total has no DNS in it, and a "
		"failure without a status is 520.",
	.examples =
		"conntest ping -c 5 https://shop.example.com/healthz  # where does the time go\n"
		"conntest ping -c 100 -i 20ms 10.9.1.2  # ICMP, as of old\n"
		"conntest ping --expect-text 10.9.1.2 dns://10.9.1.53/shop.example.com  # one server\n"
		"conntest ping --wait 60s http://localhost:8080/ready  # until it is up\n"
		"conntest ping -T 1m -i 200ms --expect 'total.p99 < 50ms' tcp://10.9.1.2:443  # in CI\n"
		"conntest ping --connect-to 10.9.1.7 https://shop.example.com/  # one backend of it\n"
		"conntest ping -c 10 http://a.example http://b.example  # several, worst first",
	.run = ping_run,
};
