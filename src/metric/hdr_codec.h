/* HdrHistogram's compressed encoding, version 2, as base64 text ("HISTFAAA..."): what its log files
 * and libraries in ten languages read and write. Pure.
 *
 *   be32 0x1c849314, be32 size, zlib{ be32 0x1c849313, be32 size, be32 normalizing index offset,
 *   be32 digits, be64 lowest, be64 highest, be64 ratio (a double), counts } */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "metric/hist.h"

/* Bytes that a histogram may have unpacked; ours have at most 300 kB. */
#define HDR_UNPACKED_MAX ((size_t)4 << 20)

/* Appends; errors stay in `out`. The counts only: what else a struct hist knows is not in it. */
void hdr_encode(const struct hist *hist, struct buffer *out);
/* Adds what `text` holds to `into`, of any range. A bucket of another layout is counted at its
 * middle; the minimum and maximum are those of the buckets. -EINVAL with the sentence, or -ENOMEM,
 * and `into` as it was. */
nodiscard int hdr_decode(const char *text, size_t size, struct error *error, struct hist *into);
