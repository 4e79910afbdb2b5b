/* The page that an operator keeps open: HTML with SVG, rendered whole, useful without script, on a
 * phone and to the colour-blind. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/mesh_state.h"

enum mesh_page_colour {
	MESH_PAGE_VERDICT,
	MESH_PAGE_LOSS,
	MESH_PAGE_RTT,
	MESH_PAGE_MTU,
	MESH_PAGE_COLOURS,
};
/* As its links have them: "?matrix=1&colour=loss&peer=node-09". */
const char *mesh_page_colour_name(enum mesh_page_colour colour);
/* MESH_PAGE_VERDICT: there is none of this name, NULL. */
enum mesh_page_colour mesh_page_colour_find(const char *name);

struct mesh_page_style {
	enum mesh_page_colour colour;
	bool is_matrix;     /* the other nodes' rows, too */
	const char *peer;   /* one pair in detail; NULL or "": all */
	unsigned refresh_s; /* 0: it does not refresh itself */
};

/* What a page may be, for mesh_page_write(): none is larger. */
#define MESH_PAGE_MAX (4 << 20)

/* The page at / . */
void mesh_page_write(struct buffer *out, const struct mesh_page_style *style,
		     const struct mesh_state *state);
/* What its script replaces in place, of /page-body with the same query: the same without head and
 * frame. */
void mesh_page_write_body(struct buffer *out, const struct mesh_page_style *style,
			  const struct mesh_state *state);
/* The Content-Security-Policy to send with it: nothing from elsewhere, and no style or script but
 * its own. */
const char *mesh_page_policy(void);
