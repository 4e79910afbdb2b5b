/* What the Trust line says of a load: what limited it, and how much of this host it took; of
 * datagrams how they were sent, and what the sockets at both ends did to them. */
#pragma once

#include <stdbool.h>

#include "metric/report.h"
#include "view/clauses.h"

/* Judges (metric/limit.h), keeps the verdict in report->generator, and adds its clauses. Nothing
 * for a report without a stream "load". */
void trust_load(struct report *report, struct clauses *clauses);

/* A load over UDP; one that only receives. */
bool trust_is_of_datagrams(const struct report_stream *load);
bool trust_is_of_intake(const struct report_stream *load);
/* All sent, and how evenly; what the receiver's socket dropped, or why that is not known; GSO. */
void trust_datagrams(const struct report_stream *load, struct clauses *clauses);
