/* What users of other tools type, and what to type here. One table. A hint that advises an option,
 * command or scheme which this build doesn't have is never given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "cli/command.h"

struct hint {
	const char *word;     /* "-t", "--time", "trace" */
	const char *commands; /* where it is meant so: "traffic load"; NULL: wherever it can be */
	/* What it advises: one of these. */
	const char *option;  /* name of an option */
	const char *command; /* name of a command */
	const char *scheme;  /* of a target */
	/* How; "%s" is the advised option with its argument ("-T 60s"). NULL for a command. */
	const char *sentence;
	const char *sample; /* the argument where none was given */
};

const struct hint *hints_table(size_t *ret_count);

bool hints_have_word(const char *word);
/* Appends the sentence for an option that `command` doesn't have. `argument` may be NULL. false:
 * there is none. */
bool hints_for_option(const struct command *command, const char *word, const char *argument,
		      struct buffer *sentence);
/* The command that is called otherwise elsewhere, or NULL. */
const struct command *hints_for_command(const char *word);
