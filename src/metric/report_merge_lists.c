/* The lists of a merged stream: its backends, errors and statuses. */
#include <stdlib.h>
#include <string.h>

#include "metric/report_merge_stream.h"

/* The reader takes as many; which are beyond, the least, is not worth a count. */
#define ERRORS_MAX   4096
#define BACKENDS_MAX 65536
#define STATUSES_MAX 1024

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_backend(struct report_stream *stream, const struct report_backend *from)
{
	struct report_backend *into = stream->backends;
	const struct report_backend *end = into + stream->backend_count;
	while (into < end && !is_same_name(into->name, from->name))
		into++;
	if (into == end) {
		stream->backend_count++;
		into->name = from->name;
	}
	into->slots += from->slots;
	into->slots_at_end += from->slots_at_end;
	into->lost += from->lost;
	into->is_longest_open =
		from->longest_ns > into->longest_ns ? from->is_longest_open : into->is_longest_open;
	into->longest_ns = larger(into->longest_ns, from->longest_ns);
	merge_survival(into->survival, from->survival);
}

static int compare_backends(const void *left, const void *right)
{
	const struct report_backend *a = left;
	const struct report_backend *b = right;
	if (a->longest_ns != b->longest_ns)
		return a->longest_ns < b->longest_ns ? 1 : -1;
	return (a->lost < b->lost) - (a->lost > b->lost);
}

static void add_error(struct report_stream *stream, const struct report_error *from,
		      int64_t shift_ns)
{
	struct report_error *into = stream->errors;
	const struct report_error *end = into + stream->error_count;
	int64_t first_ns = merge_moment(from->first_ns, shift_ns);
	int64_t last_ns = merge_moment(from->last_ns, shift_ns);
	while (into < end && (into->phase != from->phase || into->outcome != from->outcome ||
			      into->code != from->code))
		into++;
	if (into == end) {
		stream->error_count++;
		*into = *from;
		into->count = 0;
		into->first_ns = first_ns;
		into->last_ns = last_ns;
	}
	into->count += from->count;
	into->first_ns = first_ns < into->first_ns ? first_ns : into->first_ns;
	into->last_ns = last_ns > into->last_ns ? last_ns : into->last_ns;
}

static void add_status(struct report_stream *stream, const struct report_status *from)
{
	struct report_status *into = stream->statuses;
	const struct report_status *end = into + stream->status_count;
	while (into < end && into->code != from->code)
		into++;
	if (into == end) {
		stream->status_count++;
		*into = (struct report_status){ .code = from->code };
	}
	into->count += from->count;
}

static int compare_statuses(const void *left, const void *right)
{
	const struct report_status *a = left;
	const struct report_status *b = right;
	return (a->count < b->count) - (a->count > b->count);
}

static int compare_errors(const void *left, const void *right)
{
	const struct report_error *a = left;
	const struct report_error *b = right;
	return (a->count < b->count) - (a->count > b->count);
}

static void add_lists(const struct merge *merge, size_t report, struct report_stream *stream,
		      const struct report_stream *from)
{
	for (uint32_t i = 0; i < from->backend_count; i++)
		add_backend(stream, &from->backends[i]);
	for (uint32_t i = 0; i < from->error_count; i++)
		add_error(stream, &from->errors[i], merge_shift_ns(merge, report));
	for (uint32_t i = 0; i < from->status_count; i++)
		add_status(stream, &from->statuses[i]);
}

void merge_lists(const struct merge *merge, struct report_stream *stream)
{
	size_t backends = 0;
	size_t errors = 0;
	size_t statuses = 0;
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		backends += from ? from->backend_count : 0;
		errors += from ? from->error_count : 0;
		statuses += from ? from->status_count : 0;
	}
	stream->backends =
		arena_take_array(&merge->into->arena, backends, sizeof(*stream->backends));
	stream->errors = arena_take_array(&merge->into->arena, errors, sizeof(*stream->errors));
	stream->statuses =
		arena_take_array(&merge->into->arena, statuses, sizeof(*stream->statuses));
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (from)
			add_lists(merge, i, stream, from);
	}
	if (stream->backend_count > 0)
		qsort(stream->backends, stream->backend_count, sizeof(*stream->backends),
		      compare_backends);
	if (stream->error_count > 0)
		qsort(stream->errors, stream->error_count, sizeof(*stream->errors), compare_errors);
	if (stream->status_count > 0)
		qsort(stream->statuses, stream->status_count, sizeof(*stream->statuses),
		      compare_statuses);
	if (stream->status_count > STATUSES_MAX)
		stream->status_count = STATUSES_MAX;
	if (stream->backend_count > BACKENDS_MAX)
		stream->backend_count = BACKENDS_MAX;
	if (stream->error_count > ERRORS_MAX)
		stream->error_count = ERRORS_MAX;
}
