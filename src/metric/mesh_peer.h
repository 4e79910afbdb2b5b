/* The peers that a node has been told of, probed or not: plain data that discovery keeps and views
 * read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "metric/mesh_pair.h"

/* MESH_LIFE(symbol, name, help) */
/* clang-format off */
#define MESH_LIFE_TABLE \
	MESH_LIFE(JOINING,  "joining",  "listed, and has not answered yet") \
	MESH_LIFE(UP,       "up",       "listed, and has answered") \
	MESH_LIFE(DRAINING, "draining", "says that it leaves, or is not listed any more: its silence is expected") \
	MESH_LIFE(GONE,     "gone",     "left; its series stay for --forget")

enum mesh_life {
#define MESH_LIFE(symbol, name, help) MESH_LIFE_##symbol,
	MESH_LIFE_TABLE
#undef MESH_LIFE
	MESH_LIVES,
};
/* clang-format on */
const char *mesh_life_name(enum mesh_life life);

struct mesh_peer {
	uint64_t id;              /* of its endpoint, or its URL; never 0 */
	struct endpoint endpoint; /* of the traffic service; family 0: it has a URL alone */
	uint16_t http_port;       /* 0: as --http-port says */
	uint16_t grpc_port;
	uint8_t speech; /* enum mesh_speech */
	uint8_t life;   /* enum mesh_life */
	uint8_t source; /* of the sources, in their order: the first that lists it */
	bool is_self;
	bool is_chosen;                /* this node probes it */
	char name[MESH_NAME_MAX];      /* stable, and no other's: label, told name, or address */
	char location[MESH_PLACE_MAX]; /* zone; "": not known */
	char rack[MESH_PLACE_MAX];
	const char *url; /* to look at instead of a page at its endpoint; NULL */
	uint64_t joined_ns;
	uint64_t left_ns; /* 0: it is listed */
};

/* How a source of peers fares. */
struct mesh_source {
	const char *text;      /* as typed, secrets left out */
	const char *mechanism; /* "static", "dns", "srv", "file", "http" */
	uint32_t peers;
	uint64_t updates;
	uint64_t failures;
	int64_t succeeded_unix_ns; /* 0: never */
	char problem[256];         /* of the newest try; "": it went well */
};

#define MESH_SOURCES_MAX 64

struct mesh_peer_list {
	const struct mesh_peer *peers; /* in the order of names */
	uint32_t count;
	const struct mesh_source *sources;
	uint32_t source_count;
	uint32_t chosen;  /* of the peers */
	uint32_t refused; /* beyond --max-peers, or by a source that may not name them */
	uint64_t version; /* one more with each change */
};
