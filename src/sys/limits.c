#include "sys/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sys/fd.h"

uint64_t limits_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	rlim_t soft = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : soft;
}

int limits_read_text(const char *path, char *text, size_t size)
{
	owned_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t got = read(fd, text, size - 1);
	if (got < 0)
		return -errno;
	text[got] = '\0';
	return 0;
}

int limits_read_number(const char *path, uint64_t *ret)
{
	char text[64];
	int rc = limits_read_text(path, text, sizeof(text));
	if (rc < 0)
		return rc;
	char *end = text;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (end == text || errno != 0)
		return -EINVAL;
	*ret = value;
	return 0;
}

int limits_read_port_range(uint16_t *ret_low, uint16_t *ret_high)
{
	char text[64];
	int rc = limits_read_text("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof(text));
	if (rc < 0)
		return rc;
	char *rest = text;
	unsigned long low = strtoul(text, &rest, 10);
	unsigned long high = strtoul(rest, NULL, 10);
	if (low == 0 || high < low || high > UINT16_MAX)
		return -EINVAL;
	*ret_low = (uint16_t)low;
	*ret_high = (uint16_t)high;
	return 0;
}

uint64_t limits_listen_queue(void)
{
	uint64_t length = 0;
	(void)!limits_read_number("/proc/sys/net/core/somaxconn", &length);
	return length;
}

/* /proc/net/netstat has two lines a group: the names, then the values in the same order. */
static uint64_t sum_overflows(char *names, char *values)
{
	char *name_rest = NULL;
	char *value_rest = NULL;
	char *name = strtok_r(names, " \n", &name_rest);
	char *value = strtok_r(values, " \n", &value_rest);
	uint64_t sum = 0;

	while (name != NULL && value != NULL) {
		if (strcmp(name, "ListenOverflows") == 0 || strcmp(name, "ListenDrops") == 0)
			sum += strtoull(value, NULL, 10);
		name = strtok_r(NULL, " \n", &name_rest);
		value = strtok_r(NULL, " \n", &value_rest);
	}
	return sum;
}

uint64_t limits_listen_overflows(void)
{
	char names[8192];
	char values[8192];
	FILE *file = fopen("/proc/net/netstat", "re");
	uint64_t sum = 0;

	if (file == NULL)
		return 0;
	while (fgets(names, sizeof(names), file) != NULL &&
	       fgets(values, sizeof(values), file) != NULL) {
		if (strncmp(names, "TcpExt:", 7) == 0)
			sum = sum_overflows(names, values);
	}
	(void)fclose(file);
	return sum;
}
