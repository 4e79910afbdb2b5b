#include "probe/address.h"

#include <errno.h>
#include <string.h>

#define SEARCHES_A_CHUNK 16

/* Lives until the resolver has answered, also where nobody wants to know any more. */
struct address_search {
	struct address_book *book;
	address_found_fn found; /* NULL: forgotten */
	void *context;
	struct address_search **under_way;
};

void address_book_init(struct address_book *book, const struct prober *prober)
{
	*book = (struct address_book){ .prober = prober };
	slab_init(&book->searches, sizeof(struct address_search), SEARCHES_A_CHUNK);
}

void address_book_deinit(struct address_book *book)
{
	resolver_free(book->resolver);
	slab_deinit(&book->searches);
}

static int wanted_family(const struct probe_target *target)
{
	return target->family ? target->family : target->source.family;
}

static const char *host_of(const struct probe_target *target)
{
	return target->connect_host ? target->connect_host : target->uri.host;
}

static uint16_t port_of(const struct probe_target *target)
{
	return target->connect_port ? target->connect_port : target->uri.port;
}

int address_check(const struct probe_target *target, struct error *error)
{
	int wanted = wanted_family(target);
	struct endpoint numeric;
	if (wanted == 0 || resolver_parse_numeric(host_of(target), 0, &numeric) < 0 ||
	    numeric.family == wanted)
		return 0;
	return error_set(error, EINVAL, "%s is no %s address", host_of(target),
			 wanted == AF_INET ? "IPv4" : "IPv6");
}

static void tell(const struct address_search *search, const struct address_answer *answer)
{
	if (!search->found)
		return;
	*search->under_way = NULL;
	search->found(search->context, answer);
}

static void on_resolved(void *context, const struct resolver_answer *resolved)
{
	struct address_search *search = context;
	struct address_answer answer = {
		.endpoint = resolved->code < 0 ? NULL : &resolved->endpoints[0],
		.count = (uint32_t)resolved->count,
		.outcome = resolved->code == -ENOMEM ? OUTCOME_NO_MEMORY : OUTCOME_NOT_RESOLVED,
		.why = resolved->sentence,
	};
	struct address_search told = *search;
	slab_put(&told.book->searches, search);
	tell(&told, &answer);
}

static int open_resolver(struct address_book *book)
{
	const struct prober *prober = book->prober;
	struct resolver_options options = {
		.servers = prober->host->servers,
		.family = wanted_family(prober->target),
	};
	return book->resolver ? 0 : resolver_new(prober->host->loop, &options, &book->resolver);
}

static int ask(struct address_book *book, struct address_search *search)
{
	const struct probe_target *target = book->prober->target;
	int result = open_resolver(book);
	if (result < 0)
		return result;
	if (target->uri.is_srv && !target->connect_host)
		return resolver_resolve_service(book->resolver, target->uri.host, on_resolved,
						search);
	return resolver_resolve(book->resolver, host_of(target), port_of(target), on_resolved,
				search);
}

static void search_for(struct address_book *book, const struct address_search *wanted)
{
	struct address_answer failed = { .outcome = OUTCOME_NO_MEMORY };
	struct address_search *search = slab_take(&book->searches);
	if (!search) {
		tell(wanted, &failed);
		return;
	}
	*search = *wanted;
	*search->under_way = search;
	int result = ask(book, search);
	if (result >= 0)
		return;
	failed.why = strerrordesc_np(-result);
	slab_put(&book->searches, search);
	tell(wanted, &failed);
}

void address_find(struct address_book *book, address_found_fn found, void *context,
		  struct address_search **under_way)
{
	const struct probe_target *target = book->prober->target;
	struct address_search wanted = { book, found, context, under_way };
	struct endpoint numeric;
	int result = -EINVAL;
	if (!target->uri.is_srv || target->connect_host)
		result = resolver_parse_numeric(host_of(target), port_of(target), &numeric);
	if (result >= 0) {
		tell(&wanted, &(struct address_answer){ .endpoint = &numeric });
	} else if (result == -ENODEV) {
		tell(&wanted, &(struct address_answer){ .outcome = OUTCOME_NOT_RESOLVED,
							.why = "this host has no such interface" });
	} else {
		search_for(book, &wanted);
	}
}

void address_forget(struct address_search *search)
{
	if (search)
		search->found = NULL;
}
