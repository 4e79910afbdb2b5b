#include "view/statsd_batch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The longest line fits into a datagram of its own. */
static_assert(STATSD_NAME_SPACE_MAX + STATSD_NAME_AND_VALUE_MAX + STATSD_TAGS_MAX <
		      STATSD_DATAGRAM_MAX,
	      "a line is cut off");

void statsd_batch_flush(struct statsd_batch *batch)
{
	if (batch->used > 0)
		batch->writer->send(batch->writer->context, batch->text, batch->used);
	batch->used = 0;
}

void statsd_batch_add_tagged(struct statsd_batch *batch, const char *name, const char *value,
			     char type, const char *tags)
{
	const struct statsd_writer *writer = batch->writer;
	char line[STATSD_DATAGRAM_MAX];
	size_t size = (size_t)snprintf(line, sizeof(line), "%s.%s:%s|%c%s%s\n", writer->name_space,
				       name, value, type, tags ? "|#" : "", tags ? tags : "");
	assert(size < sizeof(line));
	if (batch->used + size > STATSD_DATAGRAM_MAX)
		statsd_batch_flush(batch);
	memcpy(batch->text + batch->used, line, size);
	batch->used += size;
}

void statsd_batch_add(struct statsd_batch *batch, const char *name, const char *value, char type)
{
	statsd_batch_add_tagged(batch, name, value, type, batch->writer->tags);
}
