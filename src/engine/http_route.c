#include "engine/http_route.h"

#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"

struct words {
	const char *text;
	size_t size;
};

static bool is_text(struct words words, const char *text)
{
	return words.size == strlen(text) && memcmp(words.text, text, words.size) == 0;
}

static bool take_prefix(struct words *words, const char *prefix)
{
	size_t size = strlen(prefix);

	if (words->size < size || memcmp(words->text, prefix, size) != 0)
		return false;
	words->text += size;
	words->size -= size;
	return true;
}

/* The path of an origin-form or absolute-form (RFC 9112 3.2), without its query. */
static struct words path_of(struct words target)
{
	if (take_prefix(&target, "http://") || take_prefix(&target, "https://")) {
		const char *path = memchr(target.text, '/', target.size);
		if (path == NULL)
			return (struct words){ "/", 1 };
		target.size -= (size_t)(path - target.text);
		target.text = path;
	}
	const char *query = memchr(target.text, '?', target.size);
	if (query != NULL)
		target.size = (size_t)(query - target.text);
	return target;
}

/* A count as in options, "10" or "64k". False: none, or one beyond these bounds. */
static bool parse_count(struct words words, uint64_t least, uint64_t most, uint64_t *ret)
{
	char text[24];

	if (words.size == 0 || words.size >= sizeof(text))
		return false;
	memcpy(text, words.text, words.size);
	text[words.size] = '\0';
	return units_parse_count(text, NULL, ret) == 0 && *ret >= least && *ret <= most;
}

static struct http_route find_path(struct words path)
{
	static const struct {
		const char *prefix;
		enum http_route_kind kind;
		uint64_t least;
		uint64_t most;
	} counted[] = {
		{ "/bytes/", HTTP_ROUTE_BYTES, 0, INT64_MAX },
		{ "/delay/", HTTP_ROUTE_DELAY, 0, HTTP_DELAY_MAX_MS },
		{ "/status/", HTTP_ROUTE_STATUS, 200, 599 },
	};

	if (is_text(path, "/"))
		return (struct http_route){ HTTP_ROUTE_NAME, 0 };
	if (is_text(path, "/echo"))
		return (struct http_route){ HTTP_ROUTE_ECHO, 0 };
	for (size_t i = 0; i < array_size(counted); i++) {
		struct http_route route = { .kind = counted[i].kind };
		if (!take_prefix(&path, counted[i].prefix))
			continue;
		if (parse_count(path, counted[i].least, counted[i].most, &route.value))
			return route;
		return (struct http_route){ HTTP_ROUTE_WRONG, 400 };
	}
	return (struct http_route){ HTTP_ROUTE_WRONG, 404 };
}

static bool is_allowed(struct words method, enum http_route_kind kind)
{
	if (is_text(method, "GET") || is_text(method, "HEAD") || is_text(method, "POST"))
		return true;
	return kind == HTTP_ROUTE_ECHO && (is_text(method, "PUT") || is_text(method, "PATCH"));
}

struct http_route http_route_find(const char *method, size_t method_size, const char *target,
				  size_t target_size)
{
	struct http_route route = find_path(path_of((struct words){ target, target_size }));

	if (route.kind == HTTP_ROUTE_WRONG ||
	    is_allowed((struct words){ method, method_size }, route.kind))
		return route;
	return (struct http_route){ HTTP_ROUTE_WRONG, 405 };
}
