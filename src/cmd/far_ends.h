/* load --serve: the far ends of the connections, which this process has itself. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "cmd/load.h"

/* What TARGET means here: the host is this one, the port any free one. */
extern const struct uri_defaults far_ends_uri;

/* What makes no sense with it. -EINVAL. */
nodiscard int far_ends_check(const struct load_options *options, size_t targets,
			     struct error *error);
/* Once the target is known: where that goes over TLS makes a certificate, which `tls` then trusts.
 * -errno with the sentence. */
nodiscard int far_ends_certify(struct load *load, struct tls_options *tls, struct error *error);
/* How many pairs and on which cpus, and the plans of those that serve: once the rest of the plan is
 * made. -EINVAL. */
nodiscard int far_ends_plan(struct load *load, const struct client_options *options,
			    struct error *error);
/* Once the target is resolved: they listen there. -EINVAL: it is not an address of this host. */
nodiscard int far_ends_place(struct load *load, struct error *error);
/* Their listeners are open: each worker connects to its own. */
void far_ends_meet(struct load *load, const struct engine *engine);
void far_ends_deinit(struct load *load);
