/* Lists in YAML (file_sd): libyaml's events, one group at a time. */
#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "mesh/discovery_read_parts.h"

/* Nothing that is heeded is deeper; more of what is passed over would only cost. */
#define DEPTH_MAX 32

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	struct discovery_group group;
	struct buffer targets; /* of the group, each with its NUL: labels may come behind them */
	bool has_targets;
	discovery_found_fn *found;
	void *context;
	struct error *error;
};

static int fail(const struct reader *reader, const char *text)
{
	return error_set(reader->error, EINVAL, "line %zu: %s", reader->event.start_mark.line + 1,
			 text);
}

static int next(struct reader *reader)
{
	yaml_event_delete(&reader->event);
	if (!yaml_parser_parse(&reader->parser, &reader->event)) {
		const yaml_parser_t *parser = &reader->parser;
		if (parser->error == YAML_MEMORY_ERROR)
			return error_set(reader->error, ENOMEM, "out of memory");
		return error_set(reader->error, EINVAL, "is not YAML: line %zu: %s",
				 parser->problem_mark.line + 1,
				 parser->problem ? parser->problem : "broken");
	}
	/* An alias could stand for more than there is room for. */
	if (reader->event.type == YAML_ALIAS_EVENT)
		return fail(reader, "aliases are not for lists of peers");
	return 0;
}

static bool is(const struct reader *reader, yaml_event_type_t type)
{
	return reader->event.type == type;
}

static int check_text(const struct reader *reader)
{
	if (!is(reader, YAML_SCALAR_EVENT))
		return fail(reader, "here stands one word");
	if (strlen((const char *)reader->event.data.scalar.value) !=
	    reader->event.data.scalar.length)
		return fail(reader, "has a NUL in it");
	return 0;
}

static const char *text_of(const struct reader *reader)
{
	return (const char *)reader->event.data.scalar.value;
}

/* "key:" and nothing behind it. */
static bool is_nothing(const struct reader *reader)
{
	return is(reader, YAML_SCALAR_EVENT) &&
	       reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (text_of(reader)[0] == '\0' || strcmp(text_of(reader), "~") == 0 ||
		strcmp(text_of(reader), "null") == 0);
}

/* ---- groups */

static int read_targets(struct reader *reader)
{
	int result = next(reader);

	reader->has_targets = true;
	if (result < 0 || is_nothing(reader))
		return result;
	if (!is(reader, YAML_SEQUENCE_START_EVENT))
		return fail(reader, "targets are a list");
	while ((result = next(reader)) >= 0 && !is(reader, YAML_SEQUENCE_END_EVENT)) {
		result = check_text(reader);
		if (result < 0)
			return result;
		buffer_append(&reader->targets, text_of(reader), strlen(text_of(reader)) + 1);
	}
	return result;
}

static int read_label(struct reader *reader)
{
	char name[64];
	int result = check_text(reader);

	if (result < 0)
		return result;
	/* What is longer is none that is heeded. */
	(void)snprintf(name, sizeof(name), "%s", text_of(reader));
	result = next(reader);
	if (result >= 0)
		result = check_text(reader);
	if (result < 0)
		return result;
	result = discovery_group_label(&reader->group, name, text_of(reader), reader->error);
	if (result < 0)
		error_prefix(reader->error, "line %zu", reader->event.start_mark.line + 1);
	return result;
}

static int read_labels(struct reader *reader)
{
	int result = next(reader);

	if (result < 0 || is_nothing(reader))
		return result;
	if (!is(reader, YAML_MAPPING_START_EVENT))
		return fail(reader, "labels are NAME: VALUE");
	while ((result = next(reader)) >= 0 && !is(reader, YAML_MAPPING_END_EVENT)) {
		result = read_label(reader);
		if (result < 0)
			return result;
	}
	return result;
}

/* The value of a key that is not known, however it is nested. */
static int skip_value(struct reader *reader)
{
	unsigned depth = 0;

	do {
		int result = next(reader);
		if (result < 0)
			return result;
		if (is(reader, YAML_SEQUENCE_START_EVENT) || is(reader, YAML_MAPPING_START_EVENT))
			depth++;
		if (is(reader, YAML_SEQUENCE_END_EVENT) || is(reader, YAML_MAPPING_END_EVENT))
			depth--;
		if (depth > DEPTH_MAX)
			return fail(reader, "is nested too deep");
	} while (depth > 0);
	return 0;
}

static int read_key(struct reader *reader)
{
	int result = check_text(reader);

	if (result < 0)
		return result;
	if (strcmp(text_of(reader), "targets") == 0)
		return read_targets(reader);
	if (strcmp(text_of(reader), "labels") == 0)
		return read_labels(reader);
	return skip_value(reader);
}

static int tell_group(struct reader *reader)
{
	size_t at = 0;
	int result = 0;

	if (!reader->has_targets)
		return fail(reader, "a group has no targets");
	if (reader->targets.error != 0)
		return error_set(reader->error, ENOMEM, "out of memory");
	while (result == 0 && at < reader->targets.size) {
		const char *target = reader->targets.data + at;
		at += strlen(target) + 1;
		result = discovery_tell_target(&reader->group, target, reader->found,
					       reader->context, reader->error);
	}
	return result;
}

static int read_group(struct reader *reader)
{
	int result = 0;

	reader->group = (struct discovery_group){ 0 };
	reader->has_targets = false;
	buffer_clear(&reader->targets);
	if (!is(reader, YAML_MAPPING_START_EVENT))
		return fail(reader, "a group has targets: and labels:");
	while ((result = next(reader)) >= 0 && !is(reader, YAML_MAPPING_END_EVENT)) {
		result = read_key(reader);
		if (result < 0)
			return result;
	}
	return result < 0 ? result : tell_group(reader);
}

static int read_list(struct reader *reader)
{
	int result = 0;

	if (!is(reader, YAML_SEQUENCE_START_EVENT))
		return is_nothing(reader) ? 0 : fail(reader, "a list of groups comes first");
	while ((result = next(reader)) >= 0 && !is(reader, YAML_SEQUENCE_END_EVENT)) {
		result = read_group(reader);
		if (result < 0)
			return result;
	}
	return result;
}

static int read_stream(struct reader *reader)
{
	int result = next(reader);

	if (result >= 0)
		result = next(reader);
	/* An empty file has no document. It is no list either: who writes it may not be done. */
	if (result >= 0 && !is(reader, YAML_DOCUMENT_START_EVENT))
		return fail(reader, "is empty; [] is the list of nobody");
	if (result >= 0)
		result = next(reader);
	if (result >= 0)
		result = read_list(reader);
	if (result >= 0)
		result = next(reader);
	if (result >= 0)
		result = next(reader);
	if (result >= 0 && !is(reader, YAML_STREAM_END_EVENT))
		return fail(reader, "one document a file");
	return result;
}

int discovery_read_yaml(const char *text, size_t size, discovery_found_fn *found, void *context,
			struct error *error)
{
	struct reader reader = { .found = found, .context = context, .error = error };

	if (!yaml_parser_initialize(&reader.parser))
		return error_set(error, ENOMEM, "out of memory");
	buffer_init(&reader.targets, DISCOVERY_TEXT_MAX * 2);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
	int result = read_stream(&reader);
	yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);
	buffer_deinit(&reader.targets);
	return result;
}
