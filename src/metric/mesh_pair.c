#include "metric/mesh_pair.h"

void mesh_pair_turn(struct mesh_pair *pair, uint64_t number)
{
	pair->closed = pair->window;
	pair->window = (struct mesh_window){ .number = number };
}
