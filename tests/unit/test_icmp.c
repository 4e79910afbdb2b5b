/* ICMP messages of both families and the packets that they quote, byte by byte. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/icmp.h"

/* clang-format off */
#define IPV4(length, flags, protocol) \
	0x45, 0x00, (length) >> 8, (length) & 0xff, 0xab, 0xcd, (flags), 0x00, 64, (protocol), 0, 0, \
	10, 9, 0, 1, 10, 9, 0, 2
#define IPV6(length, next) \
	0x61, 0x20, 0, 0, 0, (length), (next), 63, \
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, \
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define UDP      0x9c, 0x40, 0x13, 0x8f, 0, 12, 0, 0
#define TCP_PORT 0x9c, 0x40, 0x01, 0xbb, 0x01, 0x02, 0x03, 0x04
#define ECHO4    8, 0, 0, 0, 0x12, 0x34, 0, 7
#define ECHO6    128, 0, 0, 0, 0x12, 0x34, 0, 7

static const uint8_t udp4[] = { IPV4(32, 0x40, IPPROTO_UDP), UDP, 'p', 'i', 'n', 'g', 0xee };
static const uint8_t udp4_fragment[] = { IPV4(32, 0x20, IPPROTO_UDP), UDP };
static const uint8_t udp4_later[] = { 0x45, 0, 0, 32, 0, 1, 0x00, 0x10, 64, IPPROTO_UDP, 0, 0,
				      10, 9, 0, 1, 10, 9, 0, 2, UDP };
static const uint8_t udp4_ports[] = { IPV4(1500, 0x40, IPPROTO_UDP), 0x9c, 0x40, 0x13, 0x8f };
static const uint8_t tcp4_short[] = { IPV4(40, 0x40, IPPROTO_TCP), TCP_PORT };
static const uint8_t tcp4[] = { IPV4(42, 0x40, IPPROTO_TCP), TCP_PORT, 0, 0, 0, 0, 0x50, 2,
				0, 0, 0, 0, 0, 0, 'h', 'i' };
static const uint8_t echo4[] = { IPV4(30, 0x40, IPPROTO_ICMP), ECHO4, 'o', 'k' };
static const uint8_t udp6[] = { IPV6(12, IPPROTO_UDP), UDP, 'p', 'i', 'n', 'g' };
static const uint8_t echo6_behind[] = { IPV6(26, IPPROTO_HOPOPTS), IPPROTO_DSTOPTS, 0, 0, 0, 0, 0, 0, 0,
					IPPROTO_ICMPV6, 0, 0, 0, 0, 0, 0, 0, ECHO6, 'o', 'k' };
static const uint8_t udp6_fragment[] = { IPV6(20, IPPROTO_FRAGMENT), IPPROTO_UDP, 0, 0, 1, 0, 0, 0, 9,
					 UDP, 'p', 'i', 'n', 'g' };
static const uint8_t udp6_later[] = { IPV6(20, IPPROTO_FRAGMENT), IPPROTO_UDP, 0, 0x05, 0xa8, 0, 0, 0, 9,
				      UDP, 'p', 'i', 'n', 'g' };
static const uint8_t cut_extension[] = { IPV6(200, IPPROTO_HOPOPTS), IPPROTO_UDP, 9, 0, 0, 0, 0, 0, 0 };

struct packet_row {
	const char *name;
	const uint8_t *data;
	size_t size;
	bool is_read;
	uint16_t family;
	uint8_t protocol;
	bool is_whole;
	uint32_t bytes;
	size_t transport_size;
	uint16_t source_port, destination_port;
	const char *payload; /* NULL: not so far */
};

static const struct packet_row packets[] = {
	{ "udp, padded",     udp4, sizeof(udp4), true, AF_INET, IPPROTO_UDP, true, 32, 12, 40000, 5007, "ping" },
	{ "first fragment",  udp4_fragment, sizeof(udp4_fragment), true, AF_INET, IPPROTO_UDP, false, 32, 8, 40000, 5007, "" },
	{ "later fragment",  udp4_later, sizeof(udp4_later), true, AF_INET, IPPROTO_UDP, false, 32, 0, 0, 0, NULL },
	{ "cut at ports",    udp4_ports, sizeof(udp4_ports), true, AF_INET, IPPROTO_UDP, true, 1500, 4, 40000, 5007, NULL },
	{ "cut in ports",    udp4_ports, sizeof(udp4_ports) - 1, true, AF_INET, IPPROTO_UDP, true, 1500, 3, 0, 0, NULL },
	{ "ip header alone", udp4_ports, 20, true, AF_INET, IPPROTO_UDP, true, 1500, 0, 0, 0, NULL },
	{ "cut ip header",   udp4_ports, 19, false, 0, 0, false, 0, 0, 0, 0, NULL },
	{ "tcp, 8 bytes",    tcp4_short, sizeof(tcp4_short), true, AF_INET, IPPROTO_TCP, true, 40, 8, 40000, 443, NULL },
	{ "tcp",             tcp4, sizeof(tcp4), true, AF_INET, IPPROTO_TCP, true, 42, 22, 40000, 443, "hi" },
	{ "echo",            echo4, sizeof(echo4), true, AF_INET, IPPROTO_ICMP, true, 30, 10, 0, 0, "ok" },
	{ "udp over IPv6",   udp6, sizeof(udp6), true, AF_INET6, IPPROTO_UDP, true, 52, 12, 40000, 5007, "ping" },
	{ "two extensions",  echo6_behind, sizeof(echo6_behind), true, AF_INET6, IPPROTO_ICMPV6, true, 66, 10, 0, 0, "ok" },
	{ "IPv6 fragment",   udp6_fragment, sizeof(udp6_fragment), true, AF_INET6, IPPROTO_UDP, false, 60, 12, 40000, 5007, "ping" },
	{ "IPv6, a later",   udp6_later, sizeof(udp6_later), true, AF_INET6, IPPROTO_UDP, false, 60, 0, 0, 0, NULL },
	{ "cut extension",   cut_extension, sizeof(cut_extension), true, AF_INET6, IPPROTO_UDP, true, 240, 0, 0, 0, NULL },
	{ "nothing",         udp6, 0, false, 0, 0, false, 0, 0, 0, 0, NULL },
	{ "no version",      (const uint8_t *)"\x55", 1, false, 0, 0, false, 0, 0, 0, 0, NULL },
};
/* clang-format on */

static void packets_are_read_as_far_as_they_go(void **state)
{
	for (size_t i = 0; i < array_size(packets); i++) {
		const struct packet_row *row = &packets[i];
		struct ip_packet packet;

		bool is_read = ip_packet_read(row->data, row->size, &packet);
		if (is_read != row->is_read || (is_read && packet.protocol != row->protocol) ||
		    packet.transport_size != row->transport_size)
			fail_msg("%s: read %d, protocol %u, %zu of transport", row->name, is_read,
				 packet.protocol, packet.transport_size);
		if (!is_read)
			continue;
		assert_int_equal(packet.source.family, row->family);
		assert_int_equal(packet.source.address[0], row->family == AF_INET ? 10 : 0xfd);
		assert_int_equal(packet.destination.address[row->family == AF_INET ? 3 : 15], 2);
		assert_int_equal(packet.is_whole, row->is_whole);
		assert_int_equal(packet.bytes, row->bytes);
		assert_int_equal(packet.source.port, row->source_port);
		assert_int_equal(packet.destination.port, row->destination_port);
		assert_int_equal(packet.payload != NULL, row->payload != NULL);
		if (!row->payload)
			continue;
		assert_int_equal(packet.payload_size, strlen(row->payload));
		assert_memory_equal(packet.payload, row->payload, packet.payload_size);
	}
}

static void what_tells_probes_apart_is_read(void **state)
{
	struct ip_packet packet;

	assert_true(ip_packet_read(tcp4_short, sizeof(tcp4_short), &packet));
	assert_int_equal(packet.tcp_sequence, 0x01020304);
	assert_int_equal(packet.id, 0xabcd);
	assert_int_equal(packet.ttl, 64);
	assert_true(ip_packet_read(echo4, sizeof(echo4), &packet));
	assert_int_equal(packet.echo_id, 0x1234);
	assert_int_equal(packet.echo_sequence, 7);
	assert_true(ip_packet_read(echo6_behind, sizeof(echo6_behind), &packet));
	assert_int_equal(packet.echo_id, 0x1234);
	assert_int_equal(packet.ttl, 63);
	assert_int_equal(packet.tos, 0x12);
}

/* `head` before the packet, and `behind` it; `length` goes to where RFC 4884 has it. */
static size_t make_error(uint16_t family, const uint8_t head[8], const uint8_t *packet, size_t size,
			 size_t behind, uint8_t *out)
{
	memcpy(out, head, 8);
	memcpy(out + 8, packet, size);
	memset(out + 8 + size, 0xff, behind);
	if (behind > 0)
		out[family == AF_INET ? 5 : 4] = (uint8_t)(size / (family == AF_INET ? 4 : 8));
	return 8 + size + behind;
}

/* clang-format off */
static const struct error_row {
	uint16_t family;
	uint8_t head[8];
	const uint8_t *packet;
	size_t size;
	enum icmp_meaning meaning;
	uint32_t mtu;
	const char *text;
	enum outcome outcome;
	bool has_quote;
} errors[] = {
	{ AF_INET,  { 3, 3 },    udp4, 32, ICMP_MEANS_REFUSED, 0, "port unreachable", OUTCOME_REFUSED, true },
	{ AF_INET,  { 3, 4, 0, 0, 0, 0, 0x05, 0x14 }, udp4, 32, ICMP_MEANS_TOO_BIG, 1300, "fragmentation needed", OUTCOME_OTHER, true },
	{ AF_INET,  { 3, 13 },   udp4, 32, ICMP_MEANS_PROHIBITED, 0, "administratively prohibited", OUTCOME_PROHIBITED, true },
	{ AF_INET,  { 3, 200 },  udp4, 32, ICMP_MEANS_UNREACHABLE, 0, "destination unreachable", OUTCOME_UNREACHABLE, true },
	{ AF_INET,  { 11, 0 },   udp4, 19, ICMP_MEANS_EXPIRED, 0, "TTL expired in transit", OUTCOME_UNREACHABLE, false },
	{ AF_INET,  { 11, 0 },   udp6, sizeof(udp6), ICMP_MEANS_EXPIRED, 0, "TTL expired in transit", OUTCOME_UNREACHABLE, false },
	{ AF_INET6, { 2, 0, 0, 0, 0, 1, 0, 0 }, udp6, sizeof(udp6), ICMP_MEANS_TOO_BIG, 65536, "packet too big", OUTCOME_OTHER, true },
	{ AF_INET6, { 1, 4 },    udp6, sizeof(udp6), ICMP_MEANS_REFUSED, 0, "port unreachable", OUTCOME_REFUSED, true },
	{ AF_INET6, { 3, 0 },    udp6, sizeof(udp6), ICMP_MEANS_EXPIRED, 0, "hop limit exceeded in transit", OUTCOME_UNREACHABLE, true },
	{ AF_INET6, { 134, 0 },  udp6, sizeof(udp6), ICMP_MEANS_OTHER, 0, "ICMP type 134 code 0", OUTCOME_DONE, false },
};
/* clang-format on */

static void errors_are_told_with_their_packet(void **state)
{
	uint8_t data[256];
	char text[ICMP_TEXT_MAX];

	for (size_t i = 0; i < array_size(errors); i++) {
		const struct error_row *row = &errors[i];
		struct icmp_message message;
		size_t size = make_error(row->family, row->head, row->packet, row->size, 0, data);

		assert_true(icmp_read(row->family, data, size, &message));
		assert_int_equal(message.meaning, row->meaning);
		assert_int_equal(message.mtu, row->mtu);
		assert_int_equal(icmp_outcome(message.meaning), row->outcome);
		assert_string_equal(icmp_text(row->family, row->head[0], row->head[1], text),
				    row->text);
		assert_int_equal(message.has_quote, row->has_quote);
		if (message.has_quote)
			assert_int_equal(message.quote.destination.port, 5007);
	}
}

static void extensions_are_no_part_of_the_packet(void **state)
{
	static const uint8_t expired4[8] = { 11, 0 };
	static const uint8_t expired6[8] = { 3, 0 };
	uint8_t packet[136] = { 0 };
	uint8_t data[256];
	struct icmp_message message;

	memcpy(packet, udp4_ports, sizeof(udp4_ports));
	size_t size = make_error(AF_INET, expired4, packet, 128, 12, data);
	assert_true(icmp_read(AF_INET, data, size, &message));
	assert_int_equal(message.quote.transport_size, 108);

	memcpy(packet, udp6, sizeof(udp6));
	packet[5] = 200;
	size = make_error(AF_INET6, expired6, packet, 128, 20, data);
	assert_true(icmp_read(AF_INET6, data, size, &message));
	assert_int_equal(message.quote.transport_size, 88);
}

/* As `ping` sends it, and answered by a kernel: id 0x1234, sequence 1. */
static void echoes_have_these_bytes(void **state)
{
	static const uint8_t answer[] = { 0, 0, 0x7d, 0x66, 0x12, 0x34, 0, 1, 'o', 'd', 1 };
	uint8_t request[11] = { [8] = 'o', 'd', 1 };
	struct icmp_message message;

	icmp_write_request(AF_INET, 0x1234, 1, request, sizeof(request));
	assert_memory_equal(request, "\x08\0\x75\x66\x12\x34\0\1od\1", sizeof(request));
	assert_true(icmp_is_intact(request, sizeof(request)));
	request[9] ^= 1;
	assert_false(icmp_is_intact(request, sizeof(request)));

	icmp_write_request(AF_INET6, 0x1234, 1, request, sizeof(request));
	assert_memory_equal(request, "\x80\0\0\0\x12\x34\0\1", 8);
	assert_true(icmp_is_intact(answer, sizeof(answer)));
	assert_true(icmp_read(AF_INET, answer, sizeof(answer), &message));
	assert_int_equal(message.meaning, ICMP_MEANS_REPLY);
	assert_int_equal(message.id, 0x1234);
	assert_int_equal(message.sequence, 1);
	assert_int_equal(message.body_size, 3);
	assert_false(message.has_quote);
	assert_false(icmp_read(AF_INET, answer, 7, &message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_read_as_far_as_they_go),
		cmocka_unit_test(what_tells_probes_apart_is_read),
		cmocka_unit_test(errors_are_told_with_their_packet),
		cmocka_unit_test(extensions_are_no_part_of_the_packet),
		cmocka_unit_test(echoes_have_these_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
