#pragma once
/* Keys that live in a security module and never leave it: PKCS#11 (v2.40), called directly. A key
 * of a token signs behind lib/crypto/sign.h like any other, which verifies each of its signatures.
 *
 * The module is foreign code of which anything is to be expected. Every call into it runs on one of
 * a few threads of the token's own, and whoever waits for it waits no longer than the deadline,
 * once for a thread and once for the call: a call that hangs costs one thread, not the process.
 * After a few failures in a row the token counts as away: everything is refused at once
 * (ERR_AGAIN), until after a growing pause one request tries again. A PIN that the token refused is
 * never tried a second time. */
#include "lib/crypto/key.h"

enum { PKCS11_LABEL_MAX = 33, PKCS11_OBJECT_MAX = 65, PKCS11_ID_MAX = 32 };

/* Where a key is (RFC 7512): "pkcs11:token=ecert;object=ssl-ca-3-17", and perhaps ";id=%01%02" and
 * ";type=private". Neither a PIN nor a module's path can stand in it. */
struct pkcs11_uri {
    char token[PKCS11_LABEL_MAX];
    char object[PKCS11_OBJECT_MAX]; /* empty: any */
    uint8_t id[PKCS11_ID_MAX];
    size_t id_len; /* 0: any */
};

/* True for whatever begins like one. */
bool pkcs11_uri_begins(struct span text);
/* A token and an object or an id must be named; every other attribute, a query and anything said
 * twice is refused. ERR_INPUT with code "pkcs11.uri" (seen: the URI). */
enum err pkcs11_uri_parse(
    struct span text, struct pkcs11_uri *ret_uri, struct reason *ret_reason) MUST_USE;

struct token;

/* What happens to a token: "token.fault", "token.bad_signature", "token.away" (requests are refused
 * from now on), "token.back", "token.pin_refused". Called by any thread, seldom: nothing is told
 * while the token is away. `detail` is "C_Sign 0x30" or the like. */
struct token_report {
    void (*tell)(void *ctx, const char *event, const char *label, const char *detail);
    void *ctx;
};

struct token_setup {
    const char *module;       /* path of the shared object */
    const char *label;        /* of the token */
    const char *pin_file;     /* or: */
    const struct secret *pin; /* copied; with it, no `refusal_file` */
    /* Remembers over restarts which PIN file was refused, until that file is written anew. NULL:
     * nothing is remembered. */
    const char *refusal_file;
    bool makes_keys;            /* sessions may write */
    unsigned deadline_ms;       /* of one call; 0: 5 s */
    unsigned pause_ms;          /* how long a token is away at first; 0: 1 s. Doubles up to 60 s. */
    struct token_report report; /* `tell` may be NULL */
};

/* Loads the module and opens what must be open before a sandbox; nothing of the module is called
 * yet but its list of functions, and no thread started. ERR_NOT_FOUND or ERR_DENIED with
 * "pkcs11.module" or "pkcs11.pin_file". */
enum err token_open(
    const struct token_setup *setup, struct token **ret_token, struct reason *ret_reason) MUST_USE;
/* Keys must be freed before. What a call that hangs still uses is left to it. */
void token_free(struct token *token);
AUTO_PTR_DEFINE(token, token_free)
const char *token_label(const struct token *token);

/* The key at `uri`, which must be that of a certificate with this SubjectPublicKeyInfo. Asks
 * nothing of the token: a service starts, and takes revocations, while its token is away. */
enum err token_key(struct token *token, const struct pkcs11_uri *uri, struct span spki,
    struct key **ret_key) MUST_USE;
/* Reads the public half out of the token. Reasons: "token.away", "token.pin_refused",
 * "token.no_such_key", "token.fault", each with the label, and what the module said. */
enum err token_key_find(struct token *token, const struct pkcs11_uri *uri, struct key **ret_key,
    struct reason *ret_reason) MUST_USE;
/* Makes a pair that can't be read out of the token, RSA or EC. ERR_CONFLICT with "token.key_exists"
 * if there is something of that name; it has its own deadline of two minutes. */
enum err token_key_generate(struct token *token, const struct pkcs11_uri *uri, enum key_type type,
    struct key **ret_key, struct reason *ret_reason) MUST_USE;
