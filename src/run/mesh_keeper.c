#include "run/mesh_keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "mesh/agent.h"
#include "mesh/discovery.h"
#include "mesh/rows.h"
#include "metric/mesh_join.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "sys/memory.h"

/* Rows of other nodes; where windows are shorter, for one of them. */
#define ROW_FRESH_NS   (20 * NS_PER_S)
#define ROW_TIMEOUT_NS (3 * NS_PER_S)
#define ROWS_A_JUDGE   8 /* are asked for when something is not explained */

/* A wall clock that moves by more than this against ours was set. */
#define CLOCK_STEP_NS (500 * (int64_t)NS_PER_MS)

/* How often it looks whatever the agent says: lives of peers end by the clock. */
#define LOOK_NS (2 * NS_PER_S)

struct mesh_keeper {
	struct mesh_keeper_setup setup;
	const struct mesh_plan *plan;
	struct loop *loop;
	struct mesh_agent *agent;
	struct mesh_discovery *discovery;
	struct mesh_row_source *rows;
	struct mesh_judge *judge;
	struct mesh_events *events;
	struct mesh_groups *groups;
	struct mesh_target *targets;      /* plan->places of them */
	const struct mesh_peer **members; /* of the places, for the groups */
	struct mesh_settings settings;
	struct mesh_state state;
	struct timer look;
	uint64_t told; /* the newest event that was */
	int64_t clock_offset_ns;
	bool is_started;
	bool is_stopping;
	bool is_leaving;
};

/* ---- time ---- */

static void look_at_clock(struct mesh_keeper *keeper)
{
	uint64_t now_ns = loop_read_clock(keeper->loop);
	int64_t unix_ns = clock_wall().unix_ns;
	int64_t offset_ns = unix_ns - (int64_t)now_ns;
	int64_t step_ns = offset_ns - keeper->clock_offset_ns;

	mesh_events_set_time(keeper->events, now_ns, unix_ns);
	if (keeper->is_started && (step_ns > CLOCK_STEP_NS || step_ns < -CLOCK_STEP_NS))
		mesh_events_note(keeper->events, MESH_EVENT_CLOCK, "",
				 "the wall clock was set by %+.1f s; nothing that is measured "
				 "depends on it",
				 (double)step_ns / (double)NS_PER_S);
	keeper->clock_offset_ns = offset_ns;
}

/* ---- what is new ---- */

void mesh_keeper_tell(struct mesh_keeper *keeper)
{
	uint64_t newest = mesh_events_newest(keeper->events);
	uint64_t oldest = mesh_events_oldest(keeper->events);
	uint64_t next = keeper->told + 1 > oldest ? keeper->told + 1 : oldest;

	for (; next <= newest && next > 0; next++)
		keeper->setup.told(keeper->setup.context, mesh_events_at(keeper->events, next));
	keeper->told = newest;
}

static void set_targets(struct mesh_keeper *keeper)
{
	uint32_t count =
		mesh_discovery_targets(keeper->discovery, keeper->targets, keeper->plan->places);

	/* Without memory the old ones stay; the next change tries anew. */
	(void)!mesh_agent_set_targets(keeper->agent, keeper->targets, count);
}

static void on_peers(void *context)
{
	struct mesh_keeper *keeper = context;

	if (!keeper->is_stopping)
		set_targets(keeper);
	mesh_keeper_tell(keeper);
}

static void want_witnesses(struct mesh_keeper *keeper)
{
	if (mesh_judge_wants_rows(keeper->judge))
		mesh_rows_want(keeper->rows, mesh_discovery_list(keeper->discovery), ROWS_A_JUDGE);
}

/* Without memory for the join the sums are of a look later. */
static void sum_up(struct mesh_keeper *keeper, const struct mesh_snapshot *snapshot)
{
	if (mesh_join(snapshot, mesh_discovery_list(keeper->discovery), keeper->members) == 0)
		mesh_groups_take(keeper->groups, snapshot, keeper->members);
}

static void look(struct mesh_keeper *keeper)
{
	bool has_changed = false;
	const struct mesh_snapshot *snapshot;

	look_at_clock(keeper);
	snapshot = mesh_agent_look(keeper->agent);
	has_changed = mesh_discovery_hear(keeper->discovery, snapshot, loop_now(keeper->loop));
	/* The window that its own end cuts short says nothing of the peers. */
	if (!keeper->is_leaving)
		(void)mesh_judge_look(keeper->judge, snapshot,
				      mesh_discovery_list(keeper->discovery),
				      mesh_rows_list(keeper->rows), keeper->events);
	sum_up(keeper, snapshot);
	mesh_agent_release(keeper->agent);
	if (has_changed && !keeper->is_stopping)
		set_targets(keeper);
	want_witnesses(keeper);
	mesh_keeper_tell(keeper);
	keeper->setup.looked(keeper->setup.context);
}

static void on_wake(void *context)
{
	look(context);
}

static void on_look(struct timer *timer)
{
	struct mesh_keeper *keeper = container_of(timer, struct mesh_keeper, look);

	look(keeper);
	loop_set_timer(keeper->loop, timer, loop_now(keeper->loop) + LOOK_NS);
}

/* From the probing thread. */
static void on_agent(void *context)
{
	struct mesh_keeper *keeper = context;

	loop_wake(keeper->loop);
}

/* ---- life ---- */

static int open_agent(struct mesh_keeper *keeper, struct error *error)
{
	const struct mesh_plan *plan = keeper->plan;
	struct mesh_agent_setup setup = {
		.settings = &keeper->settings,
		.serve = &plan->serve,
		.places = plan->places,
		.tls = plan->tls,
		.control_token = plan->control_token,
		.seed = plan->seed,
		.stream = &stream_tcp,
		.datagram = &datagram_udp,
		.notify = on_agent,
		.context = keeper,
	};

	return mesh_agent_new(&setup, error, &keeper->agent);
}

/* Where peers find us. The port is as it was bound: it may have been asked for any. */
static struct endpoint own_place(const struct mesh_keeper *keeper)
{
	const struct plan_serve *serve = &keeper->plan->serve;
	struct endpoint own = { 0 };

	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (serve->listen[i].service != SERVICE_TRAFFIC)
			continue;
		own = serve->listen[i].local;
		own.port = mesh_agent_port(keeper->agent, i);
		break;
	}
	return own;
}

static struct mesh_discovery_setup discovery_setup(struct mesh_keeper *keeper,
						   const struct mesh_plan *plan)
{
	return (struct mesh_discovery_setup){
		.loop = keeper->loop,
		.settings = &keeper->settings,
		.sources = plan->sources,
		.source_count = plan->source_count,
		.servers = plan->dns,
		.tls = plan->tls,
		.token = plan->token,
		.refresh_ns = plan->refresh_ns,
		.peers_max = plan->peers_max,
		.k = plan->k,
		.seed = plan->seed,
		.port = plan->port,
		.events = keeper->events,
		.allowed = plan->allowed,
		.allowed_count = plan->allowed_count,
		.changed = on_peers,
		.context = keeper,
	};
}

static int open_discovery(struct mesh_keeper *keeper, struct error *error)
{
	struct mesh_discovery_setup setup = discovery_setup(keeper, keeper->plan);

	return mesh_discovery_new(&setup, error, &keeper->discovery);
}

static int open_rest(struct mesh_keeper *keeper)
{
	const struct mesh_plan *plan = keeper->plan;
	struct mesh_judge_setup judge = { .settings = &keeper->settings, .places = plan->places };
	uint64_t window_ns = keeper->settings.window_ns;
	struct mesh_row_setup rows = {
		.loop = keeper->loop,
		.node = keeper->settings.node,
		.tls = keeper->settings.http_is_tls ? plan->tls : NULL,
		.token = plan->token_for_all ? plan->token : NULL,
		.http_port = keeper->settings.http_port,
		.fresh_ns = window_ns < ROW_FRESH_NS ? window_ns : ROW_FRESH_NS,
		.timeout_ns = ROW_TIMEOUT_NS,
	};
	int result = mesh_judge_new(&judge, &keeper->judge);

	keeper->targets = calloc(plan->places, sizeof(*keeper->targets));
	keeper->members = calloc(plan->places, sizeof(const struct mesh_peer *));
	if (!keeper->targets || !keeper->members)
		return -ENOMEM;
	if (result >= 0)
		result = mesh_groups_new(plan->places, &keeper->groups);
	return result < 0 ? result : mesh_rows_new(&rows, &keeper->rows);
}

int mesh_keeper_new(const struct mesh_keeper_setup *setup, struct error *error,
		    struct mesh_keeper **ret)
{
	struct mesh_keeper *keeper = calloc(1, sizeof(*keeper));
	int result = keeper ? mesh_events_new(&keeper->events) : -ENOMEM;

	if (result < 0) {
		free(keeper);
		return error_set(error, ENOMEM, "out of memory");
	}
	keeper->setup = *setup;
	keeper->plan = setup->plan;
	keeper->loop = setup->loop;
	keeper->settings = setup->plan->settings;
	timer_init(&keeper->look, on_look);
	loop_on_wake(keeper->loop, on_wake, keeper);
	look_at_clock(keeper);
	result = open_rest(keeper);
	if (result < 0)
		result = error_set(error, -result, "out of memory");
	else
		result = open_discovery(keeper, error);
	if (result >= 0)
		result = open_agent(keeper, error);
	if (result < 0) {
		mesh_keeper_free(keeper);
		return result;
	}
	struct endpoint own = own_place(keeper);
	keeper->settings.traffic_port = own.port;
	mesh_discovery_know_own(keeper->discovery, &own);
	*ret = keeper;
	return 0;
}

void mesh_keeper_free(struct mesh_keeper *keeper)
{
	if (!keeper)
		return;
	loop_clear_timer(keeper->loop, &keeper->look);
	loop_on_wake(keeper->loop, NULL, NULL);
	mesh_agent_free(keeper->agent);
	mesh_discovery_free(keeper->discovery);
	mesh_rows_free(keeper->rows);
	mesh_judge_free(keeper->judge);
	mesh_events_free(keeper->events);
	mesh_groups_free(keeper->groups);
	free(keeper->members);
	free(keeper->targets);
	free(keeper);
}

int mesh_keeper_start(struct mesh_keeper *keeper, struct error *error)
{
	int result = mesh_agent_start(keeper->agent);

	if (result < 0)
		return error_set(error, -result, "cannot start the probing thread: %s",
				 strerrordesc_np(-result));
	keeper->is_started = true;
	mesh_discovery_start(keeper->discovery);
	loop_set_timer(keeper->loop, &keeper->look, loop_now(keeper->loop) + LOOK_NS);
	return 0;
}

const struct mesh_state *mesh_keeper_look(struct mesh_keeper *keeper)
{
	keeper->state = (struct mesh_state){
		.settings = &keeper->settings,
		.snapshot = mesh_agent_look(keeper->agent),
		.peers = mesh_discovery_list(keeper->discovery),
		.judge = keeper->judge,
		.events = keeper->events,
		.groups = keeper->groups,
		.rows = mesh_rows_list(keeper->rows),
		.now_ns = loop_read_clock(keeper->loop),
		.unix_now_ns = clock_wall().unix_ns,
		.cpu_ns = cpu_used_ns(),
		.resident_bytes = memory_resident_bytes(),
		.version = CONNTEST_VERSION,
	};
	return &keeper->state;
}

void mesh_keeper_release(struct mesh_keeper *keeper)
{
	mesh_agent_release(keeper->agent);
}

struct mesh_events *mesh_keeper_events(struct mesh_keeper *keeper)
{
	look_at_clock(keeper);
	return keeper->events;
}

uint16_t mesh_keeper_port(const struct mesh_keeper *keeper, uint32_t index)
{
	return mesh_agent_port(keeper->agent, index);
}

bool mesh_keeper_is_settled(const struct mesh_keeper *keeper)
{
	return mesh_discovery_is_settled(keeper->discovery);
}

void mesh_keeper_want_rows(struct mesh_keeper *keeper)
{
	mesh_rows_want(keeper->rows, mesh_discovery_list(keeper->discovery), MESH_ROWS_MAX);
}

int mesh_keeper_add_peer(struct mesh_keeper *keeper, const char *text, struct error *error)
{
	look_at_clock(keeper);
	return mesh_discovery_add(keeper->discovery, text, error);
}

int mesh_keeper_change(struct mesh_keeper *keeper, const struct mesh_plan *plan,
		       struct error *error)
{
	struct mesh_discovery_setup setup = discovery_setup(keeper, plan);
	int result = mesh_discovery_change(keeper->discovery, &setup, error);

	if (result < 0)
		return result;
	result = mesh_agent_set_settings(keeper->agent, &plan->settings);
	if (result < 0)
		return error_set(error, -result,
				 "node, window and UDP ports stay as they are while it runs");
	keeper->settings = plan->settings;
	keeper->settings.traffic_port = own_place(keeper).port;
	return 0;
}

void mesh_keeper_leave(struct mesh_keeper *keeper)
{
	keeper->is_leaving = true;
	mesh_agent_leave(keeper->agent);
}

void mesh_keeper_stop(struct mesh_keeper *keeper)
{
	keeper->is_stopping = true;
	mesh_agent_stop(keeper->agent);
}

bool mesh_keeper_is_done(const struct mesh_keeper *keeper)
{
	return mesh_agent_is_done(keeper->agent);
}
