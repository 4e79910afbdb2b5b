#include "engine/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "engine/service_tcp.h"
#include "engine/service_udp.h"
#include "sys/limits.h"

/* Descriptors that are not for connections: a tenth, and at least this many beside our own. */
#define DESCRIPTORS_APART 32
/* Of a worker: its loop, its listeners' reserve. */
#define DESCRIPTORS_A_WORKER 4

struct services {
	struct activity activity;
	struct service_tcp tcp;
	struct service_udp udp;
	struct receiver_table *receivers; /* NULL: nothing is discarded */
	struct service_shared *shared;
};

static struct services *services_of(struct activity *activity)
{
	return container_of(activity, struct services, activity);
}

/* ---- the activity */

static void service_end(struct activity *activity)
{
	struct services *services = services_of(activity);

	service_udp_drain(&services->udp);
	service_tcp_drain(&services->tcp);
}

static bool service_is_done(const struct activity *activity)
{
	const struct services *services = container_of(activity, struct services, activity);

	return service_tcp_is_drained(&services->tcp);
}

static void service_account(struct activity *activity)
{
	struct counters *counters = &activity->worker->recorders[PLAN_SERVED]->counters;

	counters->queue_overflows = service_udp_overflows(&services_of(activity)->udp);
}

static void service_finish(struct activity *activity)
{
	struct services *services = services_of(activity);

	service_account(activity);
	service_udp_close(&services->udp);
	service_tcp_close(&services->tcp);
}

static void service_free(struct activity *activity)
{
	struct services *services = services_of(activity);

	service_udp_deinit(&services->udp);
	service_tcp_deinit(&services->tcp);
	receiver_table_free(&services->shared->receivers, services->receivers);
	free(services);
}

static const struct activity_kind service_kind = {
	.name = "service",
	.end = service_end,
	.is_done = service_is_done,
	.finish = service_finish,
	.account = service_account,
	.free = service_free,
};

/* ---- opening */

static const char *advice_of(int code)
{
	switch (code) {
	case EACCES:
		return "permission denied (ports below 1024 are root's: choose a higher one)";
	case EADDRNOTAVAIL:
		return "no such address on this host (see ip addr)";
	case EMFILE:
	case ENFILE:
		return "out of file descriptors (raise ulimit -n)";
	default:
		return strerrordesc_np(code);
	}
}

static int explain(const struct plan_listen *listen, int code, struct error *error)
{
	bool is_udp = listen->transport == TRANSPORT_UDP;
	const char *suffix = is_udp ? "+udp" : listen->transport == TRANSPORT_TLS ? "+tls" : "";
	char place[ENDPOINT_TEXT_MAX];

	if (listen->local.family == 0)
		(void)snprintf(place, sizeof(place), ":%u", listen->local.port);
	else
		(void)endpoint_format(&listen->local, place);
	if (code != EADDRINUSE)
		return error_set(error, code, "cannot listen on %s%s://%s: %s",
				 service_name(listen->service), suffix, place, advice_of(code));
	return error_set(error, code,
			 "cannot listen on %s%s://%s: address in use (another conntest serve? "
			 "see ss -l%cnp 'sport = :%u')",
			 service_name(listen->service), suffix, place, is_udp ? 'u' : 't',
			 listen->local.port);
}

static int open_place(struct services *services, uint32_t index, struct service_shared *shared)
{
	const struct plan_serve *serve = &services->activity.worker->plan->serve;
	uint16_t port = serve->listen[index].local.port;

	if (port == 0)
		port = shared->ports[index];
	if (serve->listen[index].transport == TRANSPORT_UDP)
		return service_udp_listen(&services->udp, index, port, &shared->ports[index]);
	return service_tcp_listen(&services->tcp, index, port, &shared->ports[index]);
}

static bool is_discarding(const struct plan_serve *serve)
{
	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (serve->listen[i].service == SERVICE_DISCARD)
			return true;
	}
	return false;
}

static int draw_secret(struct service_shared *shared)
{
	if (shared->has_source_secret)
		return 0;
	if (getentropy(shared->source_secret, sizeof(shared->source_secret)) < 0)
		return -errno;
	shared->has_source_secret = true;
	return 0;
}

static int find_table(struct services *services, struct worker *worker)
{
	struct receiver_tables *tables = &services->shared->receivers;

	if (!is_discarding(&worker->plan->serve))
		return 0;
	services->receivers = receiver_tables_at(tables, worker->index);
	if (services->receivers != NULL)
		return 0;
	return receiver_table_new(tables, random_next(&worker->random), PAGES_PRIVATE,
				  &services->receivers);
}

static int new_services(struct worker *worker, struct service_shared *shared, struct services **ret)
{
	struct services *services = calloc(1, sizeof(*services));

	if (services == NULL)
		return -ENOMEM;
	services->activity.worker = worker;
	services->shared = shared;
	int rc = draw_secret(shared);
	if (rc == 0)
		rc = find_table(services, worker);
	if (rc < 0) {
		free(services);
		return rc;
	}
	service_tcp_init(&services->tcp, worker, shared);
	services->tcp.connections.receivers = services->receivers;
	services->tcp.connections.udp = &services->udp;
	service_udp_init(&services->udp, worker, services->receivers, shared->source_secret);
	*ret = services;
	return 0;
}

int service_add(struct worker *worker, struct service_shared *shared, struct error *error)
{
	struct services *services = NULL;
	int result = new_services(worker, shared, &services);

	if (result < 0)
		return error_set(error, -result, "cannot set up the services: %s",
				 strerrordesc_np(-result));
	for (uint32_t i = 0; i < worker->plan->serve.listen_count; i++) {
		int rc = open_place(services, i, shared);
		if (rc < 0) {
			service_free(&services->activity);
			return explain(&worker->plan->serve.listen[i], -rc, error);
		}
	}
	worker_add_activity(worker, &services->activity, &service_kind);
	return 0;
}

/* ---- between processes */

int service_share(const struct plan *plan, struct service_shared *shared)
{
	struct receiver_table *table = NULL;
	uint64_t seed = 0;
	int rc = draw_secret(shared);

	for (unsigned i = 0; i < plan->workers && is_discarding(&plan->serve) && rc == 0; i++) {
		if (getentropy(&seed, sizeof(seed)) < 0)
			return -errno;
		rc = receiver_table_new(&shared->receivers, seed, PAGES_SHARED, &table);
	}
	return rc;
}

void service_unshare(struct service_shared *shared)
{
	while (shared->receivers.first != NULL)
		receiver_table_free(&shared->receivers, shared->receivers.first);
}

void service_lost(struct service_shared *shared, const struct worker *worker)
{
	(void)atomic_fetch_sub_explicit(service_counted(shared, worker),
					worker->service.connections_now, memory_order_relaxed);
}

/* ---- limits */

/* What a process needs beside its connections. */
static uint64_t own_descriptors(const struct plan *plan)
{
	unsigned workers = (plan->workers - 1) / plan_processes(plan) + 1;
	return DESCRIPTORS_APART + workers * (plan->serve.listen_count + DESCRIPTORS_A_WORKER);
}

int service_check_descriptors(const struct plan *plan, struct error *error)
{
	char most[UNITS_TEXT_MAX], available[UNITS_TEXT_MAX], needed[UNITS_TEXT_MAX];
	uint64_t limit = limits_raise_descriptors();
	uint64_t own = own_descriptors(plan);
	uint64_t each = limit > own ? limit - own : 0;
	uint64_t wanted =
		(plan->serve.connections_max + plan_processes(plan) - 1) / plan_processes(plan);

	if (wanted <= each)
		return 0;
	return error_set(
		error, EMFILE,
		"--max-connections: needs %s file descriptors%s, the hard limit here is %s: lower it "
		"to %s, say --processes, or raise the limit with `ulimit -Hn %llu` (LimitNOFILE= in "
		"systemd)",
		units_format_grouped(wanted + own, needed),
		plan_processes(plan) > 1 ? " in each process" : "",
		units_format_grouped(limit, available),
		units_format_grouped(each * plan_processes(plan), most),
		(unsigned long long)((wanted + own) / 100 + 1) * 100);
}

uint64_t service_counted_max(const struct plan *plan)
{
	uint64_t descriptors = limits_raise_descriptors();
	uint64_t own = own_descriptors(plan);
	uint64_t apart = descriptors / 10 > own ? descriptors / 10 : own;

	if (plan->serve.connections_max > 0)
		return plan->serve.connections_max;
	return descriptors > apart ? descriptors - apart : 1;
}

_Atomic uint64_t *service_counted(struct service_shared *shared, const struct worker *worker)
{
	const struct plan *plan = worker->plan;
	bool is_of_all = plan->serve.connections_max > 0;

	return &shared->connections[is_of_all ? 0 : plan_process_of(plan, worker->index)];
}

uint64_t service_connections_max(const struct plan *plan)
{
	uint64_t counted = service_counted_max(plan);

	return plan->serve.connections_max > 0 ? counted : counted * plan_processes(plan);
}
