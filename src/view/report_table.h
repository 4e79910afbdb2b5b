/* `report show --table`: one table of a report, whole. Pure. */
#pragma once

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "metric/report.h"
#include "view/text.h"

#define REPORT_TABLES "throughput connections hosts interruptions survival errors"

/* `table` is one of REPORT_TABLES. -ENODATA with the sentence when the report has nothing of that
 * kind: "no interruptions: ctraffic counts none". */
nodiscard int report_table_write(const struct report *report, const char *table,
				 const struct text_style *style, struct buffer *out,
				 struct error *error);
