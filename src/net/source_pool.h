/* Local addresses to connect from (--source): one, a CIDR range, a file of addresses with
 * optional ports, or every address of the interface that the route takes (auto). Hands them out
 * in turn; one owner, or one pool a worker made by source_pool_split(). */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"

struct source_pool;

/* `text` as given to --source, before the target is known. -EINVAL or the errno of a file, with a
 * sentence. */
nodiscard int source_pool_parse(const char *text, struct error *error, struct source_pool **ret);
/* Before any is taken: finds those of `auto` by the route to `remote`, and tries whether they are
 * of its family (-EINVAL) and this host's (-EADDRNOTAVAIL). */
nodiscard int source_pool_check(struct source_pool *pool, const struct endpoint *remote,
				struct error *error);
/* Whether this one address is this host's; -EADDRNOTAVAIL and the way out. */
nodiscard int source_check_ours(const struct endpoint *local, struct error *error);
void source_pool_free(struct source_pool *pool);
/* The next one; port 0 unless the file named ports. */
struct endpoint source_pool_next(struct source_pool *pool);
/* A pool of every `count`th address from `index` on (shared if there are fewer than `count`). */
nodiscard int source_pool_split(const struct source_pool *pool, unsigned index, unsigned count,
				struct source_pool **ret);
uint64_t source_pool_count(const struct source_pool *pool);
/* How many of these carry a port of their own. */
uint64_t source_pool_fixed_port_count(const struct source_pool *pool);
