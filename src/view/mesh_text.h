/* A mesh for people: what `mesh --once` prints at its end, and what `mesh plan` does. Pure. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "metric/mesh_state.h"
#include "view/text.h"

struct mesh_text_style {
	bool has_all;   /* also the peers that are well */
	uint32_t width; /* of the terminal; 0: it is none */
};
/* The sentence behind "Result:", and the one behind "Trust:". */
void mesh_text_result(struct buffer *out, const struct mesh_state *state);
void mesh_text_trust(struct buffer *out, const struct mesh_state *state);
/* The table, the worst first, with why. */
void mesh_text_table(struct buffer *out, const struct mesh_text_style *style,
		     const struct mesh_state *state);
