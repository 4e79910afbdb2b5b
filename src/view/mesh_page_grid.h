/* The matrix as data, and as a drawing of it; inside mesh_page*.c. */
#pragma once

#include "view/mesh_page_parts.h"

#define GRID_NODES_MAX MESH_ROWS_MAX

enum grid_knowledge {
	GRID_BLANK,   /* the row is known, and says nothing of this one: it is not probed */
	GRID_UNKNOWN, /* the row is not known */
	GRID_SELF,
	GRID_KNOWN,
};

struct grid_cell {
	uint8_t knowledge;
	uint8_t verdict;
	uint8_t blame;
	uint8_t step; /* of the colours, 0 to 5 */
	uint16_t loss_permille;
	uint32_t rtt_us;    /* 0: not known */
	uint32_t mtu_bytes; /* 0: not known */
};

struct grid_node {
	const char *name;
	const char *location;
	const struct mesh_row *row; /* NULL: this node itself, or not known */
	uint8_t rank;               /* the less, the sooner it is drawn where there are too many */
	uint32_t group;             /* of its location; the first is 0 */
	uint32_t bad;               /* of its row */
	uint32_t told;              /* in its column */
	uint16_t accused[MESH_VERDICTS]; /* there, by the bad verdicts */
};

struct grid {
	struct grid_node *nodes;
	uint32_t count;
	uint32_t omitted; /* nodes beyond GRID_NODES_MAX */
	uint32_t groups;
	struct grid_cell *cells; /* count x count, row by row: from, to */
	uint32_t rtt_median_us;  /* of all cells; 0: none is known */
	uint32_t mtu_most;
};

static inline const struct grid_cell *grid_at(const struct grid *grid, uint32_t row,
					      uint32_t column)
{
	return &grid->cells[(size_t)row * grid->count + column];
}

/* Out of memory leaves it empty. */
void grid_init(struct grid *grid, const struct mesh_page *page);
void grid_deinit(struct grid *grid);
/* The upper bound of a step of round trips, in multiples of the median; 0: of the last. */
double grid_rtt_bound(unsigned step);

/* Where it is drawn. */
struct grid_layout {
	const struct grid *grid;
	const struct mesh_page *page;
	struct buffer *out;
	double left;
	double top;
	double right;
	double cell_width;
	double cell_height;
	size_t prefix;  /* that all names have in common, left out above columns */
	bool is_turned; /* names above columns stand upright */
};

#define GRID_GAP          4  /* between locations */
#define GRID_LABEL_MAX    18 /* characters */
#define GRID_LETTER_WIDTH 6.2

double grid_x(const struct grid_layout *layout, uint32_t column);
double grid_y(const struct grid_layout *layout, uint32_t row);
double grid_x_end(const struct grid_layout *layout);
double grid_y_end(const struct grid_layout *layout);
/* The peer that the page is about. */
bool grid_is_chosen(const struct grid_layout *layout, uint32_t node);
/* How many characters a name has. */
size_t grid_letters(const char *text);

/* Of rows, columns and locations, as far as there is room. */
void grid_write_names(const struct grid_layout *layout);
void grid_draw(const struct grid *grid, const struct mesh_page *page);
