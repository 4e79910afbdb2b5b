#include "sys/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/limits.h"

uint64_t memory_resident_bytes(void)
{
	char text[128];
	long page = sysconf(_SC_PAGESIZE);

	if (limits_read_text("/proc/self/statm", text, sizeof(text)) < 0)
		return 0;
	const char *second = strchr(text, ' ');
	return second && page > 0 ? strtoull(second, NULL, 10) * (uint64_t)page : 0;
}
