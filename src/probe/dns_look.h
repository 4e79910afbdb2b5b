/* What is asked of a DNS server and what is made of its answer, over whichever transport it came.
 */
#pragma once

#include <stdbool.h>

#include "base/attributes.h"
#include "probe/probe.h"
#include "proto/dns.h"

/* The target's question. -EINVAL with the sentence. */
nodiscard int dns_look_question(const struct probe_target *target, struct error *error,
				struct dns_question *ret);
/* Notes the answer in the result. True: it is as expected; else `why` says what it is instead. */
bool dns_look_judge(const struct probe_target *target, const struct dns_question *question,
		    struct dns_answer *answer, struct probe_result *result,
		    char why[PROBE_WHY_BYTES]);
