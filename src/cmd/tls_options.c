#include "cmd/tls_options.h"

#include <string.h>

#include "cli/command.h"

static enum tls_version version_of(const char *text)
{
	if (strcmp(text, "1.2") == 0)
		return TLS_VERSION_1_2;
	return strcmp(text, "1.3") == 0 ? TLS_VERSION_1_3 : TLS_VERSION_ANY;
}

int tls_options_make(const struct tls_options *options, const char *alpn, struct error *error,
		     struct tls_client **ret)
{
	struct tls_client_options client = {
		.is_unverified = options->is_insecure,
		.ca_file = options->ca,
		.certificate_file = options->cert,
		.key_file = options->key,
		.server_name = options->sni,
		.alpn = options->alpn != NULL ? options->alpn : alpn,
		.has_resumption = options->has_resume,
		.version = version_of(options->version),
	};

	return command_file_code(tls_client_new(&client, error, ret));
}
