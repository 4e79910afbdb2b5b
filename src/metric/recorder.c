#include "metric/recorder.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/pages.h"

#define WORD_BYTES sizeof(uint64_t)
#define HIST_WORDS (HIST_STREAM_BYTES / WORD_BYTES)
#define HEAD_WORDS (sizeof(struct recorder) / WORD_BYTES)
#define COPY_WORDS (HEAD_WORDS + LATENCY_RECORDED * HIST_WORDS)

static_assert(sizeof(struct recorder) % WORD_BYTES == 0, "copied by words");
static_assert(sizeof(struct hist) % WORD_BYTES == 0, "copied by words");
static_assert(HIST_STREAM_COUNTS % HIST_PAGE_COUNTS == 0, "copied by whole pages");

static const struct {
	const char *name;
	const char *help;
} latencies[] = {
#define LATENCY(symbol, name, help) { name, help },
	LATENCY_TABLE
#undef LATENCY
};

const char *latency_name(enum latency latency)
{
	assert(latency < LATENCY_COUNT);
	return latencies[latency].name;
}

const char *latency_help(enum latency latency)
{
	assert(latency < LATENCY_COUNT);
	return latencies[latency].help;
}

size_t recorder_size(void)
{
	return COPY_WORDS * WORD_BYTES;
}

/* Behind the recorder lies room for another, in which publication_read() makes sure of a copy
 * before it adds it: a recorder that is not read into takes no page of it. */
static size_t mapped_bytes(void)
{
	return 2 * recorder_size();
}

static struct recorder *staging_of(struct recorder *recorder)
{
	return (struct recorder *)(void *)((char *)recorder + recorder_size());
}

int recorder_new(struct recorder **ret)
{
	void *pages = NULL;
	int result = pages_new(mapped_bytes(), PAGES_PRIVATE, &pages);

	if (result < 0)
		return result;
	assert(hist_size(HIST_STREAM_RANGE) == HIST_STREAM_BYTES);
	*ret = pages;
	for (enum latency i = 0; i < LATENCY_RECORDED; i++)
		hist_init(recorder_hist(*ret, i), HIST_STREAM_RANGE);
	return 0;
}

void recorder_free(struct recorder *recorder)
{
	pages_free(recorder, mapped_bytes());
}

void recorder_error_why(struct recorder *recorder, enum phase phase, enum outcome outcome, int code,
			uint64_t at_ns, const char *why)
{
	struct error_row row = {
		.phase = phase,
		.outcome = outcome,
		.code = (uint32_t)code,
		.count = 1,
		.first_ns = at_ns,
		.last_ns = at_ns,
	};

	(void)snprintf(row.why, sizeof(row.why), "%s", why ? why : "");
	error_rows_add(recorder->errors, &row);
}

void recorder_error(struct recorder *recorder, enum phase phase, enum outcome outcome, int code,
		    uint64_t at_ns)
{
	recorder_error_why(recorder, phase, outcome, code, at_ns, NULL);
}

void recorder_status(struct recorder *recorder, uint32_t code)
{
	status_rows_add(recorder->statuses, code, 1);
}

void recorder_merge(struct recorder *into, const struct recorder *from)
{
	counters_merge(&into->counters, &from->counters);
	tcp_facts_merge(&into->tcp, &from->tcp);
	for (size_t i = 0; i < ERROR_ROWS_MAX && from->errors[i].count > 0; i++)
		error_rows_add(into->errors, &from->errors[i]);
	for (size_t i = 0; i < STATUS_ROWS_MAX && from->statuses[i].count > 0; i++)
		status_rows_add(into->statuses, from->statuses[i].code, from->statuses[i].count);
	for (enum latency i = 0; i < LATENCY_RECORDED; i++)
		hist_merge(recorder_hist(into, i), recorder_hist_const(from, i));
}

void recorder_clear(struct recorder *recorder)
{
	*recorder = (struct recorder){ 0 };
	for (enum latency i = 0; i < LATENCY_RECORDED; i++)
		hist_clear(recorder_hist(recorder, i));
}

/* Publication n lies in copies[n % 2]. It is whole from `done` = n until `begun` = n + 2. */
struct publication {
	_Atomic uint64_t begun;
	_Atomic uint64_t done;
	uint64_t
		dirty_before[LATENCY_RECORDED]; /* pages of the one before, which this copy lacks */
	struct {
		_Atomic uint64_t tick;
		_Atomic uint64_t words[COPY_WORDS];
	} copies[2];
};

int publication_new(struct publication **ret)
{
	void *pages = NULL;
	int result = pages_new(sizeof(struct publication), PAGES_SHARED, &pages);

	*ret = pages;
	return result;
}

void publication_free(struct publication *publication)
{
	pages_free(publication, sizeof(*publication));
}

/* Releases and acquires rather than fences, which the thread sanitizer doesn't know: whoever reads
 * a word of the next publication but one also sees that it has begun. */
static void store_words(_Atomic uint64_t *to, const void *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t word;

		memcpy(&word, (const char *)from + i * WORD_BYTES, WORD_BYTES);
		atomic_store_explicit(&to[i], word, memory_order_release);
	}
}

static void load_words(void *to, const _Atomic uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t word = atomic_load_explicit(&from[i], memory_order_acquire);

		memcpy((char *)to + i * WORD_BYTES, &word, WORD_BYTES);
	}
}

static void store_hist(_Atomic uint64_t *to, const struct hist *hist, uint64_t pages)
{
	store_words(to, hist, sizeof(*hist) / WORD_BYTES);
	to += sizeof(*hist) / WORD_BYTES;
	for (; pages != 0; pages &= pages - 1) {
		size_t first = (size_t)__builtin_ctzll(pages) * HIST_PAGE_COUNTS;

		store_words(&to[first], &hist->counts[first], HIST_PAGE_COUNTS);
	}
}

/* What is copied may be torn: it is looked at only as far as that does no harm. */
static void load_hist(struct hist *to, const _Atomic uint64_t *from)
{
	load_words(to, from, sizeof(*to) / WORD_BYTES);
	from += sizeof(*to) / WORD_BYTES;
	if (to->minimum > to->maximum || to->maximum > to->highest)
		return;
	uint32_t first = hist_index(to, to->minimum);

	load_words(&to->counts[first], &from[first], hist_index(to, to->maximum) + 1 - first);
}

void publication_publish(struct publication *publication, struct recorder *recorder, uint64_t tick)
{
	uint64_t number = atomic_load_explicit(&publication->done, memory_order_relaxed) + 1;
	_Atomic uint64_t *words = publication->copies[number % 2].words;

	atomic_store_explicit(&publication->begun, number, memory_order_relaxed);
	atomic_store_explicit(&publication->copies[number % 2].tick, tick, memory_order_release);
	store_words(words, recorder, HEAD_WORDS);
	for (enum latency i = 0; i < LATENCY_RECORDED; i++) {
		struct hist *hist = recorder_hist(recorder, i);
		uint64_t dirty = hist_take_dirty(hist);

		store_hist(&words[HEAD_WORDS + i * HIST_WORDS], hist,
			   dirty | publication->dirty_before[i]);
		publication->dirty_before[i] = dirty;
	}
	atomic_store_explicit(&publication->done, number, memory_order_release);
}

/* Copies publication `number`; false if it was overwritten meanwhile. */
static bool load_copy(const struct publication *publication, uint64_t number, struct recorder *to,
		      uint64_t *ret_tick)
{
	const _Atomic uint64_t *words = publication->copies[number % 2].words;

	*ret_tick =
		atomic_load_explicit(&publication->copies[number % 2].tick, memory_order_acquire);
	load_words(to, words, HEAD_WORDS);
	for (enum latency i = 0; i < LATENCY_RECORDED; i++)
		load_hist(recorder_hist(to, i), &words[HEAD_WORDS + i * HIST_WORDS]);
	return atomic_load_explicit(&publication->begun, memory_order_relaxed) < number + 2;
}

void publication_read(const struct publication *publication, struct recorder *into,
		      uint64_t *ret_tick)
{
	struct recorder *copy = staging_of(into);
	uint64_t number = 0;

	*ret_tick = 0;
	do {
		number = atomic_load_explicit(&publication->done, memory_order_acquire);
		if (number == 0)
			return;
	} while (!load_copy(publication, number, copy, ret_tick));
	recorder_merge(into, copy);
}

uint64_t publication_tick(const struct publication *publication)
{
	uint64_t number = 0;
	uint64_t tick = 0;

	do {
		number = atomic_load_explicit(&publication->done, memory_order_acquire);
		tick = atomic_load_explicit(&publication->copies[number % 2].tick,
					    memory_order_acquire);
	} while (atomic_load_explicit(&publication->begun, memory_order_relaxed) >= number + 2);
	return tick;
}
