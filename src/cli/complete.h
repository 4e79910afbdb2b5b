/* Shell completion: the scripts only ask the program, which knows its tables. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Prints "WORD\tSUMMARY" for all that can stand in the place of the last of the words, which
 * follow "conntest" on the command line. bash hands over "--color=auto" as three words; both ways
 * are understood. Prints nothing where a file name or a host may stand. */
void complete_print(FILE *out, const char *const *words, size_t count);

/* The script of "bash", "zsh" or "fish"; NULL for another shell. */
const char *complete_script(const char *shell);
