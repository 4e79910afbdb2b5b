/* See ctraffic_read.h. Its connections are in the order of their start: the first ones, as many as
 * it kept, are what a run of ours calls slots; those that replaced a broken one follow. */
#include "metric/ctraffic_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/units.h"
#include "metric/pick.h"

#define STREAM          "persistent"
#define CONNECTIONS_MAX 1000000
#define SAMPLES_MAX     65536
#define BACKENDS_MAX    256

/* ---- one connection ---- */

/* From Go's words. A deadline of one second is what ctraffic waits for an answer. */
static enum outcome outcome_of(const char *words)
{
	static const struct {
		const char *part;
		enum outcome outcome;
	} known[] = {
		{ "EOF", OUTCOME_CLOSED },           { "reset by peer", OUTCOME_RESET },
		{ "broken pipe", OUTCOME_RESET },    { "timeout", OUTCOME_TIMED_OUT },
		{ "no route", OUTCOME_UNREACHABLE }, { "unreachable", OUTCOME_UNREACHABLE },
	};
	if (!words || *words == '\0')
		return OUTCOME_OPEN;
	for (size_t i = 0; i < array_size(known); i++) {
		if (strstr(words, known[i].part))
			return known[i].outcome;
	}
	return OUTCOME_OTHER;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = { .family = 0 };
	if (!text || endpoint_parse(text, 0, &endpoint) < 0)
		return (struct endpoint){ .family = 0 };
	return endpoint;
}

static struct report_connection connection_of(struct pick *pick, const json_t *json,
					      struct arena *arena)
{
	int64_t connected_ns = pick_moment(pick, json, "Connect");
	uint64_t sent = pick_count(pick, json, "Sent");
	uint64_t received = pick_count(pick, json, "Received");
	enum outcome outcome = outcome_of(pick_text(pick, json, "Err"));
	return (struct report_connection){
		.stream = STREAM,
		.local = endpoint_of(pick_text(pick, json, "Local")),
		.remote = endpoint_of(pick_text(pick, json, "Remote")),
		.backend = arena_text(arena, pick_text(pick, json, "Host")),
		.started_ns = pick_moment(pick, json, "Started"),
		.connected_ns = connected_ns > 0 ? connected_ns : INT64_MIN,
		.ended_ns = pick_moment(pick, json, "Ended"),
		.outcome = outcome,
		.sent = sent,
		.received = received,
		.lost = outcome == OUTCOME_OPEN || sent < received ? 0 : sent - received,
		.retransmits = pick_count(pick, json, "Retransmits"),
	};
}

static void read_connections(struct pick *pick, const json_t *json, struct report *report)
{
	const json_t *list = pick_list(pick, json, "ConnStats");
	size_t size = json_array_size(list);
	if (size > CONNECTIONS_MAX)
		report->connections_omitted = size - CONNECTIONS_MAX;
	report->connection_count = (uint32_t)(size - report->connections_omitted);
	report->connections = arena_take_array(&report->arena, report->connection_count,
					       sizeof(*report->connections));
	for (uint32_t i = 0; i < report->connection_count; i++) {
		report->connections[i] =
			connection_of(pick, json_array_get(list, i), &report->arena);
		report->connections[i].id = i;
		report->connections[i].slot = i;
	}
}

/* ---- what follows from the connections ---- */

static enum survival survival_of(const struct report_connection *connection)
{
	if (connection->connected_ns == INT64_MIN)
		return SURVIVAL_NEVER_CONNECTED;
	switch (connection->outcome) {
	case OUTCOME_OPEN:
		return SURVIVAL_UNTOUCHED;
	case OUTCOME_CLOSED:
		return SURVIVAL_CLOSED;
	case OUTCOME_RESET:
		return SURVIVAL_RESET;
	default:
		return SURVIVAL_TIMED_OUT;
	}
}

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The last row takes what is beyond the cap. */
static struct report_backend *backend_of(struct report_stream *stream, const char *name)
{
	for (uint32_t i = 0; i < stream->backend_count; i++) {
		if (is_same_name(stream->backends[i].name, name))
			return &stream->backends[i];
	}
	if (stream->backend_count == BACKENDS_MAX)
		return &stream->backends[BACKENDS_MAX - 1];
	stream->backends[stream->backend_count].name = name;
	return &stream->backends[stream->backend_count++];
}

static void add_to_backend(struct report_stream *stream, const struct report_connection *connection,
			   bool is_first)
{
	if (!is_first && !connection->backend)
		return;
	struct report_backend *backend = backend_of(stream, connection->backend);
	backend->lost += connection->lost;
	if (connection->outcome == OUTCOME_OPEN && connection->connected_ns != INT64_MIN)
		backend->slots_at_end++;
	if (!is_first)
		return;
	backend->slots++;
	backend->survival[survival_of(connection)]++;
}

static void add_error(struct report_stream *stream, const struct report_connection *connection)
{
	struct report_error *error = stream->errors;
	const struct report_error *end = error + stream->error_count;
	while (error < end && error->outcome != connection->outcome)
		error++;
	if (error == end) {
		stream->error_count++;
		*error = (struct report_error){ .phase = PHASE_RECEIVE,
						.outcome = connection->outcome,
						.first_ns = connection->ended_ns,
						.last_ns = connection->ended_ns };
	}
	error->count++;
	if (connection->ended_ns < error->first_ns)
		error->first_ns = connection->ended_ns;
	if (connection->ended_ns > error->last_ns)
		error->last_ns = connection->ended_ns;
}

static int compare_errors(const void *left, const void *right)
{
	const struct report_error *a = left;
	const struct report_error *b = right;
	return (a->count < b->count) - (a->count > b->count);
}

static int compare_backends(const void *left, const void *right)
{
	const struct report_backend *a = left;
	const struct report_backend *b = right;
	return (a->lost < b->lost) - (a->lost > b->lost);
}

static void add_connections(struct report *report, struct report_stream *stream)
{
	stream->has_survival = report->connection_count >= stream->slots && stream->slots > 0;
	stream->backends =
		arena_take_array(&report->arena, BACKENDS_MAX, sizeof(*stream->backends));
	stream->errors = arena_take_array(&report->arena, OUTCOME_COUNT, sizeof(*stream->errors));
	for (uint32_t i = 0; i < report->connection_count; i++) {
		const struct report_connection *connection = &report->connections[i];
		bool is_first = stream->has_survival && i < stream->slots;
		bool is_up = connection->connected_ns != INT64_MIN;
		bool is_open = connection->outcome == OUTCOME_OPEN;
		add_to_backend(stream, connection, is_first);
		if (is_first)
			stream->survival[survival_of(connection)]++;
		if (!is_open)
			add_error(stream, connection);
		stream->totals.connects += is_up;
		stream->totals.connections += is_up && is_open;
	}
	qsort(stream->errors, stream->error_count, sizeof(*stream->errors), compare_errors);
	qsort(stream->backends, stream->backend_count, sizeof(*stream->backends), compare_backends);
	stream->totals.attempts = stream->totals.connects + stream->totals.connect_failures;
}

/* ---- samples ---- */

static struct report_sample sample_of(struct pick *pick, const json_t *json)
{
	return (struct report_sample){
		.at_ns = pick_moment(pick, json, "Time"),
		.sent = pick_count(pick, json, "Sent"),
		.received = pick_count(pick, json, "Received"),
		.missed = pick_count(pick, json, "Dropped"),
	};
}

/* Theirs sum up, ours count an interval each. */
static void subtract(struct pick *pick, struct report_sample *sample,
		     const struct report_sample *before)
{
	if (sample->at_ns < before->at_ns || sample->sent < before->sent ||
	    sample->received < before->received || sample->missed < before->missed) {
		(void)pick_wrong(pick, "its samples fall");
		return;
	}
	sample->sent -= before->sent;
	sample->received -= before->received;
	sample->missed -= before->missed;
	sample->scheduled = sample->sent + sample->missed;
}

static void read_samples(struct pick *pick, const json_t *json, struct arena *arena,
			 struct report_stream *stream)
{
	const json_t *list = pick_list(pick, json, "Samples");
	struct report_sample before = { 0 };
	if (json_array_size(list) > SAMPLES_MAX) {
		(void)pick_wrong(pick, "more than %d samples", SAMPLES_MAX);
		return;
	}
	stream->sample_count = (uint32_t)json_array_size(list);
	stream->sample_interval_ns = stream->sample_count > 0 ? NS_PER_S : 0;
	stream->samples = arena_take_array(arena, stream->sample_count, sizeof(*stream->samples));
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		struct report_sample sample = sample_of(pick, json_array_get(list, i));
		stream->samples[i] = sample;
		subtract(pick, &stream->samples[i], &before);
		before = sample;
	}
}

/* The sample in which a moment lies; their number if it is after all of them. */
static uint32_t sample_at(const struct report_stream *stream, int64_t at_ns)
{
	uint32_t low = 0;
	uint32_t high = stream->sample_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (stream->samples[middle].at_ns < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many connections were up and under way at the end of each sample: first what changes in it,
 * then the sums of that. Differences wrap and come out right in the sum. */
static void count_connections(const struct report *report, struct report_stream *stream)
{
	struct report_sample *samples = stream->samples;
	uint32_t count = stream->sample_count;
	for (uint32_t i = 0; i < report->connection_count; i++) {
		const struct report_connection *connection = &report->connections[i];
		bool is_up = connection->connected_ns != INT64_MIN;
		uint32_t started = sample_at(stream, connection->started_ns);
		uint32_t connected = is_up ? sample_at(stream, connection->connected_ns) : count;
		uint32_t ended = sample_at(stream, connection->ended_ns);
		uint32_t waited = connected < ended ? connected : ended;
		if (started < waited) {
			samples[started].connecting++;
			if (waited < count)
				samples[waited].connecting--;
		}
		if (connected < ended) {
			samples[connected].connections++;
			if (ended < count)
				samples[ended].connections--;
		}
	}
	for (uint32_t i = 1; i < count; i++) {
		samples[i].connecting += samples[i - 1].connecting;
		samples[i].connections += samples[i - 1].connections;
	}
}

/* ---- the whole ---- */

/* A connection that fails loses the one message that it waits for. */
static void read_totals(struct pick *pick, const json_t *json, struct report_stream *stream)
{
	struct counters *totals = &stream->totals;
	totals->sent = pick_count(pick, json, "Sent");
	totals->received = pick_count(pick, json, "Received");
	totals->missed_peer = pick_count(pick, json, "Dropped");
	totals->disconnects = pick_count(pick, json, "FailedConnections");
	totals->connect_failures = pick_count(pick, json, "FailedConnects");
	totals->retransmitted_segments = pick_count(pick, json, "Retransmits");
	if (totals->received > totals->sent) {
		(void)pick_wrong(pick, "it received more than it sent");
		return;
	}
	uint64_t unanswered = totals->sent - totals->received;
	totals->lost = unanswered < totals->disconnects ? unanswered : totals->disconnects;
	totals->in_flight = unanswered - totals->lost;
	totals->scheduled = totals->sent + totals->missed_peer;
	if (stream->message_bytes > 0 &&
	    totals->sent > (uint64_t)PICK_MAX / stream->message_bytes) {
		(void)pick_wrong(pick, "it sent more than there is");
		return;
	}
	totals->bytes_sent = totals->sent * stream->message_bytes;
	totals->bytes_received = totals->received * stream->message_bytes;
}

static void read_schedule(struct pick *pick, const json_t *json, struct report_stream *stream)
{
	double bytes_per_second = 1024 * pick_real(pick, json, "Rate");
	stream->slots = pick_count(pick, json, "Connections");
	stream->message_bytes = pick_count(pick, json, "PacketSize");
	stream->schedule.is_open_loop = true;
	if (bytes_per_second <= 0 || stream->message_bytes == 0)
		return;
	double rate = bytes_per_second / (double)stream->message_bytes;
	double interval_ns = 1e9 * (double)stream->slots / rate;
	stream->schedule.rate_per_second = rate;
	stream->schedule.interval_ns =
		interval_ns < (double)PICK_MAX ? (uint64_t)interval_ns : (uint64_t)PICK_MAX;
}

static void read_head(struct pick *pick, const json_t *json, struct report *report)
{
	const char *started = pick_text(pick, json, "Started");
	report->tool_name = "ctraffic";
	report->command = "traffic";
	report->target = "of unknown address";
	report->duration_ns = pick_count(pick, json, "Duration");
	report->reply_timeout_ns = NS_PER_S;
	if (!started || date_parse(started, &report->started_unix_ns) < 0)
		(void)pick_wrong(pick, "\"Started\" is not a date");
}

static void name_target(struct report *report)
{
	char text[ENDPOINT_TEXT_MAX];
	for (uint32_t i = 0; i < report->connection_count; i++) {
		if (!report->connections[i].remote.family)
			continue;
		report->target = arena_text(&report->arena,
					    endpoint_format(&report->connections[i].remote, text));
		return;
	}
}

int ctraffic_read(const json_t *json, struct report *report, struct error *error)
{
	struct pick pick = { .what = "a ctraffic statistics file", .error = error };
	struct report_stream *stream = report_add_stream(report);
	*stream = (struct report_stream){
		.name = STREAM,
		.kind = "slots",
		.transport = "tcp",
		.is_measured = true,
		.interruptions.reason = "ctraffic counts none",
		.stalls.reason = "ctraffic counts none",
		.outages.reason = "ctraffic counts none",
	};
	read_head(&pick, json, report);
	read_schedule(&pick, json, stream);
	read_totals(&pick, json, stream);
	read_connections(&pick, json, report);
	read_samples(&pick, json, &report->arena, stream);
	if (pick.failure < 0)
		return pick.failure;
	name_target(report);
	stream->target = report->target;
	add_connections(report, stream);
	count_connections(report, stream);
	return 0;
}
