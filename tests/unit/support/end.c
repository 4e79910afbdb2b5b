#include "support/end.h"

#include "net/loop.h"

void end_receive_all(struct end *end)
{
	uint8_t data[70000];
	ssize_t got = 0;

	do {
		got = stream_receive(&end->stream, data, end->receive_size);
		for (ssize_t i = 0; i < got; i++)
			end->checksum = end->checksum * 31 + data[i];
		end->got_bytes += got > 0 ? (size_t)got : 0;
	} while (got == (ssize_t)end->receive_size);
	if (got == 0)
		end->has_end = true;
	if (got < 0)
		end->receive_error = got;
}

void end_note(struct end *end, unsigned events)
{
	uint64_t now_ns = loop_now(end->stream.loop);

	end->told |= events;
	if ((events & STREAM_LINKED) != 0)
		end->linked_ns = now_ns;
	if ((events & STREAM_CONNECTED) != 0)
		end->connected_ns = now_ns;
	if ((events & STREAM_FAILED) != 0)
		end->failed_ns = now_ns;
	if ((events & STREAM_WRITABLE) != 0)
		end->writable_ns = now_ns;
	if ((events & STREAM_READABLE) != 0)
		end->readable_ns = now_ns;
	if ((events & STREAM_READABLE) != 0 && end->receive_size > 0)
		end_receive_all(end);
}
