#pragma once
/* PKCS#12 files (RFC 7292): what Windows and Java carry a key and its certificates in. Written one
 * way, with PBES2 and a SHA-256 MAC, or the old way for a named old target; read in any way that
 * has a MAC (OpenSSL's legacy provider is not loaded, so RC2 is refused with its name). */
#include "lib/crypto/key.h"

enum {
    PFX_CERTIFICATES_MAX = 16,
    /* OWASP's figure for PBKDF2-HMAC-SHA-256. */
    PFX_ITERATIONS = 600000,
    /* More than any software writes; a hostile file could otherwise keep us busy for hours. */
    PFX_ITERATIONS_MAX = 5000000,
};

enum pfx_style {
    PFX_MODERN, /* AES-256-CBC, PBKDF2-HMAC-SHA-256, 600,000 iterations, HMAC-SHA-256 */
    PFX_LEGACY, /* 3DES and SHA-1, 2,000 iterations: for Windows before 2019, old Java */
};

/* What goes in. `key` must be there; `certificate` (DER) may be empty: a key waiting for its
 * certificate is kept too. */
struct pfx_content {
    const struct key *key;
    struct span certificate;
    const struct span *chain; /* DER, without the certificate itself */
    size_t chain_count;
    const char *friendly_name; /* UTF-8, may be NULL */
};

/* What came out; all owned by the struct. */
struct pfx {
    struct key *key;                               /* NULL if the file has none */
    struct buf certificates[PFX_CERTIFICATES_MAX]; /* DER; the key's own first */
    size_t certificate_count;
    bool first_is_own; /* certificates[0] belongs to the key */
    char friendly_name[256];
};

void pfx_release(struct pfx *pfx);
AUTO_DEFINE(pfx, pfx_release)

enum err pfx_write(const struct pfx_content *content, const struct secret *passphrase,
    enum pfx_style style, struct buf *buf) MUST_USE;
/* A wrong passphrase is ERR_DENIED with code "pfx.password"; else ERR_INPUT with "pfx.malformed",
 * "pfx.too_long", "pfx.no_mac", "pfx.cost", or ERR_UNSUPPORTED with "pfx.unsupported". */
enum err pfx_read(struct span der, const struct secret *passphrase, struct reason *ret_reason,
    struct pfx *ret_pfx) MUST_USE;
