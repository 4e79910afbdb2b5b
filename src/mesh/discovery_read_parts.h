/* What the readers of lists share. */
#pragma once

#include "base/buffer.h"
#include "mesh/discovery_read.h"

/* A group of file_sd while it is read. */
struct discovery_group {
	struct discovery_labels labels;
	unsigned name_rank;     /* of the label that it has now; 0: none */
	unsigned location_rank; /* the same */
	uint16_t traffic_port; /* its targets are pages, and this is where they are probed; 0: no */
};

/* -EINVAL: it is heeded and wrong. */
nodiscard int discovery_group_label(struct discovery_group *group, const char *name,
				    const char *value, struct error *error);
/* As it can be shown, cut at `size`. */
void discovery_clean(char *ret, size_t size, const char *text);

/* Splits and hands over. */
nodiscard int discovery_tell_target(const struct discovery_group *group, const char *target,
				    discovery_found_fn *found, void *context, struct error *error);
nodiscard int discovery_tell_url(const struct discovery_labels *labels, const char *url,
				 discovery_found_fn *found, void *context, struct error *error);

nodiscard int discovery_read_json(const char *text, size_t size, discovery_found_fn *found,
				  void *context, struct error *error);
nodiscard int discovery_read_yaml(const char *text, size_t size, discovery_found_fn *found,
				  void *context, struct error *error);
