/* A configuration file with everything that one can say, as a comment. */
#pragma once

#include <stdio.h>

/* All commands that read one, with every option at its default, commented out: parses as it is, and
 * line by line without the "#". */
void config_example_print(FILE *out);
