#include "cmd/serve_tls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/service.h"
#include "cli/command.h"

#define HOST_NAME_BYTES 256

/* The first place over TLS, or listen_count. */
static uint32_t first_place(const struct plan_serve *serve)
{
	uint32_t i = 0;

	while (i < serve->listen_count && serve->listen[i].transport != TRANSPORT_TLS)
		i++;
	return i;
}

int serve_tls_plan(const struct serve_tls_options *options, struct plan_serve *serve,
		   struct error *error, struct tls_server **ret)
{
	struct endpoint addresses[PLAN_LISTEN_MAX];
	char host_name[HOST_NAME_BYTES] = "";
	struct tls_server_options server = {
		.certificate_file = options->cert,
		.key_file = options->key,
		.client_ca_file = options->ca,
		.host_name = host_name,
		.addresses = addresses,
	};

	*ret = NULL;
	if (first_place(serve) == serve->listen_count)
		return 0;
	(void)gethostname(host_name, sizeof(host_name) - 1);
	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (serve->listen[i].transport == TRANSPORT_TLS)
			addresses[server.address_count++] = serve->listen[i].local;
	}
	int rc = tls_server_new(&server, error, ret);
	serve->tls = *ret;
	return command_file_code(rc);
}

/* "traffic --ca FILE tls://HOST:5003" */
static void write_client(struct buffer *out, const struct plan_serve *serve, uint32_t index,
			 uint16_t port)
{
	const struct plan_listen *place = &serve->listen[index];
	bool is_everywhere = place->local.family == 0 || endpoint_is_any(&place->local);
	bool is_echo = place->service == SERVICE_TRAFFIC || place->service == SERVICE_ECHO;
	const char *scheme = service_tls_name(place->service);
	struct endpoint endpoint = place->local;
	char text[ENDPOINT_TEXT_MAX];

	endpoint.port = port;
	buffer_append_format(out, "conntest %s", is_echo ? "traffic" : "load");
	if (tls_server_is_throw_away(serve->tls))
		buffer_append_format(out, " --ca %s", tls_server_certificate_path(serve->tls));
	if (scheme != NULL)
		buffer_append_format(out, " %s://", scheme);
	else
		buffer_append_format(out, " %s+tls://", service_name(place->service));
	if (is_everywhere)
		buffer_append_format(out, "HOST:%u", port);
	else
		buffer_append_text(out, endpoint_format(&endpoint, text));
}

void serve_tls_write(struct buffer *out, const struct plan_serve *serve,
		     const struct engine *engine)
{
	uint32_t index = first_place(serve);

	if (index == serve->listen_count)
		return;
	const char *warning = tls_server_warning(serve->tls);
	buffer_append_format(
		out, "tls        %s%s%s     clients: ", tls_server_certificate_path(serve->tls),
		warning != NULL                        ? ", "
		: tls_server_is_throw_away(serve->tls) ? ", made for this run"
						       : "",
		warning != NULL ? warning : "");
	write_client(out, serve, index, engine_port(engine, index));
	buffer_append_text(out, "\n");
}
