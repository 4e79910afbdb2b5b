/* A throw-away certificate: an EC key of this process, signed by itself, for the names and
 * addresses that clients may use. Its public half lies in a file for them to trust; the key stays
 * here. */
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "net/tls_context.h"
#include "sys/fd.h"

#define VALID_SECONDS (30L * 24 * 3600)
/* Clocks of clients may be behind. */
#define VALID_BEFORE_SECONDS (24L * 3600)
#define NAMES_MAX_BYTES      8192

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

/* ---- what it says */

static void append_address(struct buffer *out, const struct endpoint *endpoint)
{
	struct endpoint plain = *endpoint;
	char text[ENDPOINT_TEXT_MAX];

	plain.scope = 0;
	if (endpoint->family != 0 && !endpoint_is_any(endpoint) && !endpoint_is_loopback(endpoint))
		buffer_append_format(out, ",IP:%s", endpoint_format_address(&plain, text));
}

/* All that this host is reached by, as far as there is room. */
static void append_interfaces(struct buffer *out)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
		struct endpoint endpoint = { .family = 0 };
		int family = one->ifa_addr != NULL ? one->ifa_addr->sa_family : AF_UNSPEC;
		if ((family == AF_INET || family == AF_INET6) &&
		    out->size + ENDPOINT_TEXT_MAX < NAMES_MAX_BYTES)
			endpoint_from_sockaddr(one->ifa_addr, &endpoint);
		append_address(out, &endpoint);
	}
	freeifaddrs(all);
}

/* As the configuration of OpenSSL has them. A host name with other characters is left out. */
static void write_names(const struct tls_server_options *options, struct buffer *out)
{
	const char *host = options->host_name;

	buffer_append_text(out, "DNS:localhost,IP:127.0.0.1,IP:::1");
	if (host != NULL && *host != '\0' && strcmp(host, "localhost") != 0 &&
	    host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789.-_")] == '\0')
		buffer_append_format(out, ",DNS:%s", host);
	bool is_everywhere = false;
	for (size_t i = 0; i < options->address_count; i++) {
		is_everywhere |= options->addresses[i].family == 0 ||
				 endpoint_is_any(&options->addresses[i]);
		append_address(out, &options->addresses[i]);
	}
	if (is_everywhere)
		append_interfaces(out);
}

static int add_extension(X509 *certificate, int kind, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
	int is_added = extension != NULL && X509_add_ext(certificate, extension, -1);

	X509_EXTENSION_free(extension);
	return is_added;
}

static int add_names(X509 *certificate, const struct tls_server_options *options)
{
	struct buffer names cleanup(buffer_deinit);

	buffer_init(&names, NAMES_MAX_BYTES);
	write_names(options, &names);
	return names.error == 0 &&
	       add_extension(certificate, NID_subject_alt_name, buffer_text(&names));
}

/* Two runs have two certificates with one name: by their serial numbers clients tell them apart. */
static int set_serial(X509 *certificate)
{
	uint64_t serial = 0;

	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1);
}

static int fill(X509 *certificate, EVP_PKEY *key, const struct tls_server_options *options)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"conntest throw-away", -1, -1,
					  0) &&
	       X509_set_issuer_name(certificate, name) &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -VALID_BEFORE_SECONDS) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS) != NULL &&
	       X509_set_pubkey(certificate, key) &&
	       add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
	       add_names(certificate, options) && X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* ---- its file */

static char *choose_path(void)
{
	static const char *const variables[] = { "XDG_RUNTIME_DIR", "TMPDIR" };
	const char *folder = "/tmp";
	char *path = NULL;

	for (size_t i = array_size(variables); i-- > 0;) {
		const char *value = getenv(variables[i]);
		if (value != NULL && *value == '/' && access(value, W_OK) == 0)
			folder = value;
	}
	if (asprintf(&path, "%s/conntest-%d-cert.pem", folder, (int)getpid()) < 0)
		return NULL;
	return path;
}

/* A file of that name is left over from a process that was killed; others' can't be removed. */
static int create(const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0644);

	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, 0644);
	return fd < 0 ? -errno : fd;
}

static int write_file(const char *path, X509 *certificate)
{
	owned_fd int fd = create(path);
	if (fd < 0)
		return fd;
	FILE *file = fdopen(fd, "w");
	if (file == NULL)
		return -errno;
	(void)fchmod(take_fd(&fd), 0644); /* whatever the umask is: clients may be other users */
	int is_written = PEM_write_X509(file, certificate);
	if (fclose(file) == 0 && is_written)
		return 0;
	(void)unlink(path);
	return -EIO;
}

static int publish(X509 *certificate, struct error *error, char **ret_path)
{
	char *path = choose_path();
	if (path == NULL)
		return error_set(error, ENOMEM, "out of memory");
	int rc = write_file(path, certificate);
	if (rc < 0) {
		(void)error_set(error, -rc, "cannot write the throw-away certificate to %s: %s",
				path, strerrordesc_np(-rc));
		free(path);
		return rc;
	}
	*ret_path = path;
	return 0;
}

int tls_throw_away_use(SSL_CTX *context, const struct tls_server_options *options,
		       struct error *error, char **ret_path)
{
	EVP_PKEY *key cleanup(free_key) = EVP_EC_gen("P-256");
	X509 *certificate cleanup(free_certificate) = X509_new();

	if (key == NULL || certificate == NULL || !fill(certificate, key, options) ||
	    SSL_CTX_use_certificate(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(context, key) != 1)
		return error_set(error, EINVAL, "cannot make a throw-away certificate: %s",
				 ERR_reason_error_string(ERR_peek_last_error()));
	return publish(certificate, error, ret_path);
}
