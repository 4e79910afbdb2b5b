/* See foreign.h. */
#include "metric/foreign.h"

#include <string.h>

#include "base/attributes.h"

/* Names of figures, or their beginnings with a dot, each between blanks. */
static const struct {
	const char *tool;
	const char *reason;
	const char *figures;
} tools[] = {
	{ "ctraffic", "ctraffic counts none",
	  " scheduled sent received lost in_flight missed failed disconnects retransmits "
	  "bytes_sent bytes_received goodput survival. duration " },
	{ "iperf3", "iperf3 counts none",
	  " sent received lost reordered retransmits bytes_sent bytes_received goodput rtt. cpu "
	  "duration " },
	{ "hdr", "a histogram log has none", " received response. duration " },
};

bool foreign_report(const struct report *report)
{
	return strcmp(report->tool_name, "conntest") != 0;
}

/* Does one of the words begin like this and end here, or in a dot? */
static bool has_word(const char *words, const char *name)
{
	size_t size = strlen(name);
	const char *dot = strchr(name, '.');
	size_t family = dot ? (size_t)(dot - name) + 1 : size;
	for (const char *word = words + 1; *word; word = strchr(word, ' ') + 1) {
		size_t length = strcspn(word, " ");
		bool is_whole = length == size && strncmp(word, name, size) == 0;
		bool is_family = dot && length == family && strncmp(word, name, family) == 0;
		if (is_whole || is_family)
			return true;
	}
	return false;
}

const char *foreign_lacks(const struct report *report, const char *figure)
{
	for (size_t i = 0; i < array_size(tools); i++) {
		if (strcmp(report->tool_name, tools[i].tool) == 0)
			return has_word(tools[i].figures, figure) ? NULL : tools[i].reason;
	}
	return NULL;
}
