/* The cases of path validation, in the manner of NIST's PKITS: root → CA → sub CA → server, lists
 * of each CA, and one thing wrong. For each: what the tool must say, and what others say. Written
 * to a folder too, where path_judges.py puts every case before OpenSSL and GnuTLS.
 *
 *     path_cases FOLDER
 */
#include "lib/der/pem.h"
#include "tests/unit/pki/hierarchy.h"
#include "tests/unit/pki/path_world.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* What another's verifier says, seen from our verdict. */
enum judged { SAME, ACCEPTS, REFUSES, UNASKED };

struct path_case {
    const char *name;
    enum shape shape;
    struct fault faults[FAULTS_MAX];
    const char *expected; /* the reason of the refusal; "": good */
    enum judged openssl, gnutls;
    const char *why; /* of a difference, or of not asking */
};

#define GOOD ""
/* GnuTLS takes lists as a help: without one it goes on, and it looks at few of their extensions. */
#define LISTS "GnuTLS refuses for a list that says revoked, never for want of a list it can use"
#define BYTES                                                                                      \
    "BR 7.1.4.1: an issuer's name is its CA's name octet for octet; names are compared as bytes"

/* clang-format off */
static const struct path_case cases[] = {
    { "all is well", PLAIN, { { 0 } }, GOOD, SAME, SAME, NULL },

    { "the root has expired", PLAIN, { { ROOT, EXPIRED } }, "chain.expired", SAME, SAME, NULL },
    { "the CA has expired", PLAIN, { { CA, EXPIRED } }, "chain.expired", SAME, SAME, NULL },
    { "the sub CA has expired", PLAIN, { { SUB, EXPIRED } }, "chain.expired", SAME, SAME, NULL },
    { "the server's has expired", PLAIN, { { LEAF, EXPIRED } }, "chain.expired", SAME, SAME, NULL },
    { "the root is not yet valid", PLAIN, { { ROOT, NOT_YET } }, "chain.not_yet_valid", SAME, SAME, NULL },
    { "the CA is not yet valid", PLAIN, { { CA, NOT_YET } }, "chain.not_yet_valid", SAME, SAME, NULL },
    { "the sub CA is not yet valid", PLAIN, { { SUB, NOT_YET } }, "chain.not_yet_valid", SAME, SAME, NULL },
    { "the server's is not yet valid", PLAIN, { { LEAF, NOT_YET } }, "chain.not_yet_valid", SAME, SAME, NULL },

    { "the CA's signature is another's", PLAIN, { { CA, FORGED } }, "chain.signature", SAME, SAME, NULL },
    { "the sub CA's signature is another's", PLAIN, { { SUB, FORGED } }, "chain.signature", SAME, SAME, NULL },
    { "the server's signature is another's", PLAIN, { { LEAF, FORGED } }, "chain.signature", SAME, SAME, NULL },

    { "no CA may be below the CA", PLAIN, { { CA, LENGTH_0 } }, "chain.path_length", SAME, SAME, NULL },
    { "one CA may be below the CA", PLAIN, { { CA, LENGTH_1 } }, GOOD, SAME, SAME, NULL },
    { "no CA may be below the root", PLAIN, { { ROOT, LENGTH_0 } }, "chain.path_length", SAME, SAME, NULL },
    { "one CA may be below the root, and two are", PLAIN, { { ROOT, LENGTH_1 } }, "chain.path_length", SAME, SAME, NULL },
    { "the CA's own next key does not count", ROLLOVER, { { CA, LENGTH_1 } }, GOOD, SAME, REFUSES, "GnuTLS counts the CA's certificate for its own next key" },
    { "the CA's own next key does not lift the limit", ROLLOVER, { { CA, LENGTH_0 } }, "chain.path_length", SAME, SAME, NULL },
    { "the next key has the limit, and the sub CA counts", ROLLOVER, { { MORE, LENGTH_0 } }, "chain.path_length", SAME, SAME, NULL },

    { "the CA has no basic constraints", PLAIN, { { CA, NO_CONSTRAINTS } }, "chain.not_ca", SAME, SAME, NULL },
    { "the sub CA has no basic constraints", PLAIN, { { SUB, NO_CONSTRAINTS } }, "chain.not_ca", SAME, SAME, NULL },
    { "the CA is said to be none", PLAIN, { { CA, NO_CA } }, "chain.not_ca", SAME, SAME, NULL },
    { "the CA may not sign certificates", PLAIN, { { CA, NO_CERT_SIGN } }, "chain.not_ca", SAME, SAME, NULL },
    { "the root may not sign certificates", PLAIN, { { ROOT, NO_CERT_SIGN } }, "chain.not_ca", SAME, SAME, NULL },
    { "the CA has no key usage at all", PLAIN, { { CA, NO_USAGE } }, GOOD, SAME, SAME, NULL },
    { "the sub CA may not sign lists", PLAIN, { { SUB, NO_CRL_SIGN } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the CA may not sign lists", PLAIN, { { CA, NO_CRL_SIGN } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },

    { "the issuer's name in other case", PLAIN, { { LEAF, ISSUER_CASE } }, "chain.untrusted", ACCEPTS, SAME, BYTES },
    { "the issuer's name with two spaces", PLAIN, { { LEAF, ISSUER_SPACE } }, "chain.untrusted", ACCEPTS, SAME, BYTES },
    { "the issuer's name in another string type", PLAIN, { { LEAF, ISSUER_PRINTABLE } }, "chain.untrusted", ACCEPTS, ACCEPTS, BYTES },
    { "no key identifier of the issuer", PLAIN, { { LEAF, NO_KEY_ID } }, GOOD, SAME, SAME, NULL },
    { "a key identifier of somebody else", PLAIN, { { LEAF, OTHER_KEY_ID } }, "chain.untrusted", SAME, SAME, NULL },

    { "unknown critical extension in the server's", PLAIN, { { LEAF, CRITICAL } }, "chain.critical", SAME, SAME, NULL },
    { "unknown critical extension in the sub CA's", PLAIN, { { SUB, CRITICAL } }, "chain.critical", SAME, SAME, NULL },
    { "unknown critical extension in the CA's", PLAIN, { { CA, CRITICAL } }, "chain.critical", SAME, SAME, NULL },
    { "unknown critical extension in the root's", PLAIN, { { ROOT, CRITICAL } }, "chain.critical", SAME, SAME, NULL },
    { "unknown extension, not critical, everywhere", PLAIN, { { LEAF, UNCRITICAL }, { SUB, UNCRITICAL }, { CA, UNCRITICAL } }, GOOD, SAME, SAME, NULL },

    { "the CA is constrained to another domain", PLAIN, { { CA, PERMITS_DNS } }, "chain.critical", SAME, SAME, NULL },
    { "the CA is barred from the domain", PLAIN, { { CA, EXCLUDES_DNS } }, "chain.critical", SAME, SAME, NULL },
    { "the CA is barred from the domain, not marked critical", PLAIN, { { CA, EXCLUDES_DNS_UNMARKED } }, "chain.critical", SAME, SAME, NULL },
    { "the CA is constrained to another country", PLAIN, { { CA, PERMITS_OTHER_DIRECTORY } }, "chain.critical", SAME, ACCEPTS, "GnuTLS leaves constraints of directory names alone" },

    { "the CA is for clients only", PLAIN, { { CA, CLIENTS_ONLY } }, "chain.usage", SAME, SAME, NULL },
    { "the sub CA is for clients only", PLAIN, { { SUB, CLIENTS_ONLY } }, "chain.usage", SAME, SAME, NULL },
    { "the server's is for clients only", PLAIN, { { LEAF, CLIENTS_ONLY } }, "chain.usage", SAME, SAME, NULL },
    { "no CA says for what it is", PLAIN, { { SUB, NO_PURPOSE }, { CA, NO_PURPOSE } }, GOOD, SAME, SAME, NULL },
    { "the CA is for anything", PLAIN, { { CA, ANY_PURPOSE } }, "chain.usage", SAME, SAME, NULL },

    { "no policies anywhere", PLAIN, { { LEAF, NO_POLICY }, { SUB, NO_POLICY }, { CA, NO_POLICY } }, GOOD, SAME, SAME, NULL },
    { "the CA requires a policy", PLAIN, { { CA, REQUIRES_POLICY }, { LEAF, NO_POLICY } }, "chain.critical", ACCEPTS, SAME, "OpenSSL knows the extension and applies it only with -policy_check" },

    { "the server's is revoked", PLAIN, { { LEAF, REVOKED } }, "chain.revoked", SAME, SAME, NULL },
    { "the sub CA is revoked", PLAIN, { { SUB, REVOKED } }, "chain.revoked", SAME, SAME, NULL },
    { "the CA is revoked", PLAIN, { { CA, REVOKED } }, "chain.revoked", SAME, SAME, NULL },
    { "the server's is on hold", PLAIN, { { LEAF, HELD } }, "chain.revoked", SAME, SAME, NULL },
    { "revoked in a list that has expired", PLAIN, { { LEAF, REVOKED }, { SUB, LIST_EXPIRED } }, "chain.revoked", SAME, SAME, NULL },
    { "revoked in a list that somebody else signed", PLAIN, { { LEAF, REVOKED }, { SUB, LIST_FORGED } }, "chain.crl_signature", SAME, UNASKED, LISTS },
    { "the serial is revoked for another CA", PLAIN, { { LEAF, REVOKED_FOR_ANOTHER } }, "chain.crl_missing", ACCEPTS, SAME, "OpenSSL reads the entry as about another CA; we read no indirect lists" },

    { "revoked with an unknown critical extension", PLAIN, { { LEAF, REVOKED_SOMEHOW } }, "chain.crl_missing", SAME, SAME, NULL },

    { "the sub CA has no list", PLAIN, { { SUB, LIST_ABSENT } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the CA has no list", PLAIN, { { CA, LIST_ABSENT } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the root has no list", PLAIN, { { ROOT, LIST_ABSENT } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the sub CA's list has expired", PLAIN, { { SUB, LIST_EXPIRED } }, "chain.crl_stale", SAME, ACCEPTS, LISTS },
    { "the CA's list has expired", PLAIN, { { CA, LIST_EXPIRED } }, "chain.crl_stale", SAME, ACCEPTS, LISTS },
    { "the root's list has expired", PLAIN, { { ROOT, LIST_EXPIRED } }, "chain.crl_stale", SAME, ACCEPTS, LISTS },
    { "the sub CA's list is not yet valid", PLAIN, { { SUB, LIST_NOT_YET } }, "chain.crl_stale", SAME, ACCEPTS, LISTS },
    { "the sub CA's list has no end", PLAIN, { { SUB, LIST_WITHOUT_END } }, GOOD, SAME, SAME, NULL },
    { "the sub CA's list is somebody else's", PLAIN, { { SUB, LIST_OF_ANOTHER } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the sub CA's list is signed by somebody else", PLAIN, { { SUB, LIST_FORGED } }, "chain.crl_signature", SAME, UNASKED, LISTS },
    { "unknown critical extension in the list", PLAIN, { { SUB, LIST_CRITICAL } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "unknown extension, not critical, in the list", PLAIN, { { SUB, LIST_UNCRITICAL } }, GOOD, SAME, SAME, NULL },
    { "the list is indirect", PLAIN, { { SUB, LIST_INDIRECT } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the list holds changes only", PLAIN, { { SUB, LIST_DELTA } }, "chain.crl_missing", ACCEPTS, ACCEPTS, "without -extended_crl OpenSSL takes changes for the whole; GnuTLS as above" },
    { "the list holds some reasons only", PLAIN, { { SUB, LIST_SOME_REASONS } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the list is about servers, as it should", PLAIN, { { SUB, LIST_OF_SERVERS } }, GOOD, SAME, SAME, NULL },
    { "the list is about CAs, as it should", PLAIN, { { CA, LIST_OF_AUTHORITIES } }, GOOD, SAME, SAME, NULL },
    { "the server's CA has a list about CAs only", PLAIN, { { SUB, LIST_OF_AUTHORITIES } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the sub CA's CA has a list about servers only", PLAIN, { { CA, LIST_OF_SERVERS } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the list is about attribute certificates", PLAIN, { { SUB, LIST_OF_ATTRIBUTES } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "the list is the certificate's own partition", PLAIN, { { SUB, LIST_PARTITION } }, GOOD, SAME, SAME, NULL },
    { "the list is another partition", PLAIN, { { SUB, LIST_OTHER_PARTITION } }, "chain.crl_missing", SAME, ACCEPTS, LISTS },
    { "revoked in the certificate's own partition", PLAIN, { { LEAF, REVOKED }, { SUB, LIST_PARTITION } }, "chain.revoked", SAME, SAME, NULL },

    { "two keys under one name", TWO_KEYS, { { 0 } }, GOOD, SAME, UNASKED, "certtool wants one chain, in order" },
    { "two keys under one name, and no identifiers", TWO_KEYS, { { SUB, NO_KEY_ID } }, GOOD, UNASKED, UNASKED, "OpenSSL takes the first of the name, whichever that is" },
    { "by a cross certificate", CROSSED, { { 0 } }, GOOD, SAME, SAME, NULL },
    { "by a cross certificate that is revoked", CROSSED, { { ROOT, REVOKED } }, "chain.revoked", SAME, SAME, NULL },
    { "by a cross certificate that has expired", CROSSED, { { ROOT, EXPIRED } }, "chain.expired", SAME, SAME, NULL },
    { "by a cross certificate, with the root beside it", CROSSED_BESIDE, { { 0 } }, GOOD, UNASKED, UNASKED, "both take the first of the name" },
    { "a loop beside the way", LOOP, { { 0 } }, GOOD, SAME, UNASKED, "certtool wants one chain, in order" },
    { "a loop and no way", DEAD_LOOP, { { 0 } }, "chain.untrusted", SAME, UNASKED, "certtool wants one chain, in order" },
    { "six certificates", LENGTH_6, { { 0 } }, GOOD, SAME, UNASKED, "certtool wants one chain, in order" },
    { "seven certificates", LENGTH_7, { { 0 } }, "chain.limit", ACCEPTS, UNASKED, "six are our limit; OpenSSL takes a hundred" },
    { "the CA and fifty copies that lead nowhere", COPIES, { { 0 } }, GOOD, UNASKED, UNASKED, "both take the first of the name" },
    { "seven CAs that certify each other", TANGLE, { { 0 } }, "chain.limit", SAME, UNASKED, "certtool wants one chain, in order" },
};
/* clang-format on */

enum { CASES = sizeof cases / sizeof cases[0] };

static const char *folder;
static int64_t now;

static void spans_put(
    const char *place, const char *name, const char *label, const struct span *spans, size_t count)
{
    char path[512];
    AUTO(buf) text = buf_make(1 << 20);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pem_write(label, spans[i], &text), OK);
    }
    assert_int_equal(path_join(path, sizeof path, place, name), OK);
    assert_int_equal(file_replace(path, buf_span(&text), 0600), OK);
}

static void world_put(const struct path_world *world, size_t index)
{
    char place[512], number[16];
    const struct span leaf = buf_span(&world->certificates[LEAF]);
    snprintf(number, sizeof number, "%zu", index);
    assert_int_equal(path_join(place, sizeof place, folder, number), OK);
    assert_int_equal(mkdir(place, 0700), 0);
    spans_put(place, "leaf.pem", "CERTIFICATE", &leaf, 1);
    spans_put(place, "roots.pem", "CERTIFICATE", world->roots, world->root_count);
    spans_put(
        place, "intermediates.pem", "CERTIFICATE", world->intermediates, world->intermediate_count);
    spans_put(place, "lists.pem", "X509 CRL", world->crls, world->crl_count);
}

/* Of all paths, the first; of a good verdict no other is asked for. */
static void paths_agree(const struct chain_request *request, const struct path_case *one)
{
    static struct paths paths;
    bool good = one->expected[0] == '\0';
    assert_int_equal(paths_find(request, NULL, &paths), OK);
    assert_true(paths.count > 0);
    assert_int_equal(paths.paths[0].rooted && paths.paths[0].verdict == OK, good);
    if (paths.cut != (one->shape == TANGLE || one->shape == COPIES)) {
        fail_msg("%s: %zu paths, %zu signatures", one->name, paths.count, paths.work);
    }
    assert_true(paths.work <= CHAIN_WORK_MAX);
}

static void each_case_has_its_verdict(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < CASES; i++) {
        const struct path_case *one = &cases[i];
        AUTO(path_world) world = { .node_count = 0 };
        struct reason reason = { 0 };
        struct chain chain;
        path_world_make(one->shape, one->faults, now, &world);
        world_put(&world, i);
        const struct chain_request request = {
            .leaf = buf_span(&world.certificates[LEAF]),
            .intermediates = world.intermediates,
            .intermediate_count = world.intermediate_count,
            .roots = world.roots,
            .root_count = world.root_count,
            .crls = world.crls,
            .crl_count = world.crl_count,
            .require_crl = true,
            .now = now,
            .host = SPAN_LITERAL("www.shop.example.com"),
        };
        enum err err = chain_verify(&request, &reason, &chain);
        if (strcmp(reason.code, one->expected) != 0 || (err == OK) != (one->expected[0] == '\0')) {
            print_error("%s: \"%s\", expected \"%s\"\n", one->name, reason.code, one->expected);
            wrong++;
        }
        assert_string_equal(reason.seen, one->shape == TANGLE ? "512" : reason.seen);
        paths_agree(&request, one);
    }
    assert_int_equal(wrong, 0);
}

/* What path_judges.py reads: a line a case. */
static void cases_put(void)
{
    static const char *const words[] = { "same", "accepts", "refuses", "unasked" };
    char path[512];
    AUTO(buf) text = buf_make(1 << 20);
    for (size_t i = 0; i < CASES; i++) {
        const struct path_case *one = &cases[i];
        buf_append_format(&text, "%s\t%s\t%s\t%s\t%s\n", one->name, one->expected,
            words[one->openssl], words[one->gnutls], one->why == NULL ? "" : one->why);
    }
    assert_int_equal(path_join(path, sizeof path, folder, "cases"), OK);
    assert_int_equal(file_replace(path, buf_span(&text), 0600), OK);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: path_cases FOLDER\n", stderr);
        return 64;
    }
    folder = argv[1];
    now = (int64_t)time(NULL); /* certtool knows no other time */
    cases_put();
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_case_has_its_verdict) };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    path_world_end();
    return failed;
}
