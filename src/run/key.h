/* The keys that a run knows, out of the bytes that a terminal sends for them: arrows as ECMA-48
 * has them (ESC [ A) and as keypads do (ESC O A), in however many pieces they come. Pure. */
#pragma once

#include <stdint.h>

enum key { KEY_NONE, KEY_FASTER, KEY_SLOWER, KEY_PAUSE, KEY_END };

struct key_parser {
	enum { KEY_PLAIN, KEY_ESCAPED, KEY_IN_SEQUENCE } state;
};

/* KEY_NONE: the byte is part of one, or of none that is known. */
enum key key_take(struct key_parser *parser, uint8_t byte);
