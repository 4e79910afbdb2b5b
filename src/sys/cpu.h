/* The machine's cpus and this process's use of them. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

/* Cpus this process may run on. At least 1. */
unsigned cpu_count(void);

#define CPU_LIST_MAX 1024
/* "auto" (all allowed ones, one a worker in turn), "off" (count 0: not pinned) or "0,2-5".
 * -EINVAL with a sentence, also for a cpu that is not allowed here. */
nodiscard int cpu_list_parse(const char *text, struct error *error, unsigned cpus[CPU_LIST_MAX],
			     unsigned *ret_count);
/* Pins the calling thread. 0 or -errno. */
nodiscard int cpu_pin(unsigned cpu);

/* CPU time of this process so far, user and system, by getrusage. */
uint64_t cpu_used_ns(void);
/* The same of the calling thread. */
uint64_t cpu_used_by_thread_ns(void);
