#include "engine/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "proto/http1_response.h"
#include "sys/clock.h"

void http_answer_prepare(struct http_answer_common *common, const char *name, uint64_t now_ns)
{
	if (now_ns < common->until_ns)
		return;
	struct wall_time wall = clock_wall();
	common->until_ns = now_ns + NS_PER_S - (uint64_t)wall.unix_ns % NS_PER_S;
	common->size = (size_t)snprintf(common->text, sizeof(common->text),
					"Server: conntest\r\nX-Backend: %.63s\r\nDate: %s\r\n",
					name, http1_format_date(wall.unix_ns, common->date));
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
	out = add_text(out, http1_reason(status));
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
