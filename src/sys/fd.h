/* Owned descriptors: close that keeps errno, and a cleanup attribute for locals. */
#pragma once

#include <unistd.h>

#include "base/attributes.h"

/* Closes and returns -1, so that `fd = fd_close(fd)`. Harmless on -1; errno is kept. */
int fd_close(int fd);
static inline void fd_cleanup(int *fd)
{
	(void)fd_close(*fd);
}
/* Where standard input, output or error is closed, puts a descriptor there that can be neither read
 * nor written, so that no file of ours is taken for it. Call it first. */
void fd_reserve_standard(void);
#define owned_fd cleanup(fd_cleanup)
/* Hands over: returns the descriptor and leaves -1. */
static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}
