#include "mesh/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLACE_MARK '@'
#define LEAVE_MARK '!'
/* Of a name on the wire, whatever a node does: one byte is kept for the mark of leaving, so that
 * nothing else changes when that comes. */
#define TEXT_MAX (WIRE_NAME_BYTES - 2)

static bool is_plain(char byte)
{
	return byte > ' ' && byte < 0x7f && byte != PLACE_MARK && byte != LEAVE_MARK;
}

/* What a reader would take for a mark, or would not take for text at all, becomes "_". */
static size_t add_location(const char *location, char *ret, size_t room)
{
	size_t size = strnlen(location, room > 0 ? room - 1 : 0);

	if (size == 0)
		return 0;
	ret[0] = PLACE_MARK;
	for (size_t i = 0; i < size; i++)
		ret[1 + i] = is_plain(location[i]) || location[i] == ' ' ? location[i] : '_';
	return 1 + size;
}

void mesh_name_write(const struct mesh_name *name, char ret[WIRE_NAME_BYTES])
{
	size_t size = strnlen(name->node, TEXT_MAX);

	memcpy(ret, name->node, size);
	size += add_location(name->location, ret + size, TEXT_MAX - size);
	if (name->is_leaving)
		ret[size++] = LEAVE_MARK;
	ret[size] = '\0';
}

void mesh_name_read(const char *text, struct mesh_name *ret)
{
	size_t size = strnlen(text, WIRE_NAME_BYTES - 1);
	bool is_leaving = size > 0 && text[size - 1] == LEAVE_MARK;

	size -= is_leaving;
	const char *mark = memchr(text, PLACE_MARK, size);
	size_t node_size = mark != NULL ? (size_t)(mark - text) : size;
	size_t place_size = mark != NULL ? size - node_size - 1 : 0;

	*ret = (struct mesh_name){ .is_leaving = is_leaving };
	memcpy(ret->node, text, node_size);
	if (place_size > sizeof(ret->location) - 1)
		place_size = sizeof(ret->location) - 1;
	if (place_size > 0)
		memcpy(ret->location, mark + 1, place_size);
}

int mesh_name_check(const char *node, struct error *error)
{
	size_t size = strlen(node);

	if (size == 0)
		return error_set(error, EINVAL, "a node needs a name");
	if (size > TEXT_MAX)
		return error_set(error, EINVAL,
				 "\"%.80s\" is too long for a name: %d bytes at most", node,
				 TEXT_MAX);
	for (const char *byte = node; *byte != '\0'; byte++) {
		if (!is_plain(*byte))
			return error_set(error, EINVAL,
					 "\"%s\" is no name of a node: printable ASCII without "
					 "blanks, \"%c\" and \"%c\"",
					 node, PLACE_MARK, LEAVE_MARK);
	}
	return 0;
}
