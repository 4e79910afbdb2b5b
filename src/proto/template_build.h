/* What a template is inside: segments of operations, each of which gives one part. The parser
 * builds it, the renderer walks it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "proto/template.h"
#include "proto/template_file.h"
#include "proto/template_regex.h"

/* Of a template: far more than anybody writes, few enough to have room for their parts. */
#define TEMPLATE_OPERATIONS_MAX 65536

enum template_value {
	VALUE_CONSTANT,
	VALUE_UID,
	VALUE_POINTER,
	VALUE_SEQUENCE,
	VALUE_TIME,
	VALUE_MARKER,
	VALUE_REGEX,            /* drawn anew in each message */
	VALUE_CONNECTION_REGEX, /* the same wherever the same RE stands in a connection */
	VALUE_LINE,
};

struct template_operation {
	enum template_value value;
	union {
		struct {
			const uint8_t *data;
			size_t size;
		} constant;
		struct {
			const uint64_t *moduli; /* of \{EXPR % N % M}, in order */
			size_t modulus_count;   /* 0: as the expression is written by itself */
		} number;
		struct {
			const struct template_regex *tree;
			uint64_t salt; /* tells drawings apart that have the same context */
		} regex;
		struct template_lines lines;
	};
};

struct template_piece {
	struct template_segment segment;
	uint32_t first; /* of its operations */
	uint32_t count;
};

struct template_file {
	struct template_file *next;
	struct buffer bytes;
};

struct template
{
	struct arena arena;
	struct template_file *files;
	size_t limit; /* of a file and of a rendering */

	struct buffer pieces;     /* of struct template_piece */
	struct buffer operations; /* of struct template_operation */
	struct buffer literal;    /* the constant that is being put together */
	bool is_too_large;

	size_t parts_max;
	size_t scratch_max;
	size_t size_max;
	size_t size_min;
	double size_mean;
	bool is_constant;
	bool has_time;
	bool has_marker;
};

struct template *template_new(const struct template_options *options);
/* What follows belongs to a segment of this kind; neighbours without frames of their own are one.
 */
void template_begin_segment(struct template *template, const struct template_segment *segment);
/* Constant bytes, which the template is to keep a copy of, or which it owns already. */
void template_add_bytes(struct template *template, const void *data, size_t size);
void template_add_owned(struct template *template, const void *data, size_t size);
void template_add_operation(struct template *template, const struct template_operation *operation);
/* The flags of a frame stand behind its data. */
struct template_segment *template_open_segment(struct template *template);
/* A file's bytes, which live as long as the template. */
nodiscard int template_load(struct template *template, const char *path, struct error *error,
			    const struct buffer **ret);
/* Nothing is added any more. -E2BIG: too many operations, or a rendering beyond the limit. */
nodiscard int template_finish(struct template *template, struct error *error);

const struct template_piece *template_pieces(const struct template *template);
const struct template_operation *template_operations(const struct template *template);

/* Where equal contexts begin to draw. */
void template_seed_random(struct random *random, uint64_t seed, uint64_t uid, uint64_t sequence,
			  uint64_t salt);
