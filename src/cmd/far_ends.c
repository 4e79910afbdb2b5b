#include "cmd/far_ends.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"
#include "engine/engine.h"
#include "net/resolver.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

/* Who drives has closed before they drain; this is for who was cut off. */
#define DRAIN_NS NS_PER_S

const struct uri_defaults far_ends_uri = {
	.service = SERVICE_DISCARD,
	.services = CLIENT_SERVICES | 1u << SERVICE_DISCARD | 1u << SERVICE_SOURCE,
	.transports = CLIENT_TRANSPORTS,
	.bare_transports = URI_TRANSPORTS_REFUSED,
	.is_own = true,
};

/* ---- what was typed */

int far_ends_check(const struct load_options *options, size_t targets, struct error *error)
{
	const struct tls_options *tls = &options->client.tls;
	const struct {
		const char *option;
		bool is_given;
		const char *why;
	} others[] = {
		{ "several targets", targets > 1, "its one target is served here" },
		{ "--processes", options->client.processes > 1,
		  "both ends are in this one; -w N has N workers" },
		{ "--probe", options->probe != NULL, "there is no other service here to probe" },
		{ "--receiver", strcmp(options->receiver.receiver, "auto") != 0,
		  "what was received is counted here" },
		{ "--ca", tls->ca != NULL, "the certificate is made here, and trusted" },
		{ "--cert", tls->cert != NULL, "nobody asks for it here" },
		{ "--sni", tls->sni != NULL, "the certificate is of this host" },
	};
	for (size_t i = 0; i < array_size(others); i++)
		if (others[i].is_given)
			return error_set(error, EINVAL, "--serve: not together with %s: %s",
					 others[i].option, others[i].why);
	return 0;
}

int far_ends_certify(struct load *load, struct tls_options *tls, struct error *error)
{
	const struct uri *uri = &load->client.uris[0];
	struct endpoint address;
	struct tls_server_options server = { 0 };
	if (uri->transport != TRANSPORT_TLS)
		return 0;
	if (resolver_parse_numeric(uri->host, uri->port, &address) < 0) {
		server.host_name = uri->host;
	} else {
		server.addresses = &address;
		server.address_count = 1;
	}
	int result = tls_server_new(&server, error, &load->far_tls);
	if (result >= 0)
		tls->ca = tls_server_certificate_path(load->far_tls);
	return result;
}

/* ---- pairs and their cpus */

static int plan_pairs(struct client *client, const struct client_options *options,
		      struct error *error)
{
	struct plan *plan = &client->plan;
	plan->cpus = client->cpus;
	int result = cpu_list_parse(options->cpus, error, client->cpus, &plan->cpu_count);
	if (result < 0) {
		error_prefix(error, "--cpus");
		return result;
	}
	unsigned cpus = plan->cpu_count > 0 ? plan->cpu_count : cpu_count();
	plan->workers = options->workers > 0 ? (unsigned)options->workers : cpus;
	if (plan->workers > plan->slots.count)
		plan->workers = plan->slots.count;
	return 0;
}

static struct plan plan_of_one(const struct load *load, unsigned pair)
{
	const struct plan *plan = &load->client.plan;
	const struct uri *uri = &load->client.uris[0];
	return (struct plan){
		.serve.listen = { { .service = uri->service, .transport = uri->transport } },
		.serve.listen_count = 1,
		.serve.tls = load->far_tls,
		.serve.name = load->far_name,
		.serve.drain_ns = DRAIN_NS,
		.workers = 1,
		.tick_ns = plan->tick_ns,
		.is_spinning = plan->is_spinning,
		.seed = plan->seed + plan->workers + pair,
		.socket_options = plan->socket_options,
		.stream = &stream_tcp,
		.datagram = &datagram_udp,
	};
}

int far_ends_plan(struct load *load, const struct client_options *options, struct error *error)
{
	struct client *client = &load->client;
	int result = plan_pairs(client, options, error);
	if (result < 0)
		return result;
	unsigned count = client->plan.workers;
	(void)gethostname(load->far_name, sizeof(load->far_name) - 1);
	load->far_ends = arena_take_array(&client->arena, count, sizeof(*load->far_ends));
	load->far_remotes = arena_take_array(&client->arena, count, sizeof(*load->far_remotes));
	for (unsigned i = 0; i < count; i++)
		load->far_ends[i] = plan_of_one(load, i);
	client->plan.far_ends = load->far_ends;
	return 0;
}

/* ---- where */

static int check_is_here(const struct endpoint *place, struct error *error)
{
	struct endpoint local = *place;
	char text[ENDPOINT_TEXT_MAX];
	owned_fd int fd = ip_socket_open(place->family, SOCK_DGRAM);
	local.port = 0;
	if (fd < 0 || ip_socket_bind(fd, &local) != -EADDRNOTAVAIL)
		return 0; /* what else is wrong shows when it listens */
	return error_set(error, EINVAL, "--serve: %s is no address of this host (see ip addr)",
			 endpoint_format_address(place, text));
}

/* A port that was asked for is the first pair's, the ones behind it the others'. */
int far_ends_place(struct load *load, struct error *error)
{
	struct plan *plan = &load->client.plan;
	int result = check_is_here(&plan->remotes[0], error);
	if (result >= 0 && plan->remotes[0].port > UINT16_MAX - plan->workers + 1)
		result = error_set(error, EINVAL,
				   "--serve: %u pairs have no ports from %u on: that ends at %d",
				   plan->workers, plan->remotes[0].port, UINT16_MAX);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < plan->workers; i++) {
		struct endpoint *remote = &load->far_remotes[i];
		*remote = plan->remotes[0];
		if (remote->port > 0)
			remote->port = (uint16_t)(remote->port + i);
		load->far_ends[i].serve.listen[0].local = *remote;
	}
	plan->remotes = load->far_remotes;
	plan->remote_targets = NULL;
	plan->remote_count = plan->workers;
	return 0;
}

void far_ends_meet(struct load *load, const struct engine *engine)
{
	for (unsigned i = 0; i < load->client.plan.workers; i++)
		load->far_remotes[i].port = engine_far_port(engine, i);
}

void far_ends_deinit(struct load *load)
{
	tls_server_free(load->far_tls);
	load->far_tls = NULL;
}
