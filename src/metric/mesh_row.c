#include "metric/mesh_row.h"

#include <string.h>

const struct mesh_row *mesh_rows_find(const struct mesh_rows *rows, const char *node)
{
	for (uint32_t i = 0; i < rows->count; i++) {
		if (strcmp(rows->rows[i].node, node) == 0)
			return &rows->rows[i];
	}
	return NULL;
}

const struct mesh_cell *mesh_row_find(const struct mesh_row *row, const char *peer)
{
	for (uint32_t i = 0; i < row->count; i++) {
		if (strcmp(row->cells[i].name, peer) == 0)
			return &row->cells[i];
	}
	return NULL;
}
