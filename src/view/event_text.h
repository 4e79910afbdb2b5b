/* One summed-up event as a line: "07:11:24.930Z  +3.930 s  mark USR1". Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"

/* `offset_ns` from the beginning of -T (negative in the ramp), `unix_ns` the wall time of it. */
void event_text_write(struct buffer *out, int64_t unix_ns, int64_t offset_ns, const char *text);
/* As long as that beginning is not known: "07:11:19.430Z  ramp +0.492 s  ..."; `offset_ns` from the
 * first attempt. */
void event_text_write_ramp(struct buffer *out, int64_t unix_ns, int64_t offset_ns,
			   const char *text);
