#pragma once
/* One perspective as the registrar reaches it: the primary by its socket, a remote by HTTPS with
 * both sides' transport certificates. Belongs to one thread at a time. */
#include "lib/wire/rehearsal.h"
#include "proc/registrar/registrar.h"

struct http_client;

struct perspective_link {
    const struct registrar *registrar;
    const char *id;
    const char *url;          /* NULL: the primary */
    struct client client;     /* the primary's */
    struct http_client *http; /* a remote's; made at first use */
    int64_t timeout_ms;
};

/* All of them, the primary first, then the remotes of the configuration; for one round at a time.
 */
struct perspective_links {
    struct perspective_link list[PERSPECTIVES_MAX];
    size_t count;
    struct perspective_links *next;
};

/* Those that were given back last, so that their connections are still open (five handshakes cost
 * more than a check does), or new ones. Who has not answered within `timeout_ms`, has gone away
 * under its check. ERR_MEMORY, ERR_LIMIT. */
enum err perspective_links_take(
    struct registrar *registrar, int64_t timeout_ms, struct perspective_links **ret_links) MUST_USE;
void perspective_links_give(struct registrar *registrar, struct perspective_links *links);

/* Appends the observation's DER. The reason says why a perspective did not answer; that it
 * understood no such question, as an older one does, is "perspective.refused" with its HTTP status.
 */
enum err perspective_ask(struct perspective_link *link, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason) MUST_USE;
/* The same of a rehearsal; nothing that comes back is signed. */
enum err perspective_rehearse(struct perspective_link *link, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason) MUST_USE;
/* What it is; "perspective.refused" from one that doesn't know the question. */
enum err perspective_about(struct perspective_link *link, struct validator_about *ret_about,
    struct reason *ret_reason) MUST_USE;

/* Calls `run` once for each of `count` objects of `size` octets, all at the same time, and waits;
 * `count` is at most PERSPECTIVES_MAX. */
void perspective_each(size_t count, void *(*run)(void *ctx), void *each, size_t size);
