/* What `conntest help TOPIC` explains beside the commands. */
#pragma once

#include <stdio.h>

struct topic {
	const char *name;
	const char *summary;
	void (*print)(FILE *out);
};

/* All topics, ended by a row without a name: the table itself stands in cmd/help.c. */
const struct topic *topic_table(void);
const struct topic *topic_find(const char *name);
