/* A TUN device in a network namespace: the end of a wire. */
#pragma once

#include "base/attributes.h"

/* Makes the device in the namespace (a name of `ip netns`, or a path) and returns its
 * non-blocking descriptor or -errno. It vanishes when that is closed. The calling thread is in
 * that namespace afterwards. */
nodiscard int tun_open(const char *namespace, const char *device);
