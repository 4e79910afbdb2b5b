/* A client's side of TLS: what its streams share. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

#define ALPN_BYTES_MAX 256
#define NAME_BYTES_MAX 256

/* ---- the tally */

/* Processes that are forked later add to the same one. */
static struct tls_tally *new_tally(void)
{
	void *pages = NULL;

	(void)!pages_new(sizeof(struct tls_tally), PAGES_SHARED, &pages);
	return pages;
}

static void free_tally(struct tls_tally *tally)
{
	pages_free(tally, sizeof(*tally));
}

static void describe_first(struct tls_tally *tally, const SSL *ssl)
{
	const unsigned char *alpn = NULL;
	unsigned size = 0;

	if (atomic_exchange(&tally->is_being_described, true))
		return;
	SSL_get0_alpn_selected(ssl, &alpn, &size);
	(void)snprintf(tally->version, sizeof(tally->version), "%s", SSL_get_version(ssl));
	(void)snprintf(tally->cipher, sizeof(tally->cipher), "%s", SSL_get_cipher_name(ssl));
	(void)snprintf(tally->alpn, sizeof(tally->alpn), "%.*s", (int)size,
		       alpn != NULL ? (const char *)alpn : "");
	atomic_store(&tally->is_described, true);
}

void tls_tally_handshake(struct tls_tally *tally, SSL *ssl)
{
	if (!atomic_load(&tally->is_described))
		describe_first(tally, ssl);
	(void)atomic_fetch_add_explicit(&tally->handshakes, 1, memory_order_relaxed);
	if (SSL_session_reused(ssl))
		(void)atomic_fetch_add_explicit(&tally->resumed, 1, memory_order_relaxed);
}

void tls_tally_complain(struct tls_tally *tally, const char text[TLS_COMPLAINT_MAX])
{
	if (atomic_exchange(&tally->is_complaining, true))
		return;
	memcpy(tally->complaint, text, TLS_COMPLAINT_MAX);
	atomic_store(&tally->has_complaint, true);
}

void tls_client_describe(const struct tls_client *client, struct tls_figures *ret)
{
	const struct tls_tally *tally = client->tally;

	*ret = (struct tls_figures){
		.is_unverified = client->is_unverified,
		.handshakes = atomic_load_explicit(&tally->handshakes, memory_order_relaxed),
		.resumed = atomic_load_explicit(&tally->resumed, memory_order_relaxed),
		.cut_short = atomic_load_explicit(&tally->cut_short, memory_order_relaxed),
	};
	if (!atomic_load(&tally->is_described))
		return;
	ret->version = tally->version;
	ret->cipher = tally->cipher;
	memcpy(ret->alpn, tally->alpn, sizeof(ret->alpn));
}

const char *tls_client_complaint(const struct tls_client *client)
{
	return atomic_load(&client->tally->has_complaint) ? client->tally->complaint : NULL;
}

/* ---- its context */

/* "h2,http/1.1" as the handshake has it: a byte of length before each. RFC 7301, section 3.1. */
static int offer_protocols(SSL_CTX *context, const char *text, struct error *error)
{
	unsigned char wire[ALPN_BYTES_MAX];
	size_t used = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, ",");
		if (length == 0 || used + 1 + length > sizeof(wire))
			return error_set(error, EINVAL,
					 "--alpn: a list of protocols is meant, as in h2,http/1.1");
		wire[used++] = (unsigned char)length;
		memcpy(wire + used, text, length);
		used += length;
		text += length + (text[length] == ',');
	}
	if (SSL_CTX_set_alpn_protos(context, wire, (unsigned)used) != 0)
		return error_set(error, ENOMEM, "out of memory");
	return 0;
}

static void choose_version(SSL_CTX *context, enum tls_version version)
{
	static const int wire[] = {
		[TLS_VERSION_ANY] = 0,
		[TLS_VERSION_1_2] = TLS1_2_VERSION,
		[TLS_VERSION_1_3] = TLS1_3_VERSION,
	};

	if (version == TLS_VERSION_ANY)
		return;
	(void)SSL_CTX_set_min_proto_version(context, wire[version]);
	(void)SSL_CTX_set_max_proto_version(context, wire[version]);
}

/* What this host trusts. -ENOMEM. */
static int trust_host(const struct tls_client *client)
{
	SSL_CTX *context = client->parts->context;

	if (client->is_unverified)
		return 0;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, tls_verify);
	return SSL_CTX_set_default_verify_paths(context) == 1 ? 0 : -ENOMEM;
}

/* One more session of a connection that may have been resumed itself. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	const struct tls_stream *tls = SSL_get_app_data(ssl);

	tls_sessions_put(tls->sessions, tls->sessions_key, session);
	return 1;
}

static bool make_parts(const struct tls_client *client)
{
	struct tls_client_parts *parts = client->parts;

	parts->context = tls_context_new(TLS_client_method());
	parts->bio = tls_bio_method_new();
	if (parts->context == NULL || parts->bio == NULL)
		return false;
	choose_version(parts->context, parts->version);
	if (client->sessions == NULL)
		return true;
	(void)SSL_CTX_set_session_cache_mode(parts->context,
					     SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(parts->context, keep_session);
	return true;
}

static void free_parts(struct tls_client_parts *parts)
{
	SSL_CTX_free(parts->context);
	BIO_meth_free(parts->bio);
	parts->context = NULL;
	parts->bio = NULL;
}

/* What needs no file. */
static bool make_late(const struct tls_client *client)
{
	bool is_made = make_parts(client) && trust_host(client) == 0;

	if (!is_made)
		free_parts(client->parts);
	return is_made;
}

const struct tls_client_parts *tls_client_parts(const struct tls_client *client)
{
	struct tls_client_parts *parts = client->parts;

	(void)pthread_mutex_lock(&parts->making);
	bool is_made = parts->context != NULL || make_late(client);
	(void)pthread_mutex_unlock(&parts->making);
	return is_made ? parts : NULL;
}

static int choose_trust(const struct tls_client *client, const struct tls_client_options *options,
			struct error *error)
{
	SSL_CTX *context = client->parts->context;

	if (options->is_unverified || options->ca_file == NULL)
		return trust_host(client) == 0 ? 0 : error_set(error, ENOMEM, "out of memory");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, tls_verify);
	return tls_context_trust_file(context, options->ca_file, error);
}

static int configure(const struct tls_client *client, const struct tls_client_options *options,
		     struct error *error)
{
	SSL_CTX *context = client->parts->context;
	int rc = choose_trust(client, options, error);

	if (rc == 0 && options->certificate_file != NULL)
		rc = tls_context_use_files(context, options->certificate_file, options->key_file,
					   error);
	else if (rc == 0 && options->key_file != NULL)
		rc = error_set(error, EINVAL, "--key: name the certificate of %s with --cert FILE",
			       options->key_file);
	if (rc == 0 && options->alpn != NULL)
		rc = offer_protocols(context, options->alpn, error);
	return rc;
}

static int prepare(struct tls_client *client, const struct tls_client_options *options)
{
	client->parts = calloc(1, sizeof(*client->parts));
	if (client->parts == NULL)
		return -ENOMEM;
	(void)pthread_mutex_init(&client->parts->making, NULL);
	client->parts->version = options->version;
	client->tally = new_tally();
	client->is_unverified = options->is_unverified;
	if (options->has_resumption)
		client->sessions = tls_sessions_new();
	if (options->server_name != NULL)
		client->server_name = strdup(options->server_name);
	bool is_whole = client->tally != NULL &&
			(client->sessions != NULL || !options->has_resumption) &&
			(client->server_name != NULL || options->server_name == NULL);
	return is_whole ? 0 : -ENOMEM;
}

static bool may_be_late(const struct tls_client_options *options)
{
	return options->is_late && options->ca_file == NULL && options->certificate_file == NULL &&
	       options->key_file == NULL && options->alpn == NULL;
}

int tls_client_new(const struct tls_client_options *options, struct error *error,
		   struct tls_client **ret)
{
	struct tls_client *client = calloc(1, sizeof(*client));
	bool is_late = may_be_late(options);

	if (client == NULL || prepare(client, options) < 0 || (!is_late && !make_parts(client))) {
		tls_client_free(client);
		return error_set(error, ENOMEM, "out of memory");
	}
	int rc = is_late ? 0 : configure(client, options, error);
	if (rc < 0)
		tls_client_free(client);
	else
		*ret = client;
	return rc;
}

void tls_client_free(struct tls_client *client)
{
	if (client == NULL)
		return;
	if (client->parts != NULL) {
		free_parts(client->parts);
		(void)pthread_mutex_destroy(&client->parts->making);
	}
	free(client->parts);
	tls_sessions_free(client->sessions);
	free_tally(client->tally);
	free(client->server_name);
	free(client);
}

/* ---- one of its streams */

static bool is_address(const char *name)
{
	uint8_t address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

/* Whose certificate is wanted: --sni, the target's name, or its address. Without a scope, and
 * without the dot that ends a name, which no certificate has. */
static void choose_name(const struct stream_connect *connect, char name[NAME_BYTES_MAX])
{
	char address[ENDPOINT_TEXT_MAX];
	const char *wanted = connect->tls->server_name;

	if (wanted == NULL)
		wanted = connect->server_name;
	if (wanted == NULL || *wanted == '\0')
		wanted = endpoint_format_address(&connect->remote, address);
	(void)snprintf(name, NAME_BYTES_MAX, "%.*s", (int)strcspn(wanted, "%"), wanted);
	size_t length = strlen(name);
	if (length > 1 && name[length - 1] == '.')
		name[length - 1] = '\0';
}

/* An address is not sent (RFC 6066, section 3), but verified like a name. */
static bool want_name(SSL *ssl, const char *name)
{
	if (is_address(name))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1;
}

static void resume(struct tls_stream *tls, const char *name, const struct endpoint *remote)
{
	if (tls->sessions == NULL)
		return;
	tls->sessions_key = tls_sessions_key(name, remote);
	SSL_SESSION *session = tls_sessions_take(tls->sessions, tls->sessions_key);
	if (session == NULL)
		return;
	(void)SSL_set_session(tls->ssl, session);
	SSL_SESSION_free(session);
}

int tls_client_attach(struct tls_stream *tls, const struct stream_connect *connect)
{
	const struct tls_client *client = connect->tls;
	char name[NAME_BYTES_MAX];

	tls->tally = client->tally;
	tls->sessions = client->sessions;
	choose_name(connect, name);
	if (!want_name(tls->ssl, name))
		return -ENOMEM;
	resume(tls, name, &connect->remote);
	SSL_set_connect_state(tls->ssl);
	return 0;
}
