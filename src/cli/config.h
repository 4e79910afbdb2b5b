/* --config FILE: options from a YAML file. A section a command, in it keys that are the long names
 * of its options, and lists for those that may be repeated. Values are read as on the command line.
 * What the tables don't know is an error with its line, and so is the rest of YAML: anchors, tags,
 * nesting, a second document. A file without anything in it says nothing, and is fine. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "cli/command.h"

/* Options are words and numbers; what is longer is not one of these files. */
#define CONFIG_BYTES_MAX ((size_t)64 * 1024)

/* The row that gives a command its --config; `field` of `structure` is a const char *. */
#define CONFIG_NAME "config"
#define CONFIG_OPTION(structure, field)                                                      \
	OPTION(structure, field, OPTION_TEXT, .name = CONFIG_NAME, .placeholder = "FILE",    \
	       .level = OPTION_ALL,                                                          \
	       .help = "options from a YAML file (conntest help config); variables and the " \
		       "command line outweigh it")
/* That row, or NULL: the command reads no such file. */
const struct option_row *config_row(const struct command *command);

/* Takes one value, valid during the call; of a list it is called once an item. -EINVAL with its
 * sentence in the error that the reader was given. */
typedef int (*config_value_fn)(void *context, const struct option_row *row, const char *value);

struct config_section {
	const struct command *command; /* the others' sections are checked for unknown keys alone */
	config_value_fn value;
	void *context;
};

/* -EINVAL with "FILE: line 3: ..." in `error`; also when it can't be read. */
nodiscard int config_read(const char *path, const struct config_section *section,
			  struct error *error);
/* The same from memory, without the file's name in the sentence. */
nodiscard int config_parse(const char *text, size_t size, const struct config_section *section,
			   struct error *error);
