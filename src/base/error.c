/* See error.h. Pure text work: no I/O, any thread. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int code, const char *format, ...)
{
	if (!error)
		return -code;
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return -code;
}

void error_prefix(struct error *error, const char *format, ...)
{
	if (!error)
		return;
	struct error sentence = *error;
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);

	size_t used = strlen(error->text);
	(void)snprintf(error->text + used, sizeof(error->text) - used, ": %s", sentence.text);
}
