/* Tracings of networks that are a line of text: what is sent, how often, and what is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "probe/hops_course.h"

#define GAP     (100 * NS_PER_MS)
#define TIMEOUT NS_PER_S
#define RTT     (20 * NS_PER_MS)

/* A letter a hop: '+' answers, '-' never does, 't' is the target, 'x' says that it does not go on,
 * 'b' lets small packets on and says that large ones are too big; '/' is silent and everything is
 * lost there.
 */
struct network {
	const char *hops;
	bool is_one_by_one;
	bool has_full;
	uint32_t hop_count;
	bool is_reached;
	const char *answered; /* a digit a hop: of 3 small packets */
	uint32_t full_lost;   /* of 3 at the last hop */
};

/* clang-format off */
static const struct network networks[] = {
	{ "t",              false, false, 1, true,  "3", 0 },
	{ "+++t",           false, false, 4, true,  "3333", 0 },
	{ "+++t",           true,  false, 4, true,  "3333", 0 },
	{ "+++t",           false, true,  4, true,  "3333", 0 },
	{ "+--t",           false, false, 4, true,  "3003", 0 },
	{ "-----t",         true,  false, 1, false, "0", 0 }, /* too many silent ones in a row */
	{ "----t",          false, false, 5, true,  "00003", 0 },
	{ "++/",            false, false, 3, false, "330", 0 },
	{ "++/",            true,  false, 3, false, "330", 0 },
	{ "/",              false, false, 1, false, "0", 0 },
	{ "++x",            false, false, 3, false, "333", 0 },
	{ "+b+t",           false, true,  4, true,  "3333", 3 },
	{ "+++++++++++t",   false, false, 10, false, "3333333333", 0 }, /* farther than it may look */
	{ "+++++++++t",     true,  false, 10, true,  "3333333333", 0 },
};
/* clang-format on */

#define ROUNDS  3
#define TTL_MAX 10
#define PENDING 64

struct pending {
	struct hops_question question;
	struct hop_answer answer;
	uint64_t at_ns;
	bool is_there;
};

struct play {
	struct hops_course *course;
	const char *hops;
	struct pending pending[PENDING];
	uint64_t now_ns;
	uint64_t last_ns[TTL_MAX]; /* when this TTL was asked */
	uint32_t sent;
	uint32_t farthest; /* beyond the target */
};

/* The place at which the packet ends, and what is said from there. */
static struct hop_answer travel(const char *hops, const struct hops_question *question,
				uint8_t *ret)
{
	static const enum hop_answer_kind kinds[] = {
		['+'] = HOP_EXPIRED, ['-'] = HOP_NO_ANSWER, ['/'] = HOP_NO_ANSWER,
		['t'] = HOP_TARGET,  ['x'] = HOP_STOPPED,   ['b'] = HOP_EXPIRED
	};
	uint8_t at = 0;
	for (; at + 1 < question->ttl; at++) {
		if (strchr("t/x", hops[at]))
			break;
		if (hops[at] == 'b' && question->size == HOPS_FULL) {
			*ret = at;
			return (struct hop_answer){ .kind = HOP_TOO_BIG, .mtu_bytes = 1400 };
		}
	}
	*ret = at;
	return (struct hop_answer){ .kind = kinds[(unsigned char)hops[at]] };
}

static void transmit(struct play *play, const struct hops_question *question)
{
	uint8_t at;
	struct hop_answer answer = travel(play->hops, question, &at);
	uint64_t *last_ns = &play->last_ns[question->ttl - 1];

	assert_true(*last_ns == 0 || play->now_ns >= *last_ns + GAP);
	*last_ns = play->now_ns;
	play->sent++;
	if (at + 1u < question->ttl && question->ttl - at - 1u > play->farthest)
		play->farthest = question->ttl - at - 1u;
	if (answer.kind == HOP_NO_ANSWER)
		return;
	answer.from = (struct endpoint){ .family = AF_INET, .address = { 10, 0, 0, at } };
	for (size_t i = 0; i < PENDING; i++) {
		if (!play->pending[i].is_there) {
			play->pending[i] =
				(struct pending){ *question, answer, play->now_ns + RTT, true };
			return;
		}
	}
	fail_msg("too many packets at once");
}

static void deliver(struct play *play)
{
	for (size_t i = 0; i < PENDING; i++) {
		struct pending *one = &play->pending[i];
		if (!one->is_there || one->at_ns > play->now_ns)
			continue;
		one->is_there = false;
		assert_true(hops_course_answered(play->course, one->question.number, &one->answer,
						 play->now_ns));
	}
}

static uint64_t next_delivery(const struct play *play)
{
	uint64_t next_ns = UINT64_MAX;
	for (size_t i = 0; i < PENDING; i++) {
		if (play->pending[i].is_there && play->pending[i].at_ns < next_ns)
			next_ns = play->pending[i].at_ns;
	}
	return next_ns;
}

static void run(struct play *play)
{
	struct hops_question question;
	for (unsigned turns = 0; !hops_course_is_over(play->course); turns++) {
		assert_true(turns < 10000);
		deliver(play);
		while (hops_course_next(play->course, play->now_ns, &question))
			transmit(play, &question);
		uint64_t due_ns = hops_course_due(play->course);
		uint64_t delivery_ns = next_delivery(play);
		if (due_ns == UINT64_MAX && delivery_ns == UINT64_MAX)
			break;
		play->now_ns = due_ns < delivery_ns ? due_ns : delivery_ns;
	}
	assert_true(hops_course_is_over(play->course));
}

static struct hops_course_setup setup_of(const struct network *network, uint32_t flows)
{
	return (struct hops_course_setup){
		.flows = flows,
		.rounds = ROUNDS,
		.ttl_max = TTL_MAX,
		.has_full = network->has_full,
		.is_one_by_one = network->is_one_by_one,
		.timeout_ns = TIMEOUT,
		.gap_ns = GAP,
		.spacing_ns = NS_PER_MS,
	};
}

static void check(const struct network *network, const struct hops_flow *flow)
{
	assert_int_equal(flow->hop_count, network->hop_count);
	assert_int_equal(flow->is_reached, network->is_reached);
	for (uint32_t i = 0; i < flow->hop_count; i++) {
		const struct hop_count *small = &flow->hops[i].counts[HOPS_SMALL];
		assert_int_equal(small->sent, ROUNDS);
		assert_int_equal(small->answered, network->answered[i] - '0');
		assert_int_equal(flow->hops[i].counts[HOPS_FULL].sent,
				 network->has_full ? ROUNDS : 0);
		if (small->answered > 0)
			assert_int_equal(small->rtt_ns[0], RTT);
	}
	assert_int_equal(hop_lost(&flow->hops[flow->hop_count - 1].counts[HOPS_FULL]),
			 network->full_lost);
}

static void test_networks(void **state)
{
	for (size_t i = 0; i < array_size(networks); i++) {
		for (uint32_t flows = 1; flows <= 3; flows++) {
			struct play play = { .hops = networks[i].hops, .now_ns = 1 };
			struct hops_course_setup setup = setup_of(&networks[i], flows);
			assert_int_equal(hops_course_new(&setup, &play.course), 0);
			run(&play);
			for (uint32_t flow = 0; flow < flows; flow++)
				check(&networks[i], &hops_course_result(play.course)->flows[flow]);
			/* Who answers one after the other is never asked for more than there is. */
			if (networks[i].is_one_by_one && networks[i].is_reached)
				assert_int_equal(play.farthest, 0);
			assert_true(play.farthest <= HOPS_SILENT_MAX);
			assert_true(hops_course_progress(play.course) >= 1);
			hops_course_free(play.course);
		}
	}
}

static struct hops_course *begin(const struct network *network, struct hops_question *ret)
{
	struct hops_course *course;
	struct hops_course_setup setup = setup_of(network, 1);
	assert_int_equal(hops_course_new(&setup, &course), 0);
	assert_true(hops_course_next(course, 1, ret));
	return course;
}

static const struct network simple = { .is_one_by_one = true };

/* An answer without a cookie belongs to the only packet under way, and to none of several. */
static void test_only(void **state)
{
	static const struct network crowded = { .is_one_by_one = false };
	struct hops_question question;
	uint32_t number;
	struct hops_course *course = begin(&crowded, &question);
	assert_true(hops_course_only(course, 0, &number));
	assert_int_equal(number, question.number);
	assert_true(hops_course_next(course, 1 + NS_PER_MS, &question));
	assert_int_equal(question.ttl, 2);
	assert_false(hops_course_only(course, 0, &number));
	hops_course_lost(course, number);
	assert_true(hops_course_only(course, 0, &number));
	assert_int_equal(number, question.number);
	hops_course_free(course);
}

static void test_late_and_twice(void **state)
{
	static const struct hop_answer answer = { .kind = HOP_EXPIRED };
	struct hops_question first, second;
	struct hops_course *course = begin(&simple, &first);
	assert_false(hops_course_next(course, TIMEOUT, &second));
	assert_int_equal(hops_course_due(course), TIMEOUT + 1);
	assert_true(hops_course_next(course, TIMEOUT + 1, &second));
	assert_false(hops_course_answered(course, first.number, &answer, TIMEOUT + 2));
	assert_true(hops_course_answered(course, second.number, &answer, TIMEOUT + 2));
	assert_false(hops_course_answered(course, second.number, &answer, TIMEOUT + 3));
	const struct hops *hops = hops_course_result(course);
	assert_int_equal(hops->flows[0].hops[0].counts[HOPS_SMALL].answered, 0);
	assert_int_equal(hops->flows[0].hops[1].counts[HOPS_SMALL].answered, 1);
	hops_course_free(course);
}

static void test_unsent(void **state)
{
	struct hops_question question;
	struct hops_course *course = begin(&simple, &question);
	hops_course_unsent(course, question.number);
	hops_course_unsent(course, question.number);
	const struct hops *hops = hops_course_result(course);
	assert_int_equal(hops->flows[0].hops[0].counts[HOPS_SMALL].sent, 0);
	assert_int_equal(hops->unsent, 1);
	assert_true(hops_course_next(course, 1 + NS_PER_MS, &question));
	assert_int_equal(question.ttl, 2);
	hops_course_free(course);
}

/* Interrupted: what had its answer counts, what is in flight does not. */
static void test_interrupted(void **state)
{
	static const struct hop_answer answer = { .kind = HOP_EXPIRED };
	struct hops_question question;
	struct hops_course *course = begin(&simple, &question);
	assert_true(hops_course_answered(course, question.number, &answer, 2));
	assert_true(hops_course_next(course, 1 + NS_PER_MS, &question));
	struct hops *hops = hops_course_take(course);
	assert_int_equal(hops->flows[0].hop_count, 1);
	assert_int_equal(hops->flows[0].hops[0].counts[HOPS_SMALL].sent, 1);
	assert_int_equal(hops->flows[0].hops[1].counts[HOPS_SMALL].sent, 0);
	hops_free(hops);
	hops_course_free(course);
}

/* A connection asks again when it is whole, not when it has its answer. */
static void test_held(void **state)
{
	static const struct hop_answer answer = { .kind = HOP_EXPIRED };
	struct hops_question question;
	struct hops_course *course = begin(&simple, &question);
	hops_course_hold(course, 0);
	assert_true(hops_course_answered(course, question.number, &answer, 2));
	assert_false(hops_course_next(course, TIMEOUT, &question));
	assert_int_equal(hops_course_due(course), UINT64_MAX);
	hops_course_let_go(course, 0);
	assert_true(hops_course_next(course, TIMEOUT, &question));
	hops_course_end_flow(course, 0, 110);
	assert_false(hops_course_is_over(course));
	hops_course_lost(course, question.number);
	assert_true(hops_course_is_over(course));
	const struct hops *hops = hops_course_result(course);
	assert_int_equal(hops->flows[0].failure, 110);
	assert_int_equal(hops->flows[0].hop_count, 1);
	hops_course_free(course);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),       cmocka_unit_test(test_only),
		cmocka_unit_test(test_late_and_twice), cmocka_unit_test(test_unsent),
		cmocka_unit_test(test_held),           cmocka_unit_test(test_interrupted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
