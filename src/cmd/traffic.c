/* conntest traffic: continuous paced traffic through a fail-over. */
#include "cmd/traffic.h"

#include <errno.h>

#include "base/units.h"
#include "cli/config.h"
#include "cmd/commands.h"
#include "run/repeat.h"
#include "run/signals.h"

#define ROW(field, kind, ...) OPTION(struct traffic_options, field, kind, __VA_ARGS__)

/* clang-format off */
static const struct option_row rows[] = {
	CLIENT_WORK_OPTIONS(struct traffic_options, client, "20", "10/conn",
		"persistent connections to keep; over udp:// flows",
		"messages a second for the whole run, or N/conn for each connection"),
	ROW(client.message_bytes, OPTION_SIZE, .name = "message-size", .placeholder = "SIZE",
	    .default_text = "1KiB", .minimum = "64B", .maximum = "16MiB", .level = OPTION_ALL,
	    .help = "bytes of a message and of its echo"),
	ROW(new_connections, OPTION_TEXT, .name = "new-connections", .placeholder = "RATE|off",
	    .default_text = "10/s",
	    .help = "besides: connect, one echo, close, at this rate"),
	CLIENT_DURATION_OPTION(struct traffic_options, client,
		"from the moment when every connection is up or had its --connect-timeout; 0 = until "
		"interrupted, or the COMMAND behind -- is over (then the default)"),
	CLIENT_CONNECT_OPTIONS(struct traffic_options, client, "500/s"),
	CLIENT_MESSAGE_OPTIONS(struct traffic_options, client, OPTION_ALL),
	CLIENT_REPLY_OPTIONS(struct traffic_options, client, OPTION_FIRST_HOUR),
	ROW(stall_after_ns, OPTION_TIME, .name = "stall-after", .placeholder = "TIME",
	    .default_text = "200ms", .minimum = "1ms", .level = OPTION_ALL,
	    .help = "silence that counts as a stall"),
	ROW(path_probe, OPTION_TEXT, .name = "path-probe", .placeholder = "auto|RATE|off",
	    .default_text = "auto", .level = OPTION_ALL,
	    .help = "UDP probes beside the connections, RATE is each flow's; auto = 20/s if the first "
		    "of three is answered"),
	ROW(path_flows, OPTION_COUNT, .name = "path-flows", .placeholder = "N",
	    .default_text = "16", .minimum = "1", .maximum = "1024", .level = OPTION_ALL,
	    .help = "source ports that the path probes use"),
	ROW(outage_after, OPTION_COUNT, .name = "outage-after", .placeholder = "N",
	    .default_text = "3", .minimum = "1", .maximum = "1000", .level = OPTION_ALL,
	    .help = "unanswered probes in a row that make a path outage"),
	CLIENT_HOST_OPTIONS(struct traffic_options, client, "first"),
	TLS_OPTIONS(struct traffic_options, client.tls),
	MARK_OPTIONS(struct traffic_options, client.marks),
	ROW(before_ns, OPTION_TIME, .name = "before", .placeholder = "TIME",
	    .default_text = "2s", .level = OPTION_ALL,
	    .help = "measures so long before it starts the COMMAND behind --"),
	ROW(after_ns, OPTION_TIME, .name = "after", .placeholder = "TIME",
	    .default_text = "10s", .level = OPTION_ALL,
	    .help = "measures so long after the COMMAND has ended"),
	CONFIG_OPTION(struct traffic_options, client.config),
	OUTPUT_OPTIONS(struct traffic_options, client.output, sending),
};
/* clang-format on */

static int prepare(void *context, struct error *error)
{
	struct traffic *traffic = context;
	return client_resolve(&traffic->client, error);
}

static int check_operands(const struct operands *operands, struct error *error)
{
	if (operands->count != 1)
		return error_set(error, EINVAL,
				 operands->count ? "one target at a time, please: %s and %s"
						 : "what to? Name a target, as in: conntest "
						   "traffic HOST",
				 operands->items[0], operands->count ? operands->items[1] : "");
	if (operands->wrapped && operands->wrapped_count == 0)
		return error_set(error, EINVAL, "--: the command to run belongs behind it");
	return 0;
}

/* A command that is wrapped ends the run, unless a length was asked for. */
static int plan_marks(const struct command *command, const struct operands *operands,
		      struct traffic_options *options, struct traffic *traffic, struct error *error)
{
	traffic->wrap = (struct wrap_plan){
		.words = operands->wrapped,
		.before_ns = options->before_ns,
		.after_ns = options->after_ns,
	};
	if (operands->wrapped && !option_is_given(command, operands, "duration"))
		options->client.duration_ns = 0;
	if (operands->wrapped && options->client.duration_ns &&
	    options->client.duration_ns <= options->before_ns)
		return error_set(error, EINVAL,
				 "--before: the run would be over (-T) before its command starts");
	int result = mark_plan_parse(&options->client.marks, options->client.duration_ns, error,
				     &traffic->marks);
	if (result >= 0)
		signals_hold(&traffic->marks.signals);
	return result;
}

static int traffic_run(const struct command *command, int argc, char **argv)
{
	struct traffic_options options = { 0 };
	struct traffic traffic;
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	client_init(&traffic.client);
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code >= 0)
		code = check_operands(&operands, &error);
	if (code >= 0)
		code = plan_marks(command, &operands, &options, &traffic, &error);
	if (code < 0) {
		client_deinit(&traffic.client);
		return command_stop(command, code, &error);
	}
	code = traffic_plan(&options, operands.items[0], &traffic, &error);
	struct run run = {
		.command = command,
		.options = &options,
		.output = &options.client.output,
		.plan = &traffic.client.plan,
		.target = traffic.client.target,
		.prepare = prepare,
		.context = &traffic,
		.marks = &traffic.marks,
		.wrap = traffic.wrap.words ? &traffic.wrap : NULL,
	};
	int exit_code = code < 0 ? command_fail(command, run_exit_code(code), &error)
				 : run_repeated(&run, options.client.repeat);
	client_deinit(&traffic.client);
	return exit_code;
}

const struct command command_traffic = {
	.name = "traffic",
	.summary =
		"hold paced connections through a fail-over and say what broke, for whom, how long",
	.operands = "TARGET [-- COMMAND [ARG...]]",
	.wraps_command = true,
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct traffic_options),
	.description =
		"Keeps connections to a server that echoes, sends messages over each at an even "
		"rate, opens new connections besides, and probes the path by UDP where the server "
		"answers that too. Says which connections were interrupted and how long, to within "
		"one sending interval, by backend; what was lost; and whether this host kept its "
		"schedule.\n\n"
		"TARGET is HOST, HOST:PORT or a URI: traffic://HOST (port 5003; `conntest serve`, "
		"ctraffic, or any TCP echo), traffic+udp://HOST for datagram flows, "
		"traffic+tls://HOST, echo://HOST, http://, https://, h2c://, grpc://, grpcs://, ws:// and "
		"wss://HOST[/PATH], https:// with --alpn h2 in HTTP/2, "
		"srv://_service._proto.name, where the certificate is to be that of name. Over HTTP a "
		"message is a request and its response the answer, in order; a status of 500 or more, "
		"or what --expect-status and --expect-text do not allow, is no service; --backend says "
		"where a response names its backend.\n\n"
		"COMMAND is started --before after the connections are up, and --after its end the "
		"run is over; -T, if given, bounds both. Its output goes to stderr, that it exits "
		"with 0 is expected (command.exit), and its start and end are marks. As under "
		"timeout(1) it has a process group of its own, SIGINT, SIGTERM and SIGHUP are passed "
		"on to it, and its status counts as 124 where -T was over first (SIGTERM, 5 s later "
		"SIGKILL), 126 or 127 where it can't be started, and 128 + n where signal n ended "
		"it. It reads our standard input unless that is a terminal. What it leaves running "
		"in the background is not waited for.\n\n"
		"A mark names a moment: --mark-on a signal, --mark a time, --exec a command. For each "
		"the report says how many connections broke or stalled before the next mark, when the "
		"first and the last of them were answered again, and when the answers of 100 ms were "
		"back at 90, 95 and 99 % of what they were in the 2 s before, for a whole second. A "
		"mark before the start or after the end is kept and not measured; signals that come "
		"at once are one mark.\n\n" CLIENT_LIVE_DESCRIPTION " They change the persistent "
		"connections; new connections and path probes go on.",
	.examples =
		"conntest traffic 10.20.0.5  # 20 connections, 10 messages a second each, 10 s\n"
		"conntest traffic -c 200 -T 60s --expect graceful web:5003  # exit 1 if a "
		"message is lost\n"
		"conntest traffic -T 0 -o json=run.json web:5003  # until Ctrl-C, with a record\n"
		"conntest traffic --exec '3s=ssh node-3 reboot' web:5003  # until all is well again\n"
		"conntest traffic --expect graceful web:5003 -- ./upgrade.sh  # did it drop "
		"anything?",
	.run = traffic_run,
};
