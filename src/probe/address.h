/* Where a target is: its host, or what --connect-to says, to an address; of several the first one
 * of the family that is wanted, as a look at one service asks for. Of one prober, on its loop. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "base/slab.h"
#include "net/resolver.h"
#include "probe/probe.h"

struct address_search;

/* `endpoint` NULL: none, `outcome` and `why`. Valid during the call. */
struct address_answer {
	const struct endpoint *endpoint;
	uint32_t count; /* addresses of the name; 0: it is a literal one */
	enum outcome outcome;
	const char *why;
};
typedef void (*address_found_fn)(void *context, const struct address_answer *answer);

struct address_book {
	const struct prober *prober;
	struct resolver *resolver; /* NULL until a name is asked for */
	struct slab searches;
};

void address_book_init(struct address_book *book, const struct prober *prober);
/* What is under way was forgotten. */
void address_book_deinit(struct address_book *book);
/* Can the target be reached as it says: -EINVAL with the sentence for a literal address of another
 * family than is wanted. */
nodiscard int address_check(const struct probe_target *target, struct error *error);
/* `found` may be called from within; until it is, `*under_way` is not NULL. */
void address_find(struct address_book *book, address_found_fn found, void *context,
		  struct address_search **under_way);
/* Nobody wants to know any more; takes NULL. */
void address_forget(struct address_search *search);
