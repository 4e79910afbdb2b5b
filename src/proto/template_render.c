#include <assert.h>

#include "base/units.h"
#include "proto/template_build.h"

static uint8_t *write_decimal(uint8_t *out, uint64_t number)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		*out++ = (uint8_t)digits[--count];
	return out;
}

/* Exactly `count` digits. */
static uint8_t *write_digits(uint8_t *out, uint64_t number, unsigned base, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		out[i - 1] = (uint8_t) "0123456789abcdef"[number % base];
		number /= base;
	}
	return out + count;
}

static uint8_t *write_marker(uint8_t *out, uint64_t unix_us)
{
	out = mempcpy(out, "TCPKaliMsgTS-", 13);
	out = write_digits(out, unix_us, 16, 16);
	*out++ = '.';
	return out;
}

static uint8_t *write_time(uint8_t *out, uint64_t unix_ns)
{
	out = write_decimal(out, unix_ns / NS_PER_S);
	*out++ = '.';
	return write_digits(out, unix_ns % NS_PER_S / NS_PER_US, 10, 6);
}

/* Looks like an address and tells connections apart: an odd factor maps 44 bits onto themselves. */
static uint64_t pointer_of(uint64_t uid)
{
	return (uid * UINT64_C(0x9e3779b97f5) & ((UINT64_C(1) << 44) - 1)) << 4;
}

static uint64_t number_of(enum template_value value, const struct template_context *context)
{
	switch (value) {
	case VALUE_UID:
		return context->uid;
	case VALUE_POINTER:
		return pointer_of(context->uid);
	case VALUE_SEQUENCE:
		return context->sequence;
	case VALUE_TIME:
		return context->unix_ns / NS_PER_S;
	default:
		return context->unix_ns / NS_PER_US; /* of a marker */
	}
}

static uint8_t *write_number(const struct template_operation *operation,
			     const struct template_context *context, uint8_t *out)
{
	uint64_t number = number_of(operation->value, context);

	if (operation->number.modulus_count > 0) {
		for (size_t i = 0; i < operation->number.modulus_count; i++)
			number %= operation->number.moduli[i];
		return write_decimal(out, number);
	}
	switch (operation->value) {
	case VALUE_POINTER:
		return write_digits(mempcpy(out, "0x", 2), number, 16, 12);
	case VALUE_MARKER:
		return write_marker(out, number);
	case VALUE_TIME:
		return write_time(out, context->unix_ns);
	default:
		return write_decimal(out, number);
	}
}

static uint8_t *write_regex(const struct template_operation *operation,
			    const struct template_context *context, uint8_t *out)
{
	struct random random;
	bool is_of_connection = operation->value == VALUE_CONNECTION_REGEX;

	template_seed_random(&random, context->seed, context->uid,
			     is_of_connection ? UINT64_MAX : context->sequence,
			     operation->regex.salt);
	return template_regex_draw(operation->regex.tree, &random, out);
}

static void add_part(struct template_output *out, const void *data, size_t size)
{
	if (size == 0)
		return;
	out->parts[out->count++] = (struct iovec){ .iov_base = (void *)data, .iov_len = size };
	out->size += size;
}

/* What was written to the scratch, as one part with its left neighbour if that is there too. */
static void add_written(struct template_output *out, size_t first, const uint8_t *end)
{
	size_t size = (size_t)(end - out->scratch);
	struct iovec *last = out->count > first ? &out->parts[out->count - 1] : NULL;

	if (last && (uint8_t *)last->iov_base + last->iov_len == out->scratch) {
		last->iov_len += size;
		out->size += size;
	} else {
		add_part(out, out->scratch, size);
	}
	out->scratch += size;
}

static void run(const struct template_operation *operation, const struct template_context *context,
		size_t first, struct template_output *out)
{
	size_t size = 0;
	const uint8_t *line;

	switch (operation->value) {
	case VALUE_CONSTANT:
		add_part(out, operation->constant.data, operation->constant.size);
		return;
	case VALUE_LINE:
		line = template_line(&operation->lines, context->number, &size);
		add_part(out, line, size);
		return;
	case VALUE_REGEX:
	case VALUE_CONNECTION_REGEX:
		add_written(out, first, write_regex(operation, context, out->scratch));
		return;
	default:
		add_written(out, first, write_number(operation, context, out->scratch));
	}
}

void template_render(const struct template *template, size_t segment,
		     const struct template_context *context, struct template_output *out)
{
	assert(segment < template_segment_count(template));
	const struct template_piece *piece = &template_pieces(template)[segment];
	const struct template_operation *operations = template_operations(template);
	size_t first = out->count;

	for (uint32_t i = 0; i < piece->count; i++)
		run(&operations[piece->first + i], context, first, out);
}

void template_render_all(const struct template *template, const struct template_context *context,
			 struct template_output *out)
{
	size_t count = template_segment_count(template);

	for (size_t i = 0; i < count; i++)
		template_render(template, i, context, out);
}
