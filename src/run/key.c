#include "run/key.h"

static enum key plain(uint8_t byte)
{
	switch (byte) {
	case '+':
	case '=': /* the same key, unshifted */
		return KEY_FASTER;
	case '-':
		return KEY_SLOWER;
	case ' ':
		return KEY_PAUSE;
	case 'q':
	case 'Q':
		return KEY_END;
	default:
		return KEY_NONE;
	}
}

static enum key arrow(uint8_t byte)
{
	if (byte == 'A')
		return KEY_FASTER;
	return byte == 'B' ? KEY_SLOWER : KEY_NONE;
}

enum key key_take(struct key_parser *parser, uint8_t byte)
{
	if (byte == '\033') {
		parser->state = KEY_ESCAPED;
		return KEY_NONE;
	}
	switch (parser->state) {
	case KEY_ESCAPED:
		parser->state = byte == '[' || byte == 'O' ? KEY_IN_SEQUENCE : KEY_PLAIN;
		return KEY_NONE;
	case KEY_IN_SEQUENCE:
		if (byte < 0x40 || byte > 0x7E) /* ESC [ 1 ; 5 A: its parameters */
			return KEY_NONE;
		parser->state = KEY_PLAIN;
		return arrow(byte);
	default:
		return plain(byte);
	}
}
