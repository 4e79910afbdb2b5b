/* How much of a stream arrived, and who says so: the receiver where it is ours and told, else the
 * kernel that acknowledged, else we ourselves who read it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "metric/report.h"

enum goodput_source {
	GOODPUT_READ,     /* here: what was answered to us, or sent to us */
	GOODPUT_RECEIVER, /* at the far end, as it told */
	GOODPUT_ACKED,    /* by the far end's kernel */
};

struct goodput {
	enum goodput_source source;
	uint64_t bytes;
	double bits_per_second;
};

/* Nobody answers the messages of this stream: what matters has arrived elsewhere. */
bool report_is_one_way(const struct report_stream *stream);
/* Its datagrams are counted where they arrive, and somebody there was asked: what was lost, came
 * twice or in another order is in `datagrams`, or receiver.reason says why it is not known. */
bool report_is_told(const struct report_stream *stream);
/* NULL, or why nothing can be said. */
const char *report_goodput(const struct report *report, const struct report_stream *stream,
			   struct goodput *ret);
/* Its bytes alone, which need no time. */
const char *report_goodput_bytes(const struct report_stream *stream, struct goodput *ret);

/* Adds what is known of another run's stream; nothing is known where it was not for one. */
void report_receiver_merge(const struct report_receiver *from, struct report_receiver *into);
