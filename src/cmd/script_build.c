/* See script_build.h. */
#include "cmd/script_build.h"

#include <errno.h>

#include "engine/speaker.h"
#include "proto/traffic_wire.h"

#define DATAGRAM_BYTES_MAX 65507

/* What a script is made of. */
struct request {
	struct client *client;
	const struct client_options *options;
	const struct uri *uri;
	uint64_t message_bytes;
};

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

/* Where --message-size is not given. */
static uint64_t default_bytes(const struct uri *uri)
{
	if (uri->transport == TRANSPORT_UDP)
		return 1400;
	return uri->service == SERVICE_DISCARD || uri->service == SERVICE_NONE ? 65536 : 1024;
}

/* What traffic:// and echo:// send back. */
static int build_echo(const struct request *request, struct script *script, struct error *error)
{
	struct plan_slots *slots = &request->client->plan.slots;
	uint64_t bytes = request->message_bytes;
	if (slots->transport == TRANSPORT_UDP) {
		int result = check_datagram(bytes, error);
		if (result < 0)
			return result;
	} else if (bytes < WIRE_NAME_BYTES) {
		return error_set(error, EINVAL,
				 "--message-size: a message has at least %d bytes here (for the "
				 "name of the server)",
				 WIRE_NAME_BYTES);
	}
	script->kind = &speaker_echo;
	script->message_bytes = (uint32_t)bytes;
	script->is_answered = true;
	slots->message_bytes = script->message_bytes;
	return 0;
}

const struct plan_target *script_build_echo(struct client *client, const struct uri *uri,
					    uint32_t message_bytes)
{
	struct script *script = arena_take_array(&client->arena, 1, sizeof(*script));
	struct plan_target *target = arena_take_array(&client->arena, 1, sizeof(*target));
	*script = (struct script){ .kind = &speaker_echo,
				   .message_bytes = message_bytes,
				   .is_answered = true,
				   .seed = client->plan.seed };
	*target = (struct plan_target){ .text = uri->text, .name = uri->host, .script = script };
	return target;
}

int script_build(struct client *client, const struct client_options *options, struct error *error)
{
	struct plan_target *targets =
		arena_take_array(&client->arena, client->uri_count, sizeof(*targets));
	struct script *scripts =
		arena_take_array(&client->arena, client->uri_count, sizeof(*scripts));
	int result = 0;
	for (uint32_t i = 0; i < client->uri_count && result >= 0; i++) {
		const struct uri *uri = &client->uris[i];
		struct request request = { client, options, uri,
					   options->message_bytes ? options->message_bytes
								  : default_bytes(uri) };
		scripts[i].seed = options->seed;
		targets[i] = (struct plan_target){ .text = uri->text,
						   .name = uri->host,
						   .script = &scripts[i] };
		result = build_echo(&request, &scripts[i], error);
	}
	client->plan.targets = targets;
	client->plan.target_count = client->uri_count;
	return result;
}

double script_message_bytes(const struct script *script)
{
	return script->message_bytes;
}
