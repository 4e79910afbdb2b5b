#include "sys/fd.h"

#include <errno.h>

int fd_close(int fd)
{
	if (fd < 0)
		return -1;
	int saved = errno;
	/* After EINTR the descriptor is gone too on Linux: never close twice. */
	(void)close(fd);
	errno = saved;
	return -1;
}
