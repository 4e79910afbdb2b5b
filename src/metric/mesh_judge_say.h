/* Evidence: clauses in a text of fixed size, with "; " between them; what has no room is left out
 * whole. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"

struct mesh_say {
	char *text;
	size_t room; /* with the end */
	size_t used;
};

/* Begins anew. */
void mesh_say_begin(struct mesh_say *say, char *text, size_t room);
void mesh_say(struct mesh_say *say, const char *format, ...) printf_like(2, 3);
/* The same without "; " before it. */
void mesh_say_on(struct mesh_say *say, const char *format, ...) printf_like(2, 3);
