/* The bytes of a TLS stream: sent in records as full as they can be, received until nothing more
 * can be, since what OpenSSL has read ahead makes no event below. */
#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#include "net/tls_context.h"
#include "net/tls_stream.h"

/* ---- sending */

/* A walk over what is to be sent. */
struct cursor {
	const struct iovec *parts;
	int count;
	size_t offset; /* in the first part */
	size_t left;   /* bytes in all */
};

static struct cursor cursor_of(const struct iovec *parts, int count)
{
	struct cursor cursor = { .parts = parts, .count = count };

	for (int i = 0; i < count; i++)
		cursor.left += parts[i].iov_len;
	return cursor;
}

static void advance(struct cursor *cursor, size_t size)
{
	cursor->left -= size;
	cursor->offset += size;
	while (cursor->count > 0 && cursor->offset >= cursor->parts->iov_len) {
		cursor->offset -= cursor->parts->iov_len;
		cursor->parts++;
		cursor->count--;
	}
}

static struct iovec front(const struct cursor *cursor)
{
	size_t rest = cursor->parts->iov_len - cursor->offset;

	return (struct iovec){ (uint8_t *)cursor->parts->iov_base + cursor->offset,
			       rest < SSL3_RT_MAX_PLAIN_LENGTH ? rest : SSL3_RT_MAX_PLAIN_LENGTH };
}

/* The bytes of the next record, which is as full as it can be: as they lie if one part fills it,
 * else put together. The cursor passes them. */
static struct iovec next_record(struct cursor *cursor, uint8_t scratch[SSL3_RT_MAX_PLAIN_LENGTH])
{
	size_t used = 0;

	advance(cursor, 0); /* past empty parts */
	struct iovec whole = front(cursor);
	if (whole.iov_len == SSL3_RT_MAX_PLAIN_LENGTH || whole.iov_len == cursor->left) {
		advance(cursor, whole.iov_len);
		return whole;
	}
	while (cursor->left > 0 && used < SSL3_RT_MAX_PLAIN_LENGTH) {
		struct iovec piece = front(cursor);
		if (piece.iov_len > SSL3_RT_MAX_PLAIN_LENGTH - used)
			piece.iov_len = SSL3_RT_MAX_PLAIN_LENGTH - used;
		memcpy(scratch + used, piece.iov_base, piece.iov_len);
		used += piece.iov_len;
		advance(cursor, piece.iov_len);
	}
	return (struct iovec){ scratch, used };
}

static ssize_t judge_sent(struct tls_stream *tls, int rc)
{
	int error = SSL_get_error(tls->ssl, rc);

	if (error == SSL_ERROR_WANT_READ)
		return -EAGAIN;
	if (tls->failure == 0)
		tls->failure = tls->send_error != 0 ? tls->send_error : tls_failure_of(tls);
	tls->upper->failure = tls->failure;
	return -tls->failure;
}

/* OpenSSL 3.0 keeps room for a record after it wrote one or read a ticket, whatever
 * SSL_MODE_RELEASE_BUFFERS says: 16 KiB of an idle connection. */
void tls_release_room(const struct tls_stream *tls)
{
	(void)SSL_free_buffers(tls->ssl);
}

/* Nothing new is encrypted while something waits. */
static ssize_t write_records(struct tls_stream *tls, struct cursor *cursor)
{
	uint8_t scratch[SSL3_RT_MAX_PLAIN_LENGTH];
	size_t taken = 0;

	while (cursor->left > 0 && tls_backlog_is_empty(tls)) {
		size_t written = 0;
		struct iovec record = next_record(cursor, scratch);
		ERR_clear_error();
		int rc = SSL_write_ex(tls->ssl, record.iov_base, record.iov_len, &written);
		taken += written;
		if (rc <= 0)
			return taken > 0 ? (ssize_t)taken : judge_sent(tls, rc);
	}
	return taken > 0 ? (ssize_t)taken : -EAGAIN;
}

static ssize_t send_records(struct tls_stream *tls, struct cursor *cursor)
{
	struct tls_gather gather;

	gather.size = 0; /* the rest need not be cleared */
	tls->gather = &gather;
	ssize_t sent = write_records(tls, cursor);
	tls_gather_flush(tls);
	tls->gather = NULL;
	return sent;
}

ssize_t tls_records_send(struct stream *stream, const struct iovec *parts, int count)
{
	struct tls_stream *tls = stream->state;
	struct cursor cursor = cursor_of(parts, count);
	size_t asked = cursor.left;

	if (tls->failure != 0 || tls->is_finished)
		return tls->failure != 0 ? -tls->failure : -EPIPE;
	if (asked == 0)
		return 0;
	ssize_t sent = -EAGAIN;
	if (tls->phase == TLS_OPEN || tls->phase == TLS_ENDED)
		sent = send_records(tls, &cursor);
	tls_release_room(tls);
	stream->is_blocked = sent == -EAGAIN || (sent > 0 && (size_t)sent < asked);
	return sent;
}

/* ---- receiving */

/* What a receive that brought nothing means. */
static ssize_t judge_received(struct tls_stream *tls, int rc)
{
	int error = SSL_get_error(tls->ssl, rc);

	if (error == SSL_ERROR_WANT_READ)
		return -EAGAIN;
	bool has_ended =
		error == SSL_ERROR_ZERO_RETURN || (tls->has_lower_ended && tls->receive_error == 0);
	if (has_ended && tls->has_lower_ended && tls->tally != NULL)
		(void)atomic_fetch_add_explicit(&tls->tally->cut_short, 1, memory_order_relaxed);
	if (has_ended)
		tls->upper->has_ended = true;
	else
		tls->failure = tls_failure_of(tls);
	tls->phase = TLS_ENDED;
	tls->upper->failure = tls->failure;
	return -tls->failure;
}

static ssize_t read_records(struct tls_stream *tls, uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t got = 0;
		ERR_clear_error();
		int rc = SSL_read_ex(tls->ssl, data + done, size - done, &got);
		done += got;
		if (rc > 0)
			continue;
		ssize_t end = judge_received(tls, rc);
		tls_release_room(tls);
		if (done == 0)
			return end;
		if (end != -EAGAIN)
			tls_tell_later(tls, STREAM_READABLE); /* the owner stops at a short count */
		break;
	}
	return (ssize_t)done;
}

ssize_t tls_records_receive(struct stream *stream, void *data, size_t size)
{
	struct tls_stream *tls = stream->state;

	if (tls->phase == TLS_ENDED)
		return -tls->failure;
	if (tls->phase != TLS_OPEN)
		return -EAGAIN;
	return read_records(tls, data, size);
}

ssize_t tls_records_skip(struct stream *stream, size_t size)
{
	uint8_t scratch[SSL3_RT_MAX_PLAIN_LENGTH];
	size_t done = 0;

	while (done < size) {
		size_t wanted = size - done < sizeof(scratch) ? size - done : sizeof(scratch);
		ssize_t got = tls_records_receive(stream, scratch, wanted);
		if (got <= 0)
			return done > 0 ? (ssize_t)done : got;
		done += (size_t)got;
		if ((size_t)got < wanted)
			break;
	}
	return (ssize_t)done;
}
