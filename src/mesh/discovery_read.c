/* See discovery_read.h: targets and labels, of whatever format. */
#include "mesh/discovery_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "mesh/discovery_read_parts.h"

/* ---- targets */

static int read_port(const char *text, struct error *error, uint16_t *ret)
{
	char *end = NULL;
	unsigned long port = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;

	if (port == 0 || port > UINT16_MAX || *end != '\0')
		return error_set(error, EINVAL, "\"%.40s\" is not a port from 1 to 65535", text);
	*ret = (uint16_t)port;
	return 0;
}

static bool is_host(const char *host)
{
	const char *byte = host;

	while (isalnum((unsigned char)*byte) || (*byte != '\0' && strchr("-._", *byte) != NULL))
		byte++;
	return *byte == '\0' && byte != host;
}

int discovery_split(const char *text, struct error *error, char host[DISCOVERY_HOST_MAX],
		    uint16_t *ret_port)
{
	struct endpoint endpoint;
	char address[ENDPOINT_TEXT_MAX];
	const char *colon = strrchr(text, ':');
	size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);

	*ret_port = 0;
	if (endpoint_parse(text, 0, &endpoint) == 0) {
		*ret_port = endpoint.port;
		(void)endpoint_format_address(&endpoint, address);
		memcpy(host, address, strlen(address) + 1);
		return 0;
	}
	if (length >= DISCOVERY_HOST_MAX)
		return error_set(error, EINVAL, "\"%.40s...\" is longer than a host name", text);
	memcpy(host, text, length);
	host[length] = '\0';
	if (!is_host(host) || host[strspn(host, "0123456789.")] == '\0')
		return error_set(error, EINVAL, "\"%.80s\" is not HOST:PORT", text);
	return colon != NULL ? read_port(colon + 1, error, ret_port) : 0;
}

int discovery_split_url(const char *url, struct error *error, char host[DISCOVERY_HOST_MAX],
			uint16_t *ret_port)
{
	static const struct uri_defaults defaults = {
		.service = SERVICE_HTTP,
		.services = 1u << SERVICE_HTTP,
		.bare_transports = URI_TRANSPORTS_REFUSED,
	};
	struct uri uri;
	int result = uri_parse(url, &defaults, error, &uri);

	if (result < 0)
		return result;
	if (strlen(url) >= DISCOVERY_URL_MAX)
		return error_set(error, EINVAL, "a URL has %d characters at most, this has %zu",
				 DISCOVERY_URL_MAX - 1, strlen(url));
	memcpy(host, uri.host, strlen(uri.host) + 1);
	*ret_port = uri.port;
	return 0;
}

int discovery_tell_target(const struct discovery_group *group, const char *target,
			  discovery_found_fn *found, void *context, struct error *error)
{
	char host[DISCOVERY_HOST_MAX];
	struct discovery_found peer = { .host = host, .labels = &group->labels };
	struct discovery_labels labels;
	int result = discovery_split(target, error, host, &peer.port);

	if (result < 0)
		return result;
	if (group->traffic_port != 0) {
		labels = group->labels;
		labels.http_port = labels.http_port != 0 ? labels.http_port : peer.port;
		peer.port = group->traffic_port;
		peer.labels = &labels;
	}
	return found(context, &peer, error);
}

int discovery_tell_url(const struct discovery_labels *labels, const char *url,
		       discovery_found_fn *found, void *context, struct error *error)
{
	char host[DISCOVERY_HOST_MAX];
	struct discovery_found peer = { .host = host, .url = url, .labels = labels };
	int result = discovery_split_url(url, error, host, &peer.port);

	return result < 0 ? result : found(context, &peer, error);
}

/* ---- labels */

void discovery_clean(char *ret, size_t size, const char *text)
{
	size_t used = 0;

	while (*text != '\0') {
		size_t length = utf8_length(text);
		bool is_shown = length > 1 || (length == 1 && *text > ' ' && *text != 0x7f);
		size_t needed = is_shown ? length : 1;
		if (used + needed >= size)
			break;
		if (is_shown)
			memcpy(ret + used, text, length);
		else
			ret[used] = '_';
		used += needed;
		text += length > 0 ? length : 1;
	}
	ret[used] = '\0';
}

static int read_speech(struct discovery_labels *labels, const char *value, struct error *error)
{
	static const char *const names[] = {
		[MESH_SPEECH_OURS] = "traffic",
		[MESH_SPEECH_ACK] = "ack",
		[MESH_SPEECH_HTTP] = "http",
	};

	for (size_t i = 0; i < array_size(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			labels->speech = (uint8_t)i;
			return 0;
		}
	}
	return error_set(error, EINVAL, "speech \"%.40s\" is neither traffic, ack nor http", value);
}

static int read_label_port(const char *name, const char *value, struct error *error, uint16_t *ret)
{
	int result = read_port(value, error, ret);

	if (result < 0)
		error_prefix(error, "%s", name);
	return result;
}

/* The place of `name` in `names`, the best first; 0: it is not there. */
static unsigned rank_of(const char *name, const char *const *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0)
			return count - i;
	}
	return 0;
}

int discovery_group_label(struct discovery_group *group, const char *name, const char *value,
			  struct error *error)
{
	static const char *const names[] = { "node", "name", "instance" };
	static const char *const places[] = { "location", "zone" };
	struct discovery_labels *labels = &group->labels;
	unsigned rank = rank_of(name, names, array_size(names));

	if (rank > group->name_rank) {
		group->name_rank = rank;
		discovery_clean(labels->name, sizeof(labels->name), value);
	}
	rank = rank_of(name, places, array_size(places));
	if (rank > group->location_rank) {
		group->location_rank = rank;
		discovery_clean(labels->location, sizeof(labels->location), value);
	}
	if (strcmp(name, "rack") == 0)
		discovery_clean(labels->rack, sizeof(labels->rack), value);
	if (strcmp(name, "speech") == 0)
		return read_speech(labels, value, error);
	if (strcmp(name, "http_port") == 0)
		return read_label_port(name, value, error, &labels->http_port);
	/* As our own /sd has it, whose targets are for a Prometheus. */
	if (strcmp(name, "__meta_conntest_traffic_port") == 0)
		return read_label_port(name, value, error, &group->traffic_port);
	if (strcmp(name, "grpc_port") == 0)
		return read_label_port(name, value, error, &labels->grpc_port);
	return 0;
}

/* ---- formats */

enum discovery_format discovery_format_of(const char *path)
{
	const char *end = strrchr(path, '.');

	if (end != NULL && strcmp(end, ".json") == 0)
		return DISCOVERY_JSON;
	if (end != NULL && (strcmp(end, ".yml") == 0 || strcmp(end, ".yaml") == 0))
		return DISCOVERY_YAML;
	return DISCOVERY_ANY;
}

int discovery_read(const char *text, size_t size, enum discovery_format format,
		   discovery_found_fn *found, void *context, struct error *error)
{
	size_t first = 0;

	if (size > DISCOVERY_TEXT_MAX)
		return error_set(error, EINVAL, "is longer than the %zu MiB of a list",
				 DISCOVERY_TEXT_MAX >> 20);
	while (first < size && strchr(" \t\r\n", text[first]) != NULL && text[first] != '\0')
		first++;
	if (format == DISCOVERY_ANY)
		format = first < size && (text[first] == '[' || text[first] == '{')
				 ? DISCOVERY_JSON
				 : DISCOVERY_YAML;
	if (format == DISCOVERY_YAML)
		return discovery_read_yaml(text, size, found, context, error);
	return discovery_read_json(text + first, size - first, found, context, error);
}
