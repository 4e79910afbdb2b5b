/* How the nodes of a mesh probe one another: what `mesh` and `mesh plan` are both told. */
#pragma once

#include "base/error.h"
#include "cli/option.h"
#include "metric/mesh_settings.h"

struct mesh_probe_options {
	const char *probes;
	uint64_t wait_ns;
	uint64_t rand_ns;
	uint64_t udp_interval_ns;
	uint64_t udp_ports;
	uint64_t udp_bytes;
	uint64_t mtu_interval_ns;
	uint64_t timeout_ns;
	const char *http_path;
	uint64_t grpc_port;
	uint64_t k;
	uint64_t window_ns;
	uint64_t seed;
};

/* The rows: `field` is the member of type struct mesh_probe_options in `structure`. */
/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define MESH_PROBE_OPTIONS(structure, field) \
	OPTION(structure, field.probes, OPTION_TEXT, .name = "probes", .placeholder = "LIST", \
	       .default_text = "tcp,tcp_long,udp,mtu", .level = OPTION_FIRST_HOUR, \
	       .help = "tcp, tcp_long, udp, http, grpc, mtu"), \
	OPTION(structure, field.wait_ns, OPTION_TIME, .name = "wait-time", .placeholder = "TIME", \
	       .default_text = "5s", .minimum = "10ms", .level = OPTION_ALL, \
	       .help = "between two rounds of all probes of a peer but udp and mtu"), \
	OPTION(structure, field.rand_ns, OPTION_TIME, .name = "rand-time", .placeholder = "TIME", \
	       .default_text = "5s", .level = OPTION_ALL, .help = "and up to so much more, drawn each time"), \
	OPTION(structure, field.udp_interval_ns, OPTION_TIME, .name = "udp-interval", \
	       .placeholder = "TIME", .default_text = "200ms", .minimum = "10ms", .level = OPTION_ALL, \
	       .help = "between two datagrams to a peer"), \
	OPTION(structure, field.udp_ports, OPTION_COUNT, .name = "udp-ports", .placeholder = "N", \
	       .default_text = "4", .minimum = "1", .maximum = "16", .level = OPTION_ALL, \
	       .help = "source ports that they take in turn, so that they go over several of equal paths"), \
	OPTION(structure, field.udp_bytes, OPTION_SIZE, .name = "udp-size", .placeholder = "SIZE", \
	       .default_text = "96B", .minimum = "96B", .maximum = "1400B", .level = OPTION_ALL, \
	       .help = "payload of each"), \
	OPTION(structure, field.mtu_interval_ns, OPTION_TIME, .name = "mtu-interval", \
	       .placeholder = "TIME", .default_text = "30s", .minimum = "1s", .level = OPTION_ALL, \
	       .help = "between two looks at how large packets may be on the way to a peer"), \
	OPTION(structure, field.timeout_ns, OPTION_TIME, .name = "timeout", .placeholder = "TIME", \
	       .default_text = "1s", .minimum = "10ms", .maximum = "30s", .level = OPTION_ALL, \
	       .help = "a probe without an answer for so long is lost"), \
	OPTION(structure, field.http_path, OPTION_TEXT, .name = "http-path", .placeholder = "PATH", \
	       .default_text = "/v1/ping", .level = OPTION_ALL, .help = "what the probe http asks for"), \
	OPTION(structure, field.grpc_port, OPTION_COUNT, .name = "grpc-port", .placeholder = "PORT", \
	       .default_text = "50051", .minimum = "1", .maximum = "65535", .level = OPTION_ALL, \
	       .help = "of the peers' grpc.health.v1"), \
	OPTION(structure, field.k, OPTION_COUNT, .name = "peers-each", .placeholder = "K", \
	       .default_text = "10", .maximum = "1000", .level = OPTION_ALL, \
	       .help = "of more than 30 nodes each probes so many, the same ones whoever reckons it; 0 = all"), \
	OPTION(structure, field.window_ns, OPTION_TIME, .name = "window", .placeholder = "TIME", \
	       .default_text = "30s", .minimum = "1s", .level = OPTION_ALL, \
	       .help = "what a verdict looks at"), \
	OPTION(structure, field.seed, OPTION_COUNT, .name = "seed", .placeholder = "N", \
	       .default_text = "0", .level = OPTION_ALL, \
	       .help = "of who probes whom: the same on all nodes")
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* Its part of the settings. -EINVAL with the sentence. */
nodiscard int mesh_probe_settings(const struct mesh_probe_options *options, struct error *error,
				  struct mesh_settings *ret);
