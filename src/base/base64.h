/* Base64 with the alphabet of RFC 4648 section 4, padded, without line breaks. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"

/* Appends; errors stay in `out`. */
void base64_encode(const void *data, size_t size, struct buffer *out);
/* Appends what `text` stands for. -EINVAL when it is not exactly what base64_encode() writes, also
 * in its padding; `out` then holds a part. Running out of room stays in `out`. */
nodiscard int base64_decode(const char *text, size_t size, struct buffer *out);
