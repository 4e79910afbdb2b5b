#include "probe/pmtu.h"

#include <assert.h>

#include "base/attributes.h"
#include "base/units.h"

#define PATIENCE_MIN_NS (50 * NS_PER_MS)
#define PATIENCE_RTTS   3
/* With more than half of so many small ones lost, size can't be told from loss. */
#define LOSSY_SMALL 12
/* Chance may explain a failure once in so many times. */
#define CHANCE 1000.0

/* Sizes that links and tunnels have: tried before others between two bounds, so that a search for
 * "about" ends at the true one. */
static const uint32_t common_bytes[] = {
	576,  1280, 1300, 1320, 1350, 1360, 1370, 1380, 1390, 1400, 1410,  1412,  1420,  1430,
	1440, 1446, 1450, 1454, 1458, 1460, 1462, 1464, 1472, 1476, 1480,  1484,  1488,  1492,
	1496, 1500, 2002, 2304, 4352, 4464, 7981, 8166, 8500, 8870, 8900,  8901,  8950,  8951,
	9000, 9001, 9100, 9180, 9198, 9202, 9216, 9600, 9978, 9999, 10000, 12000, 16110,
};

void pmtu_init(struct pmtu *pmtu, const struct pmtu_setup *setup)
{
	*pmtu = (struct pmtu){ .setup = *setup, .next_number = 1 };
	if (pmtu->setup.max_bytes > PMTU_MAX_BYTES)
		pmtu->setup.max_bytes = PMTU_MAX_BYTES;
}

/* ---- what is tried next ---- */

static bool is_between(const struct pmtu *pmtu, uint32_t bytes)
{
	return bytes > pmtu->low_bytes && bytes < pmtu->high_bytes;
}

/* The common size nearest to the middle, else the middle. */
static uint32_t middle(const struct pmtu *pmtu)
{
	uint32_t low = pmtu->low_bytes;
	uint32_t high = pmtu->high_bytes;
	uint32_t exact = low + (high - low) / 2;
	uint32_t best = exact;
	uint32_t best_distance = (high - low) / 4;
	for (size_t i = 0; i < array_size(common_bytes); i++) {
		uint32_t bytes = common_bytes[i];
		uint32_t distance = bytes > exact ? bytes - exact : exact - bytes;
		if (is_between(pmtu, bytes) && distance < best_distance) {
			best = bytes;
			best_distance = distance;
		}
	}
	return best;
}

static uint32_t take_hint(struct pmtu *pmtu)
{
	uint32_t bytes = pmtu->hinted_bytes;
	pmtu->hinted_bytes = 0;
	return bytes && is_between(pmtu, bytes) ? bytes : 0;
}

/* What a message named has passed: nobody said that one byte more does. */
static bool is_as_signalled(const struct pmtu *pmtu)
{
	return pmtu->is_signalled && pmtu->signal_bytes == pmtu->low_bytes;
}

/* ICMP said what the search has found. */
static bool is_explained(const struct pmtu *pmtu)
{
	return pmtu->is_signalled &&
	       (pmtu->signal_bytes == 0 || pmtu->low_bytes >= pmtu->signal_bytes);
}

/* What is said of a path without a witness rests on its one size that failed, at first by as few
 * probes as knew nothing of the path's loss yet: it has to fail once more. */
static uint32_t confirm(struct pmtu *pmtu)
{
	if (is_explained(pmtu) || pmtu->confirmed_bytes == pmtu->high_bytes)
		return 0;
	pmtu->confirmed_bytes = pmtu->high_bytes;
	return pmtu->high_bytes;
}

/* 0: nothing more is to be known. */
static uint32_t choose(struct pmtu *pmtu)
{
	if (pmtu->low_bytes >= pmtu->setup.max_bytes)
		return 0;
	if (!pmtu->high_bytes)
		return pmtu->setup.max_bytes;
	uint32_t hint = take_hint(pmtu);
	uint32_t gap = pmtu->high_bytes - pmtu->low_bytes;
	if (hint)
		return hint;
	if (gap <= pmtu->setup.step_bytes)
		return confirm(pmtu);
	if (is_as_signalled(pmtu))
		return pmtu->setup.step_bytes == 1 ? pmtu->low_bytes + 1 : 0;
	if (is_between(pmtu, pmtu->setup.base_bytes))
		return pmtu->setup.base_bytes;
	return middle(pmtu);
}

static bool is_deaf(const struct pmtu *pmtu)
{
	return pmtu->small_answered == 0 && pmtu->large_answered == 0;
}

static bool is_lossy(const struct pmtu *pmtu)
{
	return pmtu->small_answered + pmtu->small_lost >= LOSSY_SMALL &&
	       pmtu->small_lost > pmtu->small_answered;
}

/* So many probes of a size have to fail that chance, at the small ones' loss, is no explanation. */
static uint32_t probes_needed(const struct pmtu *pmtu)
{
	uint64_t settled = pmtu->small_answered + pmtu->small_lost;
	double loss = settled ? (double)pmtu->small_lost / (double)settled : 0;
	double chance = 1;
	uint32_t needed = 0;
	while (needed < PMTU_PROBES_MAX && (needed < PMTU_PROBES || chance * CHANCE > 1)) {
		chance *= loss;
		needed++;
	}
	return needed;
}

/* ---- what becomes of probes ---- */

static void passed(struct pmtu *pmtu, uint32_t bytes)
{
	if (bytes > pmtu->low_bytes)
		pmtu->low_bytes = bytes;
	if (pmtu->high_bytes && pmtu->low_bytes >= pmtu->high_bytes)
		pmtu->high_bytes = pmtu->confirmed_bytes = 0; /* it was loss after all */
	if (pmtu->trying_bytes && pmtu->low_bytes >= pmtu->trying_bytes) {
		pmtu->trying_bytes = 0;
		pmtu->tries = 0;
	}
}

static void failed(struct pmtu *pmtu)
{
	if (!pmtu->high_bytes || pmtu->trying_bytes < pmtu->high_bytes)
		pmtu->high_bytes = pmtu->trying_bytes;
	pmtu->trying_bytes = 0;
	pmtu->tries = 0;
}

static uint64_t patience_ns(const struct pmtu *pmtu)
{
	uint64_t patience_ns = PATIENCE_RTTS * pmtu->rtt_max_ns;
	return patience_ns > PATIENCE_MIN_NS ? patience_ns : PATIENCE_MIN_NS;
}

static bool is_under_way(const struct pmtu_flight *flight)
{
	return flight->probe.number && !flight->answered_ns;
}

/* When a large probe is given up: sooner where the small one behind it was answered. */
static uint64_t large_ends_ns(const struct pmtu *pmtu)
{
	uint64_t end_ns = pmtu->large.sent_ns + pmtu->setup.timeout_ns;
	bool has_proof =
		pmtu->small.answered_ns && pmtu->small.probe.number > pmtu->large.probe.number;
	uint64_t sooner_ns = pmtu->small.answered_ns + patience_ns(pmtu);
	return has_proof && sooner_ns < end_ns ? sooner_ns : end_ns;
}

static void lose_large(struct pmtu *pmtu)
{
	uint32_t bytes = pmtu->large.probe.bytes;
	pmtu->large = (struct pmtu_flight){ 0 };
	if (bytes != pmtu->trying_bytes)
		return;
	pmtu->tries++;
	/* A message names the cause, so that chance needs no excluding. */
	bool is_hinted = pmtu->hinted_bytes && pmtu->hinted_bytes < bytes;
	if (is_hinted || pmtu->tries >= probes_needed(pmtu))
		failed(pmtu);
}

static void expire(struct pmtu *pmtu, uint64_t now_ns)
{
	if (is_under_way(&pmtu->small) && now_ns >= pmtu->small.sent_ns + pmtu->setup.timeout_ns) {
		pmtu->small_lost++;
		pmtu->small = (struct pmtu_flight){ 0 };
	}
	if (is_under_way(&pmtu->large) && now_ns >= large_ends_ns(pmtu))
		lose_large(pmtu);
}

/* ---- the steps ---- */

static enum pmtu_step launch(struct pmtu *pmtu, struct pmtu_flight *flight, uint32_t bytes,
			     uint64_t now_ns, struct pmtu_probe *ret_probe)
{
	*flight = (struct pmtu_flight){
		.probe = { .number = pmtu->next_number++, .bytes = bytes },
		.sent_ns = now_ns,
	};
	pmtu->history[flight->probe.number % PMTU_HISTORY] = bytes;
	*ret_probe = flight->probe;
	return PMTU_SEND;
}

static enum pmtu_step send_small(struct pmtu *pmtu, uint64_t now_ns, struct pmtu_probe *ret_probe)
{
	pmtu->is_small_next = false;
	pmtu->small_sent++;
	return launch(pmtu, &pmtu->small, pmtu->setup.small_bytes, now_ns, ret_probe);
}

/* The first small ones go alone: is anybody there, and how long does it take? */
static bool is_opening(const struct pmtu *pmtu)
{
	return is_deaf(pmtu) && pmtu->small_lost < PMTU_PROBES;
}

static enum pmtu_step end(struct pmtu *pmtu)
{
	pmtu->is_over = true;
	return PMTU_OVER;
}

/* Nothing is under way. */
static enum pmtu_step begin_try(struct pmtu *pmtu, uint64_t now_ns, struct pmtu_probe *ret_probe,
				uint64_t *ret_wake_ns)
{
	if (is_opening(pmtu))
		return send_small(pmtu, now_ns, ret_probe);
	/* To a host that says nothing a full size is sent all the same: a router may. */
	if (is_lossy(pmtu) || (is_deaf(pmtu) && pmtu->large_sent >= PMTU_PROBES))
		return end(pmtu);
	if (!pmtu->trying_bytes)
		pmtu->trying_bytes = choose(pmtu);
	if (!pmtu->trying_bytes)
		return end(pmtu);
	if (now_ns < pmtu->large_sent_ns + pmtu->spacing_ns) {
		*ret_wake_ns = pmtu->large_sent_ns + pmtu->spacing_ns;
		return PMTU_WAIT;
	}
	pmtu->is_small_next = true;
	pmtu->large_sent++;
	pmtu->large_sent_ns = now_ns;
	return launch(pmtu, &pmtu->large, pmtu->trying_bytes, now_ns, ret_probe);
}

enum pmtu_step pmtu_next(struct pmtu *pmtu, uint64_t now_ns, struct pmtu_probe *ret_probe,
			 uint64_t *ret_wake_ns)
{
	if (pmtu->is_over)
		return PMTU_OVER;
	expire(pmtu, now_ns);
	if (pmtu->is_small_next)
		return send_small(pmtu, now_ns, ret_probe);
	bool has_large = is_under_way(&pmtu->large);
	bool has_small = is_under_way(&pmtu->small);
	if (!has_large && !has_small)
		return begin_try(pmtu, now_ns, ret_probe, ret_wake_ns);
	*ret_wake_ns = has_large ? large_ends_ns(pmtu) : UINT64_MAX;
	if (has_small && pmtu->small.sent_ns + pmtu->setup.timeout_ns < *ret_wake_ns)
		*ret_wake_ns = pmtu->small.sent_ns + pmtu->setup.timeout_ns;
	return PMTU_WAIT;
}

/* ---- what is told ---- */

/* 0: it is none of ours, or too old. */
static uint32_t bytes_of(const struct pmtu *pmtu, uint64_t number)
{
	if (number == 0 || number >= pmtu->next_number ||
	    number + PMTU_HISTORY <= pmtu->next_number)
		return 0;
	return pmtu->history[number % PMTU_HISTORY];
}

static void answer_small(struct pmtu *pmtu, uint64_t now_ns)
{
	uint64_t rtt_ns = now_ns - pmtu->small.sent_ns;
	pmtu->small.answered_ns = now_ns;
	pmtu->small_answered++;
	if (!pmtu->rtt_min_ns || rtt_ns < pmtu->rtt_min_ns)
		pmtu->rtt_min_ns = rtt_ns ? rtt_ns : 1;
	if (rtt_ns > pmtu->rtt_max_ns)
		pmtu->rtt_max_ns = rtt_ns;
}

void pmtu_answered(struct pmtu *pmtu, uint64_t number, uint64_t now_ns)
{
	uint32_t bytes = bytes_of(pmtu, number);
	if (!bytes)
		return;
	if (is_under_way(&pmtu->small) && pmtu->small.probe.number == number) {
		answer_small(pmtu, now_ns);
	} else if (is_under_way(&pmtu->large) && pmtu->large.probe.number == number) {
		pmtu->large = (struct pmtu_flight){ 0 };
		pmtu->large_answered++;
	}
	passed(pmtu, bytes);
}

void pmtu_signalled(struct pmtu *pmtu, uint64_t number, uint32_t mtu_bytes,
		    const struct endpoint *from)
{
	uint32_t bytes = number ? bytes_of(pmtu, number) : pmtu->setup.max_bytes;
	/* What it names has to be less than what it complains about, and possible. */
	if (!bytes || mtu_bytes >= bytes || (mtu_bytes && mtu_bytes < pmtu->setup.min_bytes))
		return;
	pmtu->is_signalled = true;
	pmtu->signal_from = *from;
	pmtu->signal_bytes = mtu_bytes;
	pmtu->hinted_bytes = mtu_bytes;
}

void pmtu_refused(struct pmtu *pmtu, uint64_t number, uint32_t mtu_bytes)
{
	uint32_t bytes = bytes_of(pmtu, number);
	if (!bytes || bytes > pmtu->setup.max_bytes)
		return;
	if (pmtu->large.probe.number == number) {
		pmtu->large = (struct pmtu_flight){ 0 };
		pmtu->large_sent--;
	}
	pmtu->is_refused = true;
	pmtu->setup.max_bytes = mtu_bytes && mtu_bytes < bytes ? mtu_bytes : bytes - 1;
	pmtu->trying_bytes = 0;
	pmtu->tries = 0;
}

void pmtu_space(struct pmtu *pmtu, uint64_t spacing_ns)
{
	pmtu->spacing_ns = spacing_ns;
}

void pmtu_stop(struct pmtu *pmtu)
{
	pmtu->is_over = true;
}

enum path_verdict pmtu_verdict(const struct pmtu *pmtu)
{
	if (is_deaf(pmtu))
		return PATH_UNDECIDED;
	if (pmtu->low_bytes >= pmtu->setup.max_bytes)
		return PATH_OK;
	if (is_lossy(pmtu))
		return PATH_LOSS;
	if (!pmtu->high_bytes) /* it was stopped */
		return PATH_UNDECIDED;
	return is_explained(pmtu) ? PATH_REDUCED : PATH_BLACK_HOLE;
}
