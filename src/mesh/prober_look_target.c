/* What a look at a link is at: its URL if it has one, else the page or health check at its address.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mesh/prober_look.h"
#include "net/resolver.h"

/* A page is to show that it comes, not to be had. */
#define BODY_MAX_BYTES UINT64_C(65536)

static bool is_asked_for(const struct look_seat *seat)
{
	return seat->owner->prober->host->settings->probes & 1u << seat->probe;
}

static uint16_t port_of(const struct look_seat *seat)
{
	const struct mesh_settings *settings = seat->owner->prober->host->settings;
	const struct mesh_target *target = &seat->owner->link->target;
	if (seat->probe == MESH_GRPC)
		return target->grpc_port ? target->grpc_port : settings->grpc_port;
	return target->http_port ? target->http_port : settings->http_port;
}

/* Those who answer in another way have what they were found with, and nothing by our settings. */
static bool has_place(const struct look_seat *seat)
{
	const struct mesh_target *target = &seat->owner->link->target;
	if (seat->probe == MESH_HTTP && target->url)
		return true;
	if (target->speech == MESH_SPEECH_OURS)
		return port_of(seat) != 0;
	return seat->probe == MESH_GRPC ? target->grpc_port != 0 : target->http_port != 0;
}

bool look_is_wanted(const struct look_seat *seat)
{
	const struct mesh_target *target = &seat->owner->link->target;
	bool is_page_alone = target->speech == MESH_SPEECH_HTTP;
	if (!target->is_probed)
		return false;
	if (is_page_alone)
		return seat->probe == MESH_HTTP && (target->url || port_of(seat) != 0);
	return is_asked_for(seat) && has_place(seat);
}

/* ---- its text ---- */

static int read_uri(const char *text, struct error *error, struct uri *ret)
{
	static const struct uri_defaults defaults = {
		.service = SERVICE_HTTP,
		.services = 1U << SERVICE_HTTP | 1U << SERVICE_H2C | 1U << SERVICE_GRPC,
		.bare_transports = URI_TRANSPORTS_REFUSED,
	};
	return uri_parse(text, &defaults, error, ret);
}

static const char *path_of(const struct look_seat *seat)
{
	const char *path = seat->owner->prober->host->settings->http_path;
	if (seat->probe == MESH_GRPC)
		return "";
	return *path ? path : "/";
}

static int make_uri(const struct look_seat *seat, const char *host, struct error *error,
		    struct uri *ret)
{
	const struct mesh_settings *settings = seat->owner->prober->host->settings;
	const char *scheme = seat->probe == MESH_GRPC ? "grpc"
			     : settings->http_is_tls  ? "https"
						      : "http";
	const char *path = path_of(seat);
	bool is_ipv6 = strchr(host, ':') != NULL;
	char text[URI_TEXT_MAX];
	int size = snprintf(text, sizeof(text), "%s://%s%s%s:%u%s%s", scheme, is_ipv6 ? "[" : "",
			    host, is_ipv6 ? "]" : "", port_of(seat),
			    *path == '/' || !*path ? "" : "/", path);
	if (size < 0 || size >= (int)sizeof(text))
		return error_set(error, EINVAL, "too long");
	return read_uri(text, error, ret);
}

/* By the name that was given to it, for those that have a page for each; a name that is none of a
 * host is no use there. */
static int make_named(const struct look_seat *seat, const char *address, struct error *error,
		      struct uri *ret)
{
	const char *name = seat->owner->link->target.name;
	if (*name && make_uri(seat, name, error, ret) >= 0 && strcasecmp(ret->host, name) == 0)
		return 0;
	return make_uri(seat, address, error, ret);
}

/* ---- its place ---- */

static bool is_name(const struct uri *uri)
{
	struct endpoint numeric;
	return resolver_parse_numeric(uri->host, 0, &numeric) == -EINVAL;
}

int look_choose_target(struct look *look, struct error *error)
{
	struct look_prober *prober = look->seat->owner->prober;
	const struct mesh_host *host = prober->host;
	const struct mesh_target *target = &look->seat->owner->link->target;
	bool has_url = look->seat->probe == MESH_HTTP && target->url;
	const char *address = endpoint_format_address(&target->endpoint, look->connect_host);
	look->target = (struct probe_target){
		.body_max_bytes = BODY_MAX_BYTES,
		.tls = host->tls,
		.stream = host->stream,
		.datagram = host->datagram,
		.network = host->network,
	};
	if (look->seat->probe == MESH_HTTP) {
		look->target.statuses = prober->statuses;
		look->target.status_count = LOOK_STATUSES;
	}
	int result = has_url ? read_uri(target->url, error, &look->target.uri)
			     : make_named(look->seat, address, error, &look->target.uri);
	/* The address is the discovery's matter, which heeds what DNS says and keeps what it said:
	 * a look asks nobody. An address in a URL is another matter. */
	if (result >= 0 && *address && (!has_url || is_name(&look->target.uri)))
		look->target.connect_host = address;
	return result;
}
