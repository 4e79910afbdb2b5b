#include "run/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "metric/report_write.h"
#include "sys/clock.h"

#define SUFFIX ".json"

/* "2026-11-20T07:11:21.000Z-4711.json": sorted by name is sorted by time. */
static int is_report(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	return dot && strcmp(dot, SUFFIX) == 0 && entry->d_name[0] >= '0' &&
	       entry->d_name[0] <= '9';
}

static int newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

/* The folder, or -ENOENT when neither variable is set or the path is too long. */
static int find_folder(char folder[STORE_PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int length = -1;
	if (state && state[0] == '/')
		length = snprintf(folder, STORE_PATH_MAX, "%s/conntest", state);
	else if (home && home[0] == '/')
		length = snprintf(folder, STORE_PATH_MAX, "%s/.local/state/conntest", home);
	return length > 0 && length < STORE_PATH_MAX - NAME_MAX - 2 ? 0 : -ENOENT;
}

/* As mkdir -p; the last part is for the owner alone. */
static void make_folder(const char *folder)
{
	char part[STORE_PATH_MAX];
	for (size_t i = 1; folder[i - 1]; i++) {
		if (folder[i] != '/' && folder[i] != '\0')
			continue;
		memcpy(part, folder, i);
		part[i] = '\0';
		(void)mkdir(part, folder[i] ? 0755 : 0700);
	}
}

static int join(char path[STORE_PATH_MAX], const char *folder, const char *name)
{
	int length = snprintf(path, STORE_PATH_MAX, "%s/%s", folder, name);
	return length > 0 && length < STORE_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static void remove_oldest(const char *folder)
{
	struct dirent **entries = NULL;
	char path[STORE_PATH_MAX];
	int count = scandir(folder, &entries, is_report, newest_first);
	for (int i = 0; i < count; i++) {
		if (i >= STORE_REPORTS_MAX && join(path, folder, entries[i]->d_name) == 0)
			(void)unlink(path);
		free(entries[i]);
	}
	free(entries);
}

/* Under another name first, so that a reader never meets half a report. */
static int write_whole(const char *path, const struct buffer *bytes)
{
	char draft[STORE_PATH_MAX];
	if (snprintf(draft, sizeof(draft), "%s.part", path) >= (int)sizeof(draft))
		return -ENAMETOOLONG;
	FILE *file = fopen(draft, "we");
	if (!file)
		return -errno;
	size_t written = fwrite(buffer_text(bytes), 1, bytes->size, file);
	int result = fclose(file) == 0 && written == bytes->size ? 0 : -EIO;
	if (result == 0 && rename(draft, path) < 0)
		result = -errno;
	if (result < 0)
		(void)unlink(draft);
	return result;
}

bool store_keep(const struct report *report)
{
	char folder[STORE_PATH_MAX];
	char path[STORE_PATH_MAX];
	char name[CLOCK_TEXT_MAX + 32];
	char date[CLOCK_TEXT_MAX];
	struct buffer bytes;
	if (find_folder(folder) < 0)
		return false;
	make_folder(folder);
	(void)clock_format_date((struct wall_time){ report->started_unix_ns }, date);
	(void)snprintf(name, sizeof(name), "%s-%d" SUFFIX, date, (int)getpid());
	if (join(path, folder, name) < 0)
		return false;
	buffer_init(&bytes, REPORT_FILE_MAX);
	report_write(report, &bytes);
	bool is_kept = !bytes.error && write_whole(path, &bytes) == 0;
	if (is_kept)
		remove_oldest(folder);
	buffer_deinit(&bytes);
	return is_kept;
}

int store_find(struct store_list *ret, struct error *error)
{
	struct dirent **entries = NULL;
	char folder[STORE_PATH_MAX];
	ret->count = 0;
	if (find_folder(folder) < 0)
		return error_set(error, ENOENT,
				 "no reports are kept: neither XDG_STATE_HOME nor HOME is set");
	int count = scandir(folder, &entries, is_report, newest_first);
	for (int i = 0; i < count; i++) {
		if (ret->count < STORE_REPORTS_MAX &&
		    join(ret->paths[ret->count], folder, entries[i]->d_name) == 0)
			ret->count++;
		free(entries[i]);
	}
	free(entries);
	if (ret->count == 0)
		return error_set(error, ENOENT,
				 "no reports are kept in %s yet; a run keeps its own", folder);
	return 0;
}
