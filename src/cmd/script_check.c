/* See script_check.h. */
#include "cmd/script_check.h"

#include <errno.h>
#include <string.h>

#include "engine/script.h"
#include "proto/source_wire.h"
#include "proto/traffic_wire.h"

#define DATAGRAM_BYTES_MAX 65507

uint64_t script_bytes(const struct client_options *options, const struct uri *uri)
{
	if (options->message_bytes > 0)
		return options->message_bytes;
	if (uri->transport == TRANSPORT_UDP)
		return 1400;
	return uri->service == SERVICE_DISCARD || uri->service == SERVICE_NONE ? 65536 : 1024;
}

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

int script_check_one_way(uint64_t bytes, struct error *error)
{
	if (bytes < SOURCE_BYTES_MIN || bytes > SOURCE_BYTES_MAX)
		return error_set(error, EINVAL,
				 "--message-size: a datagram has %d to 65,000 bytes here",
				 SOURCE_BYTES_MIN);
	return 0;
}

int script_check_datagrams(const struct script *script, struct error *error)
{
	for (uint32_t i = 0; i < script->message_count; i++) {
		size_t most = template_size_max(script->messages[i]);
		if (most > DATAGRAM_BYTES_MAX)
			return error_set(
				error, EINVAL,
				"-m: a message may have %zu bytes, a datagram holds 65,507", most);
	}
	return 0;
}

int script_check_echo(const struct uri *uri, uint64_t bytes, struct error *error)
{
	if (uri->transport == TRANSPORT_UDP)
		return check_datagram(bytes, error);
	if (bytes < WIRE_NAME_BYTES)
		return error_set(error, EINVAL,
				 "--message-size: a message has at least %d bytes here (for the "
				 "name of the server)",
				 WIRE_NAME_BYTES);
	return 0;
}

/* ---- which targets take an option ---- */

enum group {
	TRAFFIC = 1,
	ECHO = 2,
	DISCARD = 4,
	SOURCE = 8,
	HTTP = 16,
	WS = 32,
	RAW = 64,
	DATAGRAMS = 128, /* echoed, or from source */
	PACKETS = 256,   /* datagrams that nobody answers */
	GRPC = 512,
};
#define TEMPLATED (ECHO | DISCARD | WS | RAW | GRPC)
#define WRITTEN   (TEMPLATED | PACKETS)
#define ANSWERING (ECHO | HTTP | WS | RAW | GRPC)

static enum group group_of(const struct uri *uri)
{
	static const enum group groups[SERVICE_COUNT] = {
		[SERVICE_TRAFFIC] = TRAFFIC, [SERVICE_ECHO] = ECHO, [SERVICE_DISCARD] = DISCARD,
		[SERVICE_SOURCE] = SOURCE,   [SERVICE_HTTP] = HTTP, [SERVICE_WS] = WS,
		[SERVICE_H2C] = HTTP,        [SERVICE_GRPC] = GRPC,
	};
	bool is_sent = uri->service == SERVICE_NONE || uri->service == SERVICE_DISCARD;
	if (uri->transport == TRANSPORT_UDP)
		return is_sent ? PACKETS : DATAGRAMS;
	return uri->service == SERVICE_NONE ? RAW : groups[uri->service];
}

struct rule {
	const char *option;
	bool is_given;
	unsigned groups; /* that take it */
};

/* What to do instead; NULL: leave it out. */
static const char *instead(const char *option, enum group group)
{
	bool is_message = strcmp(option, "-m") == 0 || strcmp(option, "-f") == 0;
	if (is_message && group == TRAFFIC)
		return "its server writes its name over the first 64 bytes; echo:// sends back "
		       "what it gets";
	if (is_message && group == SOURCE)
		return "it only sends; tcp://HOST:PORT takes messages";
	if (is_message && group == HTTP)
		return "over HTTP what is sent is a request: --body, --body-file";
	if (is_message && group == DATAGRAMS)
		return "its datagrams are told apart by numbers of ours; udp:// and "
		       "discard+udp:// send messages and await no answer";
	if (strcmp(option, "--reply") == 0 && group == DISCARD)
		return "it answers nothing but the end; echo:// answers messages";
	if (strcmp(option, "--reply") == 0 && group & (DATAGRAMS | PACKETS))
		return "an answer to a datagram is a datagram: echo+udp://, or discard+udp://";
	if (strcmp(option, "--rate") == 0 || strcmp(option, "--bandwidth") == 0)
		return "it sends as fast as it is read: --bandwidth-down";
	return NULL;
}

static int refuse(const struct rule *rule, const struct uri *uri, enum group group,
		  struct error *error)
{
	const char *way_out = instead(rule->option, group);
	const char *scheme_end = strstr(uri->text, "://");
	return error_set(error, EINVAL, "%s: of no use with %.*s://%s%s", rule->option,
			 (int)(scheme_end - uri->text), uri->text, way_out ? "; " : "",
			 way_out ? way_out : ": leave it out");
}

/* Bytes as given have to be given. */
static int check_raw(const struct uri *uri, const struct client_options *options,
		     struct error *error)
{
	const struct message_options *message = &options->message;
	bool is_told = message->messages.count > 0 || message->files.count > 0 ||
		       message->firsts.count > 0 || message->first_files.count > 0 ||
		       options->bandwidth.bits_per_second > 0 || options->message_bytes > 0;
	if (uri->service != SERVICE_NONE || is_told)
		return 0;
	return error_set(error, EINVAL,
			 "%s: what is to be sent? -m or -f say it, -b sends zeros; http://, "
			 "ws://, echo:// and discard:// know what to say",
			 uri->text);
}

static int check_reply(const struct uri *uri, const char *reply, struct error *error)
{
	static const struct {
		const char *rule;
		enum service service;
	} own[] = { { "http", SERVICE_HTTP }, { "ws-message", SERVICE_WS } };
	for (size_t i = 0; reply && i < array_size(own); i++) {
		bool is_own = strcmp(reply, own[i].rule) == 0;
		if (is_own && uri->service != own[i].service)
			return error_set(error, EINVAL, "--reply: %s is for %s://", reply,
					 service_name(own[i].service));
		if (!is_own && own[i].service == SERVICE_HTTP && group_of(uri) & (HTTP | GRPC))
			return error_set(error, EINVAL,
					 "--reply: an answer over HTTP is a response: leave it "
					 "out");
	}
	bool is_ws_rule = reply && (strcmp(reply, "ws-message") == 0 ||
				    strcmp(reply, "echo") == 0 || strcmp(reply, "none") == 0);
	if (reply && uri->service == SERVICE_WS && !is_ws_rule)
		return error_set(error, EINVAL,
				 "--reply: over WebSocket an answer is a message: ws-message, echo "
				 "or none");
	return 0;
}

bool script_speaks_h2(const struct client_options *options, const struct uri *uri)
{
	const char *alpn = options->tls.alpn;
	bool is_h2 = alpn != NULL && strcmp(alpn, "h2") == 0;
	return uri->service == SERVICE_H2C || uri->service == SERVICE_GRPC ||
	       (uri->service == SERVICE_HTTP && uri->transport == TRANSPORT_TLS && is_h2);
}

/* What is agreed on is what we speak. */
static int check_alpn(const struct uri *uri, const struct client_options *options,
		      struct error *error)
{
	const char *alpn = options->tls.alpn;
	bool has_h2 = alpn != NULL && strstr(alpn, "h2") != NULL;
	bool is_chosen = group_of(uri) & (HTTP | GRPC) && uri->transport == TRANSPORT_TLS;
	if (!is_chosen || !has_h2 || strcmp(alpn, "h2") == 0)
		return 0;
	return error_set(error, EINVAL,
			 "--alpn: \"%s\" leaves open what is spoken: h2 is HTTP/2, http/1.1 (as "
			 "without --alpn) HTTP/1.1",
			 alpn);
}

/* An empty text would be found everywhere. */
static int check_texts(const struct message_options *message, struct error *error)
{
	if (message->stop_on != NULL && message->stop_on[0] == '\0')
		return error_set(error, EINVAL, "--stop-on: an empty text comes in any answer");
	if (message->expect_text != NULL && message->expect_text[0] == '\0')
		return error_set(error, EINVAL, "--expect-text: an empty text is in any answer");
	return 0;
}

int script_check(const struct uri *uri, const struct client_options *options, struct error *error)
{
	const struct message_options *message = &options->message;
	const struct rule rules[] = {
		{ "-m", message->messages.count > 0, WRITTEN },
		{ "-f", message->files.count > 0, WRITTEN },
		{ "--first-message", message->firsts.count > 0, TEMPLATED | HTTP },
		{ "--first-message-file", message->first_files.count > 0, TEMPLATED | HTTP },
		{ "-e", message->has_escapes, WRITTEN | HTTP },
		{ "--reply", message->reply != NULL, ANSWERING },
		{ "--in-flight", message->in_flight > 0, ANSWERING | TRAFFIC },
		{ "--stop-on", message->stop_on != NULL, ANSWERING },
		{ "--expect-text", message->expect_text != NULL, ANSWERING },
		{ "--expect-status", message->expect_status != NULL, HTTP },
		{ "--method", message->method != NULL, HTTP },
		{ "-H", message->headers.count > 0, HTTP | WS | GRPC },
		{ "--body", message->bodies.count > 0, HTTP },
		{ "--body-file", message->body_files.count > 0, HTTP },
		{ "--backend", message->backend != NULL, HTTP | GRPC },
		{ "--rate", options->rate.per_second > 0, (unsigned)~SOURCE },
		{ "--bandwidth", options->bandwidth.bits_per_second > 0, (unsigned)~SOURCE },
	};
	enum group group = group_of(uri);
	for (size_t i = 0; i < array_size(rules); i++)
		if (rules[i].is_given && !(rules[i].groups & group))
			return refuse(&rules[i], uri, group, error);
	int result = check_texts(message, error);
	if (result == 0)
		result = check_alpn(uri, options, error);
	if (result == 0)
		result = check_raw(uri, options, error);
	return result < 0 ? result : check_reply(uri, message->reply, error);
}
