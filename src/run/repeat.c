#include "run/repeat.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"

/* Where the number goes: before the ending of the file's own name, else at the end. */
static size_t place_of_number(const char *format)
{
	const char *slash = strrchr(format, '/');
	const char *dot = strrchr(slash ? slash : format, '.');
	return dot ? (size_t)(dot - format) : strlen(format);
}

static const char *numbered(struct arena *arena, const char *format, uint64_t number)
{
	size_t place = place_of_number(format);
	if (!strchr(format, '='))
		return format; /* to stdout */
	return arena_format(arena, "%.*s.%" PRIu64 "%s", (int)place, format, number,
			    format + place);
}

static int run_number(const struct run *run, uint64_t number)
{
	struct output_options output = *run->output;
	struct run one = *run;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < output.formats.count; i++)
		output.formats.items[i] = numbered(&arena, output.formats.items[i], number);
	one.output = &output;
	int exit_code = run_measure(&one);
	arena_deinit(&arena);
	return exit_code;
}

int run_repeated(const struct run *run, uint64_t times)
{
	struct run each = *run;
	bool was_interrupted = false;
	int worst = EXIT_OK;
	each.ret_interrupted = &was_interrupted;
	if (times <= 1)
		return run_measure(&each);
	for (uint64_t number = 1; number <= times && !was_interrupted; number++) {
		int exit_code = run_number(&each, number);
		worst = exit_code > worst ? exit_code : worst;
		if (exit_code == EXIT_USAGE)
			break;
	}
	return worst;
}
