#include "metric/mesh_peer.h"

#include <assert.h>

const char *mesh_life_name(enum mesh_life life)
{
	static const char *const names[] = {
#define MESH_LIFE(symbol, name, help) [MESH_LIFE_##symbol] = (name),
		MESH_LIFE_TABLE
#undef MESH_LIFE
	};
	assert(life < MESH_LIVES);
	return names[life];
}
