/* What follows from counted hops: loss that stays, loss that is none, and flows that are one path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/hops_path.h"

/* Hop by hop: lost of `sent`; -1 ends the list. Notes: a letter a hop, '.' fine, 'l' limited, 's'
 * silent, 'L' loses, 'b' behind, 'd' dead, '?' unsure. */
struct judged {
	uint32_t sent;
	int lost[9];
	const char *notes;
	uint32_t from;
};

/* clang-format off */
static const struct judged judged[] = {
	{ 20, { 0, 0, 0, 0, -1 },      "....", 0 },
	/* an answer limit in the middle, and one that never answers */
	{ 20, { 0, 13, 0, 0, -1 },     ".l..", 0 },
	{ 20, { 18, 0, 0, 0, -1 },     "l...", 0 },
	{ 20, { 0, 20, 0, 0, -1 },     ".s..", 0 },
	{ 20, { 20, 20, 20, 0, -1 },   "sss.", 0 },
	/* loss that stays */
	{ 20, { 0, 0, 20, 20, -1 },    "..dd", 3 },
	{ 20, { 0, 0, 10, 9, -1 },     "..Lb", 3 },
	{ 20, { 0, 0, 0, 10, -1 },     "...L", 4 },
	{ 20, { 4, 5, 3, 4, -1 },      "Lbbb", 1 },
	{ 20, { 0, 0, 4, 4, -1 },      "..Lb", 3 },
	{ 20, { 0, 0, 0, 0, 0, 0, 0, 4, -1 }, ".......L", 8 },
	{ 20, { 0, 0, 0, 0, 0, 4, 0, 0, -1 }, ".....l..", 0 },
	{ 100, { 0, 1, 20, 22, -1 },   "..Lb", 3 },
	{ 100, { 0, 20, 20, 60, -1 },  ".LbL", 2 }, /* twice */
	/* an answer limit before, within and behind what loses */
	{ 20, { 15, 0, 10, 9, -1 },    "l.Lb", 3 },
	{ 100, { 0, 20, 90, 22, -1 },  ".Llb", 2 },
	{ 100, { 0, 20, 100, 22, -1 }, ".Lsb", 2 },
	{ 100, { 0, 100, 20, 22, -1 }, ".sLb", 3 },
	/* too few to tell where, or whether */
	{ 5,  { 0, 0, 1, 1, -1 },      "....", 0 },
	{ 20, { 0, 0, 0, 1, -1 },      "....", 0 },
	{ 10, { 0, 1, 0, 0, -1 },      "....", 0 },
	/* nobody at all, a single hop, none */
	{ 10, { 10, 10, -1 },          "dd", 1 },
	{ 10, { 1, 10, 10, -1 },       ".dd", 2 },
	{ 10, { 0, -1 },               ".", 0 },
	{ 10, { -1 },                  "", 0 },
};
/* clang-format on */

/* Full-size packets beside small ones. */
struct both {
	int small[9];
	int full[9];
	const char *notes;
	uint32_t from;
};

/* clang-format off */
static const struct both both[] = {
	{ { 0, 0, 0, 0, -1 },   { 0, 0, 0, 0, -1 },    "....", 0 },
	{ { 0, 13, 0, 0, -1 },  { 0, 12, 20, 20, -1 }, ".ldd", 3 }, /* who limits is no one to ask */
	{ { 0, 20, 0, 0, -1 },  { 0, 20, 20, 20, -1 }, ".sdd", 3 },
	{ { 0, 13, 0, 0, -1 },  { 0, 12, 10, 9, -1 },  ".lLb", 3 },
	{ { 0, 0, 0, 0, -1 },   { 0, 12, 0, 0, -1 },   ".l..", 0 }, /* large answers only */
};
/* clang-format on */

static char letter(enum hop_note note)
{
	static const char letters[] = {
		[HOP_FINE] = '.',   [HOP_LIMITED] = 'l', [HOP_SILENT] = 's', [HOP_LOSES] = 'L',
		[HOP_BEHIND] = 'b', [HOP_DEAD] = 'd',    [HOP_UNSURE] = '?'
	};
	return letters[note];
}

static void test_judge(void **state)
{
	for (size_t i = 0; i < array_size(judged); i++) {
		struct hop_count counts[8] = { 0 };
		struct hops_verdict verdict;
		char notes[9] = "";
		uint32_t hops = 0;
		for (; judged[i].lost[hops] >= 0; hops++) {
			counts[hops].sent = judged[i].sent;
			counts[hops].answered = judged[i].sent - (uint32_t)judged[i].lost[hops];
		}
		hops_judge(counts, hops, HOPS_TOLD_BY_TARGET, NULL, &verdict);
		for (uint32_t at = 0; at < hops; at++)
			notes[at] = letter(verdict.notes[at]);
		if (strcmp(notes, judged[i].notes) != 0 || verdict.from != judged[i].from)
			fail_msg("row %zu: %s from %u, not %s from %u", i, notes, verdict.from,
				 judged[i].notes, judged[i].from);
		if (hops > 0)
			assert_int_equal(verdict.lost, judged[i].lost[hops - 1]);
	}
}

static uint32_t count_of(const int lost[9], struct hop_count counts[8])
{
	uint32_t hops = 0;
	for (; lost[hops] >= 0; hops++)
		counts[hops] =
			(struct hop_count){ .sent = 20, .answered = 20 - (uint32_t)lost[hops] };
	return hops;
}

static void check_notes(const struct hops_verdict *verdict, const char *expected)
{
	for (uint32_t i = 0; expected[i] != '\0'; i++)
		assert_int_equal(letter(verdict->notes[i]), expected[i]);
}

/* Nobody but routers, which limit their ICMP: no loss is made of it. */
static const struct judged by_icmp[] = {
	{ 20, { 0, 0, 0, -1 }, "...", 0 },    { 20, { 14, 14, -1 }, "??", 0 },
	{ 20, { 14, -1 }, "?", 0 },           { 20, { 0, 14, -1 }, ".?", 0 },
	{ 20, { 14, 0, -1 }, "l.", 0 },       { 20, { 0, 14, 13, -1 }, ".Lb", 2 },
	{ 20, { 14, 14, 20, -1 }, "??d", 3 },
};

static void test_judge_by_icmp(void **state)
{
	for (size_t i = 0; i < array_size(by_icmp); i++) {
		struct hop_count counts[8];
		struct hops_verdict verdict;
		uint32_t hops = count_of(by_icmp[i].lost, counts);
		hops_judge(counts, hops, HOPS_TOLD_BY_ICMP, NULL, &verdict);
		check_notes(&verdict, by_icmp[i].notes);
		assert_int_equal(verdict.from, by_icmp[i].from);
		bool is_unsure = by_icmp[i].notes[hops - 1] == '?';
		assert_int_equal(verdict.sent, is_unsure ? 0 : 20);
		assert_int_equal(verdict.lost, is_unsure ? 0 : by_icmp[i].lost[hops - 1]);
	}
}

static void test_judge_full(void **state)
{
	for (size_t i = 0; i < array_size(both); i++) {
		struct hop_count counts[8];
		struct hops_verdict small, full;
		char notes[9] = "";
		uint32_t hops = count_of(both[i].small, counts);
		hops_judge(counts, hops, HOPS_TOLD_BY_TARGET, NULL, &small);
		assert_int_equal(count_of(both[i].full, counts), hops);
		hops_judge(counts, hops, HOPS_TOLD_BY_TARGET, &small, &full);
		for (uint32_t at = 0; at < hops; at++)
			notes[at] = letter(full.notes[at]);
		assert_string_equal(notes, both[i].notes);
		assert_int_equal(full.from, both[i].from);
	}
}

/* ---- paths: a word a flow, a letter a hop that answers, '*' one that doesn't; capitals lose half
 */

struct grouped {
	const char *flows[5];
	const char *paths[5]; /* flows by number, the worst path first */
};

/* clang-format off */
static const struct grouped grouped[] = {
	{ { "abc" },                       { "0" } },
	{ { "abc", "abc", "abc" },         { "012" } },
	{ { "abz", "acz", "abz" },         { "02", "1" } },
	{ { "abz", "aCZ", "abz" },         { "1", "02" } },
	{ { "a*z", "acz", "a*z" },         { "012" } },
	{ { "abz", "abcz" },               { "0", "1" } }, /* one is longer */
	{ { "abz", "" },                   { "0" } },      /* never traced */
	{ { "abz", "acz", "adz", "ABZ" },  { "03", "1", "2" } },
};
/* clang-format on */

#define ROUNDS 10

static void trace_hop(struct hop *hop, char name, bool is_last)
{
	struct hop_answer answer = { .kind = is_last ? HOP_TARGET : HOP_EXPIRED };
	bool is_bad = name >= 'A' && name <= 'Z';
	char text[16];
	(void)snprintf(text, sizeof(text), "10.0.0.%d", is_bad ? name - 'A' + 'a' : name);
	assert_int_equal(endpoint_parse(text, 0, &answer.from), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		hop_note_sent(hop, HOPS_SMALL);
		if (name != '*' && !(is_bad && i % 2))
			hop_note_answer(hop, HOPS_SMALL, &answer, 100 * (i + 1));
	}
}

static void trace_flow(struct hops_flow *flow, const char *names)
{
	flow->hop_count = (uint32_t)strlen(names);
	flow->is_reached = flow->hop_count > 0;
	for (uint32_t i = 0; i < flow->hop_count; i++)
		trace_hop(&flow->hops[i], names[i], i + 1 == flow->hop_count);
}

static void check_path(const struct hops_path *path, const char *expected)
{
	char flows[6] = "";
	for (uint32_t i = 0; i < path->flow_count; i++)
		flows[i] = (char)('0' + path->flows[i]);
	assert_string_equal(flows, expected);
	assert_int_equal(path->hops[0].counts[HOPS_SMALL].sent, ROUNDS * path->flow_count);
	assert_true(path->is_reached);
}

static void test_paths(void **state)
{
	for (size_t i = 0; i < array_size(grouped); i++) {
		struct hops *hops;
		struct hops_paths paths;
		uint32_t flows = 0;
		uint32_t expected = 0;
		while (flows < 5 && grouped[i].flows[flows])
			flows++;
		assert_int_equal(hops_new(HOPS_UDP, flows, 8, ROUNDS, &hops), 0);
		for (uint32_t flow = 0; flow < flows; flow++)
			trace_flow(&hops->flows[flow], grouped[i].flows[flow]);
		assert_int_equal(hops_paths_new(hops, &paths), 0);
		for (; expected < 5 && grouped[i].paths[expected]; expected++) {
			assert_true(expected < paths.count);
			check_path(&paths.paths[expected], grouped[i].paths[expected]);
		}
		assert_int_equal(paths.count, expected);
		hops_paths_deinit(&paths);
		hops_free(hops);
	}
}

/* What two flows of a path counted is added up, and times are kept apart from answers. */
static void test_together(void **state)
{
	struct hops *hops;
	struct hops_paths paths;
	struct hop_rtt rtt;
	struct hop_answer answer = { .kind = HOP_TARGET };

	assert_int_equal(hops_new(HOPS_SYN, 2, 8, ROUNDS, &hops), 0);
	trace_flow(&hops->flows[0], "az");
	trace_flow(&hops->flows[1], "aZ");
	hop_note_answer(&hops->flows[1].hops[1], HOPS_SMALL, &answer, HOP_NOT_TIMED);
	assert_int_equal(hops_paths_new(hops, &paths), 0);
	struct hop *last = &paths.paths[0].hops[1];
	assert_int_equal(last->counts[HOPS_SMALL].sent, 2 * ROUNDS);
	assert_int_equal(last->counts[HOPS_SMALL].answered, ROUNDS + ROUNDS / 2 + 1);
	assert_int_equal(last->counts[HOPS_SMALL].timed, ROUNDS + ROUNDS / 2);
	assert_int_equal(last->nameless, 1);
	hop_rtt(&last->counts[HOPS_SMALL], &rtt);
	assert_int_equal(rtt.min_ns, 100);
	assert_int_equal(rtt.max_ns, 100 * ROUNDS);
	assert_int_equal(rtt.p50_ns, 500);
	hops_paths_deinit(&paths);
	hops_free(hops);
}

/* Who answers most stands first; only so many are kept. */
static void test_addresses(void **state)
{
	struct hops *hops;
	assert_int_equal(hops_new(HOPS_UDP, 1, 1, 100, &hops), 0);
	struct hop *hop = &hops->flows[0].hops[0];
	static const char names[] = "abbcccddddeeeeef";
	for (size_t i = 0; i + 1 < sizeof(names); i++) {
		struct hop_answer answer = { .kind = HOP_EXPIRED };
		char text[16];
		(void)snprintf(text, sizeof(text), "10.0.0.%d", names[i]);
		assert_int_equal(endpoint_parse(text, 99, &answer.from), 0);
		hop_note_sent(hop, HOPS_SMALL);
		hop_note_answer(hop, HOPS_SMALL, &answer, 1);
	}
	assert_int_equal(hop->address_count, HOP_ADDRESS_MAX);
	assert_int_equal(hop->addresses[0].answers, 4);
	assert_int_equal(hop_address(hop)->address[3], 'd');
	assert_int_equal(hop_address(hop)->port, 0);
	assert_int_equal(hop->addresses[3].answers, 1);
	assert_int_equal(hop->addresses_omitted, 6);
	hops_free(hops);
}

struct ended {
	uint32_t small_lost; /* of ROUNDS at the last hop, the others lose none */
	uint32_t full_lost;
	bool is_icmp;
	const char *small_notes;
	const char *full_notes;
	uint32_t small_lost_told;
	uint32_t full_lost_from;
};

/* clang-format off */
static const struct ended ended[] = {
	{ 0, 0,  true,  "...", "...", 0, 0 },
	{ 8, 8,  false, "..L", "..L", 8, 3 },
	{ 8, 8,  true,  "..l", "..l", 0, 0 }, /* "port unreachable" now and then */
	{ 8, 10, true,  "..l", "..l", 0, 0 },
	{ 1, 10, true,  "..l", "..d", 0, 3 }, /* so often small that full size is missing */
};
/* clang-format on */

static void fill_hop(struct hop *hop, const struct hop_answer *answer, uint32_t small_lost,
		     uint32_t full_lost)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		hop_note_sent(hop, HOPS_SMALL);
		hop_note_sent(hop, HOPS_FULL);
		if (i >= small_lost)
			hop_note_answer(hop, HOPS_SMALL, answer, 1);
		if (i >= full_lost)
			hop_note_answer(hop, HOPS_FULL, answer, 1);
	}
}

/* Nobody is behind the last hop to tell its limit from loss. */
static void test_last_by_icmp(void **state)
{
	for (size_t i = 0; i < array_size(ended); i++) {
		struct hop_answer router = { .kind = HOP_EXPIRED, .is_icmp = true };
		struct hop_answer target = { .kind = HOP_TARGET, .is_icmp = ended[i].is_icmp };
		struct hops *hops;
		struct hops_paths paths;
		assert_int_equal(hops_new(HOPS_UDP, 1, 8, ROUNDS, &hops), 0);
		hops->flows[0].hop_count = 3;
		hops->flows[0].is_reached = true;
		fill_hop(&hops->flows[0].hops[0], &router, 0, 0);
		fill_hop(&hops->flows[0].hops[1], &router, 0, 0);
		fill_hop(&hops->flows[0].hops[2], &target, ended[i].small_lost, ended[i].full_lost);
		assert_int_equal(hops_paths_new(hops, &paths), 0);
		const struct hops_verdict *verdicts = paths.paths[0].verdict;
		check_notes(&verdicts[HOPS_SMALL], ended[i].small_notes);
		check_notes(&verdicts[HOPS_FULL], ended[i].full_notes);
		assert_int_equal(verdicts[HOPS_SMALL].lost, ended[i].small_lost_told);
		assert_int_equal(verdicts[HOPS_FULL].from, ended[i].full_lost_from);
		hops_paths_deinit(&paths);
		hops_free(hops);
	}
}

static void test_limits(void **state)
{
	struct hops *hops = NULL;
	assert_true(hops_new(HOPS_UDP, 0, 1, 1, &hops) < 0);
	assert_true(hops_new(HOPS_UDP, HOPS_FLOWS_MAX + 1, 1, 1, &hops) < 0);
	assert_true(hops_new(HOPS_UDP, 1, HOPS_TTL_MAX + 1, 1, &hops) < 0);
	assert_true(hops_new(HOPS_UDP, 1, 1, HOPS_ROUNDS_MAX + 1, &hops) < 0);
	assert_int_equal(hops_way_find("syn"), HOPS_SYN);
	assert_int_equal(hops_way_find("icmp"), HOPS_WAYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge_full),   cmocka_unit_test(test_judge),
		cmocka_unit_test(test_paths),        cmocka_unit_test(test_together),
		cmocka_unit_test(test_addresses),    cmocka_unit_test(test_limits),
		cmocka_unit_test(test_last_by_icmp), cmocka_unit_test(test_judge_by_icmp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
