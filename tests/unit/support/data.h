/* Files of tests/data: what other programs wrote. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* The whole file; the caller's to deinit. */
struct buffer data_text(const char *name);
/* Read, with its sentences; free with report_free(). */
struct report *data_report(const char *name);
