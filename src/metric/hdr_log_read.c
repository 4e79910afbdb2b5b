/* See hdr_log_read.h. */
#include "metric/hdr_log_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/hdr_codec.h"
#include "metric/report_latency.h"

#define SAMPLES_MAX  65536
#define SECONDS_MAX  4e9 /* beyond 2096: no time of a log */
#define LENGTH_MAX   1e9
#define YEAR_SECONDS (365 * 86400.0)

/* What stands before the histogram of a line: a tag and three numbers. */
#define HEAD_MAX 256

/* More tags than this are not told apart in any log that one would read. */
#define LOG_STREAMS_MAX 1024

/* A stream as its lines come. */
struct log_stream {
	struct hist *all[LATENCY_COUNT];
	uint32_t capacity;
};

struct log {
	struct report *report;
	struct error *error;
	struct hist *line;          /* one interval */
	struct log_stream *streams; /* LOG_STREAMS_MAX */
	double start;  /* [StartTime], else of the first line; seconds since the epoch */
	double base;   /* [BaseTime] */
	double origin; /* what moments count from */
	double end;    /* of the last interval */
	unsigned number;
	bool has_start, has_base, has_origin;
};

/* One line's fields. */
struct fields {
	char head[HEAD_MAX]; /* its beginning, as text */
	const char *tag;     /* in it */
	size_t tag_size;
	double start;
	double length;
	size_t histogram; /* where it begins in the line */
};

bool hdr_log_is_one(const char *text, size_t size)
{
	static const char legend[] = "\"StartTimestamp\"";
	return (size > 0 && text[0] == '#') ||
	       (size >= strlen(legend) && memcmp(text, legend, strlen(legend)) == 0);
}

static int wrong(const struct log *log, const char *what)
{
	return error_set(log->error, EINVAL, "line %u of the histogram log: %s", log->number, what);
}

static bool is_time(double seconds)
{
	return seconds >= 0 && seconds <= SECONDS_MAX;
}

static void copy_head(const char *line, size_t size, char head[HEAD_MAX])
{
	size = size < HEAD_MAX ? size : HEAD_MAX - 1;
	memcpy(head, line, size);
	head[size] = '\0';
}

/* In whole ms, as the log has them. */
static int64_t moment_ns(double seconds)
{
	return llround(seconds * 1000) * (int64_t)NS_PER_MS;
}

/* "#[StartTime: 1795158681.000 (seconds since epoch), ...]" */
static int read_comment(struct log *log, const char *text, size_t size)
{
	char line[HEAD_MAX];
	copy_head(text, size, line);
	static const char start[] = "#[StartTime: ";
	static const char base[] = "#[BaseTime: ";
	if (strncmp(line, start, strlen(start)) == 0) {
		log->start = strtod(line + strlen(start), NULL);
		log->has_start = true;
	} else if (strncmp(line, base, strlen(base)) == 0) {
		log->base = strtod(line + strlen(base), NULL);
		log->has_base = true;
	}
	return is_time(log->start) && is_time(log->base) ? 0 : wrong(log, "no time since 1970");
}

/* A number and the comma behind it; NULL if that isn't there. */
static const char *read_seconds(const char *text, double *ret)
{
	char *rest = NULL;
	*ret = text ? strtod(text, &rest) : 0;
	return text && rest > text && *rest == ',' && isfinite(*ret) ? rest + 1 : NULL;
}

static int read_fields(const struct log *log, const char *line, size_t size, struct fields *ret)
{
	static const char tag[] = "Tag=";
	double maximum = 0;
	*ret = (struct fields){ .tag = "" };
	copy_head(line, size, ret->head);
	const char *text = ret->head;
	if (strncmp(text, tag, strlen(tag)) == 0) {
		ret->tag = text + strlen(tag);
		ret->tag_size = strcspn(ret->tag, ",");
		text = ret->tag[ret->tag_size] == ',' ? ret->tag + ret->tag_size + 1 : NULL;
	}
	text = read_seconds(text, &ret->start);
	text = read_seconds(text, &ret->length);
	text = read_seconds(text, &maximum);
	if (!text)
		return wrong(log, "not \"START,LENGTH,MAX,HISTOGRAM\"");
	if (!is_time(ret->start) || !is_time(ret->length))
		return wrong(log, "no time since 1970");
	ret->histogram = (size_t)(text - ret->head);
	return 0;
}

/* "persistent.response" is the response time of stream persistent. */
static enum latency split_tag(const struct fields *fields, size_t *ret_name_size)
{
	*ret_name_size = fields->tag_size;
	for (enum latency i = 0; i < LATENCY_COUNT; i++) {
		size_t size = strlen(latency_name(i));
		if (fields->tag_size <= size + 1)
			continue;
		size_t name_size = fields->tag_size - size - 1;
		if (fields->tag[name_size] != '.' ||
		    memcmp(fields->tag + name_size + 1, latency_name(i), size) != 0)
			continue;
		*ret_name_size = name_size;
		return i;
	}
	return LATENCY_RESPONSE;
}

/* Its index, or LOG_STREAMS_MAX when there are too many. */
static uint32_t find_stream(struct log *log, const char *name, size_t size)
{
	struct report *report = log->report;
	char text[64];
	size = size < sizeof(text) ? size : sizeof(text) - 1;
	memcpy(text, size ? name : "log", size ? size : strlen("log"));
	text[size ? size : strlen("log")] = '\0';
	for (uint32_t i = 0; i < report->stream_count; i++) {
		if (strcmp(report->streams[i].name, text) == 0)
			return i;
	}
	if (report->stream_count == LOG_STREAMS_MAX)
		return LOG_STREAMS_MAX;
	*report_add_stream(report) = (struct report_stream){
		.name = arena_text(&report->arena, text),
		.kind = "slots",
		.target = report->target,
		.transport = "tcp",
		.is_measured = true,
		.interruptions.reason = "a histogram log has none",
		.stalls.reason = "a histogram log has none",
		.outages.reason = "a histogram log has none",
	};
	return report->stream_count - 1;
}

static struct hist *new_hist(struct arena *arena)
{
	struct hist *hist = arena_take(arena, HIST_STREAM_BYTES);
	hist_init(hist, HIST_STREAM_RANGE);
	return hist;
}

/* The list doubles; what it grew out of stays in the arena. */
static struct report_sample *next_sample(struct log *log, uint32_t index)
{
	struct report_stream *stream = &log->report->streams[index];
	uint32_t *capacity = &log->streams[index].capacity;
	if (stream->sample_count == *capacity) {
		const struct report_sample *before = stream->samples;
		*capacity = *capacity ? 2 * *capacity : 64;
		stream->samples =
			arena_take_array(&log->report->arena, *capacity, sizeof(*stream->samples));
		for (uint32_t i = 0; i < stream->sample_count; i++)
			stream->samples[i] = before[i];
	}
	return &stream->samples[stream->sample_count++];
}

static int add_sample(struct log *log, uint32_t index, double end, double length)
{
	struct report_stream *stream = &log->report->streams[index];
	if (stream->sample_count == SAMPLES_MAX)
		return wrong(log, "more intervals than a report can have");
	*next_sample(log, index) = (struct report_sample){
		.at_ns = moment_ns(end - log->origin),
		.received = log->line->count,
		.response_p50_ns = hist_percentile(log->line, 50),
		.response_p99_ns = hist_percentile(log->line, 99),
		.response_max_ns = hist_percentile(log->line, 100),
	};
	if (stream->sample_count == 1)
		stream->sample_interval_ns = (uint64_t)moment_ns(length);
	return 0;
}

/* Without [BaseTime], what lies long before the start is relative to it. */
static double time_of(struct log *log, const struct fields *fields)
{
	double at = fields->start;
	if (log->has_base)
		at += log->base;
	else if (log->has_start && at < log->start - YEAR_SECONDS)
		at += log->start;
	if (!log->has_origin) {
		log->has_origin = true;
		log->origin = log->has_start ? log->start : at;
	}
	return at;
}

static int read_line(struct log *log, const char *line, size_t size)
{
	struct fields fields;
	size_t name_size = 0;
	int failure = read_fields(log, line, size, &fields);
	if (failure < 0)
		return failure;
	hist_clear(log->line);
	failure =
		hdr_decode(line + fields.histogram, size - fields.histogram, log->error, log->line);
	if (failure < 0) {
		error_prefix(log->error, "line %u of the histogram log", log->number);
		return failure;
	}
	double stop = time_of(log, &fields) + fields.length;
	if (stop < log->origin || stop > log->origin + LENGTH_MAX)
		return wrong(log, "years from the start of the log");
	enum latency latency = split_tag(&fields, &name_size);
	uint32_t index = find_stream(log, fields.tag, name_size);
	if (index == LOG_STREAMS_MAX)
		return wrong(log, "more tags than a report can have streams");
	struct hist **all = &log->streams[index].all[latency];
	if (!*all)
		*all = new_hist(&log->report->arena);
	hist_merge(*all, log->line);
	log->end = fmax(log->end, stop);
	return latency == LATENCY_RESPONSE ? add_sample(log, index, stop, fields.length) : 0;
}

static int read_lines(struct log *log, const char *text, size_t size)
{
	const char *end = text + size;
	int failure = 0;
	while (text < end && failure == 0) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		const char *next = newline ? newline + 1 : end;
		log->number++;
		if (stop > text && stop[-1] == '\r')
			stop--;
		if (*text == '#')
			failure = read_comment(log, text, (size_t)(stop - text));
		else if (stop > text && *text != '"')
			failure = read_line(log, text, (size_t)(stop - text));
		if (failure < 0 && !newline)
			failure = error_set(log->error, EINVAL,
					    "cut off: the histogram log ends in its line %u",
					    log->number);
		text = next;
	}
	return failure;
}

static void finish(struct log *log)
{
	struct report *report = log->report;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		struct report_stream *stream = &report->streams[i];
		for (unsigned k = 0; k < LATENCY_COUNT; k++) {
			if (log->streams[i].all[k])
				stream->latency[k] =
					report_latency_of(log->streams[i].all[k], &report->arena);
		}
		stream->totals.received = stream->latency[LATENCY_RESPONSE].count;
	}
	report->started_unix_ns = moment_ns(log->origin);
	report->duration_ns =
		log->end > log->origin ? (uint64_t)moment_ns(log->end - log->origin) : 0;
}

int hdr_log_read(const char *text, size_t size, struct report *report, struct error *error)
{
	struct log log = { .report = report, .error = error };
	report->tool_name = "hdr";
	report->command = "load";
	report->target = "histogram log";
	log.line = new_hist(&report->arena);
	log.streams = arena_take_array(&report->arena, LOG_STREAMS_MAX, sizeof(*log.streams));
	int failure = read_lines(&log, text, size);
	if (failure < 0)
		return failure;
	if (report->stream_count == 0)
		return error_set(error, EINVAL, "a histogram log without a histogram");
	finish(&log);
	return 0;
}
