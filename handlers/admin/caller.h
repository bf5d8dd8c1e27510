/*
 * Does a request to an operator's path come from an operator? What there is to go by without
 * authentication, on a listener that only this machine, or a network that is trusted, can reach:
 *
 *   Host        A browser on this machine has pages of strangers open. Its requests to other sites
 *               are not answered in a way that a page could read, and a DELETE is asked for first
 *               (CORS) and never allowed. But a stranger can let his own name point to our address
 *               (DNS rebinding), and then we are his page's own site. Such a request names him in
 *               Host, so only an address or "localhost" is taken there.
 *   Origin      A POST without a body is sent first, and asked about later: a page of a stranger cannot
 *               read the answer, but the work is done. Browsers say which page sends it.
 *   a proxy     Behind one on this machine everybody seems to be on this machine. Most proxies say
 *               that they forward something; on a listener that serves others too, that is refused.
 *               One that keeps silent is not recognised: see docs/admin.md.
 */
#ifndef GANTRY_HANDLERS_ADMIN_CALLER_H
#define GANTRY_HANDLERS_ADMIN_CALLER_H

#include <stdbool.h>

#include "server/call.h"

/* Is the value of a Host header an address or "localhost", with or without a port? */
bool caller_host_is_plain(struct str host);

/*
 * is_shared: the listener serves not only operators.
 * Return: false with the answer given.
 */
bool caller_check(struct call *call, bool is_shared);

/*
 * For what changes something and may be sent without asking, a POST: does it come from no page at all, or
 * from one of ours? Return: false with the answer given.
 */
bool caller_check_page(struct call *call);

#endif
