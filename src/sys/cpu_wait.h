/* How long threads were kept from a cpu that they were ready to run on: because others had it, or
 * because a quota said so. Both only rise; 0 where the kernel does not count it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the calling thread, for whatever reason: the run delay of /proc/thread-self/schedstat. */
uint64_t cpu_waited_by_thread_ns(void);

/* Of all threads in the control groups that this process is in, up to the root, because of their
 * quota; summed over cpus. cpu.stat of cgroup v2 or of v1's controller cpu. */
uint64_t cpu_throttled_ns(void);

/* The parts of it that can be tested with text. The second number of schedstat; 0: none. */
uint64_t cpu_wait_parse_schedstat(const char *text);
/* `text` is a cpu.stat: throttled_usec (v2) or throttled_time (v1, ns). */
uint64_t cpu_wait_parse_stat(const char *text);
/* From /proc/self/cgroup: the path of v1's controller cpu or, where that is not there, of v2; "":
 * none. True if it is of v1. */
bool cpu_wait_parse_group(const char *text, size_t size, char *ret_path);
