/* One raw event as a sentence, for --verbose: "slot 17 (web-3): closed by peer, 1 message lost".
 * Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/events.h"

/* `backend` may be NULL. */
void event_each_write(struct buffer *out, const struct event *event, const char *backend);
