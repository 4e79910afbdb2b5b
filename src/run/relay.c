/* See relay.h. */
#include "run/relay.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAST_PATIENCE_MS 1000

void relay_init(struct relay *relay, int fd)
{
	*relay = (struct relay){ .fd = fd };
}

void relay_deinit(struct relay *relay)
{
	free(relay->waiting);
	relay_init(relay, -1);
}

void relay_add(struct relay *relay, const char *bytes, size_t size)
{
	if (!relay->waiting)
		relay->waiting = malloc(RELAY_WAITING_MAX);
	size_t room = relay->waiting ? RELAY_WAITING_MAX - relay->size : 0;
	size_t taken = size < room ? size : room;
	if (taken > 0)
		memcpy(relay->waiting + relay->size, bytes, taken);
	relay->size += taken;
	relay->dropped += size - taken;
}

/* Up to the end of the last whole line; a line that is too long goes out in parts. */
static size_t whole_lines(const struct relay *relay)
{
	size_t size = relay->size;
	while (size > 0 && relay->waiting[size - 1] != '\n' && relay->waiting[size - 1] != '\r')
		size--;
	return size == 0 && relay->size >= PIPE_BUF ? relay->size : size;
}

static bool wait_writable(const struct relay *relay, int patience_ms)
{
	struct pollfd poll_fd = { .fd = relay->fd, .events = POLLOUT };
	return poll(&poll_fd, 1, patience_ms) == 1;
}

bool relay_is_writable(const struct relay *relay)
{
	return wait_writable(relay, 0);
}

bool relay_is_ready(const struct relay *relay)
{
	return whole_lines(relay) > 0 && relay_is_writable(relay);
}

/* A pipe that is writable has room for PIPE_BUF. */
static void write_out(struct relay *relay, size_t size, int patience_ms)
{
	size_t done = 0;
	while (done < size && wait_writable(relay, patience_ms)) {
		size_t piece = size - done < PIPE_BUF ? size - done : PIPE_BUF;
		ssize_t written = write(relay->fd, relay->waiting + done, piece);
		if (written < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (written < 0) { /* nobody is there any more */
			relay->dropped += relay->size - done;
			relay->size = done;
			break;
		}
		done += (size_t)written;
	}
	relay->size -= done;
	if (relay->size > 0)
		memmove(relay->waiting, relay->waiting + done, relay->size);
}

void relay_flush(struct relay *relay)
{
	write_out(relay, whole_lines(relay), 0);
}

void relay_end(struct relay *relay)
{
	if (relay->size > 0 && relay->waiting[relay->size - 1] != '\n')
		relay_add(relay, "\n", 1);
	write_out(relay, relay->size, LAST_PATIENCE_MS);
	relay->dropped += relay->size;
	relay->size = 0;
}
