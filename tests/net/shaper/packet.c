#include "shaper/packet.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"

/* ICMP errors quote the IP header and 8 bytes more. */
#define QUOTE_V4 28u
#define HOPS     64

struct head {
	int family;
	uint8_t protocol;
	const uint8_t *source;
	const uint8_t *destination;
	size_t length;
	size_t address_length;
};

static struct head read_head(const uint8_t *packet, size_t length)
{
	if (length >= sizeof(struct ip) && packet[0] >> 4 == 4)
		return (struct head){ .family = AF_INET,
				      .protocol = packet[9],
				      .source = packet + 12,
				      .destination = packet + 16,
				      .length = (packet[0] & 15u) * 4u,
				      .address_length = 4 };
	if (length >= sizeof(struct ip6_hdr) && packet[0] >> 4 == 6)
		return (struct head){ .family = AF_INET6,
				      .protocol = packet[6],
				      .source = packet + 8,
				      .destination = packet + 24,
				      .length = sizeof(struct ip6_hdr),
				      .address_length = 16 };
	return (struct head){ .family = AF_UNSPEC };
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		return "other";
	}
}

static void format_address(int family, const uint8_t *address, const uint8_t *port, char text[64])
{
	char plain[INET6_ADDRSTRLEN];

	inet_ntop(family, address, plain, sizeof plain);
	if (!port)
		snprintf(text, 64, "%s", plain);
	else
		snprintf(text, 64, family == AF_INET6 ? "[%s]:%u" : "%s:%u", plain,
			 (unsigned)(port[0] << 8 | port[1]));
}

void packet_flow(const uint8_t *packet, size_t length, struct flow *ret)
{
	struct head head = read_head(packet, length);

	*ret = (struct flow){ .protocol = "other" };
	if (head.family == AF_UNSPEC)
		return;
	ret->protocol = protocol_name(head.protocol);
	bool has_ports = (head.protocol == IPPROTO_TCP || head.protocol == IPPROTO_UDP) &&
			 length >= head.length + 4;
	const uint8_t *ports = packet + head.length;
	format_address(head.family, head.source, has_ports ? ports : NULL, ret->source);
	format_address(head.family, head.destination, has_ports ? ports + 2 : NULL,
		       ret->destination);
}

/* The Internet checksum; `sum` carries in what the pseudo header adds. */
static uint16_t checksum(const uint8_t *bytes, size_t length, uint32_t sum)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (length % 2 != 0)
		sum += (uint32_t)bytes[length - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static size_t too_big_v4(const uint8_t *packet, size_t length, uint16_t mtu, uint8_t *reply)
{
	size_t quoted = length < QUOTE_V4 ? length : QUOTE_V4;
	size_t total = sizeof(struct ip) + sizeof(struct icmphdr) + quoted;
	struct ip ip = { .ip_hl = 5, .ip_v = 4, .ip_ttl = HOPS, .ip_p = IPPROTO_ICMP };
	struct icmphdr icmp = { .type = ICMP_DEST_UNREACH, .code = ICMP_FRAG_NEEDED };

	ip.ip_len = htons((uint16_t)total);
	memcpy(&ip.ip_src, packet + 16, 4);
	memcpy(&ip.ip_dst, packet + 12, 4);
	ip.ip_sum = checksum((const uint8_t *)&ip, sizeof ip, 0);
	icmp.un.frag.mtu = htons(mtu);
	memcpy(reply, &ip, sizeof ip);
	memcpy(reply + sizeof ip, &icmp, sizeof icmp);
	memcpy(reply + sizeof ip + sizeof icmp, packet, quoted);
	uint16_t sum = checksum(reply + sizeof ip, total - sizeof ip, 0);
	memcpy(reply + sizeof ip + 2, &sum, sizeof sum);
	return total;
}

static size_t too_big_v6(const uint8_t *packet, size_t length, uint16_t mtu, uint8_t *reply)
{
	size_t room = PACKET_REPLY_MAX - sizeof(struct ip6_hdr) - sizeof(struct icmp6_hdr);
	size_t quoted = length < room ? length : room;
	size_t payload = sizeof(struct icmp6_hdr) + quoted;
	struct ip6_hdr ip = { 0 };
	struct icmp6_hdr icmp = { .icmp6_type = ICMP6_PACKET_TOO_BIG };

	ip.ip6_vfc = 6 << 4;
	ip.ip6_plen = htons((uint16_t)payload);
	ip.ip6_nxt = IPPROTO_ICMPV6;
	ip.ip6_hlim = HOPS;
	memcpy(&ip.ip6_src, packet + 24, 16);
	memcpy(&ip.ip6_dst, packet + 8, 16);
	icmp.icmp6_mtu = htonl(mtu);
	memcpy(reply, &ip, sizeof ip);
	memcpy(reply + sizeof ip, &icmp, sizeof icmp);
	memcpy(reply + sizeof ip + sizeof icmp, packet, quoted);

	uint32_t pseudo = (uint32_t)payload + IPPROTO_ICMPV6;
	for (size_t i = 8; i < sizeof ip; i += 2)
		pseudo += (uint32_t)reply[i] << 8 | reply[i + 1];
	uint16_t sum = checksum(reply + sizeof ip, payload, pseudo);
	memcpy(reply + sizeof ip + 2, &sum, sizeof sum);
	return sizeof ip + payload;
}

size_t packet_too_big(const uint8_t *packet, size_t length, uint16_t mtu,
		      uint8_t reply[PACKET_REPLY_MAX])
{
	struct head head = read_head(packet, length);
	bool is_icmp = head.protocol == IPPROTO_ICMP || head.protocol == IPPROTO_ICMPV6;

	if (head.family == AF_INET && !is_icmp && (packet[6] & 0x40) != 0)
		return too_big_v4(packet, length, mtu, reply);
	if (head.family == AF_INET6 && !is_icmp)
		return too_big_v6(packet, length, mtu, reply);
	return 0;
}
