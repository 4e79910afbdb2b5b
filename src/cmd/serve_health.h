/* What serve --health says of services, for grpc.health.v1. */
#pragma once

#include "base/arena.h"
#include "base/attributes.h"
#include "base/error.h"
#include "cli/option.h"
#include "engine/plan.h"

/* Into the plan, out of the arena. -EINVAL with the sentence. */
nodiscard int serve_health_plan(const struct option_list *given, struct arena *arena,
				struct plan_serve *serve, struct error *error);
