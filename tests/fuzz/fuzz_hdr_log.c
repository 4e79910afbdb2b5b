// A histogram log from anywhere: a report, or refused with a sentence.
#include "foreign.h"
#include "metric/hdr_log_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = { "" };
	struct report *report = NULL;
	if (report_new(&report) < 0)
		abort();
	if (hdr_log_read((const char *)data, size, report, &error) == 0)
		use(report);
	else
		assert(*error.text != '\0');
	report_free(report);
	return 0;
}
