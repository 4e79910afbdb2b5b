/* Which options of messages go with which target, and what to do instead. Pure. */
#pragma once

#include "base/error.h"
#include "base/uri.h"
#include "cmd/client_options.h"

/* -EINVAL with the way out. */
nodiscard int script_check(const struct uri *uri, const struct client_options *options,
			   struct error *error);
/* Requests go out in HTTP/2: the scheme says so, or --alpn. */
bool script_speaks_h2(const struct client_options *options, const struct uri *uri);
/* Datagrams that nobody answers. */
nodiscard int script_check_one_way(uint64_t bytes, struct error *error);
/* -m of datagrams: none is larger than one can be. */
struct script;
nodiscard int script_check_datagrams(const struct script *script, struct error *error);
/* Messages of traffic:// and echo:// without -m. */
nodiscard int script_check_echo(const struct uri *uri, uint64_t bytes, struct error *error);
/* --message-size, or what is usual for this target. */
uint64_t script_bytes(const struct client_options *options, const struct uri *uri);
