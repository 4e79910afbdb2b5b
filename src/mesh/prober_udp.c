/* See prober_udp.h: opening, and the schedule of each link. */
#include "mesh/prober_udp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Of late and second answers so many numbers are known at least. */
#define REMEMBERED_MIN 16
#define REMEMBERED_MAX 65536

static const uint16_t families[UDP_FAMILIES] = { AF_INET, AF_INET6 };

/* ---- the schedule of a link */

static bool is_asked_for(const struct udp_prober *prober)
{
	return !prober->is_stopped && (prober->host->settings->probes & 1U << MESH_UDP) != 0;
}

void udp_arm(struct udp_link *own)
{
	const struct mesh_host *host = own->prober->host;
	uint64_t at_ns =
		is_asked_for(own->prober) ? udp_step_of(own->prober, own->due_ns) : UINT64_MAX;
	struct window_entry oldest;
	uint64_t number;

	if (window_oldest_pending(&own->window, &number, &oldest) &&
	    oldest.sent_ns + host->settings->timeout_ns < at_ns)
		at_ns = oldest.sent_ns + host->settings->timeout_ns;
	if (at_ns == UINT64_MAX)
		loop_clear_timer(host->loop, &own->timer);
	else
		loop_set_timer(host->loop, &own->timer, at_ns);
}

/* Turns that were over before this host came to them would only bunch: they are left out. */
static void skip_late(struct udp_link *own, uint64_t now_ns)
{
	const struct mesh_host *host = own->prober->host;
	uint64_t interval_ns = host->settings->udp_interval_ns;
	uint64_t over = now_ns > own->due_ns ? (now_ns - own->due_ns) / interval_ns : 0;

	own->due_ns += over * interval_ns;
	if (!own->link->target.is_probed)
		return;
	host->node->skipped_late += over;
	udp_series(own)->skipped += (uint32_t)over;
}

static bool may_send(struct udp_link *own, uint64_t now_ns)
{
	const struct mesh_host *host = own->prober->host;
	uint64_t overhead = udp_family(own) > 0 ? 48 : 28;

	if (own->is_queued || window_is_full(&own->window))
		return false;
	if (mesh_caps_take(host->caps, 1, own->prober->bytes + overhead, now_ns))
		return true;
	host->node->skipped_cap++;
	return false;
}

static void take_turn(struct udp_link *own, uint64_t now_ns)
{
	skip_late(own, now_ns);
	uint64_t due_ns = udp_step_of(own->prober, own->due_ns);
	own->due_ns += own->prober->host->settings->udp_interval_ns;
	if (!own->link->target.is_probed)
		return;
	if (may_send(own, now_ns))
		udp_queue(own, due_ns);
	else
		udp_series(own)->skipped++;
}

static void on_timer(struct timer *timer)
{
	struct udp_link *own = container_of(timer, struct udp_link, timer);
	struct udp_prober *prober = own->prober;
	uint64_t now_ns = loop_now(prober->host->loop);

	udp_give_up(own, now_ns);
	if (is_asked_for(prober) && udp_step_of(prober, own->due_ns) <= now_ns)
		take_turn(own, now_ns);
	udp_arm(own);
}

/* ---- links */

/* All that can wait for their answer at once, and as many again of which late ones are known. */
static uint32_t room_for(const struct mesh_settings *settings)
{
	uint64_t pending = 2 * (settings->timeout_ns / settings->udp_interval_ns + 2);

	if (pending < REMEMBERED_MIN)
		pending = REMEMBERED_MIN;
	return pending < REMEMBERED_MAX ? (uint32_t)pending : REMEMBERED_MAX;
}

static void free_link(struct udp_link *own)
{
	own->prober->links[own->link->place] = NULL;
	own->link->own[MESH_PROBER_UDP] = NULL;
	own->prober->link_count[udp_family(own)]--;
	loop_clear_timer(own->prober->host->loop, &own->timer);
	udp_unqueue(own);
	for (uint32_t port = 0; port < own->prober->ports; port++)
		free(own->ways[port].forward.jumps);
	free(own->storage);
	free(own);
}

static struct udp_link *new_link(struct udp_prober *prober, struct mesh_link *link)
{
	const struct mesh_settings *settings = prober->host->settings;
	size_t bytes = sizeof(struct udp_link) + prober->ports * sizeof(struct udp_way);
	uint32_t room = room_for(settings);
	struct udp_link *own = calloc(1, bytes);
	void *storage = calloc(1, window_storage_size(room));

	if (own == NULL || storage == NULL) {
		free(own);
		free(storage);
		return NULL;
	}
	own->prober = prober;
	own->link = link;
	own->storage = storage;
	own->room = room;
	own->flow = prober->epoch++ << UDP_PLACE_BITS | link->place;
	timer_init(&own->timer, on_timer);
	window_init(&own->window, storage, room);
	/* Nothing has arrived there of this flow yet. */
	for (uint32_t port = 0; port < prober->ports; port++)
		own->ways[port].forward.is_known = true;
	return own;
}

static int udp_add(void *state, struct mesh_link *link)
{
	struct udp_prober *prober = state;
	const struct mesh_host *host = prober->host;

	if (link->target.speech != MESH_SPEECH_OURS)
		return 0;
	struct udp_link *own = new_link(prober, link);
	if (own == NULL)
		return -ENOMEM;
	link->own[MESH_PROBER_UDP] = own;
	prober->links[link->place] = own;
	prober->link_count[udp_family(own)]++;
	udp_choose_look(prober);
	own->due_ns = mesh_phase(host, link, loop_now(host->loop), host->settings->udp_interval_ns);
	udp_arm(own);
	return 0;
}

static void forget_pending(struct udp_link *own)
{
	struct mesh_series *series = udp_series(own);
	struct window_entry entry;

	for (uint64_t number = own->window.tail; number < own->window.head; number++) {
		if (window_is_pending(&own->window, number, &entry))
			own->link->pair->udp.sent[number % own->prober->ports]--;
	}
	own->prober->in_flight -= series->in_flight;
	series->sent -= series->in_flight;
	series->in_flight = 0;
}

static void udp_remove(void *state, struct mesh_link *link)
{
	struct udp_link *own = link->own[MESH_PROBER_UDP];

	if (own == NULL)
		return;
	forget_pending(own);
	free_link(own);
	udp_choose_look(state);
}

/* ---- all of them */

static int make_scratch(struct udp_prober *prober, uint32_t bytes)
{
	uint8_t *scratch = calloc(DATAGRAM_BATCH_MAX, (size_t)bytes + 1);

	if (scratch == NULL)
		return -ENOMEM;
	free(prober->scratch);
	prober->scratch = scratch;
	prober->bytes_before = prober->bytes;
	prober->bytes = bytes;
	return 0;
}

static int open_family(struct udp_prober *prober, unsigned family)
{
	const struct mesh_host *host = prober->host;
	struct datagram_options options = {
		.local.family = families[family],
		.wants_stamps = true,
		.wants_errors = true,
		.network = host->network,
	};
	int rc = 0;

	for (uint32_t port = 0; port < prober->ports && rc == 0; port++) {
		struct udp_socket *socket = &prober->sockets[family][port];
		socket->prober = prober;
		socket->port = port;
		deferred_init(&socket->read_on, udp_on_read_on);
		rc = datagram_open(&socket->socket, host->datagram, host->loop, &options,
				   udp_on_ready);
	}
	prober->has_family[family] = rc == 0;
	return rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL ? 0 : rc;
}

static void udp_close(void *state)
{
	struct udp_prober *prober = state;

	if (prober == NULL)
		return;
	for (uint32_t place = 0; prober->links != NULL && place < prober->host->places; place++) {
		if (prober->links[place] != NULL)
			free_link(prober->links[place]);
	}
	for (unsigned family = 0; family < UDP_FAMILIES; family++) {
		for (uint32_t port = 0; port < prober->ports; port++) {
			struct udp_socket *socket = &prober->sockets[family][port];
			datagram_close(&socket->socket);
			if (socket->prober != NULL)
				list_remove(&socket->read_on.node);
		}
	}
	list_remove(&prober->flush.node);
	loop_clear_timer(prober->host->loop, &prober->look);
	free(prober->links);
	free(prober->scratch);
	free(prober);
}

static int open_all(struct udp_prober *prober, struct error *error)
{
	const struct mesh_host *host = prober->host;
	int rc = make_scratch(prober, host->settings->udp_bytes);

	prober->links = calloc(host->places, sizeof(struct udp_link *));
	if (prober->links == NULL)
		rc = -ENOMEM;
	for (unsigned family = 0; family < UDP_FAMILIES && rc == 0; family++)
		rc = open_family(prober, family);
	if (rc == 0 && !prober->has_family[0] && !prober->has_family[1])
		rc = -EAFNOSUPPORT;
	return rc == 0 ? 0
		       : error_set(error, -rc, "%u sockets for datagram probes: %s", prober->ports,
				   strerror(-rc));
}

static int udp_open(const struct mesh_host *host, struct error *error, void **ret)
{
	const struct mesh_settings *settings = host->settings;

	*ret = NULL;
	if (settings->udp_ports == 0)
		return 0;
	assert(settings->udp_ports <= MESH_PORTS_MAX && host->places <= 1U << UDP_PLACE_BITS);
	struct udp_prober *prober = calloc(1, sizeof(*prober));
	if (prober == NULL)
		return error_set(error, ENOMEM, "out of memory for datagram probes");
	prober->host = host;
	prober->ports = settings->udp_ports;
	prober->epoch = (uint32_t)random_next(host->random);
	deferred_init(&prober->flush, udp_on_flush);
	timer_init(&prober->look, udp_on_look);
	int rc = open_all(prober, error);
	if (rc < 0) {
		udp_close(prober);
		return rc;
	}
	*ret = prober;
	return 0;
}

/* A shorter interval needs more room; without it what can't be followed is skipped. */
static void make_room(struct udp_link *own)
{
	uint32_t room = room_for(own->prober->host->settings);
	void *storage = room > own->room ? calloc(1, window_storage_size(room)) : NULL;

	if (storage == NULL)
		return;
	window_move(&own->window, storage, room);
	free(own->storage);
	own->storage = storage;
	own->room = room;
}

static void udp_change(void *state)
{
	struct udp_prober *prober = state;
	const struct mesh_host *host = prober->host;
	const struct mesh_settings *settings = host->settings;

	if (settings->udp_bytes != prober->bytes)
		(void)make_scratch(prober, settings->udp_bytes); /* else as they were */
	udp_choose_look(prober);
	for (uint32_t place = 0; place < host->places; place++) {
		struct udp_link *own = prober->links[place];
		if (own == NULL)
			continue;
		make_room(own);
		own->due_ns = mesh_phase(host, own->link, loop_now(host->loop),
					 settings->udp_interval_ns);
		udp_arm(own);
	}
}

static void udp_stop(void *state)
{
	struct udp_prober *prober = state;

	prober->is_stopped = true;
	for (uint32_t place = 0; place < prober->host->places; place++) {
		if (prober->links[place] != NULL)
			udp_arm(prober->links[place]);
	}
}

static bool udp_is_done(const void *state)
{
	const struct udp_prober *prober = state;

	return prober->is_stopped && prober->in_flight == 0 && prober->queued == 0;
}

const struct mesh_prober_kind mesh_prober_udp = {
	.name = "udp",
	.open = udp_open,
	.close = udp_close,
	.add = udp_add,
	.remove = udp_remove,
	.change = udp_change,
	.stop = udp_stop,
	.is_done = udp_is_done,
};
