/* See topic.h. */
#include "cli/topic.h"

#include <stddef.h>
#include <string.h>

const struct topic *topic_find(const char *name)
{
	for (const struct topic *topic = topic_table(); topic->name; topic++) {
		if (strcmp(topic->name, name) == 0)
			return topic;
	}
	return NULL;
}
