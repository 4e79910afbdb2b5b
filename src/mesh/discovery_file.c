/* A file of peers. It is looked at every two seconds and read when it is another one: inotify sees
 * neither the swap of a link two folders above, as Kubernetes does it, nor a file system that is
 * mounted from elsewhere, and one look costs a system call. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "mesh/discovery_parts.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define LOOK_NS (2 * NS_PER_S)
/* What is changed twice within the file system's clock tick looks the same. */
#define YOUNG_NS ((int64_t)NS_PER_S)

static int64_t ns_of(struct timespec at)
{
	return (int64_t)at.tv_sec * (int64_t)NS_PER_S + at.tv_nsec;
}

static struct discovery_stamp stamp_of(const struct stat *stat)
{
	return (struct discovery_stamp){
		.device = stat->st_dev,
		.inode = stat->st_ino,
		.size = (uint64_t)stat->st_size,
		.modified_ns = ns_of(stat->st_mtim),
		.changed_ns = ns_of(stat->st_ctim),
	};
}

static int read_whole(int fd, struct buffer *out, struct error *error)
{
	char piece[16384];
	ssize_t got = 0;

	while ((got = read(fd, piece, sizeof(piece))) > 0 && out->error == 0)
		buffer_append(out, piece, (size_t)got);
	if (got < 0)
		return error_set(error, errno, "cannot be read: %s", strerror(errno));
	if (out->error != 0)
		return error_set(error, EFBIG, "is longer than the %zu MiB of a list",
				 DISCOVERY_TEXT_MAX >> 20);
	return 0;
}

/* 1: it was read; 0: it is the same as before. */
static int read_changed(struct discovery_source *source, struct buffer *out, struct error *error)
{
	struct stat stat;
	/* A pipe must not keep the pages waiting. */
	owned_fd int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &stat) < 0)
		return error_set(error, errno, "cannot be read: %s", strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return error_set(error, EINVAL, "is not a file");
	struct discovery_stamp stamp = stamp_of(&stat);
	if (memcmp(&stamp, &source->stamp, sizeof(stamp)) == 0 && !source->is_young)
		return 0;
	source->stamp = stamp;
	source->is_young = clock_wall().unix_ns - stamp.changed_ns < YOUNG_NS;
	int result = read_whole(fd, out, error);
	return result < 0 ? result : 1;
}

static int take(struct discovery_source *source, struct error *error)
{
	struct buffer text;
	buffer_init(&text, DISCOVERY_TEXT_MAX);
	int result = read_changed(source, &text, error);

	if (result > 0) {
		result = discovery_items_read(source, buffer_text(&text), text.size,
					      discovery_format_of(source->path), error);
		result = result < 0 ? result : 1;
	}
	buffer_deinit(&text);
	return result;
}

void discovery_file_look(struct discovery_source *source)
{
	struct mesh_discovery *discovery = source->discovery;
	struct mesh_source *public = &discovery->public[source->index];
	struct error error = { "" };
	int result = take(source, &error);

	if (result < 0) {
		/* Looked at every two seconds: counted when it is another one. */
		bool is_known = source->has_failed && strcmp(public->problem, error.text) == 0;
		source->has_failed = true;
		if (!is_known)
			discovery_source_note(source, error.text);
	} else if (result > 0) {
		source->has_failed = false;
		discovery_source_note(source, NULL);
	}
	if (result > 0 || !source->has_answered)
		discovery_touch(discovery);
	source->has_answered = true;
	loop_set_timer(discovery->setup.loop, &source->timer,
		       loop_now(discovery->setup.loop) + LOOK_NS);
}
