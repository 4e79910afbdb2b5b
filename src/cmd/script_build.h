/* What connections say: from the options and a target to a script. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/uri.h"
#include "engine/http_script.h"
#include "engine/plan.h"
#include "engine/script.h"

struct client;
struct client_options;

/* What scripts share and somebody has to free. */
struct script_parts {
	const struct template **firsts;
	const struct template **messages;
	uint32_t first_count;
	uint32_t message_count;
	struct reply_rule reply;
	bool has_reply; /* `reply` is to be freed */
	struct backend_rule backend;
};

/* Makes targets and scripts of the client's plan, one for each of its targets. -EINVAL with the way
 * out where the options and the target don't go together; else an errno of a file. */
nodiscard int script_build(struct client *client, const struct client_options *options,
			   struct error *error);
void script_parts_deinit(struct script_parts *parts);
/* A target that echoes messages of so many bytes, outside the plan's: --probe. */
const struct plan_target *script_build_echo(struct client *client, const struct uri *uri,
					    uint32_t message_bytes);
/* Bytes of a message on average, for --bandwidth; 0: not known. */
double script_message_bytes(const struct script *script);
