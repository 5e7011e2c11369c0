#pragma once
/* Keys in files: made by a ceremony, read by the service. A private key's file is 0600 from its
 * first moment; an authority's is encrypted by a passphrase that lies in a file of its own. */
#include "lib/base/secret.h"
#include "lib/crypto/key.h"

/* Writes a fresh passphrase of 160 random bits; fails if the file exists. */
enum err passphrase_create(const char *path, struct secret *ret_passphrase) MUST_USE;
/* PEM, PKCS#8, unencrypted if `passphrase` is NULL; fails if the file exists. */
enum err keyfile_create(
    const char *path, const struct key *key, const struct secret *passphrase) MUST_USE;
/* The reason's field is the path. */
enum err keyfile_read(const char *path, const struct secret *passphrase, struct key **ret_key,
    struct reason *ret_reason) MUST_USE;
