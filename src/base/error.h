/* The sentence that goes with a failed call: what is wrong and what to do about it.
 * Filled by the function that found the fault, printed once by cmd/, cli/ or compat/. */
#pragma once

#include "base/attributes.h"

/* Plain storage owned by the caller; `text` is empty until error_set(). */
struct error {
	char text[512];
};

/* Writes the sentence (cut off at the buffer's end) and returns -code, so that a function can
 * `return error_set(error, EINVAL, ...)`. `code` is a positive errno. `error` may be NULL. */
nodiscard int error_set(struct error *error, int code, const char *format, ...) printf_like(3, 4);

/* Puts "prefix: " before the sentence that is there, as a caller that knows the context does. */
void error_prefix(struct error *error, const char *format, ...) printf_like(2, 3);
