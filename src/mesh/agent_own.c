#include "mesh/agent_own.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "metric/hist.h"

/* To a sixteenth, in 5 kB; longer ones count as an hour. */
#define DELAY_RANGE ((struct hist_range){ 3600 * NS_PER_S, 1 })

int mesh_own_init(struct mesh_own *own)
{
	*own = (struct mesh_own){ .delay = calloc(1, hist_size(DELAY_RANGE)) };
	if (own->delay == NULL)
		return -ENOMEM;
	hist_init(own->delay, DELAY_RANGE);
	return 0;
}

void mesh_own_deinit(struct mesh_own *own)
{
	free(own->delay);
	own->delay = NULL;
}

void mesh_own_begin(struct mesh_own *own, const struct mesh_own_totals *totals, uint64_t now_ns)
{
	own->window = (struct mesh_own_window){ .number = 1, .began_ns = now_ns };
	own->totals = *totals;
}

void mesh_own_started(struct mesh_own *own, uint64_t late_ns)
{
	own->window.probes++;
	own->window.late += late_ns > MESH_OWN_LATE_NS;
	hist_add(own->delay, late_ns);
}

void mesh_own_lagged(struct mesh_own *own, uint64_t lag_ns, uint64_t now_ns)
{
	if (lag_ns <= MESH_OWN_LATE_NS)
		return;
	hist_add(own->delay, lag_ns);
	own->held_ns = lag_ns;
	own->held_until_ns = now_ns;
}

void mesh_own_turn(struct mesh_own *own, const struct mesh_own_totals *totals, uint64_t number,
		   uint64_t now_ns, uint64_t decided_ns, struct mesh_own_window *ret_closed)
{
	struct mesh_own_window *window = &own->window;

	window->length_ns = now_ns - window->began_ns;
	window->delay_p99_ns = hist_percentile(own->delay, 99);
	window->delay_max_ns = own->delay->count > 0 ? own->delay->maximum : 0;
	window->throttled_ns = totals->throttled_ns - own->totals.throttled_ns;
	/* The kernel adds up all cpus; held back for longer than the window nobody is. */
	if (window->throttled_ns > window->length_ns)
		window->throttled_ns = window->length_ns;
	window->cpu_waited_ns = totals->cpu_waited_ns - own->totals.cpu_waited_ns;
	window->overflows = totals->overflows - own->totals.overflows;
	window->skipped = totals->skipped - own->totals.skipped;
	window->probes += window->skipped;
	*ret_closed = *window;
	*window = (struct mesh_own_window){ .number = number, .began_ns = now_ns };
	own->totals = *totals;
	hist_clear(own->delay);
	if (own->held_ns > 0 && now_ns - own->held_until_ns < decided_ns)
		hist_add(own->delay, own->held_ns);
	else
		own->held_ns = 0;
}
