// Included before every source by the build. Functions that this program doesn't use are compile
// errors; the headers that declare them come first, so that those still work.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef alloca
#undef sprintf
#undef vsprintf

// No bound, or a bound that leaves no terminator: use snprintf() and check it, or base/buffer.
#pragma GCC poison strcpy stpcpy strcat strncpy stpncpy strncat sprintf vsprintf gets

// No sign of an error: use base/units.h, or strtol() and check its end.
#pragma GCC poison atoi atol atoll atof

// State shared by all threads: use strtok_r() or strcspn(), and gmtime_r().
#pragma GCC poison strtok gmtime localtime ctime asctime

// The same; not poisoned because OpenSSL's headers name parameters so.
int rand(void) __attribute__((deprecated("use the generator of base/random.h")));
#pragma GCC poison srand

// Stack without a bound: use a fixed array, the arena, or the heap.
#pragma GCC poison alloca
