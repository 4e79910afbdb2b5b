/* What is expected of a run, as typed: checked against its plan before anything is sent. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "metric/expect.h"
#include "run/run.h"

/* The texts of `option` ("--expect"), which begins the sentence; appended to the list. -EINVAL. */
nodiscard int expectations_read(const struct option_list *texts, const char *option,
				struct error *error, struct expect_list *list);
/* Can these streams measure them? -EINVAL. */
nodiscard int expectations_check(const struct expect_stream *streams, size_t count,
				 const char *option, struct error *error, struct expect_list *list);
/* Both for the plan of a run. */
nodiscard int expectations_parse(const struct run *run, const struct option_list *texts,
				 const char *option, struct error *error, struct expect_list *ret);
