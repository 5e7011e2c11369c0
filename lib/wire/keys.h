#pragma once
/* Blocked keys on their way between ecertadm and the registrar. */
#include "lib/wire/control.h"

enum { CONTROL_KEY_REASON_MAX = 128 };

struct control_key {
    uint8_t spki_hash[HASH_BYTES];
    char reason[CONTROL_KEY_REASON_MAX]; /* for people */
    int64_t time;                        /* of the answer: when it was blocked */
    unsigned settled; /* of the answer: 1 once the signer has it and its certificates are revoked */
};

struct control_keys {
    struct control_key *rows;
    size_t count;
};

void control_key_write(struct der_writer *writer, const void *object);
enum err control_key_read(struct der *body, struct control_key *ret_key) MUST_USE;
void control_keys_write(struct der_writer *writer, const void *object);
enum err control_keys_read(
    struct der *body, struct arena *arena, struct control_keys *ret_keys) MUST_USE;
