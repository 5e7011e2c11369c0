/* From the first one upwards, each time to the first that certifies; what is left over has a place
 * of its own. */
#include "lib/pki/sent.h"

struct walk {
    const struct span *certificates;
    size_t count;
    struct sent sent;
    size_t chain[SENT_MAX], length; /* indices */
};

static bool certifies(struct span issuer_der, struct span subject_der);
static size_t issuer_find(const struct walk *walk, size_t below);
static bool in_chain(const struct walk *walk, size_t index);
static enum sent_place rest_place(const struct walk *walk, size_t index);

const char *sent_place_name(enum sent_place place)
{
    static const char *const names[] = { "own", "in_order", "out_of_order", "other_way", "root",
        "twice", "unrelated" };
    return names[place];
}

enum err sent_judge(const struct span *certificates, size_t count, struct sent *ret_sent)
{
    struct walk walk = { .certificates = certificates, .count = count, .length = 1 };
    struct certificate last;
    TRY(certificate_parse(certificates[0], &last) == OK ? OK : ERR_INPUT);
    walk.sent.count = count;
    for (size_t next; (next = issuer_find(&walk, walk.chain[walk.length - 1])) < count;) {
        size_t below = walk.chain[walk.length - 1];
        walk.sent.places[next] = next > below ? SENT_IN_ORDER : SENT_OUT_OF_ORDER;
        walk.chain[walk.length++] = next;
        TRY(certificate_parse(certificates[next], &last));
        if (certificate_is_self_issued(&last)) {
            walk.sent.places[next] = SENT_ROOT;
            break;
        }
    }
    for (size_t i = 1; i < count; i++) {
        if (!in_chain(&walk, i)) {
            walk.sent.places[i] = rest_place(&walk, i);
        }
    }
    if (!certificate_is_self_issued(&last)) {
        walk.sent.open_issuer = last.issuer;
    }
    *ret_sent = walk.sent;
    return OK;
}

/* The one behind it, if it fits; else the first of all that fits; `count` if none does. */
static size_t issuer_find(const struct walk *walk, size_t below)
{
    for (size_t step = 1; step <= walk->count; step++) {
        size_t i = (below + step) % walk->count;
        if (!in_chain(walk, i) && certifies(walk->certificates[i], walk->certificates[below])) {
            return i;
        }
    }
    return walk->count;
}

static bool in_chain(const struct walk *walk, size_t index)
{
    for (size_t i = 0; i < walk->length; i++) {
        if (walk->chain[i] == index) {
            return true;
        }
    }
    return false;
}

static enum sent_place rest_place(const struct walk *walk, size_t index)
{
    struct span der = walk->certificates[index];
    struct certificate parsed;
    for (size_t i = 0; i < index; i++) {
        if (span_equal(walk->certificates[i], der)) {
            return SENT_TWICE;
        }
    }
    if (certificate_parse(der, &parsed) != OK) {
        return SENT_UNRELATED;
    }
    for (size_t i = 0; i < walk->length; i++) {
        if (certifies(der, walk->certificates[walk->chain[i]])) {
            return certificate_is_self_issued(&parsed) ? SENT_ROOT : SENT_OTHER_WAY;
        }
    }
    return SENT_UNRELATED;
}

static bool certifies(struct span issuer_der, struct span subject_der)
{
    struct certificate issuer, subject;
    AUTO_PTR(key) key = NULL;
    return !span_equal(issuer_der, subject_der) && certificate_parse(issuer_der, &issuer) == OK &&
           certificate_parse(subject_der, &subject) == OK &&
           span_equal(issuer.subject, subject.issuer) && key_from_spki(issuer.spki, &key) == OK &&
           certificate_verify(&subject, key) == OK;
}
