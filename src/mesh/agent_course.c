/* The course of an agent in its thread: what the owner wants, what the probers tell, and the stages
 * that it goes through with its worker. */
#include <string.h>

#include "base/units.h"
#include "mesh/agent_inside.h"
#include "mesh/name.h"

/* ---- what the owner wants, in the probing thread */

void mesh_agent_write_name(struct mesh_agent *agent)
{
	struct mesh_node *node = &agent->live->node;
	struct mesh_name name = { .is_leaving = node->is_leaving };

	memcpy(name.node, agent->settings.node, sizeof(name.node));
	memcpy(name.location, agent->settings.location, sizeof(name.location));
	memcpy(node->name, name.node, sizeof(node->name));
	memcpy(node->location, name.location, sizeof(node->location));
	mesh_name_write(&name, agent->name);
}

/* A kind that was not asked for before, or could not be opened. */
static void open_late(struct mesh_agent *agent, enum mesh_prober_kind_index kind)
{
	void **state = &agent->links.states[kind];

	if (agent->links.kinds[kind]->open(&agent->host, NULL, state) < 0)
		*state = NULL;
	if (*state != NULL)
		mesh_links_open(&agent->links, kind);
}

static void change_settings(struct mesh_agent *agent, const struct mesh_settings *settings)
{
	if (settings->packets_per_second != agent->settings.packets_per_second ||
	    settings->bytes_per_second != agent->settings.bytes_per_second)
		mesh_caps_init(&agent->caps, settings->packets_per_second,
			       settings->bytes_per_second);
	agent->settings = *settings;
	mesh_agent_write_name(agent);
	for (unsigned i = 0; i < MESH_PROBERS; i++) {
		const struct mesh_prober_kind *kind = agent->links.kinds[i];
		if (agent->links.states[i] == NULL)
			open_late(agent, i);
		else if (kind->change != NULL)
			kind->change(agent->links.states[i]);
	}
}

struct orders {
	struct mesh_targets *targets;
	struct mesh_settings settings;
	bool has_settings;
	bool is_leaving;
};

static struct orders take_orders(struct mesh_agent *agent)
{
	(void)pthread_mutex_lock(&agent->orders);
	struct orders orders = {
		.targets = agent->wanted_targets,
		.settings = agent->wanted_settings,
		.has_settings = agent->has_wanted_settings,
		.is_leaving = agent->is_leave_wanted,
	};
	agent->wanted_targets = NULL;
	agent->has_wanted_settings = false;
	(void)pthread_mutex_unlock(&agent->orders);
	return orders;
}

static void follow_orders(struct mesh_agent *agent)
{
	if (agent->worker->stage != WORKER_MEASURE)
		return;
	struct orders orders = take_orders(agent);
	bool is_news = orders.targets != NULL || orders.has_settings ||
		       orders.is_leaving != agent->live->node.is_leaving;

	agent->live->node.is_leaving = orders.is_leaving;
	agent->plan.serve.is_leaving = orders.is_leaving;
	if (orders.has_settings)
		change_settings(agent, &orders.settings);
	if (orders.targets != NULL)
		mesh_links_take(&agent->links, orders.targets, loop_now(agent->loop));
	mesh_targets_free(orders.targets);
	mesh_agent_write_name(agent);
	if (is_news)
		mesh_agent_publish(agent);
}

static void woken(void *context)
{
	struct mesh_agent *agent = context;

	worker_obey(agent->worker);
	follow_orders(agent);
}

/* ---- what the probers tell */

static void started(void *context, uint64_t late_ns)
{
	struct mesh_agent *agent = context;

	mesh_spread_add(&agent->live->node.delay, late_ns);
	mesh_own_started(&agent->own, late_ns);
}

static void answered(void *context, struct mesh_link *link, const char *name)
{
	struct mesh_agent *agent = context;
	struct mesh_pair *pair = link->pair;
	struct mesh_name told;

	pair->answered_ns = loop_now(agent->loop);
	if (name == NULL || name[0] == '\0')
		return;
	mesh_name_read(name, &told);
	memcpy(pair->told_name, told.node, sizeof(pair->told_name));
	memcpy(pair->told_place, told.location, sizeof(pair->told_place));
	pair->is_leaving = told.is_leaving;
	pair->window.is_leaving |= told.is_leaving;
}

/* ---- the activity */

static struct mesh_agent *agent_of(struct activity *activity)
{
	return container_of(activity, struct mesh_agent, activity);
}

static void agent_begin(struct activity *activity)
{
	struct mesh_agent *agent = agent_of(activity);

	mesh_agent_begin_windows(agent);
	follow_orders(agent);
}

static bool are_probers_done(const struct mesh_links *links)
{
	for (unsigned i = 0; i < MESH_PROBERS; i++) {
		if (links->states[i] != NULL && !links->kinds[i]->is_done(links->states[i]))
			return false;
	}
	return true;
}

static bool agent_is_done(const struct activity *activity)
{
	return are_probers_done(&container_of(activity, struct mesh_agent, activity)->links);
}

static void look_for_end(struct timer *timer)
{
	struct mesh_agent *agent = container_of(timer, struct mesh_agent, ending);

	if (are_probers_done(&agent->links))
		worker_check(agent->worker);
	else
		loop_set_timer(agent->loop, timer, loop_now(agent->loop) + MESH_AGENT_RETRY_NS);
}

static void agent_end(struct activity *activity)
{
	struct mesh_agent *agent = agent_of(activity);
	struct mesh_links *links = &agent->links;

	for (unsigned i = 0; i < MESH_PROBERS; i++) {
		if (links->states[i] != NULL)
			links->kinds[i]->stop(links->states[i]);
	}
	look_for_end(&agent->ending);
}

static void agent_finish(struct activity *activity)
{
	struct mesh_agent *agent = agent_of(activity);

	mesh_agent_end_windows(agent);
	loop_clear_timer(agent->loop, &agent->ending);
	mesh_links_withdraw_all(&agent->links);
}

/* It is freed with the agent. */
static void agent_free(struct activity *activity)
{
	(void)activity;
}

static const struct activity_kind agent_kind = {
	.name = "mesh",
	.begin = agent_begin,
	.end = agent_end,
	.is_done = agent_is_done,
	.finish = agent_finish,
	.free = agent_free,
};

void mesh_agent_be_done(struct mesh_agent *agent)
{
	atomic_store(&agent->is_done, true);
	if (agent->notify != NULL)
		agent->notify(agent->notify_context);
}

static void told(void *context)
{
	struct mesh_agent *agent = context;

	if (!atomic_load(&agent->worker->is_done))
		return;
	mesh_agent_publish_last(agent);
	mesh_agent_be_done(agent);
}

void mesh_agent_take_wakes(struct mesh_agent *agent)
{
	loop_on_wake(agent->loop, woken, agent);
}

void mesh_agent_join_worker(struct mesh_agent *agent)
{
	agent->worker->notify = told;
	agent->worker->notify_context = agent;
	timer_init(&agent->ending, look_for_end);
	mesh_agent_take_wakes(agent);
	worker_add_activity(agent->worker, &agent->activity, &agent_kind);
}

void mesh_agent_invite(struct mesh_agent *agent, struct mesh_host *ret)
{
	ret->started = started;
	ret->answered = answered;
	ret->context = agent;
}
