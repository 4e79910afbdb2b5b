#include "proto/template_build.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"

/* Constants of this size are worth a part of their own; smaller neighbours become one. */
#define OWN_PART_BYTES 4096
#define LIMIT_DEFAULT  ((size_t)64 << 20)

#define POINTER_BYTES 14 /* 0x and twelve digits */
#define MARKER_BYTES  30
#define TIME_BYTES    18 /* of 2^64 ns: 11 digits, a point, six digits */

struct template *template_new(const struct template_options *options)
{
	struct template *template = calloc(1, sizeof(*template));

	if (!template)
		return NULL;
	arena_init(&template->arena);
	template->limit = options && options->size_max > 0 ? options->size_max : LIMIT_DEFAULT;
	template->is_constant = true;
	buffer_init(&template->pieces, TEMPLATE_OPERATIONS_MAX * sizeof(struct template_piece));
	buffer_init(&template->operations,
		    TEMPLATE_OPERATIONS_MAX * sizeof(struct template_operation));
	buffer_init(&template->literal, template->limit);
	return template;
}

void template_free(struct template *template)
{
	if (!template)
		return;
	while (template->files) {
		struct template_file *next = template->files->next;
		buffer_deinit(&template->files->bytes);
		free(template->files);
		template->files = next;
	}
	buffer_deinit(&template->pieces);
	buffer_deinit(&template->operations);
	buffer_deinit(&template->literal);
	arena_deinit(&template->arena);
	free(template);
}

const struct template_piece *template_pieces(const struct template *template)
{
	return (const void *)template->pieces.data;
}

const struct template_operation *template_operations(const struct template *template)
{
	return (const void *)template->operations.data;
}

static struct template_piece *last_piece(struct template *template)
{
	size_t count = template->pieces.size / sizeof(struct template_piece);

	return count == 0 ? NULL
			  : (struct template_piece *)(void *)template->pieces.data + count - 1;
}

struct template_segment *template_open_segment(struct template *template)
{
	struct template_piece *piece = last_piece(template);

	return piece ? &piece->segment : NULL;
}

static uint64_t largest_number(const struct template_operation *operation)
{
	uint64_t largest = UINT64_MAX;

	for (size_t i = 0; i < operation->number.modulus_count; i++) {
		if (operation->number.moduli[i] - 1 < largest)
			largest = operation->number.moduli[i] - 1;
	}
	return largest;
}

static size_t count_digits(uint64_t number)
{
	size_t digits = 1;

	while (number >= 10) {
		number /= 10;
		digits++;
	}
	return digits;
}

/* Digits of the numbers up to `largest`, on average: nine tenths of them have all. */
static double mean_digits(uint64_t largest)
{
	double whole = (double)largest + 1;
	double sum = whole;
	uint64_t from = 10;

	while (from <= largest) {
		sum += whole - (double)from;
		if (from > UINT64_MAX / 10)
			break;
		from *= 10;
	}
	return sum / whole;
}

/* Connections and messages are counted from 0; nobody knows how far. */
#define USUAL_NUMBERS 100000

static void weigh_number(const struct template_operation *operation, struct template_bounds *ret)
{
	uint64_t largest = largest_number(operation);
	bool is_counted = operation->value == VALUE_UID || operation->value == VALUE_SEQUENCE;

	ret->size_min = 1;
	ret->size_max = count_digits(largest);
	ret->size_mean =
		mean_digits(is_counted && largest > USUAL_NUMBERS ? USUAL_NUMBERS : largest);
	if (operation->number.modulus_count > 0 || is_counted)
		return;
	switch (operation->value) {
	case VALUE_POINTER:
		*ret = (struct template_bounds){ POINTER_BYTES, POINTER_BYTES, POINTER_BYTES };
		return;
	case VALUE_MARKER:
		*ret = (struct template_bounds){ MARKER_BYTES, MARKER_BYTES, MARKER_BYTES };
		return;
	default:
		*ret = (struct template_bounds){ 8, TIME_BYTES, TIME_BYTES - 1 };
	}
}

static void weigh(const struct template_operation *operation, struct template_bounds *ret)
{
	size_t size = operation->constant.size;

	switch (operation->value) {
	case VALUE_CONSTANT:
		*ret = (struct template_bounds){ size, size, (double)size };
		return;
	case VALUE_REGEX:
	case VALUE_CONNECTION_REGEX:
		template_regex_bounds(operation->regex.tree, ret);
		return;
	case VALUE_LINE:
		*ret = (struct template_bounds){ operation->lines.size_min,
						 operation->lines.size_max,
						 operation->lines.size_mean };
		return;
	default:
		weigh_number(operation, ret);
	}
}

static size_t add(size_t a, size_t b)
{
	size_t sum = 0;
	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

/* Adds it to the bounds of the whole. */
static void count_operation(struct template *template, const struct template_operation *operation)
{
	struct template_bounds bounds;
	bool is_in_scratch = operation->value != VALUE_CONSTANT && operation->value != VALUE_LINE;

	weigh(operation, &bounds);
	template->parts_max++;
	template->size_min = add(template->size_min, bounds.size_min);
	template->size_max = add(template->size_max, bounds.size_max);
	template->size_mean += bounds.size_mean;
	if (is_in_scratch)
		template->scratch_max = add(template->scratch_max, bounds.size_max);
	template->is_constant = template->is_constant && operation->value == VALUE_CONSTANT;
	template->has_time = template->has_time || operation->value == VALUE_TIME ||
			     operation->value == VALUE_MARKER;
	template->has_marker = template->has_marker || (operation->value == VALUE_MARKER &&
							operation->number.modulus_count == 0);
}

static void append(struct template *template, const struct template_operation *operation)
{
	struct template_piece *piece = last_piece(template);

	buffer_append(&template->operations, operation, sizeof(*operation));
	if (!piece || template->operations.error < 0)
		return;
	piece->count++;
	count_operation(template, operation);
}

static void end_literal(struct template *template)
{
	size_t size = template->literal.size;

	if (size == 0)
		return;
	uint8_t *copy = arena_take(&template->arena, size);
	memcpy(copy, template->literal.data, size);
	buffer_clear(&template->literal);
	append(template,
	       &(struct template_operation){ .value = VALUE_CONSTANT, .constant = { copy, size } });
}

void template_begin_segment(struct template *template, const struct template_segment *segment)
{
	const struct template_piece *last = last_piece(template);

	if (last && last->segment.framing == segment->framing && segment->framing != TEMPLATE_FRAME)
		return;
	end_literal(template);
	struct template_piece piece = {
		.segment = *segment,
		.first = (uint32_t)(template->operations.size / sizeof(struct template_operation)),
	};
	buffer_append(&template->pieces, &piece, sizeof(piece));
}

void template_add_bytes(struct template *template, const void *data, size_t size)
{
	buffer_append(&template->literal, data, size);
	template->is_too_large = template->is_too_large || template->literal.error == -EFBIG;
}

void template_add_owned(struct template *template, const void *data, size_t size)
{
	if (size < OWN_PART_BYTES) {
		template_add_bytes(template, data, size);
		return;
	}
	end_literal(template);
	append(template,
	       &(struct template_operation){ .value = VALUE_CONSTANT, .constant = { data, size } });
}

void template_add_operation(struct template *template, const struct template_operation *operation)
{
	end_literal(template);
	append(template, operation);
}

int template_load(struct template *template, const char *path, struct error *error,
		  const struct buffer **ret)
{
	struct template_file *file = calloc(1, sizeof(*file));

	*ret = NULL;
	if (!file)
		return error_set(error, ENOMEM, "%s: out of memory", path);
	buffer_init(&file->bytes, template->limit);
	file->next = template->files;
	template->files = file;
	*ret = &file->bytes;
	return template_file_read(path, error, &file->bytes);
}

int template_finish(struct template *template, struct error *error)
{
	char limit[UNITS_TEXT_MAX];

	end_literal(template);
	if (template->literal.error == -ENOMEM || template->operations.error == -ENOMEM ||
	    template->pieces.error == -ENOMEM)
		return error_set(error, ENOMEM, "out of memory");
	if (template->operations.error < 0 || template->pieces.error < 0)
		return error_set(error, E2BIG, "more than %u expressions in a message",
				 TEMPLATE_OPERATIONS_MAX);
	if (template->is_too_large || template->size_max > template->limit)
		return error_set(error, E2BIG, "this message can become larger than %s",
				 units_format_size(template->limit, limit));
	return 0;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0xd6e8feb86659fd93);
	return hash ^ (hash >> 32);
}

void template_seed_random(struct random *random, uint64_t seed, uint64_t uid, uint64_t sequence,
			  uint64_t salt)
{
	random_init(random, mix(mix(mix(mix(0, seed), uid), sequence), salt));
}
