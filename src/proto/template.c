#include "proto/template.h"

#include <errno.h>

#include "proto/template_parse.h"

static int compile(struct template_parser *parser, struct template **ret)
{
	struct template *template = parser->template;
	int rc = template_parse(parser);

	if (rc == 0)
		rc = template_finish(template, parser->error);
	if (rc == 0 && template_segment_count(template) == 0)
		rc = error_set(parser->error, EINVAL, "a message needs a byte at least");
	else if (rc == 0 && parser->options->has_bytes && template->size_min == 0)
		rc = template_fail(parser, 0,
				   "this may come out empty; a message needs a byte at least");
	if (rc == 0)
		*ret = template;
	else
		template_free(template);
	return rc;
}

static const struct template_options no_options;

int template_compile(const char *text, size_t size, const struct template_options *options,
		     struct error *error, struct template **ret)
{
	*ret = NULL;
	struct template_parser parser = {
		.text = text,
		.size = size,
		.options = options ? options : &no_options,
		.error = error,
		.template = template_new(options),
	};
	if (!parser.template)
		return error_set(error, ENOMEM, "out of memory");
	return compile(&parser, ret);
}

int template_compile_file(const char *path, const struct template_options *options,
			  struct error *error, struct template **ret)
{
	*ret = NULL;
	struct template_parser parser = {
		.path = path,
		.is_text_owned = true,
		.options = options ? options : &no_options,
		.error = error,
		.template = template_new(options),
	};
	const struct buffer *text = NULL;

	if (!parser.template)
		return error_set(error, ENOMEM, "out of memory");
	int rc = template_load(parser.template, path, error, &text);
	if (rc < 0) {
		template_free(parser.template);
		return rc;
	}
	parser.text = text->data;
	parser.size = text->size;
	return compile(&parser, ret);
}

size_t template_segment_count(const struct template *template)
{
	return template->pieces.size / sizeof(struct template_piece);
}

const struct template_segment *template_segment(const struct template *template, size_t index)
{
	return &template_pieces(template)[index].segment;
}

bool template_is_constant(const struct template *template)
{
	return template->is_constant;
}

bool template_has_time(const struct template *template)
{
	return template->has_time;
}

bool template_has_marker(const struct template *template)
{
	return template->has_marker;
}

size_t template_parts_max(const struct template *template)
{
	return template->parts_max;
}

size_t template_scratch_max(const struct template *template)
{
	return template->scratch_max;
}

size_t template_size_max(const struct template *template)
{
	return template->size_max;
}

size_t template_size_min(const struct template *template)
{
	return template->size_min;
}

double template_size_mean(const struct template *template)
{
	return template->size_mean;
}
