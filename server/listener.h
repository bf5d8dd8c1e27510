/* Listening sockets: from "127.0.0.1:8080" to one bound descriptor per loop. */
#ifndef GANTRY_SERVER_LISTENER_H
#define GANTRY_SERVER_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"

#define LISTENER_NAME_SIZE 64

/*
 * Bind and listen on text ("ADDR:PORT", "[v6]:PORT", "localhost:PORT"; port 0: any free one) with
 * count sockets that share the port; the kernel spreads connections over them.
 *
 * Gives: ret_fds[0..count), non-blocking, closed by the caller. ret_name receives the address with
 * the port that was really bound, as it stands in a URL.
 * Return: OK; INVALID (the text); OS (with the reason: port in use, not allowed ...).
 */
NODISCARD enum status listener_open(const char *text, unsigned count, int *ret_fds,
                                    char ret_name[LISTENER_NAME_SIZE], struct error *err) MAY_BLOCK;

/* Is text an address that listener_open understands? For checking a configuration. */
NODISCARD enum status listener_check(const char *text, struct error *err);

/* Would one of the two be in the way of the other? False for what is no address. */
bool listener_collides(const char *text, const char *other);

/* Can it be reached from this machine alone? False for what is no address. */
bool listener_is_loopback(const char *text);

#endif
