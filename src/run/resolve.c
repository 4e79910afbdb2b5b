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

int resolve_check(const struct uri *uri, int family, struct error *error)
{
	struct endpoint numeric = { 0 };
	int result = uri->is_srv ? -EINVAL : resolver_parse_numeric(uri->host, uri->port, &numeric);
	if (result == -ENODEV)
		return error_set(error, EINVAL, "[%s]: there is no interface %s here", uri->host,
				 strchr(uri->host, '%') + 1);
	if (result < 0)
		return 0;
	if (family != AF_UNSPEC && family != numeric.family)
		return error_set(error, EINVAL,
				 "%s is an IPv%c address, and -%c asks for the others", uri->host,
				 numeric.family == AF_INET ? '4' : '6',
				 family == AF_INET ? '4' : '6');
	if (endpoint_is_link_local(&numeric) && numeric.scope == 0)
		return error_set(error, EINVAL,
				 "[%s] may be on any link: add %%IFACE, as in [%s%%eth0]",
				 uri->host, uri->host);
	return 0;
}

static int look_up(const struct uri *uri, const struct resolve_options *options,
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
	return result;
}

int resolve_target(const struct uri *uri, const struct resolve_options *options,
		   struct error *error, struct resolved *ret)
{
	int result = 0;
	ret->count = 1;
	if (uri->is_srv || resolver_parse_numeric(uri->host, uri->port, &ret->endpoints[0]) < 0)
		result = look_up(uri, options, error, ret);
	if (result >= 0 && options->addresses == RESOLVE_FIRST && !uri->is_srv)
		ret->count = 1;
	return result;
}
