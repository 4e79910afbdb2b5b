/* See script_build.h. What goes together is in script_check.c. */
#include "cmd/script_build.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cmd/client_plan.h"
#include "cmd/script_check.h"
#include "engine/speaker.h"
#include "engine/ws_script.h"
#include "proto/grpc.h"

/* ---- templates ---- */

static int compile_text(const char *option, const char *text, const struct template_options *how,
			struct error *error, const struct template **ret)
{
	struct template *template = NULL;
	int result = template_compile(text, strlen(text), how, error, &template);
	if (result < 0)
		error_prefix(error, "%s", option);
	*ret = template;
	return command_file_code(result);
}

static int compile_file(const char *option, const char *path, const struct template_options *how,
			struct error *error, const struct template **ret)
{
	struct template *template = NULL;
	int result = template_compile_file(path, how, error, &template);
	if (result < 0)
		error_prefix(error, "%s", option);
	*ret = template;
	return command_file_code(result);
}

/* Those of texts first, then those of files. */
struct template_list {
	const char *text_option;
	const struct option_list *texts;
	const char *file_option;
	const struct option_list *files;
};

static int compile_list(struct arena *arena, const struct template_list *list,
			const struct template_options *how, struct error *error,
			const struct template ***ret, uint32_t *ret_count)
{
	int result = 0;
	*ret_count = 0;
	*ret = arena_take_array(arena, list->texts->count + list->files->count,
				sizeof(const struct template *));
	for (size_t i = 0; i < list->texts->count && result >= 0; i++) {
		result = compile_text(list->text_option, list->texts->items[i], how, error,
				      &(*ret)[*ret_count]);
		*ret_count += result >= 0;
	}
	for (size_t i = 0; i < list->files->count && result >= 0; i++) {
		result = compile_file(list->file_option, list->files->items[i], how, error,
				      &(*ret)[*ret_count]);
		*ret_count += result >= 0;
	}
	return result;
}

/* A message of --message-size, where a WebSocket has none of -m. */
static int compile_filler(struct arena *arena, uint64_t bytes, const struct template_options *how,
			  struct error *error, struct script_parts *parts)
{
	char *text = arena_take(arena, bytes + 1);
	parts->messages = arena_take_array(arena, 1, sizeof(const struct template *));
	memset(text, 'x', bytes);
	int result = compile_text("--message-size", text, how, error, &parts->messages[0]);
	parts->message_count = result >= 0;
	return result;
}

static int compile_all(struct client *client, const struct client_options *options,
		       struct error *error)
{
	const struct message_options *message = &options->message;
	const struct uri *uri = &client->uris[0];
	struct script_parts *parts = &client->parts;
	bool is_http = uri->service == SERVICE_HTTP || uri->service == SERVICE_H2C;
	const struct template_options how = {
		.has_escapes = message->has_escapes,
		.has_bytes = !is_http && uri->service != SERVICE_WS,
		.seed = options->seed,
	};
	const struct template_list firsts = { "--first-message", &message->firsts,
					      "--first-message-file", &message->first_files };
	const struct template_list messages =
		is_http ? (struct template_list){ "--body", &message->bodies, "--body-file",
						  &message->body_files }
			: (struct template_list){ "-m", &message->messages, "-f", &message->files };
	int result = compile_list(&client->arena, &firsts, &how, error, &parts->firsts,
				  &parts->first_count);
	if (result >= 0)
		result = compile_list(&client->arena, &messages, &how, error, &parts->messages,
				      &parts->message_count);
	if (result >= 0 && uri->service == SERVICE_WS && parts->message_count == 0)
		result = compile_filler(&client->arena, script_bytes(options, uri), &how, error,
					parts);
	return result;
}

/* ---- scripts, by what the target is ---- */

/* What of a script needs its own target. */
struct request {
	struct client *client;
	const struct client_options *options;
	const struct uri *uri;
};

static int build_echo(const struct request *request, struct script *script, struct error *error)
{
	uint64_t bytes = script_bytes(request->options, request->uri);
	int result = script_check_echo(request->uri, bytes, error);
	script->kind = &speaker_echo;
	script->message_bytes = (uint32_t)bytes;
	script->is_answered = true;
	return result;
}

/* To discard, to whoever takes datagrams, or from source. */
static int build_one_way(const struct request *request, struct script *script, struct error *error)
{
	uint64_t bytes = script_bytes(request->options, request->uri);
	if (script->message_count > 0)
		return script_check_datagrams(script, error);
	int result = script_check_one_way(bytes, error);
	script->message_bytes = (uint32_t)bytes;
	return result;
}

static int build_raw(const struct request *request, struct script *script, struct error *error)
{
	const struct script_parts *parts = &request->client->parts;
	enum service service = request->uri->service;
	(void)error;
	script->kind = &speaker_raw;
	script->tells_count = service == SERVICE_DISCARD;
	/* Of source over UDP this is the size of what is asked for. */
	bool is_silent = service == SERVICE_SOURCE && request->uri->transport != TRANSPORT_UDP;
	if (parts->message_count == 0 && !is_silent)
		script->bulk_bytes = (uint32_t)script_bytes(request->options, request->uri);
	script->is_answered = parts->reply.kind != REPLY_NONE;
	script->reply = &parts->reply;
	return 0;
}

static int check_headers(const struct option_list *headers, struct error *error)
{
	for (size_t i = 0; i < headers->count; i++) {
		int result = http1_check_header(headers->items[i], error);
		if (result < 0) {
			error_prefix(error, "-H");
			return result;
		}
	}
	return 0;
}

static const char *authority_of(const struct request *request)
{
	char *text = arena_take(&request->client->arena, URI_AUTHORITY_MAX);
	return uri_authority(request->uri, text);
}

static struct http1_request request_of(const struct request *request, const char *method)
{
	const struct option_list *headers = &request->options->message.headers;
	return (struct http1_request){
		.method = method,
		.path = request->uri->path,
		.authority = authority_of(request),
		.headers = headers->items,
		.header_count = (uint32_t)headers->count,
	};
}

static int build_http(const struct request *request, struct script *script, struct error *error)
{
	const struct message_options *message = &request->options->message;
	struct client *client = request->client;
	struct http_script *http = arena_take_array(&client->arena, 1, sizeof(*http));
	const char *usual = client->parts.message_count > 0 ? "POST" : "GET";
	http->request = request_of(request, message->method ? message->method : usual);
	if (message->backend)
		http->backend = &client->parts.backend;
	int result = http1_check_method(http->request.method, error);
	if (result < 0)
		error_prefix(error, "--method");
	if (result >= 0 && message->expect_status) {
		result = status_set_parse(message->expect_status, error, &http->expected);
		if (result < 0)
			error_prefix(error, "--expect-status");
	}
	http->scheme = request->uri->transport == TRANSPORT_TLS ? "https" : "http";
	script->kind =
		script_speaks_h2(request->options, request->uri) ? &speaker_h2 : &speaker_http;
	script->http = http;
	script->is_answered = true;
	return result < 0 ? result : check_headers(&message->headers, error);
}

/* The path names the service that is asked for its health or, with -m, the method that takes it. */
static void plan_call(const struct request *request, struct http_script *http)
{
	const char *path = request->uri->path;
	struct arena *arena = &request->client->arena;
	uint8_t *body = arena_take(arena, GRPC_HEALTH_REQUEST_MAX);
	bool has_path = path[0] == '/' && path[1] != '\0';
	http->is_grpc = true;
	http->scheme = request->uri->transport == TRANSPORT_TLS ? "https" : "http";
	http->request = request_of(request, "POST");
	if (request->client->parts.message_count > 0) {
		http->request.path = has_path ? path : GRPC_ECHO;
		return;
	}
	http->request.path = GRPC_HEALTH_CHECK;
	http->health = body;
	http->health_bytes = grpc_write_health_request(has_path ? path + 1 : "", body);
}

static int build_grpc(const struct request *request, struct script *script, struct error *error)
{
	const struct message_options *message = &request->options->message;
	struct client *client = request->client;
	struct http_script *http = arena_take_array(&client->arena, 1, sizeof(*http));
	if (client->parts.message_count == 0 && grpc_check_service(request->uri->path, error) < 0)
		return -EINVAL;
	plan_call(request, http);
	if (message->backend)
		http->backend = &client->parts.backend;
	script->kind = &speaker_h2;
	script->http = http;
	script->is_answered = true;
	if (!http->health || strlen(request->uri->path) <= GRPC_SERVICE_NAME_MAX)
		return check_headers(&message->headers, error);
	return error_set(error, EINVAL, "%s: a service has a name of up to %d bytes",
			 request->uri->text, GRPC_SERVICE_NAME_MAX - 1);
}

static int build_ws(const struct request *request, struct script *script, struct error *error)
{
	struct client *client = request->client;
	struct ws_script *ws = arena_take_array(&client->arena, 1, sizeof(*ws));
	ws->request = request_of(request, "GET");
	script->kind = &speaker_ws;
	script->ws = ws;
	script->is_answered = client->parts.reply.kind != REPLY_NONE || !client->parts.has_reply;
	script->reply = client->parts.has_reply ? &client->parts.reply : NULL;
	return check_headers(&request->options->message.headers, error);
}

static int build_one(const struct request *request, struct script *script, struct error *error)
{
	const struct message_options *message = &request->options->message;
	struct script_parts *parts = &request->client->parts;
	enum service service = request->uri->service;
	*script = (struct script){
		.firsts = parts->firsts,
		.first_count = parts->first_count,
		.messages = parts->messages,
		.message_count = parts->message_count,
		.stop_on = message->stop_on,
		.expect_text = message->expect_text,
		.seed = request->options->seed,
	};
	if (service == SERVICE_GRPC)
		return build_grpc(request, script, error);
	if (service == SERVICE_HTTP || service == SERVICE_H2C)
		return build_http(request, script, error);
	if (service == SERVICE_WS)
		return build_ws(request, script, error);
	bool is_echoed = service == SERVICE_TRAFFIC || service == SERVICE_ECHO;
	if (!is_echoed && request->uri->transport == TRANSPORT_UDP)
		return build_one_way(request, script, error);
	return is_echoed && parts->message_count == 0 ? build_echo(request, script, error)
						      : build_raw(request, script, error);
}

/* ---- replies and backends ---- */

static bool is_of_protocol(const char *rule)
{
	return strcmp(rule, "http") == 0 || strcmp(rule, "ws-message") == 0;
}

static int plan_reply(struct client *client, const char *text, struct error *error)
{
	struct script_parts *parts = &client->parts;
	bool is_echo = client->uris[0].service == SERVICE_ECHO;
	if (!text)
		text = is_echo ? "echo" : client->uris[0].service == SERVICE_WS ? NULL : "none";
	if (!text || is_of_protocol(text))
		return 0;
	int result = reply_rule_parse(text, error, &parts->reply);
	if (result < 0)
		error_prefix(error, "--reply");
	parts->has_reply = result >= 0;
	return result;
}

static int plan_backend(struct client *client, const char *text, struct error *error)
{
	if (!text)
		return 0;
	int result = backend_rule_parse(text, error, &client->parts.backend);
	if (result < 0)
		error_prefix(error, "--backend");
	return result;
}

/* ---- all of it ---- */

static int build_targets(struct client *client, const struct client_options *options,
			 struct error *error)
{
	uint32_t count = client->uri_count;
	struct plan_target *targets = arena_take_array(&client->arena, count, sizeof(*targets));
	struct script *scripts = arena_take_array(&client->arena, count, sizeof(*scripts));
	int result = 0;
	for (uint32_t i = 0; i < count && result >= 0; i++) {
		const struct uri *uri = &client->uris[i];
		struct request request = { client, options, uri };
		targets[i] = (struct plan_target){ .text = uri->text,
						   .name = uri_peer(uri),
						   .script = &scripts[i] };
		result = build_one(&request, &scripts[i], error);
	}
	client->plan.targets = targets;
	client->plan.target_count = count;
	client->plan.slots.message_bytes = (uint32_t)lround(script_message_bytes(&scripts[0]));
	return result;
}

int script_build(struct client *client, const struct client_options *options, struct error *error)
{
	int result = script_check(&client->uris[0], options, error);
	if (result >= 0)
		result = plan_reply(client, options->message.reply, error);
	if (result >= 0)
		result = plan_backend(client, options->message.backend, error);
	if (result >= 0)
		result = compile_all(client, options, error);
	return result < 0 ? result : build_targets(client, options, error);
}

static void free_templates(const struct template **templates, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		template_free((struct template *)templates[i]);
}

void script_parts_deinit(struct script_parts *parts)
{
	free_templates(parts->firsts, parts->first_count);
	free_templates(parts->messages, parts->message_count);
	if (parts->has_reply)
		reply_rule_deinit(&parts->reply);
	backend_rule_deinit(&parts->backend);
	*parts = (struct script_parts){ 0 };
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
	*target =
		(struct plan_target){ .text = uri->text, .name = uri_peer(uri), .script = script };
	return target;
}

double script_message_bytes(const struct script *script)
{
	double sum = 0;
	if (script->message_bytes > 0)
		return script->message_bytes;
	if (script->http)
		return 0; /* its head is nobody's business here */
	for (uint32_t i = 0; i < script->message_count; i++)
		sum += template_size_mean(script->messages[i]);
	return script->message_count > 0 ? sum / script->message_count : script->bulk_bytes;
}
