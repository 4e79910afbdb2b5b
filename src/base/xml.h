/* Text inside of XML and HTML. */
#pragma once

#include "base/buffer.h"

/* Appends `text`, NULL as nothing, so that it is that text in an element or in a quoted attribute.
 * What XML 1.0 can't hold (control characters, bytes that are no UTF-8) becomes U+FFFD. */
void xml_append(struct buffer *out, const char *text);
