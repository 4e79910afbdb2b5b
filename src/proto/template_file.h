/* Files that templates name: read whole when a template is compiled. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

/* Into `ret`, which the caller has initialised with the largest size allowed and deinits. Refuses
 * an empty file, a directory, one that is or grows too large. Read and not mapped, so that a file
 * that is cut short while the run goes on ends no run, and a pipe serves as well.
 * The sentence names the path; -errno. */
nodiscard int template_file_read(const char *path, struct error *error, struct buffer *ret);

/* The lines of a text, without their ends (\n or \r\n). */
struct template_lines {
	const uint8_t *data;
	const size_t *starts; /* count + 1 of them */
	size_t count;
	size_t size_min; /* of a line */
	size_t size_max;
	double size_mean;
};
void template_lines_find(struct arena *arena, const uint8_t *data, size_t size,
			 struct template_lines *ret);
/* Line `number` modulo their count; lives as long as the text. */
const uint8_t *template_line(const struct template_lines *lines, uint64_t number, size_t *ret_size);
