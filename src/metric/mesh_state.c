#include "metric/mesh_state.h"

#include <string.h>

const struct mesh_peer *mesh_state_peer(const struct mesh_state *state, uint64_t id)
{
	for (uint32_t i = 0; i < state->peers->count; i++) {
		if (state->peers->peers[i].id == id)
			return &state->peers->peers[i];
	}
	return NULL;
}

const char *mesh_state_name(const struct mesh_state *state, const struct mesh_pair *pair,
			    char text[MESH_NAME_MAX + ENDPOINT_TEXT_MAX])
{
	const struct mesh_peer *peer = mesh_state_peer(state, pair->id);

	if (peer != NULL && peer->name[0] != '\0')
		return peer->name;
	if (pair->told_name[0] != '\0')
		return pair->told_name;
	return endpoint_format(&pair->endpoint, text);
}
