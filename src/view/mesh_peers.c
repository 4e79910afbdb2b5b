/* What pingmesh's clients read: see mesh_peers.h. */
#include "view/mesh_peers.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/units.h"
#include "base/xml.h"
#include "view/mesh_peers_parts.h"

#define DELETED_MAX 100 /* as pingmesh has it: the newest */
#define URL_MAX     (ENDPOINT_TEXT_MAX + sizeof(((struct mesh_settings *)NULL)->http_path) + 8)

static const char never[] = "0001-01-01T00:00:00Z";

void mesh_peers_key_time(struct json *json, const char *key, const struct mesh_state *state,
			 uint64_t at_ns)
{
	char text[DATE_TEXT_MAX];
	int64_t ago_ns = (int64_t)(state->now_ns - at_ns);

	json_key_text(json, key,
		      at_ns == 0 ? never : date_format_ns(state->unix_now_ns - ago_ns, text));
}

/* ---- a peer */

/* What is a ping to somebody who knows pingmesh. */
static enum mesh_probe ping_of(const struct mesh_state *state)
{
	static const enum mesh_probe order[] = { MESH_HTTP, MESH_TCP, MESH_UDP };

	for (size_t i = 0; i < array_size(order); i++)
		if (state->settings->probes & 1u << order[i])
			return order[i];
	return MESH_TCP_LONG;
}

static uint16_t http_port_of(const struct mesh_state *state, const struct mesh_peer *peer)
{
	return peer != NULL && peer->http_port != 0 ? peer->http_port : state->settings->http_port;
}

static const char *url_of(const struct mesh_state *state, const struct mesh_pair *pair,
			  const struct mesh_peer *peer, char text[URL_MAX])
{
	const struct mesh_settings *settings = state->settings;
	struct endpoint page = pair->endpoint;
	char place[ENDPOINT_TEXT_MAX];

	if (peer != NULL && peer->url != NULL)
		return peer->url;
	page.port = http_port_of(state, peer);
	(void)snprintf(text, URL_MAX, "%s://%s%s", settings->http_is_tls ? "https" : "http",
		       endpoint_format(&page, place),
		       settings->http_path[0] != '\0' ? settings->http_path : "/v1/ping");
	return text;
}

static const char *location_of(const struct mesh_pair *pair, const struct mesh_peer *peer)
{
	return peer != NULL && peer->location[0] != '\0' ? peer->location : pair->told_place;
}

/* Sums over what was received: sum_ns of phases, in pingmesh's words. */
struct totals {
	uint64_t resolve_ns;
	uint64_t connect_ns;
	uint64_t tls_ns;
	uint64_t reply_ns;
	uint64_t close_ns;
};

static struct totals totals_of(const struct mesh_pair *pair, enum mesh_probe ping)
{
	const uint64_t *phases = pair->phase_sum_ns;

	if (ping != MESH_HTTP)
		return (struct totals){
			.connect_ns = ping == MESH_TCP ? pair->tcp.connect_sum_ns : 0,
			.reply_ns = pair->probes[ping].rtt.sum_ns,
		};
	return (struct totals){
		.resolve_ns = phases[PROBE_RESOLVE],
		.connect_ns = phases[PROBE_CONNECT],
		.tls_ns = phases[PROBE_TLS],
		.reply_ns = phases[PROBE_SEND] + phases[PROBE_WAIT],
		.close_ns = phases[PROBE_TRANSFER],
	};
}

static void write_totals(struct json *json, const struct mesh_state *state,
			 const struct mesh_pair *pair, const struct mesh_peer *peer)
{
	const struct totals totals = totals_of(pair, ping_of(state));
	char text[URL_MAX];
	char address[ENDPOINT_TEXT_MAX];

	json_key(json, "PingTotals");
	json_object_open(json);
	mesh_peers_key_time(json, "Start", state, pair->began_ns);
	json_key_unsigned(json, "DnsLk", totals.resolve_ns);
	json_key_unsigned(json, "TcpHs", totals.connect_ns);
	json_key_unsigned(json, "TlsHs", totals.tls_ns);
	json_key_unsigned(json, "Reply", totals.reply_ns);
	json_key_unsigned(json, "Close", totals.close_ns);
	json_key_unsigned(json, "Total",
			  totals.resolve_ns + totals.connect_ns + totals.tls_ns + totals.reply_ns +
				  totals.close_ns);
	json_key_text(json, "DestUrl", url_of(state, pair, peer, text));
	json_key_text(json, "Location", location_of(pair, peer));
	json_key_text(json, "Remote", endpoint_format_address(&pair->endpoint, address));
	json_key_unsigned(json, "RespCode", pair->http_status);
	json_key_unsigned(json, "Size", 0); /* bytes of pages are not counted */
	json_object_close(json);
}

static void write_peer(struct json *json, enum mesh_peers_detail detail,
		       const struct mesh_state *state, uint32_t place, const struct mesh_peer *peer)
{
	const struct mesh_pair *pair = &state->snapshot->pairs[place];
	const struct mesh_series *ping = &pair->probes[ping_of(state)];
	char text[URL_MAX];
	char name[MESH_NAME_MAX + ENDPOINT_TEXT_MAX];
	char address[ENDPOINT_TEXT_MAX];

	json_object_open(json);
	json_key_text(json, "Url", url_of(state, pair, peer, text));
	json_key_text(json, "Host", mesh_state_name(state, pair, name));
	json_key_unsigned(json, "Limit", 0);
	json_key_unsigned(json, "Delay", (state->settings->wait_ns + NS_PER_S - 1) / NS_PER_S);
	json_key_unsigned(json, "Maxfail", 0); /* for want of answers nobody is deleted */
	json_key_text(json, "Location", location_of(pair, peer));
	json_key_text(json, "PeerIP", endpoint_format_address(&pair->endpoint, address));
	mesh_peers_key_time(json, "FirstPing", state, ping->received > 0 ? pair->began_ns : 0);
	mesh_peers_key_time(json, "LatestPing", state, pair->answered_ns);
	json_key_unsigned(json, "Pings", ping->received);
	json_key_unsigned(json, "Fails", ping->lost);
	write_totals(json, state, pair, peer);
	mesh_peers_write_pair(json, detail, state, place, peer);
	json_object_close(json);
}

/* ---- all of them */

static bool is_deleted(const struct mesh_peer *peer)
{
	return peer == NULL || peer->life == MESH_LIFE_GONE;
}

static uint32_t count_pairs(const struct mesh_state *state, bool wants_deleted)
{
	const struct mesh_snapshot *snapshot = state->snapshot;
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->places; i++) {
		uint64_t id = snapshot->pairs[i].id;
		if (id != 0 && is_deleted(mesh_state_peer(state, id)) == wants_deleted)
			count++;
	}
	return count;
}

static void write_list(struct json *json, const char *key, enum mesh_peers_detail detail,
		       const struct mesh_state *state, bool wants_deleted)
{
	const struct mesh_snapshot *snapshot = state->snapshot;
	uint32_t left = wants_deleted ? DELETED_MAX : UINT32_MAX;

	json_key(json, key);
	json_array_open(json);
	for (uint32_t i = 0; i < snapshot->places && left > 0; i++) {
		uint64_t id = snapshot->pairs[i].id;
		const struct mesh_peer *peer = id != 0 ? mesh_state_peer(state, id) : NULL;
		if (id == 0 || is_deleted(peer) != wants_deleted)
			continue;
		write_peer(json, detail, state, i, peer);
		left--;
	}
	json_array_close(json);
}

static void key_start(struct json *json, const char *key, const struct mesh_state *state)
{
	char text[DATE_TEXT_MAX];

	json_key_text(json, key, date_format_ns(state->snapshot->node.started_unix_ns, text));
}

void mesh_peers_write(struct buffer *out, enum mesh_peers_detail detail,
		      const struct mesh_state *state)
{
	const struct mesh_node *node = &state->snapshot->node;
	struct json json;

	json_init(&json, out);
	json.indent = 2;
	json_object_open(&json);
	key_start(&json, "Start", state);
	json_key_text(&json, "SrvLoc", node->location);
	json_key_text(&json, "SrvHost", node->name);
	json_key_unsigned(&json, "SrvPort", state->page_port);
	write_list(&json, "Peers", detail, state, false);
	json_key_unsigned(&json, "Requests", state->requests);
	json_key_unsigned(&json, "NumActive", count_pairs(state, false));
	json_key_unsigned(&json, "NumDeleted", count_pairs(state, true));
	write_list(&json, "DelPeers", detail, state, true);
	mesh_peers_write_node(&json, state);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

void mesh_peers_write_metrics(struct buffer *out, const struct mesh_state *state)
{
	uint32_t active = count_pairs(state, false);
	char text[DATE_TEXT_MAX];
	struct json json;

	json_init(&json, out);
	json.indent = 2;
	json_object_open(&json);
	key_start(&json, "AppStart", state);
	json_key_unsigned(&json, "NumPeers", state->peers->count);
	json_key_unsigned(&json, "NumActive", active);
	json_key_unsigned(&json, "NumDeleted", count_pairs(state, true));
	json_key(&json, "MemStats");
	json_object_open(&json);
	json_key_text(&json, "Measured", date_format_ns(state->unix_now_ns, text));
	json_key_unsigned(&json, "Active", active);
	json_key_unsigned(&json, "AllocMB", state->resident_bytes >> 20);
	json_key_unsigned(&json, "SystemMB", state->resident_bytes >> 20);
	json_key_unsigned(&json, "NumGC", 0); /* nothing here collects garbage */
	json_object_close(&json);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

void mesh_peers_write_ping(struct buffer *out, const struct mesh_state *state)
{
	const struct mesh_node *node = &state->snapshot->node;

	buffer_append_text(out,
			   "<!doctype html>\n<html lang=\"en\">\n<head><title>conntest mesh: ");
	xml_append(out, node->name);
	buffer_append_text(out, "</title></head>\n<body>\n<p>Served from ");
	xml_append(out, node->location[0] != '\0' ? node->location : node->name);
	buffer_append_text(out, "\n</p>\n<p>Node ");
	xml_append(out, node->name);
	buffer_append_format(out, ", %u peers</p>\n</body>\n</html>\n", count_pairs(state, false));
}

/* ---- http_sd */

static void write_traffic_port(struct json *json, uint16_t port)
{
	char text[8];

	(void)snprintf(text, sizeof(text), "%u", port);
	json_key_text(json, "__meta_conntest_traffic_port", text);
}

/* `peer` NULL: of this node. */
static void write_group(struct json *json, const char *target, const char *node,
			const char *location, const struct mesh_peer *peer,
			const struct mesh_settings *settings)
{
	json_object_open(json);
	json_key(json, "targets");
	json_array_open(json);
	json_text(json, target);
	json_array_close(json);
	json_key(json, "labels");
	json_object_open(json);
	json_key_text(json, "node", node);
	if (location[0] != '\0')
		json_key_text(json, "location", location);
	if (peer != NULL) {
		if (peer->rack[0] != '\0')
			json_key_text(json, "rack", peer->rack);
		json_key_text(json, "__meta_conntest_life", mesh_life_name(peer->life));
		write_traffic_port(json, peer->endpoint.port);
	} else {
		for (uint32_t i = 0; i < settings->label_count; i++)
			json_key_text(json, settings->labels[i].name, settings->labels[i].value);
		write_traffic_port(json, settings->traffic_port);
	}
	json_object_close(json);
	json_object_close(json);
}

void mesh_peers_write_sd(struct buffer *out, const struct mesh_state *state, const char *self)
{
	const struct mesh_peer_list *list = state->peers;
	const struct mesh_node *node = &state->snapshot->node;
	struct json json;

	json_init(&json, out);
	json_array_open(&json);
	if (self[0] != '\0')
		write_group(&json, self, node->name, node->location, NULL, state->settings);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct mesh_peer *peer = &list->peers[i];
		struct endpoint page = peer->endpoint;
		char text[ENDPOINT_TEXT_MAX];
		if (peer->is_self || peer->life == MESH_LIFE_GONE || page.family == 0 ||
		    peer->speech != MESH_SPEECH_OURS)
			continue;
		page.port = http_port_of(state, peer);
		write_group(&json, endpoint_format(&page, text), peer->name, peer->location, peer,
			    state->settings);
	}
	json_array_close(&json);
	buffer_append_text(out, "\n");
}
