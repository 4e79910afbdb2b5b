#include "run/mesh_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "cli/message.h"
#include "metric/mesh_verdict.h"
#include "sys/clock.h"
#include "view/mesh_peers.h"

#define LINE_MAX_BYTES 8192

struct mesh_log {
	struct mesh_log_setup setup;
	int fd; /* -1: none */
	uint64_t lost;
	bool is_failing;
};

/* ---- the file ---- */

static void complain(const struct mesh_log *log, const char *what, int code)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "--events: cannot %s %s: %s; events go on being shown",
		       what, log->setup.path, strerrordesc_np(code));
	message_print(log->setup.command, text);
}

static int open_file(struct mesh_log *log)
{
	log->fd =
		open(log->setup.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
	return log->fd < 0 ? -errno : 0;
}

void mesh_log_reopen(struct mesh_log *log)
{
	int code;

	if (log->setup.path == NULL)
		return;
	if (log->fd >= 0)
		(void)close(log->fd);
	code = open_file(log);
	if (code < 0)
		complain(log, "open", -code);
}

/* What was written of a line that did not fit is ended, so that those behind it can be read. */
static void end_torn_line(struct mesh_log *log, ssize_t written, size_t size)
{
	if (written > 0 && (size_t)written < size)
		(void)!write(log->fd, "\n", 1);
}

static void write_file(struct mesh_log *log, const struct mesh_event *event)
{
	cleanup(buffer_deinit) struct buffer line;

	buffer_init(&line, LINE_MAX_BYTES);
	mesh_events_write_one(&line, event);
	ssize_t written = write(log->fd, line.data, line.size);
	if (written == (ssize_t)line.size) {
		log->is_failing = false;
		return;
	}
	int code = written < 0 ? errno : ENOSPC;
	end_torn_line(log, written, line.size);
	log->lost++;
	if (!log->is_failing)
		complain(log, "write to", code);
	log->is_failing = true;
}

/* ---- stderr ---- */

/* "07:11:24.930Z  node-09: loss (network): 7 lost on 5 of 6 source ports" */
static void show(const struct mesh_event *event)
{
	char time[CLOCK_TEXT_MAX], text[MESH_NAME_MAX + MESH_EVENT_TEXT_MAX + 128];
	const char *blame = mesh_blame_name(event->blame);
	bool is_verdict = event->kind <= MESH_EVENT_ENDED;

	(void)clock_format_time((struct wall_time){ event->unix_ns }, time);
	if (is_verdict)
		(void)snprintf(text, sizeof(text), "%s  %s%s%s %s%s%s%s: %s", time,
			       event->scope == MESH_SCOPE_PLACE ? "the way to " : "",
			       event->subject[0] ? event->subject : "this node",
			       event->kind == MESH_EVENT_ENDED ? ": over:" : ":",
			       mesh_verdict_name(event->verdict), *blame ? " (" : "", blame,
			       *blame ? ")" : "", event->text);
	else
		(void)snprintf(text, sizeof(text), "%s  %s%s%s%s%s", time,
			       mesh_event_kind_name(event->kind), event->subject[0] ? " " : "",
			       event->subject, event->text[0] ? ": " : "", event->text);
	message_print(NULL, text);
}

/* ---- both ---- */

int mesh_log_new(const struct mesh_log_setup *setup, struct error *error, struct mesh_log **ret)
{
	struct mesh_log *log = calloc(1, sizeof(*log));
	int code;

	if (log == NULL)
		return error_set(error, ENOMEM, "out of memory");
	log->setup = *setup;
	log->fd = -1;
	code = setup->path ? open_file(log) : 0;
	if (code < 0) {
		free(log);
		return error_set(error, -code, "--events: cannot open %s: %s", setup->path,
				 strerrordesc_np(-code));
	}
	*ret = log;
	return 0;
}

void mesh_log_free(struct mesh_log *log)
{
	char text[128];

	if (log == NULL)
		return;
	if (log->lost > 0) {
		(void)snprintf(text, sizeof(text),
			       "--events: %" PRIu64 " events could not be written", log->lost);
		message_print(log->setup.command, text);
	}
	if (log->fd >= 0)
		(void)close(log->fd);
	free(log);
}

void mesh_log_write(struct mesh_log *log, const struct mesh_event *event)
{
	if (log->fd >= 0)
		write_file(log, event);
	if (!log->setup.is_quiet)
		show(event);
}
