#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>

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

void fd_reserve_standard(void)
{
	int fd;
	/* The lowest free number is taken, until the three are. O_PATH: every use is EBADF. */
	do
		fd = open("/", O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	(void)fd_close(fd);
}
