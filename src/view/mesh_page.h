/* The page that an operator keeps open: HTML with SVG, rendered whole, useful without script, on a
 * phone and to the colour-blind. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/mesh_state.h"

enum mesh_page_colour { MESH_PAGE_VERDICT, MESH_PAGE_LOSS, MESH_PAGE_RTT, MESH_PAGE_MTU };
struct mesh_page_style {
	enum mesh_page_colour colour;
	bool is_matrix;     /* the other nodes' rows, too */
	const char *peer;   /* one pair in detail; NULL or "": all */
	unsigned refresh_s; /* 0: it does not refresh itself */
};

/* The page at / . */
void mesh_page_write(struct buffer *out, const struct mesh_page_style *style,
		     const struct mesh_state *state);
/* What its script replaces in place: the same without head and frame. */
void mesh_page_write_body(struct buffer *out, const struct mesh_page_style *style,
			  const struct mesh_state *state);
