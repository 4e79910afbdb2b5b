#include "engine/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/attributes.h"
#include "base/units.h"
#include "sys/clock.h"

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
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *http_answer_reason(uint16_t status)
{
	for (size_t i = 0; i < array_size(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

/* RFC 9110 5.6.7 and 6.6.1. */
void http_answer_prepare(struct http_answer_common *common, const char *name, uint64_t now_ns)
{
	char date[40] = "";
	struct tm fields;

	if (now_ns < common->until_ns)
		return;
	struct wall_time wall = clock_wall();
	time_t seconds = (time_t)(wall.unix_ns / (int64_t)NS_PER_S);
	if (gmtime_r(&seconds, &fields) != NULL)
		(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &fields);
	common->until_ns = now_ns + NS_PER_S - (uint64_t)wall.unix_ns % NS_PER_S;
	common->size = (size_t)snprintf(common->text, sizeof(common->text),
					"Server: conntest\r\nX-Backend: %.63s\r\nDate: %s\r\n",
					name, date);
}

static uint8_t *add(uint8_t *out, const char *text, size_t size)
{
	memcpy(out, text, size);
	return out + size;
}

static uint8_t *add_text(uint8_t *out, const char *text)
{
	return add(out, text, strlen(text));
}

static uint8_t *add_decimal(uint8_t *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return add(out, digits + at, sizeof(digits) - at);
}

static uint8_t *add_status_line(uint8_t *out, uint16_t status)
{
	if (status == 200)
		return add_text(out, "HTTP/1.1 200 OK\r\n");
	out = add_text(out, "HTTP/1.1 ");
	out = add_decimal(out, status);
	out = add_text(out, " ");
	out = add_text(out, http_answer_reason(status));
	return add_text(out, "\r\n");
}

size_t http_answer_write(const struct http_answer_common *common, const struct http_answer *answer,
			 uint8_t *out)
{
	const uint8_t *start = out;

	out = add_status_line(out, answer->status);
	out = add(out, common->text, common->size);
	if (answer->body == HTTP_ANSWER_LENGTH) {
		out = add_text(out, "Content-Length: ");
		out = add_decimal(out, answer->length);
		out = add_text(out, "\r\n");
	} else if (answer->body == HTTP_ANSWER_CHUNKED) {
		out = add_text(out, "Transfer-Encoding: chunked\r\n");
	}
	/* RFC 9110 15.5.6: what is allowed instead. */
	if (answer->status == 405)
		out = add_text(out, "Allow: GET, HEAD, POST\r\n");
	if (answer->connection == HTTP_ANSWER_KEEPS_OLD)
		out = add_text(out, "Connection: keep-alive\r\n");
	else if (answer->connection == HTTP_ANSWER_CLOSES)
		out = add_text(out, "Connection: close\r\n");
	out = add_text(out, "\r\n");
	return (size_t)(out - start);
}
