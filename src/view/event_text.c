/* See event_text.h. */
#include "view/event_text.h"

#include <string.h>

#include "base/date.h"
#include "view/phrase.h"

#define TIME_OF_DAY strlen("2026-11-20T")

void event_text_write(struct buffer *out, int64_t unix_ns, int64_t offset_ns, const char *text)
{
	char date[DATE_TEXT_MAX], offset[PHRASE_MAX];
	(void)date_format_ms(unix_ns, date);
	buffer_append_format(out, "%s  %s  %s\n", date + TIME_OF_DAY,
			     phrase_offset(offset_ns, offset), text);
}
