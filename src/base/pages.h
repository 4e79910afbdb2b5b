/* Zeroed memory of which a page is taken when it is first written to, so that room for the most
 * there can be costs nothing until it is used. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"

enum pages_sharing {
	PAGES_PRIVATE,
	PAGES_SHARED, /* with processes that are forked later */
};

/* `size_bytes` may be 0. -errno. */
nodiscard int pages_new(size_t size_bytes, enum pages_sharing sharing, void **ret);
/* The same size again; `pages` may be NULL. */
void pages_free(void *pages, size_t size_bytes);
