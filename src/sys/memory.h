/* This process's use of memory. */
#pragma once

#include <stdint.h>

/* What is resident, in bytes, shared pages included; 0: it is not told. */
uint64_t memory_resident_bytes(void);
