/* See script_build.h. */
#include "cmd/script_build.h"

#include <errno.h>

#include "engine/speaker.h"
#include "proto/traffic_wire.h"

#define DATAGRAM_BYTES_MAX 65507

static int check_datagram(uint64_t bytes, struct error *error)
{
	if (bytes < WIRE_DATAGRAM_HEAD_END)
		return error_set(
			error, EINVAL,
			"--message-size: a datagram has at least %d bytes here (64 for the "
			"name, 32 for our head)",
			WIRE_DATAGRAM_HEAD_END);
	if (bytes > DATAGRAM_BYTES_MAX)
		return error_set(error, EINVAL,
				 "--message-size: a datagram has at most 65,507 bytes");
	return 0;
}

/* What traffic:// and echo:// send back. */
static int build_echo(struct client *client, const struct client_options *options,
		      struct script *script, struct error *error)
{
	if (client->plan.slots.transport == TRANSPORT_UDP) {
		int result = check_datagram(options->message_bytes, error);
		if (result < 0)
			return result;
	} else if (options->message_bytes < WIRE_NAME_BYTES) {
		return error_set(error, EINVAL,
				 "--message-size: a message has at least %d bytes here (for the "
				 "name of the server)",
				 WIRE_NAME_BYTES);
	}
	script->kind = &speaker_echo;
	script->message_bytes = (uint32_t)options->message_bytes;
	script->is_answered = true;
	client->plan.slots.message_bytes = script->message_bytes;
	return 0;
}

int script_build(struct client *client, const struct client_options *options, struct error *error)
{
	struct plan_target *targets =
		arena_take_array(&client->arena, client->uri_count, sizeof(*targets));
	struct script *scripts =
		arena_take_array(&client->arena, client->uri_count, sizeof(*scripts));
	int result = 0;
	for (uint32_t i = 0; i < client->uri_count && result >= 0; i++) {
		scripts[i].seed = options->seed;
		targets[i] = (struct plan_target){ .text = client->uris[i].text,
						   .name = client->uris[i].host,
						   .script = &scripts[i] };
		result = build_echo(client, options, &scripts[i], error);
	}
	client->plan.targets = targets;
	client->plan.target_count = client->uri_count;
	return result;
}

double script_message_bytes(const struct script *script)
{
	return script->message_bytes;
}
