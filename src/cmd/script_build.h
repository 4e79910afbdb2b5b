/* What connections say: from the options and a target to a script. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/uri.h"
#include "cmd/client_plan.h"
#include "engine/script.h"

/* Makes targets and scripts of the client's plan, one for each of its targets. -EINVAL with the way
 * out where the options and the target don't go together. */
nodiscard int script_build(struct client *client, const struct client_options *options,
			   struct error *error);
/* A target that echoes messages of so many bytes, outside the plan's: --probe. */
const struct plan_target *script_build_echo(struct client *client, const struct uri *uri,
					    uint32_t message_bytes);
/* Bytes of a message on average, for --bandwidth. */
double script_message_bytes(const struct script *script);
