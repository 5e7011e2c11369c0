/* A journal as an auditor is handed it: the chain and its records, proved without any roster; and
 * one body as every kind of record. */
#include "lib/base/file.h"
#include "lib/journal/proof.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static union {
        struct record_reserved reserved;
        struct record_intent intent;
        struct record_issued issued;
        struct record_refused refused;
        struct record_revoked revoked;
        struct record_withdrawn withdrawn;
        struct record_crl crl;
        struct record_epoch epoch;
        struct record_responder responder;
        struct record_ceremony ceremony;
    } record;
    struct span body = span_make(data, size);
    struct reason reason = { 0 };
    struct proof_setup setup = { .fd = memfd_create("journal", 0), .threads = 1 };
    AUTO(proof) proof = { .count = 0 };
    (void)!record_reserved_read(body, &record.reserved);
    (void)!record_intent_read(body, &record.intent);
    (void)!record_issued_read(body, &record.issued);
    (void)!record_refused_read(body, &record.refused);
    (void)!record_revoked_read(body, &record.revoked);
    (void)!record_withdrawn_read(body, &record.withdrawn);
    (void)!record_crl_read(body, &record.crl);
    (void)!record_epoch_read(body, &record.epoch);
    (void)!record_responder_read(body, &record.responder);
    (void)!record_ceremony_read(body, &record.ceremony);
    if (setup.fd >= 0 && fd_write_all(setup.fd, body) == OK) {
        (void)!proof_run(&setup, &proof, &reason);
    }
    close(setup.fd);
    return 0;
}
