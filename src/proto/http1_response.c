#include "proto/http1_response.h"

#include <stddef.h>
#include <time.h>

#include "base/attributes.h"

/* RFC 9110 15 and RFC 6585. */
static const struct {
	uint16_t status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 413, "Content Too Large" },
	{ 417, "Expectation Failed" },
	{ 426, "Upgrade Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *http1_reason(uint16_t status)
{
	for (size_t i = 0; i < array_size(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

const char *http1_format_date(int64_t unix_ns, char text[HTTP1_DATE_MAX])
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm fields;

	text[0] = '\0';
	if (gmtime_r(&seconds, &fields) != NULL)
		(void)strftime(text, HTTP1_DATE_MAX, "%a, %d %b %Y %H:%M:%S GMT", &fields);
	return text;
}
