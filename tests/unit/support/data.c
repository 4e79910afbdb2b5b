#include "support/data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "metric/report_read.h"
#include "view/sentence.h"

struct buffer data_text(const char *name)
{
	static char block[1 << 16];
	char path[512];
	struct buffer text;
	size_t size = 0;
	const char *source = getenv("CONNTEST_SOURCE");
	(void)snprintf(path, sizeof(path), "%s/tests/data/%s", source ? source : ".", name);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("%s is missing", path);
	buffer_init(&text, REPORT_FILE_MAX);
	while ((size = fread(block, 1, sizeof(block), file)) > 0)
		buffer_append(&text, block, size);
	(void)fclose(file);
	return text;
}

struct report *data_report(const char *name)
{
	struct buffer text = data_text(name);
	struct report *report = NULL;
	struct error error = { "" };
	if (report_read(buffer_text(&text), text.size, &error, &report) < 0)
		fail_msg("%s: %s", name, error.text);
	if (!report->headline)
		sentence_build(report);
	buffer_deinit(&text);
	return report;
}
