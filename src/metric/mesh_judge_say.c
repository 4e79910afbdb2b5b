#include "metric/mesh_judge_say.h"

#include <stdarg.h>
#include <stdio.h>

void mesh_say_begin(struct mesh_say *say, char *text, size_t room)
{
	*say = (struct mesh_say){ .text = text, .room = room };
	text[0] = '\0';
}

__attribute__((__format__(__printf__, 3, 0))) static void
append(struct mesh_say *say, const char *between, const char *format, va_list arguments)
{
	char clause[256];
	int length = vsnprintf(clause, sizeof(clause), format, arguments);
	size_t left = say->room - say->used;

	if (length < 0 || (size_t)length >= sizeof(clause))
		return;
	length = snprintf(say->text + say->used, left, "%s%s", say->used ? between : "", clause);
	if (length < 0 || (size_t)length >= left)
		say->text[say->used] = '\0';
	else
		say->used += (size_t)length;
}

void mesh_say(struct mesh_say *say, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(say, "; ", format, arguments);
	va_end(arguments);
}

void mesh_say_on(struct mesh_say *say, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(say, "", format, arguments);
	va_end(arguments);
}
