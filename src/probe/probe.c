/* What every kind of probe has in common: phases that join without gaps, one deadline over all of
 * them, and an end that is told once, at the end of a turn. */
#include "probe/probe.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static void tell(struct deferred *deferred)
{
	struct probe *probe = container_of(deferred, struct probe, telling);
	const struct probe_host *host = probe->prober->host;
	list_remove(&probe->node);
	host->done(host->context, probe);
}

static void finish(struct probe *probe)
{
	probe->is_under_way = false;
	loop_clear_timer(probe->prober->host->loop, &probe->deadline);
	loop_defer(probe->prober->host->loop, &probe->telling);
}

static void fail(struct probe *probe, enum outcome outcome, const char *why)
{
	struct probe_result *result = &probe->result;
	result->outcome = outcome;
	result->failed_in = probe->phase;
	if (why)
		(void)snprintf(result->why, sizeof(result->why), "%s", why);
}

/* So long it was in the phase that it failed in: never 0, however near the clock's last tick. */
static void stop(struct probe *probe)
{
	uint64_t now_ns = loop_read_clock(probe->prober->host->loop);
	uint64_t after_ns = now_ns > probe->phase_began_ns ? now_ns - probe->phase_began_ns : 0;
	probe->result.failed_after_ns = after_ns > 0 ? after_ns : 1;
}

static void on_deadline(struct timer *timer)
{
	static const enum outcome outcomes[PROBE_PHASES] = {
		[PROBE_RESOLVE] = OUTCOME_NOT_RESOLVED, [PROBE_CONNECT] = OUTCOME_CONNECT_TIMEOUT,
		[PROBE_TLS] = OUTCOME_TIMED_OUT,        [PROBE_SEND] = OUTCOME_TIMED_OUT,
		[PROBE_WAIT] = OUTCOME_NO_REPLY,        [PROBE_TRANSFER] = OUTCOME_TIMED_OUT,
	};
	struct probe *probe = container_of(timer, struct probe, deadline);
	stop(probe);
	fail(probe, outcomes[probe->phase],
	     probe->phase == PROBE_RESOLVE ? "no answer from DNS in time" : NULL);
	probe->prober->kind->give_up(probe->prober, probe);
	finish(probe);
}

int prober_open(struct prober *prober, const struct probe_host *host, uint32_t index,
		const struct probe_target *target, struct error *error)
{
	*prober = (struct prober){
		.kind = prober_kind_of(&target->uri),
		.target = target,
		.host = host,
		.index = index,
	};
	list_init(&prober->probes);
	if (!prober->kind)
		return error_set(error, EINVAL, "%s: cannot be looked at", target->uri.text);
	return prober->kind->open(prober, error);
}

void prober_close(struct prober *prober)
{
	if (!prober->kind)
		return;
	while (!list_is_empty(&prober->probes)) {
		struct probe *probe = container_of(prober->probes.next, struct probe, node);
		if (probe->is_under_way) {
			prober->kind->give_up(prober, probe);
			finish(probe);
		}
		list_remove(&probe->telling.node);
		list_remove(&probe->node);
	}
	prober->kind->close(prober);
	prober->kind = NULL;
}

void probe_init(struct probe *probe, void *owner)
{
	*probe = (struct probe){ .owner = owner };
	list_init(&probe->node);
	timer_init(&probe->deadline, on_deadline);
	deferred_init(&probe->telling, tell);
}

void prober_start(struct prober *prober, struct probe *probe, uint64_t number, uint64_t due_ns,
		  uint64_t deadline_ns)
{
	struct loop *loop = prober->host->loop;
	assert(!probe->is_under_way);
	probe->prober = prober;
	probe->is_under_way = true;
	probe->state = NULL;
	probe->phase = PROBE_RESOLVE;
	probe->phase_began_ns = loop_read_clock(loop);
	probe->result = (struct probe_result){
		.target = prober->index,
		.number = number,
		.due_ns = due_ns,
		.started_ns = probe->phase_began_ns,
		.outcome = OUTCOME_DONE,
		.health = -1,
		.certificate_until_s = PROBE_UNKNOWN,
		.forward_ns = PROBE_UNKNOWN,
		.backward_ns = PROBE_UNKNOWN,
	};
	list_append(&prober->probes, &probe->node);
	loop_set_timer(loop, &probe->deadline, deadline_ns);
	prober->kind->start(prober, probe);
}

void probe_end_phase(struct probe *probe, uint64_t at_ns)
{
	/* Kernel stamps of one moment may differ by what two clocks do. */
	uint64_t end_ns = at_ns > probe->phase_began_ns ? at_ns : probe->phase_began_ns;
	probe->result.phase_ns[probe->phase] += end_ns - probe->phase_began_ns;
	probe->result.phases |= 1u << probe->phase;
	probe->phase_began_ns = end_ns;
	if (probe->phase + 1 < PROBE_PHASES)
		probe->phase++;
}

void probe_enter(struct probe *probe, enum probe_phase phase)
{
	assert(phase >= probe->phase);
	probe->phase = phase;
}

void probe_begin_again(struct probe *probe)
{
	probe->phase = PROBE_RESOLVE;
}

void probe_done(struct probe *probe, uint64_t at_ns)
{
	probe_end_phase(probe, at_ns);
	finish(probe);
}

void probe_rejected(struct probe *probe, uint64_t at_ns, const char *why)
{
	fail(probe, OUTCOME_REJECTED, why);
	probe_end_phase(probe, at_ns);
	finish(probe);
}

void probe_failed(struct probe *probe, enum outcome outcome, const char *why)
{
	stop(probe);
	fail(probe, outcome, why);
	finish(probe);
}
