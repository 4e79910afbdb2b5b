#include "proto/h2_fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t text_bytes(const struct http1_request *request)
{
	size_t size = 1;

	for (uint32_t i = 0; i < request->header_count; i++)
		size += strlen(request->headers[i]) + 1;
	return size;
}

static int add(struct h2_fields *fields, const char *name, const char *value)
{
	if (fields->count == H2_FIELDS_MAX - 1)
		return -E2BIG;
	fields->fields[fields->count++] =
		(struct h2_field){ name, value, strlen(name), strlen(value) };
	return 0;
}

static struct h2_field *find(struct h2_fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (strcmp(fields->fields[i].name, name) == 0)
			return &fields->fields[i];
	}
	return NULL;
}

static void drop(struct h2_fields *fields, struct h2_field *field)
{
	size_t behind = (size_t)(fields->fields + --fields->count - field);

	memmove(field, field + 1, behind * sizeof(*field));
}

/* RFC 9113 8.2.2: what belongs to one connection of HTTP/1.1. */
static bool is_of_connection(const char *name)
{
	static const char *const names[] = { "connection", "keep-alive", "proxy-connection",
					     "transfer-encoding", "upgrade" };

	for (size_t i = 0; i < array_size(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text | 0x20);
}

/* "Name: value", in text of ours. */
static int add_header(struct h2_fields *fields, char *header)
{
	char *colon = strchr(header, ':');
	char *value = colon + 1 + strspn(colon + 1, " \t");

	*colon = '\0';
	lower(header);
	if (is_of_connection(header))
		return 0;
	struct h2_field *given = find(fields, strcmp(header, "host") == 0 ? ":authority" : header);
	if (given != NULL && *value == '\0')
		drop(fields, given);
	else if (given != NULL)
		*given = (struct h2_field){ given->name, value, given->name_size, strlen(value) };
	else if (*value != '\0')
		return add(fields, header, value);
	return 0;
}

static int add_headers(struct h2_fields *fields, const struct http1_request *request)
{
	char *at = fields->text;
	int rc = 0;

	for (uint32_t i = 0; i < request->header_count && rc == 0; i++) {
		size_t size = strlen(request->headers[i]) + 1;
		memcpy(at, request->headers[i], size);
		if (strchr(at, ':') != NULL)
			rc = add_header(fields, at);
		at += size;
	}
	return rc;
}

static int add_defaults(struct h2_fields *fields, enum h2_content content)
{
	int rc = add(fields, "user-agent", "conntest/" CONNTEST_VERSION);

	if (content != H2_CONTENT_GRPC)
		return rc < 0 ? rc : add(fields, "accept", "*/*");
	rc = rc < 0 ? rc : add(fields, "te", "trailers");
	return rc < 0 ? rc : add(fields, "content-type", "application/grpc");
}

int h2_fields_init(struct h2_fields *fields, const struct http1_request *request,
		   const char *scheme, enum h2_content content)
{
	*fields = (struct h2_fields){ .text = malloc(text_bytes(request)) };
	if (fields->text == NULL)
		return -ENOMEM;
	int rc = add(fields, ":method", request->method);
	rc = rc < 0 ? rc : add(fields, ":scheme", scheme);
	rc = rc < 0 ? rc : add(fields, ":authority", request->authority);
	rc = rc < 0 ? rc : add(fields, ":path", request->path != NULL ? request->path : "/");
	rc = rc < 0 ? rc : add_defaults(fields, content);
	rc = rc < 0 ? rc : add_headers(fields, request);
	if (rc < 0)
		h2_fields_deinit(fields);
	return rc;
}

void h2_fields_deinit(struct h2_fields *fields)
{
	free(fields->text);
	fields->text = NULL;
	fields->count = 0;
}
