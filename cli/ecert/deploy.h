#pragma once
/* What the files of `ecert deploy` share: the certificate that goes out, the steps on one server,
 * and many servers at once. */
#include "cli/ecert/bundle.h"
#include "cli/ecert/deploy_record.h"
#include "cli/ecert/item.h"

/* The pair as servers get it. Read by several threads, changed by none. */
struct deploy_material {
    struct certstore_item item;
    struct item_view view;
    struct key *key;                         /* its public half alone, where it is in a token */
    struct secret key_pem;                   /* empty there */
    struct buf chain_pem;                    /* the certificate first */
    struct bundle chain;                     /* the same as DER */
    struct span roots[CHAIN_CANDIDATES_MAX]; /* of the store; may be none */
    size_t root_count;
    struct certstore_blobs root_blobs;
    int64_t now;
};
void deploy_material_release(struct deploy_material *material);
AUTO_DEFINE(deploy_material, deploy_material_release)
/* By id or friendly name; NULL: the only one whose state allows it. ERR_DENIED with
 * "deploy.not_valid" (seen: its state) for what no client would take; "deploy.which" (NULL and
 * there are several or none). */
enum err deploy_material_load(struct tool *tool, struct certstore *store, const char *wanted,
    struct deploy_material *ret_material, struct reason *ret_reason) MUST_USE;
/* Whether it may go anywhere. ERR_DENIED with "deploy.not_valid" (seen: its state). */
enum err deploy_item_check(
    const struct tool *tool, const struct item_view *view, struct reason *ret_reason) MUST_USE;
/* What stands in the key's file where the key is in a token; else nothing. ERR_UNSUPPORTED with
 * "deploy.key_in_token" (seen: the URI). */
enum { DEPLOY_LINE_MAX = 4 * DEPLOY_PATH_MAX };
enum err deploy_material_line(const struct deploy_material *material,
    const struct deploy_target *target, struct buf *line, struct reason *ret_reason) MUST_USE;
/* Whether the certificate is for the name that the target answers to, and the target can use its
 * key. ERR_DENIED with "deploy.other_name"; reasons of deploy_material_line. */
enum err deploy_material_fits(const struct deploy_material *material,
    const struct deploy_target *target, struct reason *ret_reason) MUST_USE;

/* Puts the pair there, tests the configuration and reloads; where that fails the pair before is
 * back. Reasons: "deploy.test" and "deploy.reload" (seen: the program's last words), those of
 * certstore_install, "remote.ssh", "deploy.refused". */
enum err deploy_put(const struct deploy_target *target, const struct deploy_material *material,
    struct reason *ret_reason) MUST_USE;
/* Back to the pair before, and reloads. "install.no_previous" too. */
enum err deploy_back(const struct deploy_target *target, struct reason *ret_reason) MUST_USE;
/* Has the program test its configuration and read everything anew. "deploy.test", "deploy.reload"
 * and, over ssh, "deploy.ssh". */
enum err deploy_take(const struct deploy_target *target, struct reason *ret_reason) MUST_USE;
/* The certificate and its chain, PEM. */
enum err deploy_chain_pem(const struct certstore_item *item, struct buf *pem) MUST_USE;
/* The same over ssh (deploy_there.c). */
enum err deploy_there_put(const struct deploy_target *target,
    const struct deploy_material *material, struct reason *ret_reason) MUST_USE;
enum err deploy_there_back(const struct deploy_target *target, struct reason *ret_reason) MUST_USE;
enum err deploy_there_take(const struct deploy_target *target, struct reason *ret_reason) MUST_USE;
/* Puts an OCSP answer (DER) into the target's file by one rename; empty: puts back what the last
 * one took the place of, nothing where there was nothing. */
enum err deploy_there_staple(
    const struct deploy_target *target, struct span answer, struct reason *ret_reason) MUST_USE;

/* Asks where the target answers until it does with this certificate, with its whole chain, and
 * under its name. `seconds` bounds the asking. Reasons: "deploy.other_certificate" (seen: the
 * thumbprint of what is sent), "deploy.other_chain", "deploy.untrusted", "deploy.other_name", or
 * the handshake's. */
enum err deploy_prove(const struct deploy_target *target, const struct deploy_material *material,
    int64_t seconds, struct reason *ret_reason) MUST_USE;
/* Thumbprint (SHA-256) of what the target answers with now; "" if it doesn't. */
void deploy_answer(const struct deploy_target *target, int64_t timeout_ms,
    char ret_thumbprint[CERTSTORE_ID_MAX], int64_t *ret_not_after);

struct deploy_list {
    struct deploy_record *records; /* in the tool's arena */
    size_t count;
};
/* Which targets: those of --targets and of the options, else what the ledger has, narrowed by
 * --only. None at all: the person is asked, or "deploy.no_target". */
enum err deploy_gather(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, const struct deploy_material *material, struct deploy_list *ret_list,
    struct reason *ret_reason) MUST_USE;
/* What the ledger has of targets that a certificate for this name went to; NULL: all. */
enum err deploy_ledger(struct tool *tool, const struct certstore *store, const char *server_name,
    struct deploy_list *list, struct reason *ret_reason) MUST_USE;
/* One target by questions. */
enum err deploy_ask(struct tool *tool, const struct deploy_material *material,
    struct deploy_target *ret_target) MUST_USE;

/* All of them: targets of one host one after the other, hosts at the same time. The ledger knows
 * what was begun before anything changes, and what came of it. A server has `seconds` to answer.
 * Fails only where the ledger can't be written; what came of each target is in its record. */
enum err deploy_all(struct tool *tool, struct certstore *store,
    const struct deploy_material *material, const struct deploy_list *list,
    int64_t seconds) MUST_USE;
