/* The windows of an agent, what it knows of its own trouble, and its snapshots. */
#include <string.h>

#include "base/units.h"
#include "mesh/agent_inside.h"
#include "sys/cpu_wait.h"

/* ---- what is seen of this host and of what is served */

static void look_at_host(struct mesh_agent *agent)
{
	struct mesh_node *node = &agent->live->node;

	node->throttled_ns = cpu_throttled_ns() - agent->throttled_base_ns;
	node->cpu_waited_ns = cpu_waited_by_thread_ns() - agent->cpu_waited_base_ns;
}

static uint64_t served_overflows(const struct mesh_agent *agent)
{
	const struct recorder *served = agent->worker->recorders[PLAN_SERVED];

	return served != NULL ? served->counters.queue_overflows : 0;
}

static struct mesh_own_totals totals_of(const struct mesh_agent *agent)
{
	const struct mesh_node *node = &agent->live->node;

	return (struct mesh_own_totals){
		.throttled_ns = node->throttled_ns,
		.cpu_waited_ns = node->cpu_waited_ns,
		.overflows = node->overflows + served_overflows(agent),
		.skipped = node->skipped_cap + node->skipped_late,
	};
}

static void note_served(struct mesh_agent *agent)
{
	const struct recorder *served = agent->worker->recorders[PLAN_SERVED];
	struct mesh_node *node = &agent->live->node;
	struct event event;

	/* Nobody reads these: what they tell is counted. */
	while (event_ring_take(agent->worker->events, &event))
		;
	if (served == NULL)
		return;
	node->served_connections = served->counters.connects;
	node->served_messages = served->counters.received;
	node->served_limited = agent->worker->service.turned_away;
}

/* ---- snapshots */

/* The lock is held. */
static void copy_all(struct mesh_agent *agent)
{
	struct mesh_snapshot *live = agent->live;

	note_served(agent);
	live->node.now_ns = loop_read_clock(agent->loop);
	memcpy(agent->published, live,
	       sizeof(*live) + (size_t)live->places * sizeof(live->pairs[0]));
	(void)pthread_mutex_unlock(&agent->looking);
	loop_clear_timer(agent->loop, &agent->retry);
	if (agent->notify != NULL)
		agent->notify(agent->notify_context);
}

void mesh_agent_publish(struct mesh_agent *agent)
{
	if (pthread_mutex_trylock(&agent->looking) == 0)
		copy_all(agent);
	else
		loop_set_timer(agent->loop, &agent->retry,
			       loop_now(agent->loop) + MESH_AGENT_RETRY_NS);
}

void mesh_agent_publish_last(struct mesh_agent *agent)
{
	look_at_host(agent);
	(void)pthread_mutex_lock(&agent->looking);
	copy_all(agent);
}

static void retry(struct timer *timer)
{
	mesh_agent_publish(container_of(timer, struct mesh_agent, retry));
}

/* ---- windows */

static void turn_pairs(struct mesh_agent *agent, uint64_t number)
{
	for (uint32_t i = 0; i < agent->live->places; i++) {
		struct mesh_pair *pair = &agent->live->pairs[i];
		if (pair->id == 0)
			continue;
		pair->window.is_probed |= pair->is_probed;
		pair->window.is_leaving |= pair->is_leaving;
		mesh_pair_turn(pair, number);
		pair->window.is_probed = pair->is_probed;
		pair->window.is_leaving = pair->is_leaving;
	}
}

static uint64_t window_begins(const struct mesh_agent *agent, uint64_t number)
{
	return agent->live->node.started_ns + (number - 1) * agent->settings.window_ns;
}

/* Windows that the thread slept through are left out, and the one that was running is as long as
 * it was. */
static void turn(struct timer *timer)
{
	struct mesh_agent *agent = container_of(timer, struct mesh_agent, turn);
	struct mesh_node *node = &agent->live->node;
	uint64_t now_ns = loop_now(agent->loop);
	uint64_t number = 1 + (now_ns - node->started_ns) / agent->settings.window_ns;

	look_at_host(agent);
	struct mesh_own_totals totals = totals_of(agent);
	mesh_own_turn(&agent->own, &totals, number, now_ns, agent->settings.timeout_ns,
		      &node->closed);
	turn_pairs(agent, number);
	node->window = number;
	node->window_began_ns = window_begins(agent, number);
	loop_set_timer(agent->loop, timer, window_begins(agent, number + 1));
	mesh_agent_publish(agent);
}

static void pulse(struct timer *timer)
{
	struct mesh_agent *agent = container_of(timer, struct mesh_agent, pulse);
	uint64_t now_ns = loop_now(agent->loop);
	uint64_t passed = (now_ns - agent->live->node.started_ns) / MESH_AGENT_PULSE_NS;

	loop_set_timer(agent->loop, timer,
		       agent->live->node.started_ns + (passed + 1) * MESH_AGENT_PULSE_NS);
	look_at_host(agent);
	mesh_agent_publish(agent);
}

static void lagged(void *context, uint64_t lag_ns)
{
	struct mesh_agent *agent = context;

	mesh_own_lagged(&agent->own, lag_ns, loop_now(agent->loop));
}

void mesh_agent_init_windows(struct mesh_agent *agent)
{
	timer_init(&agent->pulse, pulse);
	timer_init(&agent->turn, turn);
	timer_init(&agent->retry, retry);
	loop_on_lag(agent->loop, lagged, agent);
}

void mesh_agent_begin_windows(struct mesh_agent *agent)
{
	struct mesh_node *node = &agent->live->node;
	uint64_t now_ns = loop_now(agent->loop);

	node->started_ns = now_ns;
	node->started_unix_ns = clock_wall().unix_ns;
	node->window = 1;
	node->window_began_ns = now_ns;
	agent->throttled_base_ns = cpu_throttled_ns();
	agent->cpu_waited_base_ns = cpu_waited_by_thread_ns();
	struct mesh_own_totals totals = totals_of(agent);
	mesh_own_begin(&agent->own, &totals, now_ns);
	loop_set_timer(agent->loop, &agent->pulse, now_ns + MESH_AGENT_PULSE_NS);
	loop_set_timer(agent->loop, &agent->turn, window_begins(agent, 2));
	mesh_agent_publish(agent);
}

void mesh_agent_end_windows(struct mesh_agent *agent)
{
	loop_clear_timer(agent->loop, &agent->pulse);
	loop_clear_timer(agent->loop, &agent->turn);
	loop_clear_timer(agent->loop, &agent->retry);
}
