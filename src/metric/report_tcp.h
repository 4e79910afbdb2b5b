/* What the kernel tells of TCP connections, between a recorder's facts and a report. */
#pragma once

#include "metric/report.h"

/* `facts` with at least one connection. */
void report_tcp_fill(struct arena *arena, const struct tcp_facts *facts, struct report_tcp *ret);
/* Adds another run's, which is measured. */
void report_tcp_merge(struct arena *arena, const struct report_tcp *from, struct report_tcp *into);
