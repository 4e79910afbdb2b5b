#include "cmd/serve_started.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cmd/serve_stamp.h"
#include "cmd/serve_tls.h"
#include "engine/service.h"
#include "sys/limits.h"
#include "view/phrase.h"

#define SAID_FIRST_MAX (64 * 1024)

/* Places with the same service, address and port are one place over two transports. */
static bool are_one(const struct plan_listen *a, uint16_t port_a, const struct plan_listen *b,
		    uint16_t port_b)
{
	return a->service == b->service && port_a == port_b &&
	       (a->transport == TRANSPORT_UDP) != (b->transport == TRANSPORT_UDP) &&
	       a->transport != TRANSPORT_TLS && b->transport != TRANSPORT_TLS &&
	       a->local.family == b->local.family &&
	       memcmp(a->local.address, b->local.address, sizeof(a->local.address)) == 0;
}

static struct endpoint bound(const struct plan_listen *place, uint16_t port)
{
	struct endpoint endpoint = place->local;

	if (endpoint.family == 0)
		endpoint.family = AF_INET6; /* [::]: all of both families */
	endpoint.port = port;
	return endpoint;
}

static void write_places(struct buffer *out, const struct run *run, const struct engine *engine)
{
	const struct plan_serve *serve = &run->plan->serve;

	for (uint32_t i = 0; i < serve->listen_count; i++) {
		const struct plan_listen *place = &serve->listen[i];
		uint16_t port = engine_port(engine, i);
		struct endpoint endpoint = bound(place, port);
		const char *transport = transport_name(place->transport);
		char text[ENDPOINT_TEXT_MAX];
		if (i > 0 && are_one(place, port, place - 1, engine_port(engine, i - 1)))
			continue;
		if (i + 1 < serve->listen_count &&
		    are_one(place, port, place + 1, engine_port(engine, i + 1)))
			transport = "tcp+udp";
		buffer_append_format(out, "%s%s  %s  %s", i > 0 ? "   " : "",
				     service_name(place->service), transport,
				     endpoint_format(&endpoint, text));
	}
}

static bool is_everywhere(const struct plan_listen *place)
{
	return place->local.family == 0 || endpoint_is_any(&place->local);
}

/* control may be for this host alone, beside those that tests go to. */
static const char *where(const struct plan_serve *serve)
{
	uint32_t everywhere = 0;
	bool is_control_apart = false;

	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (is_everywhere(&serve->listen[i]))
			everywhere++;
		else if (serve->listen[i].service != SERVICE_CONTROL)
			return "";
		else
			is_control_apart = true;
	}
	if (everywhere == 0)
		return "";
	return is_control_apart ? "else all addresses; " : "all addresses; ";
}

static void write_limits(struct buffer *out, const struct plan *plan)
{
	char count[PHRASE_MAX];
	uint64_t most = service_connections_max(plan);

	buffer_append_format(out, "limits     %s (", phrase_count(most, "connection", count));
	if (plan->serve.connections_max > 0)
		buffer_append_text(out, "--max-connections");
	else
		buffer_append_format(out, "ulimit -n %" PRIu64 "%s", limits_raise_descriptors(),
				     plan->processes > 1 ? " in each process" : "");
	buffer_append_text(out, "), no limit a source, no idle deadline");
}

/* Where more may come at once than a listener lets wait; the kernel's own length is enough for what
 * can be expected of one moment. */
static void write_queue(struct buffer *out, const struct plan *plan)
{
	char length[PHRASE_MAX];
	uint64_t most = service_connections_max(plan);
	uint64_t wanted = most < LIMITS_LISTEN_QUEUE_USUAL ? most : LIMITS_LISTEN_QUEUE_USUAL;
	uint64_t queue = limits_listen_queue();

	if (queue > 0 && queue < wanted)
		buffer_append_format(
			out,
			"queue      %s may wait to be let in, others have to try again: "
			"sysctl -w net.core.somaxconn=%" PRIu64 ", then start again\n",
			phrase_count(queue, "client", length), wanted);
}

/* Those over TLS have a line of their own. */
static bool is_plain_echo(const struct plan_listen *place)
{
	return place->transport != TRANSPORT_TLS &&
	       (place->service == SERVICE_TRAFFIC || place->service == SERVICE_ECHO);
}

/* The line to type elsewhere: our traffic speaks to either echoing service. */
static void write_client(struct buffer *out, const struct run *run, const struct engine *engine)
{
	const struct plan_serve *serve = &run->plan->serve;
	uint32_t i = 0;
	char host[ENDPOINT_TEXT_MAX] = "HOST";
	char port[8] = "";

	while (i < serve->listen_count && !is_plain_echo(&serve->listen[i]))
		i++;
	if (i == serve->listen_count)
		return;
	const struct plan_listen *place = &serve->listen[i];
	struct endpoint endpoint = bound(place, engine_port(engine, i));
	const char *scheme = place->transport == TRANSPORT_UDP ? "udp://"
			     : place->service == SERVICE_ECHO  ? "tcp://"
							       : "";
	if (endpoint.port != service_port(SERVICE_TRAFFIC))
		(void)snprintf(port, sizeof(port), ":%u", endpoint.port);
	if (!endpoint_is_any(&endpoint)) {
		(void)endpoint_format(&endpoint, host);
		port[0] = '\0';
	}
	buffer_append_format(out, "     clients: conntest traffic %s%s%s", scheme, host, port);
}

static void write_text(struct buffer *out, const struct run *run, const struct engine *engine)
{
	const struct plan_serve *serve = &run->plan->serve;

	buffer_append_text(out, "listening  ");
	write_places(out, run, engine);
	buffer_append_format(out, "   %sname %s\n", where(serve), serve->name);
	write_limits(out, run->plan);
	write_client(out, run, engine);
	buffer_append_text(out, "\n");
	serve_tls_write(out, serve, engine);
	serve_stamp_write(out, serve);
	write_queue(out, run->plan);
}

static void write_event(struct buffer *out, const struct plan_listen *place, uint16_t port,
			const struct tls_server *tls)
{
	struct endpoint endpoint = bound(place, port);
	char text[ENDPOINT_TEXT_MAX];
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "event", "listening");
	json_key_text(&json, "service", service_name(place->service));
	json_key_text(&json, "transport", transport_name(place->transport));
	json_key_text(&json, "address", endpoint_format_address(&endpoint, text));
	json_key_unsigned(&json, "port", port);
	if (place->transport == TRANSPORT_TLS)
		json_key_text(&json, "certificate", tls_server_certificate_path(tls));
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

void serve_started(const struct run *run, const struct engine *engine, struct outputs *outputs)
{
	const struct plan_serve *serve = &run->plan->serve;
	struct buffer buffer cleanup(buffer_deinit);

	buffer_init(&buffer, SAID_FIRST_MAX);
	write_text(&buffer, run, engine);
	outputs_write(outputs, OUTPUT_TEXT, &buffer);
	buffer_clear(&buffer);
	for (uint32_t i = 0; i < serve->listen_count; i++)
		write_event(&buffer, &serve->listen[i], engine_port(engine, i), serve->tls);
	outputs_write(outputs, OUTPUT_NDJSON, &buffer);
}
