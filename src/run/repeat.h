/* --repeat N: the same run so often, one after the other, as a list for `report diff`. */
#pragma once

#include "run/run.h"

/* Runs `times` times and returns the highest exit code. With more than one, the files of -o are
 * numbered before their ending: run.json becomes run.1.json, run.2.json ... A signal ends them all.
 */
int run_repeated(const struct run *run, uint64_t times);
