/* Where a mesh writes its events: lines on stderr, and NDJSON appended to a file. A disk that is
 * full costs lines, which are counted and told once, never the mesh. */
#pragma once

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/mesh_events.h"

struct mesh_log;

struct mesh_log_setup {
	const char *command; /* "mesh", ahead of what goes wrong */
	const char *path;    /* NULL: no file */
	bool is_quiet;       /* nothing on stderr but what goes wrong */
};

/* -errno with the sentence of a file that can't be opened. */
nodiscard int mesh_log_new(const struct mesh_log_setup *setup, struct error *error,
			   struct mesh_log **ret);
/* Takes NULL. Says how many lines were lost. */
void mesh_log_free(struct mesh_log *log);
void mesh_log_write(struct mesh_log *log, const struct mesh_event *event);
/* The file was moved away: opens one of its name. */
void mesh_log_reopen(struct mesh_log *log);
