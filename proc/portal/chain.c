/* The issuer by the certificate's issuer name and key identifier, then that one's own. */
#include "proc/portal/chain.h"

#include "lib/der/pem.h"
#include "lib/pki/p7b.h"
#include "lib/store/publication.h"

static enum err published_read(struct visit *visit, struct chain_links *chain);
static bool better(const struct certificate *one, const struct certificate *other);
static const struct link *issuer_find(
    const struct chain_links *chain, const struct certificate *subject);

/* A chain without its root is incomplete: better an error that is seen than half a chain served. */
enum err chain_of(struct visit *visit, struct span leaf, struct chain_links *ret_chain)
{
    struct chain_links chain = { .count = 1 };
    struct certificate *certificate = arena_alloc(visit->request->arena, 1, sizeof *certificate);
    if (certificate == NULL) {
        return ERR_MEMORY;
    }
    chain.links[0] = (struct link){ .der = leaf, .certificate = certificate };
    TRY(certificate_parse(leaf, certificate));
    TRY(published_read(visit, &chain));
    while (!certificate_is_self_issued(chain.links[chain.count - 1].certificate)) {
        const struct link *issuer = issuer_find(&chain, chain.links[chain.count - 1].certificate);
        if (issuer == NULL) {
            return ERR_AGAIN;
        }
        if (chain.count == CHAIN_MAX) {
            return ERR_LIMIT;
        }
        chain.links[chain.count++] = *issuer;
    }
    *ret_chain = chain;
    return OK;
}

/* All CA certificates at once: there are few, and each is looked at several times. */
static enum err published_read(struct visit *visit, struct chain_links *chain)
{
    struct publication_row *rows = NULL;
    size_t count = 0;
    struct arena *arena = visit->request->arena;
    TRY(store_publication_certificates(visit->portal->store, arena, &rows, &count));
    struct link *links = arena_alloc(arena, count + 1, sizeof *links);
    struct certificate *certificates = arena_alloc(arena, count + 1, sizeof *certificates);
    if (links == NULL || certificates == NULL) {
        return ERR_MEMORY;
    }
    size_t read = 0;
    for (size_t i = 0; i < count; i++) {
        if (certificate_parse(rows[i].der, &certificates[read]) == OK) {
            links[read] = (struct link){ rows[i].name, rows[i].der, &certificates[read] };
            read++;
        }
    }
    chain->published = links;
    chain->published_count = read;
    return OK;
}

/* Several certificates may have the name and the key: a root before the cross certificates for it,
 * else the youngest, since what came later replaces what came before. */
static bool better(const struct certificate *one, const struct certificate *other)
{
    bool root = certificate_is_self_issued(one), other_root = certificate_is_self_issued(other);
    return root != other_root ? root : one->not_before > other->not_before;
}

static const struct link *issuer_find(
    const struct chain_links *chain, const struct certificate *subject)
{
    const struct link *found = NULL;
    for (size_t i = 0; i < chain->published_count; i++) {
        const struct link *link = &chain->published[i];
        if (link->certificate->is_ca && span_equal(link->certificate->subject, subject->issuer) &&
            span_equal(link->certificate->subject_key_id, subject->authority_key_id) &&
            (found == NULL || better(link->certificate, found->certificate))) {
            found = link;
        }
    }
    return found;
}

size_t chain_twins(const struct chain_links *chain, size_t index, struct link ret_twins[CHAIN_MAX])
{
    size_t count = 0;
    const struct link *link = &chain->links[index];
    for (size_t i = 0; i < chain->published_count && count < CHAIN_MAX; i++) {
        const struct link *other = &chain->published[i];
        if (!span_equal(other->der, link->der) && !certificate_is_self_issued(other->certificate) &&
            span_equal(other->certificate->subject, link->certificate->subject) &&
            span_equal(other->certificate->spki, link->certificate->spki)) {
            ret_twins[count++] = *other;
        }
    }
    return count;
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
