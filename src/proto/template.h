/* Messages as users write them: text with \{...} in it, compiled once. Every rendering is a pure
 * function of its context, so a message that was sent in part is rendered again to go on. Constant
 * stretches are never copied; what varies is written to the caller's scratch.
 *
 * \{connection.uid} \{connection.ptr} \{EXPR % N} \{re REGEX} \{connection.re REGEX}
 * \{global.re REGEX} \{message.marker} \{message.seq} \{time} \{lines FILE} \{<FILE>}
 * \{raw ...} \{ws.text ...} and the other frames; with escapes also \n, \x00 and so on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/attributes.h"
#include "base/error.h"

struct buffer;
struct template;

/* How the bytes of a segment go onto a WebSocket; elsewhere they are just bytes. */
enum template_framing {
	TEMPLATE_DATA,  /* plain text: a data frame of its own */
	TEMPLATE_RAW,   /* \{raw ...}: no frame */
	TEMPLATE_FRAME, /* \{ws.* ...}: a frame as written */
};

struct template_segment {
	enum template_framing framing;
	uint8_t opcode;   /* FRAME: RFC 6455 5.2 */
	uint8_t reserved; /* FRAME: rsv1 = 4, rsv2 = 2, rsv3 = 1 */
	bool is_final;
};

struct template_options {
	bool has_escapes; /* -e: \r\n\t\x00 \377 are C escapes; inside quotes they always are */
	bool has_bytes;   /* a message that may come out empty is refused: no frame carries it */
	size_t size_max;  /* of a file or a rendering; 0: 64 MiB */
	uint64_t seed;    /* of the run: \{global.re} is drawn when it is compiled */
};

/* -EINVAL: the sentence points at the column of the mistake; -errno where a file can't be read. */
nodiscard int template_compile(const char *text, size_t size,
			       const struct template_options *options, struct error *error,
			       struct template **ret);
/* The same of what a file holds. Refuses an empty file, a directory, one beyond size_max. */
nodiscard int template_compile_file(const char *path, const struct template_options *options,
				    struct error *error, struct template **ret);
void template_free(struct template *template);

/* Whose message it is, and when. Equal contexts give equal bytes. */
struct template_context {
	uint64_t uid;      /* of the connection */
	uint64_t sequence; /* of the message in its connection, from 0 */
	uint64_t number;   /* of the message in the run: chooses the line of \{lines} */
	uint64_t unix_ns;  /* when its first byte was written: \{time}, \{message.marker} */
	uint64_t seed;
};

size_t template_segment_count(const struct template *template);
const struct template_segment *template_segment(const struct template *template, size_t index);
bool template_is_constant(const struct template *template);
/* Its renderings differ by `unix_ns`. */
bool template_has_time(const struct template *template);
bool template_has_marker(const struct template *template);
/* Bounds of a rendering of all segments: parts, bytes of scratch, bytes in all. */
size_t template_parts_max(const struct template *template);
size_t template_scratch_max(const struct template *template);
size_t template_size_max(const struct template *template);
size_t template_size_min(const struct template *template);
/* Bytes of an average rendering, exact for what is constant: --bandwidth divides by it. */
double template_size_mean(const struct template *template);

struct template_output {
	struct iovec *parts; /* appended to */
	size_t count;
	uint8_t *scratch; /* what varies; moved on */
	size_t size;      /* bytes in all, added to */
};
/* One segment; the caller has made room for template_parts_max() and template_scratch_max(). */
void template_render(const struct template *template, size_t segment,
		     const struct template_context *context, struct template_output *out);
/* All of them, for who knows no frames. */
void template_render_all(const struct template *template, const struct template_context *context,
			 struct template_output *out);

/* The language, for people, out of the table that the parser reads. */
void template_help(struct buffer *text);
