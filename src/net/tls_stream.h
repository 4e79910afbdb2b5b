/* A TLS stream and the stream below it: shared by stream_tls.c and what it is made of. Only for
 * net/tls*.c and net/stream_tls.c. */
#pragma once

#include <openssl/ssl.h>

#include "base/buffer.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"

struct tls_tally;
struct tls_sessions;

enum tls_phase {
	TLS_LINKING, /* the stream below is being connected */
	TLS_SHAKING, /* the handshake is under way */
	TLS_OPEN,
	TLS_ENDED, /* received its end, or failed: nothing more comes */
};

/* So much of what a peer says first is kept, to tell what it is when it is no TLS. */
#define TLS_FIRST_BYTES 32

/* Records of one send go down together: 21 Gbit/s on one connection instead of 11 with a call for
 * each; half of it carried 18, twice of it no more. Lent by who sends, from its stack, so that no
 * connection pays for it; what is not taken has to wait, so it begins with one record. */
#define TLS_GATHER_BYTES ((size_t)128 * 1024)
#define TLS_GATHER_LEAST ((size_t)17 * 1024)
struct tls_gather {
	size_t size;
	uint8_t bytes[TLS_GATHER_BYTES];
};

struct tls_stream {
	struct stream lower;
	struct stream *upper; /* NULL: closed, while its last records are being sent */
	SSL *ssl;
	struct tls_tally *tally;       /* NULL: the server's side */
	char *complaint;               /* of a client, what became its failure; NULL: nothing */
	struct tls_sessions *sessions; /* NULL: none is kept */
	const char *protocols;         /* of a server, to choose from; NULL: none */
	uint64_t sessions_key;
	struct tls_gather *gather; /* while records are sent; NULL: they go down one by one */
	size_t gather_bytes;       /* so many at most */
	struct buffer backlog;     /* records that found no room below... */
	size_t backlog_sent;       /* ...and how much of it has been taken since */
	struct deferred telling;   /* `untold` is told in this turn */
	struct deferred burying;   /* frees, or with the loop closes what still sends */
	struct timer deadline;     /* of a server's handshake; of the last records */
	unsigned untold;
	int failure;       /* what ended it, a positive errno; 0: the peer's end */
	int send_error;    /* of the stream below, positive */
	int receive_error; /* the same */
	enum tls_phase phase;
	bool is_drained; /* nothing can be received below before it says so */
	bool is_finished;
	bool has_lower_ended;
	uint8_t first_count;
	uint8_t first[TLS_FIRST_BYTES];
};

/* ---- the bytes below (tls_bio.c) */

/* NULL: out of memory. */
BIO_METHOD *tls_bio_method_new(void);
/* Puts `tls->lower` below `tls->ssl`. -ENOMEM. */
nodiscard int tls_bio_attach(struct tls_stream *tls, const BIO_METHOD *method);
bool tls_backlog_is_empty(const struct tls_stream *tls);
/* Sends what has been gathered; what finds no room is backlog. A failure stands in send_error. */
void tls_gather_flush(struct tls_stream *tls);
/* Sends on what is left of it. A failure stands in send_error. */
void tls_backlog_flush(struct tls_stream *tls);

/* ---- what went wrong (tls_complaint.c) */

/* Keeps the sentence of a client's stream, and as that of all if it is the first. */
void tls_complain(struct tls_stream *tls, const char *format, ...) printf_like(2, 3);
/* Keeps a sentence about what makes a certificate untrusted. */
int tls_verify(int is_trusted, X509_STORE_CTX *store);
/* The positive errno of a call of OpenSSL that failed, whose errors are still queued; a client's
 * first one is kept as its complaint. */
int tls_failure_of(struct tls_stream *tls);

/* ---- parts of the transport */

/* Names and a session for the handshake of a client (tls_client.c). -ENOMEM. */
nodiscard int tls_client_attach(struct tls_stream *tls, const struct stream_connect *connect);
/* Tells the owner at the end of this turn (stream_tls.c). */
void tls_tell_later(struct tls_stream *tls, unsigned events);
/* tls_records.c */
void tls_release_room(const struct tls_stream *tls);
nodiscard ssize_t tls_records_send(struct stream *stream, const struct iovec *parts, int count);
nodiscard ssize_t tls_records_receive(struct stream *stream, void *data, size_t size);
nodiscard ssize_t tls_records_skip(struct stream *stream, size_t size);
