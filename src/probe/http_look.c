#include "probe/http_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/needle.h"
#include "proto/http1_response.h"

#define STATUS_REDIRECT_FIRST 300
#define STATUS_ERROR_FIRST    400

void http_look_begin(struct http_look *look, struct talk *talk)
{
	*look = (struct http_look){ .talk = talk };
}

/* What no reference may hold is written as browsers do, which is fit for a terminal, too. Half of
 * one would lead elsewhere, so then it is none. */
static void take_location(struct probe_result *result, const char *value, size_t size)
{
	char *to = result->location;
	const char *end = to + sizeof(result->location) - strlen("%00") - 1;
	for (size_t i = 0; i < size && to < end; i++) {
		unsigned char byte = (unsigned char)value[i];
		if (byte > ' ' && byte < 0x7f)
			*to++ = value[i];
		else
			to += snprintf(to, 4, "%%%02X", byte);
	}
	*to = '\0';
	if (to >= end)
		result->location[0] = '\0';
}

void http_look_field(struct http_look *look, const char *name, size_t name_size, const char *value,
		     size_t value_size)
{
	if (name_size == strlen("location") && strncasecmp(name, "location", name_size) == 0)
		take_location(look->talk->result, value, value_size);
}

/* Created has a Location, too, and leads nowhere. */
void http_look_head(struct http_look *look, uint32_t status)
{
	struct probe_result *result = look->talk->result;
	result->status_of = PROBE_STATUS_HTTP;
	result->status = status;
	if (status < STATUS_REDIRECT_FIRST || status >= STATUS_ERROR_FIRST)
		result->location[0] = '\0';
}

/* ---- the body ---- */

void http_look_body(struct http_look *look, const void *data, size_t size)
{
	struct talk *talk = look->talk;
	struct probe_result *result = talk->result;
	uint64_t most = talk->prober->target->body_max_bytes;
	uint64_t left = most - result->body_bytes;
	result->is_cut = most > 0 && size > left;
	if (result->is_cut)
		size = (size_t)left;
	result->body_bytes += size;
	look->has_text |= needle_find(talk->request->text, &look->matched, data, size) > 0;
	if (result->is_cut)
		http_look_end(look);
}

/* ---- the end ---- */

void http_look_closed(struct http_look *look, const char *where)
{
	struct probe_result *result = look->talk->result;
	if (result->body_bytes > 0)
		(void)snprintf(look->why, sizeof(look->why), "%s, after %" PRIu64 " bytes", where,
			       result->body_bytes);
	else
		(void)snprintf(look->why, sizeof(look->why), "%s", where);
	talk_go_wrong(look->talk, OUTCOME_CLOSED, look->why);
}

/* Those that lead to one other place (RFC 9110 15.4). */
static bool leads_on(uint32_t status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool http_look_is_followed(const struct probe_target *target, const struct probe_result *result)
{
	return target->follows && leads_on(result->status) && result->location[0] != '\0';
}

static bool is_expected(const struct probe_target *target, uint32_t status)
{
	for (size_t i = 0; i < target->status_count; i++)
		if (target->statuses[i] == status)
			return true;
	return target->status_count == 0 && status < STATUS_ERROR_FIRST;
}

void http_look_end(struct http_look *look)
{
	struct talk *talk = look->talk;
	const struct probe_target *target = talk->prober->target;
	const struct probe_result *result = talk->result;
	talk->state = TALK_ANSWERED;
	if (http_look_is_followed(target, result))
		return;
	if (!is_expected(target, result->status)) {
		(void)snprintf(look->why, sizeof(look->why), "status %" PRIu32 " %s",
			       result->status, http1_reason((uint16_t)result->status));
		talk_go_wrong(talk, OUTCOME_REJECTED, look->why);
	} else if (target->text && !look->has_text) {
		talk_go_wrong(talk, OUTCOME_REJECTED,
			      result->is_cut ? "the text is not in as much as was read"
					     : "the text is not in it");
	}
}
