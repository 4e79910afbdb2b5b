/* The report of `ping`: described before the first probe, filled at the end. */
#pragma once

#include "metric/probe_series.h"
#include "metric/report.h"
#include "run/ping.h"

/* Head and streams, without figures. */
void ping_report_describe(const struct ping *ping, struct report *report);
/* Is it a target that is reached by datagrams? */
bool ping_is_datagram(const struct uri *uri);
