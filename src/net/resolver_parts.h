/* What the files of the resolver share. */
#pragma once

#include <ares.h>

#include "net/loop.h"
#include "net/resolver.h"

#define RESOLVER_NAME_MAX     256 /* RFC 1035: 255 and the end */
#define RESOLVER_SENTENCE_MAX 512

/* c-ares speaks of level-triggered sockets that it opens and closes as it likes. They live in an
 * epoll of their own, and the loop watches that one: it is ready as long as any of them is. */
struct resolver {
	struct loop *loop;
	ares_channel channel;
	struct watch sockets;
	struct timer timer;
	int family;
	uint32_t endpoints_max;
	bool is_ending;
};

/* After a query was given to c-ares, which has deadlines for it. */
void resolver_set_timer(struct resolver *resolver);

/* The three ways in which a question ends: the asker is told. `name` is what was asked for,
 * `status` of c-ares. */
void resolver_succeed(const struct endpoint *endpoints, size_t count, uint32_t ttl_s,
		      resolver_done_fn done, void *context);
void resolver_fail(const char *name, int code, const char *text, resolver_done_fn done,
		   void *context);
void resolver_fail_by_status(const char *name, int status, resolver_done_fn done, void *context);
