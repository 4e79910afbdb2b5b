#include "view/ping_one_way.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/units.h"
#include "view/ping_lines.h"

/* What a host says whose clock nothing sets (struct clock_quality). */
#define UNSET_CLOCK_NS (16 * NS_PER_S)

static bool is_known(const struct report_probe *probe)
{
	return probe->clock_error_ns > 0 && probe->forward_ns != INT64_MIN &&
	       probe->backward_ns != INT64_MIN;
}

static void append_error(uint64_t error_ns, struct buffer *out)
{
	char error[PING_MS_MAX];
	if (error_ns >= UNSET_CLOCK_NS)
		buffer_append_text(out, ", by clocks that nothing sets");
	else
		buffer_append_format(out, ", ±%s", ping_ms(error_ns, error));
}

void ping_one_way(const struct report_probe *probe, struct buffer *out)
{
	if (!is_known(probe))
		return;
	buffer_append_format(out, "   there %.2f, back %.2f", (double)probe->forward_ns / 1e6,
			     (double)probe->backward_ns / 1e6);
	append_error(probe->clock_error_ns, out);
}

static int by_size(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left;
	int64_t b = *(const int64_t *)right;
	return (a > b) - (a < b);
}

static double middle_ms(int64_t *delays_ns, uint32_t count)
{
	uint32_t middle = (count - 1) / 2;
	qsort(delays_ns, count, sizeof(*delays_ns), by_size);
	return (double)delays_ns[middle] / 1e6;
}

void ping_one_way_of_all(const struct report_stream *stream, struct buffer *out)
{
	const struct report_ping *ping = &stream->ping;
	struct arena arena cleanup(arena_deinit);
	uint64_t error_ns = 0;
	uint32_t count = 0;
	arena_init(&arena);
	int64_t *there_ns = arena_take_array(&arena, ping->probe_count + 1, sizeof(*there_ns));
	int64_t *back_ns = arena_take_array(&arena, ping->probe_count + 1, sizeof(*back_ns));
	for (uint32_t i = 0; i < ping->probe_count; i++) {
		const struct report_probe *probe = &ping->probes[i];
		if (!is_known(probe))
			continue;
		there_ns[count] = probe->forward_ns;
		back_ns[count++] = probe->backward_ns;
		error_ns = probe->clock_error_ns > error_ns ? probe->clock_error_ns : error_ns;
	}
	if (count == 0)
		return;
	buffer_append_format(out, "there %.2f, back %.2f ms in the middle",
			     middle_ms(there_ns, count), middle_ms(back_ns, count));
	append_error(error_ns, out);
}
