/* SEQUENCE { hash, reason, time, settled }. */
#include "lib/wire/keys.h"

void control_key_write(struct der_writer *writer, const void *object)
{
    const struct control_key *key = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(key->spki_hash));
    der_write_text(writer, DER_UTF8_STRING, key->reason);
    der_write_int64(writer, key->time);
    der_write_int64(writer, key->settled);
    der_close(writer);
}

enum err control_key_read(struct der *body, struct control_key *ret_key)
{
    struct der inner;
    struct control_key key = { 0 };
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, key.spki_hash, HASH_BYTES));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, key.reason, sizeof key.reason));
    TRY(der_read_int64(&inner, &key.time));
    TRY(der_read_uint(&inner, 1, &key.settled));
    TRY(der_finish(&inner));
    *ret_key = key;
    return OK;
}

void control_keys_write(struct der_writer *writer, const void *object)
{
    const struct control_keys *keys = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < keys->count; i++) {
        control_key_write(writer, &keys->rows[i]);
    }
    der_close(writer);
}

enum err control_keys_read(struct der *body, struct arena *arena, struct control_keys *ret_keys)
{
    struct der list;
    struct control_keys keys = { 0 };
    TRY(der_enter(body, DER_SEQUENCE, &list));
    keys.rows = arena_alloc(arena, CONTROL_PAGE_ROWS, sizeof *keys.rows);
    if (keys.rows == NULL) {
        return ERR_MEMORY;
    }
    while (!der_empty(&list)) {
        if (keys.count == CONTROL_PAGE_ROWS) {
            return ERR_LIMIT;
        }
        TRY(control_key_read(&list, &keys.rows[keys.count]));
        keys.count++;
    }
    *ret_keys = keys;
    return OK;
}
