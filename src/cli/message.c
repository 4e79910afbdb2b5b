/* See message.h. */
#include "cli/message.h"

#include <errno.h>
#include <poll.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "cli/command.h"

#define LINE_MAX_BYTES 4096

/* Names and texts from the network may be in a sentence; a terminal must not obey them. */
static void disarm(struct buffer *line)
{
	for (size_t i = 0; i < line->size; i++) {
		unsigned char byte = (unsigned char)line->data[i];
		if (byte < ' ' || byte == 0x7f)
			line->data[i] = '?';
	}
}

void message_print(const char *context, const char *sentence)
{
	struct buffer line;
	buffer_init(&line, LINE_MAX_BYTES);
	if (context)
		buffer_append_format(&line, "%s: ", context);
	buffer_append_text(&line, sentence);
	disarm(&line);
	buffer_append_text(&line, "\n");
	(void)fputs(buffer_text(&line), stderr);
	buffer_deinit(&line);
}

bool message_has_color(const char *when, FILE *stream)
{
	if (strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	return isatty(fileno(stream)) && !(no_color && *no_color) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

/* The reader of a pipe or of a connection. */
static bool has_reader_gone(void)
{
	struct pollfd poll_stdout = { .fd = STDOUT_FILENO, .events = POLLOUT };
	return poll(&poll_stdout, 1, 0) == 1 && (poll_stdout.revents & POLLERR);
}

void message_forget_stdout(void)
{
	__fpurge(stdout);
	clearerr(stdout);
}

int message_finish_stdout(int exit_code)
{
	/* What failed in the middle of the output has kept no reason, and perhaps no data. */
	errno = 0;
	bool is_failed = ferror(stdout);
	is_failed |= fflush(stdout) != 0;
	if (is_failed && errno == 0 && has_reader_gone())
		errno = EPIPE;
	/* A network's file system says only here that the disk is full. */
	is_failed |= close(STDOUT_FILENO) != 0 && errno != EBADF;
	if (!is_failed || errno == EPIPE)
		return exit_code;

	struct error error;
	(void)error_set(&error, errno, "cannot write to stdout: %s",
			errno ? strerrordesc_np(errno) : "a part of the output is missing");
	message_print("conntest", error.text);
	return exit_code > EXIT_UNABLE ? exit_code : EXIT_UNABLE;
}
