/* What is expected of a run, as typed: checked against its plan before anything is sent. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "metric/expect.h"
#include "run/run.h"

/* The texts of `option` ("--expect"), which begins the sentence. -EINVAL. */
nodiscard int expectations_parse(const struct run *run, const struct option_list *texts,
				 const char *option, struct error *error, struct expect_list *ret);
