#include "probe/grpc_health.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "probe/talk.h"

static bool is_named(const char *name, size_t size, const char *wanted)
{
	return strlen(wanted) == size && memcmp(name, wanted, size) == 0;
}

void grpc_health_field(struct grpc_health_answer *answer, const char *name, size_t name_size,
		       const char *value, size_t value_size)
{
	if (is_named(name, name_size, "grpc-status"))
		answer->has_status = grpc_parse_status(value, value_size, &answer->status);
	else if (is_named(name, name_size, "grpc-message"))
		grpc_decode_message(value, value_size, answer->text, sizeof(answer->text));
}

void grpc_health_body(struct grpc_health_answer *answer, const uint8_t *data, size_t size)
{
	const uint8_t *message;
	size_t bytes;

	for (size_t used = 0; used < size;) {
		used += grpc_frames_read(&answer->frames, data + used, size - used, &message,
					 &bytes);
		size_t room = HEALTH_MESSAGE_MAX - answer->message_size;
		bytes = bytes < room ? bytes : room;
		memcpy(answer->message + answer->message_size, message, bytes);
		answer->message_size += (uint8_t)bytes;
	}
}

/* ---- the verdict ---- */

static void read_health(const struct grpc_health_answer *answer, struct talk *talk)
{
	uint32_t health = GRPC_HEALTH_UNKNOWN;

	if (!grpc_frames_are_whole(&answer->frames) || answer->frames.messages != 1) {
		talk_go_wrong(talk, OUTCOME_PROTOCOL, "answered the call without a whole message");
		return;
	}
	if (answer->frames.is_compressed ||
	    !grpc_read_health_response(answer->message, answer->message_size, &health)) {
		talk_go_wrong(talk, OUTCOME_PROTOCOL,
			      "answered the health check with something else");
		return;
	}
	talk->result->health = (int32_t)(health <= INT32_MAX ? health : INT32_MAX);
}

/* What is no success of HTTP, of the call, or of the service, in this order. */
static void judge(struct grpc_health_answer *answer, struct talk *talk, uint32_t status)
{
	const struct probe_result *result = talk->result;
	char name[STATUS_TEXT_MAX];

	if (!answer->has_status)
		(void)snprintf(answer->why, sizeof(answer->why), "status %u, without grpc-status",
			       status);
	else if (answer->status != GRPC_OK)
		(void)snprintf(answer->why, sizeof(answer->why), "%s%s%s",
			       status_format(STATUS_GRPC + answer->status, name),
			       answer->text[0] != '\0' ? ": " : "", answer->text);
	else if (result->health != GRPC_HEALTH_SERVING)
		(void)snprintf(answer->why, sizeof(answer->why), "health %s",
			       grpc_health_name((uint32_t)result->health));
	else
		return;
	talk_go_wrong(talk, OUTCOME_REJECTED, answer->why);
}

void grpc_health_end(struct grpc_health_answer *answer, struct talk *talk, uint32_t status)
{
	struct probe_result *result = talk->result;

	if (result->is_cut || (!answer->has_status && status == 200)) {
		talk_go_wrong(talk, OUTCOME_PROTOCOL,
			      result->is_cut ? "answered the health check with something else"
					     : "ended the call without grpc-status");
		return;
	}
	result->status_of = answer->has_status ? PROBE_STATUS_GRPC : PROBE_STATUS_HTTP;
	result->status = answer->has_status ? answer->status : status;
	if (answer->has_status && answer->status == GRPC_OK)
		read_health(answer, talk);
	if (talk->outcome != OUTCOME_DONE)
		return;
	talk->state = TALK_ANSWERED;
	judge(answer, talk, status);
}
