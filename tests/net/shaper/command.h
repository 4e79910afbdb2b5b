/* The shaper's commands, given as arguments and as lines on stdin:
 *   [at TIME] [ab|ba] COMMAND      at: so long after the start; ab, ba: this way only
 *   delay TIME  jitter TIME  loss P  duplicate P  reorder P      P is 0 .. 1
 *   rate BANDWIDTH  queue SIZE  mtu SIZE  icmp on|off  order on|off
 *   cut [TIME]  join               cut TIME: joined again so long after
 *   seed NUMBER  quit
 * Units are those of conntest's options. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "shaper/link.h"

#define COMMAND_TEXT_MAX 96
#define TIMETABLE_MAX    64

struct timed_command {
	uint64_t due_ns;
	char text[COMMAND_TEXT_MAX];
};

/* Commands that wait for their time, soonest first. */
struct timetable {
	struct link *link;
	uint64_t start_ns;
	struct timed_command commands[TIMETABLE_MAX];
	unsigned count;
	bool has_quit;
};

/* Carries out a command at `now_ns` or puts it in the timetable. 0 or -EINVAL with the sentence. */
nodiscard int command_run(struct timetable *timetable, const char *text, uint64_t now_ns,
			  struct error *error);

/* Carries out what is due by now; the same results. */
nodiscard int command_run_due(struct timetable *timetable, uint64_t now_ns, struct error *error);

/* When the next command is due; UINT64_MAX without one. */
uint64_t command_due_ns(const struct timetable *timetable);
