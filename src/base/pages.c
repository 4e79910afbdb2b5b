#include "base/pages.h"

#include <errno.h>
#include <sys/mman.h>

int pages_new(size_t size_bytes, enum pages_sharing sharing, void **ret)
{
	int flags = MAP_ANONYMOUS | MAP_NORESERVE;

	*ret = NULL;
	if (size_bytes == 0)
		return 0;
	flags |= sharing == PAGES_SHARED ? MAP_SHARED : MAP_PRIVATE;
	void *pages = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (pages == MAP_FAILED)
		return -errno;
	/* One touch of a huge page would take it whole. */
	(void)madvise(pages, size_bytes, MADV_NOHUGEPAGE);
	*ret = pages;
	return 0;
}

void pages_free(void *pages, size_t size_bytes)
{
	if (pages != NULL)
		(void)munmap(pages, size_bytes);
}
