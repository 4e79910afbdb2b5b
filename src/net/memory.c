#include "net/memory.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/memory_connection.h"

#define FIRST_PORT 32768

static void update_due(struct memory_network *network)
{
	network->pacer.due_ns = UINT64_MAX;
	if (!list_is_empty(&network->flights))
		network->pacer.due_ns =
			container_of(network->flights.next, struct flight, node)->at_ns;
}

static void land_flights(struct pacer *pacer, uint64_t now_ns)
{
	struct memory_network *network = container_of(pacer, struct memory_network, pacer);

	while (network->pacer.due_ns <= now_ns) {
		struct list *node = list_take_first(&network->flights);
		struct flight *flight = container_of(node, struct flight, node);
		update_due(network);
		flight->kind->land(flight);
	}
}

int memory_network_new(struct loop *loop, const struct memory_options *options,
		       struct memory_network **ret)
{
	struct memory_network *network = calloc(1, sizeof(*network));

	if (network == NULL)
		return -ENOMEM;
	network->loop = loop;
	network->options = *options;
	if (network->options.buffer_bytes == 0)
		network->options.buffer_bytes = 256 * 1024;
	network->last_port = FIRST_PORT;
	random_init(&network->random, options->seed);
	list_init(&network->flights);
	list_init(&network->held);
	list_init(&network->listeners);
	list_init(&network->connections);
	list_init(&network->sockets);
	pacer_init(&network->pacer, land_flights);
	loop_add_pacer(loop, &network->pacer);
	*ret = network;
	return 0;
}

void memory_network_drop_all(struct list *flights)
{
	for (struct list *node; (node = list_take_first(flights)) != NULL;) {
		struct flight *flight = container_of(node, struct flight, node);
		flight->kind->drop(flight);
	}
}

void memory_network_free(struct memory_network *network)
{
	if (network == NULL)
		return;
	memory_network_drop_all(&network->flights);
	memory_network_drop_all(&network->held);
	/* Those that the loop still has something to tell of, or to close, end by themselves. */
	for (struct list *node; (node = list_take_first(&network->connections)) != NULL;)
		container_of(node, struct memory_connection, node)->network = NULL;
	loop_remove_pacer(network->loop, &network->pacer);
	free(network);
}

/* From the end, where most belong; behind those of the same moment. */
static void insert_flight(struct memory_network *network, struct flight *flight)
{
	struct list *before = network->flights.previous;

	while (before != &network->flights &&
	       container_of(before, struct flight, node)->at_ns > flight->at_ns)
		before = before->previous;
	list_append(before->next, &flight->node);
	update_due(network);
}

void memory_network_launch(struct memory_network *network, struct flight *flight, uint64_t at_ns)
{
	flight->at_ns = at_ns;
	if (network->is_cut) {
		if (flight->kind->is_retransmitted)
			list_append(&network->held, &flight->node);
		else
			flight->kind->drop(flight);
		return;
	}
	if (flight->kind->is_retransmitted && flight->at_ns < network->held_until_ns)
		flight->at_ns = network->held_until_ns;
	insert_flight(network, flight);
}

void memory_network_cut(struct memory_network *network)
{
	struct list flights;

	network->is_cut = true;
	list_init(&flights);
	list_move_all(&flights, &network->flights);
	update_due(network);
	for (struct list *node; (node = list_take_first(&flights)) != NULL;) {
		struct flight *flight = container_of(node, struct flight, node);
		memory_network_launch(network, flight, flight->at_ns);
	}
}

void memory_network_join(struct memory_network *network)
{
	network->is_cut = false;
	network->held_until_ns = loop_now(network->loop) + MEMORY_RETRANSMIT_NS;
	for (struct list *node; (node = list_take_first(&network->held)) != NULL;) {
		struct flight *flight = container_of(node, struct flight, node);
		memory_network_launch(network, flight, network->held_until_ns);
	}
}

bool memory_network_draws(struct memory_network *network, double probability)
{
	return probability > 0 && random_unit(&network->random) < probability;
}

uint64_t memory_network_draw_delay(struct memory_network *network)
{
	uint64_t delay_ns = network->options.delay_ns;

	if (network->options.jitter_ns > 0)
		delay_ns += random_below(&network->random, network->options.jitter_ns + 1);
	return delay_ns;
}

void memory_network_name(struct memory_network *network, uint16_t family, struct endpoint *local)
{
	if (local->family == 0) {
		local->family = family;
		if (family == AF_INET)
			memcpy(local->address, (uint8_t[]){ 127, 0, 0, 1 }, 4);
		else
			memcpy(local->address, &in6addr_loopback, sizeof(in6addr_loopback));
	}
	if (local->port != 0)
		return;
	network->last_port = network->last_port < UINT16_MAX ? network->last_port + 1 : FIRST_PORT;
	local->port = network->last_port;
}

bool memory_network_reaches(const struct endpoint *bound, const struct endpoint *asked)
{
	if (endpoint_is_equal(bound, asked))
		return true;
	return endpoint_is_any(bound) && bound->port == asked->port &&
	       (bound->family == AF_INET6 || bound->family == asked->family);
}

void memory_network_narrow(struct memory_network *network, const struct endpoint *to,
			   uint32_t mtu_bytes, const struct endpoint *teller)
{
	struct memory_narrow *place = &network->narrow[0];

	if (place->mtu_bytes != 0 && memcmp(place->to.address, to->address, 16) != 0)
		place = &network->narrow[1];
	*place = (struct memory_narrow){ *to, *teller, mtu_bytes };
}

void memory_network_set_clock(struct memory_network *network, const struct endpoint *at,
			      int64_t ahead_ns)
{
	network->other_clock.at = *at;
	network->other_clock.ahead_ns = ahead_ns;
}
