#include "proto/http1_request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/http1_line.h"

/* ---- checking */

/* Neither controls nor, in a path, blanks: they would end the line or the target. */
static bool has_letter_below(const char *text, unsigned char lowest)
{
	for (; *text != '\0'; text++) {
		if (((unsigned char)*text < lowest && *text != '\t') || *text == 0x7f)
			return true;
	}
	return false;
}

int http1_check_method(const char *method, struct error *error)
{
	if (!http1_is_token(method, strlen(method)))
		return error_set(error, EINVAL, "\"%.40s\" is not a method (GET, POST, ...)",
				 method);
	if (strcmp(method, "CONNECT") == 0)
		return error_set(error, EINVAL, "CONNECT makes a tunnel, which is not measured");
	return 0;
}

int http1_check_header(const char *header, struct error *error)
{
	size_t size = strcspn(header, ":");

	if (header[size] == '\0' || !http1_is_token(header, size) || has_letter_below(header, ' '))
		return error_set(error, EINVAL, "\"%.40s\" is not a header (NAME: VALUE)", header);
	if (http1_is_word(header, size, "content-length") ||
	    http1_is_word(header, size, "transfer-encoding"))
		return error_set(error, EINVAL, "%.*s follows from the body", (int)size, header);
	return 0;
}

/* ---- writing */

static bool is_given(const struct http1_request *request, const char *name)
{
	for (uint32_t i = 0; i < request->header_count; i++) {
		const char *header = request->headers[i];
		if (http1_is_word(header, strcspn(header, ":"), name))
			return true;
	}
	return false;
}

static void write_default(const struct http1_request *request, const char *name, const char *value,
			  struct buffer *out)
{
	if (!is_given(request, name))
		buffer_append_format(out, "%s: %s\r\n", name, value);
}

static void write_given(const char *header, struct buffer *out)
{
	size_t size = strcspn(header, ":");
	const char *value = header + size + 1;

	value += strspn(value, " \t");
	if (*value != '\0')
		buffer_append_format(out, "%.*s: %s\r\n", (int)size, header, value);
}

void http1_write_head(const struct http1_request *request, struct buffer *out)
{
	buffer_append_format(out, "%s %s HTTP/1.1\r\n", request->method,
			     request->path != NULL ? request->path : "/");
	/* Host comes first (RFC 9110 7.2). */
	write_default(request, "Host", request->authority, out);
	write_default(request, "User-Agent", "conntest/" CONNTEST_VERSION, out);
	write_default(request, "Accept", "*/*", out);
	for (uint32_t i = 0; i < request->header_count; i++)
		write_given(request->headers[i], out);
}

void http1_write_end(struct buffer *out)
{
	buffer_append_text(out, "\r\n");
}

size_t http1_format_length(uint64_t size, char text[HTTP1_LENGTH_TEXT_MAX])
{
	return (size_t)snprintf(text, HTTP1_LENGTH_TEXT_MAX, "Content-Length: %" PRIu64 "\r\n\r\n",
				size);
}
