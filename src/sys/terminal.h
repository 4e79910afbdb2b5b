/* What a terminal can show. */
#pragma once

#include <stdbool.h>

/* `fd` is a terminal that obeys escape sequences; one of TERM=dumb, or of none, does not. */
bool terminal_can_rewrite(int fd);
/* Its width now, which changes with its window; 0: unknown. */
unsigned terminal_columns(int fd);
