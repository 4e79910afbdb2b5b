#include "cmd/mesh_probes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a probe of --probes is called where it is no enum mesh_probe. */
#define MTU_NAME "mtu"

static int add_probe(const char *name, size_t size, struct mesh_settings *settings,
		     struct error *error)
{
	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		if (strlen(mesh_probe_name(i)) == size &&
		    strncmp(mesh_probe_name(i), name, size) == 0) {
			settings->probes |= 1u << i;
			return 0;
		}
	}
	if (size == strlen(MTU_NAME) && strncmp(name, MTU_NAME, size) == 0) {
		settings->has_mtu = true;
		return 0;
	}
	return error_set(error, EINVAL,
			 "--probes: \"%.*s\" is no probe (tcp, tcp_long, udp, http, grpc, mtu)",
			 (int)size, name);
}

static int choose_probes(const char *text, struct mesh_settings *settings, struct error *error)
{
	int result = 0;

	for (const char *at = text; result >= 0;) {
		size_t size = strcspn(at, ",");
		result = add_probe(at, size, settings, error);
		if (at[size] == '\0')
			break;
		at += size + 1;
	}
	return result;
}

int mesh_probe_settings(const struct mesh_probe_options *options, struct error *error,
			struct mesh_settings *ret)
{
	ret->wait_ns = options->wait_ns;
	ret->rand_ns = options->rand_ns;
	ret->udp_interval_ns = options->udp_interval_ns;
	ret->udp_ports = (uint32_t)options->udp_ports;
	ret->udp_bytes = (uint32_t)options->udp_bytes;
	ret->mtu_interval_ns = options->mtu_interval_ns;
	ret->timeout_ns = options->timeout_ns;
	ret->window_ns = options->window_ns;
	ret->grpc_port = (uint16_t)options->grpc_port;
	if (options->http_path[0] != '/' || strlen(options->http_path) >= sizeof(ret->http_path))
		return error_set(error, EINVAL,
				 "--http-path: \"%s\" is no path (it begins with \"/\" and has at "
				 "most %zu bytes)",
				 options->http_path, sizeof(ret->http_path) - 1);
	(void)snprintf(ret->http_path, sizeof(ret->http_path), "%s", options->http_path);
	return choose_probes(options->probes, ret, error);
}
