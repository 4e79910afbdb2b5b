/* The bytes below a TLS stream: OpenSSL writes to and reads from the lower stream itself. All that
 * it writes is taken: what finds no room waits here, at most what one send gathers and a flight of
 * handshake, since nothing new is encrypted before that is gone. */
#include <errno.h>
#include <string.h>

#include "net/tls_stream.h"

#define BACKLOG_MAX ((size_t)256 * 1024)

bool tls_backlog_is_empty(const struct tls_stream *tls)
{
	return tls->backlog.size == 0;
}

/* How much of it was taken; the failure is kept. */
static size_t send_below(struct tls_stream *tls, const void *data, size_t size)
{
	struct iovec part = { (void *)data, size };
	ssize_t sent = stream_send(&tls->lower, &part, 1);

	if (sent < 0 && sent != -EAGAIN)
		tls->send_error = (int)-sent;
	return sent > 0 ? (size_t)sent : 0;
}

void tls_backlog_flush(struct tls_stream *tls)
{
	struct buffer *backlog = &tls->backlog;

	if (backlog->size == 0)
		return;
	tls->backlog_sent += send_below(tls, backlog->data + tls->backlog_sent,
					backlog->size - tls->backlog_sent);
	if (tls->backlog_sent < backlog->size)
		return;
	buffer_deinit(backlog);
	buffer_init(backlog, BACKLOG_MAX);
	tls->backlog_sent = 0;
}

static void send_or_keep(struct tls_stream *tls, const void *data, size_t size)
{
	size_t sent = tls_backlog_is_empty(tls) ? send_below(tls, data, size) : 0;

	if (tls->send_error == 0 && sent < size)
		buffer_append(&tls->backlog, (const uint8_t *)data + sent, size - sent);
	if (tls->backlog.error != 0)
		tls->send_error = ENOBUFS;
}

/* Who is slow to take it gets less at a time, which is what may have to wait. */
static void adapt(struct tls_stream *tls, size_t size)
{
	size_t most = tls->gather_bytes;

	if (!tls_backlog_is_empty(tls))
		most /= 2;
	else if (size > most / 2)
		most *= 2;
	if (most < TLS_GATHER_LEAST)
		most = TLS_GATHER_LEAST;
	tls->gather_bytes = most < TLS_GATHER_BYTES ? most : TLS_GATHER_BYTES;
}

void tls_gather_flush(struct tls_stream *tls)
{
	struct tls_gather *gather = tls->gather;

	if (gather->size == 0)
		return;
	send_or_keep(tls, gather->bytes, gather->size);
	adapt(tls, gather->size);
	gather->size = 0;
}

static int bio_write(BIO *bio, const char *data, int size)
{
	struct tls_stream *tls = BIO_get_data(bio);
	struct tls_gather *gather = tls->gather;

	BIO_clear_retry_flags(bio);
	if (size <= 0)
		return 0;
	if (gather != NULL && gather->size + (size_t)size > tls->gather_bytes)
		tls_gather_flush(tls);
	if (gather != NULL && (size_t)size <= sizeof(gather->bytes)) {
		memcpy(gather->bytes + gather->size, data, (size_t)size);
		gather->size += (size_t)size;
	} else {
		send_or_keep(tls, data, (size_t)size);
	}
	return tls->send_error != 0 ? -1 : size;
}

static void keep_first(struct tls_stream *tls, const char *data, size_t size)
{
	size_t room = TLS_FIRST_BYTES - tls->first_count;
	size_t kept = size < room ? size : room;

	memcpy(tls->first + tls->first_count, data, kept);
	tls->first_count = (uint8_t)(tls->first_count + kept);
}

static int wait_below(struct tls_stream *tls, BIO *bio)
{
	tls->is_drained = true;
	BIO_set_retry_read(bio);
	return -1;
}

static int bio_read(BIO *bio, char *data, int size)
{
	struct tls_stream *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (size <= 0)
		return 0;
	if (tls->is_drained)
		return wait_below(tls, bio);
	ssize_t got = stream_receive(&tls->lower, data, (size_t)size);
	if (got == -EAGAIN)
		return wait_below(tls, bio);
	if (got < 0) {
		tls->receive_error = (int)-got;
		return -1;
	}
	tls->has_lower_ended = got == 0;
	/* What comes behind a short receive is told anew. */
	tls->is_drained = got > 0 && got < size;
	keep_first(tls, data, (size_t)got);
	return (int)got;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	const struct tls_stream *tls = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return tls->has_lower_ended;
	return command == BIO_CTRL_FLUSH; /* what was written is on its way */
}

BIO_METHOD *tls_bio_method_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");

	if (method == NULL)
		return NULL;
	(void)BIO_meth_set_write(method, bio_write);
	(void)BIO_meth_set_read(method, bio_read);
	(void)BIO_meth_set_ctrl(method, bio_control);
	return method;
}

int tls_bio_attach(struct tls_stream *tls, const BIO_METHOD *method)
{
	BIO *bio = BIO_new(method);

	if (bio == NULL)
		return -ENOMEM;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	buffer_init(&tls->backlog, BACKLOG_MAX);
	tls->gather_bytes = TLS_GATHER_LEAST;
	return 0;
}
