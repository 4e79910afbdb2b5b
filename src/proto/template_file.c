#include "proto/template_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"

#define READ_BYTES 65536

static int cannot_read(const char *path, int code, struct error *error)
{
	return error_set(error, code, "%s: %s", path, strerror(code));
}

static int too_large(const char *path, size_t size_max, struct error *error)
{
	char text[UNITS_TEXT_MAX];

	return error_set(error, EFBIG, "%s: larger than %s, which is the most a message may have",
			 path, units_format_size(size_max, text));
}

static int read_all(int fd, const char *path, struct error *error, struct buffer *ret)
{
	char piece[READ_BYTES];

	for (;;) {
		ssize_t size = read(fd, piece, sizeof(piece));
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return cannot_read(path, errno, error);
		if (size == 0)
			break;
		buffer_append(ret, piece, (size_t)size);
		if (ret->error == -EFBIG)
			return too_large(path, ret->maximum, error);
		if (ret->error < 0)
			return cannot_read(path, -ret->error, error);
	}
	return ret->size > 0 ? 0 : error_set(error, EINVAL, "%s: is empty", path);
}

int template_file_read(const char *path, struct error *error, struct buffer *ret)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return cannot_read(path, errno, error);
	int rc;
	if (fstat(fd, &status) < 0)
		rc = cannot_read(path, errno, error);
	else if (S_ISREG(status.st_mode) && (uint64_t)status.st_size > ret->maximum)
		rc = too_large(path, ret->maximum, error);
	else
		rc = read_all(fd, path, error, ret);
	(void)close(fd);
	return rc;
}

static size_t count_lines(const uint8_t *data, size_t size)
{
	size_t count = 0;

	for (size_t at = 0; at < size; at++)
		count += data[at] == '\n';
	return count + (size > 0 && data[size - 1] != '\n');
}

void template_lines_find(struct arena *arena, const uint8_t *data, size_t size,
			 struct template_lines *ret)
{
	size_t count = count_lines(data, size);
	size_t *starts = arena_take_array(arena, count + 1, sizeof(*starts));

	for (size_t i = 1; i < count; i++) {
		const uint8_t *end = memchr(data + starts[i - 1], '\n', size - starts[i - 1]);
		starts[i] = (size_t)(end - data) + 1;
	}
	starts[count] = size;
	*ret = (struct template_lines){
		.data = data, .starts = starts, .count = count, .size_min = SIZE_MAX
	};
	for (size_t i = 0; i < count; i++) {
		size_t length = 0;
		(void)template_line(ret, i, &length);
		ret->size_max = length > ret->size_max ? length : ret->size_max;
		ret->size_min = length < ret->size_min ? length : ret->size_min;
		ret->size_mean += (double)length / (double)count;
	}
}

const uint8_t *template_line(const struct template_lines *lines, uint64_t number, size_t *ret_size)
{
	size_t index = number % lines->count;
	const uint8_t *line = lines->data + lines->starts[index];
	size_t size = lines->starts[index + 1] - lines->starts[index];

	if (size > 0 && line[size - 1] == '\n')
		size--;
	if (size > 0 && line[size - 1] == '\r')
		size--;
	*ret_size = size;
	return line;
}
