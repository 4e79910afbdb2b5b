/* The kinds of probers that an agent has. */
#include "mesh/agent_inside.h"

static const struct mesh_prober_kind *const all_kinds[MESH_PROBERS] = {
	[MESH_PROBER_ECHO] = &mesh_prober_echo,
	[MESH_PROBER_UDP] = &mesh_prober_udp,
	[MESH_PROBER_LOOK] = &mesh_prober_look,
	[MESH_PROBER_MTU] = &mesh_prober_mtu,
};

int mesh_agent_new(const struct mesh_agent_setup *setup, struct error *error,
		   struct mesh_agent **ret)
{
	return mesh_agent_new_with(setup, all_kinds, NULL, error, ret);
}
