/* See ctraffic.h. */
#include "view/ctraffic.h"

#include "base/date.h"
#include "base/json.h"
#include "view/ctraffic_run.h"

static uint64_t dropped(const struct counters *totals)
{
	return totals->missed_no_connection + totals->missed_peer + totals->missed_generator;
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

static void write_connection(struct json *json, const struct ctraffic_connection *connection)
{
	const struct report_connection *record = connection->record;
	json_object_open(json);
	json_key_unsigned(json, "Started", connection->started_ns);
	json_key_unsigned(json, "Connect", connection->connected_ns);
	json_key_unsigned(json, "Ended", connection->ended_ns);
	json_key_text(json, "Err", error_text(connection->outcome));
	json_key_unsigned(json, "Sent", record->sent);
	json_key_unsigned(json, "Received", record->received);
	json_key_unsigned(json, "Dropped", 0);
	json_key_unsigned(json, "Retransmits", record->retransmits);
	write_endpoint(json, "Local", &record->local);
	write_endpoint(json, "Remote", &record->remote);
	if (record->backend)
		json_key_text(json, "Host", record->backend);
	json_object_close(json);
}

static void write_lists(struct json *json, const struct ctraffic_run *run)
{
	json_key(json, "ConnStats");
	json_array_open(json);
	for (uint32_t i = 0; i < run->connection_count; i++)
		write_connection(json, &run->connections[i]);
	json_array_close(json);
	json_key(json, "Samples");
	json_array_open(json);
	for (uint32_t i = 0; i < run->sample_count; i++) {
		const struct ctraffic_sample *sample = &run->samples[i];
		json_object_open(json);
		json_key_unsigned(json, "Time", sample->time_ns);
		json_key_unsigned(json, "Sent", sample->sent);
		json_key_unsigned(json, "Received", sample->received);
		json_key_unsigned(json, "Dropped", sample->dropped);
		json_object_close(json);
	}
	json_array_close(json);
}

void ctraffic_write(const struct report *report, struct buffer *out)
{
	cleanup(ctraffic_run_deinit) struct ctraffic_run run;
	char started[DATE_TEXT_MAX];
	struct json json;
	ctraffic_run_init(&run, report);
	const struct report_stream *stream = run.stream;
	const struct counters *totals = &stream->totals;
	double bytes_per_second = stream->schedule.rate_per_second * (double)stream->message_bytes;
	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "Started", date_format_ns(run.started_unix_ns, started));
	json_key_unsigned(&json, "Duration", run.duration_ns);
	json_key_unsigned(&json, "Rate", (uint64_t)(bytes_per_second / 1024));
	json_key_unsigned(&json, "Connections", stream->slots);
	json_key_unsigned(&json, "PacketSize", stream->message_bytes);
	json_key_unsigned(&json, "FailedConnections", totals->disconnects);
	json_key_unsigned(&json, "Sent", totals->sent);
	json_key_unsigned(&json, "Received", totals->received);
	json_key_unsigned(&json, "Dropped", dropped(totals));
	json_key_unsigned(&json, "Retransmits", totals->retransmitted_segments);
	json_key_unsigned(&json, "FailedConnects", totals->connect_failures);
	write_lists(&json, &run);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}
