#include "mesh/caps.h"

#include "base/units.h"

/* What may be sent at once after a rest. */
#define BURST_NS (NS_PER_S / 10)

void mesh_caps_init(struct mesh_caps *caps, uint64_t packets_per_second, uint64_t bytes_per_second)
{
	*caps = (struct mesh_caps){
		.packets_per_second = packets_per_second,
		.bytes_per_second = bytes_per_second,
	};
}

/* How long so much takes at this rate, rounded up so that the rate is never exceeded. */
static uint64_t cost_ns(uint64_t count, uint64_t per_second)
{
	uint64_t whole_s = per_second > 0 ? count / per_second : 0;
	uint64_t rest = per_second > 0 ? count % per_second : 0;

	if (per_second == 0)
		return 0;
	if (rest > (UINT64_MAX - per_second) / NS_PER_S)
		return whole_s * NS_PER_S + rest / (per_second / NS_PER_S) + 1;
	return whole_s * NS_PER_S + (rest * NS_PER_S + per_second - 1) / per_second;
}

/* What costs more than a burst goes when nothing is owed: else it never would. */
static bool has_room(uint64_t paid_ns, uint64_t cost, uint64_t now_ns)
{
	uint64_t owed_ns = paid_ns > now_ns ? paid_ns - now_ns : 0;

	return owed_ns == 0 || owed_ns + cost <= BURST_NS;
}

static uint64_t pay(uint64_t paid_ns, uint64_t cost, uint64_t now_ns)
{
	return (paid_ns > now_ns ? paid_ns : now_ns) + cost;
}

bool mesh_caps_take(struct mesh_caps *caps, uint64_t packets, uint64_t bytes, uint64_t now_ns)
{
	uint64_t packets_cost = cost_ns(packets, caps->packets_per_second);
	uint64_t bytes_cost = cost_ns(bytes, caps->bytes_per_second);

	if (!has_room(caps->packets_ns, packets_cost, now_ns) ||
	    !has_room(caps->bytes_ns, bytes_cost, now_ns))
		return false;
	caps->packets_ns = pay(caps->packets_ns, packets_cost, now_ns);
	caps->bytes_ns = pay(caps->bytes_ns, bytes_cost, now_ns);
	return true;
}
