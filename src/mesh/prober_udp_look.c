/* Looking for answers by the clock, see prober_udp.h. */
#include "mesh/prober_udp.h"

uint64_t udp_step_of(const struct udp_prober *prober, uint64_t due_ns)
{
	return prober->is_looking ? due_ns - due_ns % UDP_STEP_NS : due_ns;
}

/* At a step's beginning, when others leave anyway. */
static void look_later(struct udp_prober *prober)
{
	struct loop *loop = prober->host->loop;
	uint64_t at_ns = loop_now(loop) + UDP_LOOK_NS;

	loop_set_timer(loop, &prober->look, at_ns - at_ns % UDP_STEP_NS);
}

/* False: this transport can't. */
static bool mute_all(struct udp_prober *prober)
{
	bool is_muted = true;

	for (unsigned family = 0; family < UDP_FAMILIES; family++) {
		for (uint32_t port = 0; prober->has_family[family] && port < prober->ports; port++)
			is_muted &= datagram_mute(&prober->sockets[family][port].socket);
	}
	return is_muted;
}

static void unmute_all(struct udp_prober *prober)
{
	for (unsigned family = 0; family < UDP_FAMILIES; family++) {
		for (uint32_t port = 0; prober->has_family[family] && port < prober->ports; port++)
			datagram_unmute(&prober->sockets[family][port].socket);
	}
}

static void begin(struct udp_prober *prober)
{
	prober->is_looking = mute_all(prober);
	if (prober->is_looking)
		look_later(prober);
	else
		unmute_all(prober);
}

static void end(struct udp_prober *prober)
{
	prober->is_looking = false;
	loop_clear_timer(prober->host->loop, &prober->look);
	unmute_all(prober);
}

/* What has begun goes on down to half of the rate. */
void udp_choose_look(struct udp_prober *prober)
{
	const struct mesh_settings *settings = prober->host->settings;
	uint64_t links = prober->link_count[0] + prober->link_count[1];
	bool is_asked_for = (settings->probes & 1U << MESH_UDP) != 0;
	uint64_t rate = is_asked_for ? links * NS_PER_S / settings->udp_interval_ns : 0;

	if (!prober->is_looking && rate >= UDP_LOOK_RATE_MIN)
		begin(prober);
	else if (prober->is_looking && rate < UDP_LOOK_RATE_MIN / 2)
		end(prober);
}

void udp_on_look(struct timer *timer)
{
	struct udp_prober *prober = container_of(timer, struct udp_prober, look);

	for (unsigned family = 0; family < UDP_FAMILIES; family++) {
		bool is_used = prober->has_family[family] && prober->link_count[family] > 0;
		for (uint32_t port = 0; is_used && port < prober->ports; port++)
			udp_receive(&prober->sockets[family][port]);
	}
	look_later(prober);
}
