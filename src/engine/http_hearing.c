#include "engine/http_hearing.h"

#include <string.h>

#include "engine/script.h"
#include "proto/http1.h"
#include "proto/http1_line.h"

#define WINDOWS_AT_ONCE 4

/* ---- of one speaker */

int http_judge_init(struct http_judge *judge, const struct script *script)
{
	*judge = (struct http_judge){ .script = script };
	slab_init(&judge->windows, BACKEND_WINDOW_BYTES + 1, WINDOWS_AT_ONCE); /* and a NUL */
	int rc = needle_init_text(&judge->stop, script->stop_on);
	return rc == 0 ? needle_init_text(&judge->expect, script->expect_text) : rc;
}

void http_judge_deinit(struct http_judge *judge)
{
	needle_deinit(&judge->expect);
	needle_deinit(&judge->stop);
	slab_deinit(&judge->windows);
}

static enum backend_place backend_place(const struct http_judge *judge)
{
	const struct backend_rule *rule = judge->script->http->backend;

	return rule != NULL ? rule->place : BACKEND_NOWHERE;
}

bool http_judge_wants_fields(const struct http_judge *judge)
{
	enum backend_place place = backend_place(judge);

	return place == BACKEND_IN_HEADER || place == BACKEND_IN_COOKIE;
}

/* ---- the backend */

static void set_backend(struct http_hearing *hearing, const char *text, size_t size)
{
	size_t length = size < NAME_BYTES - 1 ? size : NAME_BYTES - 1;

	for (size_t i = 0; i < length; i++)
		hearing->backend[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	hearing->backend[length] = '\0';
}

/* "NAME=value; Path=/" (RFC 6265 4.1). */
static void look_for_cookie(struct http_hearing *hearing, const char *name,
			    const struct http1_event *field)
{
	size_t size = strlen(name);
	const char *value = field->data + size + 1;

	if (!http1_is_word(field->name, field->name_size, "set-cookie") || field->size <= size ||
	    memcmp(field->data, name, size) != 0 || field->data[size] != '=')
		return;
	size_t left = field->size - size - 1;
	const char *semicolon = memchr(value, ';', left);
	set_backend(hearing, value, semicolon != NULL ? (size_t)(semicolon - value) : left);
}

void http_hearing_field(const struct http_judge *judge, struct http_hearing *hearing,
			const struct http1_event *field)
{
	const struct backend_rule *rule = judge->script->http->backend;

	if (rule->place == BACKEND_IN_COOKIE)
		look_for_cookie(hearing, rule->name, field);
	else if (http1_is_word(field->name, field->name_size, rule->name))
		set_backend(hearing, field->data, field->size);
}

/* Without memory there is no name. */
static void keep_window(struct http_judge *judge, struct http_hearing *hearing, const void *data,
			size_t all)
{
	size_t room = BACKEND_WINDOW_BYTES - hearing->window_size;
	size_t size = all < room ? all : room;

	if (hearing->window == NULL)
		hearing->window = slab_take(&judge->windows);
	if (hearing->window == NULL)
		return;
	memcpy(hearing->window + hearing->window_size, data, size);
	hearing->window_size += (uint32_t)size;
	hearing->window[hearing->window_size] = '\0';
}

static void look_at_window(const struct http_judge *judge, struct http_hearing *hearing)
{
	regmatch_t matches[2] = { { .rm_so = 0, .rm_eo = (regoff_t)hearing->window_size } };

	if (hearing->window_size == 0 || regexec(&judge->script->http->backend->regex,
						 hearing->window, 2, matches, REG_STARTEND) != 0)
		return;
	const regmatch_t *match = &matches[matches[1].rm_so >= 0];
	set_backend(hearing, hearing->window + match->rm_so, (size_t)(match->rm_eo - match->rm_so));
}

/* ---- one response */

void http_hearing_begin(struct http_hearing *hearing)
{
	hearing->has_expected = false;
	hearing->expect_matched = 0;
	hearing->window_size = 0;
	hearing->backend[0] = '\0';
}

void http_hearing_end(struct http_judge *judge, struct http_hearing *hearing)
{
	slab_put(&judge->windows, hearing->window);
	hearing->window = NULL;
}

void http_hearing_body(struct http_judge *judge, struct http_hearing *hearing, const void *data,
		       size_t size)
{
	if (judge->script->expect_text != NULL && !hearing->has_expected)
		hearing->has_expected =
			needle_find(&judge->expect, &hearing->expect_matched, data, size) > 0;
	if (backend_place(judge) == BACKEND_IN_BODY)
		keep_window(judge, hearing, data, size);
}

bool http_hearing_has_stop(const struct http_judge *judge, struct http_hearing *hearing,
			   const void *data, size_t size)
{
	return judge->script->stop_on != NULL && size > 0 &&
	       needle_find(&judge->stop, &hearing->stop_matched, data, size) > 0;
}

enum outcome http_hearing_verdict(const struct http_judge *judge, struct http_hearing *hearing,
				  uint32_t status)
{
	bool has_text = judge->script->expect_text == NULL || hearing->has_expected;

	if (backend_place(judge) == BACKEND_IN_BODY)
		look_at_window(judge, hearing);
	return has_text && status_set_has(&judge->script->http->expected, status)
		       ? OUTCOME_DONE
		       : OUTCOME_REJECTED;
}
