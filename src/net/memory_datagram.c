/* Datagrams of the memory network: lost, doubled and reordered as its options say. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/memory_network.h"

/* About what the kernel's default receive buffer holds of small ones. */
#define ARRIVED_MAX 256
/* Stamps that nobody has asked for yet; the oldest are lost. */
#define SENT_MAX 256
/* Nobody on the way takes one off. */
#define SENT_TTL 64

struct memory_socket {
	struct list node; /* network->sockets */
	struct memory_network *network;
	struct datagram_socket *socket;
	struct endpoint remote; /* family 0: not connected */
	bool wants_header;
	bool wants_errors;
	struct list arrived; /* struct letter */
	unsigned arrived_count;
	int failure;                 /* an ICMP error that is still to be told */
	struct datagram_error error; /* the same in full; code 0: none */
	uint64_t sent_ns[SENT_MAX];  /* of the datagrams that asked, by their number */
};

struct letter {
	struct flight flight;
	struct memory_network *network;
	struct endpoint from;
	struct endpoint to;
	int refusal; /* errno: ICMP about the datagram that `data` quotes; 0: it is none */
	uint32_t mtu_bytes;
	struct endpoint teller;
	uint8_t traffic_class;
	size_t size;
	uint8_t data[];
};

static void drop_letter(struct flight *flight)
{
	free(container_of(flight, struct letter, flight));
}

static void land_letter(struct flight *flight);

static const struct flight_kind letter_kind = { land_letter, drop_letter, false };

static int launch_letter(const struct letter *head, const void *data, uint64_t delay_ns)
{
	struct letter *letter = malloc(sizeof(*letter) + head->size);

	if (letter == NULL)
		return -ENOMEM;
	*letter = *head;
	letter->flight.kind = &letter_kind;
	if (head->size > 0)
		memcpy(letter->data, data, head->size);
	list_init(&letter->flight.node);
	uint64_t at_ns = loop_now(head->network->loop) + delay_ns;
	memory_network_launch(head->network, &letter->flight, at_ns);
	return 0;
}

static bool takes(const struct memory_socket *state, const struct letter *letter)
{
	return memory_network_reaches(&state->socket->local, &letter->to) &&
	       (state->remote.family == 0 || endpoint_is_equal(&state->remote, &letter->from));
}

static struct memory_socket *find_socket(const struct letter *letter)
{
	struct list *sockets = &letter->network->sockets;
	struct memory_socket *found = NULL;

	/* One that is connected to the sender is preferred. */
	for (struct list *node = sockets->next; node != sockets; node = node->next) {
		struct memory_socket *state = container_of(node, struct memory_socket, node);
		if (takes(state, letter) && (found == NULL || state->remote.family != 0))
			found = state;
	}
	return found;
}

/* `why` says the reason and who tells. */
static void refuse(const struct letter *letter, const void *data, const struct letter *why)
{
	struct letter refusal = *why;

	refusal.network = letter->network;
	refusal.from = letter->to;
	refusal.to = letter->from;
	refusal.size = letter->size < DATAGRAM_QUOTE_BYTES ? letter->size : DATAGRAM_QUOTE_BYTES;
	if (letter->refusal == 0)
		(void)launch_letter(&refusal, data, memory_network_draw_delay(letter->network));
}

/* Destination unreachable for its port, or packet too big (RFC 792, 1191, 4443). */
static void name_refusal(const struct letter *letter, struct datagram_error *error)
{
	bool is_ipv6 = letter->to.family == AF_INET6;
	bool is_size = letter->refusal == EMSGSIZE;
	error->icmp_type = is_ipv6 ? (is_size ? 2 : 1) : 3;
	error->icmp_code = is_size ? (is_ipv6 ? 0 : 4) : (is_ipv6 ? 4 : 3);
}

/* Only a connected socket hears of it, or one that asked for it, and of one at a time. */
static void hear(struct memory_socket *state, const struct letter *letter)
{
	state->failure = letter->refusal;
	state->error = (struct datagram_error){
		.code = letter->refusal,
		.mtu_bytes = letter->mtu_bytes,
		.from = letter->teller,
		.quote_size = letter->size,
	};
	name_refusal(letter, &state->error);
	memcpy(state->error.quote, letter->data, letter->size);
	state->socket->ready(state->socket, STREAM_READABLE);
}

static void deliver(struct memory_socket *state, struct letter *letter)
{
	if (state->arrived_count == ARRIVED_MAX) {
		state->socket->queue_overflows++;
		free(letter);
		return;
	}
	state->arrived_count++;
	list_append(&state->arrived, &letter->flight.node);
	state->socket->ready(state->socket, STREAM_READABLE);
}

static void land_letter(struct flight *flight)
{
	struct letter *letter = container_of(flight, struct letter, flight);
	struct memory_socket *state = find_socket(letter);

	struct letter unreachable = { .refusal = ECONNREFUSED, .teller = letter->to };

	if (state != NULL && letter->refusal == 0) {
		deliver(state, letter);
		return;
	}
	if (state == NULL)
		refuse(letter, letter->data, &unreachable);
	else if (state->remote.family != 0 || state->wants_errors)
		hear(state, letter);
	free(letter);
}

static int memory_open(struct datagram_socket *socket, const struct datagram_options *options)
{
	struct memory_socket *state = calloc(1, sizeof(*state));
	if (state == NULL)
		return -ENOMEM;
	state->network = options->network;
	state->socket = socket;
	state->remote = options->remote;
	state->wants_header = options->wants_header;
	state->wants_errors = options->wants_errors;
	list_init(&state->arrived);
	list_append(&state->network->sockets, &state->node);
	socket->state = state;
	socket->local = options->local;
	if (socket->local.family == 0 && options->remote.family == 0)
		socket->local.family = AF_INET6; /* [::] */
	memory_network_name(state->network, options->remote.family, &socket->local);
	socket->family = socket->local.family;
	if (options->is_segmented)
		socket->segments_max = DATAGRAM_SEGMENTS_MAX;
	return 0;
}

/* Somewhere on the way, where it is told of or not. */
static bool is_too_large(const struct letter *letter, const void *data)
{
	size_t bytes = letter->size + (letter->to.family == AF_INET6 ? 48 : 28);

	for (size_t i = 0; i < array_size(letter->network->narrow); i++) {
		const struct memory_narrow *narrow = &letter->network->narrow[i];
		struct letter why = { .refusal = EMSGSIZE,
				      .mtu_bytes = narrow->mtu_bytes,
				      .teller = narrow->teller };
		if (narrow->mtu_bytes == 0 || bytes <= narrow->mtu_bytes ||
		    memcmp(narrow->to.address, letter->to.address, 16) != 0)
			continue;
		if (narrow->teller.family != 0)
			refuse(letter, data, &why);
		return true;
	}
	return false;
}

static int send_one(const struct memory_socket *state, const struct datagram *datagram)
{
	struct memory_network *network = state->network;
	struct letter letter = {
		.network = network,
		.from = state->socket->local,
		.to = datagram->remote.family != 0 ? datagram->remote : state->remote,
		.traffic_class = datagram->traffic_class,
		.size = datagram->size,
	};
	int copies = memory_network_draws(network, network->options.duplication) ? 2 : 1;

	if (datagram->local.family != 0)
		letter.from = datagram->local;
	if (letter.to.family == 0)
		return -EDESTADDRREQ;
	if (endpoint_is_any(&letter.from))
		letter.from = (struct endpoint){ 0 };
	letter.from.port = state->socket->local.port;
	memory_network_name(network, letter.to.family, &letter.from);
	if (is_too_large(&letter, datagram->data) ||
	    memory_network_draws(network, network->options.loss))
		return 0;
	for (int i = 0; i < copies; i++) {
		bool is_overtaking = memory_network_draws(network, network->options.reordering);
		uint64_t delay_ns = is_overtaking ? 0 : memory_network_draw_delay(network);
		int rc = launch_letter(&letter, datagram->data, delay_ns);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int send_segments(const struct memory_socket *state, const struct datagram *datagram)
{
	struct datagram segment = *datagram;
	size_t at = 0;
	int rc = 0;

	do {
		size_t left = datagram->size - at;
		bool is_last = datagram->segment_bytes == 0 || left <= datagram->segment_bytes;
		segment.data = (uint8_t *)datagram->data + at;
		segment.size = is_last ? left : datagram->segment_bytes;
		rc = send_one(state, &segment);
		at += segment.size;
	} while (rc == 0 && at < datagram->size);
	return rc;
}

static int take_failure(struct memory_socket *state)
{
	int failure = state->failure;
	state->failure = 0;
	return -failure;
}

/* What a socket reads as wall time. */
static struct wall_time wall_at(const struct datagram_socket *socket, uint64_t at_ns)
{
	const struct memory_socket *state = socket->state;
	const struct memory_network *network = state->network;
	int64_t ahead_ns = network->options.wall_ahead_ns;

	if (endpoint_is_equal(&network->other_clock.at, &socket->local))
		ahead_ns += network->other_clock.ahead_ns;
	return (struct wall_time){ (int64_t)at_ns + ahead_ns };
}

static struct datagram_stamp stamp_at(const struct datagram_socket *socket, uint64_t at_ns)
{
	return (struct datagram_stamp){ at_ns, wall_at(socket, at_ns) };
}

static void note_sent(struct datagram_socket *socket, const struct datagram *datagram)
{
	struct memory_socket *state = socket->state;

	if (!datagram->wants_stamp || !socket->wants_stamps)
		return;
	state->sent_ns[socket->stamps_asked % SENT_MAX] = loop_now(state->network->loop);
	socket->stamps_asked++;
}

static int memory_send(struct datagram_socket *socket, const struct datagram *batch, int count)
{
	struct memory_socket *state = socket->state;
	int sent = 0;
	int rc = take_failure(state);

	while (rc == 0 && sent < count) {
		rc = send_segments(state, &batch[sent]);
		if (rc == 0)
			note_sent(socket, &batch[sent++]);
	}
	return sent > 0 ? sent : rc;
}

static int memory_sent_stamps(struct datagram_socket *socket, struct datagram_sent *ret, int count)
{
	const struct memory_socket *state = socket->state;
	uint32_t *told = &socket->stamps_told;
	int taken = 0;

	if (socket->stamps_asked - *told > SENT_MAX)
		*told = socket->stamps_asked - SENT_MAX;
	for (; taken < count && *told != socket->stamps_asked; taken++, ++*told)
		ret[taken] = (struct datagram_sent){
			.number = *told,
			.stamp = stamp_at(socket, state->sent_ns[*told % SENT_MAX]),
		};
	return taken;
}

static struct wall_time memory_wall(struct datagram_socket *socket)
{
	const struct memory_socket *state = socket->state;
	return wall_at(socket, loop_now(state->network->loop));
}

static void fill(const struct memory_socket *state, const struct letter *letter,
		 struct datagram *ret)
{
	ret->is_truncated = letter->size > ret->capacity;
	ret->size = ret->is_truncated ? ret->capacity : letter->size;
	if (ret->size > 0)
		memcpy(ret->data, letter->data, ret->size);
	ret->segment_bytes = 0;
	ret->remote = letter->from;
	ret->local = state->socket->wants_local ? letter->to : (struct endpoint){ 0 };
	ret->stamp = state->socket->wants_stamps ? stamp_at(state->socket, letter->flight.at_ns)
						 : (struct datagram_stamp){ 0 };
	ret->ttl = state->wants_header ? SENT_TTL : 0;
	ret->traffic_class = state->wants_header ? letter->traffic_class : 0;
}

static int memory_receive(struct datagram_socket *socket, struct datagram *batch, int count)
{
	struct memory_socket *state = socket->state;
	int received = 0;
	int rc = take_failure(state);

	if (rc < 0)
		return rc;
	for (; received < count && state->arrived_count > 0; received++, state->arrived_count--) {
		struct list *node = list_take_first(&state->arrived);
		struct letter *letter = container_of(node, struct letter, flight.node);
		fill(state, letter, &batch[received]);
		letter->flight.kind->drop(&letter->flight);
	}
	return received > 0 ? received : -EAGAIN;
}

static int memory_take_error(struct datagram_socket *socket, struct datagram_error *ret)
{
	struct memory_socket *state = socket->state;
	struct datagram_sent sent;

	/* As of the kernel's, one queue has both. */
	if (memory_sent_stamps(socket, &sent, 1) == 1) {
		*ret = (struct datagram_error){ .is_sent = true, .sent = sent };
		return 0;
	}
	if (state->error.code == 0)
		return -EAGAIN;
	*ret = state->error;
	state->error.code = 0;
	return 0;
}

static struct wall_time memory_wall_of(struct datagram_socket *socket, uint64_t at_ns)
{
	return wall_at(socket, at_ns);
}

static struct clock_quality memory_wall_quality(struct datagram_socket *socket)
{
	const struct memory_socket *state = socket->state;
	uint64_t error_ns = state->network->options.wall_error_ns;

	return (struct clock_quality){ error_ns, true };
}

static void memory_close(struct datagram_socket *socket)
{
	struct memory_socket *state = socket->state;

	memory_network_drop_all(&state->arrived);
	list_remove(&state->node);
	free(state);
	socket->state = NULL;
}

const struct datagram_transport datagram_memory = {
	.name = "memory",
	.open = memory_open,
	.send = memory_send,
	.receive = memory_receive,
	.close = memory_close,
	.take_error = memory_take_error,
	.sent_stamps = memory_sent_stamps,
	.wall = memory_wall,
	.wall_of = memory_wall_of,
	.wall_quality = memory_wall_quality,
};
