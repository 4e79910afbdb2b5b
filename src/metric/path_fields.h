/* The part "path" of a report's JSON (report_fields.h). */
#pragma once

#include "metric/report_fields.h"

/* Of struct path_result. */
extern const struct field_table path_result_fields;
