/* Blocking a key, and the keys that are blocked. The consequences are blocking.c's. */
#include "lib/store/blocked.h"
#include "lib/store/certificate.h"
#include "lib/wire/keys.h"
#include "proc/registrar/control.h"

#include <stdio.h>

enum { COUNTED_MAX = 1000 };

struct addition {
    struct act act;
    struct control_key key;
};

static enum err addition_commit(struct store *store, void *ctx);

/* Answers how many valid certificates have the key. */
enum err control_key_block(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct addition addition = { .act = registrar_act(registrar) };
    struct certificate_row *rows = NULL;
    size_t count = 0;
    addition.act.actor = "operator";
    if (control_key_read(&exchange->body, &addition.key) != OK) {
        return ERR_PEER;
    }
    TRY(store_certificate_valid_by_key(
        registrar->store, addition.key.spki_hash, COUNTED_MAX, &arena, &rows, &count));
    TRY(store_transact(registrar->store, addition_commit, &addition));
    bell_ring(&registrar->bell);
    struct control_number number = { .number = (int64_t)count };
    return der_encode(control_number_write, &number, &exchange->reply);
}

static enum err addition_commit(struct store *store, void *ctx)
{
    const struct addition *addition = ctx;
    return store_blocked_add(store, &addition->act, addition->key.spki_hash, addition->key.reason);
}

enum err control_key_list(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct control_page page;
    struct control_keys keys = { 0 };
    struct blocked_row *rows = NULL;
    size_t count = 0;
    if (control_page_read(&exchange->body, &page) != OK) {
        return ERR_PEER;
    }
    TRY(store_blocked_list(registrar->store, page.from, CONTROL_PAGE_ROWS, &arena, &rows, &count));
    keys.rows = arena_alloc(&arena, count, sizeof *keys.rows);
    if (keys.rows == NULL) {
        return ERR_MEMORY;
    }
    for (; keys.count < count; keys.count++) {
        struct control_key *key = &keys.rows[keys.count];
        memcpy(key->spki_hash, rows[keys.count].spki_hash, HASH_BYTES);
        snprintf(key->reason, sizeof key->reason, "%s", rows[keys.count].reason);
        key->time = rows[keys.count].time;
        key->settled = rows[keys.count].settled;
    }
    return der_encode(control_keys_write, &keys, &exchange->reply);
}
