/* Compiler attributes under readable names. */
#pragma once

/* The result says whether the call worked; write (void) to ignore it on purpose. gcc doesn't heed
 * the (void), so clang checks this, in `make lint`. */
#ifdef __clang__
#define nodiscard __attribute__((__warn_unused_result__))
#else
#define nodiscard
#endif

/* Argument numbers (from 1) of the format string and of its first value. */
#define printf_like(format, first) __attribute__((__format__(__printf__, format, first)))

/* Runs `release(&variable)` when the variable leaves its scope. */
#define cleanup(release) __attribute__((__cleanup__(release)))

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

#define array_size(array) (sizeof(array) / sizeof((array)[0]))

/* The object of type `type` that holds `pointer` as its member `member`. */
#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - __builtin_offsetof(type, member)))
