/* --listen: the places where services are to be, of every command that serves. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "cli/option.h"
#include "engine/plan.h"

/* Adds them to the plan. -EINVAL with the sentence, "--listen" ahead of it. */
nodiscard int serve_places_add(const char *const *texts, size_t count, struct plan_serve *serve,
			       struct error *error);
/* What can be named, for completion. */
void serve_places_offer(const struct option_offer *offer);
