/* The tables of `ctraffic -analyze`: its columns, and of its own files its very bytes. Pure. */
#pragma once

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "metric/report.h"

/* Each writes one; -ENODATA with the sentence when the report lacks what it is made of. */
typedef int ctraffic_table(const struct report *report, struct buffer *out, struct error *error);

ctraffic_table ctraffic_table_throughput;  /* KiB/s received, by the middle of each interval */
ctraffic_table ctraffic_table_connections; /* a row a second */
ctraffic_table ctraffic_table_hosts;       /* connections lost and lasting, by the server's name */
