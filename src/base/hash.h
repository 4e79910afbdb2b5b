/* Hashes for tables and for choices that every node has to make alike: the same in every build and
 * on every machine, fast, and not for secrets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits, over as many pieces as there are: each goes on from the one before. The low bits
 * are not good enough for a table: hash_mix() makes them so. */
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* The finalizer of splitmix64: every bit of the input moves every bit of the output. */
static inline uint64_t hash_mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}
