#include "view/pairs_text.h"

#include <string.h>

#include "metric/report_settings.h"
#include "view/phrase.h"

void pairs_text(const struct report *report, struct buffer *out)
{
	char count[PHRASE_MAX];
	uint64_t pairs = report->generator.pairs;
	const char *cpus = report_setting(report, "cpus");
	bool is_pinned = cpus && strcmp(cpus, "off") != 0;
	buffer_append_format(out, "both ends in this process, %s",
			     phrase_count(pairs, "pair", count));
	if (is_pinned)
		buffer_append_text(out, pairs > 1 ? ", each on one cpu" : " on one cpu");
}
