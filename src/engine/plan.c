#include "engine/plan.h"

#include "engine/script.h"

const char *plan_stream_name(enum plan_stream stream)
{
	static const char *const names[PLAN_STREAMS] = {
		[PLAN_PERSISTENT] = "persistent",
		[PLAN_LOAD] = "load",
		[PLAN_PROBE] = "probe",
		[PLAN_NEW] = "new",
		[PLAN_PATH] = "path",
		[PLAN_SERVED] = "served",
	};
	return names[stream];
}

bool plan_has_stream(const struct plan *plan, enum plan_stream stream)
{
	switch (stream) {
	case PLAN_PERSISTENT:
	case PLAN_LOAD:
		return plan->slots.count > 0 && plan->slots_stream == stream;
	case PLAN_PROBE:
		return plan->probe.count > 0;
	case PLAN_NEW:
		return plan->attempts.rate_per_second > 0;
	case PLAN_PATH:
		return plan->path.mode != PLAN_PROBE_OFF;
	default:
		return plan->serve.listen_count > 0 || plan->far_ends != NULL;
	}
}

bool plan_is_one_way(const struct plan *plan)
{
	bool is_answered = plan->target_count == 0 || plan->targets[0].script->is_answered;
	return plan->slots.transport == TRANSPORT_UDP && !is_answered;
}

unsigned plan_processes(const struct plan *plan)
{
	return plan->processes > 1 ? plan->processes : 1;
}

unsigned plan_process_of(const struct plan *plan, unsigned worker)
{
	return ((worker + 1) * plan_processes(plan) - 1) / plan->workers;
}

unsigned plan_first_worker(const struct plan *plan, unsigned process)
{
	return process * plan->workers / plan_processes(plan);
}

static bool is_port_distinct(const struct plan *plan, uint16_t port)
{
	return plan->port_low > 0 && (port < plan->port_low || port > plan->port_high);
}

struct stream_connect plan_connect(const struct plan *plan, const struct endpoint *remote,
				   const struct plan_target *target)
{
	return (struct stream_connect){
		.remote = *remote,
		.is_port_distinct = is_port_distinct(plan, remote->port),
		.options = &plan->socket_options,
		.network = plan->network,
		.below = plan->below,
		.tls = plan->tls,
		.dump = plan->dump,
		.server_name = target->name,
	};
}
