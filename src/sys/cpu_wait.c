#include "sys/cpu_wait.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "sys/limits.h"

#define PATH_MAX_BYTES 512
#define TEXT_MAX_BYTES 4096

uint64_t cpu_wait_parse_schedstat(const char *text)
{
	char *rest = NULL;
	(void)strtoull(text, &rest, 10);
	return rest == text ? 0 : strtoull(rest, NULL, 10);
}

uint64_t cpu_waited_by_thread_ns(void)
{
	char text[128];
	if (limits_read_text("/proc/thread-self/schedstat", text, sizeof(text)) < 0)
		return 0;
	return cpu_wait_parse_schedstat(text);
}

/* The number behind a word at the start of a line. */
static uint64_t number_behind(const char *text, const char *word)
{
	size_t size = strlen(word);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, size) == 0 && line[size] == ' ')
			return strtoull(line + size, NULL, 10);
	}
	return 0;
}

uint64_t cpu_wait_parse_stat(const char *text)
{
	return number_behind(text, "throttled_time") +
	       number_behind(text, "throttled_usec") * NS_PER_US;
}

/* Is "cpu" one of the comma-separated controllers before the colon? */
static bool has_cpu(const char *controllers)
{
	size_t end = strcspn(controllers, ":\n");
	for (const char *name = controllers; name < controllers + end;) {
		size_t size = strcspn(name, ",:\n");
		if (size == 3 && strncmp(name, "cpu", 3) == 0)
			return true;
		name += size + 1;
	}
	return false;
}

/* Lines are "ID:CONTROLLERS:PATH"; of v2 "0::PATH". */
bool cpu_wait_parse_group(const char *text, size_t size, char *ret_path)
{
	bool is_v1 = false;
	ret_path[0] = '\0';
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *controllers = strchr(line, ':');
		const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			break;
		bool is_cpu = has_cpu(controllers + 1);
		if (is_v1 || (!is_cpu && path != controllers + 1))
			continue;
		is_v1 = is_cpu;
		(void)snprintf(ret_path, size, "%.*s", (int)strcspn(path + 1, "\n"), path + 1);
	}
	return is_v1;
}

/* Where they are mounted as a rule; one that is not there has no file. */
static uint64_t read_stat(bool is_v1, const char *group)
{
	static const char *const v1[] = { "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct" };
	static const char *const v2[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char path[PATH_MAX_BYTES], text[TEXT_MAX_BYTES];
	for (size_t i = 0; i < array_size(v1); i++) {
		(void)snprintf(path, sizeof(path), "%s%s/cpu.stat", is_v1 ? v1[i] : v2[i], group);
		if (limits_read_text(path, text, sizeof(text)) == 0)
			return cpu_wait_parse_stat(text);
	}
	return 0;
}

uint64_t cpu_throttled_ns(void)
{
	char text[TEXT_MAX_BYTES], group[PATH_MAX_BYTES / 2];
	uint64_t sum_ns = 0;
	if (limits_read_text("/proc/self/cgroup", text, sizeof(text)) < 0)
		return 0;
	bool is_v1 = cpu_wait_parse_group(text, sizeof(group), group);
	for (char *end = strrchr(group, '/'); end; end = strrchr(group, '/')) {
		sum_ns += read_stat(is_v1, end[1] ? group : "");
		*end = '\0';
	}
	return sum_ns;
}
