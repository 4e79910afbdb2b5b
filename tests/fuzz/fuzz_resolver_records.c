// Any bytes as a DNS message: what its records tell lies inside it, and there is an end.
#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "net/resolver_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolver_records records;
	struct resolver_record record;
	struct endpoint endpoint;
	size_t count = 0;

	if (size > 65535)
		return 0;
	resolver_records_begin(&records, data, (int)size);
	while (resolver_records_next(&records, &record)) {
		assert(record.data >= data && record.data + record.size <= data + size);
		assert(strlen(record.name) < sizeof(record.name));
		(void)resolver_record_address(&record, &endpoint);
		assert(++count <= size);
	}
	return 0;
}
