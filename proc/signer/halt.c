/* The stop switch in the signer: what it stops, it stops here and in the journal, whatever the
 * other processes do or forget. */
#include "proc/signer/internal.h"

enum err halt_gate(const struct issuing *issuing, struct reason *ret_reason)
{
    const struct ledger_sums *sums = &issuing->ledger.sums;
    if (!sums->halted && issuing->halts == issuing->halts_ended) {
        return OK;
    }
    return reason_set(ret_reason, ERR_AGAIN, "issuance.stopped", NULL,
        sums->halted ? sums->halt.by : "", sums->halted ? sums->halt.why : "");
}

/* A stop that stands needs no second record, unless the order to go on is on its way already. */
enum err issuing_halt(struct issuing *issuing, const struct halt *halt, struct reason *ret_reason)
{
    struct journal_ticket ticket = { 0 };
    struct halt record = *halt;
    (void)ret_reason;
    record.time = clock_now(&issuing->clock);
    pthread_mutex_lock(&issuing->mutex);
    bool stands = issuing->ledger.sums.halted && !issuing->resuming;
    issuing->halts++;
    enum err err = stands ? OK
                          : journal_add(issuing->journal, JOURNAL_HALTED, record.time, halt_write,
                                &record, &ticket);
    pthread_mutex_unlock(&issuing->mutex);
    return err != OK || stands ? err : journal_wait(issuing->journal, &ticket);
}

enum err issuing_resume(
    struct issuing *issuing, const struct resumption *resumption, struct reason *ret_reason)
{
    int64_t now = clock_now(&issuing->clock);
    struct journal_ticket ticket = { 0 };
    pthread_mutex_lock(&issuing->mutex);
    unsigned halts = issuing->halts;
    enum err err =
        issuing->ledger.sums.halted && !issuing->resuming
            ? resumption_check(
                  resumption, &issuing->ledger.sums.halt, issuing->roster, now, ret_reason)
            : reason_set(ret_reason, ERR_CONFLICT, "issuance.not_stopped", NULL, NULL, NULL);
    err = err == OK ? journal_add(issuing->journal, JOURNAL_RESUMED, now, resumption_write,
                          resumption, &ticket)
                    : err;
    issuing->resuming = issuing->resuming || err == OK;
    pthread_mutex_unlock(&issuing->mutex);
    TRY(err);
    err = journal_wait(issuing->journal, &ticket);
    pthread_mutex_lock(&issuing->mutex);
    issuing->resuming = false;
    issuing->halts_ended = err == OK ? halts : issuing->halts_ended; /* and none that came since */
    pthread_mutex_unlock(&issuing->mutex);
    return err;
}
