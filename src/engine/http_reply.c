#include "engine/http_reply.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "proto/http1_response.h"

void http_reply_say(uint16_t status, const char *sentence, struct http_reply *ret)
{
	*ret = (struct http_reply){ .status = status, .is_bare = status == 204 || status == 304 };
	if (ret->is_bare)
		return;
	if (sentence == NULL)
		(void)snprintf(ret->text, sizeof(ret->text), "%u %s\n", status,
			       http1_reason(status));
	else
		(void)snprintf(ret->text, sizeof(ret->text), "the client %s\n", sentence);
	ret->size = strlen(ret->text);
}

static void say_name(const char *name, struct http_reply *ret)
{
	*ret = (struct http_reply){ .status = 200 };
	(void)snprintf(ret->text, sizeof(ret->text), "%.63s\n", name);
	ret->size = strlen(ret->text);
}

void http_reply_make(const struct http_route *route, const char *name, struct http_reply *ret)
{
	switch (route->kind) {
	case HTTP_ROUTE_NAME:
		say_name(name, ret);
		break;
	case HTTP_ROUTE_DELAY:
		say_name(name, ret);
		ret->delay_ns = route->value * NS_PER_MS;
		break;
	case HTTP_ROUTE_BYTES:
		*ret = (struct http_reply){ .status = 200, .size = route->value };
		break;
	case HTTP_ROUTE_STATUS:
	case HTTP_ROUTE_WRONG:
		http_reply_say((uint16_t)route->value, NULL, ret);
		break;
	case HTTP_ROUTE_ECHO:
		*ret = (struct http_reply){ .status = 200 };
		break;
	}
}

uint16_t http_reply_refusal(const struct http_route *route, bool is_expecting_more, uint64_t length)
{
	if (route->kind == HTTP_ROUTE_WRONG)
		return (uint16_t)route->value;
	if (is_expecting_more)
		return 417;
	return route->kind != HTTP_ROUTE_ECHO && length > HTTP_BODY_BYTES_MAX ? 413 : 0;
}
