/* What another node says of its peers: a row of the matrix, bounded and flat. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/mesh_pair.h"

#define MESH_ROWS_MAX  256 /* rows that are kept, and cells of a row */
#define MESH_CELLS_MAX 256

struct mesh_cell {
	char name[MESH_NAME_MAX]; /* of its peer */
	uint8_t verdict;          /* enum mesh_verdict */
	uint8_t blame;            /* enum mesh_blame */
	uint16_t loss_permille;   /* of UDP, in the newest window */
	uint32_t rtt_us;          /* the median there; 0: not known */
	uint32_t mtu_bytes;       /* the way there; 0: not known */
};

struct mesh_row {
	char node[MESH_NAME_MAX];
	char location[MESH_PLACE_MAX];
	uint64_t asked_ns; /* when the newest answer came; 0: never */
	bool is_bad;       /* the newest try failed: what is here is older */
	char problem[128]; /* why; "" */
	uint32_t count;
	uint32_t omitted; /* cells beyond MESH_CELLS_MAX */
	struct mesh_cell *cells;
};

struct mesh_rows {
	struct mesh_row *rows;
	uint32_t count;
};
/* The row of this node; NULL: there is none. */
const struct mesh_row *mesh_rows_find(const struct mesh_rows *rows, const char *node);
/* NULL: it says nothing of that one. */
const struct mesh_cell *mesh_row_find(const struct mesh_row *row, const char *peer);
