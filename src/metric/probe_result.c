#include "metric/probe_result.h"

#include "base/attributes.h"

struct phase_row {
	const char *name;
	const char *help;
};

static const struct phase_row rows[] = {
#define PROBE_PHASE(symbol, name, help) [PROBE_##symbol] = { name, help },
	PROBE_PHASE_TABLE
#undef PROBE_PHASE
};

const char *probe_phase_name(enum probe_phase phase)
{
	return rows[phase].name;
}

const char *probe_phase_help(enum probe_phase phase)
{
	return rows[phase].help;
}

uint64_t probe_total(const struct probe_result *result)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < PROBE_PHASES; i++)
		if (probe_has(result, i))
			total += result->phase_ns[i];
	return total;
}
