#include "sys/interface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sys/fd.h"
#include "sys/ip_socket.h"

static uint32_t mtu_of(const char *name)
{
	struct ifreq request = { 0 };
	owned_fd int fd = ip_socket_open(AF_INET, SOCK_DGRAM);
	if (fd < 0 || strlen(name) >= sizeof(request.ifr_name))
		return 0;
	memcpy(request.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, SIOCGIFMTU, &request) < 0 || request.ifr_mtu < 0)
		return 0;
	return (uint32_t)request.ifr_mtu;
}

uint32_t interface_route_mtu(int fd, uint16_t family)
{
	int mtu_bytes = 0;
	int rc = family == AF_INET6 ? ip_socket_get(fd, IPPROTO_IPV6, IPV6_MTU, &mtu_bytes)
				    : ip_socket_get(fd, IPPROTO_IP, IP_MTU, &mtu_bytes);
	return rc < 0 || mtu_bytes < 0 ? 0 : (uint32_t)mtu_bytes;
}

static bool has_address(const struct ifaddrs *entry, const struct endpoint *local)
{
	struct endpoint address = { 0 };
	if (!entry->ifa_addr ||
	    (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6))
		return false;
	endpoint_from_sockaddr(entry->ifa_addr, &address);
	return address.family == local->family &&
	       (local->scope == 0 || address.scope == local->scope) &&
	       memcmp(address.address, local->address, sizeof(address.address)) == 0;
}

uint32_t interface_mtu(const struct endpoint *local)
{
	struct ifaddrs *list = NULL;
	uint32_t mtu_bytes = 0;
	if (getifaddrs(&list) < 0)
		return 0;
	for (const struct ifaddrs *entry = list; entry && mtu_bytes == 0; entry = entry->ifa_next)
		if (has_address(entry, local))
			mtu_bytes = mtu_of(entry->ifa_name);
	freeifaddrs(list);
	return mtu_bytes;
}

uint32_t interface_addresses(struct endpoint *ret, uint32_t max)
{
	struct ifaddrs *list = NULL;
	uint32_t count = 0;
	if (getifaddrs(&list) < 0)
		return 0;
	for (const struct ifaddrs *entry = list; entry && count < max; entry = entry->ifa_next) {
		const struct sockaddr *address = entry->ifa_addr;
		if (!address || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
			continue;
		ret[count] = (struct endpoint){ 0 };
		endpoint_from_sockaddr(address, &ret[count]);
		ret[count++].port = 0;
	}
	freeifaddrs(list);
	return count;
}
