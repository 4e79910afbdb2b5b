/* Making an agent, and letting go of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pages.h"
#include "engine/flow_counts.h"
#include "mesh/agent_inside.h"

/* Of at least so many peers datagrams that come are counted, from all of their ports. */
#define PEERS_MIN 64

/* As many peers probe us, as a rule, as we probe. */
static uint32_t flows_for(uint32_t places)
{
	uint32_t most = FLOW_COUNTS_MAX / MESH_PORTS_MAX;

	return (places < PEERS_MIN ? PEERS_MIN : places > most ? most : places) * MESH_PORTS_MAX;
}

static void plan_worker(struct mesh_agent *agent, const struct mesh_agent_setup *setup)
{
	agent->plan = (struct plan){
		.serve = *setup->serve,
		.workers = 1,
		.seed = random_next(&agent->random),
		.linger_ns = agent->settings.timeout_ns,
		.stream = setup->stream,
		.datagram = setup->datagram,
		.network = setup->network,
	};
	agent->plan.serve.name = agent->name;
	agent->plan.serve.flows_max = flows_for(agent->places);
}

static int open_worker(struct mesh_agent *agent, struct loop *loop, struct error *error)
{
	struct loop_options options = { .tick_ns = 0 };
	int result = 0;

	agent->is_own_loop = loop == NULL;
	agent->loop = loop;
	if (agent->is_own_loop)
		result = loop_new(&options, &agent->loop);
	if (result >= 0)
		result = worker_new(&agent->plan, 0, agent->loop, &agent->worker);
	if (result < 0)
		return error_set(error, -result, "cannot set up the probing thread: %s",
				 strerrordesc_np(-result));
	mesh_agent_init_windows(agent);
	return agent->plan.serve.listen_count > 0
		       ? service_add(agent->worker, &agent->services, error)
		       : 0;
}

static size_t snapshot_bytes(uint32_t places)
{
	return sizeof(struct mesh_snapshot) + (size_t)places * sizeof(struct mesh_pair);
}

static int new_memory(struct mesh_agent *agent, const struct mesh_prober_kind *const *kinds)
{
	size_t bytes = snapshot_bytes(agent->places);
	int result = pages_new(bytes, PAGES_PRIVATE, (void **)&agent->live);

	if (result >= 0)
		result = pages_new(bytes, PAGES_PRIVATE, (void **)&agent->published);
	if (result >= 0)
		result = mesh_links_init(&agent->links, agent->live, agent->places, kinds);
	return result < 0 ? result : mesh_own_init(&agent->own);
}

static int draw_seed(const struct mesh_agent_setup *setup, struct random *ret)
{
	uint64_t seed = setup->seed;

	if (seed == 0 && getentropy(&seed, sizeof(seed)) < 0)
		return -errno;
	random_init(ret, seed);
	return 0;
}

static void invite_probers(struct mesh_agent *agent, const struct mesh_agent_setup *setup)
{
	agent->host = (struct mesh_host){
		.loop = agent->loop,
		.settings = &agent->settings,
		.node = &agent->live->node,
		.caps = &agent->caps,
		.random = &agent->random,
		.tls = setup->tls,
		.control_token = setup->control_token,
		.places = agent->places,
		.stream = setup->stream,
		.datagram = setup->datagram,
		.network = setup->network,
	};
	mesh_agent_invite(agent, &agent->host);
}

static int open_probers(struct mesh_agent *agent, struct error *error)
{
	int result = 0;

	for (unsigned i = 0; i < MESH_PROBERS && result >= 0; i++)
		result = agent->links.kinds[i]->open(&agent->host, error, &agent->links.states[i]);
	return result;
}

static int fill(struct mesh_agent *agent, const struct mesh_agent_setup *setup,
		const struct mesh_prober_kind *const *kinds, struct loop *loop, struct error *error)
{
	int result = new_memory(agent, kinds);

	if (result >= 0)
		result = draw_seed(setup, &agent->random);
	if (result < 0)
		return error_set(error, -result, "cannot set up the probing thread: %s",
				 strerrordesc_np(-result));
	mesh_caps_init(&agent->caps, agent->settings.packets_per_second,
		       agent->settings.bytes_per_second);
	mesh_agent_write_name(agent);
	agent->published->node = agent->live->node;
	plan_worker(agent, setup);
	result = open_worker(agent, loop, error);
	if (result < 0)
		return result;
	mesh_agent_join_worker(agent);
	invite_probers(agent, setup);
	return open_probers(agent, error);
}

int mesh_agent_new_with(const struct mesh_agent_setup *setup,
			const struct mesh_prober_kind *const *kinds, struct loop *loop,
			struct error *error, struct mesh_agent **ret)
{
	struct mesh_agent *agent = calloc(1, sizeof(*agent));

	if (agent == NULL)
		return error_set(error, ENOMEM, "out of memory");
	agent->asked = *setup->settings;
	agent->settings = *setup->settings;
	agent->places = setup->places;
	agent->notify = setup->notify;
	agent->notify_context = setup->context;
	(void)pthread_mutex_init(&agent->orders, NULL);
	(void)pthread_mutex_init(&agent->looking, NULL);
	int result = fill(agent, setup, kinds, loop, error);
	if (result < 0)
		mesh_agent_free(agent);
	else
		*ret = agent;
	return result;
}

static void close_probers(struct mesh_links *links)
{
	for (unsigned i = 0; i < MESH_PROBERS; i++) {
		if (links->states[i] != NULL)
			links->kinds[i]->close(links->states[i]);
		links->states[i] = NULL;
	}
}

/* One that outlives us. */
static void let_loop_go(struct mesh_agent *agent)
{
	if (agent->loop == NULL || agent->is_own_loop)
		return;
	loop_on_wake(agent->loop, NULL, NULL);
	loop_on_lag(agent->loop, NULL, NULL);
}

void mesh_agent_free(struct mesh_agent *agent)
{
	if (agent == NULL)
		return;
	if (agent->has_thread) {
		worker_want_abort(agent->worker);
		(void)pthread_join(agent->thread, NULL);
	}
	if (agent->links.live != NULL)
		mesh_links_withdraw_all(&agent->links);
	close_probers(&agent->links);
	let_loop_go(agent);
	worker_free(agent->worker);
	service_unshare(&agent->services);
	if (agent->is_own_loop)
		loop_free(agent->loop);
	mesh_links_deinit(&agent->links);
	mesh_own_deinit(&agent->own);
	mesh_targets_free(agent->wanted_targets);
	pages_free(agent->live, snapshot_bytes(agent->places));
	pages_free(agent->published, snapshot_bytes(agent->places));
	(void)pthread_mutex_destroy(&agent->orders);
	(void)pthread_mutex_destroy(&agent->looking);
	free(agent);
}
