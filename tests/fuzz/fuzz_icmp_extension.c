// Whatever stands behind a quoted packet: labels are of 20 bits and never more than there is room
// for, and the first of them do not depend on how many are asked for.
#include <assert.h>

#include "fuzz.h"
#include "proto/icmp_extension.h"

#define LABEL_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t labels[LABEL_MAX] = { 0 };
	uint32_t first = 0;
	unsigned count = icmp_extension_labels(data, size, labels, LABEL_MAX);

	assert(count <= LABEL_MAX && count * 4 + 8 <= size + (count == 0 ? 8 : 0));
	for (unsigned i = 0; i < count; i++)
		assert(labels[i] < 1u << 20);
	assert(icmp_extension_labels(data, size, &first, 1) == (count > 0));
	assert(first == labels[0]);
	return 0;
}
