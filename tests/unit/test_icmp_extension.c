/* Extensions behind quoted packets, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/icmp_extension.h"

#define LABEL_MAX 3

struct extension {
	uint8_t bytes[32];
	size_t size;
	unsigned count;
	uint32_t labels[LABEL_MAX];
};

/* Version 2, no checksum; MPLS is class 1, type 1; a label has 20 bits, then class, bottom, TTL. */
#define HEAD       0x20, 0, 0, 0
#define LABEL_17   0x00, 0x01, 0x11, 0x01
#define LABEL_MOST 0xff, 0xff, 0xf0, 0xff

/* clang-format off */
static const struct extension extensions[] = {
	{ { HEAD, 0, 8, 1, 1, LABEL_17 }, 12, 1, { 17 } },
	{ { HEAD, 0, 12, 1, 1, LABEL_MOST, LABEL_17 }, 16, 2, { 1048575, 17 } },
	{ { HEAD, 0, 20, 1, 1, LABEL_17, LABEL_17, LABEL_17, LABEL_MOST }, 24, 3, { 17, 17, 17 } },
	/* behind another object */
	{ { HEAD, 0, 8, 2, 3, 1, 2, 3, 4, 0, 8, 1, 1, LABEL_17 }, 20, 1, { 17 } },
	/* only another object, or another type of it */
	{ { HEAD, 0, 8, 2, 1, LABEL_17 }, 12, 0, { 0 } },
	{ { HEAD, 0, 8, 1, 2, LABEL_17 }, 12, 0, { 0 } },
	/* an entry that is cut, an object that is, a length that is none */
	{ { HEAD, 0, 10, 1, 1, LABEL_17, 0, 1 }, 14, 1, { 17 } },
	{ { HEAD, 0, 12, 1, 1, LABEL_17 }, 12, 0, { 0 } },
	{ { HEAD, 0, 0, 1, 1, LABEL_17 }, 12, 0, { 0 } },
	{ { HEAD, 0, 3, 1, 1, LABEL_17 }, 12, 0, { 0 } },
	/* a checksum that fits, and one that does not; another version; nothing */
	{ { 0x20, 0, 0xcd, 0xf4, 0, 8, 1, 1, LABEL_17 }, 12, 1, { 17 } },
	{ { 0x20, 0, 0xcd, 0xf5, 0, 8, 1, 1, LABEL_17 }, 12, 0, { 0 } },
	{ { 0x10, 0, 0, 0, 0, 8, 1, 1, LABEL_17 }, 12, 0, { 0 } },
	{ { HEAD }, 4, 0, { 0 } },
	{ { HEAD }, 3, 0, { 0 } },
	{ { 0 }, 0, 0, { 0 } },
};
/* clang-format on */

static void test_labels(void **state)
{
	for (size_t i = 0; i < array_size(extensions); i++) {
		const struct extension *one = &extensions[i];
		uint32_t labels[LABEL_MAX] = { 0 };
		unsigned count = icmp_extension_labels(one->bytes, one->size, labels, LABEL_MAX);
		if (count != one->count)
			fail_msg("row %zu: %u labels, not %u", i, count, one->count);
		assert_memory_equal(labels, one->labels, sizeof(labels));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_labels) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
