/* The processes of a run with several: what is told of one that was lost, and their rows in the
 * report. */
#pragma once

#include "run/build.h"

#define PROCESS_SENTENCE_MAX 256
/* "process 3 of 8 (pid 1234) was killed by signal 9 (SIGKILL) after 12.3 s: its 9,000 connections
 * are not counted from here on"; begin_ns 0: counting has not begun. Returns `text`. */
const char *process_sentence(const struct engine *engine, const struct engine_process *process,
			     uint64_t begin_ns, char text[PROCESS_SENTENCE_MAX]);
void build_processes(const struct build *build, struct report *report);
