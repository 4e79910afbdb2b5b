/* conntest serve: options to plan. What it says first is in serve_started.c. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/message.h"
#include "cmd/commands.h"
#include "cmd/serve_health.h"
#include "cmd/serve_places.h"
#include "cmd/serve_stamp.h"
#include "cmd/serve_started.h"
#include "cmd/serve_tls.h"
#include "cmd/socket_options.h"
#include "engine/service.h"
#include "proto/control.h"
#include "proto/traffic_wire.h"
#include "run/run.h"
#include "sys/cpu.h"

struct serve_options {
	struct option_list listen;
	struct option_list health;
	const char *name;
	const char *control_token;
	uint64_t drain_ns;
	uint64_t duration_ns;
	uint64_t connections_max;
	uint64_t workers;
	uint64_t processes;
	const char *cpus;
	uint64_t tick_ns;
	bool is_spinning;
	struct socket_choice sockets;
	struct serve_stamp_options stamp;
	struct serve_tls_options tls;
	const char *config;
	struct output_options output;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION(struct serve_options, listen, OPTION_LIST, .name = "listen",
	       .placeholder = "SERVICE://[ADDR]:PORT", .level = OPTION_FIRST_HOUR,
	       .values = serve_places_offer,
	       .help = "traffic, echo, discard (+udp), source (+udp), http, h2c, grpc, ws, ack, stamp or control, "
		       "over TCP also +tls; port 0 = any free one"),
	OPTION(struct serve_options, health, OPTION_LIST, .name = "health",
	       .placeholder = "NAME=serving|not-serving|unknown", .level = OPTION_ALL,
	       .help = "what grpc's health checks are told of this service; no NAME = the server as a whole"),
	OPTION(struct serve_options, name, OPTION_TEXT, .name = "name",
	       .placeholder = "NAME", .level = OPTION_FIRST_HOUR,
	       .help = "the host name that clients of traffic get to see, instead of this host's"),
	OPTION(struct serve_options, control_token, OPTION_TEXT, .name = "control-token",
	       .placeholder = "TEXT|@FILE", .is_secret = true, .level = OPTION_ALL,
	       .help = "lets other hosts ask control what has arrived here; it travels in plain text"),
	OPTION(struct serve_options, drain_ns, OPTION_TIME, .name = "drain",
	       .placeholder = "TIME", .default_text = "5s", .level = OPTION_FIRST_HOUR,
	       .help = "how long connections have to come to the end of a message when it ends"),
	OPTION(struct serve_options, duration_ns, OPTION_TIME, .name = "duration", .letter = 'T',
	       .placeholder = "TIME", .default_text = "0", .level = OPTION_FIRST_HOUR,
	       .help = "how long; 0 = until interrupted"),
	OPTION(struct serve_options, connections_max, OPTION_COUNT, .name = "max-connections",
	       .placeholder = "N", .default_text = "0", .level = OPTION_FIRST_HOUR,
	       .help = "who comes beyond is turned away at once; 0 = what ulimit -n allows"),
	OPTION(struct serve_options, workers, OPTION_COUNT, .name = "workers", .letter = 'w',
	       .placeholder = "N", .default_text = "0", .maximum = "1024", .level = OPTION_ALL,
	       .help = "threads; 0 = one a cpu"),
	OPTION(struct serve_options, processes, OPTION_COUNT, .name = "processes",
	       .placeholder = "N", .default_text = "1", .minimum = "1", .maximum = "64",
	       .level = OPTION_ALL,
	       .help = "forks the workers into so many processes: as many times the connections that "
		       "ulimit -n allows one, shared out by the kernel's hash"),
	OPTION(struct serve_options, cpus, OPTION_TEXT, .name = "cpus",
	       .placeholder = "auto|off|LIST", .default_text = "auto", .level = OPTION_ALL,
	       .help = "pins workers to these cpus in turn; auto = where there is a worker for each"),
	OPTION(struct serve_options, tick_ns, OPTION_TIME, .name = "tick",
	       .placeholder = "TIME", .default_text = "0", .maximum = "100ms", .level = OPTION_ALL,
	       .help = "wakes only at multiples of this: less cpu, later answers"),
	OPTION(struct serve_options, is_spinning, OPTION_FLAG, .name = "spin", .level = OPTION_ALL,
	       .help = "workers never sleep: answers leave sooner, and each worker wants a cpu to "
		       "itself (--cpus)"),
	SERVE_STAMP_OPTIONS(struct serve_options, stamp),
	SOCKET_OPTIONS_BOTH_SIDES(struct serve_options, sockets),
	SERVE_TLS_OPTIONS(struct serve_options, tls),
	CONFIG_OPTION(struct serve_options, config),
	OUTPUT_OPTIONS(struct serve_options, output, serving),
};
/* clang-format on */

/* ---- options to plan */

static const char *const bare[] = { "traffic://:5003", "traffic+udp://:5003", "discard://:5009" };

/* Others than this host are told nothing without a token, so that there is nothing to reach. */
static const char *bare_control(const struct serve_options *options)
{
	return options->control_token != NULL ? "control://:5004" : "control://127.0.0.1:5004";
}

static int add_places(const struct serve_options *options, struct plan_serve *serve,
		      struct error *error)
{
	const char *usual[] = { bare[0], bare[1], bare[2], bare_control(options) };
	bool is_bare = options->listen.count == 0;

	return serve_places_add(is_bare ? usual : options->listen.items,
				is_bare ? array_size(usual) : options->listen.count, serve, error);
}

static bool has_service(const struct plan_serve *serve, enum service service)
{
	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (serve->listen[i].service == service)
			return true;
	}
	return false;
}

/* Into zeros, which the plan points to. */
static int take_token(const char *given, struct plan_serve *serve, struct error *error,
		      char token[CONTROL_TOKEN_MAX])
{
	if (given == NULL)
		return 0;
	int rc = control_set_token(given, error, token);
	if (rc == 0 && !has_service(serve, SERVICE_CONTROL))
		rc = error_set(error, EINVAL, "nobody can ask: add --listen control://:%u",
			       service_port(SERVICE_CONTROL));
	if (rc < 0)
		error_prefix(error, "--control-token");
	serve->control_token = token;
	return rc;
}

/* Its own name unless one is asked for; a client takes only printable ASCII for a name. */
static int choose_name(const char *asked, struct error *error, char name[WIRE_NAME_BYTES])
{
	name[0] = '\0';
	if (asked == NULL) {
		(void)gethostname(name, WIRE_NAME_BYTES);
		name[WIRE_NAME_BYTES - 1] = '\0';
		return 0;
	}
	size_t length = strlen(asked);
	if (length == 0 || length >= WIRE_NAME_BYTES ||
	    wire_read_name((const uint8_t *)asked, length, name) != length)
		return error_set(error, EINVAL,
				 "--name: \"%s\" is no host name (1 to %d printable characters)",
				 asked, WIRE_NAME_BYTES - 1);
	return 0;
}

static int choose_workers(const struct serve_options *options, struct error *error,
			  unsigned cpus[CPU_LIST_MAX], struct plan *plan)
{
	unsigned usual = plan->processes > 1 ? plan->processes : cpu_count();
	plan->workers = options->workers > 0 ? (unsigned)options->workers : usual;
	plan->cpus = cpus;
	if (plan->workers < plan->processes)
		return error_set(error, EINVAL,
				 "--workers: each of %u processes needs one: say %u or more",
				 plan->processes, plan->processes);
	int rc = cpu_list_parse(options->cpus, error, cpus, &plan->cpu_count);
	if (rc < 0)
		error_prefix(error, "--cpus");
	/* Fewer than the cpus are better left to the scheduler. */
	else if (strcmp(options->cpus, "auto") == 0 && plan->workers < plan->cpu_count)
		plan->cpu_count = 0;
	return rc;
}

static int make_plan(const struct serve_options *options, struct error *error,
		     unsigned cpus[CPU_LIST_MAX], struct plan *plan)
{
	*plan = (struct plan){
		.serve.connections_max = options->connections_max,
		.serve.drain_ns = options->drain_ns,
		.duration_ns = options->duration_ns,
		.tick_ns = options->tick_ns,
		.is_spinning = options->is_spinning,
		.processes = (unsigned)options->processes,
		.stream = &stream_tcp,
		.datagram = &datagram_udp,
	};
	int rc = add_places(options, &plan->serve, error);
	if (rc == 0 && options->is_spinning && options->tick_ns > 0)
		rc = error_set(error, EINVAL, "--spin: not together with --tick: it never sleeps");
	if (rc == 0)
		rc = choose_workers(options, error, cpus, plan);
	return rc < 0 ? rc : socket_choice_plan(&options->sockets, 0, plan, error);
}

/* ---- what this host can */

/* Workers share each port. Where the kernel has no such thing, or a sandbox refuses it, one does
 * all. */
static int check_shared(const struct serve_options *options, struct plan *plan, struct error *error)
{
	char text[160];
	int rc = plan->workers > 1 ? socket_options_try_shared() : 0;
	if (rc == 0)
		return 0;
	if (plan->processes > 1)
		return error_set(error, -rc,
				 "--processes: they share each port by SO_REUSEPORT, which is "
				 "refused here: %s",
				 strerrordesc_np(-rc));
	(void)snprintf(text, sizeof(text),
		       "one worker instead of %u: SO_REUSEPORT, by which they share a port, is "
		       "refused here: %s",
		       plan->workers, strerrordesc_np(-rc));
	message_print("conntest serve", text);
	plan->workers = 1;
	if (strcmp(options->cpus, "auto") == 0)
		plan->cpu_count = 0;
	return 0;
}

static int check_host(const struct serve_options *options, struct plan *plan, struct error *error)
{
	int rc = check_shared(options, plan, error);
	return rc < 0 ? rc : service_check_descriptors(plan, error);
}

/* ---- the command */

static int serve_run(const struct command *command, int argc, char **argv)
{
	struct serve_options options = { 0 };
	struct error error = { "" };
	struct operands operands cleanup(operands_deinit);
	struct plan plan = { 0 };
	struct tls_server *tls = NULL;
	struct arena arena cleanup(arena_deinit);
	unsigned cpus[CPU_LIST_MAX];
	char name[WIRE_NAME_BYTES];
	char token[CONTROL_TOKEN_MAX] = { 0 };
	int code = options_parse(command, argc, argv, &options, &operands, &error);

	arena_init(&arena);
	if (code >= 0 && operands.count > 0)
		code = error_set(&error, EINVAL, "%s: places come with --listen %s://%s",
				 operands.items[0], service_name(SERVICE_TRAFFIC), ":5003");
	if (code >= 0)
		code = choose_name(options.name, &error, name);
	if (code >= 0)
		code = make_plan(&options, &error, cpus, &plan);
	if (code >= 0)
		code = take_token(options.control_token, &plan.serve, &error, token);
	if (code >= 0 && options.health.count > 0 && !has_service(&plan.serve, SERVICE_GRPC))
		code = error_set(&error, EINVAL,
				 "--health: nobody can ask: add --listen grpc://:%u",
				 service_port(SERVICE_GRPC));
	if (code >= 0)
		code = serve_health_plan(&options.health, &arena, &plan.serve, &error);
	if (code >= 0)
		code = serve_stamp_plan(&options.stamp, &arena, &plan.serve, &error);
	if (code < 0)
		return command_stop(command, code, &error);
	plan.serve.name = name;
	code = check_host(&options, &plan, &error);
	if (code >= 0)
		code = serve_tls_plan(&options.tls, &plan.serve, &error, &tls);
	if (code < 0)
		return command_fail(command, run_exit_code(code), &error);
	code = run_measure(&(struct run){
		.command = command,
		.options = &options,
		.output = &options.output,
		.plan = &plan,
		.target = options.listen.count > 0 ? options.listen.items[0] : bare[0],
		.started = serve_started,
	});
	tls_server_free(tls);
	return code;
}

const struct command command_serve = {
	.name = "serve",
	.summary = "answers every test: echoes, reads or sends, over TCP and UDP",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct serve_options),
	.description =
		"Listens and answers until it is interrupted. Without --listen that is traffic over "
		"TCP and UDP on port 5003 and discard over TCP on port 5009, on all addresses, and "
		"control on port 5004: on 127.0.0.1, or with --control-token on all addresses.\n\n"
		"traffic echoes, with the name of this host over the first 64 bytes of each "
		"connection and each datagram, and tells datagrams of conntest how many of them "
		"arrived and when. echo returns every byte. discard reads, and answers the end of a "
		"connection with the number of bytes it got. source sends zeros until the client's "
		"end. http answers / with this host's name, /bytes/N with so many zeros, /delay/MS "
		"after so long, /status/CODE with that status and /echo with the request's body, in "
		"HTTP/1.1, or in HTTP/2 to who begins with its preface; over TLS both are offered by "
		"ALPN. h2c does the same in HTTP/2 alone. grpc answers Check and Watch of "
		"grpc.health.v1.Health, SERVING for the server as a whole and what --health says, and "
		"/conntest.Echo/Echo with the message that it is asked with, whatever that is; other "
		"methods with UNIMPLEMENTED. HTTP/2 takes 128 streams at once, 64 KiB of headers, 1,000 "
		"frames a second that bring nothing and 200 resets; who goes beyond gets a GOAWAY, as "
		"everybody does when it drains. "
		"SERVICE+tls:// is the same over TLS 1.2 or 1.3, with --cert and --key or a "
		"certificate that is made for this run: the line tls says where it lies, for clients "
		"to trust with --ca. Datagrams are answered from the address that they were sent to, "
		"and never if they come from a port that is listened on here. control tells clients "
		"of discard what has arrived of their connections, as lines of JSON: to those who "
		"ask from this host, and to others only with the token. Where traffic is served over "
		"UDP, control also sends datagrams of any size on the way back of a path (conntest "
		"path --receiver-token): only to the address that asks, and to the port from which "
		"that has answered a cookie; large probes of a path are answered by 152 bytes.\n\n"
		"stamp is a reflector of STAMP (RFC 8762 and 8972) and TWAMP-light over UDP: an answer tells "
		"when its request came, by the kernel's stamp, and when it left. It answers this host and "
		"nobody else; --stamp-allow names others, and --stamp-key answers whoever has the key, in "
		"authenticated mode. It is as long as its request, but for the 14 bytes of TWAMP-light, which "
		"get 41. Nothing from port 862 is answered: two reflectors would answer each other for ever.\n\n"
		"With --processes each listens on the same ports, and the kernel shares connections out by "
		"their addresses and ports. --max-connections is of all together; without it each has the "
		"descriptors that ulimit -n allows. control tells of all of them. If one is killed, its "
		"connections end, the others serve on, and the exit code is 3 in the end.\n\n"
		"SIGTERM and SIGINT drain: who waits is let in, listeners are closed, and each "
		"connection is closed between two messages with nothing unread, at the latest after "
		"--drain; a second signal ends it at once. http, h2c and grpc give a request's head ten seconds and "
		"an idle connection sixty; else there is no idle deadline, and no limit a source: behind a balancer all clients share one address.",
	.examples =
		"conntest serve  # traffic on 5003 over TCP and UDP, discard on 5009, control on "
		"127.0.0.1:5004\n"
		"conntest serve --listen echo://127.0.0.1:0 -o ndjson  # tells the port it got\n"
		"conntest serve --listen traffic+tls://:5003  # with a certificate of its own\n"
		"conntest serve --name web-1 --drain 30s  # a backend that lets go slowly\n"
		"conntest serve --control-token @token  # tells load --receiver what arrived here, and "
		"sends back for path\n"
		"conntest serve --listen stamp://:862 --stamp-allow 192.0.2.0/24 --stamp-stateful",
	.run = serve_run,
};
