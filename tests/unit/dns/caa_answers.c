/* Answers the zones that caa_model.py makes up, one a line, with "permit" or "refuse" and what it
 * asked for that, in order: "CAA:a.b.example.com DS:b.example.com …".
 *
 *   NAME WILDCARD NODE/TYPE=STATE[:RDATA,RDATA…] …
 *
 * TYPE is CAA or DS; STATE is s(ecure), i(nsecure), b(ogus), f(ailing), t(imeout) or u(nsigned
 * delegation); RDATA is hexadecimal. */
#include "lib/dns/caa.h"

#include "tests/unit/dns/fake_resolver.h"

#include <assert.h>

enum { ANSWERS_MAX = 32, RDATA_MAX = 128 };

struct zone {
    struct fake_answer answers[ANSWERS_MAX];
    uint8_t rdata[ANSWERS_MAX][4][RDATA_MAX];
    size_t count;
};

static void state_set(struct fake_answer *answer, char state)
{
    answer->security = state == 'b'   ? DNS_SECURITY_BOGUS
                       : state == 'i' ? DNS_SECURITY_INSECURE
                                      : DNS_SECURITY_SECURE;
    answer->rcode = state == 'f' ? DNS_RCODE_SERVFAIL : DNS_RCODE_OK;
    answer->err = state == 't' ? ERR_TIMEOUT : OK;
    answer->unsigned_delegation = state == 'u';
}

static void answer_read(struct zone *zone, char *text)
{
    assert(zone->count < ANSWERS_MAX);
    struct fake_answer *answer = &zone->answers[zone->count];
    char *slash = strchr(text, '/'), *equals = strchr(text, '='), *rest = NULL;
    assert(slash != NULL && equals != NULL);
    *slash = '\0';
    *answer = (struct fake_answer){ .name = text, .type = slash[1] == 'D' ? DNS_DS : DNS_CAA };
    state_set(answer, equals[1]);
    char *record = equals[2] == ':' ? strtok_r(equals + 3, ",", &rest) : NULL;
    for (size_t i = 0; record != NULL && i < 4; record = strtok_r(NULL, ",", &rest), i++) {
        uint8_t *bytes = zone->rdata[zone->count][i];
        size_t len = 0;
        enum err err = hex_parse(span_from_text(record), bytes, RDATA_MAX, &len);
        assert(err == OK);
        answer->records[i] = span_make(bytes, len);
    }
    zone->count++;
}

int main(void)
{
    static char line[16384];
    static struct zone zone;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *rest = NULL, *name = strtok_r(line, " \n", &rest);
        char *wildcard = strtok_r(NULL, " \n", &rest);
        zone.count = 0;
        for (char *text; (text = strtok_r(NULL, " \n", &rest)) != NULL;) {
            answer_read(&zone, text);
        }
        struct fake_world world = { .answers = zone.answers, .count = zone.count };
        struct resolver resolver = fake_resolver(&world);
        const struct caa_request request = { .name = name,
            .wildcard = wildcard[0] == '1',
            .identity = "ca.example.net",
            .account_uri = "acct:7@ca.example.net",
            .method = "ca-tbr-7" };
        struct caa_verdict verdict;
        enum err err = caa_check(&resolver, &request, INT64_MAX, &verdict);
        assert(err == OK);
        fputs(caa_permits(verdict.finding) ? "permit" : "refuse", stdout);
        for (size_t i = 0; i < world.asked_count; i++) {
            char *type = strchr(world.asked[i], ' ');
            *type++ = '\0';
            printf(" %s:%s", strcmp(type, "257") == 0 ? "CAA" : "DS", world.asked[i]);
        }
        puts("");
    }
    return 0;
}
