/* From the options of `traffic` to a plan. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "cmd/traffic.h"
#include "net/preflight.h"
#include "proto/traffic_wire.h"
#include "sys/cpu.h"
#include "sys/limits.h"

/* What a worker takes before another one pays: measured on two cpus, see doc/performance.md. */
#define WORKER_MESSAGES_PER_S 120000.0
#define WORKER_CONNECTIONS    15000.0

/* From this share of the local ports on, connections look for theirs in windows. */
#define CROWDED_SHARE 4

#define PATH_PROBES_PER_S 20.0

/* What the schedule can walk with room to spare; no host sends as many messages. */
#define RATE_MIN 1e-6
#define RATE_MAX 20e6

/* What the program holds besides its connections: standard streams, loops, outputs, resolver. */
#define DESCRIPTORS_BESIDES 64

static bool is_off(const char *text)
{
	return strcmp(text, "off") == 0;
}

/* "off" is 0. */
static int parse_rate(const char *name, const char *text, struct error *error, double *ret)
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

static int plan_schedule(const struct traffic_options *options, struct plan *plan,
			 struct error *error)
{
	double per_second = options->rate.per_second;
	bool is_per_connection = options->rate.is_per_connection;
	if (options->bandwidth.bits_per_second > 0) {
		per_second =
			options->bandwidth.bits_per_second / 8 / (double)options->message_bytes;
		is_per_connection = options->bandwidth.is_per_connection;
	}
	if (is_per_connection)
		per_second *= (double)options->connections;
	if (per_second < RATE_MIN || per_second > RATE_MAX)
		return error_set(error, EINVAL,
				 "--rate: %g messages a second is out of range (0.000001 to 20M)",
				 per_second);
	plan->slots.rate_per_second = per_second;
	return 0;
}

static int plan_slots(const struct traffic_options *options, const struct uri *uri,
		      struct plan *plan, struct error *error)
{
	bool is_udp = uri->transport == TRANSPORT_UDP;
	if (is_udp && options->message_bytes < WIRE_DATAGRAM_HEAD_END)
		return error_set(
			error, EINVAL,
			"--message-size: a datagram has at least %d bytes here (64 for the "
			"name, 32 for our head)",
			WIRE_DATAGRAM_HEAD_END);
	if (is_udp && options->message_bytes > 65507)
		return error_set(error, EINVAL,
				 "--message-size: a datagram has at most 65,507 bytes");
	plan->slots.count = (uint32_t)options->connections;
	plan->slots.transport = uri->transport;
	plan->slots.message_bytes = (uint32_t)options->message_bytes;
	plan->slots.connect_over_ns = options->connect_over_ns;
	plan->slots.has_reconnect = !is_off(options->reconnect);
	int result = parse_rate("connect-rate", options->connect_rate, error,
				&plan->slots.connect_rate_per_second);
	return result < 0 ? result : plan_schedule(options, plan, error);
}

static int plan_path(const struct traffic_options *options, const struct uri *uri,
		     struct plan *plan, struct error *error)
{
	int result = 0;
	double rate = PATH_PROBES_PER_S;
	plan->path.mode = PLAN_PROBE_AUTO;
	if (strcmp(options->path_probe, "auto") != 0) {
		result = parse_rate("path-probe", options->path_probe, error, &rate);
		plan->path.mode = rate > 0 ? PLAN_PROBE_ON : PLAN_PROBE_OFF;
	}
	if (uri->transport == TRANSPORT_UDP)
		plan->path.mode = PLAN_PROBE_OFF; /* the flows themselves are the probe */
	plan->path.flows = (uint32_t)options->path_flows;
	plan->path.message_bytes = WIRE_DATAGRAM_HEAD_END;
	plan->path.rate_per_second = rate;
	plan->path.outage_after = (uint32_t)options->outage_after;
	return result;
}

static void plan_times(const struct traffic_options *options, struct plan *plan)
{
	plan->connect_timeout_ns = options->connect_timeout_ns;
	plan->reply_timeout_ns = options->reply_timeout_ns;
	plan->linger_ns = options->linger_ns ? options->linger_ns : options->reply_timeout_ns;
	plan->stall_after_ns = options->stall_after_ns;
	plan->give_up_ns = options->give_up_ns;
	plan->duration_ns = options->duration_ns;
	plan->tick_ns = options->tick_ns;
	plan->seed = options->seed;
}

static unsigned workers_for(const struct plan *plan)
{
	double wanted = plan->slots.rate_per_second / WORKER_MESSAGES_PER_S;
	double by_connections = plan->slots.count / WORKER_CONNECTIONS;
	unsigned cpus = cpu_count();
	if (by_connections > wanted)
		wanted = by_connections;
	if (wanted >= cpus)
		return cpus;
	return wanted > 1 ? (unsigned)wanted + 1 : 1;
}

static int plan_workers(const struct traffic_options *options, struct traffic *traffic,
			struct error *error)
{
	struct plan *plan = &traffic->plan;
	plan->workers = options->workers ? (unsigned)options->workers : workers_for(plan);
	if (plan->workers > plan->slots.count)
		plan->workers = plan->slots.count;
	plan->cpus = traffic->cpus;
	int result = cpu_list_parse(options->cpus, error, traffic->cpus, &plan->cpu_count);
	if (result < 0) {
		error_prefix(error, "--cpus");
		return result;
	}
	/* One thread alone is better left to the scheduler. */
	if (strcmp(options->cpus, "auto") == 0 && plan->workers < plan->cpu_count)
		plan->cpu_count = 0;
	return 0;
}

static void plan_ports(struct plan *plan)
{
	uint16_t low = 0;
	uint16_t high = 0;
	if (limits_read_port_range(&low, &high) < 0 || high < low ||
	    plan->slots.count < (uint32_t)(high - low) / CROWDED_SHARE)
		return;
	plan->port_low = low;
	plan->port_high = high;
}

static int plan_places(const struct traffic_options *options, struct traffic *traffic,
		       struct error *error)
{
	struct resolve_options *how = &traffic->resolving;
	if (options->is_ipv4 && options->is_ipv6)
		return error_set(error, EINVAL, "-4 and -6 leave no address");
	how->addresses = strcmp(options->addresses, "all") == 0 ? RESOLVE_ALL : RESOLVE_FIRST;
	how->family = options->is_ipv4 ? AF_INET : options->is_ipv6 ? AF_INET6 : AF_UNSPEC;
	int result = resolve_check(&traffic->uri, how->family, error);
	if (result < 0 || !options->source)
		return result;
	result = source_pool_parse(options->source, error, &traffic->sources);
	if (result < 0)
		error_prefix(error, "--source");
	traffic->plan.sources = traffic->sources;
	return result;
}

static void describe_need(const struct plan *plan, struct preflight_need *ret)
{
	uint64_t open_ns = plan->connect_timeout_ns + plan->reply_timeout_ns;
	*ret = (struct preflight_need){
		.connections = plan->slots.count,
		.is_datagram = plan->slots.transport == TRANSPORT_UDP,
		.connections_per_s = (uint64_t)ceil(plan->attempts.rate_per_second),
		.open_s = (open_ns + NS_PER_S - 1) / NS_PER_S,
		.flows = plan->path.mode != PLAN_PROBE_OFF ? plan->path.flows : 0,
		.descriptors = DESCRIPTORS_BESIDES,
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

static int read_target(const char *target, struct error *error, struct uri *ret)
{
	static const struct uri_defaults defaults = { .service = SERVICE_TRAFFIC,
						      .transports = 1u << TRANSPORT_TCP |
								    1u << TRANSPORT_UDP,
						      .bare_transports = URI_TRANSPORTS_SERVICE };
	int result = uri_parse(target, &defaults, error, ret);
	if (result >= 0 && ret->service != SERVICE_TRAFFIC && ret->service != SERVICE_ECHO)
		result = error_set(error, EINVAL,
				   "%s: %s does not echo; traffic needs traffic:// or echo://",
				   target, service_name(ret->service));
	return result;
}

/* What one connection sends of payload, a second. */
static double connection_bits(const struct traffic_options *options, const struct plan *plan)
{
	return plan->slots.rate_per_second * (double)options->message_bytes * 8 / plan->slots.count;
}

int traffic_plan(const struct traffic_options *options, const char *target, struct traffic *traffic,
		 struct error *error)
{
	struct plan *plan = &traffic->plan;
	*plan = (struct plan){ .stream = &stream_tcp, .datagram = &datagram_udp };
	int result = read_target(target, error, &traffic->uri);
	if (result >= 0)
		result = plan_slots(options, &traffic->uri, plan, error);
	if (result >= 0 && traffic->uri.transport == TRANSPORT_TCP)
		result = parse_rate("new-connections", options->new_connections, error,
				    &plan->attempts.rate_per_second);
	if (result >= 0)
		result = plan_path(options, &traffic->uri, plan, error);
	plan->attempts.message_bytes = plan->slots.message_bytes;
	plan_times(options, plan);
	plan_ports(plan);
	if (result >= 0)
		result = plan_workers(options, traffic, error);
	if (result >= 0)
		result = socket_choice_plan(&options->sockets, connection_bits(options, plan), plan,
					    error);
	return result < 0 ? result : plan_places(options, traffic, error);
}

int traffic_resolve(struct traffic *traffic, struct error *error)
{
	struct plan *plan = &traffic->plan;
	struct preflight_need need;
	describe_need(plan, &need);
	int result = preflight_check_descriptors(&need, error);
	if (result >= 0)
		result = resolve_target(&traffic->uri, &traffic->resolving, error,
					&traffic->resolved);
	if (result < 0)
		return result;
	plan->remotes = traffic->resolved.endpoints;
	plan->remote_count = traffic->resolved.count;
	plan->path.remotes = plan->remotes;
	plan->path.remote_count = plan->remote_count;
	if (traffic->sources)
		result = source_pool_check(traffic->sources, &plan->remotes[0], error);
	if (result < 0) {
		error_prefix(error, "--source");
		return result;
	}
	return check_room(plan, &need, error);
}

void traffic_deinit(struct traffic *traffic)
{
	source_pool_free(traffic->sources);
	traffic->sources = NULL;
}
