/* Services (SRV, RFC 2782): a name to targets, and each of these to its addresses. */
#include <arpa/nameser.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/resolver_parts.h"

#define TARGETS_MAX          64
#define TARGET_ENDPOINTS_MAX 16

struct target {
	struct service *service;
	unsigned weight;
	uint16_t port;
	char host[RESOLVER_NAME_MAX];
	struct endpoint endpoints[TARGET_ENDPOINTS_MAX];
	size_t count;
};

/* An SRV name whose targets are resolved side by side; the answer is put together when the last
 * one is there. */
struct service {
	struct resolver *resolver;
	resolver_done_fn done;
	void *context;
	char name[RESOLVER_NAME_MAX];
	unsigned pending;
	int code; /* of the first target that failed */
	char sentence[RESOLVER_SENTENCE_MAX];
	unsigned target_count;
	struct target targets[TARGETS_MAX];
};

static void finish_target(struct service *service)
{
	struct endpoint endpoints[RESOLVER_ENDPOINTS_MAX];
	size_t count = 0;

	if (--service->pending > 0)
		return;
	for (unsigned i = 0; i < service->target_count; i++) {
		const struct target *target = &service->targets[i];
		for (size_t n = 0; n < target->count && count < RESOLVER_ENDPOINTS_MAX; n++)
			endpoints[count++] = target->endpoints[n];
	}
	if (count > 0)
		resolver_succeed(endpoints, count, service->done, service->context);
	else
		resolver_fail(service->name, service->code, service->sentence, service->done,
			      service->context);
	free(service);
}

static void note_failure(struct service *service, int code, const char *sentence)
{
	if (service->code != 0)
		return;
	service->code = code;
	(void)snprintf(service->sentence, sizeof(service->sentence), "%s", sentence);
}

static void target_done(void *context, const struct resolver_answer *answer)
{
	struct target *target = context;

	if (answer->code < 0)
		note_failure(target->service, answer->code, answer->sentence);
	for (size_t i = 0; i < answer->count && i < TARGET_ENDPOINTS_MAX; i++)
		target->endpoints[target->count++] = answer->endpoints[i];
	finish_target(target->service);
}

static int compare_weights(const void *left, const void *right)
{
	const struct target *a = left;
	const struct target *b = right;
	return (a->weight < b->weight) - (a->weight > b->weight);
}

/* The targets of the lowest priority; "." stands for "decidedly not available" (RFC 2782). */
static void take_targets(struct service *service, const struct ares_srv_reply *replies)
{
	unsigned lowest = UINT32_MAX;

	for (const struct ares_srv_reply *reply = replies; reply != NULL; reply = reply->next) {
		bool is_none = *reply->host == '\0' || strcmp(reply->host, ".") == 0;
		if (is_none || reply->priority > lowest)
			continue;
		if (reply->priority < lowest)
			service->target_count = 0;
		lowest = reply->priority;
		if (service->target_count == TARGETS_MAX)
			continue;
		struct target *target = &service->targets[service->target_count++];
		*target = (struct target){
			.service = service,
			.weight = reply->weight,
			.port = reply->port,
		};
		(void)snprintf(target->host, sizeof(target->host), "%s", reply->host);
	}
	qsort(service->targets, service->target_count, sizeof(service->targets[0]),
	      compare_weights);
}

static void resolve_targets(struct service *service)
{
	if (service->target_count == 0)
		note_failure(service, -ENODATA, "the service is not offered there");
	service->pending = service->target_count + 1;
	for (unsigned i = 0; i < service->target_count; i++) {
		struct target *target = &service->targets[i];
		int rc = resolver_resolve(service->resolver, target->host, target->port,
					  target_done, target);
		if (rc < 0) {
			note_failure(service, rc, strerror(-rc));
			service->pending--;
		}
	}
	finish_target(service);
}

static void service_done(void *context, int status, int timeouts, unsigned char *packet, int size)
{
	struct service *service = context;
	struct ares_srv_reply *replies = NULL;

	(void)timeouts;
	if (status == ARES_SUCCESS)
		status = ares_parse_srv_reply(packet, size, &replies);
	if (status != ARES_SUCCESS) {
		resolver_fail_by_status(service->name, status, service->done, service->context);
		free(service);
		return;
	}
	take_targets(service, replies);
	ares_free_data(replies);
	resolve_targets(service);
}

int resolver_resolve_service(struct resolver *resolver, const char *name, resolver_done_fn done,
			     void *context)
{
	if (resolver->is_ending)
		return -ECANCELED;
	struct service *service = calloc(1, sizeof(*service));
	if (service == NULL)
		return -ENOMEM;
	service->resolver = resolver;
	service->done = done;
	service->context = context;
	(void)snprintf(service->name, sizeof(service->name), "%s", name);
	ares_query(resolver->channel, name, ns_c_in, ns_t_srv, service_done, service);
	resolver_set_timer(resolver);
	return 0;
}
