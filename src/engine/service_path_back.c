#include "engine/service_path_back.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/service_path.h"
#include "sys/interface.h"

#define TRIES_MAX 4

struct service_path_back {
	struct service_socket place;
	struct path_wire path; /* whose it is */
	struct control_path known;
	uint8_t *out; /* zeros behind the head */
};

/* ---- what ICMP says ---- */

static void note_error(struct service_path_back *back, const struct datagram_error *error)
{
	struct path_wire wire;
	bool is_ours = path_wire_read(error->quote, error->quote_size, &wire) &&
		       wire.kind == PATH_WIRE_BACK;

	if (error->code != EMSGSIZE)
		return;
	if (error->is_local) {
		back->known.interface_bytes = error->mtu_bytes;
		return;
	}
	back->known.is_signalled = true;
	back->known.signal_number = is_ours ? wire.number : 0;
	back->known.signal_bytes = error->mtu_bytes;
	back->known.signal_from = error->from;
}

static void take_errors(struct service_socket *place)
{
	struct service_path_back *back = container_of(place, struct service_path_back, place);
	struct datagram_error error;

	while (datagram_take_error(&place->socket, &error) == 0)
		note_error(back, &error);
}

/* ---- opening ---- */

static void claim_of(const struct control_question *question, struct path_wire *ret)
{
	*ret = (struct path_wire){
		.kind = PATH_WIRE_BACK,
		.run = question->run,
		.number = question->number,
		.sender = question->local,
		.server = question->remote,
	};
	memcpy(ret->cookie, question->cookie, sizeof(ret->cookie));
}

static int open_place(struct service_udp *udp, struct service_path_back *back, struct error *error)
{
	int rc = service_udp_open_path(udp, &back->path.server, &back->path.sender, &back->place);

	if (rc < 0)
		return error_set(error, -rc, "no socket for the way back: %s",
				 strerrordesc_np(-rc));
	back->place.troubled = take_errors;
	back->known.interface_bytes = interface_mtu(&back->path.server);
	back->known.route_bytes =
		interface_route_mtu(back->place.socket.watch.fd, back->place.socket.family);
	return 0;
}

int service_path_back_open(struct service_udp *udp, const struct control_question *question,
			   struct error *error, struct service_path_back **ret)
{
	struct path_wire claim;

	claim_of(question, &claim);
	if (!service_path_knows(&claim, udp->secret, loop_now(udp->worker->loop)))
		return error_set(error, EINVAL, "this cookie is not of that path, or too old");
	struct service_path_back *back = calloc(1, sizeof(*back));
	if (back == NULL)
		return error_set(error, ENOMEM, "out of memory");
	back->path = claim;
	back->out = calloc(1, SERVICE_UDP_ROOM_BYTES);
	int rc = back->out == NULL ? error_set(error, ENOMEM, "out of memory")
				   : open_place(udp, back, error);
	if (rc < 0) {
		free(back->out);
		free(back);
		return rc;
	}
	*ret = back;
	return 0;
}

void service_path_back_close(struct service_path_back *back)
{
	if (back == NULL)
		return;
	service_udp_close_path(&back->place);
	free(back->out);
	free(back);
}

/* ---- sending ---- */

static bool is_same_path(const struct path_wire *a, const struct path_wire *b)
{
	return endpoint_is_equal(&a->sender, &b->sender) &&
	       endpoint_is_equal(&a->server, &b->server) &&
	       memcmp(a->cookie, b->cookie, sizeof(a->cookie)) == 0;
}

/* An ICMP error that is pending fails a call that has done nothing. */
static int hand_over(struct service_path_back *back, const struct datagram *datagram)
{
	int sent = -EAGAIN;

	for (int i = 0; i < TRIES_MAX && sent < 0; i++) {
		sent = datagram_send(&back->place.socket, datagram, 1);
		take_errors(&back->place);
		if (sent == -EAGAIN)
			break;
	}
	return sent;
}

int service_path_back_send(struct service_path_back *back, const struct control_question *question,
			   struct error *error, struct control_path *ret)
{
	struct path_wire wire;
	struct datagram datagram = { .data = back->out, .size = question->payload_bytes };

	claim_of(question, &wire);
	if (!is_same_path(&wire, &back->path))
		return error_set(error, EINVAL, "one connection asks about one path");
	if (!service_udp_is_open(&back->place))
		return error_set(error, EINVAL, "this server is about to end");
	memset(wire.cookie, 0, sizeof(wire.cookie));
	path_wire_write(back->out, &wire);
	int sent = hand_over(back, &datagram);
	*ret = back->known;
	ret->number = question->number;
	ret->is_sent = sent > 0;
	ret->is_too_large = sent == -EMSGSIZE;
	back->known.is_signalled = false;
	return 0;
}
