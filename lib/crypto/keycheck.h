#pragma once
/* Whether a subscriber's key is good enough (BR 6.1.1.3, 6.1.5, 6.1.6): RSA 2048 to 8192 bits in
 * whole octets, odd modulus without a factor below 752, not a prime's power, whose primes are not
 * close (Fermat) and not Infineon's (ROCA), odd exponent from 65537 to 2^256-1; or a point on P-256
 * or P-384. Known weak keys are weaklist.h's, blocked ones the store's and the signer's. */
#include "lib/crypto/key.h"

/* `spki` is a SubjectPublicKeyInfo, DER. ERR_INPUT with code "csr.key_weak" (field: "rsa.size",
 * "rsa.modulus", "rsa.factor", "rsa.exponent", "rsa.fermat", "rsa.power", "rsa.roca", "ec.point";
 * seen and expected filled) or "csr.key_unsupported" (field "algorithm", "ec.curve"), or
 * "csr.key_malformed". On success the loaded key is returned if `ret_key` is not NULL. */
enum err key_check(struct span spki, struct reason *ret_reason, struct key **ret_key) MUST_USE;

/* The same for an authority's own key, and of an EC key that it is no small multiple of the curve's
 * generator, as keys of a generator that was not seeded are. Takes up to a second: for ceremonies.
 * ERR_INPUT with code "authority.key_weak", else as key_check. */
enum err key_check_authority(const struct key *key, struct reason *ret_reason) MUST_USE;
