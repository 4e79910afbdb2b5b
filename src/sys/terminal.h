/* What a terminal can show, and single keys from it. */
#pragma once

#include <stdbool.h>

#include "base/attributes.h"

/* `fd` is a terminal that obeys the escape sequences of ECMA-48. Nearly all do: those that don't
 * are known by their TERM (dumb, unknown, vt52 ...), or have none. */
bool terminal_can_rewrite(int fd);

struct terminal_size {
	unsigned columns; /* 0: unknown, as on a serial line of which nobody said it */
	unsigned rows;
};
/* Its size now, which changes with its window. */
struct terminal_size terminal_size(int fd);
/* This process is not in the background of that terminal. True where nobody can tell. */
bool terminal_is_foreground(int fd);

/* Keys come one by one and are not echoed from now on; reading never waits. Signals of keys stay.
 * Once in a process at a time; a crash gives the terminal back too. -errno. */
nodiscard int terminal_take_keys(int fd);
/* As it was. Harmless where it was not taken, and when the terminal is gone. */
void terminal_give_back(void);
