/* See xml.h. */
#include "base/xml.h"

#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"
#include "base/utf8.h"

/* What a character is written as: an attribute would turn a newline into a blank. NULL: as it is.
 */
static const char *escape_of(char character)
{
	static const struct {
		char character;
		const char *escape;
	} escapes[] = {
		{ '&', "&amp;" },  { '<', "&lt;" },   { '>', "&gt;" },  { '"', "&quot;" },
		{ '\'', "&#39;" }, { '\n', "&#10;" }, { '\t', "&#9;" }, { '\r', "&#13;" },
	};
	for (size_t i = 0; i < array_size(escapes); i++)
		if (escapes[i].character == character)
			return escapes[i].escape;
	return (unsigned char)character < 0x20 ? UTF8_REPLACEMENT : NULL;
}

void xml_append(struct buffer *out, const char *text)
{
	for (size_t length; text && *text; text += length > 0 ? length : 1) {
		length = utf8_length(text);
		/* U+FFFE and U+FFFF are UTF-8, but no characters. */
		bool is_none = strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
			       strncmp(text, "\xef\xbf\xbf", 3) == 0;
		const char *escape = length == 0 || is_none ? UTF8_REPLACEMENT : escape_of(*text);
		if (escape)
			buffer_append_text(out, escape);
		else
			buffer_append(out, text, length);
	}
}
