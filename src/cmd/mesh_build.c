/* From the options of `mesh` to a plan. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/units.h"
#include "cmd/mesh.h"
#include "cmd/serve_places.h"
#include "mesh/name.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "run/exporter.h"

/* Of --once: so many looks fit into its ten seconds. */
#define ONCE_UDP_NS  UINT64_C(166000000)
#define ONCE_WAIT_NS (1 * NS_PER_S)
#define ONCE_MTU_NS  (3 * NS_PER_S)

void mesh_build_init(struct mesh_build *build)
{
	memset(build, 0, sizeof(*build));
	arena_init(&build->arena);
}

void mesh_build_deinit(struct mesh_build *build)
{
	tls_client_free(build->tls);
	tls_server_free(build->tls_server);
	arena_deinit(&build->arena);
}

/* ---- who we are ---- */

static bool is_printable(const char *text)
{
	while (*text && (unsigned char)*text >= ' ' && *text != 0x7f)
		text++;
	return *text == '\0';
}

static int choose_node(const struct mesh_options *options, struct mesh_settings *settings,
		       struct error *error)
{
	const char *by = options->node ? "--node" : "NODE_NAME";
	const char *given = options->node ? options->node : getenv("NODE_NAME");

	if (given && strlen(given) >= sizeof(settings->node))
		return error_set(error, EINVAL, "%s: \"%s\" is longer than %zu bytes", by, given,
				 sizeof(settings->node) - 1);
	if (given)
		(void)snprintf(settings->node, sizeof(settings->node), "%s", given);
	else if (gethostname(settings->node, sizeof(settings->node) - 1) < 0)
		return error_set(error, errno, "this host has no name: give one with --node");
	int result = mesh_name_check(settings->node, error);
	if (result < 0)
		error_prefix(error, "%s", given ? by : "--node");
	else if (options->location && strlen(options->location) >= sizeof(settings->location))
		result = error_set(error, EINVAL, "--location: longer than %zu bytes",
				   sizeof(settings->location) - 1);
	else if (options->location && !is_printable(options->location))
		result = error_set(error, EINVAL,
				   "--location: it has characters that can't be shown");
	else if (options->location)
		(void)snprintf(settings->location, sizeof(settings->location), "%s",
			       options->location);
	return result;
}

static bool is_label_name(const char *text, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	return size > 0 && size < MESH_NODE_LABEL_NAME_MAX && strchr(letters, text[0]) != NULL &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") ==
		       size;
}

static int add_label(const char *text, struct mesh_settings *settings, struct error *error)
{
	struct mesh_node_label *label = &settings->labels[settings->label_count];
	size_t size = strcspn(text, "=");

	if (settings->label_count == MESH_NODE_LABELS_MAX)
		return error_set(error, EINVAL, "--label: %d at most", MESH_NODE_LABELS_MAX);
	if (text[size] != '=' || !is_label_name(text, size))
		return error_set(error, EINVAL,
				 "--label: \"%s\" is no NAME=VALUE (a name has letters, digits and "
				 "\"_\", %d at most)",
				 text, MESH_NODE_LABEL_NAME_MAX - 1);
	if (strlen(text + size + 1) >= sizeof(label->value))
		return error_set(error, EINVAL,
				 "--label: the value of %.*s is longer than %zu bytes", (int)size,
				 text, sizeof(label->value) - 1);
	(void)snprintf(label->name, sizeof(label->name), "%.*s", (int)size, text);
	(void)snprintf(label->value, sizeof(label->value), "%s", text + size + 1);
	settings->label_count++;
	return 0;
}

static int choose_labels(const struct option_list *labels, struct mesh_settings *settings,
			 struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < labels->count && result >= 0; i++)
		result = add_label(labels->items[i], settings, error);
	return result;
}

/* ---- probes ---- */

void mesh_build_hurry(const struct command *command, const struct operands *operands,
		      struct mesh_options *options)
{
	const struct {
		const char *name;
		uint64_t *value;
		uint64_t once;
	} rows[] = {
		{ "udp-interval", &options->probing.udp_interval_ns, ONCE_UDP_NS },
		{ "wait-time", &options->probing.wait_ns, ONCE_WAIT_NS },
		{ "rand-time", &options->probing.rand_ns, 0 },
		{ "mtu-interval", &options->probing.mtu_interval_ns, ONCE_MTU_NS },
		{ "peers-each", &options->probing.k, 0 },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		if (!option_is_given(command, operands, rows[i].name))
			*rows[i].value = rows[i].once;
	}
	options->probing.window_ns = options->duration_ns;
	options->windows = 1;
}

static int choose_settings(const struct mesh_options *options, struct mesh_settings *settings,
			   struct error *error)
{
	settings->http_port = (uint16_t)options->http_port;
	settings->http_is_tls = options->peers_https || options->is_https;
	settings->packets_per_second = options->packets_max;
	settings->bytes_per_second = (uint64_t)ceil(options->bandwidth_max.bits_per_second / 8);
	settings->windows_needed = (uint32_t)options->windows;
	settings->slow_ns = options->slow_ns;
	settings->forget_ns = options->forget_ns;
	return mesh_probe_settings(&options->probing, error, settings);
}

/* ---- what it answers ---- */

/* Where this node has the service, and so do its peers. */
static uint16_t port_of(const struct plan_serve *serve, enum service service)
{
	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (serve->listen[i].service == service)
			return serve->listen[i].local.port;
	}
	return service_port(service);
}

/* One look at all peers is nobody's peer, and the node of this host may run beside it. */
static int choose_places(const struct mesh_options *options, struct plan_serve *serve,
			 struct error *error)
{
	static const char *const usual[] = { "traffic://:5003", "traffic+udp://:5003",
					     "control://:5004" };
	size_t usual_count = options->is_once ? 0 : options->control_token ? 3 : 2;

	return options->listen.count > 0 ? serve_places_add(options->listen.items,
							    options->listen.count, serve, error)
					 : serve_places_add(usual, usual_count, serve, error);
}

static int choose_services(const struct mesh_options *options, struct mesh_build *build,
			   struct error *error)
{
	struct mesh_plan *plan = &build->plan;
	int result = choose_places(options, &plan->serve, error);

	if (result >= 0 && options->control_token) {
		result = control_set_token(options->control_token, error, build->control_token);
		plan->serve.control_token = build->control_token;
		plan->control_token = build->control_token;
		if (result < 0)
			error_prefix(error, "--control-token");
	}
	plan->port = port_of(&plan->serve, SERVICE_TRAFFIC);
	plan->settings.control_port = port_of(&plan->serve, SERVICE_CONTROL);
	plan->settings.traffic_port = plan->port;
	plan->serve.name = plan->settings.node;
	plan->serve.drain_ns = options->drain_ns;
	return result;
}

/* ---- pages ---- */

static int choose_pages(const struct mesh_options *options, struct mesh_plan *plan,
			struct error *error)
{
	plan->has_http = strcmp(options->http, "off") != 0;
	plan->token = options->token;
	plan->token_for_all = options->token_for_all;
	plan->metrics = (struct mesh_metrics_style){ .has_pairs = options->has_pairs,
						     .worst = (uint32_t)options->worst,
						     .has_legacy = options->has_legacy };
	if (options->is_https && !plan->has_http)
		return error_set(error, EINVAL, "--https: not together with --http off");
	if (options->token_for_all && !options->token)
		return error_set(error, EINVAL, "--token-for-all: needs a --token");
	int result =
		plan->has_http ? exporter_parse(options->http, "--http", error, &plan->http) : 0;
	if (options->http_port == 0)
		plan->settings.http_port = plan->http.port;
	return result;
}

/* "10.0.0.0/8" is a range of addresses, "node-7.example" or ".example" names. */
static bool is_name(const char *text)
{
	return strchr(text, ':') == NULL && strchr(text, '/') == NULL &&
	       text[strspn(text, "0123456789.")] != '\0';
}

static int choose_allowed(const struct mesh_options *options, struct mesh_build *build,
			  struct error *error)
{
	size_t count = options->allow.count;
	struct subnet *subnets = arena_take_array(&build->arena, count, sizeof(*subnets));
	const char **hosts = arena_take_array(&build->arena, count, sizeof(*hosts));
	struct mesh_plan *plan = &build->plan;
	int result = 0;

	plan->allowed = subnets;
	plan->allowed_hosts = hosts;
	for (size_t i = 0; i < count && result >= 0; i++) {
		const char *text = options->allow.items[i];
		if (is_name(text))
			hosts[plan->allowed_host_count++] = text;
		else
			result = subnet_parse(text, error, &subnets[plan->allowed_count++]);
	}
	if (result < 0)
		error_prefix(error, "--allow");
	return result;
}

/* ---- all ---- */

int mesh_build_plan(const struct mesh_options *options, struct error *error,
		    struct mesh_build *build)
{
	struct mesh_plan *plan = &build->plan;

	*plan = (struct mesh_plan){
		.sources = options->peers.items,
		.source_count = (uint32_t)options->peers.count,
		.dns = options->dns,
		.refresh_ns = options->refresh_ns,
		.peers_max = (uint32_t)options->peers_max,
		.places = (uint32_t)options->pairs_max,
		.k = (uint32_t)options->probing.k,
		.seed = options->probing.seed,
		.events = options->events,
		.drain_ns = options->drain_ns,
		.duration_ns = options->is_once ? options->duration_ns : 0,
	};
	int result = choose_node(options, &plan->settings, error);
	if (result >= 0)
		result = choose_labels(&options->labels, &plan->settings, error);
	if (result >= 0)
		result = choose_settings(options, &plan->settings, error);
	/* All of it is one window, also what is still under way at the end. */
	if (options->is_once)
		plan->settings.window_ns = UINT64_MAX / 4;
	if (result >= 0)
		result = choose_services(options, build, error);
	if (result >= 0)
		result = choose_pages(options, plan, error);
	if (result >= 0)
		result = choose_allowed(options, build, error);
	return result < 0 ? result : push_plan_parse(&options->output.push, error, &plan->push);
}

/* Of the pages, and of services over TLS. */
static int make_server(const struct mesh_options *options, struct error *error,
		       struct mesh_build *build)
{
	struct plan_serve *serve = &build->plan.serve;
	bool is_needed = options->is_https;
	struct tls_server_options server = {
		.certificate_file = options->cert,
		.key_file = options->key,
		.host_name = build->plan.settings.node,
		.addresses = &build->plan.http,
		.address_count = 1,
	};

	for (uint32_t i = 0; i < serve->listen_count; i++)
		is_needed |= serve->listen[i].transport == TRANSPORT_TLS;
	if (!is_needed && options->cert)
		return error_set(error, EINVAL,
				 "--cert: nothing is over TLS here (--https, or --listen "
				 "SERVICE+tls://...)");
	if (!is_needed)
		return 0;
	int result = command_file_code(tls_server_new(&server, error, &build->tls_server));
	serve->tls = build->tls_server;
	if (options->is_https)
		build->plan.http_tls = build->tls_server;
	return result;
}

int mesh_build_tls(const struct mesh_options *options, struct error *error,
		   struct mesh_build *build)
{
	struct tls_client_options client = {
		.is_unverified = options->is_insecure,
		.ca_file = options->ca,
		.has_resumption = true,
		/* Most meshes need none, but a list of peers may name https://... at any time. */
		.is_late = !options->peers_https,
	};
	int result = command_file_code(tls_client_new(&client, error, &build->tls));

	build->plan.tls = build->tls;
	return result < 0 ? result : make_server(options, error, build);
}
