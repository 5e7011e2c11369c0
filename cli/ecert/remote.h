#pragma once
/* Another server of the subscriber's, reached by the system's ssh under the person's own
 * configuration. */
#include "cli/ecert/tool.h"

enum { REMOTE_HOST_MAX = 256, REMOTE_USER_MAX = 64, REMOTE_PLACE_MAX = 1024 };

/* Where a pair goes: USER@HOST:/DIRECTORY. */
struct remote {
    char destination[REMOTE_USER_MAX + REMOTE_HOST_MAX]; /* "user@host", or "host" */
    char place[REMOTE_PLACE_MAX];                        /* an absolute directory */
};

/* User and host can't be taken for an option or hold anything that a shell would read; an IPv6
 * address stands in brackets. ERR_INPUT with "remote.target". */
enum err remote_parse(
    const char *text, struct remote *ret_remote, struct reason *ret_reason) MUST_USE;

struct remote_pair {
    const struct secret *key_pem; /* "PRIVATE KEY" */
    struct span chain_pem;        /* the certificate first */
    const char *ssh_config;       /* NULL: the person's own */
};
/* Puts key.pem (0600) and fullchain.pem into the directory, both links into one generation that is
 * switched by one rename, as lib/certstore/install.h does here; what arrived is compared by its
 * hashes first. Never asks anything (BatchMode), and gives up after a minute. Reasons: "remote.ssh"
 * (seen: its last words) and "remote.refused" (seen: what the other side found). */
enum err remote_install(const struct remote *remote, const struct remote_pair *pair,
    struct reason *ret_reason) MUST_USE;

/* Takes back what remote_install put there: the pair before is there again, or none if there was
 * none; ours is deleted. ERR_NOT_FOUND, without a reason, if nothing of it is there. Reasons:
 * "remote.ssh", "remote.back" (seen: what the other side found, such as a pair that came since). */
struct remote_hashes {
    char key[2 * SHA256_BYTES + 1], chain[2 * SHA256_BYTES + 1];
};
enum err remote_hash(const struct remote_pair *pair, struct remote_hashes *ret_hashes) MUST_USE;
enum err remote_take_back(const struct remote *remote, const struct remote_hashes *hashes,
    const char *ssh_config, struct reason *ret_reason) MUST_USE;

/* An exit code from REMOTE_REFUSED on is a script's own way to say no; ssh's own failure is 255. */
enum { REMOTE_REFUSED = 65, REMOTE_REFUSALS = 8 };
/* Runs a fixed script there, `input` on its standard input. `ret_code` (may be NULL) gets its exit
 * code, on a refusal too. Reasons as above. */
enum err remote_script(const char *destination, const char *ssh_config, const char *script,
    struct span input, int *ret_code, struct reason *ret_reason) MUST_USE;
/* "USER@HOST" or "HOST" by the same rules as remote_parse; its place is "/". ERR_INPUT with
 * "remote.host". */
enum err remote_destination(
    const char *text, struct remote *ret_remote, struct reason *ret_reason) MUST_USE;
