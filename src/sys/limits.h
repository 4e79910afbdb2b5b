/* Limits of the process and the kernel as numbers. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Raises the soft limit of file descriptors to the hard one; returns what it is then. */
uint64_t limits_raise_descriptors(void);
/* The start of a small file of /proc as text, cut off at `size`. 0 or -errno. */
nodiscard int limits_read_text(const char *path, char *text, size_t size);
/* Value of a one-number file such as /proc/sys/net/core/somaxconn. 0 or -errno. */
nodiscard int limits_read_number(const char *path, uint64_t *ret);
/* net.ipv4.ip_local_port_range. 0 or -errno. */
nodiscard int limits_read_port_range(uint16_t *ret_low, uint16_t *ret_high);
/* net.core.somaxconn: how many clients a listener lets wait, whatever it asks for. 0 if it can't be
 * read. */
uint64_t limits_listen_queue(void);
/* Linux has this one since 5.4. */
#define LIMITS_LISTEN_QUEUE_USUAL 4096
/* TcpExt ListenOverflows + ListenDrops of this network namespace; 0 if it can't be read. */
uint64_t limits_listen_overflows(void);
