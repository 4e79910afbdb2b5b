/* The sockets of looks by datagram: opened once the address is known, one for all or one for each.
 * What comes there is an answer, word of what left, or word of why it did not arrive. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/packet_prober.h"
#include "proto/icmp.h"

static struct loop *loop_of(const struct packet_socket *socket)
{
	return socket->owner->prober->host->loop;
}

/* ---- opening ---- */

void packet_socket_free(struct packet_socket *socket)
{
	struct packet_prober *owner = socket->owner;
	address_forget(socket->search);
	list_remove(&socket->hearing_on.node);
	datagram_close(&socket->socket);
	if (owner->kept == socket)
		owner->kept = NULL;
	owner->open_sockets--;
	slab_put(&owner->sockets, socket);
}

/* All that wait for it fail; a kept one is sought anew by the next probe. */
static void fail_waiting(struct packet_socket *socket, enum outcome outcome, const char *why)
{
	while (!list_is_empty(&socket->waiting))
		packet_look_failed(container_of(socket->waiting.next, struct packet_look, node),
				   outcome, why);
}

static void on_ready(struct datagram_socket *datagrams, unsigned events)
{
	(void)events;
	packet_socket_hear(container_of(datagrams, struct packet_socket, socket));
}

/* Of a session, for what comes while this process doesn't run: at 10,000 a second the kernel's own
 * 200 KiB hold 25 ms of answers, and what is lost here looks lost on the way. As much of it as the
 * kernel grants. */
#define SESSION_BUFFER_BYTES (4 * 1024 * 1024)

static struct socket_options choose_options(const struct packet_prober *owner)
{
	const struct probe_target *target = owner->prober->target;
	struct socket_options options = { 0 };
	if (target->options)
		options = *target->options;
	if (owner->kind->is_session && options.receive_buffer_bytes == 0)
		options.receive_buffer_bytes = SESSION_BUFFER_BYTES;
	return options;
}

static int open_at(struct packet_socket *socket)
{
	const struct packet_prober *owner = socket->owner;
	const struct probe_target *target = owner->prober->target;
	struct socket_options chosen = choose_options(owner);
	struct datagram_options options = {
		.local = target->source,
		.remote = socket->remote,
		.options = &chosen,
		.network = target->network,
		.wants_stamps = true,
		.wants_header = true,
		.wants_errors = true,
	};
	if (options.local.family != socket->remote.family)
		options.local = (struct endpoint){ 0 };
	int result = datagram_open(&socket->socket,
				   target->datagram ? target->datagram : owner->kind->transport,
				   loop_of(socket), &options, on_ready);
	socket->is_open = result >= 0;
	return result;
}

static void on_found(void *context, const struct address_answer *answer)
{
	struct packet_socket *socket = context;
	uint64_t now_ns = loop_read_clock(loop_of(socket));
	if (!answer->endpoint) {
		fail_waiting(socket, answer->outcome, answer->why);
		return;
	}
	socket->remote = *answer->endpoint;
	socket->addresses = answer->count;
	for (struct list *node = socket->waiting.next; node != &socket->waiting;
	     node = node->next) {
		struct probe *probe = container_of(node, struct packet_look, node)->probe;
		if (answer->count > 0)
			probe_end_phase(probe, now_ns);
		probe->result.remote = socket->remote;
		probe_enter(probe, PROBE_SEND);
	}
	int result = open_at(socket);
	if (result < 0) {
		fail_waiting(socket, outcome_from_errno(-result), strerrordesc_np(-result));
		return;
	}
	while (!list_is_empty(&socket->waiting)) {
		struct list *node = list_take_first(&socket->waiting);
		packet_socket_send(container_of(node, struct packet_look, node));
	}
}

void packet_socket_seek(struct packet_socket *socket)
{
	if (!socket->search)
		address_find(&socket->owner->book, on_found, socket, &socket->search);
}

/* ---- sending ---- */

/* The error of an earlier datagram is told first, and is not this one's. */
static int send_whole(struct packet_socket *socket, const struct datagram *datagram)
{
	int result = -ECONNREFUSED;
	for (int i = 0; i < 3 && result < 0 && result != -EMSGSIZE; i++) {
		result = datagram_send(&socket->socket, datagram, 1);
		if (result < 0)
			packet_socket_hear(socket);
	}
	return result;
}

void packet_socket_send(struct packet_look *look)
{
	struct packet_prober *owner = look->owner;
	struct packet_socket *socket = look->socket;
	struct probe_result *result = &look->probe->result;
	struct datagram question = { .data = owner->out, .wants_stamp = true };
	result->remote = socket->remote;
	result->local = socket->socket.local;
	result->addresses = socket->addresses;
	question.size = owner->kind->write(look, owner->out);
	look->began_ns = loop_read_clock(loop_of(socket));
	look->stamp = socket->socket.stamps_asked;
	int sent = send_whole(socket, &question);
	if (sent < 0) {
		packet_look_failed(look, outcome_from_errno(-sent), strerrordesc_np(-sent));
		return;
	}
	look->sent_ns = loop_read_clock(loop_of(socket));
	probe_end_phase(look->probe, look->sent_ns);
}
