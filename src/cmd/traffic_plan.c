/* From the options of `traffic` to a plan. */
#include <errno.h>
#include <string.h>

#include "cmd/script_build.h"
#include "cmd/traffic.h"
#include "engine/speaker.h"
#include "proto/traffic_wire.h"

#define PATH_PROBES_PER_S 20.0

static int plan_path(const struct traffic_options *options, struct plan *plan, struct error *error)
{
	int result = 0;
	double rate = PATH_PROBES_PER_S;
	plan->path.mode = PLAN_PROBE_AUTO;
	if (strcmp(options->path_probe, "auto") != 0) {
		result = client_parse_rate("path-probe", options->path_probe, error, &rate);
		plan->path.mode = rate > 0 ? PLAN_PROBE_ON : PLAN_PROBE_OFF;
	}
	/* Datagram flows are the probe themselves; and no other server answers probes on its port.
	 */
	bool is_echoed = plan->targets[0].script->kind == &speaker_echo;
	if (plan->slots.transport == TRANSPORT_UDP ||
	    (plan->path.mode == PLAN_PROBE_AUTO && !is_echoed))
		plan->path.mode = PLAN_PROBE_OFF;
	plan->path.flows = (uint32_t)options->path_flows;
	plan->path.message_bytes = WIRE_DATAGRAM_HEAD_END;
	plan->path.rate_per_second = rate;
	plan->path.outage_after = (uint32_t)options->outage_after;
	return result;
}

static int read_target(struct client *client, const char *target, struct error *error)
{
	static const struct uri_defaults defaults = {
		.service = SERVICE_TRAFFIC,
		.services = CLIENT_SERVICES,
		.transports = CLIENT_TRANSPORTS,
		.bare_transports = URI_TRANSPORTS_SERVICE,
	};
	return client_targets(client, &target, 1, &defaults, error);
}

int traffic_plan(const struct traffic_options *options, const char *target, struct traffic *traffic,
		 struct error *error)
{
	const struct client_options *client_options = &options->client;
	struct client *client = &traffic->client;
	struct plan *plan = &client->plan;
	int result = read_target(client, target, error);
	if (result >= 0)
		result = client_plan(client, client_options, error);
	if (result >= 0)
		result = script_build(client, client_options, error);
	if (result >= 0)
		result = client_plan_rate(client, client_options,
					  script_message_bytes(plan->targets[0].script), error);
	if (result >= 0 && plan->slots.transport != TRANSPORT_UDP)
		result = client_parse_rate("new-connections", options->new_connections, error,
					   &plan->attempts.rate_per_second);
	if (result >= 0)
		result = plan_path(options, plan, error);
	if (result < 0)
		return result;
	client_plan_in_flight(client);
	plan->slots.has_greeting = true;
	plan->slots.warms_up = true;
	plan->stall_after_ns = options->stall_after_ns;
	result = client_plan_workers(client, client_options, error);
	return result < 0 ? result : client_plan_sockets(client, client_options, error);
}
