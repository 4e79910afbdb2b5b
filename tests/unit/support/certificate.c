#include "support/certificate.h"

#include <dirent.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

const char *certificate_path(const char *file)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];

	if (folder[0] == '\0') {
		(void)snprintf(folder, sizeof(folder), "/tmp/conntest-test-XXXXXX");
		check(mkdtemp(folder) != NULL);
	}
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, file);
	return path;
}

static FILE *open_file(const char *name, const char *kind, const char *mode)
{
	char file[64];

	(void)snprintf(file, sizeof(file), "%s.%s", name, kind);
	FILE *stream = fopen(certificate_path(file), mode);
	check(stream != NULL);
	return stream;
}

void certificate_write(const char *file, const char *text)
{
	FILE *stream = fopen(certificate_path(file), "w");

	check(stream != NULL && fputs(text, stream) >= 0);
	check(fclose(stream) == 0);
}

static void add_extension(X509 *x509, int kind, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);

	check(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* Signed by the key of another one, whose name it takes for its issuer. */
static void sign(X509 *x509, EVP_PKEY *own_key, const char *signer)
{
	FILE *file = signer != NULL ? open_file(signer, "crt", "r") : NULL;
	X509 *issuer = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = own_key;

	if (file != NULL) {
		(void)fclose(file);
		file = open_file(signer, "key", "r");
		key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		(void)fclose(file);
	}
	check(X509_set_issuer_name(x509, X509_get_subject_name(issuer != NULL ? issuer : x509)));
	check(X509_sign(x509, key, EVP_sha256()) > 0);
	if (key != own_key)
		EVP_PKEY_free(key);
	X509_free(issuer);
}

static X509 *make(const struct certificate *certificate, EVP_PKEY *key)
{
	X509 *x509 = X509_new();

	check(x509 != NULL && X509_set_version(x509, X509_VERSION_3));
	check(ASN1_INTEGER_set(X509_get_serialNumber(x509), 1 + random()));
	check(X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
					 (const unsigned char *)certificate->name, -1, -1, 0));
	check(X509_time_adj_ex(X509_getm_notBefore(x509), (int)certificate->from_days, 0, NULL) !=
	      NULL);
	check(X509_time_adj_ex(X509_getm_notAfter(x509), (int)certificate->to_days, 0, NULL) !=
	      NULL);
	check(X509_set_pubkey(x509, key));
	if (certificate->hosts != NULL)
		add_extension(x509, NID_subject_alt_name, certificate->hosts);
	else
		add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
	sign(x509, key, certificate->signer);
	return x509;
}

void certificate_make(const struct certificate *certificate)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = make(certificate, key);
	FILE *file = open_file(certificate->name, "crt", "w");

	check(PEM_write_X509(file, x509) == 1);
	(void)fclose(file);
	file = open_file(certificate->name, "key", "w");
	check(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
	(void)fclose(file);
	X509_free(x509);
	EVP_PKEY_free(key);
}

void certificates_remove(void)
{
	DIR *directory = opendir(folder);

	check(directory != NULL);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (entry->d_name[0] != '.')
			check(unlink(certificate_path(entry->d_name)) == 0);
	}
	(void)closedir(directory);
	check(rmdir(folder) == 0);
	folder[0] = '\0';
}

struct tls_server *certificate_server(const char *name)
{
	char crt[64], key[64];
	struct error error = { "" };
	struct tls_server *server = NULL;

	(void)snprintf(crt, sizeof(crt), "%s.crt", name);
	(void)snprintf(key, sizeof(key), "%s.key", name);
	struct tls_server_options options = {
		.certificate_file = certificate_path(crt),
		.key_file = certificate_path(key),
	};
	check(tls_server_new(&options, &error, &server) == 0);
	return server;
}

struct tls_client *certificate_client(const char *ca)
{
	char crt[64];
	struct error error = { "" };
	struct tls_client *client = NULL;

	(void)snprintf(crt, sizeof(crt), "%s.crt", ca != NULL ? ca : "");
	struct tls_client_options options = {
		.ca_file = ca != NULL ? certificate_path(crt) : NULL,
	};
	check(tls_client_new(&options, &error, &client) == 0);
	return client;
}
