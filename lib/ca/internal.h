#pragma once
/* What the parsers of this folder share: texts that live in the arena, hashes with a domain tag. */
#include "lib/base/arena.h"
#include "lib/crypto/digest.h"
#include "lib/der/reader.h"

/* A UTF8String, possibly empty, copied into the arena. */
static inline enum err text_read(struct der *reader, struct arena *arena, const char **ret_text)
{
    struct span text;
    TRY(der_read_text(reader, DER_UTF8_STRING, &text));
    const char *copy = arena_text(arena, text);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    *ret_text = copy;
    return OK;
}

/* SHA-256(tag ‖ 00 ‖ DER): no hash of one kind of object can be taken for one of another. */
static inline enum err tagged_hash(const char *tag, struct span der, uint8_t ret_hash[SHA256_BYTES])
{
    const struct span pieces[] = { span_make(tag, strlen(tag) + 1), der };
    return sha256_pieces(pieces, 2, ret_hash);
}
