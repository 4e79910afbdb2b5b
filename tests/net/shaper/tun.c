#include "shaper/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sys/fd.h"

int tun_open(const char *namespace, const char *device)
{
	char path[256];
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	snprintf(path, sizeof path, "%s%s", strchr(namespace, '/') ? "" : "/run/netns/", namespace);
	owned_fd int space = open(path, O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWNET) < 0)
		return -errno;
	owned_fd int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
	if (ioctl(tun, TUNSETIFF, &request) < 0)
		return -errno;
	return take_fd(&tun);
}
