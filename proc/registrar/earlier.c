/* The proofs that are there from before, and whether they would still do with a new word on CAA. */
#include "proc/registrar/earlier.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "proc/registrar/issuing.h"

enum err earlier_rules(struct registrar *registrar, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, struct arena *arena, struct application *ret_application,
    struct evidence_rules *ret_rules)
{
    struct enrolment_row row = { 0 };
    struct application_row application = { 0 };
    TRY(store_enrolment_get(registrar->store, enrolment, &row));
    TRY(store_application_get(registrar->store, row.application, arena, &application));
    TRY(application_parse(application.der, arena, ret_application));
    struct span hash = arena_span(arena, SPAN_OF(application.hash));
    if (hash.data == NULL) {
        return ERR_MEMORY;
    }
    *ret_rules = (struct evidence_rules){
        .roster = &registrar->roster,
        .verifier = &registrar->verifier,
        .edition = edition_rules(ret_application->edition),
        .now = now,
        .application_hash = hash.data,
        .srn = ret_application->subject.srn,
    };
    policy_at(now, registrar->roster.policy_set, &ret_rules->policy);
    return OK;
}

enum err earlier_find(struct registrar *registrar, const struct evidence_rules *rules,
    const struct challenge_row *rows, size_t count, struct arena *arena,
    struct earlier *ret_earlier)
{
    struct evidence_row *found = NULL;
    size_t found_count = 0;
    struct store *store = registrar->store;
    TRY(store_evidence_list(store, rows[0].enrolment, arena, &found, &found_count));
    for (size_t i = 0; i < found_count; i++) {
        for (size_t row = 0; row < count; row++) {
            struct earlier *earlier = &ret_earlier[row];
            struct reason reason = { 0 };
            if (strcmp(found[i].name, rows[row].challenge.name) != 0) {
                continue;
            }
            earlier->row = found[i];
            earlier->row.has_caa = false;
            TRY(evidence_read(store, &earlier->row, arena, &earlier->evidence));
            earlier->reusable =
                evidence_reusable(&earlier->evidence, found[i].name, rules, &reason) == OK;
        }
    }
    return OK;
}
