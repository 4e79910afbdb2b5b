/* Looks whose questions are datagrams: what all kinds of them do alike. Several are in flight, told
 * apart by a serial number of their own, because a number of a probe may come twice. */
#include "probe/packet_prober.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define LOOKS_A_CHUNK   32
#define SOCKETS_A_CHUNK 4
/* Than the question, so that one that is longer shows; and the IP header of a raw socket. */
#define ANSWER_MORE_BYTES 64

/* ---- the end of a look ---- */

static struct probe *end_look(struct packet_look *look)
{
	struct probe *probe = look->probe;
	list_remove(&look->node);
	probe->state = NULL;
	look->probe = NULL;
	return probe;
}

void packet_look_done(struct packet_look *look, uint64_t at_ns)
{
	probe_done(end_look(look), at_ns);
}

void packet_look_rejected(struct packet_look *look, uint64_t at_ns, const char *why)
{
	probe_rejected(end_look(look), at_ns, why);
}

void packet_look_failed(struct packet_look *look, enum outcome outcome, const char *why)
{
	probe_failed(end_look(look), outcome, why);
}

/* ---- a prober ---- */

static int check_payload(const struct packet_kind *kind, const struct probe_target *target,
			 struct error *error)
{
	uint64_t bytes = target->payload_bytes;
	if (bytes == 0 || (bytes >= kind->bytes_min && bytes <= kind->bytes_max))
		return 0;
	if (kind->bytes_max == 0)
		return error_set(error, EINVAL, "%s: takes no payload of its own",
				 target->uri.text);
	return error_set(error, EINVAL, "%s: its payload has %u to %u bytes, not %llu",
			 target->uri.text, kind->bytes_min, kind->bytes_max,
			 (unsigned long long)bytes);
}

static int make_room(struct packet_prober *owner, const struct probe_target *target)
{
	const struct packet_kind *kind = owner->kind;
	owner->payload_bytes = target->payload_bytes ? target->payload_bytes : kind->bytes_usual;
	size_t out_bytes = kind->head_bytes + owner->payload_bytes;
	owner->in_bytes = out_bytes + ANSWER_MORE_BYTES;
	if (owner->in_bytes < kind->room_bytes)
		owner->in_bytes = kind->room_bytes;
	owner->out = malloc(out_bytes);
	owner->in = malloc(owner->in_bytes);
	if (!owner->out || !owner->in)
		return -ENOMEM;
	ssize_t drawn = getrandom(owner->cookie, sizeof(owner->cookie), 0);
	return drawn == sizeof(owner->cookie) ? 0 : -EIO;
}

int packet_open(struct prober *prober, const struct packet_kind *kind, struct error *error)
{
	int result = address_check(prober->target, error);
	if (result >= 0)
		result = check_payload(kind, prober->target, error);
	if (result < 0)
		return result;
	struct packet_prober *owner = calloc(1, sizeof(*owner));
	if (!owner)
		return error_set(error, ENOMEM, "out of memory");
	prober->state = owner;
	owner->kind = kind;
	owner->prober = prober;
	address_book_init(&owner->book, prober);
	slab_init(&owner->looks, sizeof(struct packet_look), LOOKS_A_CHUNK);
	slab_init(&owner->sockets, sizeof(struct packet_socket), SOCKETS_A_CHUNK);
	if (make_room(owner, prober->target) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	else if (kind->open)
		result = kind->open(owner, error);
	if (result < 0)
		packet_close(prober);
	return result;
}

void packet_close(struct prober *prober)
{
	struct packet_prober *owner = prober->state;
	if (!owner)
		return;
	packet_window_clear(owner);
	if (owner->kept)
		packet_socket_free(owner->kept);
	if (owner->kind->close)
		owner->kind->close(owner);
	address_book_deinit(&owner->book);
	slab_deinit(&owner->looks);
	slab_deinit(&owner->sockets);
	free(owner->out);
	free(owner->in);
	free(owner);
	prober->state = NULL;
}

/* ---- a probe ---- */

static struct packet_socket *new_socket(struct packet_prober *owner)
{
	struct packet_socket *socket = slab_take(&owner->sockets);
	if (!socket)
		return NULL;
	socket->owner = owner;
	socket->socket.watch.fd = -1;
	list_init(&socket->waiting);
	deferred_init(&socket->hearing_on, packet_socket_hear_on);
	owner->open_sockets++;
	return socket;
}

static struct packet_socket *socket_for(struct packet_prober *owner)
{
	if (!owner->prober->target->is_kept && !owner->kind->is_session)
		return new_socket(owner);
	if (!owner->kept)
		owner->kept = new_socket(owner);
	return owner->kept;
}

void packet_start(struct prober *prober, struct probe *probe)
{
	struct packet_prober *owner = prober->state;
	packet_window_expire(owner, loop_now(prober->host->loop));
	struct packet_look *look = packet_window_add(owner, probe);
	struct packet_socket *socket = look ? socket_for(owner) : NULL;
	if (!look || !socket) {
		/* A look without a probe is forgotten in its turn. */
		if (look)
			look->probe = NULL;
		probe_failed(probe, look ? OUTCOME_NO_MEMORY : OUTCOME_LIMITED, NULL);
		return;
	}
	probe->state = look;
	look->socket = socket;
	socket->looks++;
	if (socket->is_open) {
		probe->result.is_kept = true;
		probe_enter(probe, PROBE_SEND);
		packet_socket_send(look);
		return;
	}
	bool is_first = list_is_empty(&socket->waiting);
	list_append(&socket->waiting, &look->node);
	if (is_first)
		packet_socket_seek(socket);
}

void packet_give_up(struct prober *prober, struct probe *probe)
{
	struct packet_look *look = probe->state;
	(void)prober;
	if (look->owner->kind->give_up)
		look->owner->kind->give_up(look);
	if (look->note && probe->result.why[0] == '\0')
		(void)snprintf(probe->result.why, sizeof(probe->result.why), "%s", look->note);
	(void)end_look(look);
}
