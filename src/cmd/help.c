/* conntest help: overview, topics and manuals; prints pages and completions for packages. */
#include "cli/help.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/closest.h"
#include "base/service.h"
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/config_example.h"
#include "cli/manual.h"
#include "cli/topic.h"
#include "cmd/commands.h"
#include "metric/figures.h"
#include "proto/template.h"
#include "run/outputs.h"
#include "view/mesh_metrics.h"
#include "view/prometheus_family.h"

#define TOPIC_MAX_BYTES 65536

struct help_options {
	const char *completion;
	const char *mdoc;
	bool is_completing;
};

static const struct option_row help_rows[] = {
	OPTION(struct help_options, completion, OPTION_CHOICE, .name = "completion",
	       .choices = "bash zsh fish", .level = OPTION_FIRST_HOUR,
	       .help = "print the completion script of a shell"),
	OPTION(struct help_options, mdoc, OPTION_TEXT, .name = "mdoc", .placeholder = "PAGE",
	       .level = OPTION_FIRST_HOUR, .help = "print a manual page, as conntest-version"),
	OPTION(struct help_options, is_completing, OPTION_FLAG, .name = "complete",
	       .level = OPTION_ALL,
	       .help = "what completion scripts ask: how the last word behind -- may go on"),
};

static void print_targets(FILE *out)
{
	static const char *const over[] = {
		[SERVICE_OVER_TCP] = "",
		[SERVICE_OVER_TCP_UDP] = "; also over udp",
		[SERVICE_OVER_UDP] = "; over udp",
		[SERVICE_OVER_UDP_TCP] = "; over udp, also over tcp",
		[SERVICE_OVER_IP] = "",
	};
	(void)fprintf(out,
		      "A target is SCHEME://HOST[:PORT][/PATH]. A name, an IPv4 address or an IPv6 "
		      "address in brackets.\n\n"
		      "SCHEME      PORT\n");
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		enum service service = (enum service)i;
		char port[8] = "-";
		if (service_port(service) > 0)
			(void)snprintf(port, sizeof(port), "%u", service_port(service));
		(void)fprintf(out, "%-10s %5s  %s%s\n", service_name(service), port,
			      service_sentence(service), over[service_over(service)]);
		if (service_tls_name(service))
			(void)fprintf(out, "%-10s %5u  %s over TLS\n", service_tls_name(service),
				      service_tls_port(service), service_name(service));
	}
	(void)fprintf(
		out,
		"tcp, udp, tls     traffic, path: the service traffic over this transport;\n"
		"                  load: bytes as given; ping: the connection and the handshake, of udp "
		"an echo\n"
		"srv               all answers of a DNS name: srv://_traffic._tcp.web.example\n"
		"                  (over TLS as in _https: the certificate is to be web.example's)\n"
		"\n"
		"A service runs over TCP unless the scheme ends in +udp or +tls, "
		"discard+udp://HOST,\nor says otherwise above.\n"
		"http and ws targets may have a path and a query, which are sent as they are "
		"written.\n"
		"A bare HOST means the command's own service.\n");
}

static void print_units(FILE *out)
{
	(void)fprintf(out,
		      "Times        ns us ms s m h d          10s, 1.5s, 200ms\n"
		      "Counts       k M G (1000)              15k\n"
		      "Rates        the same, per second      20k, 10/conn: for each connection\n"
		      "Sizes        B kB MB GB (1000)         64, 100kB\n"
		      "             KiB MiB GiB (1024)        64KiB\n"
		      "Bandwidths   bps kbps Mbps Gbps        500Mbps (bits)\n"
		      "             Bps kBps MBps GBps        60MBps (bytes), 2Mbps/conn\n"
		      "\n"
		      "Letters in any case, but b is a bit and B a byte in bandwidths. 0 needs "
		      "no unit.\n");
}

static void print_figures(FILE *out)
{
	struct buffer text cleanup(buffer_deinit);
	buffer_init(&text, TOPIC_MAX_BYTES);
	figures_help(&text);
	(void)fputs(buffer_text(&text), out);
}

static void print_formats(FILE *out)
{
	struct buffer text cleanup(buffer_deinit);
	buffer_init(&text, TOPIC_MAX_BYTES);
	outputs_help(&text);
	(void)fputs(buffer_text(&text), out);
}

static void print_metrics(FILE *out)
{
	struct buffer text cleanup(buffer_deinit);
	buffer_init(&text, TOPIC_MAX_BYTES);
	prometheus_help(&text);
	buffer_append_text(&text, "\n");
	mesh_metrics_help(&text);
	(void)fputs(buffer_text(&text), out);
}

static void print_templates(FILE *out)
{
	struct buffer text cleanup(buffer_deinit);
	buffer_init(&text, TOPIC_MAX_BYTES);
	template_help(&text);
	(void)fputs(buffer_text(&text), out);
}

static void print_find_rate(FILE *out)
{
	(void)fprintf(
		out,
		"load --find-rate CONDITION looks for the highest rate at which CONDITION holds:\n"
		"\n"
		"  conntest load -c 50 --find-rate 'response.p99 < 10ms' -T 10s "
		"https://HOST/items\n"
		"  conntest load --find-rate 'lost == 0' -T 5s discard+udp://HOST\n"
		"\n"
		"CONDITION is that of --expect (conntest help figures); several have to hold "
		"together.\n"
		"It begins at --find-rate-from, doubles the rate while it holds, or divides it by "
		"four\n"
		"until it does. Short trials come first, a 20th of -T; those that decide are as "
		"long as\n"
		"-T, which is what the rate has to hold for. There are at most 64, of 20 times -T "
		"of\n"
		"sending together, each on new connections. One verdict may be chance: a first "
		"failure\n"
		"is tried again, and near the limit each verdict only moves the odds of where it "
		"is.\n"
		"\n"
		"It tells a rate that held for all of -T, and the interval in which the highest "
		"such rate\n"
		"lies 19 times in 20, and ends when that is 4 %% wide. The report has every trial "
		"in\n"
		"search.trials; all else in it is of the trial that held.\n"
		"\n"
		"A trial may fail for want of this host: messages not sent in time, a worker "
		"without a\n"
		"cpu, a receive queue that overflowed. \"this host is the limit, not the target\" "
		"then\n"
		"stands in the result: more -w or another host may do more.\n"
		"\n"
		"lost of discard+udp:// and of udp:// is what the receiver counted: control has to "
		"be\n"
		"there (--receiver, --receiver-token). Of echo+udp:// it is what did not come "
		"back, and\n"
		"each trial that lost something waits for the --reply-timeout. Over TCP it is what\n"
		"connections owed when they ended.\n");
}

static void print_environment(FILE *out)
{
	(void)fprintf(
		out,
		"CONNTEST_COMMAND_OPTION  any option: CONNTEST_TRAFFIC_CONNECT_RATE=50\n"
		"                         It outweighs a file of --config, and the command "
		"line outweighs it.\n"
		"                         A flag is true or false; the items of an option that "
		"may be repeated\n"
		"                         stand on lines of their own.\n"
		"NODE_NAME                what mesh calls this node, unless --node says it\n"
		"NO_COLOR                 no colour, unless --color always\n"
		"XDG_STATE_HOME           reports are kept in its folder conntest "
		"(~/.local/state)\n");
}

static void print_exit_codes(FILE *out)
{
	for (unsigned code = EXIT_OK; code <= EXIT_UNABLE; code++)
		(void)fprintf(out, "%u  %s\n", code, exit_code_sentence((enum exit_code)code));
	(void)fprintf(out, "Where several apply, the highest.\n");
}

const struct topic *topic_table(void)
{
	static const struct topic topics[] = {
		{ "figures", "what --expect, JSON and CSV name", print_figures },
		{ "formats", "what -o writes, and the columns of CSV", print_formats },
		{ "metrics", "what --metrics and mesh expose, by name", print_metrics },
		{ "targets", "what to connect to: schemes and ports", print_targets },
		{ "units", "times, counts, rates, sizes, bandwidths", print_units },
		{ "templates", "what varies in messages: \\{connection.uid}, \\{re [a-z]{4}}",
		  print_templates },
		{ "find-rate", "how load --find-rate finds the highest rate", print_find_rate },
		{ "config", "a file of options, for --config", config_example_print },
		{ "environment", "variables that are read", print_environment },
		{ "exit-codes", "what the exit status says", print_exit_codes },
		{ 0 },
	};
	return topics;
}

/* Through the system's viewer, which brings its pager. -ENOENT: there is none. */
static int view_manual(const struct command *command)
{
	char page[MANUAL_PAGE_MAX];
	/* A pager that is left early relies on SIGPIPE, which main() ignores and children inherit.
	 */
	(void)signal(SIGPIPE, SIG_DFL);
	FILE *viewer = popen("if command -v man >/dev/null; then exec man -l -; "
			     "else exec mandoc -a 2>/dev/null; fi",
			     "we");
	(void)signal(SIGPIPE, SIG_IGN);
	if (!viewer)
		return -errno;
	int code = manual_print(viewer, manual_page(command, page));
	bool is_missing = pclose(viewer) == 127 << 8;
	return is_missing ? -ENOENT : code;
}

static int explain_command(const struct command *command)
{
	if (!isatty(STDOUT_FILENO) || view_manual(command) < 0)
		help_print_command(stdout, command, OPTION_ALL);
	return EXIT_OK;
}

/* Commands first: what names are there to mean? */
#define NAMES_MAX 64
static int no_such_help(const struct command *command, const char *name)
{
	const char *names[NAMES_MAX];
	size_t count = 0;
	for (const struct command *const *row = command_table(); *row && count < NAMES_MAX; row++)
		names[count++] = (*row)->name;
	for (const struct topic *topic = topic_table(); topic->name && count < NAMES_MAX; topic++)
		names[count++] = topic->name;

	struct error error;
	const char *closest = closest_word(name, names, count);
	(void)error_set(&error, EINVAL, "%s: neither a command nor a topic%s%s%s", name,
			closest ? "; did you mean " : " (conntest --help lists them)",
			closest ? closest : "", closest ? "?" : "");
	return command_fail(command, EXIT_USAGE, &error);
}

/* `words` may name a command inside a group: "report show". */
static int explain(const struct command *command, const char *const *words, size_t count)
{
	char name[128];
	(void)snprintf(name, sizeof(name), "%s%s%s", words[0], count > 1 ? " " : "",
		       count > 1 ? words[1] : "");
	const struct command *found = command_find(name);
	const struct topic *topic = topic_find(name);
	if (found)
		return explain_command(found);
	if (!topic)
		return no_such_help(command, name);
	topic->print(stdout);
	return EXIT_OK;
}

static int print_page(const struct command *command, const char *page)
{
	struct error error;
	if (manual_print(stdout, page) >= 0)
		return EXIT_OK;
	(void)error_set(&error, EINVAL, "--mdoc: there is no page \"%s\"", page);
	return command_fail(command, EXIT_USAGE, &error);
}

static int help_run(const struct command *command, int argc, char **argv)
{
	struct help_options options;
	struct error error = { "" };
	struct operands operands cleanup(operands_deinit);
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code < 0)
		return command_stop(command, code, &error);
	if (options.mdoc)
		return print_page(command, options.mdoc);
	if (options.is_completing)
		complete_print(stdout, operands.items, operands.count);
	else if (options.completion)
		(void)fputs(complete_script(options.completion), stdout);
	else if (operands.count > 0)
		return explain(command, operands.items, operands.count);
	else
		help_print_overview(stdout);
	return EXIT_OK;
}

const struct command command_help = {
	.name = "help",
	.summary = "the manual of a command, or a topic",
	.operands = "[COMMAND|TOPIC]",
	.options = { help_rows, array_size(help_rows) },
	.options_size = sizeof(struct help_options),
	.description = "Opens the manual of a command on a terminal; elsewhere prints all its "
		       "options as plain text.\n"
		       "Without an operand lists the commands and topics.\n"
		       "\n"
		       "Packages install what\n"
		       "--mdoc and --completion print.",
	.examples =
		"conntest help traffic   # the manual\n"
		"conntest help units     # how to write 10s, 1KiB and 5Mbps\n"
		"conntest help --completion bash > ~/.local/share/bash-completion/completions/conntest",
	.run = help_run,
};
