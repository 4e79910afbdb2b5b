/* Looks at services over TCP or TLS: finds the address, and has one call for each probe, new or
 * kept. One attempt at the first address, as a look at one service: what other addresses would say
 * is another target's matter. */
#include "probe/stream_prober.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/address.h"
#include "probe/dns_look.h"
#include "probe/kinds.h"
#include "sys/limits.h"

#define CALLS_A_CHUNK     1 /* mostly there is one */
#define QUESTIONS_A_CHUNK 16

/* ---- calls ---- */

static struct stream_call *take_call(struct stream_prober *owner)
{
	struct list *node = list_take_first(&owner->spare);
	if (node)
		return container_of(node, struct stream_call, node);
	struct stream_call *call = slab_take(&owner->calls);
	if (!call)
		return NULL;
	call->owner = owner;
	call->stream.watch.fd = -1;
	list_init(&call->node);
	deferred_init(&call->hearing_on, stream_call_hear_on);
	buffer_init(&call->out, TALK_OUT_MAX);
	return call;
}

static void free_calls(struct list *calls)
{
	for (struct list *node; (node = list_take_first(calls)) != NULL;) {
		struct stream_call *call = container_of(node, struct stream_call, node);
		buffer_deinit(&call->out);
		free(call->detour);
	}
}

/* ---- names ---- */

/* The first address of the family that our own has. */
static const struct endpoint *choose(const struct stream_prober *owner,
				     const struct resolver_answer *answer)
{
	const struct endpoint *source = &owner->prober->target->source;
	for (size_t i = 0; i < answer->count; i++)
		if (source->family == 0 || answer->endpoints[i].family == source->family)
			return &answer->endpoints[i];
	return &answer->endpoints[0];
}

static void on_resolved(void *context, const struct resolver_answer *answer)
{
	struct stream_question *question = context;
	struct stream_prober *owner = question->owner;
	struct stream_call *call = question->call;
	slab_put(&owner->questions, question);
	if (!call)
		return;
	call->question = NULL;
	if (answer->code < 0) {
		stream_call_fail(call,
				 answer->code == -ENOMEM ? OUTCOME_NO_MEMORY : OUTCOME_NOT_RESOLVED,
				 answer->sentence);
		return;
	}
	call->addresses = (uint32_t)answer->count;
	probe_end_phase(call->probe, loop_read_clock(owner->prober->host->loop));
	stream_call_connect(call, choose(owner, answer));
}

static int open_resolver(struct stream_prober *owner)
{
	const struct probe_target *target = owner->prober->target;
	struct resolver_options options = {
		.servers = owner->prober->host->servers,
		.family = target->family ? target->family : target->source.family,
	};
	if (owner->resolver)
		return 0;
	return resolver_new(owner->prober->host->loop, &options, &owner->resolver);
}

/* Where to connect to. */
struct place {
	const char *host;
	uint16_t port;
	bool is_srv;
};

static void resolve(struct stream_call *call, const struct place *place)
{
	struct stream_prober *owner = call->owner;
	struct stream_question *question = slab_take(&owner->questions);
	int result = question ? open_resolver(owner) : -ENOMEM;
	if (result < 0) {
		slab_put(&owner->questions, question);
		stream_call_fail(call, OUTCOME_NOT_RESOLVED, strerrordesc_np(-result));
		return;
	}
	question->owner = owner;
	question->call = call;
	call->question = question;
	if (place->is_srv)
		result = resolver_resolve_service(owner->resolver, place->host, on_resolved,
						  question);
	else
		result = resolver_resolve(owner->resolver, place->host, place->port, on_resolved,
					  question);
	if (result >= 0)
		return;
	call->question = NULL;
	slab_put(&owner->questions, question);
	stream_call_fail(call, OUTCOME_NO_MEMORY, NULL);
}

/* --connect-to is for the target itself, and for redirects that stay there. */
static struct place place_of(const struct stream_call *call)
{
	const struct probe_target *target = call->owner->prober->target;
	const struct uri *uri = call->request.uri;
	struct place place = { uri->host, uri->port, uri->is_srv };
	if (strcmp(uri->host, target->uri.host) != 0 || uri->port != target->uri.port)
		return place;
	if (target->connect_host) {
		place.host = target->connect_host;
		place.is_srv = false;
	}
	if (target->connect_port)
		place.port = target->connect_port;
	return place;
}

void stream_call_seek(struct stream_call *call)
{
	struct place place = place_of(call);
	struct endpoint numeric;
	int result =
		place.is_srv ? -EINVAL : resolver_parse_numeric(place.host, place.port, &numeric);
	if (result == -ENODEV) {
		stream_call_fail(call, OUTCOME_NOT_RESOLVED, "this host has no such interface");
		return;
	}
	if (result < 0) {
		resolve(call, &place);
		return;
	}
	call->addresses = 0;
	probe_enter(call->probe, PROBE_CONNECT);
	stream_call_connect(call, &numeric);
}

/* ---- the kind ---- */

static void start(struct prober *prober, struct probe *probe)
{
	struct stream_prober *owner = prober->state;
	struct list *node = list_take_first(&owner->kept);
	struct stream_call *call =
		node ? container_of(node, struct stream_call, node) : take_call(owner);
	if (!call) {
		probe_failed(probe, OUTCOME_NO_MEMORY, NULL);
		return;
	}
	probe->state = call;
	call->probe = probe;
	call->request = owner->request;
	if (!node) {
		stream_call_seek(call);
		return;
	}
	probe->result.is_kept = true;
	probe_enter(probe, PROBE_SEND);
	stream_note_connection(call);
	stream_call_ask(call);
}

static void give_up(struct prober *prober, struct probe *probe)
{
	struct stream_call *call = probe->state;
	(void)prober;
	stream_note_tcp(call);
	stream_explain_timeout(call);
	stream_call_drop(call, stream_reset);
}

static void close_prober(struct prober *prober)
{
	struct stream_prober *owner = prober->state;
	if (!owner)
		return;
	while (!list_is_empty(&owner->kept))
		stream_call_drop(container_of(owner->kept.next, struct stream_call, node),
				 stream_close);
	resolver_free(owner->resolver);
	free_calls(&owner->spare);
	needle_deinit(&owner->text);
	slab_deinit(&owner->calls);
	slab_deinit(&owner->questions);
	free(owner);
	prober->state = NULL;
}

static int check(const struct probe_target *target, struct error *error)
{
	const struct uri *uri = &target->uri;
	if (target->is_kept && uri->service == SERVICE_NONE)
		return error_set(error, EINVAL,
				 "%s: nothing is asked there, so a kept connection "
				 "would be looked at only once (try echo+%s)",
				 uri->text, transport_name(uri->transport));
	if (uri->transport == TRANSPORT_TLS && !target->tls)
		return error_set(error, EINVAL, "%s: needs TLS", uri->text);
	struct dns_question question;
	if (uri->service == SERVICE_DNS && dns_look_question(target, error, &question) < 0)
		return -EINVAL;
	return address_check(target, error);
}

static int open_prober(struct prober *prober, struct error *error)
{
	const struct probe_target *target = prober->target;
	int result = check(target, error);
	if (result < 0)
		return result;
	struct stream_prober *owner = calloc(1, sizeof(*owner));
	if (!owner)
		return error_set(error, ENOMEM, "out of memory");
	prober->state = owner;
	owner->prober = prober;
	list_init(&owner->spare);
	list_init(&owner->kept);
	slab_init(&owner->calls, sizeof(struct stream_call) + talk_size_max(target->uri.service),
		  CALLS_A_CHUNK);
	slab_init(&owner->questions, sizeof(struct stream_question), QUESTIONS_A_CHUNK);
	(void)uri_authority(&target->uri, owner->authority);
	owner->port_low = prober->host->port_low;
	owner->port_high = prober->host->port_high;
	if (owner->port_low == 0 && limits_read_port_range(&owner->port_low, &owner->port_high) < 0)
		owner->port_low = 0;
	/* Else the last part of a longer request waits for a round trip more. */
	owner->options.has_no_delay = true;
	if (target->options)
		owner->options = *target->options;
	owner->request = (struct talk_request){
		.uri = &target->uri,
		.authority = owner->authority,
		.method = target->method ? target->method : "GET",
		.body = target->body,
		.body_size = target->body_size,
		.text = &owner->text,
	};
	if (needle_init_text(&owner->text, target->text) >= 0)
		return 0;
	close_prober(prober);
	return error_set(error, ENOMEM, "out of memory");
}

const struct prober_kind prober_stream = {
	.name = "stream",
	.open = open_prober,
	.close = close_prober,
	.start = start,
	.give_up = give_up,
};
