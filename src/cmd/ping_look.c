/* What the options of `ping` make of a look at a target: requests, what is expected, sockets, TLS.
 */
#include <errno.h>
#include <string.h>

#include "cmd/ping.h"
#include "engine/http_script.h"
#include "net/resolver.h"
#include "net/source_pool.h"
#include "proto/dns.h"
#include "proto/http1_request.h"
#include "proto/template_file.h"
#include "run/ping_report.h"

#define STATUSES_FIRST 100
#define STATUSES_LAST  599

static int read_family(const struct ping_options *options, struct error *error, int *ret)
{
	if (options->is_ipv4 && options->is_ipv6)
		return error_set(error, EINVAL, "-4 and -6 leave no address");
	*ret = options->is_ipv4 ? AF_INET : options->is_ipv6 ? AF_INET6 : AF_UNSPEC;
	return 0;
}

/* "HOST", "HOST:PORT", "[::1]:443" */
static int read_connect_to(struct ping_build *build, const char *text, struct error *error,
			   struct probe_target *look)
{
	static const struct uri_defaults place = { .service = SERVICE_TRAFFIC };
	struct uri uri = { 0 };
	if (!text)
		return 0;
	int result = strstr(text, "://")
			     ? error_set(error, EINVAL, "\"%s\" is a URI: HOST:PORT", text)
			     : uri_parse(text, &place, error, &uri);
	if (result < 0) {
		error_prefix(error, "--connect-to");
		return result;
	}
	bool has_port = strrchr(text, ':') && (text[0] != '[' || strstr(text, "]:"));
	look->connect_host = arena_text(&build->arena, uri.host);
	look->connect_port = has_port ? uri.port : 0;
	return 0;
}

/* Tried, as nothing has been sent yet. */
static int check_servers(const char *servers, struct error *error)
{
	struct loop *loop = NULL;
	struct resolver *resolver = NULL;
	struct resolver_options options = { .servers = servers };
	if (!servers)
		return 0;
	int result = loop_new(&(struct loop_options){ 0 }, &loop);
	if (result >= 0)
		result = resolver_new(loop, &options, &resolver);
	resolver_free(resolver);
	loop_free(loop);
	if (result == -EINVAL)
		return error_set(error, EINVAL,
				 "--dns: \"%s\" is no address of a server (192.0.2.53:53, or "
				 "several with commas)",
				 servers);
	return result < 0 ? error_set(error, -result, "--dns: %s", strerrordesc_np(-result)) : 0;
}

static int read_source(const char *text, struct error *error, struct endpoint *ret)
{
	if (!text)
		return 0;
	if (endpoint_parse(text, 0, ret) < 0)
		return error_set(error, EINVAL, "--source: \"%s\" is not an address", text);
	int result = source_check_ours(ret, error);
	if (result < 0)
		error_prefix(error, "--source");
	return result;
}

/* "NXDOMAIN,NOERROR" */
static int read_rcodes(struct ping_build *build, const char *text, struct error *error,
		       struct probe_target *look)
{
	uint32_t *rcodes = arena_take_array(&build->arena, strlen(text), sizeof(*rcodes));
	look->statuses = rcodes;
	for (const char *word = text; *word;) {
		size_t length = strcspn(word, ",");
		if (!dns_find_rcode(word, length, &rcodes[look->status_count++]))
			return error_set(error, EINVAL,
					 "--expect-status: \"%.*s\" is no status of DNS, as "
					 "NOERROR, NXDOMAIN, SERVFAIL or REFUSED are",
					 (int)length, word);
		word += length + (word[length] == ',');
	}
	return 0;
}

static int read_statuses(struct ping_build *build, const char *text, struct error *error,
			 struct probe_target *look)
{
	struct status_set set;
	if (!text)
		return 0;
	if (ping_expects_rcodes(build->options))
		return read_rcodes(build, text, error, look);
	int result = status_set_parse(text, error, &set);
	if (result < 0) {
		error_prefix(error, "--expect-status");
		return result;
	}
	uint32_t *statuses = arena_take_array(&build->arena, STATUSES_LAST - STATUSES_FIRST + 1,
					      sizeof(*statuses));
	for (uint32_t status = STATUSES_FIRST; status <= STATUSES_LAST; status++)
		if (status_set_has(&set, status))
			statuses[look->status_count++] = status;
	look->statuses = statuses;
	return 0;
}

static int read_body(struct ping_build *build, struct error *error, struct probe_target *look)
{
	const struct ping_options *options = build->options;
	int result = 0;
	if (options->body)
		buffer_append_text(&build->body, options->body);
	if (options->body_file)
		result = command_file_code(
			template_file_read(options->body_file, error, &build->body));
	if (result < 0) {
		error_prefix(error, "--body-file");
		return result;
	}
	bool has_body = options->body || options->body_file;
	look->body = has_body ? buffer_text(&build->body) : NULL;
	look->body_size = build->body.size;
	look->method = options->method ? options->method : has_body ? "POST" : NULL;
	return 0;
}

static int read_headers(const struct ping_options *options, struct error *error,
			struct probe_target *look)
{
	int result = options->method ? http1_check_method(options->method, error) : 0;
	if (result < 0) {
		error_prefix(error, "--method");
		return result;
	}
	for (size_t i = 0; i < options->headers.count && result >= 0; i++)
		result = http1_check_header(options->headers.items[i], error);
	if (result < 0)
		error_prefix(error, "--header");
	look->headers = options->headers.items;
	look->header_count = (uint32_t)options->headers.count;
	return result;
}

int ping_look_read(struct ping_build *build, struct error *error, struct probe_target *look)
{
	const struct ping_options *options = build->options;
	int result = read_family(options, error, &look->family);
	look->follows = options->follows;
	look->body_max_bytes = options->max_bytes;
	look->payload_bytes = options->payload_bytes;
	look->text = options->expect_text;
	if (result >= 0)
		result = read_connect_to(build, options->connect_to, error, look);
	if (result >= 0)
		result = read_source(options->source, error, &look->source);
	if (result >= 0)
		result = check_servers(options->dns, error);
	if (result >= 0)
		result = read_statuses(build, options->expect_status, error, look);
	if (result >= 0)
		result = read_headers(options, error, look);
	return result < 0 ? result : read_body(build, error, look);
}

static int read_sockets(struct ping_build *build, struct probe_target *look, struct error *error)
{
	bool is_udp = ping_is_datagram(&look->uri);
	struct socket_options *options = arena_take(&build->arena, sizeof(*options));
	int result =
		socket_choice_read(&build->options->sockets, look->uri.transport, error, options);
	look->options = options;
	if (result >= 0)
		result = socket_options_try(options, is_udp ? SOCKET_DATAGRAM : SOCKET_CONNECTS,
					    error);
	return result;
}

/* One client for each list of protocols. Who follows redirects may be led to TLS. */
static int find_tls(struct ping_build *build, struct probe_target *look, struct error *error)
{
	const char *protocols = prober_protocols(&look->uri);
	bool is_wanted = look->uri.transport == TRANSPORT_TLS || look->follows;
	for (size_t i = 0; i < PING_CLIENTS_MAX && is_wanted; i++) {
		struct ping_tls *tls = &build->tls[i];
		bool is_same =
			tls->client &&
			(tls->protocols == protocols ||
			 (tls->protocols && protocols && strcmp(tls->protocols, protocols) == 0));
		if (tls->client && !is_same)
			continue;
		tls->protocols = protocols;
		int result = tls->client ? 0
					 : tls_options_make(&build->options->tls, protocols, error,
							    &tls->client);
		look->tls = tls->client;
		return result;
	}
	return 0;
}

int ping_look_open(struct ping_build *build, struct error *error, struct probe_target *look)
{
	int result = read_sockets(build, look, error);
	return result < 0 ? result : find_tls(build, look, error);
}
