#include "sys/cpu.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/units.h"

static bool read_allowed(cpu_set_t *ret)
{
	CPU_ZERO(ret);
	return sched_getaffinity(0, sizeof(*ret), ret) == 0;
}

unsigned cpu_count(void)
{
	cpu_set_t allowed;
	if (!read_allowed(&allowed))
		return 1;
	int count = CPU_COUNT(&allowed);
	return count > 0 ? (unsigned)count : 1;
}

static int refuse(const char *text, struct error *error)
{
	return error_set(error, EINVAL, "\"%s\" is not a list of cpus (try auto, off or 0,2-5)",
			 text);
}

static unsigned list_allowed(unsigned cpus[CPU_LIST_MAX])
{
	cpu_set_t allowed;
	unsigned count = 0;

	if (!read_allowed(&allowed))
		return 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && count < CPU_LIST_MAX; cpu++) {
		if (CPU_ISSET(cpu, &allowed))
			cpus[count++] = cpu;
	}
	return count;
}

/* A number below CPU_SETSIZE; `*text` is moved behind it. */
static bool parse_cpu(const char **text, unsigned *ret)
{
	const char *start = *text;
	unsigned value = 0;

	for (; **text >= '0' && **text <= '9' && value < CPU_SETSIZE; (*text)++)
		value = value * 10 + (unsigned)(**text - '0');
	*ret = value;
	return *text != start && value < CPU_SETSIZE;
}

/* "3" or "2-5" */
static bool parse_range(const char **text, unsigned *ret_first, unsigned *ret_last)
{
	if (!parse_cpu(text, ret_first))
		return false;
	*ret_last = *ret_first;
	if (**text != '-')
		return true;
	(*text)++;
	return parse_cpu(text, ret_last) && *ret_first <= *ret_last;
}

/* "0-3,6": cut off where there is no more room. */
static void format_set(const cpu_set_t *set, size_t size, char *text)
{
	size_t used = 0;
	text[0] = '\0';
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && used < size; cpu++) {
		unsigned first = cpu;
		if (!CPU_ISSET(cpu, set))
			continue;
		while (cpu + 1 < CPU_SETSIZE && CPU_ISSET(cpu + 1, set))
			cpu++;
		used += (size_t)snprintf(text + used, size - used, "%s%u", used > 0 ? "," : "",
					 first);
		if (cpu > first && used < size)
			used += (size_t)snprintf(text + used, size - used, "-%u", cpu);
	}
}

static int refuse_cpu(unsigned cpu, const cpu_set_t *allowed, struct error *error)
{
	char list[256];
	format_set(allowed, sizeof(list), list);
	return error_set(error, EINVAL,
			 "cpu %u is not one this process may run on (offline, or left out by "
			 "taskset or a control group): it may on %s",
			 cpu, list);
}

static int append_range(unsigned first, unsigned last, struct error *error,
			unsigned cpus[CPU_LIST_MAX], unsigned *count)
{
	cpu_set_t allowed;
	(void)read_allowed(&allowed);
	for (unsigned cpu = first; cpu <= last; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			return refuse_cpu(cpu, &allowed, error);
		if (*count == CPU_LIST_MAX)
			return error_set(error, EINVAL, "more than %d cpus", CPU_LIST_MAX);
		cpus[(*count)++] = cpu;
	}
	return 0;
}

int cpu_list_parse(const char *text, struct error *error, unsigned cpus[CPU_LIST_MAX],
		   unsigned *ret_count)
{
	const char *rest = text;
	unsigned count = 0;

	*ret_count = 0;
	if (strcmp(text, "off") == 0)
		return 0;
	if (strcmp(text, "auto") == 0) {
		*ret_count = list_allowed(cpus);
		return 0;
	}
	for (;; rest++) {
		unsigned first = 0;
		unsigned last = 0;
		if (!parse_range(&rest, &first, &last) || (*rest != ',' && *rest != '\0'))
			return refuse(text, error);
		int rc = append_range(first, last, error, cpus, &count);
		if (rc < 0)
			return rc;
		if (*rest == '\0')
			break;
	}
	*ret_count = count;
	return 0;
}

int cpu_pin(unsigned cpu)
{
	cpu_set_t set;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0 ? 0 : -errno;
}

static uint64_t timeval_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_usec * NS_PER_US;
}

static uint64_t used_ns(int who)
{
	struct rusage usage;
	if (getrusage(who, &usage) != 0)
		return 0;
	return timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
}

uint64_t cpu_used_ns(void)
{
	return used_ns(RUSAGE_SELF);
}

uint64_t cpu_used_by_thread_ns(void)
{
	return used_ns(RUSAGE_THREAD);
}
