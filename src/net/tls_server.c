/* A server's side of TLS: its certificate, and what it asks of clients. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tls_context.h"
#include "net/tls_stream.h"

/* Of what a client offers what the service likes best. */
static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_size,
			   const unsigned char *offered, unsigned offered_size, void *context)
{
	const struct tls_stream *tls = SSL_get_app_data(ssl);

	(void)context;
	if (tls->protocols == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto((unsigned char **)ret, ret_size,
				  (const unsigned char *)tls->protocols,
				  (unsigned)strlen(tls->protocols), offered,
				  offered_size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	return SSL_TLSEXT_ERR_OK;
}

/* Who serves a certificate that has expired may want that: clients are told apart by it. */
static void look_at_dates(struct tls_server *server)
{
	const X509 *certificate = SSL_CTX_get0_certificate(server->context);
	char time[TLS_TIME_TEXT_MAX];

	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		(void)snprintf(server->warning, sizeof(server->warning), "expired on %s",
			       tls_format_time(X509_get0_notAfter(certificate), time));
	else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		(void)snprintf(server->warning, sizeof(server->warning), "not valid before %s",
			       tls_format_time(X509_get0_notBefore(certificate), time));
}

static int use_certificate(struct tls_server *server, const struct tls_server_options *options,
			   struct error *error)
{
	if (options->certificate_file == NULL && options->key_file != NULL)
		return error_set(error, EINVAL,
				 "--key: name the certificate of %s with --cert FILE",
				 options->key_file);
	if (options->certificate_file == NULL) {
		server->is_throw_away = true;
		return tls_throw_away_use(server->context, options, error,
					  &server->certificate_path);
	}
	int rc = tls_context_use_files(server->context, options->certificate_file,
				       options->key_file, error);
	if (rc < 0)
		return rc;
	look_at_dates(server);
	server->certificate_path = strdup(options->certificate_file);
	return server->certificate_path != NULL ? 0 : error_set(error, ENOMEM, "out of memory");
}

/* The names of those it trusts are told to clients, which choose a certificate by them. */
static int ask_clients(SSL_CTX *context, const char *file, struct error *error)
{
	static const unsigned char same_service[] = "conntest";
	int rc = tls_context_trust_file(context, file, error);

	if (rc < 0)
		return rc;
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file));
	/* Or else a client that resumes is refused. */
	(void)SSL_CTX_set_session_id_context(context, same_service, sizeof(same_service) - 1);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls_verify);
	return 0;
}

int tls_server_new(const struct tls_server_options *options, struct error *error,
		   struct tls_server **ret)
{
	struct tls_server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return error_set(error, ENOMEM, "out of memory");
	server->context = tls_context_new(TLS_server_method());
	server->bio = tls_bio_method_new();
	int rc = 0;
	if (server->context == NULL || server->bio == NULL)
		rc = error_set(error, ENOMEM, "out of memory");
	if (rc == 0)
		rc = use_certificate(server, options, error);
	if (rc == 0 && options->client_ca_file != NULL)
		rc = ask_clients(server->context, options->client_ca_file, error);
	if (rc < 0) {
		tls_server_free(server);
		return rc;
	}
	(void)SSL_CTX_set_options(server->context, SSL_OP_NO_RENEGOTIATION);
	/* Tickets carry the sessions; the threads share no table of them. */
	(void)SSL_CTX_set_session_cache_mode(server->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(server->context, choose_protocol, NULL);
	*ret = server;
	return 0;
}

void tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	if (server->is_throw_away && server->certificate_path != NULL)
		(void)unlink(server->certificate_path);
	SSL_CTX_free(server->context);
	BIO_meth_free(server->bio);
	free(server->certificate_path);
	free(server);
}

const char *tls_server_certificate_path(const struct tls_server *server)
{
	return server->certificate_path;
}

bool tls_server_is_throw_away(const struct tls_server *server)
{
	return server->is_throw_away;
}

const char *tls_server_warning(const struct tls_server *server)
{
	return server->warning[0] != '\0' ? server->warning : NULL;
}
