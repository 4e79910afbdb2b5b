#include "sys/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_can_rewrite(int fd)
{
	const char *name = getenv("TERM");
	return isatty(fd) == 1 && name && *name && strcmp(name, "dumb") != 0;
}

unsigned terminal_columns(int fd)
{
	struct winsize size = { 0 };
	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
