/* How a run came back after each mark. Fed while it runs with marks, with what befalls the slots,
 * and with the answers of each window of 100 ms; asked at the end. Pure; moments are monotonic ns.
 *
 * affected      slots that break or fall silent between this mark and the next; one that has not
 *               answered since an earlier mark stays with that one
 * first, all    from the mark until the first, the last of them was answered again
 * throughput P  the baseline is the median of the answered messages a window over the 2 s before;
 *               from the mark to the start of the first 1 s, after it fell, in which every window
 *               has P % of it (rounded down to whole messages); 0 if no window between this mark
 *               and the next fell below */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/events.h"
#include "metric/record.h"
#include "metric/report.h"

#define CONVERGENCE_WINDOW_NS UINT64_C(100000000)
/* 19 days: 64 MiB. */
#define CONVERGENCE_WINDOWS_MAX ((size_t)1 << 24)

struct convergence;

/* -ENOMEM. */
nodiscard int convergence_new(uint32_t slots, struct convergence **ret);
void convergence_free(struct convergence *convergence);

/* Windows count from here; marks may come before, and are not measured then. */
void convergence_begin(struct convergence *convergence, uint64_t begin_ns);
/* What befalls a slot from here on is the end's doing. */
void convergence_end(struct convergence *convergence, uint64_t end_ns);
/* In order of time; REPORT_MARKS_MAX at most, those beyond are passed over. */
void convergence_mark(struct convergence *convergence, uint64_t at_ns);
/* What befalls slots over a stream: in the order of each slot's time, and no earlier than the marks
 * up to that time. Other events are passed over. */
void convergence_event(struct convergence *convergence, const struct event *event);
/* The same of datagram slots, whose interruptions are known later and told after the end, each
 * slot's in order: silent from `stall_after_ns` on. */
void convergence_interruption(struct convergence *convergence, const struct interval *interruption,
			      uint64_t stall_after_ns);
/* `received` messages were answered in all by the end of the first `windows` windows. Windows that
 * nobody looked after share evenly; what comes after the end belongs to the last. */
void convergence_count(struct convergence *convergence, uint64_t windows, uint64_t received);

/* After the end. Texts are constant. */
void convergence_result(const struct convergence *convergence, uint32_t mark,
			struct report_convergence *ret);
