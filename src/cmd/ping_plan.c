/* From the options of `ping` to a plan. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cmd/ping.h"
#include "engine/http_script.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "proto/http1_request.h"
#include "proto/template_file.h"
#include "run/ping_report.h"
#include "run/resolve.h"

#define BODY_MAX       (16 << 20)
#define IN_FLIGHT_MAX  4096
#define STATUSES_FIRST 100
#define STATUSES_LAST  599

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
		return 0;
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
	if (result >= 0 && ret->is_srv)
		result = error_set(error, EINVAL, "%s: name the hosts themselves", text);
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
	if (ping_is_datagram(uri))
		return phases | 1u << PROBE_SEND | 1u << PROBE_WAIT;
	phases |= 1u << PROBE_CONNECT;
	if (uri->transport == TRANSPORT_TLS)
		phases |= 1u << PROBE_TLS;
	if (uri->service != SERVICE_NONE)
		phases |= 1u << PROBE_SEND | 1u << PROBE_WAIT | 1u << PROBE_TRANSFER;
	return phases;
}

/* ---- options ---- */

static int read_family(const struct ping_options *options, struct error *error, int *ret)
{
	if (options->is_ipv4 && options->is_ipv6)
		return error_set(error, EINVAL, "-4 and -6 leave no address");
	*ret = options->is_ipv4 ? AF_INET : options->is_ipv6 ? AF_INET6 : AF_UNSPEC;
	return 0;
}

/* "HOST", "HOST:PORT", "[::1]:443" */
static int read_connect_to(struct ping_build *build, const char *text, struct error *error,
			   struct probe_target *look)
{
	static const struct uri_defaults place = { .service = SERVICE_TRAFFIC };
	struct uri uri;
	if (!text)
		return 0;
	int result = strstr(text, "://")
			     ? error_set(error, EINVAL, "\"%s\" is a URI: HOST:PORT", text)
			     : uri_parse(text, &place, error, &uri);
	if (result < 0) {
		error_prefix(error, "--connect-to");
		return result;
	}
	bool has_port = strrchr(text, ':') && (text[0] != '[' || strstr(text, "]:"));
	look->connect_host = arena_text(&build->arena, uri.host);
	look->connect_port = has_port ? uri.port : 0;
	return 0;
}

static int read_source(const char *text, struct error *error, struct endpoint *ret)
{
	if (text && endpoint_parse(text, 0, ret) < 0)
		return error_set(error, EINVAL, "--source: \"%s\" is not an address", text);
	return 0;
}

static int read_statuses(struct ping_build *build, const char *text, struct error *error,
			 struct probe_target *look)
{
	struct status_set set;
	if (!text)
		return 0;
	int result = status_set_parse(text, error, &set);
	if (result < 0) {
		error_prefix(error, "--expect-status");
		return result;
	}
	uint32_t *statuses = arena_take_array(&build->arena, STATUSES_LAST - STATUSES_FIRST + 1,
					      sizeof(*statuses));
	for (uint32_t status = STATUSES_FIRST; status <= STATUSES_LAST; status++)
		if (status_set_has(&set, status))
			statuses[look->status_count++] = status;
	look->statuses = statuses;
	return 0;
}

static int read_body(struct ping_build *build, struct error *error, struct probe_target *look)
{
	const struct ping_options *options = build->options;
	int result = 0;
	if (options->body)
		buffer_append_text(&build->body, options->body);
	if (options->body_file)
		result = command_file_code(
			template_file_read(options->body_file, error, &build->body));
	if (result < 0) {
		error_prefix(error, "--body-file");
		return result;
	}
	bool has_body = options->body || options->body_file;
	look->body = has_body ? buffer_text(&build->body) : NULL;
	look->body_size = build->body.size;
	look->method = options->method ? options->method : has_body ? "POST" : NULL;
	return 0;
}

static int read_headers(const struct ping_options *options, struct error *error,
			struct probe_target *look)
{
	int result = options->method ? http1_check_method(options->method, error) : 0;
	if (result < 0) {
		error_prefix(error, "--method");
		return result;
	}
	for (size_t i = 0; i < options->headers.count && result >= 0; i++)
		result = http1_check_header(options->headers.items[i], error);
	if (result < 0)
		error_prefix(error, "--header");
	look->headers = options->headers.items;
	look->header_count = (uint32_t)options->headers.count;
	return result;
}

/* What all targets have in common. */
static int read_options(struct ping_build *build, struct error *error, struct probe_target *look)
{
	const struct ping_options *options = build->options;
	int result = read_family(options, error, &look->family);
	look->is_kept = options->keeps;
	look->follows = options->follows;
	look->body_max_bytes = options->max_bytes;
	look->payload_bytes = options->payload_bytes;
	look->text = options->expect_text;
	if (result >= 0)
		result = read_connect_to(build, options->connect_to, error, look);
	if (result >= 0)
		result = read_source(options->source, error, &look->source);
	if (result >= 0)
		result = read_statuses(build, options->expect_status, error, look);
	if (result >= 0)
		result = read_headers(options, error, look);
	return result < 0 ? result : read_body(build, error, look);
}

static int read_sockets(struct ping_build *build, struct probe_target *look, struct error *error)
{
	bool is_udp = ping_is_datagram(&look->uri);
	struct socket_options *options = arena_take(&build->arena, sizeof(*options));
	int result =
		socket_choice_read(&build->options->sockets, look->uri.transport, error, options);
	look->options = options;
	if (result >= 0)
		result = socket_options_try(options, is_udp ? SOCKET_DATAGRAM : SOCKET_CONNECTS,
					    error);
	return result;
}

/* One client for each list of protocols. Who follows redirects may be led to TLS. */
static int find_tls(struct ping_build *build, struct probe_target *look, struct error *error)
{
	const char *protocols = prober_protocols(&look->uri);
	bool is_wanted = look->uri.transport == TRANSPORT_TLS || look->follows;
	for (size_t i = 0; i < PING_CLIENTS_MAX && is_wanted; i++) {
		struct ping_tls *tls = &build->tls[i];
		bool is_same =
			tls->client &&
			(tls->protocols == protocols ||
			 (tls->protocols && protocols && strcmp(tls->protocols, protocols) == 0));
		if (tls->client && !is_same)
			continue;
		tls->protocols = protocols;
		int result = tls->client ? 0
					 : tls_options_make(&build->options->tls, protocols, error,
							    &tls->client);
		look->tls = tls->client;
		return result;
	}
	return 0;
}

/* ---- targets ---- */

static const char *join_texts(struct ping_build *build)
{
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, (size_t)PING_TARGETS_MAX * URI_TEXT_MAX);
	for (uint32_t i = 0; i < build->count; i++)
		buffer_append_format(&text, "%s%s", i > 0 ? " " : "", build->looks[i].uri.text);
	return arena_text(&build->arena, buffer_text(&text));
}

static void plan_target(struct ping_build *build, uint32_t index)
{
	const struct ping_options *options = build->options;
	uint64_t in_flight = options->timeout_ns / options->interval_ns + 2;
	build->phases[index] = phases_of(&build->looks[index]);
	build->targets[index] = (struct pinger_target){
		.target = &build->looks[index],
		.interval_ns = options->interval_ns,
		.timeout_ns = options->timeout_ns,
		.count = options->count,
		.after_ns = pinger_spread(index, build->count, options->interval_ns),
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
		plan_target(build, i);
		result = read_sockets(build, &build->looks[i], error);
		if (result >= 0)
			result = find_tls(build, &build->looks[i], error);
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

int ping_build(struct ping_build *build, const struct ping_options *options,
	       const struct operands *operands, struct error *error)
{
	struct probe_target common = { 0 };
	build->options = options;
	int result = check_operands(operands, error);
	if (result >= 0)
		result = read_options(build, error, &common);
	if (result < 0)
		return result;
	build->count = (uint32_t)operands->count;
	build->looks = arena_take_array(&build->arena, build->count, sizeof(*build->looks));
	build->targets = arena_take_array(&build->arena, build->count, sizeof(*build->targets));
	build->phases = arena_take_array(&build->arena, build->count, sizeof(*build->phases));
	result = plan_targets(build, operands, &common, error);
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
	return result;
}
