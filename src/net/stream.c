#include "net/stream.h"

int stream_connect(struct stream *stream, const struct stream_transport *transport,
		   struct loop *loop, const struct stream_connect *connect, stream_ready_fn ready)
{
	*stream = (struct stream){
		.transport = transport,
		.ready = ready,
		.loop = loop,
		.watch.fd = -1,
		.is_connecting = true,
	};
	return transport->connect(stream, connect);
}

ssize_t stream_send(struct stream *stream, const struct iovec *parts, int count)
{
	return stream->transport->send(stream, parts, count);
}

ssize_t stream_receive(struct stream *stream, void *data, size_t size)
{
	return stream->transport->receive(stream, data, size);
}

ssize_t stream_skip(struct stream *stream, size_t size)
{
	return stream->transport->skip(stream, size);
}

void stream_set_low_water(struct stream *stream, size_t bytes)
{
	if (stream->transport->set_low_water)
		(void)stream->transport->set_low_water(stream, bytes);
}

int stream_finish(struct stream *stream)
{
	return stream->transport->finish(stream);
}

void stream_close(struct stream *stream)
{
	if (stream_is_open(stream))
		stream->transport->close(stream);
}

void stream_reset(struct stream *stream)
{
	if (stream_is_open(stream))
		stream->transport->reset(stream);
}

int stream_error(struct stream *stream)
{
	return stream->failure;
}

int stream_info(struct stream *stream, struct stream_info *ret)
{
	*ret = (struct stream_info){ 0 };
	return stream->transport->info(stream, ret);
}

int stream_describe(struct stream *stream, struct stream_description *ret)
{
	*ret = (struct stream_description){ 0 };
	return stream->transport->describe ? stream->transport->describe(stream, ret) : 0;
}

int stream_endpoints(struct stream *stream, struct endpoint *local, struct endpoint *remote)
{
	return stream->transport->endpoints(stream, local, remote);
}

bool stream_is_open(const struct stream *stream)
{
	return stream->transport != NULL && (stream->watch.fd >= 0 || stream->state != NULL);
}

int listener_open(struct listener *listener, const struct stream_transport *transport,
		  struct loop *loop, const struct listen_options *options,
		  void (*arrived)(struct listener *listener))
{
	*listener = (struct listener){
		.transport = transport,
		.arrived = arrived,
		.loop = loop,
		.watch.fd = -1,
	};
	return transport->listen(listener, options);
}

int listener_accept(struct listener *listener, struct stream *stream, stream_ready_fn ready)
{
	*stream = (struct stream){
		.transport = listener->transport,
		.ready = ready,
		.loop = listener->loop,
		.watch.fd = -1,
		.is_accepted = true,
	};
	return listener->transport->accept(listener, stream);
}

void listener_close(struct listener *listener)
{
	if (listener->transport != NULL && (listener->watch.fd >= 0 || listener->state != NULL))
		listener->transport->stop_listening(listener);
}
