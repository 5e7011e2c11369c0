#pragma once
/* HMAC-SHA-256 (RFC 2104), for codes and tokens that only we can make. Compare with
 * bytes_equal_secret. */
#include "lib/crypto/digest.h"

enum err hmac_sha256(struct span key, struct span message, uint8_t ret_mac[SHA256_BYTES]) MUST_USE;
