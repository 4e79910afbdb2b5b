// Whatever arrives as a probe of a path is read within its bounds, and what was read is written and
// read again as the same.
#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "proto/path_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[PATH_WIRE_BYTES + 1] = { [PATH_WIRE_BYTES] = 0xa5 };
	struct path_wire read;
	struct path_wire again;

	if (!path_wire_read(data, size, &read))
		return 0;
	assert(size >= PATH_WIRE_BYTES);
	path_wire_write(head, &read);
	assert(head[PATH_WIRE_BYTES] == 0xa5);
	assert(path_wire_read(head, PATH_WIRE_BYTES, &again));
	assert(memcmp(read.cookie, again.cookie, sizeof(read.cookie)) == 0);
	assert(read.kind == again.kind && read.number == again.number && read.run == again.run);
	assert(read.received == again.received);
	assert(endpoint_is_equal(&read.sender, &again.sender));
	assert(endpoint_is_equal(&read.server, &again.server));
	return 0;
}
