/* The list "hops" of a report's JSON (report_fields.h). */
#pragma once

#include "metric/report_fields.h"

/* Of struct report_hops. */
extern const struct field_table hops_fields;
