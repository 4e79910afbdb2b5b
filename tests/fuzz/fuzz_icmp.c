// Whatever arrives as ICMP or as a packet: all that is told of it lies within it, and a longer
// quote never takes anything back. The first byte is the family.
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "fuzz.h"
#include "proto/icmp.h"

static void check_within(const uint8_t *part, size_t part_size, const uint8_t *data, size_t size)
{
	if (part == NULL)
		assert(part_size == 0);
	else
		assert(part >= data && part_size <= size && part + part_size <= data + size);
}

static void check_packet(const struct ip_packet *packet, const uint8_t *data, size_t size)
{
	check_within(packet->transport, packet->transport_size, data, size);
	check_within(packet->payload, packet->payload_size, data, size);
	if (packet->payload)
		check_within(packet->payload, packet->payload_size, packet->transport,
			     packet->transport_size);
}

static void read_message(uint16_t family, const uint8_t *data, size_t size)
{
	struct icmp_message message;
	char text[ICMP_TEXT_MAX];

	if (!icmp_read(family, data, size, &message))
		return;
	check_within(message.body, message.body_size, data, size);
	check_packet(&message.quote, data, size);
	assert(!message.has_quote || message.quote.source.family == family);
	assert(icmp_text(family, message.type, message.code, text)[0] != '\0');
	(void)icmp_outcome(message.meaning);
	(void)icmp_is_intact(data, size);
}

static void read_packet(const uint8_t *data, size_t size)
{
	struct ip_packet whole;
	struct ip_packet cut;

	bool is_read = ip_packet_read(data, size, &whole);
	check_packet(&whole, data, size);
	if (!ip_packet_read(data, size / 2, &cut))
		return;
	check_packet(&cut, data, size / 2);
	assert(is_read);
	assert(cut.transport_size <= whole.transport_size);
	assert(cut.source.port == 0 || cut.source.port == whole.source.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	read_message(data[0] % 2 == 0 ? AF_INET : AF_INET6, data + 1, size - 1);
	read_packet(data + 1, size - 1);
	return 0;
}
