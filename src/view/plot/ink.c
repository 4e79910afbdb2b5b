/* See ink.h. */
#include "view/plot/ink.h"

const struct ink_row ink_table[INK_COUNT] = {
#define INK(symbol, name, light, dark) [INK_##symbol] = { name, light, dark },
	INK_TABLE
#undef INK
};
