/* What is remembered of the questions of a prober, so that an answer finds its own, and one that
 * comes late or twice is known for that: each until twice its time is over. */
#include <stdlib.h>

#include "probe/packet_prober.h"

/* ICMP's sequence numbers and DNS's ids are to tell them apart. */
#define LOOKS_MAX  32768
#define PLACES_MIN 16

static struct packet_look **place_of(const struct packet_prober *owner, uint64_t serial)
{
	return &owner->ring[serial & owner->ring_mask];
}

static int grow(struct packet_prober *owner)
{
	uint64_t places = owner->ring ? 2 * (owner->ring_mask + 1) : PLACES_MIN;
	struct packet_look **ring = calloc(places, sizeof(struct packet_look *));
	if (!ring)
		return -1;
	for (uint64_t serial = owner->oldest; serial < owner->next; serial++)
		ring[serial & (places - 1)] = *place_of(owner, serial);
	free(owner->ring);
	owner->ring = ring;
	owner->ring_mask = places - 1;
	return 0;
}

static void let_go(struct packet_look *look)
{
	struct packet_socket *socket = look->socket;
	list_remove(&look->node);
	look->socket = NULL;
	if (socket && --socket->looks == 0 && socket != look->owner->kept)
		packet_socket_free(socket);
}

static void forget_oldest(struct packet_prober *owner)
{
	struct packet_look *look = *place_of(owner, owner->oldest);
	let_go(look);
	slab_put(&owner->looks, look);
	owner->oldest++;
}

static bool is_full(const struct packet_prober *owner)
{
	return owner->next - owner->oldest == (owner->ring ? owner->ring_mask + 1 : 0);
}

/* A place for one more; false: there is none. */
static bool make_room(struct packet_prober *owner)
{
	if (!is_full(owner))
		return true;
	if (owner->next - owner->oldest < LOOKS_MAX)
		return grow(owner) == 0;
	if ((*place_of(owner, owner->oldest))->probe)
		return false;
	forget_oldest(owner);
	return true;
}

struct packet_look *packet_window_add(struct packet_prober *owner, struct probe *probe)
{
	if (!make_room(owner))
		return NULL;
	struct packet_look *look = slab_take(&owner->looks);
	if (!look)
		return NULL;
	uint64_t timeout_ns = probe->deadline.at_ns - probe->result.started_ns;
	list_init(&look->node);
	look->owner = owner;
	look->probe = probe;
	look->serial = owner->next++;
	look->number = probe->result.number;
	look->keep_until_ns = probe->deadline.at_ns + timeout_ns;
	*place_of(owner, look->serial) = look;
	return look;
}

struct packet_look *packet_window_find(const struct packet_prober *owner, uint64_t serial)
{
	if (serial < owner->oldest || serial >= owner->next)
		return NULL;
	return *place_of(owner, serial);
}

uint64_t packet_window_widen(const struct packet_prober *owner, uint16_t low)
{
	uint64_t newest = owner->next - 1;
	return newest - (uint16_t)((uint16_t)newest - low);
}

static bool is_waiting(const struct packet_look *look, const struct packet_socket *socket)
{
	return look->socket == socket && look->probe && look->sent_ns > 0;
}

struct packet_look *packet_window_first(const struct packet_socket *socket)
{
	const struct packet_prober *owner = socket->owner;
	for (uint64_t serial = owner->oldest; serial < owner->next; serial++) {
		struct packet_look *look = *place_of(owner, serial);
		if (is_waiting(look, socket))
			return look;
	}
	return NULL;
}

struct packet_look *packet_window_only(const struct packet_socket *socket)
{
	const struct packet_prober *owner = socket->owner;
	struct packet_look *first = packet_window_first(socket);
	for (uint64_t serial = first ? first->serial + 1 : owner->next; serial < owner->next;
	     serial++)
		if (is_waiting(*place_of(owner, serial), socket))
			return NULL;
	return first;
}

/* Sockets of probes that are over are kept for what may still come, but not too many. */
#define SOCKETS_MAX 256

void packet_window_expire(struct packet_prober *owner, uint64_t now_ns)
{
	while (owner->oldest < owner->next) {
		const struct packet_look *look = *place_of(owner, owner->oldest);
		bool is_kept = now_ns < look->keep_until_ns && owner->open_sockets < SOCKETS_MAX;
		if (look->probe || is_kept)
			return;
		forget_oldest(owner);
	}
}

void packet_window_clear(struct packet_prober *owner)
{
	while (owner->oldest < owner->next)
		forget_oldest(owner);
	free(owner->ring);
	owner->ring = NULL;
}
