#pragma once
/* What a request is to say, however it was asked for; and the making of key and request. */
#include "cli/ecert/ask.h"
#include "cli/ecert/request_names.h"

enum { REQUEST_SUBJECT_FIELDS = 5, REQUEST_KEYS = 5 };

/* What the request says beside the names. Every one may be empty; the certificate's subject comes
 * from the application and not from here. */
struct request_subject {
    const char *option, *label, *question, *proposed;
    const struct span *oid;
};
extern const struct request_subject request_subject[REQUEST_SUBJECT_FIELDS];
extern const enum key_type request_keys[REQUEST_KEYS];

struct request_plan {
    char friendly[CERTSTORE_FRIENDLY_MAX]; /* "": the first name */
    struct request_names names;
    char subject[REQUEST_SUBJECT_FIELDS][ANSWER_MAX];
    enum key_type key_type; /* of a key that is to be made */
    const char *token_uri;  /* NULL: the key is a file */
    const char *module;
    bool generate;   /* in the token; else the key is there */
    bool encrypts;   /* the file, under a passphrase that is asked for */
    const char *out; /* where the request goes, too; NULL: only into the store */
};

/* "tool.friendly_long", "tool.key_type"; `field` is where it was typed. */
enum err request_plan_friendly(struct request_plan *plan, const char *typed, const char *field,
    struct reason *ret_reason) MUST_USE;
enum err request_plan_key(struct request_plan *plan, const char *typed, const char *field,
    struct reason *ret_reason) MUST_USE;
/* Whether a certificate for the first name is here: renewing is asking anew, the old key stays with
 * the old certificate. */
bool request_plan_renews(const struct certstore *store, const struct request_plan *plan);
/* The key is made here and never leaves the store, or its token. Reasons of name_write, of the
 * store, of key_guard_new and key_from_token, "tool.file_exists", "tool.file_write". `ret_key_type`
 * (may be NULL): "p256", NULL for a token's key of a type that isn't made here. */
enum err request_plan_make(struct tool *tool, struct certstore *store,
    const struct request_plan *plan, int64_t now, struct reason *ret_reason,
    const char **ret_key_type, struct certstore_item *ret_item) MUST_USE;
