/* Traced hops as a person reads them: what is loss, what only looks like it, and who said what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/hops_text.h"

static const struct report_hop_address both[] = { { "10.9.1.254", 30 }, { "10.9.1.253", 10 } };

#define RTT(low, middle, high)                                           \
	.rtt_min_ns = (low)*NS_PER_US, .rtt_p50_ns = (middle)*NS_PER_US, \
	.rtt_max_ns = (high)*NS_PER_US

/* clang-format off */
static const struct report_hop dark[] = {
	{ .ttl = 1, .address = "10.9.1.254", .addresses = both, .address_count = 2,
	  .small_sent = 20, .small_note = "fine", .full_sent = 20, .full_note = "fine", RTT(210, 240, 410) },
	{ .ttl = 2, .address = "10.9.2.254", .small_sent = 20, .small_lost = 13, .small_note = "rate-limited",
	  .full_sent = 20, .full_lost = 12, .full_note = "fine", RTT(400, 500, 920), .labels = "24001 17" },
	{ .ttl = 3, .small_sent = 20, .small_lost = 20, .small_note = "silent", .full_sent = 20,
	  .full_lost = 20, .full_note = "dead", .too_big = 3, .too_big_bytes = 1400, .too_big_from = "10.9.2.254" },
	{ .ttl = 4, .address = "10.9.3.7", .small_sent = 20, .small_note = "fine", .full_sent = 20,
	  .full_lost = 20, .full_note = "dead", RTT(700, 750, 1200), .is_target = true },
};
static const struct report_hop lossy[] = {
	{ .ttl = 1, .address = "10.9.1.254", .small_sent = 10, .small_note = "fine", RTT(210, 240, 410) },
	{ .ttl = 2, .address = "10.9.2.253", .small_sent = 10, .small_lost = 4, .small_note = "loses", RTT(400, 500, 920) },
	{ .ttl = 3, .nameless = 5, .small_sent = 10, .small_lost = 5, .small_note = "behind", RTT(400, 500, 920),
	  .is_stopped = true, .is_icmp = true, .icmp_type = 3, .icmp_code = 13 },
	{ .ttl = 4, .small_sent = 10, .small_lost = 10, .small_note = "dead" },
};
static const struct report_hop_port one_port[] = { { .port = 40211 } };
static const struct report_hop_port ports[] = {
	{ .port = 40001 }, { .port = 40002, .failure = "Connection timed out" }, { .port = 40003 }, { .port = 40004 },
	{ .port = 40005 }, { .port = 40006 }, { .port = 40007 },
};
static const struct report_hop_path dark_paths[] = {
	{ .is_reached = true, .small_sent = 20, .full_sent = 20, .full_lost = 20, .full_lost_from = 3,
	  .hops = dark, .hop_count = 4, .ports = one_port, .port_count = 1 },
};
static const struct report_hop_path two_paths[] = {
	{ .small_sent = 10, .small_lost = 10, .small_lost_from = 2, .hops = lossy, .hop_count = 4, .ports = ports, .port_count = 7 },
	{ .is_reached = true, .small_sent = 10, .hops = lossy, .hop_count = 1, .ports = one_port, .port_count = 1 },
};
static const struct report_hop_path lost_paths[] = {
	{ .is_reached = true, .small_sent = 10, .small_lost = 4, .small_lost_from = 2, .hops = lossy, .hop_count = 2,
	  .ports = one_port, .port_count = 1 },
};
static const struct report_hop_path few_paths[] = {
	{ .is_reached = true, .small_sent = 10, .small_lost = 1, .hops = lossy, .hop_count = 1,
	  .ports = one_port, .port_count = 1 },
};

struct told {
	struct report_hops hops;
	const char *sentence;
	const char *text; /* NULL: the sentence is enough */
};

static const struct told told[] = {
	{ { .way = "udp", .local = "10.9.1.4", .rounds = 20, .small_bytes = 180, .full_bytes = 1500,
	    .unmatched = 2, .paths = dark_paths, .path_count = 1 },
	  "by udp 4 hops; full-size packets are lost behind hop 2 (10.9.2.254)",
	  "HOPS  by udp from 10.9.1.4, 180 B and 1,500 B (DF), 20 a hop and port, source port 40211\n"
	  "HOP  ADDRESS     SMALL LOST  FULL LOST  RTT min   p50  max ms  NOTE\n"
	  "  1  10.9.1.254        0/20       0/20     0.21  0.24    0.41  also 10.9.1.253\n"
	  "  2  10.9.2.254       13/20      12/20     0.40     -    0.92  MPLS 24001 17; answers 7 of 20: rate-limited, no loss (behind it none are lost)\n"
	  "  3  *                20/20      20/20        -     -       -  10.9.2.254 says: 1,400 B at most; never answers, those behind it do; <- full size is lost from here\n"
	  "  4  10.9.3.7          0/20      20/20     0.70  0.75    1.20  target\n"
	  "2 answers quote too little to tell which packet they are about.\n" },
	{ { .way = "tcp", .local = "10.9.1.4", .rounds = 10, .small_bytes = 53, .is_nameless = true,
	    .paths = two_paths, .path_count = 2 },
	  "by tcp 8 source ports take 2 paths, 1 of them bad; nothing answers behind hop 3",
	  "HOPS  by tcp from 10.9.1.4, 53 B, 10 a hop and port: path 1 of 2, source ports 40001, 40002, 40003, 40004, 40005 and 2 more\n"
	  "HOP  ADDRESS     SMALL LOST  RTT min  p50  max ms  NOTE\n"
	  "  1  10.9.1.254        0/10     0.21    -    0.41\n"
	  "  2  10.9.2.253        4/10     0.40    -    0.92  <- 40 % are lost from here\n"
	  "  3  ?                 5/10     0.40    -    0.92  administratively prohibited; it does not go on from here\n"
	  "  4  *                10/10        -    -       -  no answer from here on\n"
	  "Given up by tcp, source port 40002: Connection timed out\n"
	  "\n"
	  "HOPS  by tcp from 10.9.1.4, 53 B, 10 a hop and port: path 2 of 2, source port 40211\n"
	  "HOP  ADDRESS     SMALL LOST  RTT min  p50  max ms  NOTE\n"
	  "  1  10.9.1.254        0/10     0.21    -    0.41\n"
	  "Who answers inside TCP is not known: that takes CAP_NET_RAW.\n" },
	{ { .way = "syn", .paths = lost_paths, .path_count = 1 },
	  "by syn 2 hops; 40 % of small packets are lost behind hop 1 (10.9.1.254)", NULL },
	{ { .way = "syn", .paths = few_paths, .path_count = 1 },
	  "by syn 1 hop; 10 % of small packets are lost, too few to tell where", NULL },
	{ { .way = "udp", .failed = ports + 1, .failed_count = 1 },
	  "by udp no hops", "Given up by udp, source port 40002: Connection timed out\n" },
	{ { .way = "tcp", .reason = "it can't be asked" },
	  "by tcp no hops", "HOPS  not traced by tcp: it can't be asked\n" },
};
/* clang-format on */

static void test_text(void **state)
{
	for (size_t i = 0; i < array_size(told); i++) {
		cleanup(buffer_deinit) struct buffer out;
		buffer_init(&out, 10000);
		hops_text_sentence(&told[i].hops, &out);
		assert_string_equal(buffer_text(&out), told[i].sentence);
		buffer_clear(&out);
		hops_text_write(&told[i].hops, &(struct text_style){ 0 }, &out);
		if (told[i].text)
			assert_string_equal(buffer_text(&out), told[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_text) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
