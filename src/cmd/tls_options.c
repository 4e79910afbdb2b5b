#include "cmd/tls_options.h"

#include <errno.h>
#include <string.h>

#include "cli/command.h"

/* Of the longest scheme. */
#define SCHEME_MAX 32

static enum tls_version version_of(const char *text)
{
	if (strcmp(text, "1.2") == 0)
		return TLS_VERSION_1_2;
	return strcmp(text, "1.3") == 0 ? TLS_VERSION_1_3 : TLS_VERSION_ANY;
}

/* "https", "traffic+tls", "tls" */
static const char *scheme_over_tls(enum service service, char text[SCHEME_MAX])
{
	const char *name = service == SERVICE_NONE ? "tls" : service_tls_name(service);

	if (name != NULL)
		return name;
	(void)snprintf(text, SCHEME_MAX, "%s+tls", service_name(service));
	return text;
}

int tls_options_refuse(const struct tls_options *options, const struct uri *uri,
		       struct error *error)
{
	const struct {
		const char *option;
		bool is_asked;
	} of_tls[] = {
		{ "--insecure", options->is_insecure },
		{ "--ca", options->ca != NULL },
		{ "--cert", options->cert != NULL },
		{ "--key", options->key != NULL },
		{ "--sni", options->sni != NULL },
		{ "--alpn", options->alpn != NULL },
		{ "--tls-resume", options->has_resume },
		{ "--tls-version", version_of(options->version) != TLS_VERSION_ANY },
	};
	char scheme[SCHEME_MAX];

	for (size_t i = 0; i < array_size(of_tls); i++)
		if (of_tls[i].is_asked)
			return error_set(
				error, EINVAL, "%s: of no use here: %s is not over TLS (%s:// is)",
				of_tls[i].option, uri->text, scheme_over_tls(uri->service, scheme));
	return 0;
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
