/* /v1/peers of another node: see rows.h. What is of another type, too long or not known is passed
 * over; only what is no JSON, or no object with peers, is refused. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/json_pull.h"
#include "base/units.h"
#include "mesh/rows.h"
#include "metric/mesh_verdict.h"

#define CELLS_AT_ONCE 16
#define KEY_MAX       24
#define URL_MAX       256

struct reading {
	struct json_pull pull;
	struct mesh_row *row;
	uint32_t room; /* of row->cells */
	uint32_t most;
	bool has_peers;
	bool lacks_memory;
};

typedef void take_fn(struct reading *reading, void *into);
struct field {
	const char *key;
	take_fn *take;
};

/* Every key of the object that the table has; the rest is skipped. */
static void take_object(struct reading *reading, const struct field *fields, size_t count,
			void *into)
{
	struct json_pull *pull = &reading->pull;
	char key[KEY_MAX];

	if (!json_pull_object(pull)) {
		json_pull_skip(pull);
		return;
	}
	while (json_pull_key(pull, key, sizeof(key))) {
		size_t i = 0;
		while (i < count && strcmp(fields[i].key, key) != 0)
			i++;
		if (i < count)
			fields[i].take(reading, into);
		else
			json_pull_skip(pull);
	}
}

static void take_text(struct reading *reading, char *ret, size_t size)
{
	if (!json_pull_text(&reading->pull, ret, size))
		json_pull_skip(&reading->pull);
}

/* 0 where it is none, or is less. */
static double take_number(struct reading *reading)
{
	double number = 0;

	if (json_pull_number(&reading->pull, &number))
		return number > 0 ? number : 0;
	json_pull_skip(&reading->pull);
	return 0;
}

static uint32_t bounded(double number, uint32_t most)
{
	return number < most ? (uint32_t)number : most;
}

/* ---- a peer */

struct peer {
	struct mesh_cell cell;
	char host[URL_MAX];
	char url[URL_MAX];
	char address[MESH_NAME_MAX];
	double pings;
	double fails;
	double connect_ns; /* of all pings together */
	double loss;
	double rtt_ns;
	double mtu_bytes;
	bool is_ours;
};

static void take_cell_name(struct reading *reading, void *into)
{
	struct peer *peer = into;

	take_text(reading, peer->cell.name, sizeof(peer->cell.name));
	peer->is_ours = true;
}

static void take_verdict(struct reading *reading, void *into)
{
	char name[24] = "";

	take_text(reading, name, sizeof(name));
	enum mesh_verdict verdict = mesh_verdict_find(name);
	((struct peer *)into)->cell.verdict =
		(uint8_t)(verdict < MESH_VERDICTS ? verdict : MESH_VERDICT_UNKNOWN);
}

static void take_blame(struct reading *reading, void *into)
{
	char name[24] = "";

	take_text(reading, name, sizeof(name));
	enum mesh_blame blame = mesh_blame_find(name);
	((struct peer *)into)->cell.blame =
		(uint8_t)(blame < MESH_BLAMES ? blame : MESH_BLAME_NONE);
}

static void take_loss(struct reading *reading, void *into)
{
	((struct peer *)into)->loss = take_number(reading);
}

static void take_median(struct reading *reading, void *into)
{
	((struct peer *)into)->rtt_ns = take_number(reading);
}

static void take_size(struct reading *reading, void *into)
{
	((struct peer *)into)->mtu_bytes = take_number(reading);
}

static void take_sizes(struct reading *reading, void *into)
{
	static const struct field fields[] = { { "forward", take_size } };

	take_object(reading, fields, array_size(fields), into);
}

static void take_ours(struct reading *reading, void *into)
{
	static const struct field fields[] = {
		{ "name", take_cell_name },       { "verdict", take_verdict },
		{ "blame", take_blame },          { "loss", take_loss },
		{ "rtt_median_ns", take_median }, { "mtu_bytes", take_sizes },
	};

	take_object(reading, fields, array_size(fields), into);
}

static void take_host(struct reading *reading, void *into)
{
	struct peer *peer = into;

	take_text(reading, peer->host, sizeof(peer->host));
}

static void take_url(struct reading *reading, void *into)
{
	struct peer *peer = into;

	take_text(reading, peer->url, sizeof(peer->url));
}

static void take_address(struct reading *reading, void *into)
{
	struct peer *peer = into;

	take_text(reading, peer->address, sizeof(peer->address));
}

static void take_pings(struct reading *reading, void *into)
{
	((struct peer *)into)->pings = take_number(reading);
}

static void take_fails(struct reading *reading, void *into)
{
	((struct peer *)into)->fails = take_number(reading);
}

static void take_connects(struct reading *reading, void *into)
{
	((struct peer *)into)->connect_ns = take_number(reading);
}

static void take_totals(struct reading *reading, void *into)
{
	static const struct field fields[] = { { "TcpHs", take_connects } };

	take_object(reading, fields, array_size(fields), into);
}

/* Up to the port, out of a URL or a host with one. */
static void keep_host(const char *text, char ret[MESH_NAME_MAX])
{
	const char *host = strstr(text, "://");

	host = host != NULL ? host + 3 : text;
	size_t size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	if (size > strlen(host))
		size = strlen(host);
	if (size >= MESH_NAME_MAX)
		size = MESH_NAME_MAX - 1;
	memcpy(ret, host, size);
	ret[size] = '\0';
}

/* A pingmesh tells no verdict, and counts since it began; several of its peers may have one URL. */
static void finish_foreign(const struct mesh_row *row, struct peer *peer)
{
	double pings = peer->pings;

	keep_host(peer->host[0] != '\0' ? peer->host : peer->url, peer->cell.name);
	if (peer->address[0] != '\0' &&
	    (peer->cell.name[0] == '\0' || mesh_row_find(row, peer->cell.name) != NULL))
		memcpy(peer->cell.name, peer->address, sizeof(peer->cell.name));
	peer->loss = pings + peer->fails > 0 ? peer->fails / (pings + peer->fails) : 0;
	peer->rtt_ns = pings > 0 ? peer->connect_ns / pings : 0;
}

/* NULL: there is no more room, for which it is counted; or memory. */
static struct mesh_cell *add_cell(struct reading *reading)
{
	struct mesh_row *row = reading->row;

	if (row->count == reading->most) {
		row->omitted++;
		return NULL;
	}
	if (row->count == reading->room) {
		uint32_t room = reading->room + CELLS_AT_ONCE;
		struct mesh_cell *cells = reallocarray(row->cells, room, sizeof(*cells));
		if (cells == NULL) {
			reading->lacks_memory = true;
			return NULL;
		}
		row->cells = cells;
		reading->room = room;
	}
	return &row->cells[row->count++];
}

static void take_peer(struct reading *reading)
{
	static const struct field fields[] = {
		{ "conntest", take_ours },     { "Host", take_host },   { "Url", take_url },
		{ "PeerIP", take_address },    { "Pings", take_pings }, { "Fails", take_fails },
		{ "PingTotals", take_totals },
	};
	struct peer peer = { .cell.verdict = MESH_VERDICT_UNKNOWN };

	take_object(reading, fields, array_size(fields), &peer);
	if (!peer.is_ours || peer.cell.name[0] == '\0')
		finish_foreign(reading->row, &peer);
	if (peer.cell.name[0] == '\0' || reading->pull.is_wrong)
		return;
	peer.cell.loss_permille = (uint16_t)bounded(ceil(peer.loss * 1000), 1000);
	peer.cell.rtt_us = bounded(ceil(peer.rtt_ns / NS_PER_US), UINT32_MAX);
	peer.cell.mtu_bytes = bounded(peer.mtu_bytes, UINT16_MAX);
	struct mesh_cell *cell = add_cell(reading);
	if (cell != NULL)
		*cell = peer.cell;
}

/* ---- the node */

static void take_peers(struct reading *reading, void *into)
{
	(void)into;
	if (!json_pull_array(&reading->pull)) {
		/* So Go writes a list without any. */
		reading->has_peers = true;
		json_pull_skip(&reading->pull);
		return;
	}
	reading->has_peers = true;
	while (json_pull_item(&reading->pull))
		take_peer(reading);
}

static void take_node(struct reading *reading, void *into)
{
	struct mesh_row *row = into;

	take_text(reading, row->node, sizeof(row->node));
}

static void take_location(struct reading *reading, void *into)
{
	struct mesh_row *row = into;

	take_text(reading, row->location, sizeof(row->location));
}

static int finish(struct reading *reading, struct error *error)
{
	struct mesh_row *row = reading->row;

	if (reading->lacks_memory)
		return error_set(error, ENOMEM, "out of memory");
	if (!json_pull_is_done(&reading->pull))
		return error_set(error, EINVAL, "its answer is no JSON, or a part of one");
	if (!reading->has_peers)
		return error_set(error, EINVAL, "its answer is no list of peers");
	if (row->count > 0 && row->count < reading->room) {
		struct mesh_cell *cells = reallocarray(row->cells, row->count, sizeof(*row->cells));
		row->cells = cells != NULL ? cells : row->cells;
	}
	return 0;
}

int mesh_row_read(const char *text, size_t size, uint32_t cells_max, struct error *error,
		  struct mesh_row *row)
{
	static const struct field fields[] = {
		{ "SrvHost", take_node },
		{ "SrvLoc", take_location },
		{ "Peers", take_peers },
	};
	struct reading reading = { .row = row, .most = cells_max };

	*row = (struct mesh_row){ .count = 0 };
	json_pull_init(&reading.pull, text, size);
	take_object(&reading, fields, array_size(fields), row);
	int result = finish(&reading, error);
	if (result < 0) {
		free(row->cells);
		*row = (struct mesh_row){ .count = 0 };
	}
	return result;
}
