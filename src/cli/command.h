/* A command's row. main.c holds the table; --help, the manual and completions walk it. */
#pragma once

#include "cli/option.h"

/* The exit codes of every command (DESIGN: where several apply, the highest). */
enum exit_code {
	EXIT_OK = 0,     /* it ran and all expectations held */
	EXIT_NO = 1,     /* the answer is no */
	EXIT_USAGE = 2,  /* wrong usage, also a file that it names; nothing was sent */
	EXIT_UNABLE = 3, /* could not measure: descriptors, ports, permissions, disk */
};

struct command {
	const char *name;     /* "traffic", or "report show" for one inside a group */
	const char *summary;  /* one line for `conntest --help` */
	const char *operands; /* "TARGET" */
	struct option_table options;
	size_t options_size;
	const char *description; /* paragraphs for the manual, separated by an empty line */
	const char
		*variables; /* a sentence on those that it reads besides its own, for the manual */
	const char *examples; /* lines "command line  # what it does" for --help and the manual */
	/* Returns an exit code. NULL: a group, which only introduces the commands inside it. */
	int (*run)(const struct command *command, int argc, char **argv);
	bool is_hidden;     /* not in `conntest --help` */
	bool wraps_command; /* "-- COMMAND [ARG...]" may follow the operands */
};

/* All commands, in the order of --help, ended by NULL: the table itself stands in main.c. */
const struct command *const *command_table(void);
/* The command with this name ("traffic", "report show"), or NULL. */
const struct command *command_find(const char *name);
/* Whether `command` stands inside the group: "report show" in "report". */
bool command_is_inside(const struct command *command, const char *group);

/* Finds the command that argv asks for and runs it; returns its exit code. argv[0] is ours. */
int command_dispatch(int argc, char **argv);

/* "conntest traffic: SENTENCE" on stderr; returns `exit_code`. NULL: "conntest: SENTENCE". */
int command_fail(const struct command *command, enum exit_code exit_code,
		 const struct error *error);
/* The exit code after options_parse() returned `code` < 0: 0 after --help, else 2 with the
 * sentence printed. */
int command_stop(const struct command *command, int code, const struct error *error);

/* The -errno of reading what a file named on the command line holds, as one of wrong usage:
 * -EINVAL, but where memory was short. */
int command_file_code(int code);

/* What the exit code says, for help and manual. */
const char *exit_code_sentence(enum exit_code exit_code);
