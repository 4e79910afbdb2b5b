/* From the options of `ping` to a plan. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cmd/ping.h"
#include "net/resolver.h"
#include "proto/grpc.h"
#include "run/ping_report.h"
#include "run/resolve.h"

#define BODY_MAX      (16 << 20)
#define TARGETS_NAMED 4
#define IN_FLIGHT_MAX 4096

void ping_build_init(struct ping_build *build)
{
	memset(build, 0, sizeof(*build));
	arena_init(&build->arena);
	buffer_init(&build->body, BODY_MAX);
}

void ping_build_deinit(struct ping_build *build)
{
	for (size_t i = 0; i < PING_CLIENTS_MAX; i++)
		tls_client_free(build->tls[i].client);
	buffer_deinit(&build->body);
	arena_deinit(&build->arena);
}

/* ---- what can be looked at ---- */

static struct uri_defaults uri_defaults(void)
{
	struct uri_defaults defaults = {
		.service = SERVICE_ICMP,
		.transports = 1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP | 1u << TRANSPORT_TLS,
		.bare_transports = URI_TRANSPORTS_RAW,
	};
	for (unsigned service = 0; service < SERVICE_COUNT; service++)
		for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
			struct uri uri = { .service = service, .transport = transport };
			if (prober_kind_of(&uri))
				defaults.services |= 1u << service;
		}
	return defaults;
}

static int check_kind(const struct uri *uri, struct error *error)
{
	const char *host = uri->host;
	if (prober_kind_of(uri))
		return uri->service == SERVICE_GRPC ? grpc_check_service(uri->path, error) : 0;
	if (uri->service == SERVICE_ICMP)
		return error_set(error, EINVAL,
				 "%s: say how to look at it: tcp://%s:443 or https://%s", host,
				 host, host);
	return error_set(error, EINVAL, "%s: there is nothing to ask there that is answered",
			 uri->text);
}

static int parse_target(const char *text, const struct uri_defaults *defaults, int family,
			struct error *error, struct uri *ret)
{
	int result = uri_parse(text, defaults, error, ret);
	if (result >= 0)
		result = check_kind(ret, error);
	return result < 0 ? result : resolve_check(ret, family, error);
}

static bool is_literal(const char *host)
{
	struct endpoint endpoint;
	return resolver_parse_numeric(host, 1, &endpoint) == 0;
}

/* The phases that its probes go through. */
static unsigned phases_of(const struct probe_target *look)
{
	const struct uri *uri = &look->uri;
	const char *host = look->connect_host ? look->connect_host : uri->host;
	unsigned phases = is_literal(host) ? 0 : 1u << PROBE_RESOLVE;
	/* An answer that is too large for UDP is had over TCP. */
	if (ping_is_datagram(uri) && uri->service == SERVICE_DNS)
		phases |= 1u << PROBE_TRANSFER;
	if (ping_is_datagram(uri))
		return phases | 1u << PROBE_SEND | 1u << PROBE_WAIT;
	phases |= 1u << PROBE_CONNECT;
	if (uri->transport == TRANSPORT_TLS)
		phases |= 1u << PROBE_TLS;
	if (uri->service != SERVICE_NONE)
		phases |= 1u << PROBE_SEND | 1u << PROBE_WAIT | 1u << PROBE_TRANSFER;
	return phases;
}

/* ---- targets ---- */

/* What is not for all of them. */
static void fit(const struct ping_options *options, struct probe_target *look)
{
	bool is_dns = look->uri.service == SERVICE_DNS;
	look->is_kept = ping_is_datagram(&look->uri) ? !options->is_fresh : options->keeps;
	if (is_dns != ping_expects_rcodes(options))
		look->status_count = 0;
}

/* Each is a stream with its own; together they are a line. */
static const char *join_texts(struct ping_build *build)
{
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, (size_t)(TARGETS_NAMED + 1) * URI_TEXT_MAX);
	for (uint32_t i = 0; i < build->count && i < TARGETS_NAMED; i++)
		buffer_append_format(&text, "%s%s", i > 0 ? " " : "", build->looks[i].uri.text);
	if (build->count > TARGETS_NAMED)
		buffer_append_format(&text, " and %u more", build->count - TARGETS_NAMED);
	return arena_text(&build->arena, buffer_text(&text));
}

/* As many as are due before the end of -T, or as -c says; 0: without end. */
static uint64_t count_of(const struct ping_options *options, uint64_t after_ns)
{
	uint64_t left_ns = options->duration_ns > after_ns ? options->duration_ns - after_ns : 1;
	uint64_t due = (left_ns - 1) / options->interval_ns + 1;
	if (options->duration_ns == 0)
		return options->count;
	return options->count == 0 || due < options->count ? due : options->count;
}

static void plan_target(struct ping_build *build, uint32_t index)
{
	const struct ping_options *options = build->options;
	uint64_t in_flight = options->timeout_ns / options->interval_ns + 2;
	uint64_t after_ns = pinger_spread(index, build->count, options->interval_ns);
	build->phases[index] = phases_of(&build->looks[index]);
	build->targets[index] = (struct pinger_target){
		.target = &build->looks[index],
		.interval_ns = options->interval_ns,
		.timeout_ns = options->timeout_ns,
		.count = count_of(options, after_ns),
		.after_ns = after_ns,
		.in_flight_max = (uint32_t)(in_flight < IN_FLIGHT_MAX ? in_flight : IN_FLIGHT_MAX),
	};
}

static int plan_targets(struct ping_build *build, const struct operands *operands,
			const struct probe_target *common, struct error *error)
{
	struct uri_defaults defaults = uri_defaults();
	int result = 0;
	for (uint32_t i = 0; i < build->count && result >= 0; i++) {
		build->looks[i] = *common;
		result = parse_target(operands->items[i], &defaults, common->family, error,
				      &build->looks[i].uri);
	}
	if (result >= 0)
		result = ping_check(build->options, build->looks, build->count, error);
	for (uint32_t i = 0; i < build->count && result >= 0; i++) {
		fit(build->options, &build->looks[i]);
		result = ping_look_open(build, error, &build->looks[i]);
	}
	return result;
}

static int check_operands(const struct operands *operands, struct error *error)
{
	if (operands->count == 0)
		return error_set(error, EINVAL,
				 "what at? Name a target, as in: conntest ping https://HOST/PATH");
	if (operands->count > PING_TARGETS_MAX)
		return error_set(error, EINVAL, "%d targets at most", PING_TARGETS_MAX);
	return 0;
}

/* Once it is known how many targets there are. */
static void lay_out(struct ping_build *build)
{
	const struct ping_options *options = build->options;
	build->targets = arena_take_array(&build->arena, build->count, sizeof(*build->targets));
	build->phases = arena_take_array(&build->arena, build->count, sizeof(*build->phases));
	for (uint32_t i = 0; i < build->count; i++)
		plan_target(build, i);
	build->plan = (struct ping_plan){
		.targets = build->targets,
		.phases = build->phases,
		.target_count = build->count,
		.servers = options->dns,
		.target = join_texts(build),
		.duration_ns = options->duration_ns,
		.max_failures = options->max_failures,
		.wait_ns = options->wait_ns,
	};
}

/* ---- addresses for names ---- */

static bool is_spread(const struct ping_build *build, const struct probe_target *look)
{
	bool wants_all = strcmp(build->options->addresses, "all") == 0;
	return look->uri.is_srv ||
	       (wants_all && !look->connect_host && !is_literal(look->uri.host));
}

/* "https://web.example:443/ at 192.0.2.7" */
static void place(struct ping_build *build, const struct probe_target *from,
		  const struct endpoint *endpoint, struct probe_target *ret)
{
	char address[ENDPOINT_TEXT_MAX];
	*ret = *from;
	(void)endpoint_format_address(endpoint, address);
	ret->connect_host = arena_text(&build->arena, address);
	ret->connect_port = endpoint->port;
	if (ret->uri.is_srv) {
		(void)snprintf(ret->uri.host, sizeof(ret->uri.host), "%s", uri_peer(&from->uri));
		ret->uri.port = endpoint->port;
		ret->uri.is_srv = false;
		(void)endpoint_format(endpoint, address);
	}
	(void)snprintf(ret->uri.text, sizeof(ret->uri.text), "%.1200s at %s", from->uri.text,
		       address);
}

static int add_places(struct ping_build *build, const struct probe_target *from,
		      struct error *error)
{
	struct resolve_options how = { .addresses = RESOLVE_ALL,
				       .family = from->family,
				       .servers = build->options->dns };
	struct resolved *resolved = arena_take_array(&build->arena, 1, sizeof(*resolved));
	int result = resolve_target(&from->uri, &how, error, resolved);
	for (uint32_t i = 0; i < resolved->count && result >= 0; i++) {
		if (build->count == PING_TARGETS_MAX)
			return error_set(error, EINVAL, "%d targets at most, of all addresses",
					 PING_TARGETS_MAX);
		place(build, from, &resolved->endpoints[i], &build->looks[build->count++]);
	}
	return result;
}

int ping_build_resolve(void *context, struct error *error)
{
	struct ping_build *build = context;
	const struct probe_target *looks = build->looks;
	uint32_t count = build->count;
	int result = 0;
	build->looks = arena_take_array(&build->arena, PING_TARGETS_MAX, sizeof(*build->looks));
	build->count = 0;
	for (uint32_t i = 0; i < count && result >= 0; i++) {
		if (is_spread(build, &looks[i]))
			result = add_places(build, &looks[i], error);
		else
			build->looks[build->count++] = looks[i];
	}
	if (result >= 0)
		lay_out(build);
	return result;
}

int ping_build(struct ping_build *build, const struct ping_options *options,
	       const struct operands *operands, struct error *error)
{
	struct probe_target common = { 0 };
	build->options = options;
	int result = check_operands(operands, error);
	if (result >= 0)
		result = ping_look_read(build, error, &common);
	if (result < 0)
		return result;
	build->count = (uint32_t)operands->count;
	build->looks = arena_take_array(&build->arena, build->count, sizeof(*build->looks));
	return plan_targets(build, operands, &common, error);
}
