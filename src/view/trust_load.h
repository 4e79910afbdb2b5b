/* What the Trust line says of a load: what limited it, and how much of this host it took. */
#pragma once

#include "metric/report.h"
#include "view/clauses.h"

/* Judges (metric/limit.h), keeps the verdict in report->generator, and adds its clauses. Nothing
 * for a report without a stream "load". */
void trust_load(struct report *report, struct clauses *clauses);
