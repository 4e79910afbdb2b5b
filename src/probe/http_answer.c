#include "probe/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/needle.h"
#include "probe/talk.h"
#include "proto/http1_line.h"

void http_answer_field(struct talk *talk, const char *name, size_t name_size, const char *value,
		       size_t value_size)
{
	struct probe_result *result = talk->result;

	if (http1_is_word(name, name_size, "location"))
		(void)snprintf(result->location, sizeof(result->location), "%.*s", (int)value_size,
			       value);
}

bool http_answer_body(struct http_answer *answer, struct talk *talk, const uint8_t *data,
		      size_t size)
{
	struct probe_result *result = talk->result;
	uint64_t most = talk->prober->target->body_max_bytes;
	uint64_t room = most > 0 ? most - result->body_bytes : UINT64_MAX;

	result->is_cut = size > room;
	if (result->is_cut)
		size = (size_t)room;
	result->body_bytes += size;
	if (!answer->has_text && size > 0)
		answer->has_text =
			needle_find(talk->request->text, &answer->matched, data, size) > 0;
	return !result->is_cut;
}

/* ---- the verdict ---- */

static bool is_expected(const struct probe_target *target, uint32_t status)
{
	for (size_t i = 0; i < target->status_count; i++)
		if (target->statuses[i] == status)
			return true;
	return target->status_count == 0 && status < 400;
}

static bool is_followed(const struct talk *talk)
{
	const struct probe_result *result = talk->result;

	return talk->prober->target->follows && result->location[0] != '\0';
}

static void reject_text(struct probe_result *result)
{
	if (result->is_cut)
		(void)snprintf(result->why, sizeof(result->why),
			       "its first %" PRIu64 " bytes do not hold the text",
			       result->body_bytes);
	else
		(void)snprintf(result->why, sizeof(result->why), "it does not hold the text");
	result->outcome = OUTCOME_REJECTED;
}

void http_answer_end(const struct http_answer *answer, struct talk *talk)
{
	struct probe_result *result = talk->result;

	talk->state = TALK_ANSWERED;
	if (result->status / 100 != 3)
		result->location[0] = '\0'; /* 201 has one, too */
	if (is_followed(talk))
		return;
	if (!is_expected(talk->prober->target, result->status)) {
		(void)snprintf(result->why, sizeof(result->why), "its status is %" PRIu32,
			       result->status);
		result->outcome = OUTCOME_REJECTED;
	} else if (talk->request->text->bytes && !answer->has_text) {
		reject_text(result);
	}
}
