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

static void break_off(struct talk *talk, const char *why)
{
	talk->state = TALK_WRONG;
	talk->outcome = OUTCOME_PROTOCOL;
	talk->why = why;
}

static void judge_call(const struct grpc_health_answer *answer, struct talk *talk)
{
	struct probe_result *result = talk->result;
	char status[STATUS_TEXT_MAX];

	result->outcome = OUTCOME_REJECTED;
	(void)snprintf(result->why, sizeof(result->why), "the call ended with %s%s%s",
		       status_format(STATUS_GRPC + answer->status, status),
		       answer->text[0] != '\0' ? ": " : "", answer->text);
}

static void judge_health(const struct grpc_health_answer *answer, struct talk *talk)
{
	struct probe_result *result = talk->result;
	uint32_t health = GRPC_HEALTH_UNKNOWN;

	if (!grpc_frames_are_whole(&answer->frames) || answer->frames.messages != 1) {
		break_off(talk, "the peer answered the call without a whole message");
	} else if (answer->frames.is_compressed ||
		   !grpc_read_health_response(answer->message, answer->message_size, &health)) {
		break_off(talk, "the peer answered the health check with something else");
	} else if (health != GRPC_HEALTH_SERVING) {
		result->outcome = OUTCOME_REJECTED;
		(void)snprintf(result->why, sizeof(result->why), "its health is %s",
			       grpc_health_name(health));
	}
	if (talk->state == TALK_ANSWERED)
		result->health = (int32_t)(health <= INT32_MAX ? health : INT32_MAX);
}

void grpc_health_end(const struct grpc_health_answer *answer, struct talk *talk, uint32_t status)
{
	struct probe_result *result = talk->result;

	if (result->is_cut) {
		break_off(talk, "the peer answered the health check with something else");
		return;
	}
	if (!answer->has_status && status == 200) {
		break_off(talk, "the peer ended the call without grpc-status");
		return;
	}
	talk->state = TALK_ANSWERED;
	result->status_of = answer->has_status ? PROBE_STATUS_GRPC : PROBE_STATUS_HTTP;
	result->status = answer->has_status ? answer->status : status;
	if (!answer->has_status) {
		result->outcome = OUTCOME_REJECTED;
		(void)snprintf(result->why, sizeof(result->why),
			       "its HTTP status is %u, and it has no grpc-status", status);
	} else if (answer->status != GRPC_OK) {
		judge_call(answer, talk);
	} else {
		judge_health(answer, talk);
	}
}
