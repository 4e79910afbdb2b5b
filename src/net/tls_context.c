/* Contexts of OpenSSL: what clients and servers have in common, and the files they read. */
#include "net/tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509err.h>
#include <time.h>

/* What one receive from below may bring: four records. It is freed when it is empty. Two carried
 * 18 Gbit/s where four carried 21 and eight no more. */
#define READ_AHEAD_BYTES ((size_t)64 * 1024)

/* Or else it would ask on the terminal. */
static int refuse_password(char *text, int size, int is_writing, void *has_asked)
{
	(void)text;
	(void)size;
	(void)is_writing;
	*(bool *)has_asked = true;
	return -1;
}

SSL_CTX *tls_context_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (context == NULL)
		return NULL;
	(void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD_BYTES);
	return context;
}

/* OpenSSL's own errors hide why a file can't be opened. */
static int check_is_readable(const char *option, const char *file, struct error *error)
{
	FILE *stream = fopen(file, "re");

	/* A directory can be opened. */
	if (stream == NULL || (fgetc(stream) == EOF && ferror(stream))) {
		int code = errno;
		if (stream != NULL)
			(void)fclose(stream);
		return error_set(error, code, "%s: cannot read %s: %s", option, file,
				 strerrordesc_np(code));
	}
	(void)fclose(stream);
	return 0;
}

static int refuse(const char *option, const char *file, const char *what, struct error *error)
{
	unsigned long code = ERR_peek_error(); /* the later ones are of those who asked */
	int library = ERR_GET_LIB(code);

	if (library == ERR_LIB_PEM || library == ERR_LIB_ASN1 || library == ERR_LIB_OSSL_DECODER ||
	    ERR_GET_REASON(code) == X509_R_NO_CERTIFICATE_OR_CRL_FOUND ||
	    ERR_reason_error_string(code) == NULL)
		return error_set(error, EINVAL, "%s: %s holds no %s in PEM", option, file, what);
	return error_set(error, EINVAL, "%s: %s is no %s that can be used: %s", option, file, what,
			 ERR_reason_error_string(code));
}

static bool is_other_key(unsigned long code)
{
	return ERR_GET_LIB(code) == ERR_LIB_X509 &&
	       (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
		ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
}

static int use_key(SSL_CTX *context, const char *certificate_file, const char *key_file,
		   struct error *error)
{
	const char *file = key_file != NULL ? key_file : certificate_file;
	bool has_asked = false;

	SSL_CTX_set_default_passwd_cb(context, refuse_password);
	SSL_CTX_set_default_passwd_cb_userdata(context, &has_asked);
	int is_used = SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM);
	SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
	SSL_CTX_set_default_passwd_cb(context, NULL);
	if (is_used == 1 && SSL_CTX_check_private_key(context) == 1)
		return 0;
	if (has_asked)
		return error_set(error, EINVAL,
				 "--key: %s is encrypted: give it decrypted (openssl pkey)", file);
	if (is_used == 1 || is_other_key(ERR_peek_last_error()))
		return error_set(error, EINVAL, "--key: %s is not the key of the certificate in %s",
				 file, certificate_file);
	if (key_file == NULL)
		return error_set(error, EINVAL, "--cert: %s holds no key: give it with --key FILE",
				 certificate_file);
	return refuse("--key", file, "key", error);
}

int tls_context_use_files(SSL_CTX *context, const char *certificate_file, const char *key_file,
			  struct error *error)
{
	int rc = check_is_readable("--cert", certificate_file, error);

	if (rc == 0 && key_file != NULL)
		rc = check_is_readable("--key", key_file, error);
	if (rc < 0)
		return rc;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(context, certificate_file) != 1)
		rc = refuse("--cert", certificate_file, "certificate", error);
	else
		rc = use_key(context, certificate_file, key_file, error);
	ERR_clear_error();
	return rc;
}

int tls_context_trust_file(SSL_CTX *context, const char *file, struct error *error)
{
	int rc = check_is_readable("--ca", file, error);

	if (rc < 0)
		return rc;
	ERR_clear_error();
	if (SSL_CTX_load_verify_file(context, file) != 1)
		rc = refuse("--ca", file, "certificate", error);
	/* What is named is trusted, also where it is not the root of its chain. */
	(void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	ERR_clear_error();
	return rc;
}

const char *tls_format_time(const ASN1_TIME *time, char text[TLS_TIME_TEXT_MAX])
{
	struct tm parts = { 0 };

	if (ASN1_TIME_to_tm(time, &parts) != 1 ||
	    strftime(text, TLS_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		(void)snprintf(text, TLS_TIME_TEXT_MAX, "an unknown date");
	return text;
}
