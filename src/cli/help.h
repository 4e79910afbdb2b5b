/* --help: the tables as plain text of at most 100 columns. */
#pragma once

#include <stdio.h>

#include "cli/command.h"

#define HELP_COLUMNS 100

/* What `conntest --help` prints. */
void help_print_overview(FILE *out);

/* OPTION_FIRST_HOUR: what --help prints. OPTION_ALL: every option. OPTION_SOCKET, OPTION_TLS,
 * OPTION_OUTPUT: these alone. */
void help_print_command(FILE *out, const struct command *command, enum option_level level);

/* What behind --help asks for a level: "socket"; NULL for that of --help itself. */
const char *help_level_word(enum option_level level);
/* The level that the word asks for, the first for all others and NULL. */
enum option_level help_level_find(const char *word);

/* The heading over the options of a level, and the levels in their order. */
const char *help_level_heading(enum option_level level);

/* Prints the text broken at blanks, every line but the first indented by `indent` columns; the
 * first begins at column `column`. Ends the line. */
void help_print_wrapped(FILE *out, const char *text, int column, int indent);
