/* What of a mesh's options may change while it runs, and whether more has. */
#include <errno.h>
#include <string.h>

#include "cmd/mesh.h"

/* Everything else is in listeners, tables and certificates that are made once. */
static const char *const changeable[] = {
	"peers",      "probes",       "wait-time", "rand-time",     "udp-interval",
	"udp-size",   "mtu-interval", "timeout",   "http-path",     "grpc-port",
	"peers-each", "seed",         "max-rate",  "max-bandwidth", "bad-windows",
	"label",      "slow",         "forget",    "refresh",
};

static bool may_change(const char *name)
{
	for (size_t i = 0; i < array_size(changeable); i++) {
		if (strcmp(changeable[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_list(const struct option_list *a, const struct option_list *b)
{
	bool is_same = a->count == b->count;

	for (size_t i = 0; is_same && i < a->count; i++)
		is_same = strcmp(a->items[i], b->items[i]) == 0;
	return is_same;
}

static bool is_same(const struct option_row *row, const void *a, const void *b)
{
	const char *left = (const char *)a + row->offset;
	const char *right = (const char *)b + row->offset;

	switch (row->type) {
	case OPTION_FLAG:
		return *(const bool *)left == *(const bool *)right;
	case OPTION_COUNT:
	case OPTION_TIME:
	case OPTION_SIZE:
		return *(const uint64_t *)left == *(const uint64_t *)right;
	case OPTION_RATE:
		return ((const struct rate *)left)->per_second ==
		       ((const struct rate *)right)->per_second;
	case OPTION_BANDWIDTH:
		return ((const struct bandwidth *)left)->bits_per_second ==
		       ((const struct bandwidth *)right)->bits_per_second;
	case OPTION_TEXT:
	case OPTION_CHOICE:
		return is_same_text(*(const char *const *)left, *(const char *const *)right);
	case OPTION_LIST:
		return is_same_list((const struct option_list *)left,
				    (const struct option_list *)right);
	}
	return false;
}

int mesh_reload_check(const struct command *command, const struct mesh_options *old,
		      const struct mesh_options *new, struct error *error)
{
	for (size_t i = 0; i < command->options.count; i++) {
		const struct option_row *row = &command->options.rows[i];
		if (!may_change(row->name) && !is_same(row, old, new))
			return error_set(error, EINVAL, "--%s can't change while it runs",
					 row->name);
	}
	return 0;
}
