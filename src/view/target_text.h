/* What a target's text tells the views: its service, and what its messages are called. */
#pragma once

#include <stdbool.h>

#include "metric/report.h"

/* Of "https://h:443/x", "http+tls://h" and "srv://_https._tcp.h" it is "http". */
bool target_is(const char *target, const char *service);
/* What its messages are called over a connection: "request" or "message". */
const char *target_noun(const char *target);
/* "request", "datagram" or "message". */
const char *message_noun(const struct report_stream *stream);
/* The same as the head of a line: "REQUESTS". */
const char *message_head(const struct report_stream *stream);
