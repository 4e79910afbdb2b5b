/* The variables that options can be set by, as CONNTEST_LOAD_RATE: their names are in option.h. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "cli/option.h"

/* -EINVAL where a variable of this command is set that no option has; what Kubernetes sets for a
 * service of this name and the variables of a group's commands are no mistakes. */
nodiscard int option_environment_check(const struct command *command, struct arena *arena,
				       struct error *error);
