#include "net/resolver.h"

#include <ares.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/units.h"
#include "net/resolver_parts.h"
#include "sys/fd.h"

#define EVENTS_A_TURN 64

/* A name on its way to become addresses. */
struct lookup {
	struct resolver *resolver;
	resolver_done_fn done;
	void *context;
	uint16_t port;
	char host[RESOLVER_NAME_MAX];
};

/* ---- c-ares on the loop */

void resolver_set_timer(struct resolver *resolver)
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
	resolver_set_timer(resolver);
}

static void timer_fired(struct timer *timer)
{
	struct resolver *resolver = container_of(timer, struct resolver, timer);

	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	resolver_set_timer(resolver);
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
	resolver->has_additional = options->has_additional;
	resolver->endpoints_max = options->endpoints_max;
	if (resolver->endpoints_max == 0)
		resolver->endpoints_max = RESOLVER_ENDPOINTS_MAX;
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

void resolver_fail(const char *name, int code, const char *text, resolver_done_fn done,
		   void *context)
{
	char sentence[RESOLVER_SENTENCE_MAX];
	struct resolver_answer answer = { .code = code, .sentence = sentence };

	(void)snprintf(sentence, sizeof(sentence), "%s: %s", name, text);
	done(context, &answer);
}

void resolver_fail_by_status(const char *name, int status, resolver_done_fn done, void *context)
{
	for (size_t i = 0; i < array_size(failures); i++) {
		if (failures[i].status == status) {
			resolver_fail(name, failures[i].code, failures[i].text, done, context);
			return;
		}
	}
	resolver_fail(name, -EIO, ares_strerror(status), done, context);
}

void resolver_succeed(const struct endpoint *endpoints, size_t count, uint32_t ttl_s,
		      resolver_done_fn done, void *context)
{
	struct resolver_answer answer = {
		.sentence = "",
		.endpoints = endpoints,
		.count = count,
		.ttl_s = ttl_s,
	};
	done(context, &answer);
}

/* ---- addresses */

static uint32_t count_nodes(const struct ares_addrinfo *result, uint32_t most)
{
	const struct ares_addrinfo_node *node = result->nodes;
	uint32_t count = 0;

	for (; node != NULL && count < most; node = node->ai_next)
		count++;
	return count;
}

/* The shortest of all records, also of those that led there. */
static uint32_t shortest_ttl(const struct ares_addrinfo *result)
{
	uint32_t ttl_s = UINT32_MAX;

	for (const struct ares_addrinfo_node *node = result->nodes; node; node = node->ai_next)
		ttl_s = (uint32_t)node->ai_ttl < ttl_s ? (uint32_t)node->ai_ttl : ttl_s;
	for (const struct ares_addrinfo_cname *name = result->cnames; name; name = name->next)
		ttl_s = (uint32_t)name->ttl < ttl_s ? (uint32_t)name->ttl : ttl_s;
	return ttl_s;
}

static void tell_addresses(const struct lookup *lookup, const struct ares_addrinfo *result)
{
	uint32_t count = count_nodes(result, lookup->resolver->endpoints_max);
	struct endpoint *endpoints = calloc(count > 0 ? count : 1, sizeof(*endpoints));
	const struct ares_addrinfo_node *node = result->nodes;

	for (uint32_t i = 0; endpoints != NULL && node != NULL && i < count;
	     i++, node = node->ai_next) {
		endpoint_from_sockaddr(node->ai_addr, &endpoints[i]);
		endpoints[i].port = lookup->port;
	}
	if (endpoints == NULL || count == 0)
		resolver_fail_by_status(lookup->host, count > 0 ? ARES_ENOMEM : ARES_ENODATA,
					lookup->done, lookup->context);
	else
		resolver_succeed(endpoints, count, shortest_ttl(result), lookup->done,
				 lookup->context);
	free(endpoints);
}

static void lookup_done(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
	struct lookup *lookup = context;

	(void)timeouts;
	if (status == ARES_SUCCESS && result == NULL)
		status = ARES_ENODATA;
	if (status == ARES_SUCCESS)
		tell_addresses(lookup, result);
	else
		resolver_fail_by_status(lookup->host, status, lookup->done, lookup->context);
	ares_freeaddrinfo(result);
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
			resolver_succeed(&numeric, 1, UINT32_MAX, done, context);
		else
			resolver_fail(host, -EAFNOSUPPORT, "not an address of the family asked for",
				      done, context);
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
	resolver_set_timer(resolver);
	return 0;
}
