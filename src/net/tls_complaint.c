/* What went wrong with TLS, as an errno and as a sentence that names both sides and a way out. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <string.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

#define NAME_MAX_BYTES 256

void tls_complain(struct tls_stream *tls, const char *format, ...)
{
	char text[TLS_COMPLAINT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (tls->complaint == NULL)
		tls->complaint = strdup(text);
	tls_tally_complain(tls->tally, text);
}

/* ---- certificates that are not trusted */

/* What may stand on a terminal. */
static void append_printable(struct buffer *out, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size && out->size < NAME_MAX_BYTES; i++)
		buffer_append_repeated(out, isprint(bytes[i]) ? (char)bytes[i] : '?', 1);
}

static void append_alternative(struct buffer *out, const GENERAL_NAME *name)
{
	const ASN1_STRING *value = name->d.ia5;
	char address[INET6_ADDRSTRLEN] = "";

	if (name->type == GEN_DNS) {
		append_printable(out, ASN1_STRING_get0_data(value),
				 (size_t)ASN1_STRING_length(value));
		return;
	}
	value = name->d.iPAddress;
	(void)inet_ntop(ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6,
			ASN1_STRING_get0_data(value), address, sizeof(address));
	buffer_append_text(out, address);
}

static bool is_host(const GENERAL_NAME *name)
{
	return name->type == GEN_DNS ||
	       (name->type == GEN_IPADD && (ASN1_STRING_length(name->d.iPAddress) == 4 ||
					    ASN1_STRING_length(name->d.iPAddress) == 16));
}

/* The first of its alternative names, and how many there are besides. */
static void append_alternatives(struct buffer *out, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (is_host(name) && count++ == 0)
			append_alternative(out, name);
	}
	GENERAL_NAMES_free(names);
	if (count > 1)
		buffer_append_format(out, " and %d other%s", count - 1, count > 2 ? "s" : "");
}

/* A name of a certificate: its common name, else its organization. */
static void append_name(struct buffer *out, const X509_NAME *name)
{
	static const int parts[] = { NID_commonName, NID_organizationName };

	for (size_t i = 0; i < array_size(parts); i++) {
		int at = X509_NAME_get_index_by_NID(name, parts[i], -1);
		if (at < 0)
			continue;
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
		append_printable(out, ASN1_STRING_get0_data(value),
				 (size_t)ASN1_STRING_length(value));
		return;
	}
	buffer_append_text(out, "nobody in particular");
}

static void append_hosts(struct buffer *out, const X509 *certificate)
{
	append_alternatives(out, certificate);
	if (out->size == 0)
		append_name(out, X509_get_subject_name(certificate));
}

/* The name that the certificate was to be for. */
static void append_wanted(struct buffer *out, SSL *ssl)
{
	X509_VERIFY_PARAM *wanted = SSL_get0_param(ssl);
	const char *host = X509_VERIFY_PARAM_get0_host(wanted, 0);
	char *address = host == NULL ? X509_VERIFY_PARAM_get1_ip_asc(wanted) : NULL;

	buffer_append_text(out, host != NULL ? host : address != NULL ? address : "us");
	OPENSSL_free(address);
}

/* "the certificate", or one that it was signed with. */
static void append_which(struct buffer *out, const X509 *certificate, int depth)
{
	if (depth == 0) {
		buffer_append_text(out, "the certificate");
		return;
	}
	buffer_append_text(out, "the certificate was signed with that of ");
	append_name(out, X509_get_subject_name(certificate));
	buffer_append_text(out, ", which");
}

static void complain_of_name(struct tls_stream *tls, SSL *ssl, const X509 *certificate)
{
	struct buffer hosts cleanup(buffer_deinit);
	struct buffer wanted cleanup(buffer_deinit);
	char first[NAME_MAX_BYTES];

	buffer_init(&hosts, 2 * NAME_MAX_BYTES);
	buffer_init(&wanted, 2 * NAME_MAX_BYTES);
	append_hosts(&hosts, certificate);
	append_wanted(&wanted, ssl);
	(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(buffer_text(&hosts), " "),
		       buffer_text(&hosts));
	tls_complain(tls,
		     "the certificate is for %s, not for %s: --sni %s, or -k to trust "
		     "anything",
		     buffer_text(&hosts), buffer_text(&wanted), first);
}

static void complain_of_time(struct tls_stream *tls, const X509 *certificate, int depth, int error)
{
	bool has_expired = error == X509_V_ERR_CERT_HAS_EXPIRED;
	struct buffer which cleanup(buffer_deinit);
	char time[TLS_TIME_TEXT_MAX];

	buffer_init(&which, 2 * NAME_MAX_BYTES);
	append_which(&which, certificate, depth);
	tls_complain(tls,
		     has_expired ? "%s expired on %s (-k goes on all the same)"
				 : "%s is not valid before %s: is this host's clock right? "
				   "(-k goes on all the same)",
		     buffer_text(&which),
		     tls_format_time(has_expired ? X509_get0_notAfter(certificate)
						 : X509_get0_notBefore(certificate),
				     time));
}

/* The last certificate that there was: nobody known has signed it. */
static void complain_of_signer(struct tls_stream *tls, const X509 *certificate)
{
	struct buffer signer cleanup(buffer_deinit);
	const X509_NAME *issuer = X509_get_issuer_name(certificate);

	buffer_init(&signer, 2 * NAME_MAX_BYTES);
	if (X509_NAME_cmp(issuer, X509_get_subject_name(certificate)) == 0)
		buffer_append_text(&signer, "self-signed");
	else
		append_name(&signer, issuer);
	tls_complain(tls,
		     "the certificate is signed by nobody whom this host trusts (%s): --ca "
		     "FILE, or -k to trust anything",
		     buffer_text(&signer));
}

static void complain_of_certificate(struct tls_stream *tls, SSL *ssl, X509_STORE_CTX *store)
{
	const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);

	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		complain_of_name(tls, ssl, X509_STORE_CTX_get0_cert(store));
		return;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		complain_of_time(tls, certificate, X509_STORE_CTX_get_error_depth(store), error);
		return;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		complain_of_signer(tls, certificate);
		return;
	default:
		tls_complain(tls, "the certificate is not trusted: %s (-k goes on all the same)",
			     X509_verify_cert_error_string(error));
	}
}

int tls_verify(int is_trusted, X509_STORE_CTX *store)
{
	int index = SSL_get_ex_data_X509_STORE_CTX_idx();
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, index);
	struct tls_stream *tls = SSL_get_app_data(ssl);

	if (!is_trusted && tls->tally != NULL)
		complain_of_certificate(tls, ssl, store);
	return is_trusted;
}

/* ---- peers that don't go along */

#define RECORD_TYPE_FIRST 20 /* change_cipher_spec; RFC 8446, section 5.1 */
#define RECORD_TYPE_LAST  23 /* application_data */
#define RECORD_HEAD_BYTES 5
#define CLIENT_HELLO      1

static bool is_tls(const struct tls_stream *tls)
{
	return tls->first_count == 0 ||
	       (tls->first[0] >= RECORD_TYPE_FIRST && tls->first[0] <= RECORD_TYPE_LAST);
}

/* What servers do not send, so it is ours. */
static bool is_echo(const struct tls_stream *tls)
{
	return tls->first_count > RECORD_HEAD_BYTES &&
	       tls->first[RECORD_HEAD_BYTES] == CLIENT_HELLO;
}

static size_t count_printable(const struct tls_stream *tls)
{
	size_t count = 0;

	while (count < tls->first_count && isprint(tls->first[count]))
		count++;
	return count;
}

static void complain_of_no_tls(struct tls_stream *tls)
{
	size_t size = count_printable(tls);

	if (is_tls(tls) && is_echo(tls))
		tls_complain(tls, "the peer does not speak TLS: it is a plain echo");
	else if (size > 0)
		tls_complain(tls, "the peer does not speak TLS (it answered \"%.*s\")", (int)size,
			     (const char *)tls->first);
	else
		tls_complain(tls, "the peer does not speak TLS");
}

/* Alerts (RFC 8446, section 6.2) that say what is to be done about them. */
struct alert_row {
	int alert;
	const char *name; /* NULL: as OpenSSL says it, which is lacking in newer ones */
	const char *advice;
};

static const struct alert_row alert_rows[] = {
	{ SSL3_AD_HANDSHAKE_FAILURE, NULL, "no common version or cipher, or it wants --cert" },
	{ SSL3_AD_BAD_CERTIFICATE, NULL, "it does not take our certificate: --cert, --key" },
	{ SSL3_AD_UNSUPPORTED_CERTIFICATE, NULL,
	  "it does not take our certificate: --cert, --key" },
	{ SSL3_AD_CERTIFICATE_REVOKED, NULL, "our certificate is revoked: --cert, --key" },
	{ SSL3_AD_CERTIFICATE_EXPIRED, NULL, "our certificate has expired: --cert, --key" },
	{ SSL3_AD_CERTIFICATE_UNKNOWN, NULL, "it does not take our certificate: --cert, --key" },
	{ TLS1_AD_UNKNOWN_CA, NULL, "it does not trust who signed our certificate: --cert, --key" },
	{ TLS1_AD_PROTOCOL_VERSION, NULL, "it speaks another version: --tls-version" },
	{ TLS1_AD_UNRECOGNIZED_NAME, NULL, "it has no certificate for this name: --sni NAME" },
	{ TLS13_AD_CERTIFICATE_REQUIRED, "certificate required",
	  "it wants a certificate of ours: --cert, --key" },
	{ TLS1_AD_NO_APPLICATION_PROTOCOL, "no application protocol",
	  "it speaks none of these protocols: --alpn" },
};

static void complain_of_alert(struct tls_stream *tls, int alert)
{
	const char *name = SSL_alert_desc_string_long(alert);

	for (size_t i = 0; i < array_size(alert_rows); i++) {
		const struct alert_row *row = &alert_rows[i];
		if (row->alert != alert)
			continue;
		tls_complain(tls, "the peer refused: %s (%s)", row->name != NULL ? row->name : name,
			     row->advice);
		return;
	}
	tls_complain(tls, "the peer refused: %s (alert %d)", name, alert);
}

static const char *reason_of(unsigned long code)
{
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	return reason != NULL ? reason : "nobody knows why";
}

/* Both kept to the rules and still found nothing in common. */
static bool is_no_agreement(int reason)
{
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_APPLICATION_PROTOCOL:
	case SSL_R_DH_KEY_TOO_SMALL:
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return true;
	default:
		return false;
	}
}

/* An error of OpenSSL itself or an alert of the peer. */
static int failure_of_code(struct tls_stream *tls, unsigned long code)
{
	bool is_ssl = ERR_GET_LIB(code) == ERR_LIB_SSL;
	int reason = ERR_GET_REASON(code);

	if (is_ssl && reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
		return EKEYREJECTED;
	if (is_ssl && reason > SSL_AD_REASON_OFFSET) {
		if (tls->tally != NULL)
			complain_of_alert(tls, reason - SSL_AD_REASON_OFFSET);
		return EKEYREVOKED;
	}
	if (tls->tally != NULL && tls->phase == TLS_SHAKING && (!is_tls(tls) || is_echo(tls)))
		complain_of_no_tls(tls);
	else if (tls->tally != NULL)
		tls_complain(tls, "TLS failed: %s", reason_of(code));
	return is_ssl && is_no_agreement(reason) ? EKEYREVOKED : EPROTO;
}

int tls_failure_of(struct tls_stream *tls)
{
	unsigned long code = ERR_peek_error();

	if (tls->receive_error != 0)
		return tls->receive_error;
	if (tls->send_error != 0)
		return tls->send_error;
	if (code != 0 || !tls->has_lower_ended)
		return failure_of_code(tls, code);
	if (tls->tally != NULL && tls->phase == TLS_SHAKING)
		tls_complain(tls, "the peer closed the connection in the TLS handshake");
	return EKEYREVOKED;
}
