/* The way back of a path (proto/path_wire.h): a socket of its own for one 5-tuple that a client has
 * proved to be his, from which `serve` sends him what he asks for over the service control, one
 * datagram a question, and hears what ICMP says of it. Ordinary traffic on that 5-tuple is answered
 * from it as ever. Of the worker that has the control connection. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "engine/service_udp.h"
#include "proto/control.h"

struct service_path_back;

/* -EINVAL with the sentence: the cookie is not of this path; or -errno of the socket. */
nodiscard int service_path_back_open(struct service_udp *udp,
				     const struct control_question *question, struct error *error,
				     struct service_path_back **ret);
/* Sends what is asked for, of the same path; -EINVAL: it is of another one. */
nodiscard int service_path_back_send(struct service_path_back *back,
				     const struct control_question *question, struct error *error,
				     struct control_path *ret);
void service_path_back_close(struct service_path_back *back); /* takes NULL */
