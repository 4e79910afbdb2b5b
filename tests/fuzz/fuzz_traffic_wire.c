// Whatever arrives as a message of `traffic` is read, named and filled within its bounds, and what
// was filled in reads back.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/traffic_wire.h"

static void read_stream(const uint8_t *data, size_t size)
{
	uint32_t message_bytes = wire_read_stream_size(data, size);
	char name[WIRE_NAME_BYTES];

	assert(message_bytes == 0 || (size >= 80 && message_bytes >= 80));
	size_t length = wire_read_name(data, size, name);
	assert(length < sizeof(name) && strlen(name) == length);
}

static void answer_datagram(const uint8_t *data, size_t size)
{
	struct wire_datagram read;
	uint8_t *answer = malloc(size + 1);

	assert(answer != NULL);
	answer[size] = 0xa5;
	memcpy(answer, data, size);
	wire_write_name(answer, size, "web-3-7d9f");
	if (wire_read_datagram(answer, size, &read)) {
		wire_fill_datagram(answer, read.sequence, read.receiver_count);
		struct wire_datagram filled;
		assert(wire_read_datagram(answer, size, &filled));
		assert(filled.flow == read.flow && filled.sequence == read.sequence);
		assert(filled.receiver_count == read.sequence);
		assert(filled.receiver_clock_ns == read.receiver_count);
	}
	assert(answer[size] == 0xa5);
	free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0) {
		read_stream(data, size);
		answer_datagram(data, size);
	}
	return 0;
}
