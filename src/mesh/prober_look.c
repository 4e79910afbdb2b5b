/* When which link's page and health check are looked at: each at its own moment of the interval, a
 * bounded number at once, so that what a node costs does not grow with how bad its mesh is. */
#include "mesh/prober_look.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/units.h"
#include "mesh/caps.h"
#include "sys/limits.h"

#define LINKS_A_CHUNK 64
#define LOOKS_A_CHUNK 4
/* A connection, a request and its answer, and the end, as this side sends them. */
#define LOOK_PACKETS 6
#define LOOK_BYTES   800

static_assert(sizeof(struct look_link) <= 200, "a thousand links are at rest all the time");

static struct look_seat *seat_of(struct timer *timer)
{
	return container_of(timer, struct look_seat, timer);
}

/* ---- when ---- */

static uint64_t interval_ns(const struct look_prober *prober)
{
	uint64_t ns = prober->host->settings->wait_ns;
	return ns ? ns : NS_PER_S;
}

/* From one to the next. */
static uint64_t draw_ns(const struct look_prober *prober)
{
	uint64_t rand_ns = prober->host->settings->rand_ns;
	uint64_t more_ns = rand_ns ? random_below(prober->host->random, rand_ns) : 0;
	return interval_ns(prober) + more_ns;
}

/* Sets the seat's next moment, in the future. Returns how many have passed unseen. */
static uint64_t advance(struct look_seat *seat, uint64_t now_ns)
{
	struct look_prober *prober = seat->owner->prober;
	uint64_t step_ns = interval_ns(prober);
	uint64_t missed = now_ns > seat->due_ns ? (now_ns - seat->due_ns) / step_ns : 0;
	seat->due_ns += missed * step_ns + draw_ns(prober);
	loop_set_timer(prober->host->loop, &seat->timer, seat->due_ns);
	return missed;
}

/* ---- may it ---- */

static bool has_room(const struct look_seat *seat)
{
	const struct look_prober *prober = seat->owner->prober;
	bool has_answered = seat->owner->link->pair->probes[seat->probe].received > 0;
	bool is_trusted = has_answered && !seat->is_doubted;
	if (seat->look || (seat->is_doubted && prober->doubts >= LOOK_DOUBTS_MAX))
		return false;
	return prober->under_way < (is_trusted ? LOOKS_MAX : LOOK_STRANGERS_MAX);
}

static bool take_caps(const struct mesh_host *host, uint64_t now_ns)
{
	if (!mesh_caps_take(host->caps, LOOK_PACKETS, LOOK_BYTES, now_ns)) {
		host->node->skipped_cap++;
		return false;
	}
	host->node->packets_sent += LOOK_PACKETS;
	host->node->bytes_sent += LOOK_BYTES;
	return true;
}

static void on_due(struct timer *timer)
{
	struct look_seat *seat = seat_of(timer);
	const struct mesh_host *host = seat->owner->prober->host;
	struct mesh_series *series = &seat->owner->link->pair->probes[seat->probe];
	uint64_t now_ns = loop_read_clock(host->loop);
	uint64_t late_ns = now_ns - seat->due_ns;
	uint64_t missed = advance(seat, now_ns);
	if (!look_is_wanted(seat))
		return;
	series->skipped += (uint32_t)missed;
	host->node->skipped_late += missed;
	if (!has_room(seat) || !take_caps(host, now_ns)) {
		series->skipped++;
		return;
	}
	host->started(host->context, late_ns);
	look_begin(seat, now_ns);
}

/* ---- the kind ---- */

static int check(const struct mesh_host *host, struct error *error)
{
	const struct mesh_settings *settings = host->settings;
	bool wants_page = settings->probes & 1u << MESH_HTTP;
	if (wants_page && settings->http_is_tls && !host->tls)
		return error_set(error, EINVAL, "pages over TLS need TLS");
	return 0;
}

static int open_look(const struct mesh_host *host, struct error *error, void **ret)
{
	int result = check(host, error);
	if (result < 0)
		return result;
	struct look_prober *prober = calloc(1, sizeof(*prober));
	if (!prober)
		return error_set(error, ENOMEM, "out of memory");
	prober->host = host;
	prober->probe_host = (struct probe_host){
		.loop = host->loop,
		.done = look_over,
		.context = prober,
	};
	/* Else each look would, which is a tenth of one. */
	if (limits_read_port_range(&prober->probe_host.port_low, &prober->probe_host.port_high) < 0)
		prober->probe_host.port_low = 0;
	slab_init(&prober->link_slab, sizeof(struct look_link), LINKS_A_CHUNK);
	slab_init(&prober->look_slab, sizeof(struct look), LOOKS_A_CHUNK);
	list_init(&prober->links);
	for (uint32_t i = 0; i < LOOK_STATUSES; i++)
		prober->statuses[i] = LOOK_STATUS_FIRST + i;
	*ret = prober;
	return 0;
}

static void forget(struct look_link *owner)
{
	struct look_prober *prober = owner->prober;
	for (size_t i = 0; i < LOOK_SEATS; i++) {
		if (owner->seats[i].look)
			look_drop(owner->seats[i].look);
		loop_clear_timer(prober->host->loop, &owner->seats[i].timer);
	}
	list_remove(&owner->node);
	slab_put(&prober->link_slab, owner);
}

static void close_look(void *state)
{
	struct look_prober *prober = state;
	while (!list_is_empty(&prober->links))
		forget(container_of(prober->links.next, struct look_link, node));
	slab_deinit(&prober->link_slab);
	slab_deinit(&prober->look_slab);
	free(prober);
}

/* The health check half an interval behind the page. */
static void seat_init(struct look_link *owner, enum look_seat_index index)
{
	static const enum mesh_probe probes[LOOK_SEATS] = { MESH_HTTP, MESH_GRPC };
	struct look_seat *seat = &owner->seats[index];
	struct look_prober *prober = owner->prober;
	struct loop *loop = prober->host->loop;
	uint64_t step_ns = interval_ns(prober);
	seat->owner = owner;
	seat->probe = probes[index];
	timer_init(&seat->timer, on_due);
	seat->due_ns = mesh_phase(prober->host, owner->link, loop_read_clock(loop), step_ns) +
		       index * step_ns / LOOK_SEATS;
	if (!prober->is_stopped)
		loop_set_timer(loop, &seat->timer, seat->due_ns);
}

static int add(void *state, struct mesh_link *link)
{
	struct look_prober *prober = state;
	struct look_link *owner = slab_take(&prober->link_slab);
	if (!owner)
		return -ENOMEM;
	if (link->pair->probes[MESH_GRPC].sent == 0)
		link->pair->grpc_health = UINT8_MAX;
	owner->prober = prober;
	owner->link = link;
	list_append(&prober->links, &owner->node);
	for (enum look_seat_index i = 0; i < LOOK_SEATS; i++)
		seat_init(owner, i);
	link->own[MESH_PROBER_LOOK] = owner;
	return 0;
}

static void remove_link(void *state, struct mesh_link *link)
{
	(void)state;
	forget(link->own[MESH_PROBER_LOOK]);
	link->own[MESH_PROBER_LOOK] = NULL;
}

static void stop(void *state)
{
	struct look_prober *prober = state;
	prober->is_stopped = true;
	for (struct list *node = prober->links.next; node != &prober->links; node = node->next)
		for (size_t i = 0; i < LOOK_SEATS; i++)
			loop_clear_timer(
				prober->host->loop,
				&container_of(node, struct look_link, node)->seats[i].timer);
}

static bool is_done(const void *state)
{
	const struct look_prober *prober = state;
	return prober->is_stopped && prober->under_way == 0;
}

const struct mesh_prober_kind mesh_prober_look = {
	.name = "look",
	.open = open_look,
	.close = close_look,
	.add = add,
	.remove = remove_link,
	.stop = stop,
	.is_done = is_done,
};
