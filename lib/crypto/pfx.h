#pragma once
/* PKCS#12 files (RFC 7292): what Windows and Java carry a key and its certificates in. Written for
 * a named target; read in any way that has a MAC. */
#include "lib/crypto/key.h"

enum {
    PFX_CERTIFICATES_MAX = 16,
    /* OWASP's figure for PBKDF2-HMAC-SHA-256. */
    PFX_ITERATIONS = 600000,
    /* More than any software writes; a hostile file could otherwise keep us busy for hours. */
    PFX_ITERATIONS_MAX = 5000000,
};

#define PFX_CSP_SCHANNEL "Microsoft RSA SChannel Cryptographic Provider"
#define PFX_KSP_SOFTWARE "Microsoft Software Key Storage Provider"

enum pfx_cipher {
    PFX_AES256_SHA256, /* PBES2: AES-256-CBC by PBKDF2-HMAC-SHA-256; MAC with SHA-256 */
    PFX_3DES_SHA1,     /* PBES1 with 3DES and SHA-1; MAC with SHA-1 */
};

/* Which software is to read the file. */
struct pfx_target {
    const char *name; /* as typed: "exchange2010" */
    enum pfx_cipher cipher;
    int iterations;           /* of each key derivation, the MAC's too */
    const char *rsa_provider; /* "Microsoft CSP Name" of the key; NULL: none */
    const char *ec_provider;
    bool takes_ec;
};

/* NULL if there is none of that name. */
const struct pfx_target *pfx_target_find(const char *name);
/* All of them, separated by commas. */
void pfx_target_names(struct buf *text);

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

/* ERR_UNSUPPORTED with "pfx.target_key" where the target takes no key of that type; ERR_CRYPTO for
 * a certificate of another key. */
enum err pfx_write(const struct pfx_content *content, const struct secret *passphrase,
    const struct pfx_target *target, struct reason *ret_reason, struct buf *buf) MUST_USE;
/* A wrong passphrase is ERR_DENIED with code "pfx.password"; else ERR_INPUT with "pfx.malformed",
 * "pfx.too_long", "pfx.no_mac", "pfx.cost", or ERR_UNSUPPORTED with "pfx.unsupported". */
enum err pfx_read(struct span der, const struct secret *passphrase, struct reason *ret_reason,
    struct pfx *ret_pfx) MUST_USE;
/* RC2, which Windows and NSS encrypted certificates with for twenty years: from now on pfx_read
 * knows it, in this process. For one that does nothing else. False where OpenSSL's module of old
 * ciphers isn't installed. */
bool pfx_old_ciphers_load(void);
