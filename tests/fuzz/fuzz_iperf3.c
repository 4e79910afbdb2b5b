// A file of iperf3 from anywhere: a report, or refused with a sentence.
#include "foreign.h"
#include "metric/iperf3_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_json(data, size, iperf3_read);
}
