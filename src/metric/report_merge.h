/* Several reports of one command made one: of generators on several hosts that ran together, or of
 * runs one after the other. Pure.
 *
 * Moments count from the earliest start. Counts add up; slots, connections and intervals stand
 * beside each other under numbers of their own. Histograms are merged from all of their counts,
 * percentiles are never averaged; a sample's are the worse of those that share it. Rates are of the
 * time in which all runs went on, and there is none if they had none in common. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "metric/report.h"

#define MERGE_REPORTS_MAX 256
/* Connections that the result has at most; what is left out is counted. */
#define MERGE_CONNECTIONS_MAX 100000

/* The reports outlive the result, which has no sentences yet. `notes` gets, a clause each, what
 * could not be merged and what to know of the rest. -EINVAL: of different commands or tools. */
nodiscard int report_merge(const struct report *const *reports, size_t count, struct buffer *notes,
			   struct error *error, struct report **ret);
