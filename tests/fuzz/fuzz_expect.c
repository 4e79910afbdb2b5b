// An expectation as typed: parsed, or refused with a sentence; what was parsed is checked against a
// plan and evaluated.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "metric/expect.h"

static void evaluate(struct expect_list *list)
{
	static const struct expect_stream streams[] = {
		{ "persistent", "slots", "tcp", 0 },
		{ "path", "probes", "udp", 0 },
	};
	struct error error = { "" };
	struct report *report = NULL;
	if (report_new(&report) < 0)
		abort();
	for (unsigned i = 0; i < 2; i++)
		*report_add_stream(report) = (struct report_stream){
			.name = streams[i].name,
			.kind = streams[i].kind,
			.transport = streams[i].transport,
			.is_measured = true,
		};
	if (expect_check(list, streams, 2, &error) < 0)
		assert(*error.text != '\0');
	expect_evaluate(list, report);
	report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct expect_list list = { 0 };
	struct error error = { "" };
	char *text = calloc(1, size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	if (expect_parse(text, &error, &list) < 0)
		assert(*error.text != '\0' && list.count == 0);
	else
		evaluate(&list);
	free(text);
	return 0;
}
