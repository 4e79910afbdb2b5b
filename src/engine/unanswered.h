/* Unanswered messages in the response histogram: each is entered at once as a lower bound, at the
 * reply timeout or the time it had been waited for. A missed one was never sent, and how long its
 * user would have waited is known only at the end of the run: it is entered at the reply timeout
 * and moved to (end - intended) then. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/hist.h"

struct unanswered {
	struct hist *response;     /* the recorder's */
	struct hist *missed_after; /* intended - begin of the missed ones */
	uint64_t begin_ns;
	uint64_t reply_timeout_ns;
};

/* -ENOMEM. */
nodiscard int unanswered_init(struct unanswered *unanswered, struct hist *response,
			      uint64_t reply_timeout_ns);
void unanswered_deinit(struct unanswered *unanswered);
void unanswered_begin(struct unanswered *unanswered, uint64_t begin_ns);
/* Sent, and given up at `at_ns`. */
void unanswered_lost(struct unanswered *unanswered, uint64_t due_ns, uint64_t at_ns);
/* `count` messages that fell due about then. */
void unanswered_missed(struct unanswered *unanswered, uint64_t due_ns, uint64_t count);
/* At the end of the run, once. */
void unanswered_finish(struct unanswered *unanswered, uint64_t end_ns);
