#include "run/resolve.h"

#include <errno.h>
#include <string.h>

#include "net/loop.h"

struct wait {
	struct loop *loop;
	struct resolved *resolved;
	struct error *error;
	int code;
	bool is_over;
};

static void on_answer(void *context, const struct resolver_answer *answer)
{
	struct wait *wait = context;
	wait->is_over = true;
	wait->code = answer->code;
	if (answer->code < 0) {
		wait->code = error_set(wait->error, EHOSTUNREACH, "%s", answer->sentence);
	} else {
		wait->resolved->count = (uint32_t)answer->count;
		memcpy(wait->resolved->endpoints, answer->endpoints,
		       answer->count * sizeof(*answer->endpoints));
	}
	loop_stop(wait->loop);
}

static int ask(struct resolver *resolver, const struct uri *uri, struct wait *wait)
{
	int result = uri->is_srv
			     ? resolver_resolve_service(resolver, uri->host, on_answer, wait)
			     : resolver_resolve(resolver, uri->host, uri->port, on_answer, wait);
	if (result < 0)
		return error_set(wait->error, -result, "cannot look up %s: %s", uri->host,
				 strerrordesc_np(-result));
	if (!wait->is_over)
		result = loop_run(wait->loop, UINT64_MAX);
	return result < 0 ? result : wait->code;
}

int resolve_target(const struct uri *uri, const struct resolve_options *options,
		   struct error *error, struct resolved *ret)
{
	struct wait wait = { .resolved = ret, .error = error };
	struct resolver *resolver = NULL;
	struct resolver_options how = { .family = options->family, .servers = options->servers };
	int result = loop_new(&(struct loop_options){ 0 }, &wait.loop);
	if (result >= 0)
		result = resolver_new(wait.loop, &how, &resolver);
	if (result < 0)
		result = error_set(error, -result, "cannot set up the resolver: %s",
				   strerrordesc_np(-result));
	else
		result = ask(resolver, uri, &wait);
	resolver_free(resolver);
	loop_free(wait.loop);
	if (result >= 0 && options->addresses == RESOLVE_FIRST && !uri->is_srv)
		ret->count = 1;
	return result;
}
