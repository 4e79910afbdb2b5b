/* Sockets for one peer each, beside the listeners (service_udp.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/service_udp.h"

static bool takes(const struct service_socket *place, const struct endpoint *server)
{
	const struct endpoint *local = &place->socket.local;

	return place->service == SERVICE_TRAFFIC && local->port == server->port &&
	       (endpoint_is_any(local) || local->family == 0 ||
		memcmp(local->address, server->address, sizeof(local->address)) == 0);
}

static bool is_taken(const struct service_udp *udp, const struct endpoint *server)
{
	for (unsigned i = 0; i < udp->socket_count; i++) {
		if (takes(&udp->sockets[i], server))
			return true;
	}
	return false;
}

static struct service_socket **free_path(struct service_udp *udp)
{
	for (unsigned i = 0; i < SERVICE_PATHS_MAX; i++) {
		if (udp->paths[i] == NULL)
			return &udp->paths[i];
	}
	return NULL;
}

int service_udp_open_path(struct service_udp *udp, const struct endpoint *server,
			  const struct endpoint *peer, struct service_socket *place)
{
	const struct plan *plan = udp->worker->plan;
	struct service_socket **slot = free_path(udp);
	struct datagram_options options = {
		.local = *server,
		.remote = *peer,
		.is_shared = true,
		.wants_local = true,
		.is_path_probe = true,
		.options = &plan->socket_options,
		.network = plan->network,
	};

	if (slot == NULL)
		return -EUSERS;
	if (!is_taken(udp, server))
		return -EADDRNOTAVAIL;
	int rc = service_udp_prepare(udp, place, SERVICE_TRAFFIC);
	if (rc == 0)
		rc = datagram_open(&place->socket, plan->datagram, udp->worker->loop, &options,
				   service_udp_ready);
	if (rc < 0) {
		free(place->room);
		return rc;
	}
	*slot = place;
	return 0;
}

bool service_udp_is_open(const struct service_socket *place)
{
	for (unsigned i = 0; place->owner != NULL && i < SERVICE_PATHS_MAX; i++) {
		if (place->owner->paths[i] == place)
			return true;
	}
	return false;
}

void service_udp_close_path(struct service_socket *place)
{
	if (!service_udp_is_open(place))
		return;
	for (unsigned i = 0; i < SERVICE_PATHS_MAX; i++) {
		if (place->owner->paths[i] == place)
			place->owner->paths[i] = NULL;
	}
	service_udp_close_place(place);
	free(place->room);
	place->room = NULL;
}

void service_udp_close_paths(struct service_udp *udp)
{
	for (unsigned i = 0; i < SERVICE_PATHS_MAX; i++) {
		if (udp->paths[i] != NULL)
			service_udp_close_path(udp->paths[i]);
	}
}
