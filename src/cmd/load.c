/* conntest load: as much, or exactly as much, as asked. */
#include "cmd/load.h"

#include <errno.h>

#include "cli/config.h"
#include "cmd/commands.h"
#include "cmd/far_ends.h"
#include "run/find_rate.h"
#include "run/repeat.h"
#include "run/signals.h"

#define ROW(field, kind, ...) OPTION(struct load_options, field, kind, __VA_ARGS__)

/* clang-format off */
static const struct option_row rows[] = {
	CLIENT_WORK_OPTIONS(struct load_options, client, "1", NULL,
		"connections to keep, without it one to each target; over udp flows",
		"messages a second for the whole run, or N/conn; without it each connection sends as "
		"soon as it may"),
	ROW(bandwidth_down, OPTION_BANDWIDTH, .name = "bandwidth-down",
	    .placeholder = "BANDWIDTH", .level = OPTION_ALL,
	    .help = "reads no faster than this"),
	ROW(rate_ramp, OPTION_TEXT, .name = "rate-ramp", .placeholder = "A..B/TIME[,...]",
	    .instead_of = "rate", .level = OPTION_ALL,
	    .help = "a rate that changes: 0..5k/30s rises, 1k/10s,2k/10s,5k are stairs"),
	ROW(find_rate, OPTION_LIST, .name = "find-rate", .placeholder = "'NAME OP VALUE'",
	    .values = output_figures_sending, .level = OPTION_ALL,
	    .help = "looks for the highest rate at which this holds, as 'response.p99 < 10ms' or "
		    "'lost == 0', in trials of up to -T; several have to hold together"),
	ROW(find_rate_from, OPTION_RATE, .name = "find-rate-from", .placeholder = "RATE",
	    .default_text = "100", .level = OPTION_ALL,
	    .help = "of the first trial: doubled while it holds, halved until it does"),
	CLIENT_DURATION_OPTION(struct load_options, client,
		"from the moment when every connection is up or had its --connect-timeout; 0 = until "
		"interrupted"),
	ROW(warmup_ns, OPTION_TIME, .name = "warmup", .placeholder = "TIME",
	    .default_text = "0", .level = OPTION_ALL,
	    .help = "sends for so long before it begins to count"),
	ROW(client.message_bytes, OPTION_SIZE, .name = "message-size", .placeholder = "SIZE",
	    .default_text = "0", .maximum = "16MiB", .level = OPTION_ALL,
	    .help = "bytes of a message where no -m says what it is; 0 = 1400B over UDP, 64KiB to "
		    "discard, else 1KiB"),
	CLIENT_MESSAGE_OPTIONS(struct load_options, client, OPTION_FIRST_HOUR),
	CLIENT_REPLY_OPTIONS(struct load_options, client, OPTION_ALL),
	CLIENT_CONNECT_OPTIONS(struct load_options, client, "off"),
	ROW(lifetime_ns, OPTION_TIME, .name = "lifetime", .placeholder = "TIME",
	    .default_text = "0", .level = OPTION_ALL,
	    .help = "ends each connection after so long, and begins the next; 0 = never"),
	ROW(messages_per_connection, OPTION_COUNT, .name = "messages-per-connection",
	    .placeholder = "N", .default_text = "0", .level = OPTION_ALL,
	    .help = "ends each connection after so many messages, and begins the next; 0 = never"),
	ROW(write_combine, OPTION_CHOICE, .name = "write-combine", .choices = "on off",
	    .placeholder = "on|off", .default_text = "on", .level = OPTION_ALL,
	    .help = "off = each message is a write of its own, also where several may go at once"),
	ROW(gso, OPTION_CHOICE, .name = "gso", .choices = "auto off", .placeholder = "auto|off",
	    .default_text = "auto", .level = OPTION_SOCKET,
	    .help = "datagrams that are due together leave in one send where the kernel can"),
	ROW(probe, OPTION_TEXT, .name = "probe", .placeholder = "RATE[@URI]",
	    .help = "besides: an echo of its own at this rate, which tells the latency under load"),
	ROW(is_serving, OPTION_FLAG, .name = "serve",
	    .help = "serves TARGET here, too: both ends of each connection in one worker, a worker a "
		    "cpu; TARGET needs no host (echo://), without it discard://"),
	RECEIVER_OPTIONS(struct load_options, receiver),
	CLIENT_HOST_OPTIONS(struct load_options, client, "all"),
	TLS_OPTIONS(struct load_options, client.tls),
	ROW(dump, OPTION_TEXT, .name = "dump", .placeholder = "one|all[,in|out]",
	    .level = OPTION_OUTPUT,
	    .help = "shows the bytes of the first connection, or of all, on stderr; slow"),
	ROW(interval_ns, OPTION_TIME, .name = "interval", .placeholder = "TIME",
	    .default_text = "0", .level = OPTION_OUTPUT,
	    .help = "the text has a line for each so long; 0 = 1s where bytes go one way over TCP, "
		    "else no lines"),
	MARK_OPTIONS(struct load_options, client.marks),
	CONFIG_OPTION(struct load_options, client.config),
	OUTPUT_OPTIONS(struct load_options, client.output, sending),
};
/* clang-format on */

static int prepare(void *context, struct error *error)
{
	struct load *load = context;
	int result = client_resolve(&load->client, error);
	if (result >= 0 && load->far_ends)
		result = far_ends_place(load, error);
	return result < 0 ? result : receiver_prepare(&load->receiver, error);
}

static void started(const struct run *run, const struct engine *engine, struct outputs *outputs)
{
	(void)outputs;
	far_ends_meet(run->context, engine);
}

static int check_operands(const struct load_options *options, const struct operands *operands,
			  struct error *error)
{
	if (options->is_serving)
		return far_ends_check(options, operands->count, error);
	if (operands->count > 0)
		return 0;
	return error_set(error, EINVAL,
			 "what to? Name a target, as in: conntest load HOST, or "
			 "https://HOST/PATH");
}

static int plan(const struct load_options *options, const struct operands *operands,
		struct load *load, struct error *error)
{
	static const char *const own = "discard://";
	bool is_bare = options->is_serving && operands->count == 0;
	int result = check_operands(options, operands, error);
	if (result >= 0)
		result = mark_plan_parse(&options->client.marks, options->client.duration_ns, error,
					 &load->marks);
	if (result < 0)
		return result;
	signals_hold(&load->marks.signals);
	result = load_plan(options, is_bare ? &own : operands->items, is_bare ? 1 : operands->count,
			   load, error);
	if (result < 0)
		return result;
	result = receiver_plan_make(&options->receiver, load->client.uris[0].service, error,
				    &load->receiver);
	if (options->is_serving && load->client.uris[0].service == SERVICE_DISCARD)
		load->receiver.mode = RECEIVER_HERE;
	return result;
}

static int measure(const struct command *command, const struct load_options *options,
		   struct load *load)
{
	struct run run = {
		.command = command,
		.options = options,
		.output = &options->client.output,
		.plan = &load->client.plan,
		.target = load->client.target,
		.prepare = prepare,
		.context = load,
		.marks = &load->marks,
		.receiver = &load->receiver,
		.started = options->is_serving ? started : NULL,
	};
	if (options->find_rate.count > 0)
		return run_find_rate(&run, &load->find_rate);
	return run_repeated(&run, options->client.repeat);
}

static int load_run(const struct command *command, int argc, char **argv)
{
	struct load_options options = { 0 };
	struct load load = { 0 };
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	client_init(&load.client);
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code < 0)
		return command_stop(command, code, &error);
	/* One connection is the least there can be: one to each. */
	if (!option_is_given(command, &operands, "connections") && operands.count > 1)
		options.client.connections = operands.count;
	code = plan(&options, &operands, &load, &error);
	int exit_code = code < 0 ? command_fail(command, run_exit_code(code), &error)
				 : measure(command, &options, &load);
	client_deinit(&load.client);
	far_ends_deinit(&load);
	return exit_code;
}

const struct command command_load = {
	.name = "load",
	.summary = "as much or exactly as much as asked: messages, requests, bulk, and latency",
	.operands = "TARGET... | --serve [TARGET]",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct load_options),
	.description =
		"Sends as much as it can over each connection, or messages at a rate, and says what "
		"got through and how long answers took. With --rate or --bandwidth the loop is open: "
		"messages are due at even times whatever the peer does, and the response counts from "
		"then, also of those that had to wait and of those that nobody answered. Without, it "
		"is closed: each connection sends its next message when it has its answer, and there "
		"is no response time, only the service time from the first byte sent.\n\n"
		"TARGET is HOST or a URI. discard://HOST takes bytes and source://HOST sends them, as "
		"iperf3 does, over +udp as numbered datagrams at a rate (1 Mbps unless said); "
		"http:// and https:// are asked with requests in HTTP/1.1, h2c:// and https:// with "
		"--alpn h2 in HTTP/2, ws:// and wss:// with messages, grpc:// and grpcs:// with calls: "
		"the health of the service that the path names or, with -m, the method that it names "
		"(without a path conntest's echo), "
		"echo:// sends back what it gets, and tcp://HOST:PORT and tls://HOST:PORT take what "
		"-m and -f say (conntest help templates) and answer as --reply says; udp://HOST:PORT "
		"takes them as a datagram each, whose answers are not awaited. A bare HOST "
		"means discard://HOST. Several targets are used in turn, each of their addresses, and "
		"have to be of one scheme; srv://_service._proto.name is all answers of "
		"DNS, where the certificate is to be that of name.\n\n"
		"Messages of several -m are sent in turn, those of -f behind them; \\{<FILE>} in -m "
		"puts a file anywhere. Over HTTP/1.1 a connection has one request under way unless "
		"--in-flight says more (pipelining; over HTTP/2 streams, as many as the server takes, "
		"answered in any order); so it is without a rate wherever messages are "
		"answered, and any number are under way otherwise.\n\n"
		"--serve has both ends in this process: each worker serves the connections that it "
		"drives, on one cpu and through the loopback device, where nothing has to be woken. "
		"That is what this host's stack carries without a network, and what was received is "
		"counted to the byte. TARGET then says service and transport, as in http:// or "
		"discard+udp://; over TLS the certificate is made and trusted here; a port is the "
		"first worker's, and the ones behind it the others'. --workers and --cpus are of "
		"these pairs: as many as cpus or connections, each pinned, unless they say "
		"otherwise.\n\n"
		"--spin keeps workers from ever sleeping: an answer is seen several times sooner, and "
		"each worker needs a cpu to itself (--cpus 1, and another one for serve --spin). All "
		"cpu figures are then full on purpose.\n\n"
		"More connections than ulimit -n allows one process are shared by several, --processes. "
		"What they measure is one; if one of them is killed, it is named, what it had measured is "
		"kept, the others go on, and the exit code is 3. More than about 28,000 connections to one "
		"address and port also need several addresses: --source.\n\n"
		"--probe sends an echo of its own beside the load and tells how long that took: to "
		"the target itself where it answers, else to traffic:// on its host, which `conntest "
		"serve` offers.\n\n" CLIENT_LIVE_DESCRIPTION,
	.examples =
		"conntest load 10.9.1.2  # bulk to discard://, as fast as it goes, 10 s\n"
		"conntest load --probe 10/s source://10.9.1.2  # receive, and latency meanwhile\n"
		"conntest load -b 500Mbps discard+udp://10.9.1.2  # datagrams\n"
		"conntest load --serve -c 50 --message-size 64 echo://  # what this host alone can do\n"
		"conntest load -c 50 -r 20k -T 30s https://10.9.1.2/items  # latency at a rate\n"
		"conntest load -c 15k --connect-rate 1k/s -r 0.1/conn -m hello wss://feed.example/v1  "
		"# hold WebSockets\n"
		"conntest load -e -m 'PING\\r\\n' --reply 'until \\r\\n' tcp://10.9.1.2:6379  # any "
		"protocol",
	.run = load_run,
};
