/* Wall time as text: RFC 3339 in UTC. Pure. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"

#define DATE_TEXT_MAX 40

/* "2026-11-20T07:11:21.000Z"; returns `text`. */
const char *date_format_ms(int64_t unix_ns, char text[DATE_TEXT_MAX]);
/* With nanoseconds, as ctraffic has it. */
const char *date_format_ns(int64_t unix_ns, char text[DATE_TEXT_MAX]);
/* Exactly what date_format_ms() writes, from 1970 to 2199; else -EINVAL. */
nodiscard int date_parse_ms(const char *text, int64_t *ret_unix_ns);
/* Any RFC 3339 date of those years: any digits of a second, of which nine count; Z or an offset. */
nodiscard int date_parse(const char *text, int64_t *ret_unix_ns);
