/* conntest mesh: its options. */
#include "cmd/mesh.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cli/config.h"
#include "cmd/commands.h"
#include "cmd/serve_places.h"
#include "engine/service.h"
#include "mesh/pinglist.h"
#include "metric/mesh_peer.h"
#include "run/mesh.h"
#include "run/run.h"

/* clang-format off */
static const struct option_row rows[] = {
	OPTION(struct mesh_options, peers, OPTION_LIST, .name = "peers",
	       .placeholder = "SOURCE", .level = OPTION_FIRST_HOUR,
	       .help = "HOST:PORT (all its addresses), srv://_NAME._tcp.DOMAIN, file:PATH (file_sd) or "
		       "http(s)://... (http_sd, or a pingmesh's /v1/peers)"),
	OPTION(struct mesh_options, http, OPTION_TEXT, .name = "http", .placeholder = "ADDR:PORT|off",
	       .default_text = ":8080", .level = OPTION_FIRST_HOUR,
	       .help = "the page, the API and /metrics; port 0 = any free one"),
	OPTION(struct mesh_options, listen, OPTION_LIST, .name = "listen",
	       .placeholder = "SERVICE://[ADDR]:PORT", .level = OPTION_FIRST_HOUR,
	       .values = serve_places_offer,
	       .help = "what it answers, as of serve; without it traffic over TCP and UDP on port 5003, with "
		       "--control-token control on 5004, and with --once nothing"),
	OPTION(struct mesh_options, node, OPTION_TEXT, .name = "node", .placeholder = "NAME",
	       .level = OPTION_FIRST_HOUR,
	       .help = "what peers call this node; without it NODE_NAME of the environment, or the host's name"),
	OPTION(struct mesh_options, location, OPTION_TEXT, .name = "location", .placeholder = "NAME",
	       .level = OPTION_FIRST_HOUR,
	       .help = "its zone, rack row or site: faults are looked for between these"),
	OPTION(struct mesh_options, labels, OPTION_LIST, .name = "label", .placeholder = "NAME=VALUE",
	       .level = OPTION_ALL,
	       .help = "stands beside this node in /sd, for who scrapes it; 8 at most"),
	MESH_PROBE_OPTIONS(struct mesh_options, probing),
	OPTION(struct mesh_options, is_once, OPTION_FLAG, .name = "once", .level = OPTION_FIRST_HOUR,
	       .help = "probes every peer for -T, more often than a daemon, and reports the bad ones first; exit 1 for "
		       "these with --expect 'peers.bad == 0'"),
	OPTION(struct mesh_options, duration_ns, OPTION_TIME, .name = "duration", .letter = 'T',
	       .placeholder = "TIME", .default_text = "10s", .minimum = "1s",
	       .level = OPTION_FIRST_HOUR, .help = "of --once"),
	OPTION(struct mesh_options, has_all, OPTION_FLAG, .name = "all", .level = OPTION_ALL,
	       .help = "--once lists the peers that are well, too"),
	OPTION(struct mesh_options, token, OPTION_TEXT, .name = "token",
	       .placeholder = "TEXT|@FILE", .is_secret = true, .level = OPTION_FIRST_HOUR,
	       .help = "lets who has it add peers, mark and quit over HTTP; without it nobody can"),
	OPTION(struct mesh_options, token_for_all, OPTION_FLAG, .name = "token-for-all",
	       .level = OPTION_ALL, .help = "reading needs the token, too, but for /healthz and /readyz"),
	OPTION(struct mesh_options, allow, OPTION_LIST, .name = "allow",
	       .placeholder = "SUBNET|NAME|.DOMAIN", .level = OPTION_ALL,
	       .help = "where peers may be that are named over the API or by a source over the network"),
	OPTION(struct mesh_options, http_port, OPTION_COUNT, .name = "http-port", .placeholder = "PORT",
	       .default_text = "0", .maximum = "65535", .level = OPTION_ALL,
	       .help = "of the peers' pages, where nothing says otherwise; 0 = as of --http"),
	OPTION(struct mesh_options, packets_max, OPTION_COUNT, .name = "max-rate",
	       .placeholder = "PACKETS", .default_text = "20k", .level = OPTION_ALL,
	       .help = "probe packets a second, all peers together; 0 = no limit"),
	OPTION(struct mesh_options, bandwidth_max, OPTION_BANDWIDTH, .name = "max-bandwidth",
	       .placeholder = "BANDWIDTH", .default_text = "100Mbps", .level = OPTION_ALL,
	       .help = "of probes, all peers together; 0 = no limit"),
	OPTION(struct mesh_options, peers_max, OPTION_COUNT, .name = "max-peers", .placeholder = "N",
	       .default_text = "10k", .minimum = "1", .maximum = "100k", .level = OPTION_ALL,
	       .help = "that are listed; those beyond are refused and counted"),
	OPTION(struct mesh_options, pairs_max, OPTION_COUNT, .name = "max-pairs", .placeholder = "N",
	       .default_text = "1024", .minimum = "1", .maximum = "10k", .level = OPTION_ALL,
	       .help = "that are probed or remembered at once"),
	OPTION(struct mesh_options, windows, OPTION_COUNT, .name = "bad-windows", .placeholder = "N",
	       .default_text = "2", .minimum = "1", .maximum = "100", .level = OPTION_ALL,
	       .help = "in a row before it speaks, and good ones before it takes that back"),
	OPTION(struct mesh_options, slow_ns, OPTION_TIME, .name = "slow", .placeholder = "TIME",
	       .default_text = "0", .level = OPTION_ALL,
	       .help = "a round trip above this is slow; 0 = by what was usual"),
	OPTION(struct mesh_options, forget_ns, OPTION_TIME, .name = "forget", .placeholder = "TIME",
	       .default_text = "10m", .minimum = "1s", .level = OPTION_ALL,
	       .help = "series of a peer that is gone stay so long"),
	OPTION(struct mesh_options, refresh_ns, OPTION_TIME, .name = "refresh", .placeholder = "TIME",
	       .default_text = "0", .level = OPTION_ALL,
	       .help = "asks sources over HTTP again after so long; 0 = 60s; names go by their TTL, and files are "
		       "looked at every 2s"),
	OPTION(struct mesh_options, dns, OPTION_TEXT, .name = "dns", .placeholder = "ADDR[:PORT],...",
	       .level = OPTION_ALL, .help = "asks these servers instead of the system's"),
	OPTION(struct mesh_options, control_token, OPTION_TEXT, .name = "control-token",
	       .placeholder = "TEXT|@FILE", .is_secret = true, .level = OPTION_ALL,
	       .help = "the same on all nodes: each asks its peers to try the way back, too; it travels in "
		       "plain text"),
	OPTION(struct mesh_options, events, OPTION_TEXT, .name = "events", .placeholder = "FILE",
	       .level = OPTION_OUTPUT, .help = "appends what happens there, as NDJSON"),
	OPTION(struct mesh_options, has_pairs, OPTION_FLAG, .name = "pairs", .level = OPTION_OUTPUT,
	       .help = "/metrics has every pair, not just locations and the worst pairs"),
	OPTION(struct mesh_options, worst, OPTION_COUNT, .name = "worst", .placeholder = "N",
	       .default_text = "10", .maximum = "1000", .level = OPTION_OUTPUT,
	       .help = "so many bad pairs stand in /metrics on their own"),
	OPTION(struct mesh_options, has_legacy, OPTION_FLAG, .name = "legacy-metrics",
	       .level = OPTION_OUTPUT,
	       .help = "the names of Thought Machine's conntest, too, as its dashboards have them"),
	OPTION(struct mesh_options, drain_ns, OPTION_TIME, .name = "drain", .placeholder = "TIME",
	       .default_text = "5s", .level = OPTION_ALL,
	       .help = "at its end answers say for so long that this node leaves"),
	OPTION(struct mesh_options, is_https, OPTION_FLAG, .name = "https", .level = OPTION_TLS,
	       .help = "--http is over TLS, and the peers' pages are taken to be"),
	OPTION(struct mesh_options, peers_https, OPTION_FLAG, .name = "peers-https",
	       .level = OPTION_TLS, .help = "the peers' pages are, and this node's need not be"),
	OPTION(struct mesh_options, cert, OPTION_TEXT, .name = "cert", .placeholder = "FILE",
	       .level = OPTION_TLS,
	       .help = "certificate for --https and services +tls (PEM, with its chain); without it one "
		       "that is made for this run"),
	OPTION(struct mesh_options, key, OPTION_TEXT, .name = "key", .placeholder = "FILE",
	       .level = OPTION_TLS, .help = "its key (PEM); without it in the file of --cert"),
	OPTION(struct mesh_options, ca, OPTION_TEXT, .name = "ca", .placeholder = "FILE",
	       .level = OPTION_TLS,
	       .help = "trusts the certificates in this file (PEM), and no others"),
	OPTION(struct mesh_options, is_insecure, OPTION_FLAG, .name = "insecure", .letter = 'k',
	       .level = OPTION_TLS, .help = "takes any certificate, whoever shows it"),
	CONFIG_OPTION(struct mesh_options, config),
	OUTPUT_REPORT_OPTIONS(struct mesh_options, output, mesh, "; of --once"),
	OUTPUT_LIVE_OPTIONS(struct mesh_options, output),
	OPTION(struct mesh_options, output.is_quiet, OPTION_FLAG, .name = "quiet", .letter = 'q',
	       .level = OPTION_OUTPUT, .help = "no events on stderr"),
	OUTPUT_KEPT_OPTION(struct mesh_options, output),
	PUSH_MESH_OPTIONS(struct mesh_options, output.push),
};
/* clang-format on */

/* ---- the command */

struct mesh_command {
	const struct command *command;
	int argc;
	char **argv;
	struct mesh_options options;
	struct operands operands;
	struct mesh_build build;
	/* Behind SIGHUP: what was read anew. */
	struct mesh_command *next;
};

static int check(const struct command *command, const struct mesh_options *options,
		 const struct operands *operands, struct error *error)
{
	if (operands->count > 0)
		return error_set(error, EINVAL, "%s: peers come with --peers %s",
				 operands->items[0], operands->items[0]);
	if (options->is_once && options->peers.count == 0)
		return error_set(error, EINVAL,
				 "--once: whom to probe? Name a source, as in --peers "
				 "srv://_traffic._tcp.mesh.example");
	if (!options->is_once && options->output.expect.count > 0)
		return error_set(error, EINVAL, "--expect: goes with --once");
	if (!options->is_once && option_is_given(command, operands, "duration"))
		return error_set(error, EINVAL, "-T: goes with --once");
	if (!options->is_once && options->has_all)
		return error_set(error, EINVAL, "--all: goes with --once");
	if (!options->is_once && options->output.formats.count > 0)
		return error_set(
			error, EINVAL,
			"-o: goes with --once; a daemon tells at --http, --events, --statsd "
			"and --otlp");
	return 0;
}

static int read_command(struct mesh_command *mesh, struct error *error)
{
	int code = options_parse(mesh->command, mesh->argc, mesh->argv, &mesh->options,
				 &mesh->operands, error);

	if (code >= 0 && mesh->options.is_once)
		mesh_build_hurry(mesh->command, &mesh->operands, &mesh->options);
	if (code >= 0)
		code = check(mesh->command, &mesh->options, &mesh->operands, error);
	if (code >= 0)
		code = mesh_build_plan(&mesh->options, error, &mesh->build);
	return code;
}

static struct mesh_command *new_command(const struct command *command, int argc, char **argv)
{
	struct mesh_command *mesh = calloc(1, sizeof(*mesh));

	if (mesh == NULL)
		return NULL;
	mesh->command = command;
	mesh->argc = argc;
	mesh->argv = argv;
	mesh_build_init(&mesh->build);
	return mesh;
}

static void free_commands(struct mesh_command *mesh)
{
	while (mesh != NULL) {
		struct mesh_command *next = mesh->next;
		mesh_build_deinit(&mesh->build);
		operands_deinit(&mesh->operands);
		free(mesh);
		mesh = next;
	}
}

/* SIGHUP: the file, the environment and the same command line again. */
static int reload(void *context, struct error *error, const struct mesh_plan **ret)
{
	struct mesh_command *mesh = context;
	struct mesh_command *again = new_command(mesh->command, mesh->argc, mesh->argv);

	if (again == NULL)
		return error_set(error, ENOMEM, "out of memory");
	int code = read_command(again, error);
	if (code >= 0)
		code = mesh_reload_check(mesh->command, &mesh->options, &again->options, error);
	if (code < 0) {
		free_commands(again);
		return code;
	}
	free_commands(mesh->next);
	mesh->next = again;
	*ret = &again->build.plan;
	return 0;
}

/* "srv://_conntest._tcp.example and 2 more" */
static const char *target_text(struct mesh_command *mesh)
{
	const struct option_list *peers = &mesh->options.peers;

	if (peers->count == 0)
		return "nobody";
	if (peers->count == 1)
		return peers->items[0];
	return arena_format(&mesh->build.arena, "%s and %zu more", peers->items[0],
			    peers->count - 1);
}

static int run_command(struct mesh_command *mesh, struct error *error)
{
	struct mesh_run run = {
		.command = mesh->command,
		.options = &mesh->options,
		.output = &mesh->options.output,
		.plan = &mesh->build.plan,
		.target = target_text(mesh),
		.reload = reload,
		.context = mesh,
	};
	int code = mesh_build_tls(&mesh->options, error, &mesh->build);

	if (code < 0)
		return command_fail(mesh->command, run_exit_code(code), error);
	return mesh->options.is_once ? mesh_once(&run) : mesh_serve(&run);
}

static int mesh_command_run(const struct command *command, int argc, char **argv)
{
	struct error error = { "" };
	struct mesh_command *mesh = new_command(command, argc, argv);
	int code;

	if (mesh == NULL)
		return command_fail(command, EXIT_UNABLE, &(struct error){ "out of memory" });
	code = read_command(mesh, &error);
	code = code < 0 ? command_stop(command, code, &error) : run_command(mesh, &error);
	free_commands(mesh);
	return code;
}

const struct command command_mesh = {
	.name = "mesh",
	.summary = "every pair of nodes, all the time: serves, finds peers, probes them, exports",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct mesh_options),
	.description =
		"A daemon, one on each node: it answers probes, finds its peers, probes them, each on a "
		"schedule of its own, and shows what it found as a page, as metrics and over an API. "
		"Memory and packets are bounded whatever it is told.\n\n"
		"Peers come from --peers, which may be repeated. A name is asked for again when its TTL "
		"is over, and a file is read again when it changes; where a source fails its old answer "
		"stays. Up to 30 nodes each probes every other; beyond that each probes --peers-each of "
		"them, chosen by a hash of all names, so that every node reckons the same. conntest mesh "
		"plan tells what that covers.\n\n"
		"A verdict needs two bad windows of 30 s in a row, and says whose fault it is: this agent, "
		"the peer's host, the network, or the service. Own delays, throttled time and lost receive "
		"queues are looked at first: a starved agent accuses itself and nobody else. What several bad "
		"pairs have in common, a peer, a location or this node, is told once.\n\n"
		"With --once it probes all of its peers, unless options say otherwise every 166 ms by UDP, "
		"every second by TCP and every 3 s at full size; -T is one window, and one is enough.\n\n"
		"At --http stand the page (/), /metrics, /v1/events (NDJSON, ?after=NUMBER), /v1/peers, "
		"/v1/ping and /v1/metrics in pingmesh's shapes, /sd for Prometheus, /healthz and /readyz. "
		"Who has the --token may POST to /v1/addpeer, /v1/mark and /v1/quit.\n\n"
		"SIGHUP reads the file of --config again: peers, probes, their intervals, caps and what a verdict "
		"needs may change; a wrong one, or one in which more has changed, is refused and the old one "
		"stays; --events is opened anew. SIGTERM tells the peers, for --drain, and ends. SIGUSR1 is an event, a mark.",
	.variables =
		"Where --node and CONNTEST_MESH_NODE are not given, NODE_NAME is what this node is "
		"called, as the older conntest has it.",
	.examples =
		"conntest mesh --peers srv://_traffic._tcp.mesh.example --location zone-a  # on each node\n"
		"conntest mesh --peers node-1:5003 --peers node-2:5003 --node node-3  # named one by one\n"
		"conntest mesh --peers file:/etc/conntest/peers.json --http 127.0.0.1:8080  # file_sd\n"
		"conntest mesh --once --peers node-1:5003 --expect 'lost == 0'  # in CI: exit status 1 if not\n"
		"conntest mesh plan 1000  # what a mesh of 1,000 nodes covers and costs",
	.run = mesh_command_run,
};
