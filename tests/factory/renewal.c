/* Two samples, of which the second has the first one's evidence. */
#include "tests/factory/renewal.h"

static void observations_take(struct renewal *renewal, size_t from);

static void spoilt(struct renewal *renewal, const struct renewal_plan *plan, enum renewal_stage at)
{
    if (plan->spoil != NULL) {
        plan->spoil(renewal, at);
    }
}

enum err renewal_init(
    struct renewal *renewal, const struct factory *factory, const struct renewal_plan *plan)
{
    struct sample *first = &renewal->first, *second = &renewal->second;
    struct earlier_application *earlier = &renewal->earlier;
    TRY(sample_init(first, factory, plan->now - plan->age, plan->serial_of_request));
    TRY(sample_init(second, factory, plan->now, plan->serial_of_request + 1));
    spoilt(renewal, plan, RENEWAL_APPLIED);
    TRY(sample_bind(first));
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        first->observations[0][i].time = first->now;
    }
    spoilt(renewal, plan, RENEWAL_PROVED);
    TRY(sample_sign(first));
    observations_take(renewal, 0);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        struct observation *observation = &first->observations[0][i];
        memset(observation->attempt, 77, ATTEMPT_BYTES);
        observation->dcv = DCV_NOT_ASKED;
        observation->time = second->now - 600;
    }
    spoilt(renewal, plan, RENEWAL_ASKED);
    TRY(sample_sign(first));
    observations_take(renewal, FACTORY_PERSPECTIVES);
    *earlier = (struct earlier_application){
        .application_der = first->warrant.application_der,
        .application = first->application,
        .approval_count = first->warrant.approval_count,
    };
    TRY(application_hash(earlier->application_der, earlier->hash));
    memcpy(earlier->approvals, first->warrant.approvals, sizeof earlier->approvals);
    second->evidence[0] = (struct name_evidence){ renewal->observations, 2 * FACTORY_PERSPECTIVES };
    second->warrant.earlier = earlier;
    second->warrant.earlier_count = 1;
    spoilt(renewal, plan, RENEWAL_JOINED);
    return sample_format(second);
}

static void observations_take(struct renewal *renewal, size_t from)
{
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        struct observation *observation = &renewal->observations[from + i];
        *observation = renewal->first.observations[0][i];
        memcpy(renewal->signatures[from + i], renewal->first.signatures[0][i], 256);
        observation->signature = SPAN_OF(renewal->signatures[from + i]);
    }
}

void renewal_release(struct renewal *renewal)
{
    sample_release(&renewal->first);
    sample_release(&renewal->second);
}
