#include "mesh/agent.h"

#include <errno.h>
#include <string.h>

#include "mesh/agent_inside.h"

uint16_t mesh_agent_port(const struct mesh_agent *agent, uint32_t index)
{
	return agent->services.ports[index];
}

/* ---- its thread */

static void begin(struct mesh_agent *agent)
{
	worker_start(agent->worker);
	worker_want_begin(agent->worker, loop_read_clock(agent->loop));
}

static void *run(void *context)
{
	struct mesh_agent *agent = context;
	int result = 0;

	begin(agent);
	while (!atomic_load(&agent->worker->is_done) && result >= 0)
		result = loop_run(agent->loop, UINT64_MAX);
	if (!atomic_load(&agent->is_done))
		mesh_agent_be_done(agent);
	return NULL;
}

int mesh_agent_start(struct mesh_agent *agent)
{
	if (!agent->is_own_loop) {
		begin(agent);
		return 0;
	}
	int code = pthread_create(&agent->thread, NULL, run, agent);
	agent->has_thread = code == 0;
	return -code;
}

/* ---- for its owner */

int mesh_agent_set_targets(struct mesh_agent *agent, const struct mesh_target *targets,
			   uint32_t count)
{
	uint32_t taken = count < agent->places ? count : agent->places;
	struct mesh_targets *copy = NULL;
	int result = mesh_targets_copy(targets, taken, &copy);

	if (result < 0)
		return result;
	(void)pthread_mutex_lock(&agent->orders);
	struct mesh_targets *older = agent->wanted_targets;
	agent->wanted_targets = copy;
	(void)pthread_mutex_unlock(&agent->orders);
	mesh_targets_free(older);
	loop_wake(agent->loop);
	return (int)(count - taken);
}

int mesh_agent_set_settings(struct mesh_agent *agent, const struct mesh_settings *settings)
{
	if (strcmp(settings->node, agent->asked.node) != 0 ||
	    settings->window_ns != agent->asked.window_ns ||
	    settings->udp_ports != agent->asked.udp_ports)
		return -EINVAL;
	agent->asked = *settings;
	(void)pthread_mutex_lock(&agent->orders);
	agent->wanted_settings = *settings;
	agent->has_wanted_settings = true;
	(void)pthread_mutex_unlock(&agent->orders);
	loop_wake(agent->loop);
	return 0;
}

const struct mesh_snapshot *mesh_agent_look(struct mesh_agent *agent)
{
	(void)pthread_mutex_lock(&agent->looking);
	return agent->published;
}

void mesh_agent_release(struct mesh_agent *agent)
{
	(void)pthread_mutex_unlock(&agent->looking);
}

void mesh_agent_leave(struct mesh_agent *agent)
{
	(void)pthread_mutex_lock(&agent->orders);
	agent->is_leave_wanted = true;
	(void)pthread_mutex_unlock(&agent->orders);
	loop_wake(agent->loop);
}

void mesh_agent_stop(struct mesh_agent *agent)
{
	worker_want_end(agent->worker);
}

bool mesh_agent_is_done(const struct mesh_agent *agent)
{
	return atomic_load(&agent->is_done);
}
