/* Lines of StatsD, put together to datagrams. Pure. */
#pragma once

#include <stddef.h>

#include "view/statsd.h"

/* Of a name behind the name space, with its value. */
#define STATSD_NAME_AND_VALUE_MAX 128

struct statsd_batch {
	const struct statsd_writer *writer; /* whose tags each line has */
	size_t used;
	char text[STATSD_DATAGRAM_MAX + 1];
};

/* `type` 'c' or 'g'. */
void statsd_batch_add(struct statsd_batch *batch, const char *name, const char *value, char type);
/* The same with tags of its own; NULL: none. */
void statsd_batch_add_tagged(struct statsd_batch *batch, const char *name, const char *value,
			     char type, const char *tags);
/* At the end: sends what waits. */
void statsd_batch_flush(struct statsd_batch *batch);
