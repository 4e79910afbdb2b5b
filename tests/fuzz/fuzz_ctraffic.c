// A file of ctraffic from anywhere: a report, or refused with a sentence.
#include "foreign.h"
#include "metric/ctraffic_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_json(data, size, ctraffic_read);
}
