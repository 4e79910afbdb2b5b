#include "proto/http1.h"

#include <string.h>

#include "proto/http1_line.h"

/* ---- verdicts */

static const struct {
	const char *sentence;
	uint16_t status;
} verdicts[HTTP1_VERDICT_COUNT] = {
	[HTTP1_FINE] = { "is fine", 0 },
#define HTTP1_VERDICT(symbol, status, sentence) [HTTP1_WRONG_##symbol] = { sentence, status },
#include "proto/http1_verdict.def"
#undef HTTP1_VERDICT
};

const char *http1_verdict_sentence(enum http1_verdict verdict)
{
	assert((unsigned)verdict < HTTP1_VERDICT_COUNT);
	return verdicts[verdict].sentence;
}

uint16_t http1_verdict_status(enum http1_verdict verdict)
{
	assert((unsigned)verdict < HTTP1_VERDICT_COUNT);
	return verdicts[verdict].status;
}

/* ---- input */

enum state {
	STATE_START,
	STATE_FIELDS,
	STATE_BODY, /* by its length, or of a chunk */
	STATE_BODY_UNTIL_END,
	STATE_CHUNK_SIZE,
	STATE_CHUNK_END, /* the CRLF behind its data; `left`: how much of that is missing */
	STATE_TRAILERS,
	STATE_COMPLETE, /* all is read; HTTP1_END is still to be told */
	STATE_WRONG,
	STATE_COUNT,
};

struct input {
	const uint8_t *data;
	size_t size;
};

static void skip(struct input *input, size_t size)
{
	input->data += size;
	input->size -= size;
}

/* Nothing more is read. */
static bool fail(struct http1 *http, enum http1_verdict verdict, struct http1_event *ret)
{
	http->state = STATE_WRONG;
	http->verdict = (uint8_t)verdict;
	*ret = (struct http1_event){ .what = HTTP1_WRONG };
	return true;
}

struct line {
	const char *text;
	size_t size;
	bool has_cr;
};

/* Where it is not the whole line it is kept. */
static bool keep_part(struct http1 *http, struct input *input, size_t size)
{
	if (http->line.maximum == 0)
		buffer_init(&http->line, HTTP1_HEAD_MAX);
	buffer_append(&http->line, input->data, size);
	skip(input, size);
	return http->line.error == 0;
}

/* Takes a line off the input; its end is LF, with a CR or without (RFC 9112 2.2). False: it has
 * not come to its end, or failed. */
static bool take_line(struct http1 *http, struct input *input, uint32_t most,
		      struct http1_event *ret, struct line *ret_line)
{
	const uint8_t *end = input->size > 0 ? memchr(input->data, '\n', input->size) : NULL;
	size_t size = end != NULL ? (size_t)(end - input->data) + 1 : input->size;

	if (size > most - http->line_bytes) {
		(void)fail(http,
			   most == HTTP1_CHUNK_LINE_MAX ? HTTP1_WRONG_CHUNK : HTTP1_WRONG_HEAD_SIZE,
			   ret);
		return false;
	}
	http->line_bytes += (uint32_t)size;
	*ret_line = (struct line){ (const char *)input->data, size, false };
	if (end != NULL && http->line.size == 0) {
		skip(input, size);
	} else if (size > 0 && !keep_part(http, input, size)) {
		(void)fail(http, HTTP1_WRONG_NO_MEMORY, ret);
		return false;
	} else {
		*ret_line = (struct line){ http->line.data, http->line.size, false };
		http->has_line = end != NULL;
	}
	if (end == NULL)
		return false;
	ret_line->size--;
	ret_line->has_cr = ret_line->size > 0 && ret_line->text[ret_line->size - 1] == '\r';
	ret_line->size -= ret_line->has_cr;
	return true;
}

static void drop_line(struct http1 *http)
{
	buffer_deinit(&http->line);
	http->line = (struct buffer){ 0 };
	http->has_line = false;
}

/* ---- the start line */

static void begin_message(struct http1 *http)
{
	http->state = STATE_START;
	http->left = 0;
	http->line_bytes = 0;
	http->status = 0;
	http->is_old = false;
	http->is_last = false;
	http->is_chunked = false;
	http->has_length = false;
	http->has_coding = false;
	http->is_kept = false;
	http->is_closed = false;
	http->wants_continue = false;
	http->is_expecting_more = false;
	http->hosts = 0;
}

/* As soon as it can't become one: what speaks otherwise may never send a line's end. */
static enum http1_verdict check_start(const struct http1 *http, const struct input *input)
{
	uint8_t first[8];
	size_t known = http->line.size < sizeof(first) ? http->line.size : sizeof(first);
	size_t more = input->size < sizeof(first) - known ? input->size : sizeof(first) - known;

	if (known > 0)
		memcpy(first, http->line.data, known);
	if (more > 0)
		memcpy(first + known, input->data, more);
	return http1_check_start((enum http1_kind)http->kind, first, known + more);
}

static bool read_start(struct http1 *http, struct input *input, struct http1_event *ret)
{
	struct line line;

	enum http1_verdict verdict = check_start(http, input);
	if (verdict != HTTP1_FINE)
		return fail(http, verdict, ret);
	if (!take_line(http, input, HTTP1_HEAD_MAX, ret, &line))
		return false;
	/* Before a request it is ignored (RFC 9112 2.2). */
	if (line.size == 0 && http->kind == HTTP1_REQUESTS)
		return true;
	verdict = http->kind == HTTP1_RESPONSES
			  ? http1_read_status_line(http, line.text, line.size)
			  : http1_read_request_line(http, line.text, line.size, ret);
	if (verdict != HTTP1_FINE)
		return fail(http, verdict, ret);
	http->state = STATE_FIELDS;
	if (http->kind == HTTP1_REQUESTS)
		ret->what = HTTP1_START;
	return true;
}

/* ---- fields */

/* Whether there is a body: RFC 9112 6.3, in its order. */
static bool is_bodiless(const struct http1 *http)
{
	if (http->kind == HTTP1_REQUESTS)
		return !http->has_coding && (!http->has_length || http->left == 0);
	return http->is_head_asked || http->status == 101 || http->status == 204 ||
	       http->status == 304 || (!http->has_coding && http->has_length && http->left == 0);
}

static enum state state_of_body(struct http1 *http)
{
	if (is_bodiless(http))
		return STATE_COMPLETE;
	if (http->is_chunked)
		return STATE_CHUNK_SIZE;
	if (http->has_length && !http->has_coding)
		return STATE_BODY;
	http->is_last = true;
	return STATE_BODY_UNTIL_END;
}

static enum http1_verdict check_request(const struct http1 *http)
{
	/* RFC 9112 3.2: a server must refuse it. */
	if (http->hosts > 1 || (http->hosts == 0 && !http->is_old))
		return HTTP1_WRONG_HOST;
	if (http->has_coding && (!http->is_chunked || http->is_old))
		return HTTP1_WRONG_CODING;
	return http->has_coding && http->has_length ? HTTP1_WRONG_LENGTH : HTTP1_FINE;
}

static bool end_head(struct http1 *http, struct http1_event *ret)
{
	enum http1_verdict verdict =
		http->kind == HTTP1_REQUESTS ? check_request(http) : HTTP1_FINE;

	if (verdict != HTTP1_FINE)
		return fail(http, verdict, ret);
	if (http->kind == HTTP1_RESPONSES && http->status < 200 && http->status != 101) {
		begin_message(http);
		ret->what = HTTP1_INTERIM;
		return true;
	}
	/* RFC 9112 9.3; 6.1 for a length and a coding at once. */
	http->is_last = http->is_closed || (http->is_old && !http->is_kept) ||
			(http->has_coding && (http->has_length || http->is_old));
	http->state = (uint8_t)state_of_body(http);
	http->line_bytes = 0;
	ret->what = HTTP1_HEAD;
	return true;
}

static bool read_field(struct http1 *http, struct input *input, struct http1_event *ret)
{
	struct http1_event field;
	struct line line;

	if (!take_line(http, input, HTTP1_HEAD_MAX, ret, &line))
		return false;
	if (line.size == 0)
		return end_head(http, ret);
	enum http1_verdict verdict = http1_split_field(line.text, line.size, &field);
	if (verdict == HTTP1_FINE)
		verdict = http1_note_field(http, &field);
	if (verdict != HTTP1_FINE)
		return fail(http, verdict, ret);
	if (http->wants_fields) {
		*ret = field;
		ret->what = HTTP1_FIELD;
	}
	return true;
}

/* Their lines are looked at, their contents are nobody's business (RFC 9112 7.1.2). */
static bool read_trailer(struct http1 *http, struct input *input, struct http1_event *ret)
{
	struct http1_event field;
	struct line line;

	if (!take_line(http, input, HTTP1_HEAD_MAX, ret, &line))
		return false;
	if (line.size == 0) {
		http->state = STATE_COMPLETE;
		return true;
	}
	enum http1_verdict verdict = http1_split_field(line.text, line.size, &field);
	return verdict == HTTP1_FINE || fail(http, verdict, ret);
}

/* ---- the body */

static void pass_on(struct input *input, size_t size, struct http1_event *ret)
{
	ret->what = HTTP1_BODY;
	ret->data = (const char *)input->data;
	ret->size = size;
	skip(input, size);
}

static bool read_body(struct http1 *http, struct input *input, struct http1_event *ret)
{
	size_t size = input->size < http->left ? input->size : (size_t)http->left;

	if (size == 0)
		return false;
	pass_on(input, size, ret);
	http->left -= size;
	if (http->left == 0 && http->is_chunked) {
		http->state = STATE_CHUNK_END;
		http->left = 2;
	} else if (http->left == 0) {
		http->state = STATE_COMPLETE;
	}
	return true;
}

static bool read_body_until_end(struct http1 *http, struct input *input, struct http1_event *ret)
{
	(void)http;
	if (input->size == 0)
		return false;
	pass_on(input, input->size, ret);
	return true;
}

static bool read_chunk_size(struct http1 *http, struct input *input, struct http1_event *ret)
{
	struct line line;

	if (!take_line(http, input, HTTP1_CHUNK_LINE_MAX, ret, &line))
		return false;
	enum http1_verdict verdict = http1_read_chunk_size(line.text, line.size, &http->left);
	/* A lone LF ends lines of the head, not of chunks. */
	if (verdict == HTTP1_FINE && !line.has_cr)
		verdict = HTTP1_WRONG_CHUNK;
	if (verdict != HTTP1_FINE)
		return fail(http, verdict, ret);
	http->line_bytes = 0;
	http->state = http->left > 0 ? STATE_BODY : STATE_TRAILERS;
	return true;
}

static bool read_chunk_end(struct http1 *http, struct input *input, struct http1_event *ret)
{
	if (input->size == 0)
		return false;
	if (*input->data != (http->left == 2 ? '\r' : '\n'))
		return fail(http, HTTP1_WRONG_CHUNK, ret);
	skip(input, 1);
	http->left--;
	if (http->left == 0)
		http->state = STATE_CHUNK_SIZE;
	return true;
}

static bool tell_end(struct http1 *http, struct input *input, struct http1_event *ret)
{
	(void)input;
	begin_message(http);
	ret->what = HTTP1_END;
	return true;
}

static bool stay_wrong(struct http1 *http, struct input *input, struct http1_event *ret)
{
	(void)input;
	return fail(http, (enum http1_verdict)http->verdict, ret);
}

/* ---- all */

/* Each goes one step on; false: that takes more bytes, or it has failed. */
static bool (*const steps[STATE_COUNT])(struct http1 *http, struct input *input,
					struct http1_event *ret) = {
	[STATE_START] = read_start,
	[STATE_FIELDS] = read_field,
	[STATE_BODY] = read_body,
	[STATE_BODY_UNTIL_END] = read_body_until_end,
	[STATE_CHUNK_SIZE] = read_chunk_size,
	[STATE_CHUNK_END] = read_chunk_end,
	[STATE_TRAILERS] = read_trailer,
	[STATE_COMPLETE] = tell_end,
	[STATE_WRONG] = stay_wrong,
};

void http1_init(struct http1 *http, enum http1_kind kind)
{
	*http = (struct http1){ .kind = (uint8_t)kind };
}

void http1_deinit(struct http1 *http)
{
	drop_line(http);
}

size_t http1_read(struct http1 *http, const void *data, size_t size, struct http1_event *ret)
{
	struct input input = { data, size };

	*ret = (struct http1_event){ .what = HTTP1_MORE };
	do {
		if (http->has_line)
			drop_line(http);
	} while (steps[http->state](http, &input, ret) && ret->what == HTTP1_MORE);
	return size - input.size;
}

void http1_read_end(struct http1 *http, struct http1_event *ret)
{
	*ret = (struct http1_event){ .what = HTTP1_MORE };
	if (http->state == STATE_BODY_UNTIL_END || http->state == STATE_COMPLETE)
		(void)tell_end(http, NULL, ret);
	else if (http->state == STATE_WRONG)
		(void)stay_wrong(http, NULL, ret);
	else if (!http1_is_between(http))
		(void)fail(http, HTTP1_WRONG_CUT_OFF, ret);
}

bool http1_is_in_body(const struct http1 *http)
{
	return http->state != STATE_START && http->state != STATE_FIELDS &&
	       http->state != STATE_WRONG;
}

bool http1_is_between(const struct http1 *http)
{
	return http->state == STATE_START && http->line.size == 0;
}
