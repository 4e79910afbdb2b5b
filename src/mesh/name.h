/* What a node calls itself in the first 64 bytes of every answer of the service traffic:
 * "NODE", "NODE@LOCATION", and with "!" behind it while it leaves. Printable ASCII, at most 63
 * bytes; a longer location is cut. No I/O. */
#pragma once

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/mesh_pair.h"
#include "proto/traffic_wire.h"

struct mesh_name {
	char node[MESH_NAME_MAX];
	char location[MESH_PLACE_MAX]; /* "": not told */
	bool is_leaving;
};

void mesh_name_write(const struct mesh_name *name, char ret[WIRE_NAME_BYTES]);
/* Of any server: what has no mark is its node. */
void mesh_name_read(const char *text, struct mesh_name *ret);
/* Can it be a node's: -EINVAL with the sentence for "@", "!", blanks and what is too long. */
nodiscard int mesh_name_check(const char *node, struct error *error);
