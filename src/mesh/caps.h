/* The hard caps of all probes together: packets and bytes a second, with a tenth of a second's
 * worth at once. Pure; time is passed in. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct mesh_caps {
	uint64_t packets_per_second; /* 0: none */
	uint64_t bytes_per_second;
	uint64_t packets_ns; /* the moments up to which what was taken is paid for */
	uint64_t bytes_ns;
};

void mesh_caps_init(struct mesh_caps *caps, uint64_t packets_per_second, uint64_t bytes_per_second);
/* May so much be sent now: then it counts. */
bool mesh_caps_take(struct mesh_caps *caps, uint64_t packets, uint64_t bytes, uint64_t now_ns);
