/* Bodies of answers, their own or shared, compressed on the way: see http_server.h. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "net/http_server_connection.h"

/* 1: of expositions and pages a tenth is left, which more time hardly betters. */
#define LEVEL 1
/* With the head and the end of gzip instead of zlib's. */
#define GZIP_WINDOW (15 + 16)

struct http_server_text {
	struct buffer plain;
	struct buffer gzip; /* made when the first asks for it; no bytes: it was not */
	unsigned holds;
};

struct http_server_text *http_server_text_new(struct buffer *from)
{
	struct http_server_text *text = calloc(1, sizeof(*text));

	if (text == NULL)
		return NULL;
	text->plain = *from;
	text->holds = 1;
	buffer_init(&text->gzip, from->maximum);
	buffer_init(from, from->maximum);
	return text;
}

void http_server_text_free(struct http_server_text *text)
{
	if (text == NULL || --text->holds > 0)
		return;
	buffer_deinit(&text->plain);
	buffer_deinit(&text->gzip);
	free(text);
}

/* ---- compressing */

static bool deflate_all(z_stream *stream, const struct buffer *from, struct buffer *to)
{
	unsigned char piece[16384];
	int result = Z_OK;

	stream->next_in = (unsigned char *)from->data;
	stream->avail_in = (unsigned)from->size;
	while (result == Z_OK) {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		result = deflate(stream, Z_FINISH);
		buffer_append(to, piece, sizeof(piece) - stream->avail_out);
	}
	return result == Z_STREAM_END && to->error == 0;
}

/* False: it could not be made, or is no shorter. */
static bool compress_into(const struct buffer *from, struct buffer *to)
{
	z_stream stream = { 0 };

	if (from->size < HTTP_SERVER_COMPRESSED_MIN ||
	    deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	bool is_done = deflate_all(&stream, from, to);
	(void)deflateEnd(&stream);
	if (is_done && to->size < from->size)
		return true;
	buffer_deinit(to);
	buffer_init(to, from->maximum);
	return false;
}

static bool take_text(struct http_server_body *body, struct http_server_text *text,
		      bool is_compressed)
{
	text->holds++;
	body->text = text;
	if (is_compressed && text->gzip.size == 0)
		(void)compress_into(&text->plain, &text->gzip);
	bool is_gzip = is_compressed && text->gzip.size > 0;
	body->sent = is_gzip ? &text->gzip : &text->plain;
	return is_gzip;
}

bool http_server_body_take(struct http_server_body *body, struct http_server_response *response,
			   bool is_compressed)
{
	assert(body->sent == NULL);
	if (response->text != NULL)
		return take_text(body, response->text, is_compressed);
	body->own = response->body;
	body->sent = &body->own;
	if (!is_compressed)
		return false;
	struct buffer packed;
	buffer_init(&packed, response->body.maximum);
	if (!compress_into(&response->body, &packed))
		return false;
	buffer_deinit(&body->own);
	body->own = packed;
	return true;
}

void http_server_body_drop(struct http_server_body *body)
{
	http_server_text_free(body->text);
	body->text = NULL;
	buffer_deinit(&body->own);
	body->sent = NULL;
}

const struct buffer *http_server_response_body(const struct http_server_response *response)
{
	return response->text != NULL ? &response->text->plain : &response->body;
}

/* ---- who wants it */

/* "q=0", "q=0.00" */
static bool is_refused(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == ';' || *at == '\t'))
		at++;
	if (end - at < 3 || strncasecmp(at, "q=0", 3) != 0)
		return false;
	for (at += 3; at < end; at++)
		if (isdigit((unsigned char)*at) && *at != '0')
			return false;
	return true;
}

bool http_server_wants_gzip(const char *accepted)
{
	bool wants_all = false;

	while (accepted != NULL && *accepted != '\0') {
		const char *name = accepted + strspn(accepted, " \t,");
		size_t size = strcspn(name, " \t,;");
		const char *end = name + strcspn(name, ",");
		bool is_wanted = !is_refused(name + size, end);
		if (size == 4 && strncasecmp(name, "gzip", 4) == 0)
			return is_wanted;
		if (size == 1 && *name == '*')
			wants_all = is_wanted;
		accepted = end;
	}
	return wants_all;
}
