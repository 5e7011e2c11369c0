#pragma once
/* Hashes. SHA-1 exists only because Windows and browsers call its value of a certificate the
 * "thumbprint", and because OCSP's CertID names an issuer by it (RFC 5019 §2.1.1): it names things
 * and is never evidence of anything. */
#include "lib/base/bytes.h"

enum digest { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGEST_SHA1_THUMBPRINT, DIGEST_COUNT };

enum { SHA1_BYTES = 20, SHA256_BYTES = 32, DIGEST_MAX_BYTES = 64 };

size_t digest_size(enum digest digest);
/* `ret_hash` holds digest_size(digest) bytes. ERR_CRYPTO only. */
enum err digest_bytes(enum digest digest, struct span bytes, uint8_t *ret_hash) MUST_USE;
enum err sha256(struct span bytes, uint8_t ret_hash[SHA256_BYTES]) MUST_USE;
/* The hash of several pieces one behind the other; who calls makes sure that the seams can't move
 * (fixed lengths, or DER). */
enum err sha256_pieces(
    const struct span *pieces, size_t count, uint8_t ret_hash[SHA256_BYTES]) MUST_USE;

/* A hash that grows; for files and journals. */
struct digest_stream;
enum err digest_stream_new(enum digest digest, struct digest_stream **ret_stream) MUST_USE;
void digest_stream_free(struct digest_stream *stream);
AUTO_PTR_DEFINE(digest_stream, digest_stream_free)
enum err digest_stream_update(struct digest_stream *stream, struct span bytes) MUST_USE;
/* The stream is empty afterwards and may be used again. */
enum err digest_stream_finish(struct digest_stream *stream, uint8_t *ret_hash) MUST_USE;
