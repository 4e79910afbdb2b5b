#include "cmd/serve_health.h"

#include <errno.h>
#include <string.h>

/* "db=not-serving"; the name is what stands before it. */
static int read_health(const char *text, struct error *error, char name[GRPC_SERVICE_NAME_MAX],
		       struct plan_health *ret)
{
	static const struct {
		const char *word;
		enum grpc_health health;
	} words[] = {
		{ "serving", GRPC_HEALTH_SERVING },
		{ "not-serving", GRPC_HEALTH_NOT_SERVING },
		{ "unknown", GRPC_HEALTH_UNKNOWN },
	};
	const char *equals = strrchr(text, '=');
	size_t length = equals != NULL ? (size_t)(equals - text) : 0;

	if (equals == NULL || length >= GRPC_SERVICE_NAME_MAX)
		return error_set(error, EINVAL,
				 "--health: \"%.40s\" is not NAME=STATUS, of up to %d bytes", text,
				 GRPC_SERVICE_NAME_MAX - 1);
	memcpy(name, text, length);
	for (size_t i = 0; i < array_size(words); i++) {
		if (strcmp(words[i].word, equals + 1) != 0)
			continue;
		*ret = (struct plan_health){ name, words[i].health };
		return 0;
	}
	return error_set(error, EINVAL,
			 "--health: \"%s\" is not a status (serving, not-serving or unknown)",
			 equals + 1);
}

int serve_health_plan(const struct option_list *given, struct arena *arena,
		      struct plan_serve *serve, struct error *error)
{
	struct plan_health *healths = arena_take_array(arena, given->count, sizeof(*healths));
	int rc = 0;

	for (size_t i = 0; i < given->count && rc == 0; i++)
		rc = read_health(given->items[i], error, arena_take(arena, GRPC_SERVICE_NAME_MAX),
				 &healths[i]);
	serve->health = healths;
	serve->health_count = (uint32_t)given->count;
	return rc;
}
