/* From the options of `load` to a plan. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cmd/far_ends.h"
#include "cmd/load.h"
#include "cmd/script_build.h"

/* What is sent where nothing says how much. */
#define UDP_BITS_PER_SECOND 1e6

/* More messages a second are not asked for, as with --rate. */
#define FIND_RATE_HIGHEST       20e6
#define FIND_RATE_LENGTH_MIN_NS (100 * NS_PER_MS)

/* Silences are no breaks here; they are told when they are as long as TCP's smallest timeout. */
#define STALL_AFTER_NS (200 * NS_PER_MS)

static const struct uri_defaults defaults = {
	.service = SERVICE_DISCARD,
	.services = CLIENT_SERVICES | 1u << SERVICE_DISCARD | 1u << SERVICE_SOURCE,
	.transports = CLIENT_TRANSPORTS,
	.bare_transports = URI_TRANSPORTS_RAW,
};

/* What echoes, and is there wherever `conntest serve` runs. */
static const struct uri_defaults probed = {
	.service = SERVICE_TRAFFIC,
	.services = 1u << SERVICE_TRAFFIC | 1u << SERVICE_ECHO,
	.bare_transports = URI_TRANSPORTS_SERVICE,
};
#define PROBE_BYTES 64

/* What a target makes no use of is a mistake. */
static int check_limits(const struct load_options *options, const struct uri *uri,
			struct error *error)
{
	bool is_udp = uri->transport == TRANSPORT_UDP;
	bool is_single = strcmp(options->write_combine, "off") == 0;
	bool has_gso = strcmp(options->gso, "auto") == 0;
	const struct {
		const char *option;
		bool is_wrong;
		const char *why;
	} rules[] = {
		{ "--gso", !has_gso && !is_udp, "only datagrams leave so" },
		{ "--write-combine", is_single && (is_udp || uri->service == SERVICE_SOURCE),
		  "a datagram is a message, and source:// is sent none" },
		{ "--warmup", options->warmup_ns > 0 && is_udp,
		  "flows of datagrams have nothing to warm up, no handshake and no window" },
		{ "--lifetime", options->lifetime_ns > 0 && is_udp, "flows have no end" },
		{ "--messages-per-connection", options->messages_per_connection > 0 && is_udp,
		  "flows have no end" },
		{ "--bandwidth-down", options->bandwidth_down.bits_per_second > 0 && is_udp,
		  "datagrams are not held back by who reads slowly; -b says how many source+udp:// "
		  "sends" },
		{ "--bandwidth-down",
		  options->bandwidth_down.bits_per_second > 0 && uri->service == SERVICE_DISCARD,
		  "discard:// sends nothing back" },
		{ "--rate-ramp", options->rate_ramp && uri->service == SERVICE_SOURCE,
		  "source:// sends evenly" },
	};
	for (size_t i = 0; i < array_size(rules); i++)
		if (rules[i].is_wrong)
			return error_set(error, EINVAL, "%s: of no use here: %s", rules[i].option,
					 rules[i].why);
	return 0;
}

static void plan_limits(const struct load_options *options, struct plan_slots *slots)
{
	double bits = options->bandwidth_down.bits_per_second;
	if (!options->bandwidth_down.is_per_connection)
		bits /= (double)options->client.connections;
	slots->receive_bits_per_second = bits;
	slots->lifetime_ns = options->lifetime_ns;
	slots->messages_per_connection = options->messages_per_connection;
	slots->warms_up = options->warmup_ns > 0;
	slots->is_one_a_send = strcmp(options->write_combine, "off") == 0;
}

static void plan_datagrams(const struct load *load, const struct load_options *options,
			   struct plan_slots *slots)
{
	slots->is_receiving =
		slots->transport == TRANSPORT_UDP && load->client.uris[0].service == SERVICE_SOURCE;
	slots->is_segmented = strcmp(options->gso, "auto") == 0;
}

static int plan_ramp(struct load *load, const struct load_options *options, struct error *error)
{
	struct client *client = &load->client;
	struct plan_slots *slots = &client->plan.slots;
	int result = rate_ramp_parse(options->rate_ramp, error, &client->ramp);
	if (result >= 0 && client->ramp.is_per_connection)
		result = rate_ramp_multiply(&client->ramp, slots->count, error);
	if (result < 0) {
		error_prefix(error, "--rate-ramp");
		return result;
	}
	slots->ramp = &client->ramp;
	slots->rate_per_second = rate_ramp_highest(&client->ramp);
	return 0;
}

/* ---- the highest rate ---- */

/* What says itself how much is sent, or that there is one run and when it ends. */
static int check_find_rate(const struct load_options *options, struct error *error)
{
	const struct client_options *client = &options->client;
	const struct mark_options *marks = &client->marks;
	const struct {
		const char *option;
		bool is_given;
	} others[] = {
		{ "--rate", client->rate.per_second > 0 },
		{ "--bandwidth", client->bandwidth.bits_per_second > 0 },
		{ "--rate-ramp", options->rate_ramp != NULL },
		{ "--repeat", client->repeat > 1 },
		{ "--mark-on", marks->on.count > 0 },
		{ "--mark", marks->at.count > 0 },
		{ "--exec", marks->exec.count > 0 },
		{ "--pacing kernel", strcmp(client->sockets.pacing, "kernel") == 0 },
	};
	for (size_t i = 0; i < array_size(others); i++)
		if (others[i].is_given)
			return error_set(error, EINVAL, "--find-rate: not together with %s: %s",
					 others[i].option, "it makes trials at rates of its own");
	if (client->duration_ns >= FIND_RATE_LENGTH_MIN_NS)
		return 0;
	return error_set(error, EINVAL,
			 "--find-rate: -T is the length of the longest trials: 100ms or more");
}

/* Planned for the highest rate; the trials set theirs. */
static int plan_find_rate(struct load *load, const struct load_options *options,
			  struct error *error)
{
	struct plan *plan = &load->client.plan;
	const struct rate *from = &options->find_rate_from;
	int result = check_find_rate(options, error);
	plan->slots.rate_per_second = FIND_RATE_HIGHEST;
	load->find_rate = (struct find_rate){
		.plan = plan,
		.conditions = &options->find_rate,
		.from = from->per_second *
			(from->is_per_connection ? (double)options->client.connections : 1),
		.highest = FIND_RATE_HIGHEST,
	};
	if (result >= 0 && load->find_rate.from > FIND_RATE_HIGHEST)
		result = error_set(error, EINVAL, "--find-rate-from: more than 20M");
	return result;
}

static int plan_rate(struct load *load, const struct load_options *options, struct error *error)
{
	struct client *client = &load->client;
	struct plan_slots *slots = &client->plan.slots;
	double message_bytes = script_message_bytes(client->plan.targets[0].script);
	if (options->find_rate.count > 0)
		return plan_find_rate(load, options, error);
	if (options->rate_ramp)
		return plan_ramp(load, options, error);
	int result = client_plan_rate(client, &options->client, message_bytes, error);
	/* Datagrams have nothing that would slow them down. */
	if (result >= 0 && slots->transport == TRANSPORT_UDP && slots->rate_per_second == 0)
		slots->rate_per_second = UDP_BITS_PER_SECOND / 8 / message_bytes;
	return result;
}

/* ---- the probe beside it ---- */

/* What answers for sure: the target itself where it answers, else traffic:// on its host. */
static int default_probe(struct client *client, struct error *error)
{
	const struct uri *uri = &client->uris[0];
	struct plan *plan = &client->plan;
	bool is_tcp = uri->transport != TRANSPORT_TLS;
	if (plan->targets[0].script->is_answered && uri->transport != TRANSPORT_UDP) {
		*client->probe_uri = *uri;
		plan->probe_target = &plan->targets[0];
		return 0;
	}
	if (uri->is_srv)
		return error_set(error, EINVAL, "of srv:// say which host: RATE@traffic://HOST");
	bool is_ipv6 = strchr(uri->host, ':') != NULL;
	const char *text = arena_format(&client->arena, "traffic%s://%s%s%s", is_tcp ? "" : "+tls",
					is_ipv6 ? "[" : "", uri->host, is_ipv6 ? "]" : "");
	return uri_parse(text, &probed, error, client->probe_uri);
}

static int check_probe(const struct client *client, struct error *error)
{
	enum transport wanted = client->plan.slots.transport;
	if (wanted == TRANSPORT_UDP)
		wanted = TRANSPORT_TCP;
	if (client->probe_uri->transport == wanted)
		return 0;
	return error_set(error, EINVAL, "%s: it has to go over %s, as %s", client->probe_uri->text,
			 transport_name(wanted),
			 wanted == TRANSPORT_TLS ? "the target does: traffic+tls://HOST"
						 : "traffic://HOST");
}

static int find_probe(struct client *client, const char *uri, struct error *error)
{
	struct plan *plan = &client->plan;
	client->probe_uri = arena_take_array(&client->arena, 1, sizeof(*client->probe_uri));
	int result = uri ? uri_parse(uri, &probed, error, client->probe_uri)
			 : default_probe(client, error);
	if (result >= 0)
		result = resolve_check(client->probe_uri, client->resolving.family, error);
	if (result >= 0)
		result = check_probe(client, error);
	if (result >= 0 && !plan->probe_target)
		plan->probe_target = script_build_echo(client, client->probe_uri, PROBE_BYTES);
	return result;
}

/* "10/s" or "10/s@traffic://HOST" */
static int plan_probe(struct load *load, const char *text, struct error *error)
{
	struct client *client = &load->client;
	struct plan_slots *probe = &client->plan.probe;
	const char *at = strchr(text, '@');
	const char *rate = arena_format(&client->arena, "%.*s", (int)strcspn(text, "@"), text);
	int result = client_parse_rate("probe", rate, error, &probe->rate_per_second);
	if (result < 0 || probe->rate_per_second == 0)
		return result;
	result = find_probe(client, at ? at + 1 : NULL, error);
	if (result < 0) {
		error_prefix(error, "--probe");
		return result;
	}
	probe->count = 1;
	probe->transport = client->probe_uri->transport;
	probe->message_bytes = client->plan.probe_target->script->message_bytes;
	probe->has_reconnect = true;
	return 0;
}

static int plan_dump(struct load *load, const char *text, struct error *error)
{
	if (!text)
		return 0;
	if (load->client.plan.processes > 1)
		return error_set(error, EINVAL,
				 "--dump: not together with --processes: each would write its own");
	int result = dump_parse(text, error, &load->dump);
	if (result >= 0)
		result = dump_attach(&load->dump, &load->client.plan, error);
	if (result < 0)
		error_prefix(error, "--dump");
	return result;
}

int load_plan(const struct load_options *options, const char *const *targets, size_t count,
	      struct load *load, struct error *error)
{
	struct client *client = &load->client;
	struct plan *plan = &client->plan;
	struct client_options shared = options->client; /* trusts what is made here */
	int result = client_targets(client, targets, count,
				    options->is_serving ? &far_ends_uri : &defaults, error);
	if (result >= 0)
		result = check_limits(options, &client->uris[0], error);
	if (result >= 0 && options->is_serving)
		result = far_ends_certify(load, &shared.tls, error);
	if (result >= 0)
		result = client_plan(client, &shared, error);
	if (result >= 0)
		result = script_build(client, &options->client, error);
	if (result >= 0)
		result = plan_rate(load, options, error);
	if (result >= 0 && options->probe)
		result = plan_probe(load, options->probe, error);
	if (result < 0)
		return result;
	plan->slots_stream = PLAN_LOAD;
	plan->slots.is_receiving =
		plan->slots.transport == TRANSPORT_UDP && client->uris[0].service == SERVICE_SOURCE;
	plan->stall_after_ns = STALL_AFTER_NS;
	plan->warmup_ns = options->warmup_ns;
	plan_limits(options, &plan->slots);
	plan_datagrams(load, options, &plan->slots);
	client_plan_in_flight(client);
	result = client_plan_sockets(client, &options->client, error);
	if (result >= 0)
		result = options->is_serving ? far_ends_plan(load, &options->client, error)
					     : client_plan_workers(client, &options->client, error);
	return result < 0 ? result : plan_dump(load, options->dump, error);
}
