/* The part "mesh" of a report's JSON (report_fields.h). */
#pragma once

#include "metric/report_fields.h"

/* Of struct report_mesh. */
extern const struct field_table report_mesh_fields;
