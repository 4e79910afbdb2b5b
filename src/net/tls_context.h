/* The inside of tls.h: contexts of OpenSSL and what is shared by the streams of one. Only for
 * net/tls*.c and net/stream_tls.c. */
#pragma once

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/tls.h"

#define TLS_COMPLAINT_MAX 512

struct tls_sessions;

/* What is told of a client's streams. Any thread may add to it, of
 * any process. */
struct tls_tally {
	_Atomic uint64_t handshakes;
	_Atomic uint64_t resumed;
	_Atomic uint64_t cut_short;
	/* Who begins first writes them, and they stay: no lock, which a killed process might hold.
	 */
	atomic_bool is_being_described;
	atomic_bool is_described;
	char version[16];
	char cipher[64];
	char alpn[32];
	atomic_bool is_complaining;
	atomic_bool has_complaint;
	char complaint[TLS_COMPLAINT_MAX];
};

/* Made by who needs them first. */
struct tls_client_parts {
	pthread_mutex_t making;
	SSL_CTX *context;
	BIO_METHOD *bio;
	enum tls_version version;
};

struct tls_client {
	struct tls_client_parts *parts;
	char *server_name; /* NULL: each target's */
	bool is_unverified;
	struct tls_tally *tally;
	struct tls_sessions *sessions; /* NULL: none is resumed */
};

struct tls_server {
	SSL_CTX *context;
	BIO_METHOD *bio;
	char *certificate_path;
	bool is_throw_away;
	char warning[128]; /* "": none */
};

/* ---- contexts of either side (tls_context.c) */

/* With what is common to clients and servers. NULL: out of memory. */
SSL_CTX *tls_context_new(const SSL_METHOD *method);
/* Reads a certificate with its chain, and its key. -errno with the sentence. */
nodiscard int tls_context_use_files(SSL_CTX *context, const char *certificate_file,
				    const char *key_file, struct error *error);
/* Trusts the certificates of a file. -errno with the sentence. */
nodiscard int tls_context_trust_file(SSL_CTX *context, const char *file, struct error *error);
/* "2026-01-01T00:00:00Z"; returns `text`. */
#define TLS_TIME_TEXT_MAX 40
const char *tls_format_time(const ASN1_TIME *time, char text[TLS_TIME_TEXT_MAX]);

/* ---- a client's parts (tls_client.c) */

/* Of all its streams. NULL: out of memory. */
const struct tls_client_parts *tls_client_parts(const struct tls_client *client);

/* ---- the tally (tls_client.c) */

void tls_tally_handshake(struct tls_tally *tally, SSL *ssl);
/* The first complaint is kept. */
void tls_tally_complain(struct tls_tally *tally, const char text[TLS_COMPLAINT_MAX]);

/* ---- sessions to resume (tls_sessions.c) */

/* NULL: out of memory. */
struct tls_sessions *tls_sessions_new(void);
void tls_sessions_free(struct tls_sessions *sessions);
/* Takes over the session of a server with this key (of its name and address). */
void tls_sessions_put(struct tls_sessions *sessions, uint64_t key, SSL_SESSION *session);
/* The newest of that server, or NULL; free it. Each TLS 1.3 ticket is given out once. */
SSL_SESSION *tls_sessions_take(struct tls_sessions *sessions, uint64_t key);
uint64_t tls_sessions_key(const char *server_name, const struct endpoint *remote);

/* ---- a throw-away certificate (tls_throw_away.c) */

/* Makes it, uses it and writes it to a file. */
nodiscard int tls_throw_away_use(SSL_CTX *context, const struct tls_server_options *options,
				 struct error *error, char **ret_path);
