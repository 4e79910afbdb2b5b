/* See config.h. Reads libyaml's events; what is read is always the event that came last. */
#include "cli/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/closest.h"

#define SECTIONS_MAX 64

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	const struct config_section *section;
	struct error *error;
	const struct command *seen[SECTIONS_MAX];
	size_t seen_count;
	bool is_given[OPTION_ROWS_MAX]; /* in the section that is being read */
};

static const struct option_row *find_row(const struct command *command, const char *name)
{
	for (size_t i = 0; i < command->options.count; i++) {
		if (strcmp(command->options.rows[i].name, name) == 0)
			return &command->options.rows[i];
	}
	return NULL;
}

const struct option_row *config_row(const struct command *command)
{
	return find_row(command, CONFIG_NAME);
}

/* ---- events */

static int fail(const struct reader *reader, const char *format, ...) printf_like(2, 3);

/* -EINVAL with the line of the event. */
static int fail(const struct reader *reader, const char *format, ...)
{
	char sentence[sizeof(reader->error->text)];
	va_list values;
	va_start(values, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, values);
	va_end(values);
	return error_set(reader->error, EINVAL, "line %zu: %s", reader->event.start_mark.line + 1,
			 sentence);
}

static int not_yaml(const struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	bool has_context = parser->context != NULL;
	if (parser->error == YAML_MEMORY_ERROR)
		return error_set(reader->error, ENOMEM, "out of memory");
	if (parser->error == YAML_READER_ERROR)
		return error_set(reader->error, EINVAL, "byte %zu: %s", parser->problem_offset,
				 parser->problem);
	return error_set(reader->error, EINVAL, "line %zu: %s%s%s%s", parser->problem_mark.line + 1,
			 parser->problem, has_context ? " (" : "",
			 has_context ? parser->context : "", has_context ? ")" : "");
}

/* Whether the event has an anchor or a tag, or is an alias. */
static int check_plain(const struct reader *reader)
{
	const yaml_event_t *event = &reader->event;
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;
	if (event->type == YAML_ALIAS_EVENT) {
		anchor = event->data.alias.anchor;
	} else if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		return fail(reader, "\"%s\": anchors and aliases are not for these files",
			    (const char *)anchor);
	if (tag)
		return fail(reader, "\"%s\": tags are not for these files", (const char *)tag);
	return 0;
}

static int next(struct reader *reader)
{
	yaml_event_delete(&reader->event);
	if (!yaml_parser_parse(&reader->parser, &reader->event))
		return not_yaml(reader);
	return check_plain(reader);
}

static bool is(const struct reader *reader, yaml_event_type_t type)
{
	return reader->event.type == type;
}

static const char *text_of(const struct reader *reader)
{
	return (const char *)reader->event.data.scalar.value;
}

/* "key:" and nothing behind it, or what else YAML takes for nothing. */
static bool is_nothing(const struct reader *reader)
{
	if (!is(reader, YAML_SCALAR_EVENT) ||
	    reader->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	const char *text = text_of(reader);
	return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static int check_key(const struct reader *reader)
{
	if (!is(reader, YAML_SCALAR_EVENT))
		return fail(reader, "a key is one word");
	return 0;
}

/* ---- values */

static int read_scalar(struct reader *reader, const struct command *command,
		       const struct option_row *row)
{
	if (!is(reader, YAML_SCALAR_EVENT))
		return fail(reader, "%s: nothing is nested in it", row->name);
	if (is_nothing(reader))
		return fail(reader, "%s: has no value; leave it out, or write \"\"", row->name);
	if (strlen(text_of(reader)) != reader->event.data.scalar.length)
		return fail(reader, "%s: has a NUL in it", row->name);
	if (command != reader->section->command)
		return 0;
	int code = reader->section->value(reader->section->context, row, text_of(reader));
	if (code < 0)
		error_prefix(reader->error, "line %zu", reader->event.start_mark.line + 1);
	return code;
}

static int read_value(struct reader *reader, const struct command *command,
		      const struct option_row *row)
{
	int code = next(reader);
	if (code < 0 || !is(reader, YAML_SEQUENCE_START_EVENT))
		return code < 0 ? code : read_scalar(reader, command, row);
	if (row->type != OPTION_LIST)
		return fail(reader, "%s: takes one value, no list", row->name);
	while ((code = next(reader)) >= 0 && !is(reader, YAML_SEQUENCE_END_EVENT)) {
		code = read_scalar(reader, command, row);
		if (code < 0)
			return code;
	}
	return code;
}

/* ---- keys */

static int no_such_option(const struct reader *reader, const struct command *command)
{
	const char *names[OPTION_ROWS_MAX];
	const char *name = text_of(reader);
	for (size_t i = 0; i < command->options.count; i++)
		names[i] = command->options.rows[i].name;
	const char *closest = closest_word(name, names, command->options.count);
	if (closest)
		return fail(reader, "%s: no such option; did you mean %s?", name, closest);
	return fail(reader, "%s: no such option; conntest help config lists them", name);
}

static int read_option(struct reader *reader, const struct command *command)
{
	int code = check_key(reader);
	if (code < 0)
		return code;
	const struct option_row *row = find_row(command, text_of(reader));
	if (!row)
		return no_such_option(reader, command);
	if (row == config_row(command))
		return fail(reader, "%s: a file doesn't name another one", row->name);
	bool *is_given = &reader->is_given[row - command->options.rows];
	if (*is_given)
		return fail(reader, "%s: stands here twice", row->name);
	*is_given = true;
	return read_value(reader, command, row);
}

static int read_section(struct reader *reader, const struct command *command)
{
	int code = next(reader);
	if (code < 0 || is_nothing(reader))
		return code;
	if (!is(reader, YAML_MAPPING_START_EVENT))
		return fail(reader, "%s: options stand below it, as \"%s: VALUE\"", command->name,
			    command->options.rows[0].name);
	memset(reader->is_given, 0, sizeof(reader->is_given));
	while ((code = next(reader)) >= 0 && !is(reader, YAML_MAPPING_END_EVENT)) {
		code = read_option(reader, command);
		if (code < 0)
			return code;
	}
	return code;
}

static int no_such_section(const struct reader *reader)
{
	const struct command *own = reader->section->command;
	const char *name = text_of(reader);
	const char *names[SECTIONS_MAX];
	size_t count = 0;
	if (find_row(own, name))
		return fail(reader, "%s: an option stands below its command, \"%s:\"", name,
			    own->name);
	for (const struct command *const *row = command_table(); *row && count < SECTIONS_MAX;
	     row++) {
		if (config_row(*row))
			names[count++] = (*row)->name;
	}
	const char *closest = closest_word(name, names, count);
	return fail(reader, "%s: no command that has a section%s%s%s", name,
		    closest ? "; did you mean " : "", closest ? closest : "", closest ? "?" : "");
}

static int find_section(struct reader *reader, const struct command **ret)
{
	int code = check_key(reader);
	if (code < 0)
		return code;
	const struct command *command = command_find(text_of(reader));
	if (!command || !config_row(command) || reader->seen_count == SECTIONS_MAX)
		return no_such_section(reader);
	for (size_t i = 0; i < reader->seen_count; i++) {
		if (reader->seen[i] == command)
			return fail(reader, "%s: stands here twice", command->name);
	}
	reader->seen[reader->seen_count++] = command;
	*ret = command;
	return 0;
}

static int read_sections(struct reader *reader)
{
	int code = 0;
	while ((code = next(reader)) >= 0 && !is(reader, YAML_MAPPING_END_EVENT)) {
		const struct command *command = NULL;
		code = find_section(reader, &command);
		if (code >= 0)
			code = read_section(reader, command);
		if (code < 0)
			return code;
	}
	return code;
}

static int read_document(struct reader *reader)
{
	int code = next(reader);
	if (code >= 0 && is(reader, YAML_MAPPING_START_EVENT))
		code = read_sections(reader);
	else if (code >= 0 && !is_nothing(reader))
		return fail(reader, "a section comes first, as \"%s:\"",
			    reader->section->command->name);
	return code < 0 ? code : next(reader);
}

static int read_stream(struct reader *reader)
{
	int code = next(reader);
	if (code >= 0)
		code = next(reader);
	if (code >= 0 && is(reader, YAML_DOCUMENT_START_EVENT)) {
		code = read_document(reader);
		if (code >= 0)
			code = next(reader);
	}
	if (code >= 0 && is(reader, YAML_DOCUMENT_START_EVENT))
		return fail(reader, "one document a file");
	return code;
}

int config_parse(const char *text, size_t size, const struct config_section *section,
		 struct error *error)
{
	struct reader reader = { .section = section, .error = error };
	if (!yaml_parser_initialize(&reader.parser))
		return error_set(error, ENOMEM, "out of memory");
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
	int code = read_stream(&reader);
	yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);
	return code;
}

/* ---- the file */

static int read_whole(FILE *file, char *text, size_t capacity, size_t *ret_size,
		      struct error *error)
{
	*ret_size = fread(text, 1, capacity, file);
	if (ferror(file))
		return error_set(error, EINVAL, "cannot be read: %s", strerror(errno));
	if (*ret_size == capacity)
		return error_set(error, EINVAL, "is longer than the %zu KiB of a configuration",
				 CONFIG_BYTES_MAX / 1024);
	return 0;
}

int config_read(const char *path, const struct config_section *section, struct error *error)
{
	char text[CONFIG_BYTES_MAX + 1];
	size_t size = 0;
	FILE *file = fopen(path, "re");
	int code = file ? read_whole(file, text, sizeof(text), &size, error)
			: error_set(error, EINVAL, "cannot be read: %s", strerror(errno));
	if (file)
		(void)fclose(file);
	if (code >= 0)
		code = config_parse(text, size, section, error);
	if (code < 0)
		error_prefix(error, "%s", path);
	return code;
}
