/* The words in the heads of HTTP responses. */
#pragma once

#include <stdint.h>

/* "Not Found"; "" for a status that has no words of its own. */
const char *http1_reason(uint16_t status);

/* "Fri, 20 Nov 2026 07:11:21 GMT", for the field Date (RFC 9110 5.6.7 and 6.6.1); returns `text`.
 */
#define HTTP1_DATE_MAX 40
const char *http1_format_date(int64_t unix_ns, char text[HTTP1_DATE_MAX]);
