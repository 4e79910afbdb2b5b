/* A mesh as one push of OTLP/HTTP metrics: the families of mesh_families.h, whose names lose their
 * unit (conntest_probe_rtt_seconds is conntest.probe_rtt in s), so that whoever makes Prometheus'
 * names of them makes the same. What rises began with the node. Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "metric/mesh_state.h"

/* `host_name` NULL: unknown. `worst` pairs on their own. */
void mesh_otlp_write(struct buffer *out, const char *host_name, uint32_t worst,
		     const struct mesh_state *state);
