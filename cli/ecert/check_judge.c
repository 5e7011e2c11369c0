/* What is wrong with a server, from what it sends alone; and what to do about it. Dates and names
 * of its own certificate are told by themselves, so paths are judged as of a time at which it is
 * valid. */
#include "cli/ecert/chain.h"
#include "cli/ecert/check.h"
#include "lib/pki/name.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPANS_MAX = 2 * CHAIN_CANDIDATES_MAX };

static void dates_judge(const struct check_trust *trust, struct check_host *host);
static void name_judge(struct check_host *host);
static void order_judge(struct check_host *host);
static void paths_judge(const struct check_trust *trust, struct check_host *host);
static void path_judge(struct check_host *host, const struct path *path, bool beside);
static size_t concerned_find(const struct path *path, char ret_name[CHAIN_NAME_MAX]);
static void no_path_judge(const struct check_trust *trust, struct check_host *host);
static bool missing_find(
    const struct check_trust *trust, const struct check_host *host, char ret_name[CHAIN_NAME_MAX]);
static void old_judge(const struct check_trust *trust, struct check_host *host);
static bool successor_known(
    const struct check_trust *trust, const struct check_host *host, const struct certificate *old);
static void lists_judge(const struct check_trust *trust, struct check_host *host);
static void list_judge(const struct check_trust *trust, struct check_host *host,
    const struct certificate *certificate);
static size_t crls_of(const struct check_trust *trust, struct span ret_crls[CHAIN_CANDIDATES_MAX]);
static int64_t moment_of(const struct check_trust *trust, const struct check_host *host);

const char *check_state_name(enum check_state state)
{
    static const char *const names[] = { "fine", "warned", "soon", "failed" };
    return names[state];
}

void check_find(struct check_host *host, enum check_state severity, const char *code,
    const char *field, const char *seen, const char *expected)
{
    host->state = severity > host->state ? severity : host->state;
    for (size_t i = 0; i < host->finding_count; i++) {
        const struct reason *other = &host->findings[i].reason;
        if (strcmp(other->code, code) == 0 && strncmp(other->field, field, 200) == 0) {
            return;
        }
    }
    if (host->finding_count < CHECK_FINDINGS_MAX) {
        struct check_finding *finding = &host->findings[host->finding_count++];
        finding->severity = severity;
        (void)reason_set(&finding->reason, ERR_DENIED, code, field, seen, expected);
    }
}

enum err check_judge(const struct check_trust *trust, struct check_host *host)
{
    if (host->handshake.old_version) {
        check_find(host, CHECK_FAILED, "check.old_version", host->endpoint.host,
            host->handshake.version, "TLS 1.2, TLS 1.3");
    }
    if (!host->parsed) {
        char limit[16];
        snprintf(limit, sizeof limit, "%d", CERTIFICATE_NAMES_MAX);
        bool large = host->unread == ERR_LIMIT;
        check_find(host, CHECK_FAILED, large ? "check.too_many_names" : "check.malformed",
            host->endpoint.host, NULL, large ? limit : NULL);
        return OK;
    }
    dates_judge(trust, host);
    name_judge(host);
    order_judge(host);
    old_judge(trust, host);
    paths_judge(trust, host);
    lists_judge(trust, host);
    check_staple_judge(trust, host);
    return OK;
}

static void dates_judge(const struct check_trust *trust, struct check_host *host)
{
    char seen[TIME_TEXT_MAX], name[CHAIN_NAME_MAX];
    chain_name(host->leaf.subject, name);
    time_format_rfc3339(host->leaf.not_after, seen);
    if (trust->now > host->leaf.not_after) {
        check_find(host, CHECK_FAILED, "check.expired", host->endpoint.host, seen, NULL);
    } else if (trust->now < host->leaf.not_before) {
        time_format_rfc3339(host->leaf.not_before, seen);
        check_find(host, CHECK_FAILED, "check.not_yet_valid", host->endpoint.host, seen, NULL);
    } else if (host->leaf.not_after - trust->now < trust->soon_days * DAY_SECONDS) {
        check_find(host, CHECK_SOON, "check.soon", host->endpoint.host, seen, NULL);
    }
}

static void name_judge(struct check_host *host)
{
    AUTO(buf) names = buf_make(REASON_TEXT_MAX);
    bool covered = !host->endpoint.literal &&
                   certificate_covers_host(&host->leaf, span_from_text(host->endpoint.host));
    for (size_t i = 0; i < host->leaf.dns_name_count; i++) {
        buf_append_text(&names, i > 0 ? ", " : "");
        buf_append(&names, host->leaf.dns_names[i]);
    }
    if (!covered) {
        const char *text = buf_text(&names);
        check_find(host, host->endpoint.literal ? CHECK_WARNED : CHECK_FAILED,
            host->endpoint.literal ? "check.literal" : "check.host", host->endpoint.host,
            text == NULL ? "…" : text, host->endpoint.literal ? NULL : host->endpoint.host);
    }
}

static void order_judge(struct check_host *host)
{
    static const struct {
        enum sent_place place;
        const char *code;
    } odd[] = {
        { SENT_OUT_OF_ORDER, "check.order" },
        { SENT_ROOT, "check.root_sent" },
        { SENT_TWICE, "check.superfluous" },
        { SENT_UNRELATED, "check.superfluous" },
    };
    for (size_t i = 1; i < host->sent.count; i++) {
        char name[CHAIN_NAME_MAX] = "";
        struct certificate parsed;
        if (certificate_parse(host->handshake.certificates[i], &parsed) == OK) {
            chain_name(parsed.subject, name);
        }
        for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++) {
            if (host->sent.places[i] == odd[k].place) {
                check_find(host, CHECK_WARNED, odd[k].code, name, NULL, NULL);
            }
        }
    }
}

static void paths_judge(const struct check_trust *trust, struct check_host *host)
{
    size_t good = 0, rooted = 0;
    struct span crls[CHAIN_CANDIDATES_MAX];
    size_t crl_count = crls_of(trust, crls);
    for (size_t i = 0; i < host->paths->count; i++) {
        struct path *path = &host->paths->paths[i];
        struct chain chain;
        if (!path->rooted) {
            continue;
        }
        size_t last = path->chain.length - 1;
        const struct chain_request alone = {
            .leaf = path->chain.path[0],
            .intermediates = path->chain.path + 1,
            .intermediate_count = last > 0 ? last - 1 : 0,
            .roots = path->chain.path + last,
            .root_count = 1,
            .crls = crls,
            .crl_count = crl_count,
            .now = moment_of(trust, host),
        };
        path->reason = (struct reason){ 0 };
        path->verdict = chain_verify(&alone, &path->reason, &chain);
        good += path->verdict == OK;
        rooted++;
    }
    for (size_t i = 0; i < host->paths->count; i++) {
        if (host->paths->paths[i].rooted && host->paths->paths[i].verdict != OK) {
            path_judge(host, &host->paths->paths[i], good > 0);
        }
    }
    if (rooted == 0) {
        no_path_judge(trust, host);
    }
}

/* A path that clients may take and then refuse. */
static void path_judge(struct check_host *host, const struct path *path, bool beside)
{
    char name[CHAIN_NAME_MAX];
    size_t at = concerned_find(path, name);
    if (strcmp(path->reason.code, "chain.revoked") == 0) {
        check_find(host, CHECK_FAILED, at == 0 ? "check.revoked" : "check.withdrawn",
            at == 0 ? host->endpoint.host : name, path->reason.seen, NULL);
        return;
    }
    check_find(host, CHECK_FAILED, beside ? "check.path_beside" : "check.path", name,
        path->reason.code, path->reason.seen);
}

/* Which certificate of the path the reason is about, and its short name; the path's length if none
 * is. */
static size_t concerned_find(const struct path *path, char ret_name[CHAIN_NAME_MAX])
{
    snprintf(ret_name, CHAIN_NAME_MAX, "%.255s", path->reason.field);
    for (size_t i = 0; i < path->chain.length; i++) {
        AUTO(buf) subject = buf_make(REASON_TEXT_MAX * 4);
        struct certificate parsed;
        if (certificate_parse(path->chain.path[i], &parsed) == OK &&
            name_format(parsed.subject, &subject) == OK &&
            strncmp(buf_text(&subject), path->reason.field, REASON_FIELD_MAX - 1) == 0) {
            chain_name(parsed.subject, ret_name);
            return i;
        }
    }
    return path->chain.length;
}

static void no_path_judge(const struct check_trust *trust, struct check_host *host)
{
    char name[CHAIN_NAME_MAX] = "";
    if (certificate_is_self_issued(&host->leaf)) {
        check_find(host, CHECK_FAILED, "check.self_signed", host->endpoint.host, NULL, NULL);
        return;
    }
    if (missing_find(trust, host, name)) {
        check_find(host, CHECK_FAILED, "check.incomplete", host->endpoint.host, NULL, name);
        return;
    }
    if (host->sent.open_issuer.len > 0) {
        chain_name(host->sent.open_issuer, name);
        check_find(host, CHECK_FAILED, "check.open", host->endpoint.host, NULL, name);
        return;
    }
    for (size_t i = 1; i < host->sent.count; i++) {
        struct certificate parsed;
        if (host->sent.places[i] == SENT_ROOT &&
            certificate_parse(host->handshake.certificates[i], &parsed) == OK) {
            chain_name(parsed.subject, name);
        }
    }
    check_find(host, CHECK_FAILED, "check.untrusted", host->endpoint.host, name, NULL);
}

/* With the store's intermediates there may be a good path: then the first of them on it is what the
 * server should send. */
static bool missing_find(
    const struct check_trust *trust, const struct check_host *host, char ret_name[CHAIN_NAME_MAX])
{
    struct span candidates[CHAIN_CANDIDATES_MAX];
    struct certificate parsed;
    struct chain chain;
    size_t count = 0;
    for (size_t i = 1; i < host->handshake.count; i++) {
        candidates[count++] = host->handshake.certificates[i];
    }
    for (size_t i = 0; i < trust->intermediates.count && count < CHAIN_CANDIDATES_MAX; i++) {
        candidates[count++] = buf_span(&trust->intermediates.blobs[i]);
    }
    struct span roots[CHAIN_CANDIDATES_MAX], all[SPANS_MAX];
    all[0] = host->handshake.certificates[0];
    memcpy(all + 1, candidates, count * sizeof candidates[0]);
    const struct chain_request request = {
        .leaf = all[0],
        .intermediates = candidates,
        .intermediate_count = count,
        .roots = roots,
        .root_count = check_roots_for(trust, all, count + 1, roots),
        .now = moment_of(trust, host),
    };
    if (chain_verify(&request, /* ret_reason= */ NULL, &chain) != OK) {
        return false;
    }
    for (size_t i = 1; i + 1 < chain.length; i++) {
        bool sent = false;
        for (size_t k = 1; k < host->handshake.count; k++) {
            sent |= span_equal(host->handshake.certificates[k], chain.path[i]);
        }
        if (!sent && certificate_parse(chain.path[i], &parsed) == OK) {
            chain_name(parsed.subject, ret_name);
            return true;
        }
    }
    return false;
}

/* An intermediate without serverAuth where its CA has a newer one of the same name and key with it
 * (HONGKONGPOST.md: SSL CA 3-17): the old one is withdrawn. */
static void old_judge(const struct check_trust *trust, struct check_host *host)
{
    for (size_t i = 1; i < host->handshake.count; i++) {
        struct certificate sent;
        char name[CHAIN_NAME_MAX], id[2 * SHA256_BYTES + 1];
        uint8_t hash[SHA256_BYTES];
        if (certificate_parse(host->handshake.certificates[i], &sent) != OK || !sent.is_ca ||
            certificate_is_self_issued(&sent) || sent.has_ext_key_usage ||
            !successor_known(trust, host, &sent) ||
            sha256(host->handshake.certificates[i], hash) != OK) {
            continue;
        }
        chain_name(sent.subject, name);
        hex_format(SPAN_OF(hash), id);
        check_find(host, CHECK_FAILED, "check.withdrawn", name, id, NULL);
    }
}

static bool successor_known(
    const struct check_trust *trust, const struct check_host *host, const struct certificate *old)
{
    size_t total = trust->intermediates.count + host->handshake.count;
    for (size_t i = 0; i < total; i++) {
        size_t stored = trust->intermediates.count;
        struct span der = i < stored ? buf_span(&trust->intermediates.blobs[i])
                                     : host->handshake.certificates[i - stored];
        struct certificate other;
        if (certificate_parse(der, &other) == OK && other.server_auth &&
            other.not_before >= old->not_before && span_equal(other.subject, old->subject) &&
            span_equal(other.spki, old->spki)) {
            return true;
        }
    }
    return false;
}

/* Revocation is told by the paths; here, what could not be looked up. */
static void lists_judge(const struct check_trust *trust, struct check_host *host)
{
    for (size_t i = 0; i < host->paths->count; i++) {
        const struct path *path = &host->paths->paths[i];
        for (size_t k = 0; path->rooted && k + 1 < path->chain.length; k++) {
            struct certificate parsed;
            if (certificate_parse(path->chain.path[k], &parsed) == OK) {
                list_judge(trust, host, &parsed);
            }
        }
    }
}

static void list_judge(
    const struct check_trust *trust, struct check_host *host, const struct certificate *certificate)
{
    char seen[TIME_TEXT_MAX];
    for (size_t i = 0; i < trust->list_count; i++) {
        const struct check_list *list = &trust->lists[i];
        struct crl crl;
        if (!span_equal_text(certificate->crl_uri, list->url)) {
            continue;
        }
        if (list->der.len == 0) {
            check_find(host, CHECK_WARNED, "check.list_missing", list->url,
                list->reason.seen[0] != '\0' ? list->reason.seen : list->reason.code, NULL);
        } else if (crl_parse(buf_span(&list->der), &crl) == OK && crl.next_update != 0 &&
                   crl.next_update < trust->now) {
            time_format_rfc3339(crl.next_update, seen);
            check_find(host, CHECK_WARNED, "check.list_stale", list->url, seen, NULL);
        }
    }
}

/* The fetched ones first, then the store's. */
static size_t crls_of(const struct check_trust *trust, struct span ret_crls[CHAIN_CANDIDATES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < trust->list_count && count < CHAIN_CANDIDATES_MAX; i++) {
        if (trust->lists[i].der.len > 0) {
            ret_crls[count++] = buf_span(&trust->lists[i].der);
        }
    }
    for (size_t i = 0; i < trust->crls.count && count < CHAIN_CANDIDATES_MAX; i++) {
        ret_crls[count++] = buf_span(&trust->crls.blobs[i]);
    }
    return count;
}

static int64_t moment_of(const struct check_trust *trust, const struct check_host *host)
{
    int64_t moment = trust->now;
    moment = moment < host->leaf.not_before ? host->leaf.not_before : moment;
    return moment > host->leaf.not_after ? host->leaf.not_after : moment;
}
