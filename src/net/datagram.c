#include "net/datagram.h"

#include <errno.h>

int datagram_open(struct datagram_socket *socket, const struct datagram_transport *transport,
		  struct loop *loop, const struct datagram_options *options,
		  datagram_ready_fn ready)
{
	*socket = (struct datagram_socket){
		.transport = transport,
		.ready = ready,
		.loop = loop,
		.watch.fd = -1,
		.is_connected = options->remote.family != 0,
		.wants_local = options->wants_local,
		.wants_stamps = options->wants_stamps,
		.segments_max = 1,
	};
	return transport->open(socket, options);
}

static int limit_batch(int count)
{
	return count < DATAGRAM_BATCH_MAX ? count : DATAGRAM_BATCH_MAX;
}

int datagram_send(struct datagram_socket *socket, const struct datagram *batch, int count)
{
	return socket->transport->send(socket, batch, limit_batch(count));
}

int datagram_receive(struct datagram_socket *socket, struct datagram *batch, int count)
{
	return socket->transport->receive(socket, batch, limit_batch(count));
}

bool datagram_mute(struct datagram_socket *socket)
{
	if (socket->transport->mute == NULL)
		return false;
	socket->transport->mute(socket);
	return true;
}

void datagram_unmute(struct datagram_socket *socket)
{
	if (socket->transport->unmute != NULL)
		socket->transport->unmute(socket);
}

bool datagram_next(const struct datagram *merged, struct datagram *one)
{
	bool is_first = one->data == NULL;
	size_t at = is_first ? 0 : (size_t)((char *)one->data - (char *)merged->data) + one->size;

	if (!is_first && at >= merged->size)
		return false;
	*one = *merged;
	one->data = (char *)merged->data + at;
	one->size = merged->size - at;
	if (merged->segment_bytes > 0 && one->size > merged->segment_bytes)
		one->size = merged->segment_bytes;
	return true;
}

int datagram_sent_stamps(struct datagram_socket *socket, struct datagram_sent *ret, int count)
{
	if (socket->stamps_told == socket->stamps_asked)
		return 0;
	return socket->transport->sent_stamps(socket, ret, limit_batch(count));
}

struct wall_time datagram_wall(struct datagram_socket *socket)
{
	return socket->transport->wall(socket);
}

struct wall_time datagram_wall_of(struct datagram_socket *socket, uint64_t at_ns)
{
	return socket->transport->wall_of(socket, at_ns);
}

struct clock_quality datagram_wall_quality(struct datagram_socket *socket)
{
	return socket->transport->wall_quality(socket);
}

void datagram_look(struct datagram_socket *socket)
{
	bool is_open = socket->watch.fd >= 0 || socket->state != NULL;

	if (is_open && socket->transport->look != NULL)
		socket->transport->look(socket);
}

int datagram_take_error(struct datagram_socket *socket, struct datagram_error *ret)
{
	*ret = (struct datagram_error){ 0 };
	if (socket->transport->take_error != NULL)
		return socket->transport->take_error(socket, ret);
	ret->is_sent = socket->wants_stamps && datagram_sent_stamps(socket, &ret->sent, 1) > 0;
	return ret->is_sent ? 0 : -EAGAIN;
}

void datagram_close(struct datagram_socket *socket)
{
	if (socket->transport != NULL && (socket->watch.fd >= 0 || socket->state != NULL))
		socket->transport->close(socket);
}
