/* One look: a probe of probe/ in the memory of a look, and what of its result the pair keeps. */
#include "base/attributes.h"
#include "base/units.h"
#include "mesh/prober_look.h"
#include "proto/grpc.h"

static struct mesh_pair *pair_of(const struct look_seat *seat)
{
	return seat->owner->link->pair;
}

/* ---- what came of it ---- */

static void keep_phases(struct mesh_node *node, const struct look_seat *seat,
			const struct probe_result *result)
{
	struct mesh_pair *pair = pair_of(seat);
	for (enum probe_phase phase = 0; phase < PROBE_PHASES; phase++) {
		if (!probe_has(result, phase))
			continue;
		mesh_spread_add(&node->phases[seat->probe][phase], result->phase_ns[phase]);
		if (seat->probe != MESH_HTTP)
			continue;
		pair->phase_sum_ns[phase] += result->phase_ns[phase];
		pair->phase_count[phase]++;
	}
}

static void keep_status(const struct look_seat *seat, const struct probe_result *result)
{
	struct mesh_pair *pair = pair_of(seat);
	if (seat->probe == MESH_HTTP)
		pair->http_status =
			result->status_of == PROBE_STATUS_HTTP && result->status <= UINT16_MAX
				? (uint16_t)result->status
				: 0;
	else
		pair->grpc_health = result->health >= 0 && result->health < UINT8_MAX
					    ? (uint8_t)result->health
					    : UINT8_MAX;
}

/* What the answer took from the request on: the server's time and one round trip. */
static uint64_t rtt_ns(const struct probe_result *result)
{
	uint64_t ns = result->phase_ns[PROBE_WAIT];
	return ns ? ns : 1;
}

static void keep(struct mesh_node *node, const struct look_seat *seat,
		 const struct probe_result *result)
{
	struct mesh_pair *pair = pair_of(seat);
	struct mesh_series *series = &pair->probes[seat->probe];
	struct mesh_window_series *window = &pair->window.probes[seat->probe];
	keep_status(seat, result);
	if (outcome_is_failure(result->outcome)) {
		mesh_series_lost(series, window, mesh_reason_of(result->outcome));
		return;
	}
	mesh_series_received(series, window, rtt_ns(result));
	keep_phases(node, seat, result);
}

/* ---- its end ---- */

static void end(struct look *look)
{
	struct look_prober *prober = look->seat->owner->prober;
	prober_close(&look->prober);
	prober->under_way--;
	prober->doubts -= look->was_doubted;
	look->seat->look = NULL;
	slab_put(&prober->look_slab, look);
}

void look_drop(struct look *look)
{
	struct mesh_series *series = &pair_of(look->seat)->probes[look->seat->probe];
	series->sent--;
	series->in_flight--;
	end(look);
}

/* An answer that was whole, also one that was not wanted. */
static bool is_answer(const struct probe_result *result)
{
	return result->outcome == OUTCOME_DONE || result->outcome == OUTCOME_REJECTED;
}

/* Whoever is told may remove the link: it comes last. */
void look_over(void *context, struct probe *probe)
{
	struct look_prober *prober = context;
	struct look *look = probe->owner;
	struct mesh_link *link = look->seat->owner->link;
	bool has_answered = is_answer(&probe->result);
	keep(prober->host->node, look->seat, &probe->result);
	look->seat->is_doubted = !has_answered;
	end(look);
	if (has_answered)
		prober->host->answered(prober->host->context, link, NULL);
}

/* ---- its begin ---- */

static int open_look(struct look *look)
{
	struct look_prober *prober = look->seat->owner->prober;
	struct error error = { "" };
	int result = look_choose_target(look, &error);
	return result < 0
		       ? result
		       : prober_open(&look->prober, &prober->probe_host, 0, &look->target, &error);
}

/* For want of something here: memory, TLS, or a place that is one. */
static void count_aborted(const struct look_seat *seat)
{
	struct mesh_pair *pair = pair_of(seat);
	if (seat->probe == MESH_HTTP)
		pair->http_status = 0;
	else
		pair->grpc_health = UINT8_MAX;
	mesh_series_lost(&pair->probes[seat->probe], &pair->window.probes[seat->probe],
			 MESH_REASON_ABORTED);
}

void look_begin(struct look_seat *seat, uint64_t now_ns)
{
	struct look_prober *prober = seat->owner->prober;
	struct mesh_series *series = &pair_of(seat)->probes[seat->probe];
	struct look *look = slab_take(&prober->look_slab);
	mesh_series_sent(series);
	if (look)
		look->seat = seat;
	if (!look || open_look(look) < 0) {
		slab_put(&prober->look_slab, look);
		count_aborted(seat);
		return;
	}
	look->was_doubted = seat->is_doubted;
	seat->look = look;
	prober->under_way++;
	prober->doubts += look->was_doubted;
	probe_init(&look->probe, look);
	prober_start(&look->prober, &look->probe, series->sent, seat->due_ns,
		     now_ns + prober->host->settings->timeout_ns);
}
