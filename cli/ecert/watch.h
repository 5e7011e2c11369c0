#pragma once
/* What the files of `ecert watch` share: one pass over all that the tool keeps, what was found, and
 * what is done about it. */
#include "cli/ecert/crl.h"
#include "cli/ecert/deploy.h"
#include "cli/ecert/renewal.h"

enum watch_severity {
    WATCH_FINE,
    WATCH_NOTE,   /* it is being seen to, or nobody has to do anything yet */
    WATCH_PERSON, /* somebody has to do something */
};
/* "fine", "note", "person". */
const char *watch_severity_name(enum watch_severity severity);

struct watch_finding {
    enum watch_severity severity;
    struct reason reason; /* "watch.…": what, and behind ".next" what to do */
};

/* A certificate of our own that is in use or may come into use: no newer one of the store is for
 * all of its names. */
struct watch_certificate {
    struct certstore_item *item;
    struct item_view view;
    struct renewal_way way;
    struct renewal renewal;
    int64_t due; /* when it is renewed, or a person is asked to */
};

struct watch_target {
    struct deploy_record record;
    const struct watch_certificate *newest; /* that is to be there; NULL: the store has none */
    char answer[CERTSTORE_ID_MAX];          /* thumbprint; "": it doesn't answer, or isn't asked */
};

enum { WATCH_FINDINGS_MAX = 256 };

struct watch {
    struct tool *tool;
    struct certstore *store;
    bool renews; /* --renew */
    int64_t now;
    struct crl_outcome lists;
    struct certstore_items items;
    struct watch_certificate *certificates; /* in the tool's arena, as all that follows */
    size_t certificate_count;
    struct watch_target *targets;
    size_t target_count;
    struct watch_finding *findings;
    size_t finding_count;
    bool cut; /* there were more findings than fit */
};
void watch_release(struct watch *watch);
AUTO_DEFINE(watch, watch_release)

/* Reads what there is now; may be called again after something has changed. */
enum err watch_gather(struct watch *watch, struct reason *ret_reason) MUST_USE;
void watch_find(struct watch *watch, enum watch_severity severity, const char *code,
    const char *field, const char *seen, const char *expected);

/* Renews what is due and deploys what isn't where it belongs, each at its pacing. Fails only where
 * the store can't be read or written: what came of each attempt is in its record. */
enum err watch_renew(struct watch *watch, struct reason *ret_reason) MUST_USE;
enum err watch_deploy(struct watch *watch, struct reason *ret_reason) MUST_USE;
/* When the newest certificate is put to its target at the earliest, by its window and after its
 * failures; INT64_MAX: it is there. */
int64_t watch_target_next(const struct watch *watch, const struct watch_target *target);
/* It is due; or it is the new one itself, whose walk hasn't come to its end. */
bool watch_renewal_wanted(const struct watch *watch, const struct watch_certificate *one);
/* Whether the renewal may be tried now. */
bool watch_renewal_ready(const struct watch *watch, const struct watch_certificate *one);
/* The subscription ends no later than the certificate: within it there is nothing longer. */
bool watch_at_end(const struct watch_certificate *one);

/* Holds everything against how it should be. */
enum err watch_judge(struct watch *watch) MUST_USE;
void watch_judge_certificates(struct watch *watch);
enum err watch_judge_chains(struct watch *watch) MUST_USE;
void watch_judge_targets(struct watch *watch);

/* The gravest of the findings. */
enum watch_severity watch_gravest(const struct watch *watch);
void watch_show(struct watch *watch);
/* Tells `program` (argv, ended by NULL) what a person has to do, as a mail on its standard input:
 * when that has changed, and after a week once more. "watch.notify". */
enum err watch_notify(
    struct watch *watch, const char *const *program, struct reason *ret_reason) MUST_USE;
