/* What goes to stderr beside the report: one line a message, in one write, without control
 * characters; and whether a stream gets colour. Only cmd/, cli/, run/ and compat/ print. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* "CONTEXT: SENTENCE"; without a context the sentence alone. */
void message_print(const char *context, const char *sentence);

/* Whether `stream` gets colour; `when` is the value of --color: "auto", "always" or "never". Auto
 * means a terminal, no NO_COLOR in the environment and a TERM that is not "dumb". */
bool message_has_color(const char *when, FILE *stream);

/* That stdout can't be written has been said: message_finish_stdout() says it no more. */
void message_forget_stdout(void);

/* The last thing a command does: writes out stdout and returns `exit_code`, or EXIT_UNABLE with a
 * sentence if what was printed did not arrive. A reader that went away (`| head`) has what it
 * wanted: nothing is said. */
int message_finish_stdout(int exit_code);
