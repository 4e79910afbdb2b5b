// What another node, or whoever sits in its place, answers to /v1/peers: a row within its bounds,
// or refused with a sentence. The first byte bounds the cells.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "mesh/rows.h"
#include "metric/mesh_verdict.h"

static void check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	struct utf8_stream stream = { 0 };

	assert(length < size);
	assert(utf8_take(&stream, text, length));
}

static void check_cell(const struct mesh_cell *cell)
{
	check_text(cell->name, sizeof(cell->name));
	assert(cell->name[0] != '\0');
	assert(cell->verdict < MESH_VERDICTS && cell->blame < MESH_BLAMES);
	assert(cell->loss_permille <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mesh_row row;
	struct error error = { "" };

	if (size == 0)
		return 0;
	int result = mesh_row_read((const char *)data + 1, size - 1, data[0], &error, &row);
	assert(result == 0 || (error.text[0] != '\0' && row.cells == NULL && row.count == 0));
	assert(row.count <= data[0]);
	check_text(row.node, sizeof(row.node));
	check_text(row.location, sizeof(row.location));
	for (uint32_t i = 0; i < row.count; i++)
		check_cell(&row.cells[i]);
	free(row.cells);
	return 0;
}
