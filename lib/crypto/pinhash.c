/* Argon2id by libargon2. The cost is OWASP's second choice (19 MiB, t=2, p=1): enough against a
 * stolen store, since 16 random digits are 53 bits, and cheap enough for many log-ins at once. */
#include "lib/crypto/pinhash.h"

#include <argon2.h>

#include <stdio.h>

enum {
    MEMORY_KIB = 19456,
    PASSES = 2,
    LANES = 1,
    SALT_BYTES = 16,
    HASH_BYTES = 32,
    MEMORY_KIB_MAX = 262144,
    PASSES_MAX = 16,
    LANES_MAX = 4,
    PIN_BYTES_MAX = 1024,
};

static enum err cost_check(const char *phc);

enum err pin_hash(struct span pin, const struct random *random, char ret_phc[PIN_HASH_MAX])
{
    uint8_t salt[SALT_BYTES];
    char phc[PIN_HASH_MAX];
    if (pin.len > PIN_BYTES_MAX) {
        return ERR_LIMIT;
    }
    TRY(random_fill(random, salt, sizeof salt));
    int got = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, pin.data, pin.len, salt, sizeof salt,
        HASH_BYTES, phc, sizeof phc);
    if (got != ARGON2_OK) {
        return got == ARGON2_MEMORY_ALLOCATION_ERROR ? ERR_MEMORY : ERR_CRYPTO;
    }
    memcpy(ret_phc, phc, sizeof phc);
    return OK;
}

enum err pin_hash_verify(const char *phc, struct span pin)
{
    TRY(cost_check(phc));
    if (pin.len > PIN_BYTES_MAX) {
        return ERR_DENIED;
    }
    int got = argon2id_verify(phc, pin.data, pin.len);
    if (got == ARGON2_VERIFY_MISMATCH) {
        return ERR_DENIED;
    }
    if (got != ARGON2_OK) {
        return got == ARGON2_MEMORY_ALLOCATION_ERROR ? ERR_MEMORY : ERR_INPUT;
    }
    return OK;
}

static enum err cost_check(const char *phc)
{
    unsigned memory = 0, passes = 0, lanes = 0;
    if (strlen(phc) >= PIN_HASH_MAX ||
        sscanf(phc, "$argon2id$v=19$m=%6u,t=%2u,p=%1u$", &memory, &passes, &lanes) != 3 ||
        memory > MEMORY_KIB_MAX || passes > PASSES_MAX || lanes > LANES_MAX) {
        return ERR_INPUT;
    }
    return OK;
}

enum err pin_hash_verify_nothing(struct span pin)
{
    static const uint8_t salt[SALT_BYTES] = "nobody is here";
    uint8_t hash[HASH_BYTES];
    if (pin.len <= PIN_BYTES_MAX) {
        (void)argon2id_hash_raw(
            PASSES, MEMORY_KIB, LANES, pin.data, pin.len, salt, sizeof salt, hash, sizeof hash);
    }
    return ERR_DENIED;
}
