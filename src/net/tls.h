/* TLS 1.2 and 1.3 by OpenSSL, for stream_tls (net/stream.h): what a client trusts and shows, what a
 * server shows, and what became of it. Both are made once, never change and serve all threads.
 *
 * How stream_tls fails: EKEYREJECTED, a certificate is not trusted; EPROTO, the peer does not speak
 * TLS or broke its rules; EKEYREVOKED, TLS failed otherwise (an alert, no common version, an end in
 * the handshake); else as the stream below does. A FIN without TLS's own goodbye is an end like any
 * other, because many servers send no more than that; it is counted as cut short. Records that find
 * no room below when a stream is closed are still sent, for 10 s at most or until the loop is
 * freed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"

struct tls_client;
struct tls_server;

enum tls_version {
	TLS_VERSION_ANY, /* 1.2 or 1.3 */
	TLS_VERSION_1_2,
	TLS_VERSION_1_3,
};

/* Files are PEM. All texts may be NULL. */
struct tls_client_options {
	bool is_unverified;
	const char *ca_file;          /* to trust, instead of what this host does */
	const char *certificate_file; /* of our own, with those between it and the CA */
	const char *key_file;         /* its key; NULL: in certificate_file */
	const char *server_name;      /* asked for and verified, instead of each target's */
	const char *alpn;             /* protocols, the best first: "h2,http/1.1" */
	bool has_resumption;
	/* OpenSSL's part, 4 MiB of memory, is made with the first stream, where nothing of it can
	 * fail but for want of memory: no file is named, and no protocol. */
	bool is_late;
	enum tls_version version;
};

/* -errno with the sentence, which names the file. */
nodiscard int tls_client_new(const struct tls_client_options *options, struct error *error,
			     struct tls_client **ret);
/* Behind the last stream. Harmless on NULL. */
void tls_client_free(struct tls_client *client);

/* What all streams of a client came to. */
struct tls_figures {
	const char *version; /* of the first handshake that was done, "TLSv1.3"; NULL: none was */
	const char *cipher;  /* its suite */
	char alpn[32];       /* its protocol, "" if none was agreed on */
	bool is_unverified;
	uint64_t handshakes;
	uint64_t resumed;   /* of these */
	uint64_t cut_short; /* streams that ended without TLS's goodbye */
};
void tls_client_describe(const struct tls_client *client, struct tls_figures *ret);
/* Why the first stream that TLS failed did, and what to do about it; NULL: none has. Any thread; it
 * stays as it is until the client is freed. */
const char *tls_client_complaint(const struct tls_client *client);

struct stream;

/* What one stream of a client came to. */
struct tls_facts {
	const char *version;         /* "TLSv1.3" */
	char alpn[32];               /* "": none was agreed on */
	int64_t certificate_until_s; /* Unix time: the first of the peer's chain to end; INT64_MIN
				      */
	bool is_resumed;
};
/* Behind its handshake. -EINVAL: it is no TLS stream, or not so far. */
nodiscard int tls_stream_describe(const struct stream *stream, struct tls_facts *ret);
/* Why TLS failed it, as of tls_client_complaint(); NULL: it did not. Until the stream is closed. */
const char *tls_stream_complaint(const struct stream *stream);

struct tls_server_options {
	const char *certificate_file; /* NULL: makes a throw-away certificate */
	const char *key_file;         /* NULL: in certificate_file */
	const char *client_ca_file;   /* clients have to show a certificate of these; may be NULL */
	/* What a throw-away certificate is for, besides localhost: may be NULL; a wildcard stands
	 * for all addresses of this host. */
	const char *host_name;
	const struct endpoint *addresses;
	size_t address_count;
};

/* A throw-away certificate is written to XDG_RUNTIME_DIR, TMPDIR or /tmp for clients to trust, and
 * removed by tls_server_free(). -errno with the sentence. */
nodiscard int tls_server_new(const struct tls_server_options *options, struct error *error,
			     struct tls_server **ret);
void tls_server_free(struct tls_server *server);
const char *tls_server_certificate_path(const struct tls_server *server);
bool tls_server_is_throw_away(const struct tls_server *server);
/* What clients will object to ("expired on ..."), NULL if there is nothing. */
const char *tls_server_warning(const struct tls_server *server);
