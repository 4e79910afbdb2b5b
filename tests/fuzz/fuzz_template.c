/* Any text as a template: what compiles renders within its bounds, the same each time, and the
 * rendering in segments is the rendering of all. The first byte chooses the options. Names of files
 * are not tried: the text would have to name them by chance. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/template.h"

#define SIZE_LIMIT 65536

struct rendering {
	uint8_t *scratch;
	struct iovec *parts;
	struct template_output out;
};

static void render(const struct template *template, const struct template_context *context,
		   struct rendering *ret)
{
	ret->scratch = malloc(template_scratch_max(template) + 1);
	ret->parts = calloc(template_parts_max(template) + 1, sizeof(*ret->parts));
	assert(ret->scratch && ret->parts);
	ret->out = (struct template_output){ .parts = ret->parts, .scratch = ret->scratch };
	for (size_t i = 0; i < template_segment_count(template); i++) {
		assert(template_segment(template, i)->opcode <= 10);
		template_render(template, i, context, &ret->out);
	}
	assert(ret->out.count <= template_parts_max(template));
	assert(ret->out.scratch <= ret->scratch + template_scratch_max(template));
	assert(ret->out.size <= template_size_max(template));
	assert(ret->out.size >= template_size_min(template));
}

static void free_rendering(struct rendering *rendering)
{
	free(rendering->scratch);
	free(rendering->parts);
}

static uint8_t *join(const struct rendering *rendering)
{
	uint8_t *bytes = malloc(rendering->out.size + 1);
	size_t at = 0;

	assert(bytes != NULL);
	for (size_t i = 0; i < rendering->out.count; i++) {
		memcpy(bytes + at, rendering->parts[i].iov_base, rendering->parts[i].iov_len);
		at += rendering->parts[i].iov_len;
	}
	assert(at == rendering->out.size);
	return bytes;
}

static void check(const struct template *template, const struct template_context *context)
{
	struct rendering one;
	struct rendering other;

	render(template, context, &one);
	render(template, context, &other);
	uint8_t *bytes = join(&one);
	uint8_t *again = join(&other);
	assert(one.out.size == other.out.size && memcmp(bytes, again, one.out.size) == 0);
	assert(!template_is_constant(template) || one.out.size == template_size_max(template));
	free(bytes);
	free(again);
	free_rendering(&one);
	free_rendering(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct template_context contexts[] = {
		{ .uid = 0 },
		{ .uid = 37,
		  .sequence = 5,
		  .number = 3,
		  .unix_ns = 1763622681000125999,
		  .seed = 1 },
		{ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
	};
	struct template *template = NULL;
	struct error error = { "" };

	if (size == 0 || memchr(data, '<', size) || memmem(data, size, "lines", 5))
		return 0;
	struct template_options options = {
		.has_escapes = data[0] & 1,
		.has_bytes = data[0] & 2,
		.size_max = SIZE_LIMIT,
		.seed = data[0],
	};
	int code = template_compile((const char *)data + 1, size - 1, &options, &error, &template);
	if (code < 0) {
		assert(error.text[0] != '\0' && !template);
		return 0;
	}
	for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++)
		check(template, &contexts[i]);
	template_free(template);
	return 0;
}
