#include "engine/unanswered.h"

#include <errno.h>
#include <stdlib.h>

/* Half a percent of the time of day of a missed message is exact enough for a lower bound. */
static const struct hist_range missed_range = { UINT64_C(30) * 24 * 3600 * 1000000000, 2 };

int unanswered_init(struct unanswered *unanswered, struct hist *response, uint64_t reply_timeout_ns)
{
	*unanswered =
		(struct unanswered){ .response = response, .reply_timeout_ns = reply_timeout_ns };
	unanswered->missed_after = calloc(1, hist_size(missed_range));
	if (!unanswered->missed_after)
		return -ENOMEM;
	hist_init(unanswered->missed_after, missed_range);
	return 0;
}

void unanswered_deinit(struct unanswered *unanswered)
{
	free(unanswered->missed_after);
	unanswered->missed_after = NULL;
}

void unanswered_begin(struct unanswered *unanswered, uint64_t begin_ns)
{
	unanswered->begin_ns = begin_ns;
}

void unanswered_lost(struct unanswered *unanswered, uint64_t due_ns, uint64_t at_ns)
{
	uint64_t waited = at_ns - due_ns;
	if (waited < unanswered->reply_timeout_ns)
		waited = unanswered->reply_timeout_ns;
	hist_add_censored(unanswered->response, waited, 1);
}

void unanswered_missed(struct unanswered *unanswered, uint64_t due_ns, uint64_t count)
{
	hist_add_censored(unanswered->response, unanswered->reply_timeout_ns, count);
	hist_add_many(unanswered->missed_after, due_ns - unanswered->begin_ns, count);
}

void unanswered_finish(struct unanswered *unanswered, uint64_t end_ns)
{
	struct hist_bucket bucket;
	int64_t index = 0;
	while ((index = hist_next(unanswered->missed_after, index, &bucket)) >= 0) {
		uint64_t due_ns = unanswered->begin_ns + bucket.highest;
		if (due_ns + unanswered->reply_timeout_ns < end_ns)
			hist_move_censored(unanswered->response, unanswered->reply_timeout_ns,
					   end_ns - due_ns, bucket.count);
	}
}
