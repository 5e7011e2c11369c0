#pragma once
/* The unattended renewal of one enrolment's certificate: what `ecert watch` remembers of it between
 * two runs, and one attempt. An interruption at any moment leaves a record from which the next run
 * goes on with the same key. */
#include "cli/ecert/tool.h"
#include "lib/base/limits.h"
#include "lib/certstore/renewals.h"
#include "lib/pki/certificate.h"

enum { RENEWAL_SAID_MAX = 512 };

struct renewal {
    char id[CERTSTORE_ID_MAX];   /* of the enrolment */
    char key[CERTSTORE_ID_MAX];  /* SHA-256 of the new key's SPKI; "": none is being renewed */
    int64_t attempts;            /* in a row that didn't succeed, the present one included */
    int64_t tried, next;         /* when last, and when at the earliest again; 0: never yet */
    struct reason reason;        /* of the last failure; code empty after a success */
    char said[RENEWAL_SAID_MAX]; /* the portal's own words for it; may be empty */
};

/* What the certificate's enrolment kept, as far as watching needs it. */
struct renewal_way {
    char portal[512], reference[64], server_name[HOST_NAME_MAX_LENGTH + 1];
    int64_t subscription_end; /* 0: not known */
    bool enrolled;            /* by this tool: else there is nothing to go on from */
    bool logs_in;             /* a key is registered, or a PIN file was named */
    bool proves;              /* the proof can be placed without anybody */
};
/* Never fails: what can't be read leaves everything false. */
void renewal_way_read(struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct renewal_way *ret_way);

/* A record that was never written is one in which nothing has happened. ERR_INPUT with
 * "watch.record" for what nobody of us wrote. */
enum err renewal_read(struct tool *tool, const struct certstore *store,
    const struct renewal_way *way, struct renewal *ret_renewal, struct reason *ret_reason) MUST_USE;

/* One attempt for the certificate `item`: its pacing is written down before it begins. A key and
 * request that an earlier attempt made are used again. OK: the new certificate is in the store and
 * where the enrolment installs it. Else the record holds why, and so does `ret_reason`. */
enum err renewal_attempt(struct tool *tool, struct certstore *store,
    const struct certstore_item *item, struct renewal *renewal, struct reason *ret_reason) MUST_USE;
