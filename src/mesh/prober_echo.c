/* See prober_echo.h: what is said, and the rounds of each link. */
#include "mesh/prober_echo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "proto/traffic_wire.h"
#include "sys/limits.h"

#define CALLS_A_CHUNK 64
/* Rounds follow one another no faster, whatever was asked for. */
#define WAIT_MIN_NS NS_PER_MS

/* ---- rounds */

static uint64_t wait_of(const struct mesh_settings *settings)
{
	return settings->wait_ns > WAIT_MIN_NS ? settings->wait_ns : WAIT_MIN_NS;
}

static bool is_wanted(const struct echo_link *own, enum mesh_probe probe)
{
	const struct mesh_target *target = &own->link->target;

	if (!target->is_probed || (own->prober->host->settings->probes & 1U << probe) == 0)
		return false;
	return target->speech == MESH_SPEECH_OURS || probe == MESH_TCP;
}

static uint32_t calls_of(const struct echo_link *own, enum mesh_probe probe)
{
	uint32_t count = 0;

	for (const struct list *node = own->calls.next; node != &own->calls; node = node->next)
		count += container_of(node, struct echo_call, node)->probe == (uint8_t)probe;
	return count;
}

static bool may_start(struct echo_link *own, enum mesh_probe probe)
{
	const struct mesh_host *host = own->prober->host;
	const struct echo_speech *speech = echo_speech_of(own, probe);

	if (calls_of(own, probe) >= ECHO_CALLS_MAX)
		return false;
	if (mesh_caps_take(host->caps, speech->packets, echo_speech_cost(speech),
			   loop_now(host->loop)))
		return true;
	host->node->skipped_cap++;
	return false;
}

/* True: it is under way. */
static bool start(struct echo_link *own, enum mesh_probe probe)
{
	if (!is_wanted(own, probe))
		return false;
	if (may_start(own, probe) && echo_call_start(own, probe) == 0)
		return true;
	own->link->pair->probes[probe].skipped++;
	return false;
}

/* The long one follows when the short one is decided, that neither is in the other's time. */
void echo_link_go_on(struct echo_link *own, enum mesh_probe probe)
{
	if (probe == MESH_TCP && !own->prober->is_stopped)
		(void)start(own, MESH_TCP_LONG);
}

/* Rounds that were over before this host came to them. Returns how late the one that is left is. */
static uint64_t skip_late(struct echo_link *own, uint64_t late_ns)
{
	struct mesh_host const *host = own->prober->host;
	uint64_t wait_ns = wait_of(host->settings);
	uint64_t over = late_ns / (wait_ns + host->settings->rand_ns / 2);

	if (late_ns < wait_ns)
		return late_ns;
	own->due_ns += late_ns / wait_ns * wait_ns;
	for (enum mesh_probe probe = MESH_TCP; probe <= MESH_TCP_LONG; probe++) {
		if (!is_wanted(own, probe))
			continue;
		host->node->skipped_late += over;
		own->link->pair->probes[probe].skipped += (uint32_t)over;
	}
	return late_ns % wait_ns;
}

static uint64_t step_of(const struct echo_prober *prober)
{
	const struct mesh_settings *settings = prober->host->settings;
	uint64_t wait_ns = wait_of(settings);
	uint64_t wanted_ns =
		ECHO_STEP_ROUNDS * (wait_ns + settings->rand_ns / 2) / (prober->link_count + 1);

	/* Nor may two rounds of one link fall into a step. */
	if (wanted_ns >= 2 * ECHO_STEP_MAX_NS || wait_ns < ECHO_STEP_MAX_NS)
		return 1;
	if (wanted_ns > ECHO_STEP_MAX_NS)
		return ECHO_STEP_MAX_NS;
	return wanted_ns > MESH_GRID_NS ? wanted_ns - wanted_ns % MESH_GRID_NS : MESH_GRID_NS;
}

/* In a step that has begun it leaves at once, and not late. */
static void arm(struct echo_link *own)
{
	struct loop *loop = own->prober->host->loop;
	uint64_t at_ns = own->due_ns - own->due_ns % step_of(own->prober);
	uint64_t now_ns = loop_now(loop);

	if (at_ns < now_ns)
		at_ns = own->due_ns < now_ns ? own->due_ns : now_ns;
	loop_set_timer(loop, &own->timer, at_ns);
}

static void on_round(struct timer *timer)
{
	struct echo_link *own = container_of(timer, struct echo_link, timer);
	const struct mesh_host *host = own->prober->host;
	const struct mesh_settings *settings = host->settings;
	uint64_t late_ns = skip_late(own, loop_now(host->loop) - timer->at_ns);

	own->due_ns += wait_of(settings);
	if (settings->rand_ns > 0)
		own->due_ns += random_below(host->random, settings->rand_ns + 1);
	arm(own);
	if (!is_wanted(own, MESH_TCP) && !is_wanted(own, MESH_TCP_LONG))
		return;
	host->started(host->context, late_ns);
	if (!start(own, MESH_TCP))
		(void)start(own, MESH_TCP_LONG);
}

/* ---- links */

/* Where nothing is asked for no link wakes this process. */
static void begin(struct echo_link *own)
{
	const struct mesh_host *host = own->prober->host;
	unsigned asked = host->settings->probes & (1U << MESH_TCP | 1U << MESH_TCP_LONG);
	uint64_t every_ns = wait_of(host->settings) + host->settings->rand_ns;

	own->due_ns = mesh_phase(host, own->link, loop_now(host->loop), every_ns);
	if (asked != 0 && !own->prober->is_stopped)
		arm(own);
	else
		loop_clear_timer(host->loop, &own->timer);
}

static int echo_add(void *state, struct mesh_link *link)
{
	struct echo_prober *prober = state;

	if (link->target.speech == MESH_SPEECH_HTTP)
		return 0;
	struct echo_link *own = calloc(1, sizeof(*own));
	if (own == NULL)
		return -ENOMEM;
	own->prober = prober;
	own->link = link;
	timer_init(&own->timer, on_round);
	list_init(&own->calls);
	link->own[MESH_PROBER_ECHO] = own;
	prober->links[link->place] = own;
	prober->link_count++;
	begin(own);
	return 0;
}

static void free_link(struct echo_link *own)
{
	struct echo_prober *prober = own->prober;

	while (!list_is_empty(&own->calls))
		echo_call_forget(container_of(own->calls.next, struct echo_call, node));
	loop_clear_timer(prober->host->loop, &own->timer);
	prober->links[own->link->place] = NULL;
	prober->link_count--;
	own->link->own[MESH_PROBER_ECHO] = NULL;
	free(own);
}

static void echo_remove(void *state, struct mesh_link *link)
{
	(void)state;
	if (link->own[MESH_PROBER_ECHO] != NULL)
		free_link(link->own[MESH_PROBER_ECHO]);
}

/* ---- what is said */

/* No two places of it look alike, so that what is cut, doubled or turned is found. */
static void fill(uint8_t *payload, size_t size)
{
	struct random random;

	random_init(&random, size);
	for (size_t i = WIRE_STREAM_HEAD_END; i < size; i++)
		payload[i] = (uint8_t)random_next(&random);
	wire_write_stream_head(payload, (uint32_t)size, 0);
}

/* Handshake, the end, and acknowledgements beside the segments of the request. */
static uint32_t packets_of(uint32_t bytes)
{
	uint32_t segments = (bytes + 1447) / 1448;

	return 4 + segments + segments / 2;
}

static struct echo_speech echo_of(const uint8_t *payload, uint32_t size)
{
	return (struct echo_speech){
		.request = payload,
		.answer = payload,
		.request_bytes = size,
		.answer_bytes = size,
		.name_bytes = size < WIRE_NAME_BYTES ? size : WIRE_NAME_BYTES,
		.if_other = MESH_REASON_CORRUPTED,
		.packets = packets_of(size),
	};
}

static void prepare_speeches(struct echo_prober *prober)
{
	int size = snprintf(prober->line_text, sizeof(prober->line_text), "%s\n",
			    prober->host->settings->node);

	fill(prober->long_payload, ECHO_LONG_BYTES);
	prober->speeches[MESH_TCP] = echo_of(prober->short_payload, ECHO_SHORT_BYTES);
	prober->speeches[MESH_TCP_LONG] = echo_of(prober->long_payload, ECHO_LONG_BYTES);
	prober->line = (struct echo_speech){
		.request = (const uint8_t *)prober->line_text,
		.answer = (const uint8_t *)"ACK\n",
		.request_bytes = (uint32_t)size,
		.answer_bytes = 4,
		.goodbye = "EOS\n",
		.if_other = MESH_REASON_PROTOCOL_ERROR,
		.packets = packets_of((uint32_t)size) + 1,
	};
}

/* ---- all of them */

static void echo_close(void *state)
{
	struct echo_prober *prober = state;

	if (prober == NULL)
		return;
	for (uint32_t place = 0; prober->links != NULL && place < prober->host->places; place++) {
		if (prober->links[place] != NULL)
			free_link(prober->links[place]);
	}
	slab_deinit(&prober->calls);
	free(prober->links);
	free(prober);
}

static int echo_open(const struct mesh_host *host, struct error *error, void **ret)
{
	struct echo_prober *prober = calloc(1, sizeof(*prober));

	*ret = NULL;
	if (prober == NULL)
		return error_set(error, ENOMEM, "out of memory for TCP probes");
	prober->host = host;
	slab_init(&prober->calls, sizeof(struct echo_call), CALLS_A_CHUNK);
	prober->links = calloc(host->places, sizeof(struct echo_link *));
	if (prober->links == NULL) {
		echo_close(prober);
		return error_set(error, ENOMEM, "out of memory for TCP probes");
	}
	if (limits_read_port_range(&prober->port_low, &prober->port_high) < 0)
		prober->port_low = 0;
	prepare_speeches(prober);
	*ret = prober;
	return 0;
}

static void echo_change(void *state)
{
	struct echo_prober *prober = state;

	for (uint32_t place = 0; place < prober->host->places; place++) {
		if (prober->links[place] != NULL)
			begin(prober->links[place]);
	}
}

static void echo_stop(void *state)
{
	struct echo_prober *prober = state;

	prober->is_stopped = true;
	for (uint32_t place = 0; place < prober->host->places; place++) {
		if (prober->links[place] != NULL)
			loop_clear_timer(prober->host->loop, &prober->links[place]->timer);
	}
}

static bool echo_is_done(const void *state)
{
	const struct echo_prober *prober = state;

	return prober->is_stopped && prober->in_flight == 0;
}

const struct mesh_prober_kind mesh_prober_echo = {
	.name = "echo",
	.open = echo_open,
	.close = echo_close,
	.add = echo_add,
	.remove = echo_remove,
	.change = echo_change,
	.stop = echo_stop,
	.is_done = echo_is_done,
};
