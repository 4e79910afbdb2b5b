#include "net/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/units.h"
#include "sys/fd.h"

#define NAME_MAX_BYTES 256 /* RFC 1035: 255 and the end */
#define SENTENCE_MAX   512
#define EVENTS_A_TURN  64

/* c-ares speaks of level-triggered sockets that it opens and closes as it likes. They live in an
 * epoll of their own, and the loop watches that one: it is ready as long as any of them is. */
struct resolver {
	struct loop *loop;
	ares_channel channel;
	struct watch sockets;
	struct timer timer;
	int family;
	bool is_ending;
};

/* A name on its way to become addresses. */
struct lookup {
	struct resolver *resolver;
	resolver_done_fn done;
	void *context;
	uint16_t port;
	char host[NAME_MAX_BYTES];
};

/* ---- c-ares on the loop */

static void set_timer(struct resolver *resolver)
{
	struct timeval left;

	if (ares_timeout(resolver->channel, NULL, &left) == NULL) {
		loop_clear_timer(resolver->loop, &resolver->timer);
		return;
	}
	uint64_t left_ns = (uint64_t)left.tv_sec * NS_PER_S + (uint64_t)left.tv_usec * NS_PER_US;
	loop_set_timer(resolver->loop, &resolver->timer, loop_now(resolver->loop) + left_ns);
}

static void socket_changed(void *context, ares_socket_t fd, int is_readable, int is_writable)
{
	struct resolver *resolver = context;
	struct epoll_event event = {
		.events = (is_readable ? EPOLLIN : 0U) | (is_writable ? EPOLLOUT : 0U),
		.data.fd = fd,
	};

	if (event.events == 0)
		(void)epoll_ctl(resolver->sockets.fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(resolver->sockets.fd, EPOLL_CTL_MOD, fd, &event) != 0)
		(void)epoll_ctl(resolver->sockets.fd, EPOLL_CTL_ADD, fd, &event);
}

/* One event at a time, as what c-ares does with one may close the socket of the next. */
static void sockets_ready(struct watch *watch, uint32_t events)
{
	struct resolver *resolver = container_of(watch, struct resolver, sockets);
	struct epoll_event event;
	int left = EVENTS_A_TURN;

	(void)events;
	while (left > 0 && epoll_wait(watch->fd, &event, 1, 0) == 1) {
		bool is_only_writable = event.events == EPOLLOUT;
		ares_process_fd(resolver->channel,
				is_only_writable ? ARES_SOCKET_BAD : event.data.fd,
				(event.events & EPOLLOUT) != 0 ? event.data.fd : ARES_SOCKET_BAD);
		left--;
	}
	if (left == 0)
		loop_rewatch(resolver->loop, watch);
	set_timer(resolver);
}

static void timer_fired(struct timer *timer)
{
	struct resolver *resolver = container_of(timer, struct resolver, timer);

	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(resolver);
}

static int errno_of(int status)
{
	return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

/* ares_library_init() is for other systems and would be a race between workers. */
static int open_channel(struct resolver *resolver, const struct resolver_options *options)
{
	uint64_t timeout_ns = options->timeout_ns > 0 ? options->timeout_ns : 2 * NS_PER_S;
	struct ares_options ares = {
		.timeout = (int)((timeout_ns + NS_PER_MS - 1) / NS_PER_MS),
		.tries = 2,
		.lookups = (char[]){ "fb" }, /* /etc/hosts, then DNS */
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = resolver,
	};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
	int status = ares_init_options(&resolver->channel, &ares, mask);

	if (status == ARES_SUCCESS && options->servers != NULL)
		status = ares_set_servers_ports_csv(resolver->channel, options->servers);
	return status == ARES_SUCCESS ? 0 : errno_of(status);
}

int resolver_new(struct loop *loop, const struct resolver_options *options, struct resolver **ret)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL)
		return -ENOMEM;
	resolver->loop = loop;
	resolver->family = options->family;
	timer_init(&resolver->timer, timer_fired);
	resolver->sockets = (struct watch){ sockets_ready, epoll_create1(EPOLL_CLOEXEC) };
	int rc = resolver->sockets.fd < 0 ? -errno : loop_watch(loop, &resolver->sockets);
	if (rc == 0)
		rc = open_channel(resolver, options);
	if (rc < 0) {
		resolver_free(resolver);
		return rc;
	}
	*ret = resolver;
	return 0;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	resolver->is_ending = true;
	if (resolver->channel != NULL)
		ares_destroy(resolver->channel);
	loop_clear_timer(resolver->loop, &resolver->timer);
	if (resolver->sockets.fd >= 0)
		loop_unwatch(resolver->loop, &resolver->sockets);
	(void)fd_close(resolver->sockets.fd);
	free(resolver);
}

/* ---- answers */

static const struct {
	int status;
	int code;
	const char *text;
} failures[] = {
	{ ARES_ENOTFOUND, -ENOENT, "no such name" },
	{ ARES_ENODATA, -ENODATA, "the name has no record of this kind" },
	{ ARES_EBADNAME, -EINVAL, "not a valid name" },
	{ ARES_EFORMERR, -EINVAL, "not a valid name" },
	{ ARES_ETIMEOUT, -ETIMEDOUT, "no answer from the name server in time" },
	/* Also for SERVFAIL and REFUSED, after which c-ares has tried the other servers. */
	{ ARES_ECONNREFUSED, -ECONNREFUSED, "no name server gives an answer" },
	{ ARES_ENOMEM, -ENOMEM, "out of memory" },
	{ ARES_ECANCELLED, -ECANCELED, "given up" },
	{ ARES_EDESTRUCTION, -ECANCELED, "given up" },
};

static void fail(const char *name, int code, const char *text, resolver_done_fn done, void *context)
{
	char sentence[SENTENCE_MAX];
	struct resolver_answer answer = { .code = code, .sentence = sentence };

	(void)snprintf(sentence, sizeof(sentence), "%s: %s", name, text);
	done(context, &answer);
}

static void fail_by_status(const char *name, int status, resolver_done_fn done, void *context)
{
	for (size_t i = 0; i < array_size(failures); i++) {
		if (failures[i].status == status) {
			fail(name, failures[i].code, failures[i].text, done, context);
			return;
		}
	}
	fail(name, -EIO, ares_strerror(status), done, context);
}

static void succeed(const struct endpoint *endpoints, size_t count, resolver_done_fn done,
		    void *context)
{
	struct resolver_answer answer = {
		.sentence = "",
		.endpoints = endpoints,
		.count = count,
	};
	done(context, &answer);
}

/* ---- addresses */

static void lookup_done(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
	struct lookup *lookup = context;
	struct endpoint endpoints[RESOLVER_ENDPOINTS_MAX];
	size_t count = 0;
	const struct ares_addrinfo_node *node = result != NULL ? result->nodes : NULL;

	(void)timeouts;
	for (; node != NULL && count < RESOLVER_ENDPOINTS_MAX; node = node->ai_next) {
		endpoint_from_sockaddr(node->ai_addr, &endpoints[count]);
		endpoints[count++].port = lookup->port;
	}
	ares_freeaddrinfo(result);
	if (status == ARES_SUCCESS && count == 0)
		status = ARES_ENODATA;
	if (status == ARES_SUCCESS)
		succeed(endpoints, count, lookup->done, lookup->context);
	else
		fail_by_status(lookup->host, status, lookup->done, lookup->context);
	free(lookup);
}

int resolver_parse_numeric(const char *host, uint16_t port, struct endpoint *ret)
{
	char address[ENDPOINT_TEXT_MAX];
	const char *zone = strchr(host, '%');

	if (endpoint_parse(host, port, ret) == 0)
		return 0;
	if (zone == NULL || (size_t)(zone - host) >= sizeof(address))
		return -EINVAL;
	memcpy(address, host, (size_t)(zone - host));
	address[zone - host] = '\0';
	if (endpoint_parse(address, port, ret) < 0 || ret->family != AF_INET6)
		return -EINVAL;
	ret->scope = if_nametoindex(zone + 1);
	return ret->scope != 0 ? 0 : -ENODEV;
}

int resolver_resolve(struct resolver *resolver, const char *host, uint16_t port,
		     resolver_done_fn done, void *context)
{
	struct ares_addrinfo_hints hints = { .ai_family = resolver->family };
	struct endpoint numeric;

	if (resolver->is_ending)
		return -ECANCELED;
	if (resolver_parse_numeric(host, port, &numeric) == 0) {
		if (resolver->family == AF_UNSPEC || resolver->family == numeric.family)
			succeed(&numeric, 1, done, context);
		else
			fail(host, -EAFNOSUPPORT, "not an address of the family asked for", done,
			     context);
		return 0;
	}
	struct lookup *lookup = malloc(sizeof(*lookup));
	if (lookup == NULL)
		return -ENOMEM;
	*lookup = (struct lookup){
		.resolver = resolver,
		.done = done,
		.context = context,
		.port = port,
	};
	(void)snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	ares_getaddrinfo(resolver->channel, host, NULL, &hints, lookup_done, lookup);
	set_timer(resolver);
	return 0;
}

/* ---- services */

#define TARGETS_MAX          64
#define TARGET_ENDPOINTS_MAX 16

struct target {
	struct service *service;
	unsigned weight;
	uint16_t port;
	char host[NAME_MAX_BYTES];
	struct endpoint endpoints[TARGET_ENDPOINTS_MAX];
	size_t count;
};

/* An SRV name whose targets are resolved side by side; the answer is put together when the last
 * one is there. */
struct service {
	struct resolver *resolver;
	resolver_done_fn done;
	void *context;
	char name[NAME_MAX_BYTES];
	unsigned pending;
	int code; /* of the first target that failed */
	char sentence[SENTENCE_MAX];
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
		succeed(endpoints, count, service->done, service->context);
	else
		fail(service->name, service->code, service->sentence, service->done,
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
		fail_by_status(service->name, status, service->done, service->context);
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
	set_timer(resolver);
	return 0;
}
