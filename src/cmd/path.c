/* conntest path: what a path lets through. */
#include "run/path.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/commands.h"
#include "metric/hops.h"

struct path_options {
	uint64_t timeout_ns;
	uint64_t max_bytes;
	bool is_exact;
	bool is_ipv4;
	bool is_ipv6;
	const char *source;
	const char *hops;
	uint64_t flows;
	uint64_t rounds;
	uint64_t max_hops;
	uint64_t hop_rate;
	const char *config;
	struct receiver_options far_end;
	struct output_options output;
};

#define ROW(field, kind, ...) OPTION(struct path_options, field, kind, __VA_ARGS__)

/* clang-format off */
static const struct option_row rows[] = {
	ROW(timeout_ns, OPTION_TIME, .name = "timeout", .placeholder = "TIME",
	    .default_text = "1s", .minimum = "100ms", .maximum = "1m",
	    .help = "a probe without an answer is lost after it; TCP has five times that, eight times where "
		    "it looks for the size itself (tcp_mtu_probing)"),
	ROW(max_bytes, OPTION_SIZE, .name = "max-size", .placeholder = "SIZE",
	    .default_text = "0", .maximum = "65535",
	    .help = "the largest packet to try, with its IP header; 0 = what the interface takes"),
	ROW(is_exact, OPTION_FLAG, .name = "exact",
	    .help = "to the byte where the full size fails; else to 20 B and the sizes of known "
		    "links"),
	ROW(hops, OPTION_CHOICE, .name = "hops", .choices = "auto off udp syn tcp all",
	    .default_text = "auto", .placeholder = "HOW",
	    .help = "traces the hops by datagrams, by first packets of TCP connections, or inside "
		    "established ones; auto = as the target is, tcp:// by syn"),
	ROW(flows, OPTION_COUNT, .name = "flows", .placeholder = "N",
	    .default_text = "1", .minimum = "1", .maximum = "64",
	    .help = "source ports to trace with: where there are several paths, each takes one"),
	ROW(rounds, OPTION_COUNT, .name = "rounds", .placeholder = "N",
	    .default_text = "0", .maximum = "100",
	    .help = "packets of each size for each hop and source port; 0 = as many as 10 s allow, 5 "
		    "to 20"),
	ROW(max_hops, OPTION_COUNT, .name = "max-hops", .placeholder = "N",
	    .default_text = "30", .minimum = "1", .maximum = "64", .level = OPTION_ALL,
	    .help = "the largest TTL; sooner it ends at the target or where 5 hops in a row are "
		    "silent"),
	ROW(hop_rate, OPTION_COUNT, .name = "hop-rate", .placeholder = "N",
	    .default_text = "20", .minimum = "1", .maximum = "1k", .level = OPTION_ALL,
	    .help = "packets a second for each hop at most, of all source ports"),
	ROW(is_ipv4, OPTION_FLAG, .name = "ipv4", .letter = '4', .level = OPTION_ALL,
	    .help = "IPv4 addresses only"),
	ROW(is_ipv6, OPTION_FLAG, .name = "ipv6", .letter = '6', .level = OPTION_ALL,
	    .help = "IPv6 addresses only"),
	ROW(source, OPTION_TEXT, .name = "source", .placeholder = "ADDR[:PORT]",
	    .level = OPTION_ALL, .help = "sends from this address of ours"),
	ROW(far_end.receiver, OPTION_TEXT, .name = "receiver", .placeholder = "auto|off|URI",
	    .default_text = "auto", .level = OPTION_ALL,
	    .help = "whom to ask for packets on the way back; auto = control on the target's host"),
	ROW(far_end.token, OPTION_TEXT, .name = "receiver-token", .placeholder = "TEXT|@FILE",
	    .is_secret = true, .help = "what serve --control-token was given there: without it the "
				       "way back is not asked"),
	ROW(config, OPTION_TEXT, .name = "config", .placeholder = "FILE", .level = OPTION_ALL,
	    .help = "options from a file (YAML), weaker than environment and command line"),
	ROW(output.formats, OPTION_LIST, .name = "output", .letter = 'o',
	    .placeholder = "FORMAT[=FILE]", .values = output_formats_path,
	    .help = "json, md, junit... (conntest help formats); with =FILE the text stays on "
		    "stdout"),
	ROW(output.expect, OPTION_LIST, .name = "expect", .placeholder = "'NAME OP VALUE'",
	    .values = output_figures_path,
	    .help = "exit 1 unless it holds: path.mtu, path.mtu_reverse, hops.lost... "
		    "(conntest help figures)"),
	ROW(output.color, OPTION_CHOICE, .name = "color", .choices = "auto always never",
	    .default_text = "auto", .placeholder = "WHEN", .level = OPTION_OUTPUT,
	    .help = "colour on a terminal; NO_COLOR is respected"),
	ROW(output.is_monitor, OPTION_FLAG, .name = "monitor", .level = OPTION_OUTPUT,
	    .help = "a line a second on stderr also where it is no terminal"),
	ROW(output.is_quiet, OPTION_FLAG, .name = "quiet", .letter = 'q', .level = OPTION_OUTPUT,
	    .help = "says nothing on stderr but mistakes"),
	ROW(output.is_not_saved, OPTION_FLAG, .name = "no-save", .level = OPTION_OUTPUT,
	    .help = "do not keep the report (conntest report list)"),
};
/* clang-format on */

/* With its headers; a smaller one has no room for what is asked. */
#define SMALL_PACKET_BYTES 200

/* What these send back tells what TCP makes of the path. */
#define ECHOES (1u << SERVICE_TRAFFIC | 1u << SERVICE_ECHO)

static bool is_echo(const struct uri *uri)
{
	return (ECHOES & 1u << uri->service) != 0 && uri->transport != TRANSPORT_TLS;
}

static void be_udp(struct uri *uri)
{
	static const char tcp[] = "tcp://";
	uri->transport = TRANSPORT_UDP;
	if (strncmp(uri->text, tcp, strlen(tcp)) == 0)
		memcpy(uri->text, "udp", strlen("udp"));
}

static int read_target(const struct operands *operands, struct error *error, struct uri *ret)
{
	static const struct uri_defaults defaults = {
		.service = SERVICE_TRAFFIC,
		.services = ECHOES | 1u << SERVICE_HTTP | 1u << SERVICE_H2C | 1u << SERVICE_GRPC |
			    1u << SERVICE_WS,
		.transports = 1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP | 1u << TRANSPORT_TLS,
		.bare_transports = URI_TRANSPORTS_SERVICE,
	};
	if (operands->count != 1)
		return error_set(error, EINVAL,
				 operands->count ? "one target at a time, please: %s and %s"
						 : "to where? Name a target, as in: conntest path "
						   "HOST",
				 operands->items[0], operands->count ? operands->items[1] : "");
	int result = uri_parse(operands->items[0], &defaults, error, ret);
	/* Where nothing else is said it is the datagrams that tell. */
	if (result >= 0 && !ret->has_transport && ret->transport == TRANSPORT_TCP && is_echo(ret))
		be_udp(ret);
	return result;
}

static int read_source(const struct path_options *options, struct error *error,
		       struct endpoint *ret)
{
	if (!options->source || endpoint_parse(options->source, 0, ret) == 0)
		return 0;
	return error_set(error, EINVAL, "--source: \"%s\" is no address (192.0.2.1, [2001:db8::1])",
			 options->source);
}

static int read_family(const struct path_options *options, struct error *error, int *ret)
{
	if (options->is_ipv4 && options->is_ipv6)
		return error_set(error, EINVAL, "-4 and -6 together leave no address");
	*ret = options->is_ipv4 ? AF_INET : options->is_ipv6 ? AF_INET6 : AF_UNSPEC;
	return 0;
}

/* The target says how the traffic goes that is asked about. */
static unsigned hops_ways(const struct path_options *options, const struct uri *uri)
{
	enum hops_way way = hops_way_find(options->hops);
	if (way < HOPS_WAYS)
		return 1u << way;
	if (strcmp(options->hops, "off") == 0)
		return 0;
	if (strcmp(options->hops, "all") == 0)
		return (1u << HOPS_WAYS) - 1;
	return uri->transport == TRANSPORT_UDP ? 1u << HOPS_UDP : 1u << HOPS_SYN;
}

static void plan_hops(const struct path_options *options, const struct uri *uri,
		      struct path_hops_plan *ret)
{
	*ret = (struct path_hops_plan){
		.ways = hops_ways(options, uri),
		.flows = options->flows,
		.rounds = options->rounds,
		.ttl_max = options->max_hops,
		.rate = options->hop_rate,
	};
}

static int check_size(const struct path_options *options, struct error *error)
{
	if (options->max_bytes == 0 || options->max_bytes >= SMALL_PACKET_BYTES)
		return 0;
	return error_set(error, EINVAL,
			 "--max-size: %" PRIu64
			 " B has no room for a probe: %d or more, 0 = what the interface takes",
			 options->max_bytes, SMALL_PACKET_BYTES);
}

static int plan(const struct path_options *options, const struct operands *operands,
		struct uri *uri, struct path_run *run, struct error *error)
{
	int result = read_target(operands, error, uri);
	if (result >= 0)
		result = check_size(options, error);
	/* A discard target's is asked where nothing is said; here any target's is. */
	if (result >= 0)
		result =
			receiver_plan_make(&options->far_end, SERVICE_DISCARD, error, run->far_end);
	if (result >= 0)
		result = read_family(options, error, &run->resolving.family);
	if (result >= 0)
		result = resolve_check(uri, run->resolving.family, error);
	run->has_tcp = is_echo(uri);
	plan_hops(options, uri, &run->hops);
	return result < 0 ? result : read_source(options, error, &run->source);
}

static int path_run(const struct command *command, int argc, char **argv)
{
	struct path_options options = { 0 };
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	struct uri uri = { 0 };
	struct receiver_plan far_end = { 0 };
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	struct path_run run = {
		.command = command,
		.options = &options,
		.output = &options.output,
		.uri = &uri,
		.timeout_ns = options.timeout_ns,
		.max_bytes = options.max_bytes,
		.is_exact = options.is_exact,
		.far_end = &far_end,
	};
	if (code >= 0)
		code = plan(&options, &operands, &uri, &run, &error);
	return code < 0 ? command_stop(command, code, &error) : path_measure(&run);
}

const struct command command_path = {
	.name = "path",
	.summary = "how large a packet may be on a path, each way, and what TCP makes of it",
	.operands = "TARGET",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct path_options),
	.description =
		"Sends UDP packets that may not be fragmented, a small one behind every large one "
		"and all with the same ports, and beside them one TCP connection with four segments "
		"of payload or more. Says for each way whether the full size passes (ok), less does "
		"and ICMP says so (reduced), large ones vanish without a word while small ones pass "
		"(black hole), small ones are lost as well (loss), or nothing answers that could "
		"tell (undecided). What ICMP says is a hint and a name; only what was tried "
		"counts.\n\n"
		"TARGET is HOST, HOST:PORT or a URI: traffic://HOST (port 5003), tcp://, udp://, "
		"echo://, echo+udp://. `conntest serve` answers a large packet by a small one that "
		"states its size, so that each way is judged by itself. Another echo sends it back "
		"whole, and both ways count as one. A host that answers with \"port unreachable\" "
		"alone has told as much of the way there, about once a second. Of http://, https://, "
		"h2c://, grpc://, ws:// and wss://, and over TLS, only that and the hops are known.\n\n"
		"A size has failed when three packets of it were lost (more where small ones are "
		"lost too, so that chance explains it once in a thousand times). One is lost after "
		"--timeout, or when a small packet that left behind it has been answered and three "
		"round trips more, 50 ms at least, brought nothing. Needs no privileges.\n\n"
		"Behind that the hops are traced with the same ports on every packet, small ones and, "
		"by datagrams and inside TCP, ones of full size. Loss at a hop counts only if it stays "
		"to the end, and the hop with which it begins is named; one that answers less often than "
		"those behind it limits its answers. With --flows, source ports that meet the same "
		"addresses are one path, and the worst path comes first. By syn each connection that "
		"comes up is reset at once; inside tcp the bytes are ones that the service takes without "
		"doing anything, and who answers there takes CAP_NET_RAW to see. It takes --flows times "
		"--rounds divided by --hop-rate seconds at least for each size: 2 s with one flow, about "
		"10 s with more, where --rounds is not given.",
	.examples =
		"conntest path 10.9.3.7  # where `conntest serve` runs\n"
		"conntest path --expect 'path.mtu >= 1500' web  # exit 1 if less passes\n"
		"conntest path --flows 16 --hops tcp https://web  # is one of several paths bad?\n"
		"conntest path --exact --max-size 9000 10.9.3.7  # jumbo frames, to the byte",
	.run = path_run,
};
