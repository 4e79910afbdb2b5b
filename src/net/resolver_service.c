/* Services (SRV, RFC 2782): a name to targets, and each of these to its addresses. */
#include <arpa/nameser.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/resolver_parts.h"

/* A headless service of Kubernetes is one target a pod: what DNS over TCP carries, and more. */
#define TARGETS_MAX          2048
#define TARGET_ENDPOINTS_MAX 16
/* Of one service at the same time: a name server may not like a flood. */
#define LOOKUPS_MAX 64

struct target {
	struct service *service;
	unsigned weight;
	uint16_t port;
	char *host;
	struct endpoint *endpoints;
	size_t count;
};

/* An SRV name whose targets are resolved side by side; the answer is put together when the last
 * one is there. */
struct service {
	struct resolver *resolver;
	resolver_done_fn done;
	void *context;
	char name[RESOLVER_NAME_MAX];
	unsigned next; /* target to ask for */
	unsigned under_way;
	bool is_starting;
	uint32_t ttl_s;
	int code; /* of the first target that failed */
	char sentence[RESOLVER_SENTENCE_MAX];
	unsigned target_count;
	struct target *targets;
};

static void free_service(struct service *service)
{
	for (unsigned i = 0; i < service->target_count; i++) {
		free(service->targets[i].host);
		free(service->targets[i].endpoints);
	}
	free(service->targets);
	free(service);
}

static size_t collect(const struct service *service, struct endpoint *ret)
{
	size_t most = service->resolver->endpoints_max;
	size_t count = 0;

	for (unsigned i = 0; i < service->target_count; i++) {
		const struct target *target = &service->targets[i];
		for (size_t n = 0; n < target->count && count < most; n++, count++) {
			if (ret != NULL)
				ret[count] = target->endpoints[n];
		}
	}
	return count;
}

static void finish(struct service *service)
{
	size_t count = collect(service, NULL);
	struct endpoint *endpoints = calloc(count > 0 ? count : 1, sizeof(*endpoints));

	if (count > 0 && endpoints != NULL) {
		(void)collect(service, endpoints);
		resolver_succeed(endpoints, count, service->ttl_s, service->done, service->context);
	} else if (count > 0) {
		resolver_fail_by_status(service->name, ARES_ENOMEM, service->done,
					service->context);
	} else {
		resolver_fail(service->name, service->code, service->sentence, service->done,
			      service->context);
	}
	free(endpoints);
	free_service(service);
}

static void note_failure(struct service *service, int code, const char *sentence)
{
	if (service->code != 0)
		return;
	service->code = code;
	(void)snprintf(service->sentence, sizeof(service->sentence), "%s", sentence);
}

static void ask_targets(struct service *service);

static void target_done(void *context, const struct resolver_answer *answer)
{
	struct target *target = context;
	struct service *service = target->service;
	size_t count = answer->count < TARGET_ENDPOINTS_MAX ? answer->count : TARGET_ENDPOINTS_MAX;

	if (answer->code < 0)
		note_failure(service, answer->code, answer->sentence);
	if (count > 0)
		target->endpoints = malloc(count * sizeof(*target->endpoints));
	if (target->endpoints != NULL) {
		memcpy(target->endpoints, answer->endpoints, count * sizeof(*target->endpoints));
		target->count = count;
		service->ttl_s = answer->ttl_s < service->ttl_s ? answer->ttl_s : service->ttl_s;
	} else if (count > 0) {
		note_failure(service, -ENOMEM, strerror(ENOMEM));
	}
	service->under_way--;
	ask_targets(service);
}

/* What is answered from within finds `is_starting` and leaves the rest to this loop. */
static void ask_targets(struct service *service)
{
	if (service->is_starting)
		return;
	service->is_starting = true;
	while (service->next < service->target_count && service->under_way < LOOKUPS_MAX) {
		struct target *target = &service->targets[service->next++];
		service->under_way++;
		int rc = resolver_resolve(service->resolver, target->host, target->port,
					  target_done, target);
		if (rc == 0)
			continue;
		note_failure(service, rc, strerror(-rc));
		service->under_way--;
	}
	service->is_starting = false;
	if (service->under_way == 0)
		finish(service);
}

static int compare_weights(const void *left, const void *right)
{
	const struct target *a = left;
	const struct target *b = right;
	return (a->weight < b->weight) - (a->weight > b->weight);
}

static bool is_none(const struct ares_srv_reply *reply)
{
	return *reply->host == '\0' || strcmp(reply->host, ".") == 0;
}

static unsigned lowest_priority(const struct ares_srv_reply *replies)
{
	unsigned lowest = UINT32_MAX;

	for (const struct ares_srv_reply *reply = replies; reply != NULL; reply = reply->next) {
		if (!is_none(reply) && reply->priority < lowest)
			lowest = reply->priority;
	}
	return lowest;
}

static unsigned count_priority(const struct ares_srv_reply *replies, unsigned priority)
{
	unsigned count = 0;

	for (const struct ares_srv_reply *reply = replies; reply != NULL; reply = reply->next)
		count += !is_none(reply) && reply->priority == priority && count < TARGETS_MAX;
	return count;
}

/* The targets of the lowest priority; "." stands for "decidedly not available" (RFC 2782). False:
 * out of memory. */
static bool take_targets(struct service *service, const struct ares_srv_reply *replies)
{
	unsigned lowest = lowest_priority(replies);
	unsigned count = count_priority(replies, lowest);

	service->targets = calloc(count > 0 ? count : 1, sizeof(*service->targets));
	if (service->targets == NULL)
		return false;
	for (const struct ares_srv_reply *reply = replies;
	     reply != NULL && service->target_count < count; reply = reply->next) {
		if (is_none(reply) || reply->priority != lowest)
			continue;
		struct target *target = &service->targets[service->target_count++];
		*target = (struct target){
			.service = service,
			.weight = reply->weight,
			.port = reply->port,
			.host = strdup(reply->host),
		};
		if (target->host == NULL)
			return false;
	}
	qsort(service->targets, service->target_count, sizeof(service->targets[0]),
	      compare_weights);
	return true;
}

static uint32_t read_number(const unsigned char *bytes, unsigned count)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* Behind the name at `at`; -1: it is broken. */
static long skip_name(const unsigned char *packet, int size, long at)
{
	char *name = NULL;
	long length = 0;

	if (at >= size || ares_expand_name(packet + at, packet, size, &name, &length) != 0)
		return -1;
	ares_free_string(name);
	return at + length;
}

/* The shortest of the answer's records (RFC 1035, 4.1.3), which c-ares does not tell of SRV. */
static uint32_t shortest_ttl(const unsigned char *packet, int size)
{
	uint32_t ttl_s = UINT32_MAX;
	long at = size < NS_HFIXEDSZ ? -1 : skip_name(packet, size, NS_HFIXEDSZ);
	unsigned answers = size < NS_HFIXEDSZ ? 0 : read_number(packet + 6, 2);

	at += at < 0 ? 0 : NS_QFIXEDSZ;
	for (unsigned i = 0; i < answers && at >= 0; i++) {
		at = skip_name(packet, size, at);
		if (at < 0 || at + NS_RRFIXEDSZ > size)
			break;
		uint32_t record_ttl_s = read_number(packet + at + 4, 4);
		ttl_s = record_ttl_s < ttl_s ? record_ttl_s : ttl_s;
		at += NS_RRFIXEDSZ + (long)read_number(packet + at + 8, 2);
	}
	return ttl_s;
}

static void take_answer(struct service *service, const struct ares_srv_reply *replies)
{
	if (!take_targets(service, replies)) {
		resolver_fail_by_status(service->name, ARES_ENOMEM, service->done,
					service->context);
		free_service(service);
		return;
	}
	if (service->target_count == 0)
		note_failure(service, -ENODATA, "the service is not offered there");
	ask_targets(service);
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
		free_service(service);
		return;
	}
	service->ttl_s = shortest_ttl(packet, size);
	take_answer(service, replies);
	ares_free_data(replies);
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
