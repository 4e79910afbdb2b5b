/* What a client is told of one of its streams. */
#include <errno.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "net/tls_context.h"
#include "net/tls_stream.h"

static int64_t end_of(const X509 *certificate)
{
	struct tm end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
		return INT64_MIN;
	return timegm(&end);
}

/* As the peer sent it: a CA of our own store is not its matter. */
static int64_t end_of_chain(SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	int64_t first = INT64_MIN;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t end = end_of(sk_X509_value(chain, i));
		if (first == INT64_MIN || end < first)
			first = end;
	}
	return first;
}

/* The peer's bytes, fit for a terminal. */
static void copy_protocol(const unsigned char *alpn, unsigned size, struct tls_facts *ret)
{
	size_t length = size < sizeof(ret->alpn) - 1 ? size : sizeof(ret->alpn) - 1;

	for (size_t i = 0; i < length; i++)
		ret->alpn[i] = (char)(alpn[i] > ' ' && alpn[i] < 0x7f ? alpn[i] : '?');
	ret->alpn[length] = '\0';
}

int tls_stream_describe(const struct stream *stream, struct tls_facts *ret)
{
	const struct tls_stream *tls = stream->state;
	const unsigned char *alpn = NULL;
	unsigned size = 0;

	if (stream->transport != &stream_tls || tls == NULL || !SSL_is_init_finished(tls->ssl))
		return -EINVAL;
	SSL_get0_alpn_selected(tls->ssl, &alpn, &size);
	ret->version = SSL_get_version(tls->ssl);
	copy_protocol(alpn, size, ret);
	ret->certificate_until_s = end_of_chain(tls->ssl);
	ret->is_resumed = SSL_session_reused(tls->ssl) == 1;
	return 0;
}

const char *tls_stream_complaint(const struct stream *stream)
{
	const struct tls_stream *tls = stream->state;

	return stream->transport == &stream_tls && tls != NULL ? tls->complaint : NULL;
}
