/* See client_plan.h. */
#include "cmd/client_plan.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "cmd/script_build.h"
#include "cmd/script_check.h"
#include "engine/script.h"
#include "engine/speaker.h"
#include "net/preflight.h"
#include "sys/limits.h"

/* What a worker takes before another one pays: measured on two cpus, see doc/performance.md. */
#define WORKER_MESSAGES_PER_S 120000.0
#define WORKER_CONNECTIONS    15000.0

/* From this share of the local ports on, connections look for theirs in windows. */
#define CROWDED_SHARE 4

/* What the schedule can walk with room to spare; no host sends as many messages. */
#define RATE_MIN 1e-6
#define RATE_MAX 100e6

/* What the program holds besides its connections: standard streams, loops, outputs, resolver. */
#define DESCRIPTORS_BESIDES  48
#define DESCRIPTORS_A_WORKER 2

static bool is_off(const char *text)
{
	return strcmp(text, "off") == 0;
}

void client_init(struct client *client)
{
	memset(client, 0, sizeof(*client));
	arena_init(&client->arena);
	client->plan = (struct plan){ .stream = &stream_tcp, .datagram = &datagram_udp };
}

void client_deinit(struct client *client)
{
	source_pool_free(client->sources);
	tls_client_free(client->tls);
	script_parts_deinit(&client->parts);
	arena_deinit(&client->arena);
	client->sources = NULL;
	client->tls = NULL;
}

/* ---- what was typed ---- */

int client_parse_rate(const char *name, const char *text, struct error *error, double *ret)
{
	struct rate rate = { 0 };
	*ret = 0;
	if (is_off(text))
		return 0;
	int result = units_parse_rate(text, error, &rate);
	if (result >= 0 && (rate.is_per_connection || rate.per_second <= 0))
		result = error_set(error, EINVAL, "\"%s\" is no rate here (10/s, or off)", text);
	if (result < 0)
		error_prefix(error, "--%s", name);
	*ret = rate.per_second;
	return result;
}

/* "http://a:80/ http://b:80/" */
static const char *join_texts(struct client *client)
{
	const char *text = client->uris[0].text;
	for (uint32_t i = 1; i < client->uri_count; i++)
		text = arena_format(&client->arena, "%s %s", text, client->uris[i].text);
	return text;
}

static int check_same(const struct uri *first, const struct uri *other, struct error *error)
{
	if (other->service == first->service && other->transport == first->transport)
		return 0;
	return error_set(error, EINVAL,
			 "%s and %s: several targets are used in turn and have to be of one scheme",
			 first->text, other->text);
}

int client_targets(struct client *client, const char *const *texts, size_t count,
		   const struct uri_defaults *defaults, struct error *error)
{
	int result = 0;
	if (count > CLIENT_TARGETS_MAX)
		return error_set(error, EINVAL, "%d targets at most; srv:// names more",
				 CLIENT_TARGETS_MAX);
	client->uris = arena_take_array(&client->arena, count, sizeof(*client->uris));
	for (size_t i = 0; i < count && result >= 0; i++) {
		result = uri_parse(texts[i], defaults, error, &client->uris[i]);
		if (result >= 0)
			result = check_same(&client->uris[0], &client->uris[i], error);
	}
	if (result < 0)
		return result;
	client->uri_count = (uint32_t)count;
	client->target = join_texts(client);
	client->plan.slots.transport = client->uris[0].transport;
	return 0;
}

/* ---- options to plan ---- */

static void plan_times(const struct client_options *options, struct plan *plan)
{
	plan->connect_timeout_ns = options->connect_timeout_ns;
	plan->reply_timeout_ns = options->reply_timeout_ns;
	plan->linger_ns = options->linger_ns ? options->linger_ns : options->reply_timeout_ns;
	plan->give_up_ns = options->give_up_ns;
	plan->duration_ns = options->duration_ns;
	plan->tick_ns = options->tick_ns;
	plan->is_spinning = options->is_spinning;
	plan->seed = options->seed;
}

static void plan_ports(struct plan *plan)
{
	uint16_t low = 0;
	uint16_t high = 0;
	if (limits_read_port_range(&low, &high) < 0 || high < low)
		return;
	plan->port_low = low;
	plan->port_high = high;
	plan->has_port_windows = plan->slots.count >= (uint32_t)(high - low) / CROWDED_SHARE;
}

static int plan_sources(const struct client_options *options, struct client *client,
			struct error *error)
{
	if (!options->source)
		return 0;
	int result = source_pool_parse(options->source, error, &client->sources);
	if (result < 0)
		error_prefix(error, "--source");
	client->plan.sources = client->sources;
	return result;
}

static int plan_places(const struct client_options *options, struct client *client,
		       struct error *error)
{
	struct resolve_options *how = &client->resolving;
	int result = 0;
	if (options->is_ipv4 && options->is_ipv6)
		return error_set(error, EINVAL, "-4 and -6 leave no address");
	how->addresses = strcmp(options->addresses, "all") == 0 ? RESOLVE_ALL : RESOLVE_FIRST;
	how->family = options->is_ipv4 ? AF_INET : options->is_ipv6 ? AF_INET6 : AF_UNSPEC;
	for (uint32_t i = 0; i < client->uri_count && result >= 0; i++)
		result = resolve_check(&client->uris[i], how->family, error);
	return result < 0 ? result : plan_sources(options, client, error);
}

/* Servers of http and ws may offer newer protocols than ours on the same port. */
static int plan_tls(const struct client_options *options, struct client *client,
		    struct error *error)
{
	const struct uri *uri = &client->uris[0];
	bool is_http = uri->service == SERVICE_HTTP || uri->service == SERVICE_WS;
	const char *alpn = script_speaks_h2(options, uri) ? "h2" : is_http ? "http/1.1" : NULL;
	if (client->plan.slots.transport != TRANSPORT_TLS)
		return tls_options_refuse(&options->tls, &client->uris[0], error);
	client->plan.below = client->plan.stream;
	client->plan.stream = &stream_tls;
	int result = tls_options_make(&options->tls, alpn, error, &client->tls);
	client->plan.tls = client->tls;
	return result;
}

static int check_connections(const struct client *client, uint64_t connections, struct error *error)
{
	if (connections >= client->uri_count)
		return 0;
	return error_set(error, EINVAL,
			 "-c: %llu connection%s can't reach all of %u targets: -c %u or more",
			 (unsigned long long)connections, connections == 1 ? "" : "s",
			 client->uri_count, client->uri_count);
}

static int check_waking(const struct client_options *options, struct error *error)
{
	if (!options->is_spinning || options->tick_ns == 0)
		return 0;
	return error_set(error, EINVAL, "--spin: not together with --tick: it never sleeps");
}

int client_plan(struct client *client, const struct client_options *options, struct error *error)
{
	struct plan_slots *slots = &client->plan.slots;
	slots->count = (uint32_t)options->connections;
	slots->connect_over_ns = options->connect_over_ns;
	slots->has_reconnect = !is_off(options->reconnect);
	slots->in_flight = (uint32_t)options->message.in_flight;
	plan_times(options, &client->plan);
	plan_ports(&client->plan);
	int result = check_waking(options, error);
	if (result >= 0)
		result = client_parse_rate("connect-rate", options->connect_rate, error,
					   &slots->connect_rate_per_second);
	if (result >= 0)
		result = check_connections(client, options->connections, error);
	if (result >= 0)
		result = plan_tls(options, client, error);
	return result < 0 ? result : plan_places(options, client, error);
}

int client_plan_rate(struct client *client, const struct client_options *options,
		     double message_bytes, struct error *error)
{
	double per_second = options->rate.per_second;
	bool is_per_connection = options->rate.is_per_connection;
	if (options->bandwidth.bits_per_second > 0 && message_bytes <= 0)
		return error_set(error, EINVAL,
				 "--bandwidth: how large a request is depends on its head: say "
				 "--rate, as in -r 100");
	if (options->bandwidth.bits_per_second > 0) {
		per_second = options->bandwidth.bits_per_second / 8 / message_bytes;
		is_per_connection = options->bandwidth.is_per_connection;
	}
	client->plan.slots.rate_per_second = 0;
	if (per_second == 0)
		return 0;
	if (is_per_connection)
		per_second *= (double)options->connections;
	if (per_second < RATE_MIN || per_second > RATE_MAX)
		return error_set(
			error, EINVAL,
			"--rate: %.12g messages a second is out of range (0.000001 to 100M)",
			per_second);
	client->plan.slots.rate_per_second = per_second;
	return 0;
}

/* HTTP/1.1 answers in order, unlike HTTP/2, so a request behind another one waits for that; and
 * where no rate paces messages, their answers do. */
void client_plan_in_flight(struct client *client)
{
	struct plan_slots *slots = &client->plan.slots;
	const struct script *script = client->plan.targets[0].script;
	bool is_one_by_one = script->kind == &speaker_http || slots->rate_per_second == 0;
	if (slots->in_flight == 0 && script->is_answered && is_one_by_one)
		slots->in_flight = 1;
}

/* As fast as it goes is more than one thread can, wherever there are connections for more. */
static unsigned workers_for(const struct plan *plan)
{
	double wanted = plan->slots.rate_per_second / WORKER_MESSAGES_PER_S;
	double by_connections = plan->slots.count / WORKER_CONNECTIONS;
	unsigned cpus = cpu_count();
	if (plan->slots.rate_per_second == 0 || by_connections > wanted)
		wanted = plan->slots.rate_per_second == 0 ? cpus : by_connections;
	if (wanted >= cpus)
		return cpus;
	return wanted > 1 ? (unsigned)wanted + 1 : 1;
}

static int plan_processes_of(const struct client_options *options, struct plan *plan,
			     struct error *error)
{
	uint64_t processes = options->processes;
	plan->processes = (unsigned)processes;
	if (processes > plan->slots.count)
		return error_set(
			error, EINVAL,
			"--processes: %llu can't share %u connection%s: say -c %llu or more",
			(unsigned long long)processes, plan->slots.count,
			plan->slots.count == 1 ? "" : "s", (unsigned long long)processes);
	if (options->workers && options->workers < processes)
		return error_set(error, EINVAL,
				 "--workers: each of %llu processes needs one: say %llu or more",
				 (unsigned long long)processes, (unsigned long long)processes);
	return 0;
}

int client_plan_workers(struct client *client, const struct client_options *options,
			struct error *error)
{
	struct plan *plan = &client->plan;
	unsigned usual = options->processes > 1 ? (unsigned)options->processes : workers_for(plan);
	int result = plan_processes_of(options, plan, error);
	if (result < 0)
		return result;
	plan->workers = options->workers ? (unsigned)options->workers : usual;
	if (plan->workers > plan->slots.count)
		plan->workers = plan->slots.count;
	plan->cpus = client->cpus;
	result = cpu_list_parse(options->cpus, error, client->cpus, &plan->cpu_count);
	if (result < 0) {
		error_prefix(error, "--cpus");
		return result;
	}
	/* One thread alone is better left to the scheduler. */
	if (strcmp(options->cpus, "auto") == 0 && plan->workers < plan->cpu_count)
		plan->cpu_count = 0;
	return 0;
}

/* ---- what asks the network and this host ---- */

int client_plan_sockets(struct client *client, const struct client_options *options,
			struct error *error)
{
	struct plan *plan = &client->plan;
	double message_bytes = script_message_bytes(plan->targets[0].script);
	double bits = plan->slots.rate_per_second * message_bytes * 8 / plan->slots.count;
	return socket_choice_plan(&options->sockets, bits, plan, error);
}

static void describe_need(const struct plan *plan, struct preflight_need *ret)
{
	uint64_t open_ns = plan->connect_timeout_ns + plan->reply_timeout_ns;
	unsigned workers = (plan->workers - 1) / plan_processes(plan) + 1;
	uint64_t far_ends = plan->far_ends ? plan->slots.count : 0;
	*ret = (struct preflight_need){
		.connections = plan->slots.count + plan->probe.count,
		.is_datagram = plan->slots.transport == TRANSPORT_UDP,
		.connections_per_s = (uint64_t)ceil(plan->attempts.rate_per_second),
		.open_s = (open_ns + NS_PER_S - 1) / NS_PER_S,
		.flows = plan->path.mode != PLAN_PROBE_OFF ? plan->path.flows : 0,
		.descriptors =
			DESCRIPTORS_BESIDES + (uint64_t)workers * DESCRIPTORS_A_WORKER + far_ends,
		.processes = plan_processes(plan),
	};
}

/* Can this host hold what is asked for? */
static int check_room(const struct plan *plan, struct preflight_need *need, struct error *error)
{
	struct preflight_room room;
	need->source_addresses = plan->sources ? source_pool_count(plan->sources) : 1;
	need->source_ports = plan->sources ? source_pool_fixed_port_count(plan->sources) : 0;
	need->remote_endpoints = plan->remote_count;
	need->remote = plan->remotes[0];
	int result = preflight_measure(need, &room);
	if (result < 0)
		return error_set(error, -result, "cannot read this host's limits: %s",
				 strerrordesc_np(-result));
	return preflight_check(need, &room, error);
}

/* All addresses of all targets, one target after the other. */
static int resolve_targets(struct client *client, struct error *error)
{
	struct plan *plan = &client->plan;
	struct resolved *resolved = arena_take_array(&client->arena, 1, sizeof(*resolved));
	size_t most = (size_t)client->uri_count * RESOLVER_ENDPOINTS_MAX;
	struct endpoint *remotes = arena_take_array(&client->arena, most, sizeof(*remotes));
	uint16_t *targets = arena_take_array(&client->arena, most, sizeof(*targets));
	plan->remote_count = 0;
	for (uint32_t i = 0; i < client->uri_count; i++) {
		int result = resolve_target(&client->uris[i], &client->resolving, error, resolved);
		if (result < 0)
			return result;
		for (uint32_t k = 0; k < resolved->count; k++) {
			targets[plan->remote_count] = (uint16_t)i;
			remotes[plan->remote_count++] = resolved->endpoints[k];
		}
	}
	plan->remotes = remotes;
	plan->remote_targets = client->uri_count > 1 ? targets : NULL;
	plan->path.remotes = remotes;
	plan->path.remote_count = plan->remote_count;
	return 0;
}

static int resolve_probe(struct client *client, struct error *error)
{
	struct plan *plan = &client->plan;
	if (!client->probe_uri)
		return 0;
	struct resolved *resolved = arena_take_array(&client->arena, 1, sizeof(*resolved));
	int result = resolve_target(client->probe_uri, &client->resolving, error, resolved);
	plan->probe_remotes = resolved->endpoints;
	plan->probe_remote_count = resolved->count;
	return result;
}

int client_resolve(struct client *client, struct error *error)
{
	struct plan *plan = &client->plan;
	struct preflight_need need;
	describe_need(plan, &need);
	int result = preflight_check_descriptors(&need, error);
	if (result >= 0)
		result = resolve_targets(client, error);
	if (result >= 0)
		result = resolve_probe(client, error);
	if (result < 0)
		return result;
	for (uint32_t i = 0; client->sources && i < plan->remote_count && result >= 0; i++)
		result = source_pool_check(client->sources, &plan->remotes[i], error);
	if (result < 0) {
		error_prefix(error, "--source");
		return result;
	}
	return check_room(plan, &need, error);
}
