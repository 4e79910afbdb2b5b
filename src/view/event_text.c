/* See event_text.h. */
#include "view/event_text.h"

#include <string.h>

#include "base/date.h"
#include "view/phrase.h"

#define TIME_OF_DAY strlen("2026-11-20T")

static void write_line(struct buffer *out, int64_t unix_ns, const char *clock, int64_t offset_ns,
		       const char *text)
{
	char date[DATE_TEXT_MAX], offset[PHRASE_MAX];
	(void)date_format_ms(unix_ns, date);
	buffer_append_format(out, "%s  %s%s  %s\n", date + TIME_OF_DAY, clock,
			     phrase_offset(offset_ns, offset), text);
}

void event_text_write(struct buffer *out, int64_t unix_ns, int64_t offset_ns, const char *text)
{
	write_line(out, unix_ns, "", offset_ns, text);
}

void event_text_write_ramp(struct buffer *out, int64_t unix_ns, int64_t offset_ns, const char *text)
{
	write_line(out, unix_ns, "ramp ", offset_ns, text);
}
