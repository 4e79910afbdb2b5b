/* See report_latency.h. */
#include "metric/report_latency.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "metric/hdr_codec.h"

static const char *encoded(const struct hist *hist, struct arena *arena)
{
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, 2 * HDR_UNPACKED_MAX);
	hdr_encode(hist, &text);
	return text.error ? NULL : arena_text(arena, buffer_text(&text));
}

struct report_latency report_latency_of(const struct hist *hist, struct arena *arena)
{
	if (hist->count == 0)
		return (struct report_latency){ .is_measured = true };
	return (struct report_latency){
		.is_measured = true,
		.count = hist->count,
		.censored = hist->censored,
		.censored_min_ns = hist->censored_min,
		.min_ns = hist->minimum,
		.mean_ns = (uint64_t)hist_mean(hist),
		.p50_ns = hist_percentile(hist, 50),
		.p90_ns = hist_percentile(hist, 90),
		.p99_ns = hist_percentile(hist, 99),
		.p99_9_ns = hist_percentile(hist, 99.9),
		.p99_99_ns = hist_percentile(hist, 99.99),
		.max_ns = hist->maximum,
		.hdr = encoded(hist, arena),
	};
}

/* What the text alone does not tell. Only within the buckets that have the first and last count. */
static bool make_exact(const struct report_latency *latency, struct hist *hist)
{
	bool is_consistent = latency->count == hist->count && latency->censored <= hist->count &&
			     latency->max_ns <= hist->highest &&
			     latency->min_ns <= latency->max_ns && hist->count > 0 &&
			     hist_index(hist, latency->min_ns) == hist_index(hist, hist->minimum) &&
			     hist_index(hist, latency->max_ns) == hist_index(hist, hist->maximum);
	if (!is_consistent)
		return false;
	hist->minimum = latency->min_ns;
	hist->maximum = latency->max_ns;
	hist->censored = latency->censored;
	hist->censored_min = latency->censored_min_ns;
	if (__builtin_mul_overflow(latency->mean_ns, latency->count, &hist->sum))
		hist->sum = UINT64_MAX;
	return true;
}

int report_latency_hist(const struct report_latency *latency, struct error *error, struct hist *ret)
{
	if (latency->count == 0)
		return 0;
	if (!latency->hdr)
		return error_set(error, ENODATA, "the report holds no histogram");
	int result = hdr_decode(latency->hdr, strlen(latency->hdr), error, ret);
	if (result == 0 && !make_exact(latency, ret)) {
		hist_clear(ret);
		result = error_set(error, EINVAL, "a histogram does not fit its own figures");
	}
	return result;
}
