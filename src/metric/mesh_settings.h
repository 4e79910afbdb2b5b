/* How a mesh was told to look at its peers: plain data, of whoever made it, and the same until it
 * is replaced whole. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/mesh_pair.h"

#define MESH_NODE_LABELS_MAX      8
#define MESH_NODE_LABEL_NAME_MAX  32
#define MESH_NODE_LABEL_VALUE_MAX 64
/* What a node is marked with besides, for who scrapes it. */
struct mesh_node_label {
	char name[MESH_NODE_LABEL_NAME_MAX]; /* [a-zA-Z_][a-zA-Z0-9_]*, as Prometheus has them */
	char value[MESH_NODE_LABEL_VALUE_MAX];
};

struct mesh_settings {
	char node[MESH_NAME_MAX];
	char location[MESH_PLACE_MAX]; /* "": not told */
	struct mesh_node_label labels[MESH_NODE_LABELS_MAX];
	uint32_t label_count;
	uint16_t traffic_port; /* at which this node answers */
	unsigned probes;       /* bits 1u << MESH_... */
	bool has_mtu;
	/* Rounds of all but UDP and MTU: each peer has its own schedule. */
	uint64_t wait_ns;
	uint64_t rand_ns; /* up to so much more, drawn each time */
	uint64_t udp_interval_ns;
	uint64_t mtu_interval_ns;
	uint64_t timeout_ns; /* of every probe but the MTU's packets */
	uint64_t window_ns;
	uint32_t udp_ports;
	uint32_t udp_bytes; /* 96 or more */
	uint16_t http_port; /* of a peer that tells none */
	uint16_t grpc_port;
	uint16_t control_port;
	bool http_is_tls;
	char http_path[128];
	/* Hard caps, over all probes together; 0: none. */
	uint64_t packets_per_second;
	uint64_t bytes_per_second;
	/* Verdicts. */
	uint32_t windows_needed; /* bad ones in a row before it speaks */
	uint64_t slow_ns;        /* 0: by what was usual before */
	uint64_t forget_ns;      /* the series of one that is gone stay so long */
};
