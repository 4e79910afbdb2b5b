// The count of discard, whole and in two pieces: read the same, and written as it was.
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "proto/discard_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct discard_answer whole = { 0 };
	struct discard_answer pieces = { 0 };
	size_t cut = size > 0 ? data[0] % size : 0;
	char text[DISCARD_ANSWER_MAX + 1];

	(void)discard_answer_read(&whole, data, size);
	(void)discard_answer_read(&pieces, data, cut);
	(void)discard_answer_read(&pieces, data + cut, size - cut);
	assert(whole.state == pieces.state);
	if (whole.state != DISCARD_ANSWER_DONE)
		return 0;
	assert(whole.bytes == pieces.bytes);
	int length = snprintf(text, sizeof(text), "%" PRIu64 "\n", whole.bytes);
	assert((size_t)length == size && memcmp(text, data, size) == 0);
	return 0;
}
