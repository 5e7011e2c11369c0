/* The issuer by the certificate's issuer name and key identifier, then that one's own. */
#include "proc/portal/chain.h"

#include "lib/der/pem.h"
#include "lib/pki/p7b.h"
#include "lib/store/publication.h"

static bool better(const struct certificate *one, const struct certificate *other);
static enum err issuer_find(struct visit *visit, const struct certificate *subject,
    const struct publication_row *rows, size_t count, struct link *ret_link);

/* A chain without its root is incomplete: better an error that is seen than half a chain served. */
enum err chain_of(struct visit *visit, struct span leaf, struct chain_links *ret_chain)
{
    struct publication_row *rows = NULL;
    size_t count = 0;
    struct chain_links chain = { .count = 1 };
    struct arena *arena = visit->request->arena;
    chain.links[0].der = leaf;
    chain.links[0].certificate = arena_alloc(arena, 1, sizeof(struct certificate));
    if (chain.links[0].certificate == NULL) {
        return ERR_MEMORY;
    }
    TRY(certificate_parse(leaf, chain.links[0].certificate));
    TRY(store_publication_list(visit->portal->store, arena, &rows, &count));
    while (!certificate_is_self_issued(chain.links[chain.count - 1].certificate)) {
        if (chain.count == CHAIN_MAX) {
            return ERR_LIMIT;
        }
        TRY(issuer_find(visit, chain.links[chain.count - 1].certificate, rows, count,
            &chain.links[chain.count]));
        chain.count++;
    }
    *ret_chain = chain;
    return OK;
}

/* Several certificates may have the name and the key: a root before the cross certificates for it,
 * else the youngest, since what came later replaces what came before. */
static bool better(const struct certificate *one, const struct certificate *other)
{
    bool root = certificate_is_self_issued(one), other_root = certificate_is_self_issued(other);
    return root != other_root ? root : one->not_before > other->not_before;
}

static enum err issuer_find(struct visit *visit, const struct certificate *subject,
    const struct publication_row *rows, size_t count, struct link *ret_link)
{
    struct arena *arena = visit->request->arena;
    struct certificate *candidate = arena_alloc(arena, 1, sizeof *candidate);
    struct certificate *found = arena_alloc(arena, 1, sizeof *found);
    struct link link = { .name = NULL };
    if (candidate == NULL || found == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct publication_row row = { 0 };
        if (rows[i].kind != PUBLICATION_CERTIFICATE) {
            continue;
        }
        TRY(store_publication_get(visit->portal->store, rows[i].kind, rows[i].name, arena, &row));
        if (certificate_parse(row.der, candidate) == OK && candidate->is_ca &&
            span_equal(candidate->subject, subject->issuer) &&
            span_equal(candidate->subject_key_id, subject->authority_key_id) &&
            (link.name == NULL || better(candidate, found))) {
            *found = *candidate;
            link = (struct link){ rows[i].name, row.der, found };
        }
    }
    if (link.name == NULL) {
        return ERR_AGAIN;
    }
    *ret_link = link;
    return OK;
}

enum err chain_twins(struct visit *visit, const struct link *link, struct link ret_twins[CHAIN_MAX],
    size_t *ret_count)
{
    struct publication_row *rows = NULL;
    size_t count = 0;
    size_t found = 0;
    struct arena *arena = visit->request->arena;
    TRY(store_publication_list(visit->portal->store, arena, &rows, &count));
    for (size_t i = 0; i < count && found < CHAIN_MAX; i++) {
        struct publication_row row = { 0 };
        if (rows[i].kind != PUBLICATION_CERTIFICATE) {
            continue;
        }
        struct certificate *candidate = arena_alloc(arena, 1, sizeof *candidate);
        if (candidate == NULL) {
            return ERR_MEMORY;
        }
        TRY(store_publication_get(visit->portal->store, rows[i].kind, rows[i].name, arena, &row));
        if (certificate_parse(row.der, candidate) == OK && !span_equal(row.der, link->der) &&
            !certificate_is_self_issued(candidate) &&
            span_equal(candidate->subject, link->certificate->subject) &&
            span_equal(candidate->spki, link->certificate->spki)) {
            ret_twins[found++] = (struct link){ rows[i].name, row.der, candidate };
        }
    }
    *ret_count = found;
    return OK;
}

enum err chain_pem(const struct chain_links *chain, size_t from, size_t to, struct buf *pem)
{
    for (size_t i = from; i < to && i < chain->count; i++) {
        TRY(pem_write("CERTIFICATE", chain->links[i].der, pem));
    }
    return buf_check(pem);
}

enum err chain_p7b(const struct chain_links *chain, struct buf *der)
{
    struct span certificates[CHAIN_MAX];
    size_t count = chain->count > 1 ? chain->count - 1 : chain->count;
    for (size_t i = 0; i < count; i++) {
        certificates[i] = chain->links[i].der;
    }
    return p7b_write(certificates, count, der);
}
