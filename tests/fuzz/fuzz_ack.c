// Lines of the older conntest, whole and byte by byte: answered and ended alike.
#include <assert.h>

#include "fuzz.h"
#include "proto/ack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ack_reader whole = { 0 };
	struct ack_reader pieces = { 0 };
	enum ack_verdict verdict = ACK_GOES_ON;
	size_t lines = 0, sum = 0;

	enum ack_verdict at_once = ack_read(&whole, data, size, &lines);
	for (size_t i = 0; i < size && verdict == ACK_GOES_ON; i++) {
		size_t more = 0;
		verdict = ack_read(&pieces, data + i, 1, &more);
		sum += more;
	}
	assert(at_once == verdict && lines == sum && lines <= size);
	assert(at_once != ACK_GOES_ON || whole.length == pieces.length);
	assert(whole.length <= ACK_LINE_MAX && pieces.length <= ACK_LINE_MAX);
	return 0;
}
