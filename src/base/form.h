/* Values of a query or of a form (application/x-www-form-urlencoded): "a=1&b=two%20words". Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The value of the first field of this name into `ret`, decoded; false: there is none, or it is
 * wrong: half a %XX, a control character, or more than fits. `ret` is "" then. */
bool form_find(const char *text, const char *name, char *ret, size_t size);
/* A field of this name is there, whatever it holds. */
bool form_has(const char *text, const char *name);
