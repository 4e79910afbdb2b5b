/* The marks that are asked for: by signal, at a time, with a command at a time. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "cli/option.h"

struct mark_options {
	struct option_list on;   /* --mark-on USR1 */
	struct option_list at;   /* --mark 3s=NAME */
	struct option_list exec; /* --exec 3s=COMMAND */
};

/* The rows of these options inside a command's own table: `field` is the member of type struct
 * mark_options in `structure`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define MARK_OPTIONS(structure, field)                                                          \
	OPTION(structure, field.on, OPTION_LIST, .name = "mark-on", .placeholder = "USR1|USR2", \
	       .help = "marks the moment when this signal arrives"),                            \
		OPTION(structure, field.at, OPTION_LIST, .name = "mark",                        \
		       .placeholder = "'TIME=NAME'",                                            \
		       .help = "marks a moment, so long after the start"),                      \
		OPTION(structure, field.exec, OPTION_LIST, .name = "exec",                      \
		       .placeholder = "'TIME=COMMAND'",                                         \
		       .help = "has sh run this then, marks it, and keeps its output and exit " \
			       "status in the report")
/* NOLINTEND(bugprone-macro-parentheses) */

struct mark_at {
	uint64_t after_ns; /* after the start */
	const char *text;  /* the name, or the command */
	bool is_command;
};

struct mark_plan {
	sigset_t signals;
	struct mark_at items[2 * OPTION_LIST_MAX];
	size_t count;
};

/* `duration_ns` 0: the run has no end that is known. Texts stay the options'. -EINVAL. */
nodiscard int mark_plan_parse(const struct mark_options *options, uint64_t duration_ns,
			      struct error *error, struct mark_plan *ret);
