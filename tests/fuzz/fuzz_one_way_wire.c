// Whatever arrives at source+udp, at discard+udp or at their clients is read within its bounds, and
// what was read and written again reads the same.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/one_way_wire.h"
#include "proto/source_wire.h"

static void read_datagram(const uint8_t *data, size_t size)
{
	struct one_way_head head;
	struct one_way_head again;

	if (!one_way_read(data, size, &head))
		return;
	uint8_t *copy = malloc(size);
	assert(copy != NULL);
	one_way_write(copy, size, &head);
	assert(one_way_read(copy, size, &again));
	assert(again.run == head.run && again.sequence == head.sequence);
	assert(again.sent_ns == head.sent_ns);
	assert(memcmp(copy, data, ONE_WAY_HEAD_BYTES) == 0);
	free(copy);
}

static void read_message(const uint8_t *data, size_t size)
{
	uint8_t copy[SOURCE_MESSAGE_BYTES];
	struct source_message message;

	if (!source_read(data, size, &message))
		return;
	assert(message.datagram_bytes >= SOURCE_BYTES_MIN);
	assert(message.datagram_bytes <= SOURCE_BYTES_MAX);
	source_write(copy, &message);
	assert(memcmp(copy, data, 56) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_datagram(data, size);
	read_message(data, size);
	return 0;
}
