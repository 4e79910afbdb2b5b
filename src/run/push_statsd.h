/* Sends StatsD datagrams of a run, on the loop of its owner: every 0.25 s, zeros first and last.
 * What the network does not take is counted and told once; nothing waits. */
#pragma once

#include "base/attributes.h"
#include "metric/report.h"
#include "run/push_source.h"

struct push_statsd;

/* `source` outlives it. -errno. */
nodiscard int push_statsd_new(const struct push_source *source, struct push_statsd **ret);
/* Takes NULL. */
void push_statsd_free(struct push_statsd *statsd);
void push_statsd_start(struct push_statsd *statsd);
/* The last figures, then zeros; tells how many were not taken. */
void push_statsd_end(struct push_statsd *statsd);
void push_statsd_give(const struct push_statsd *statsd, struct report *report);
