/* A report from its JSON. Every field is checked for its type and every list for its cap; unknown
 * keys are ignored. What can't be read gets one sentence that says what it is. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"

/* -EINVAL with a sentence that goes behind the file's name: "is cut off in line 1". */
nodiscard int report_read(const char *text, size_t size, struct error *error, struct report **ret);
/* The same of a file ("-": standard input); the sentence names it. Also -ENOENT, -EIO ... */
nodiscard int report_read_file(const char *path, struct error *error, struct report **ret);
