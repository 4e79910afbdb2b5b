/* What the kernel tells of a TCP connection, into the words of net/stream.h. */
#pragma once

#include <stdbool.h>

#include "base/attributes.h"
#include "net/stream.h"

/* One call. 0 or -errno. */
nodiscard int tcp_info_read(int fd, bool is_accepted, struct stream_info *ret);
/* Four calls. 0 or -errno. */
nodiscard int tcp_info_describe(int fd, struct stream_description *ret);
