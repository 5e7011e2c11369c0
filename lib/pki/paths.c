/* Depth first over all issuers that fit. A path that ends below no known issuer is kept too, so
 * that people see where it breaks off. */
#include "lib/pki/paths.h"

struct walk {
    const struct chain_request *request;
    struct chain chain;
    struct paths *paths;
};

static void climb(struct walk *walk, const struct certificate *subject);
static bool issuer_signed(
    struct walk *walk, const struct certificate *subject, const struct certificate *issuer);
static void path_keep(struct walk *walk, bool rooted);
static size_t unfinished_find(const struct paths *paths);
static void path_judge(const struct chain_request *request, struct path *path);
static int path_compare(const void *left, const void *right);
static int64_t issuer_since(const struct path *path);

enum err paths_find(
    const struct chain_request *request, struct reason *ret_reason, struct paths *ret_paths)
{
    struct certificate leaf;
    if (certificate_parse(request->leaf, &leaf) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "chain.malformed", "", "", "");
    }
    *ret_paths = (struct paths){ .count = 0 };
    struct walk walk = { .request = request, .paths = ret_paths };
    walk.chain.path[0] = request->leaf;
    walk.chain.length = 1;
    climb(&walk, &leaf);
    for (size_t i = 0; i < ret_paths->count; i++) {
        path_judge(request, &ret_paths->paths[i]);
    }
    qsort(ret_paths->paths, ret_paths->count, sizeof ret_paths->paths[0], path_compare);
    return OK;
}

static void climb(struct walk *walk, const struct certificate *subject)
{
    const struct chain_request *request = walk->request;
    bool went_on = false;
    size_t total = request->root_count + request->intermediate_count;
    for (size_t i = 0; i < total && walk->chain.length < CHAIN_LENGTH_MAX; i++) {
        bool root = i < request->root_count;
        struct span candidate =
            root ? request->roots[i] : request->intermediates[i - request->root_count];
        struct certificate issuer;
        if (certificate_parse(candidate, &issuer) != OK ||
            !chain_fits(&walk->chain, subject, &issuer) || !issuer_signed(walk, subject, &issuer)) {
            continue;
        }
        went_on = true;
        walk->chain.path[walk->chain.length++] = candidate;
        if (root) {
            path_keep(walk, /* rooted= */ true);
        } else {
            climb(walk, &issuer);
        }
        walk->chain.length--;
    }
    if (!went_on) {
        path_keep(walk, /* rooted= */ false);
    }
}

static bool issuer_signed(
    struct walk *walk, const struct certificate *subject, const struct certificate *issuer)
{
    AUTO_PTR(key) key = NULL;
    if (walk->paths->work == CHAIN_WORK_MAX) {
        walk->paths->cut = true;
        return false;
    }
    walk->paths->work++;
    return key_from_spki(issuer->spki, &key) == OK && certificate_verify(subject, key) == OK;
}

/* A certificate that lies in two places makes one path. */
static void path_keep(struct walk *walk, bool rooted)
{
    struct paths *paths = walk->paths;
    for (size_t i = 0; i < paths->count; i++) {
        const struct chain *other = &paths->paths[i].chain;
        bool same = other->length == walk->chain.length;
        for (size_t k = 0; same && k < other->length; k++) {
            same = span_equal(other->path[k], walk->chain.path[k]);
        }
        if (same) {
            return;
        }
    }
    size_t slot = paths->count;
    if (paths->count == PATHS_MAX) {
        paths->cut = true;
        slot = rooted ? unfinished_find(paths) : PATHS_MAX;
    }
    if (slot < PATHS_MAX) {
        paths->paths[slot] = (struct path){ .chain = walk->chain, .rooted = rooted };
        paths->count += slot == paths->count;
    }
}

/* The place of a path that leads nowhere: it yields to one that does. PATHS_MAX if there is none.
 */
static size_t unfinished_find(const struct paths *paths)
{
    size_t at = 0;
    while (at < PATHS_MAX && paths->paths[at].rooted) {
        at++;
    }
    return at;
}

static void path_judge(const struct chain_request *request, struct path *path)
{
    struct chain chain;
    struct chain_request alone = *request;
    size_t last = path->chain.length - 1;
    alone.intermediates = path->chain.path + 1;
    alone.intermediate_count = path->rooted ? last - 1 : last;
    alone.roots = path->chain.path + last;
    alone.root_count = path->rooted ? 1 : 0;
    path->verdict = chain_verify(&alone, &path->reason, &chain);
}

static int path_compare(const void *left, const void *right)
{
    const struct path *a = left, *b = right;
    if (a->rooted != b->rooted) {
        return a->rooted ? -1 : 1;
    }
    if ((a->verdict == OK) != (b->verdict == OK)) {
        return a->verdict == OK ? -1 : 1;
    }
    if (a->chain.length != b->chain.length) {
        return a->chain.length < b->chain.length ? -1 : 1;
    }
    int64_t a_since = issuer_since(a), b_since = issuer_since(b);
    return a_since > b_since ? -1 : a_since < b_since;
}

/* Of two issuers that are equal else, the newer. */
static int64_t issuer_since(const struct path *path)
{
    struct certificate issuer;
    bool parsed = path->chain.length > 1 && certificate_parse(path->chain.path[1], &issuer) == OK;
    return parsed ? issuer.not_before : 0;
}
