/* Asks for the CAA permission of names, one a line "NAME WILDCARD", through the real resolver, and
 * says "permit" or "refuse" of each:
 *
 *   caa_ask ANCHORS */
#include "lib/base/clock.h"
#include "lib/dns/caa.h"

#include <assert.h>

static bool permits(const struct resolver_base *base, const struct caa_request *request)
{
    AUTO_PTR(resolver_session) session = NULL;
    struct caa_verdict verdict;
    enum err err = resolver_session_new(base, &session);
    assert(err == OK);
    struct resolver resolver = resolver_session_resolver(session);
    err = caa_check(&resolver, request, clock_monotonic_ms() + 60000, &verdict);
    assert(err == OK);
    return caa_permits(verdict.finding);
}

int main(int argc, char **argv)
{
    char line[512];
    AUTO_PTR(resolver_base) base = NULL;
    struct reason reason = { 0 };
    const struct resolver_config config = { .anchor_file = argv[1] };
    assert(argc == 2);
    enum err err = resolver_base_open(&config, &base, &reason);
    assert(err == OK);
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *space = strchr(line, ' ');
        assert(space != NULL);
        *space = '\0';
        const struct caa_request request = { .name = line,
            .wildcard = space[1] == '1',
            .identity = "ca.example.net",
            .account_uri = "acct:7@ca.example.net",
            .method = "ca-tbr-7" };
        puts(permits(base, &request) ? "permit" : "refuse");
    }
    return 0;
}
