#include "support/sample_mesh.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/sample_mesh_parts.h"

/* ---- who there is, and what is between them */

static uint32_t nodes(const struct sample_mesh *sample)
{
	return sample->setup.peers + 1;
}

/* Those of A4 that are no node of the mesh proper have the numbers behind. */
static uint32_t numbers_in_all(const struct sample_mesh *sample)
{
	return nodes(sample) + (sample->setup.trouble == SAMPLE_MESH_A4 ? 2 : 0);
}

bool sample_mesh_is_page(const struct sample_mesh *sample, uint32_t number)
{
	return number == nodes(sample) + 2;
}

uint32_t sample_mesh_place(const struct sample_mesh *sample, uint32_t number)
{
	return number / 4 % sample->setup.places;
}

uint64_t sample_mesh_rtt_ns(const struct sample_mesh *sample, uint32_t from, uint32_t to)
{
	bool is_near = sample_mesh_place(sample, from) == sample_mesh_place(sample, to);
	uint64_t rtt_us = (is_near ? 130 : 290) + (from + to) * 37 % 60;

	return (sample_mesh_is_page(sample, to) ? 20 * rtt_us : rtt_us) * NS_PER_US;
}

static enum mesh_verdict of_a4(const struct sample_mesh *sample, uint32_t to, uint32_t window)
{
	uint32_t left = sample->setup.windows - window;

	if (to == 12 && left < 6)
		return MESH_VERDICT_BLACK_HOLE;
	if (to == 9 && left < 4)
		return MESH_VERDICT_LOSS;
	if (to == 7 && window >= 8 && window < 12)
		return MESH_VERDICT_REFUSED;
	return to == nodes(sample) + 1 && left < 2 ? MESH_VERDICT_LEAVING : MESH_VERDICT_OK;
}

static enum mesh_verdict of_many(const struct sample_mesh *sample, uint32_t from, uint32_t to,
				 uint32_t window)
{
	static const uint8_t verdicts[18] = {
		[2] = MESH_VERDICT_SILENT,     [5] = MESH_VERDICT_LEAVING,
		[7] = MESH_VERDICT_BLACK_HOLE, [11] = MESH_VERDICT_SLOW,
		[13] = MESH_VERDICT_REFUSED,   [17] = MESH_VERDICT_MTU_REDUCED,
	};

	if (window + 20 <= sample->setup.windows)
		return MESH_VERDICT_OK;
	if (to < array_size(verdicts) && verdicts[to] != MESH_VERDICT_UNKNOWN)
		return verdicts[to];
	uint32_t from_place = sample_mesh_place(sample, from);
	uint32_t to_place = sample_mesh_place(sample, to);
	return from_place + to_place == 1 ? MESH_VERDICT_LOSS : MESH_VERDICT_OK;
}

enum mesh_verdict sample_mesh_between(const struct sample_mesh *sample, uint32_t from, uint32_t to,
				      uint32_t window)
{
	switch (sample->setup.trouble) {
	case SAMPLE_MESH_A4:
		return of_a4(sample, to, window);
	case SAMPLE_MESH_MANY:
		return of_many(sample, from, to, window);
	case SAMPLE_MESH_STARVED:
		return from == SAMPLE_MESH_SELF && window + 4 > sample->setup.windows
			       ? MESH_VERDICT_AGENT
			       : MESH_VERDICT_OK;
	default:
		return MESH_VERDICT_OK;
	}
}

void sample_mesh_write_name(const struct sample_mesh *sample, uint32_t number,
			    char name[MESH_NAME_MAX])
{
	if (sample_mesh_is_page(sample, number))
		(void)snprintf(name, MESH_NAME_MAX, "pingmesh-berlin");
	else
		(void)snprintf(name, MESH_NAME_MAX, "node-%0*u", nodes(sample) > 99 ? 4 : 2,
			       number);
}

void sample_mesh_write_place(const struct sample_mesh *sample, uint32_t number,
			     char place[MESH_PLACE_MAX])
{
	(void)snprintf(place, MESH_PLACE_MAX, "%c",
		       (char)('a' + sample_mesh_place(sample, number)));
}

static void write_endpoint(uint32_t number, struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "10.20.%u.%u:5003", number / 250, number % 250 + 1);
	int rc = endpoint_parse(text, 0, endpoint);
	assert(rc == 0);
}

/* ---- the parts of a state */

static void set_settings(struct sample_mesh *sample)
{
	struct mesh_settings *settings = &sample->settings;

	*settings = (struct mesh_settings){
		.traffic_port = 5003,
		.labels = { { "team", "net" } },
		.label_count = 1,
		.probes = (1u << MESH_PROBES) - 1,
		.has_mtu = true,
		.wait_ns = 5 * NS_PER_S,
		.rand_ns = 5 * NS_PER_S,
		.udp_interval_ns = 500 * NS_PER_MS,
		.mtu_interval_ns = 30 * NS_PER_S,
		.timeout_ns = NS_PER_S,
		.window_ns = 30 * NS_PER_S,
		.udp_ports = 6,
		.udp_bytes = 96,
		.http_port = 8080,
		.grpc_port = 5006,
		.http_path = "/v1/ping",
		.packets_per_second = 2000,
		.bytes_per_second = 4000000,
		.windows_needed = 2,
		.forget_ns = 600 * NS_PER_S,
	};
	sample_mesh_write_name(sample, SAMPLE_MESH_SELF, settings->node);
	sample_mesh_write_place(sample, SAMPLE_MESH_SELF, settings->location);
}

static struct mesh_peer peer_of(const struct sample_mesh *sample, uint32_t number)
{
	struct mesh_peer peer = {
		.id = number * UINT64_C(0x9e3779b97f4a7c15),
		.http_port = 8080,
		.life = MESH_LIFE_UP,
		.is_self = number == SAMPLE_MESH_SELF,
		.joined_ns = SAMPLE_MESH_BEGAN_NS,
	};
	sample_mesh_write_name(sample, number, peer.name);
	sample_mesh_write_place(sample, number, peer.location);
	if (!sample_mesh_is_page(sample, number)) {
		write_endpoint(number, &peer.endpoint);
		return peer;
	}
	peer.speech = MESH_SPEECH_HTTP;
	peer.source = 1;
	peer.http_port = 0;
	peer.url = "http://192.0.2.50:8080/v1/ping";
	(void)snprintf(peer.location, sizeof(peer.location), "Berlin, DE");
	return peer;
}

static void set_peers(struct sample_mesh *sample)
{
	uint32_t chosen = sample->setup.chosen ? sample->setup.chosen : UINT32_MAX;
	uint32_t count = numbers_in_all(sample);

	sample->peers = calloc(count, sizeof(*sample->peers));
	sample->numbers = calloc(count, sizeof(*sample->numbers));
	assert(sample->peers && sample->numbers);
	for (uint32_t number = 1; number <= count; number++) {
		struct mesh_peer *peer = &sample->peers[number - 1];
		*peer = peer_of(sample, number);
		if (peer->is_self || sample->list.chosen == chosen)
			continue;
		peer->is_chosen = true;
		sample->numbers[sample->list.chosen++] = number;
	}
	sample->list.peers = sample->peers;
	sample->list.count = count;
	sample->list.version = 3;
}

static void set_sources(struct sample_mesh *sample)
{
	sample->sources[0] = (struct mesh_source){
		.text = "srv://_conntest._tcp.conntest.monitoring.svc",
		.mechanism = "srv",
		.peers = nodes(sample),
		.updates = 240,
		.succeeded_unix_ns = SAMPLE_MESH_NOW - 5 * (int64_t)NS_PER_S,
	};
	sample->sources[1] = (struct mesh_source){
		.text = "file:/etc/conntest/peers.json",
		.mechanism = "file",
		.peers = sample->setup.trouble == SAMPLE_MESH_A4,
		.updates = 1,
		.succeeded_unix_ns = SAMPLE_MESH_NOW - 1200 * (int64_t)NS_PER_S,
	};
	sample->sources[2] = (struct mesh_source){
		.text = "https://sd.example/targets",
		.mechanism = "http",
		.updates = 2,
		.failures = 18,
		.succeeded_unix_ns = SAMPLE_MESH_NOW - 1100 * (int64_t)NS_PER_S,
		.problem = "HTTP status 503; the list of before is kept",
	};
	sample->list.sources = sample->sources;
	sample->list.source_count = sample->setup.trouble == SAMPLE_MESH_A4 ? 3 : 1;
}

static int64_t unix_at(const struct sample_mesh *sample, uint64_t ns)
{
	const struct mesh_node *node = &sample->snapshot->node;
	return node->started_unix_ns + (int64_t)(ns - node->started_ns);
}

static void set_snapshot(struct sample_mesh *sample)
{
	uint32_t places = sample->list.chosen;
	uint64_t length_ns = (sample->setup.windows * UINT64_C(30) + 12) * NS_PER_S;

	sample->snapshot = calloc(1, sizeof(*sample->snapshot) + places * sizeof(struct mesh_pair));
	assert(sample->snapshot);
	struct mesh_node *node = &sample->snapshot->node;
	sample_mesh_write_name(sample, SAMPLE_MESH_SELF, node->name);
	sample_mesh_write_place(sample, SAMPLE_MESH_SELF, node->location);
	node->started_ns = SAMPLE_MESH_BEGAN_NS;
	node->started_unix_ns = SAMPLE_MESH_NOW - (int64_t)length_ns;
	node->served_connections = 4711;
	node->served_messages = 98765;
	sample->snapshot->places = places;
	for (uint32_t i = 0; i < places; i++) {
		const struct mesh_peer *peer = &sample->peers[sample->numbers[i] - 1];
		struct mesh_pair *pair = &sample->snapshot->pairs[i];
		pair->id = peer->id;
		pair->endpoint = peer->endpoint;
		pair->began_ns = SAMPLE_MESH_BEGAN_NS;
		pair->is_probed = true;
		pair->grpc_health = UINT8_MAX;
		pair->window.number = 1;
		pair->mtu.forward.verdict = PATH_VERDICTS;
		pair->mtu.reverse.verdict = PATH_VERDICTS;
		if (peer->speech == MESH_SPEECH_HTTP)
			continue;
		memcpy(pair->told_name, peer->name, sizeof(pair->told_name));
		memcpy(pair->told_place, peer->location, sizeof(pair->told_place));
	}
}

/* ---- the whole */

static void note(struct sample_mesh *sample, uint32_t window)
{
	uint64_t now_ns = sample->snapshot->node.now_ns;

	mesh_events_set_time(sample->events, now_ns, unix_at(sample, now_ns));
	if (window == 0) {
		mesh_events_note(sample->events, MESH_EVENT_START, "", "version 0.7.0");
		mesh_events_note(sample->events, MESH_EVENT_JOINED, "node-01",
				 "10.20.0.2:5003 by %s", sample->sources[0].text);
	}
	if (window == 3 && sample->list.source_count == 3)
		mesh_events_note(sample->events, MESH_EVENT_SOURCE, "", "%s: %s",
				 sample->sources[2].text, sample->sources[2].problem);
	if (window + 8 == sample->setup.windows)
		mesh_events_note(sample->events, MESH_EVENT_MARK, "",
				 "switch b-2 gets new firmware");
}

static void set_lives(struct sample_mesh *sample, uint32_t window)
{
	for (uint32_t i = 0; i < sample->list.count; i++) {
		bool is_leaving = sample_mesh_between(sample, SAMPLE_MESH_SELF, i + 1, window) ==
				  MESH_VERDICT_LEAVING;
		sample->peers[i].life = is_leaving ? MESH_LIFE_DRAINING : MESH_LIFE_UP;
	}
}

static void live_through(struct sample_mesh *sample)
{
	sample->snapshot->node.now_ns = SAMPLE_MESH_BEGAN_NS;
	note(sample, 0);
	for (uint32_t window = 1; window <= sample->setup.windows; window++) {
		sample_mesh_count(sample, window);
		set_lives(sample, window);
		note(sample, window);
		(void)mesh_judge_look(sample->judge, sample->snapshot, &sample->list, NULL,
				      sample->events);
	}
	sample_mesh_count_running(sample);
}

static void set_state(struct sample_mesh *sample)
{
	struct mesh_state *state = &sample->state;

	state->settings = &sample->settings;
	state->snapshot = sample->snapshot;
	state->peers = &sample->list;
	state->judge = sample->judge;
	state->events = sample->events;
	state->now_ns = sample->snapshot->node.now_ns;
	state->unix_now_ns = SAMPLE_MESH_NOW;
	state->page_port = 8080;
	state->requests = 321;
	state->cpu_ns = 4200 * NS_PER_MS;
	state->resident_bytes = 11 << 20;
	state->version = "0.7.0";
}

struct sample_mesh *sample_mesh_new(const struct sample_mesh_setup *setup)
{
	struct sample_mesh *sample = calloc(1, sizeof(*sample));

	assert(sample && setup->peers >= 1 && setup->places >= 1 && setup->places <= 26);
	sample->setup = *setup;
	if (sample->setup.windows == 0)
		sample->setup.windows = 40;
	set_settings(sample);
	set_peers(sample);
	set_sources(sample);
	set_snapshot(sample);
	int rc = mesh_events_new(&sample->events);
	assert(rc == 0);
	rc = mesh_judge_new(&(struct mesh_judge_setup){ .settings = &sample->settings,
							.places = sample->snapshot->places },
			    &sample->judge);
	assert(rc == 0);
	live_through(sample);
	if (setup->rows > 0)
		sample_mesh_ask_rows(sample);
	set_state(sample);
	return sample;
}

struct sample_mesh *sample_mesh_a4(void)
{
	return sample_mesh_new(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_A4,
		.peers = 11,
		.places = 2,
		.rows = 3,
	});
}

void sample_mesh_free(struct sample_mesh *sample)
{
	if (sample == NULL)
		return;
	for (uint32_t i = 0; i < sample->rows.count; i++)
		free(sample->rows.rows[i].cells);
	free(sample->rows.rows);
	mesh_judge_free(sample->judge);
	mesh_events_free(sample->events);
	free(sample->snapshot);
	free(sample->numbers);
	free(sample->peers);
	free(sample);
}
