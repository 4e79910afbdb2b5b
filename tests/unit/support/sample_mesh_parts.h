/* The parts of sample_mesh; inside support/. */
#pragma once

#include "support/sample_mesh.h"

#define SAMPLE_MESH_BEGAN_NS UINT64_C(5000000000000)

/* What is between two nodes in a window, as a verdict that it should get: OK, or what is wrong. */
enum mesh_verdict sample_mesh_between(const struct sample_mesh *sample, uint32_t from, uint32_t to,
				      uint32_t window);
/* The usual round trip. */
uint64_t sample_mesh_rtt_ns(const struct sample_mesh *sample, uint32_t from, uint32_t to);
/* 0 is the first place. */
uint32_t sample_mesh_place(const struct sample_mesh *sample, uint32_t number);
bool sample_mesh_is_page(const struct sample_mesh *sample, uint32_t number);
void sample_mesh_write_name(const struct sample_mesh *sample, uint32_t number,
			    char name[MESH_NAME_MAX]);
void sample_mesh_write_place(const struct sample_mesh *sample, uint32_t number,
			     char place[MESH_PLACE_MAX]);

/* Counts this window of this node and all its pairs, and closes it. */
void sample_mesh_count(struct sample_mesh *sample, uint32_t window);
/* The same of a few moments of the running window. */
void sample_mesh_count_running(struct sample_mesh *sample);
/* As many rows as the setup says. */
void sample_mesh_ask_rows(struct sample_mesh *sample);
