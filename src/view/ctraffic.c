/* See ctraffic.h. Its clock begins with the first connection and not with -T, so all moments are
 * moved by the length of the ramp. */
#include "view/ctraffic.h"

#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "base/units.h"

#define STREAM "persistent"

static const struct report_stream *slots_of(const struct report *report)
{
	static const struct report_stream none = { .name = STREAM };
	const struct report_stream *stream = report_stream(report, STREAM);
	return stream ? stream : &none;
}

static uint64_t dropped(const struct counters *totals)
{
	return totals->missed_no_connection + totals->missed_peer + totals->missed_generator;
}

/* From the first connection to the beginning of -T. */
static uint64_t ramp_ns(const struct report *report)
{
	int64_t first = 0;
	for (uint32_t i = 0; i < report->connection_count; i++) {
		if (report->connections[i].started_ns < first)
			first = report->connections[i].started_ns;
	}
	return -(uint64_t)first;
}

/* The words of Go's errors, which scripts look for. */
static const char *error_text(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_OPEN:
	case OUTCOME_DONE:
		return "";
	case OUTCOME_CLOSED:
		return "EOF";
	case OUTCOME_RESET:
		return "read: connection reset by peer";
	case OUTCOME_TIMED_OUT:
		return "i/o timeout";
	default:
		return outcome_sentence(outcome);
	}
}

static void write_endpoint(struct json *json, const char *key, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];
	json_key_text(json, key, endpoint_format(endpoint, text));
}

static void write_connection(struct json *json, const struct report *report, uint64_t ramp,
			     const struct report_connection *connection)
{
	int64_t ended = connection->ended_ns == INT64_MIN ? (int64_t)report->duration_ns
							  : connection->ended_ns;
	json_object_open(json);
	json_key_unsigned(json, "Started", (uint64_t)connection->started_ns + ramp);
	json_key_unsigned(json, "Connect", (uint64_t)connection->connected_ns + ramp);
	json_key_unsigned(json, "Ended", (uint64_t)ended + ramp);
	json_key_text(json, "Err", error_text(connection->outcome));
	json_key_unsigned(json, "Sent", connection->sent);
	json_key_unsigned(json, "Received", connection->received);
	json_key_unsigned(json, "Dropped", 0);
	json_key_unsigned(json, "Retransmits", connection->retransmits);
	write_endpoint(json, "Local", &connection->local);
	write_endpoint(json, "Remote", &connection->remote);
	if (connection->backend)
		json_key_text(json, "Host", connection->backend);
	json_object_close(json);
}

/* Attempts that didn't come up are no connections there; they are counted in FailedConnects. */
static void write_connections(struct json *json, const struct report *report, uint64_t ramp)
{
	json_key(json, "ConnStats");
	json_array_open(json);
	for (uint32_t i = 0; i < report->connection_count; i++) {
		const struct report_connection *connection = &report->connections[i];
		if (connection->connected_ns != INT64_MIN &&
		    strcmp(connection->stream, STREAM) == 0)
			write_connection(json, report, ramp, connection);
	}
	json_array_close(json);
}

/* Ours count an interval each, theirs sum up, one a second. */
static void write_samples(struct json *json, const struct report_stream *stream, uint64_t ramp)
{
	uint64_t sent = 0;
	uint64_t received = 0;
	uint64_t missed = 0;
	int64_t next_ns = (int64_t)NS_PER_S;
	json_key(json, "Samples");
	json_array_open(json);
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		const struct report_sample *sample = &stream->samples[i];
		sent += sample->sent;
		received += sample->received;
		missed += sample->missed;
		if (sample->at_ns < next_ns)
			continue;
		next_ns = sample->at_ns + (int64_t)NS_PER_S;
		json_object_open(json);
		json_key_unsigned(json, "Time", (uint64_t)sample->at_ns + ramp);
		json_key_unsigned(json, "Sent", sent);
		json_key_unsigned(json, "Received", received);
		json_key_unsigned(json, "Dropped", missed);
		json_object_close(json);
	}
	json_array_close(json);
}

void ctraffic_write(const struct report *report, struct buffer *out)
{
	const struct report_stream *stream = slots_of(report);
	const struct counters *totals = &stream->totals;
	double bytes_per_second = stream->schedule.rate_per_second * (double)stream->message_bytes;
	uint64_t ramp = ramp_ns(report);
	char started[DATE_TEXT_MAX];
	struct json json;
	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "Started",
		      date_format_ns(report->started_unix_ns - (int64_t)ramp, started));
	json_key_unsigned(&json, "Duration", report->duration_ns + ramp);
	json_key_unsigned(&json, "Rate", (uint64_t)(bytes_per_second / 1024));
	json_key_unsigned(&json, "Connections", stream->slots);
	json_key_unsigned(&json, "PacketSize", stream->message_bytes);
	json_key_unsigned(&json, "FailedConnections", totals->disconnects);
	json_key_unsigned(&json, "Sent", totals->sent);
	json_key_unsigned(&json, "Received", totals->received);
	json_key_unsigned(&json, "Dropped", dropped(totals));
	json_key_unsigned(&json, "Retransmits", totals->retransmitted_segments);
	json_key_unsigned(&json, "FailedConnects", totals->connect_failures);
	write_connections(&json, report, ramp);
	write_samples(&json, stream, ramp);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}
