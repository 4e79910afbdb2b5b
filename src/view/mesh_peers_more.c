/* What is ours in /v1/peers, and events: see mesh_peers.h. */
#include <inttypes.h>
#include <math.h>

#include "base/attributes.h"
#include "base/date.h"
#include "view/mesh_peers_parts.h"

/* ---- one window of a pair */

/* What its loss and its time are told of: datagrams where they are sent. */
static const struct mesh_window_series *told_of(const struct mesh_state *state,
						const struct mesh_pair *pair)
{
	static const enum mesh_probe order[] = { MESH_UDP, MESH_TCP, MESH_TCP_LONG, MESH_HTTP,
						 MESH_GRPC };

	for (size_t i = 0; i < array_size(order); i++)
		if (state->settings->probes & 1u << order[i])
			return &pair->closed.probes[order[i]];
	return &pair->closed.probes[MESH_UDP];
}

static void write_newest(struct json *json, const struct mesh_state *state,
			 const struct mesh_pair *pair)
{
	const struct mesh_window_series *window = told_of(state, pair);
	uint64_t median_ns = mesh_window_median(window);
	uint64_t decided = (uint64_t)window->received + window->lost;

	json_key_double(json, "loss", decided > 0 ? window->lost / (double)decided : NAN);
	json_key(json, "rtt_median_ns");
	if (median_ns > 0)
		json_unsigned(json, median_ns);
	else
		json_no_value(json);
}

/* ---- MTU */

static bool is_known(const struct mesh_mtu *mtu, const struct mesh_mtu_direction *direction)
{
	return mtu->looked_ns != 0 && direction->verdict < PATH_VERDICTS;
}

static void key_size(struct json *json, const char *key, const struct mesh_mtu *mtu,
		     const struct mesh_mtu_direction *direction)
{
	json_key(json, key);
	if (is_known(mtu, direction) && direction->mtu_bytes > 0)
		json_unsigned(json, direction->mtu_bytes);
	else
		json_no_value(json);
}

static void write_sizes(struct json *json, const struct mesh_mtu *mtu)
{
	json_key(json, "mtu_bytes");
	json_object_open(json);
	key_size(json, "forward", mtu, &mtu->forward);
	key_size(json, "reverse", mtu, &mtu->reverse);
	json_object_close(json);
}

static void write_direction(struct json *json, const char *key, const struct mesh_mtu *mtu,
			    const struct mesh_mtu_direction *direction)
{
	char address[ENDPOINT_TEXT_MAX];

	if (!is_known(mtu, direction))
		return;
	json_key(json, key);
	json_object_open(json);
	json_key_text(json, "verdict", path_verdict_name((enum path_verdict)direction->verdict));
	json_key_unsigned(json, "mtu_bytes", direction->mtu_bytes);
	json_key_unsigned(json, "failed_bytes", direction->failed_bytes);
	json_key_unsigned(json, "full_bytes", direction->full_bytes);
	json_key_unsigned(json, "large_sent", direction->large_sent);
	json_key_unsigned(json, "large_lost", direction->large_lost);
	json_key_unsigned(json, "small_sent", direction->small_sent);
	json_key_unsigned(json, "small_lost", direction->small_lost);
	json_key_boolean(json, "signalled", direction->is_signalled);
	if (direction->signal_from.family != 0)
		json_key_text(json, "signal_from",
			      endpoint_format_address(&direction->signal_from, address));
	json_object_close(json);
}

static void write_mtu(struct json *json, const struct mesh_state *state, const struct mesh_mtu *mtu)
{
	if (mtu->looked_ns == 0)
		return;
	json_key(json, "mtu");
	json_object_open(json);
	mesh_peers_key_time(json, "looked", state, mtu->looked_ns);
	json_key_unsigned(json, "looks", mtu->looks);
	json_key_unsigned(json, "probes", mtu->probes);
	json_key_unsigned(json, "signals", mtu->signals);
	json_key_unsigned(json, "interface_bytes", mtu->interface_bytes);
	write_direction(json, "forward", mtu, &mtu->forward);
	write_direction(json, "reverse", mtu, &mtu->reverse);
	json_object_close(json);
}

/* ---- counts */

static void write_failures(struct json *json, const struct mesh_series *series)
{
	json_key(json, "failures");
	json_object_open(json);
	for (enum mesh_reason i = 0; i < MESH_REASONS; i++)
		if (series->failures[i] > 0)
			json_key_unsigned(json, mesh_reason_name(i), series->failures[i]);
	json_object_close(json);
}

static void write_series(struct json *json, const struct mesh_series *series)
{
	json_object_open(json);
	json_key_unsigned(json, "sent", series->sent);
	json_key_unsigned(json, "received", series->received);
	json_key_unsigned(json, "lost", series->lost);
	json_key_unsigned(json, "in_flight", series->in_flight);
	json_key_unsigned(json, "late", series->late);
	json_key_unsigned(json, "reordered", series->reordered);
	json_key_unsigned(json, "duplicated", series->duplicated);
	json_key_unsigned(json, "corrupted", series->corrupted);
	json_key_unsigned(json, "skipped", series->skipped);
	json_key_unsigned(json, "rtt_sum_ns", series->rtt.sum_ns);
	write_failures(json, series);
	json_object_close(json);
}

static void write_probes(struct json *json, const struct mesh_state *state,
			 const struct mesh_pair *pair)
{
	json_key(json, "probes");
	json_object_open(json);
	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		if (!(state->settings->probes & 1u << i) && pair->probes[i].sent == 0)
			continue;
		json_key(json, mesh_probe_name(i));
		write_series(json, &pair->probes[i]);
	}
	json_object_close(json);
}

static void write_tcp(struct json *json, const struct mesh_tcp *tcp)
{
	if (tcp->connects == 0)
		return;
	json_key(json, "tcp_info");
	json_object_open(json);
	json_key_unsigned(json, "connects", tcp->connects);
	json_key_unsigned(json, "connect_sum_ns", tcp->connect_sum_ns);
	json_key_unsigned(json, "sent_segments", tcp->sent);
	json_key_unsigned(json, "retransmitted_segments", tcp->retransmitted);
	json_key_unsigned(json, "timeouts", tcp->timeouts);
	json_key_unsigned(json, "rtt_ns", tcp->rtt_ns);
	json_key_unsigned(json, "rtt_deviation_ns", tcp->deviation_ns);
	json_key_unsigned(json, "send_mss_bytes", tcp->send_mss_bytes);
	json_key_unsigned(json, "receive_mss_bytes", tcp->receive_mss_bytes);
	json_key_unsigned(json, "path_mtu_bytes", tcp->path_mtu_bytes);
	json_object_close(json);
}

static void write_ports(struct json *json, const char *key, const uint32_t counts[MESH_PORTS_MAX],
			uint32_t count)
{
	json_key(json, key);
	json_array_open(json);
	for (uint32_t i = 0; i < count && i < MESH_PORTS_MAX; i++)
		json_unsigned(json, counts[i]);
	json_array_close(json);
}

static void write_udp(struct json *json, const struct mesh_state *state, const struct mesh_udp *udp)
{
	if (!(state->settings->probes & 1u << MESH_UDP))
		return;
	json_key(json, "udp_ports");
	json_object_open(json);
	write_ports(json, "sent", udp->sent, state->settings->udp_ports);
	write_ports(json, "lost", udp->lost, state->settings->udp_ports);
	json_object_close(json);
	json_key(json, "udp_lost");
	json_object_open(json);
	json_key_unsigned(json, "there", udp->lost_there);
	json_key_unsigned(json, "back", udp->lost_back);
	json_object_close(json);
}

/* ---- verdicts */

static bool is_past(const struct mesh_past *past)
{
	return past->verdict != MESH_VERDICT_UNKNOWN;
}

/* Windows up to the one that was judged last, the oldest first; those before the first that said
 * anything are left out. */
static void write_history(struct json *json, const struct mesh_judged *judged)
{
	uint64_t most = judged->window < MESH_HISTORY_MAX ? judged->window : MESH_HISTORY_MAX;
	uint64_t first = judged->window - most + 1;

	while (first <= judged->window && !is_past(&judged->history[first % MESH_HISTORY_MAX]))
		first++;
	json_key(json, "history");
	json_array_open(json);
	for (uint64_t i = first; i <= judged->window; i++) {
		const struct mesh_past *past = &judged->history[i % MESH_HISTORY_MAX];
		json_array_open(json);
		json_unsigned(json, i);
		json_text(json, mesh_verdict_name((enum mesh_verdict)past->verdict));
		json_double(json, past->loss_200 == UINT8_MAX ? NAN : past->loss_200 / 200.0);
		json_unsigned(json, (uint64_t)past->rtt_10us * 10);
		json_array_close(json);
	}
	json_array_close(json);
}

static void write_verdict(struct json *json, const struct mesh_state *state,
			  const struct mesh_judged *judged)
{
	static const struct mesh_judged unjudged = { .verdict = MESH_VERDICT_UNKNOWN };

	if (judged == NULL)
		judged = &unjudged;
	json_key_text(json, "verdict", mesh_verdict_name((enum mesh_verdict)judged->verdict));
	json_key_text(json, "blame", mesh_blame_name((enum mesh_blame)judged->blame));
	json_key_text(json, "evidence", judged->evidence);
	json_key(json, "since");
	if (judged->since_ns == 0) {
		json_no_value(json);
		return;
	}
	int64_t ago_ns = (int64_t)(state->now_ns - judged->since_ns);
	char text[DATE_TEXT_MAX];
	json_text(json, date_format_ms(state->unix_now_ns - ago_ns, text));
}

void mesh_peers_write_pair(struct json *json, enum mesh_peers_detail detail,
			   const struct mesh_state *state, uint32_t place,
			   const struct mesh_peer *peer)
{
	const struct mesh_pair *pair = &state->snapshot->pairs[place];
	const struct mesh_judged *judged =
		state->judge != NULL ? mesh_judge_of(state->judge, place, pair->id) : NULL;
	char name[MESH_NAME_MAX + ENDPOINT_TEXT_MAX];
	char id[24];
	unsigned indent = json->indent;

	(void)snprintf(id, sizeof(id), "%016" PRIx64, pair->id);
	json_key(json, "conntest");
	json->indent = 0;
	json_object_open(json);
	json_key_text(json, "name", mesh_state_name(state, pair, name));
	json_key_text(json, "id", id);
	json_key_text(json, "location", peer != NULL ? peer->location : pair->told_place);
	json_key_text(json, "life",
		      mesh_life_name(peer != NULL ? (enum mesh_life)peer->life : MESH_LIFE_GONE));
	write_verdict(json, state, judged);
	write_newest(json, state, pair);
	write_sizes(json, &pair->mtu);
	if (detail == MESH_PEERS_WHOLE) {
		write_probes(json, state, pair);
		write_tcp(json, &pair->tcp);
		write_udp(json, state, &pair->udp);
		write_mtu(json, state, &pair->mtu);
		if (judged != NULL)
			write_history(json, judged);
	}
	json_object_close(json);
	json->indent = indent;
}

static void write_finding(struct json *json, const struct mesh_state *state,
			  const struct mesh_finding *finding)
{
	unsigned indent = json->indent;

	json_object_open(json);
	json->indent = 0;
	json_key_text(json, "scope", mesh_scope_name((enum mesh_scope)finding->scope));
	json_key_text(json, "subject", finding->subject);
	json_key_text(json, "verdict", mesh_verdict_name((enum mesh_verdict)finding->verdict));
	json_key_text(json, "blame", mesh_blame_name((enum mesh_blame)finding->blame));
	json_key_unsigned(json, "pairs", finding->pairs);
	json_key_unsigned(json, "of", finding->of);
	json_key_unsigned(json, "witnesses", finding->witnesses);
	mesh_peers_key_time(json, "since", state, finding->since_ns);
	json_key_text(json, "evidence", finding->evidence);
	json_key_text(json, "besides", finding->besides);
	json_object_close(json);
	json->indent = indent;
}

void mesh_peers_write_node(struct json *json, const struct mesh_state *state)
{
	const struct mesh_node *node = &state->snapshot->node;
	uint32_t count = 0;
	const struct mesh_finding *findings =
		state->judge != NULL ? mesh_judge_findings(state->judge, &count) : NULL;

	json_key(json, "conntest");
	json_object_open(json);
	json_key_text(json, "version", state->version);
	json_key_text(json, "name", node->name);
	json_key_text(json, "location", node->location);
	json_key_boolean(json, "leaving", node->is_leaving);
	json_key_unsigned(json, "window", node->closed.number);
	json_key_unsigned(json, "window_ns", state->settings->window_ns);
	json_key_unsigned(json, "peers_listed", state->peers->count);
	json_key(json, "findings");
	json_array_open(json);
	for (uint32_t i = 0; i < count; i++)
		write_finding(json, state, &findings[i]);
	json_array_close(json);
	json_object_close(json);
}
