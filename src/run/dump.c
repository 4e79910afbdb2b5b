/* See dump.h. */
#include "run/dump.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/units.h"
#include "sys/clock.h"

#define LINE_BYTES    16
#define LINE_MAX_TEXT 96 /* of a line and of the head */
#define PATIENCE_MS   1000

/* ---- text ---- */

static uint8_t byte_at(const struct dump_piece *piece, size_t offset)
{
	const struct iovec *part = piece->parts;
	for (; offset >= part->iov_len; part++)
		offset -= part->iov_len;
	return ((const uint8_t *)part->iov_base)[offset];
}

/* "11:46:00.123Z  connection 0 sent 78 bytes" */
static size_t format_head(const struct dump_piece *piece, int64_t unix_ns, char *text, size_t size)
{
	char date[DATE_TEXT_MAX], count[UNITS_TEXT_MAX];
	const char *time_of_day = strchr(date_format_ms(unix_ns, date), 'T') + 1;
	if (piece->size == 0)
		return (size_t)snprintf(text, size, "%s  connection %u received the end\n",
					time_of_day, piece->connection);
	return (size_t)snprintf(
		text, size, "%s  connection %u %s %s byte%s\n", time_of_day, piece->connection,
		piece->direction == DUMP_SENT ? "sent" : "received",
		units_format_grouped(piece->size, count), piece->size == 1 ? "" : "s");
}

/* "  00000010  48 6f 73 74  ...  |Host|": as hexdump -C, with the place in the piece. */
static size_t format_line(const struct dump_piece *piece, size_t offset, char *text, size_t size)
{
	size_t count = piece->size - offset < LINE_BYTES ? piece->size - offset : LINE_BYTES;
	char printable[LINE_BYTES + 1] = "";
	size_t used = (size_t)snprintf(text, size, "  %08zx ", offset);
	for (size_t i = 0; i < LINE_BYTES; i++) {
		uint8_t byte = i < count ? byte_at(piece, offset + i) : 0;
		const char *gap = i % 8 == 0 ? " " : "";
		used += (size_t)(i < count
					 ? snprintf(text + used, size - used, "%s%02x ", gap, byte)
					 : snprintf(text + used, size - used, "%s   ", gap));
		if (i < count)
			printable[i] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '.');
	}
	return used + (size_t)snprintf(text + used, size - used, " |%s|\n", printable);
}

size_t dump_format(const struct dump_piece *piece, int64_t unix_ns, size_t *offset, char *text,
		   size_t size)
{
	size_t used = 0;
	bool is_done = *offset >= piece->size && (piece->size > 0 || *offset > 0);
	if (is_done)
		return 0;
	if (*offset == 0)
		used = format_head(piece, unix_ns, text, size);
	if (piece->size == 0)
		*offset = 1;
	while (*offset < piece->size && size - used >= LINE_MAX_TEXT) {
		used += format_line(piece, *offset, text + used, size - used);
		*offset += LINE_BYTES;
	}
	return used;
}

/* ---- stderr ---- */

/* Whole lines, few enough that a pipe which has room takes them at once. */
static bool write_lines(const char *text, size_t size)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };
	while (size > 0) {
		if (poll(&room, 1, PATIENCE_MS) == 0)
			return false;
		ssize_t written = write(STDERR_FILENO, text, size);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		text += written > 0 ? written : 0;
		size -= written > 0 ? (size_t)written : 0;
	}
	return true;
}

static void write_piece(void *context, const struct dump_piece *piece)
{
	struct dump *dump = context;
	char text[PIPE_BUF];
	size_t offset = 0;
	int64_t unix_ns = clock_wall_at(clock_monotonic_ns()).unix_ns;
	(void)pthread_mutex_lock(&dump->lock);
	while (!dump->is_unread) {
		size_t size = dump_format(piece, unix_ns, &offset, text, sizeof(text));
		if (size == 0)
			break;
		dump->is_unread = !write_lines(text, size);
	}
	(void)pthread_mutex_unlock(&dump->lock);
}

/* ---- options ---- */

int dump_parse(const char *text, struct error *error, struct dump *ret)
{
	size_t length = strcspn(text, ",");
	const char *which = text[length] == ',' ? text + length + 1 : "";
	bool is_one = length == 3 && strncmp(text, "one", 3) == 0;
	bool is_all = length == 3 && strncmp(text, "all", 3) == 0;
	bool is_in = strcmp(which, "in") == 0;
	bool is_out = strcmp(which, "out") == 0;
	bool is_both = text[length] == '\0';
	if ((!is_one && !is_all) || (!is_in && !is_out && !is_both))
		return error_set(error, EINVAL,
				 "\"%s\" is not what to dump (one or all, one,in or one,out ...)",
				 text);
	*ret = (struct dump){
		.stream = { .sink = write_piece,
			    .context = ret,
			    .is_first_only = is_one,
			    .is_sent_told = is_out || is_both,
			    .is_received_told = is_in || is_both },
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	return 0;
}

int dump_attach(struct dump *dump, struct plan *plan, struct error *error)
{
	if (plan->slots.transport == TRANSPORT_UDP)
		return error_set(error, EINVAL, "only connections can be dumped, not datagrams");
	dump->stream.over = plan->stream;
	plan->stream = &stream_dump;
	plan->dump = &dump->stream;
	return 0;
}
