#pragma once
/* Conducting a ceremony: is this the journal that the script is for, does the rehearsal go through,
 * have enough administrators approved; then the real pass, whose end the journal's last record is.
 */
#include "lib/ca/ceremony.h"
#include "lib/config/script.h"

struct conduct_request {
    const char *directory;
    const struct script *script;
    const struct statement *approvals;
    size_t approval_count;
    const char *passphrase_file; /* of the roots' keys; NULL: root/passphrase of the folder */
    bool prepared; /* the caller has begun the staging folder and put files of its own there */
};

/* Everything but opening private keys, signing and writing; appends what would be made. Reasons:
 * "ceremony.other_journal", "ceremony.older", "ceremony.administrators_missing", and the steps'. */
enum err conduct_rehearse(
    const struct conduct_request *request, struct buf *plan, struct reason *ret_reason) MUST_USE;
/* The ceremony itself, after a rehearsal. Killed at any moment it may be held again with the same
 * script and approvals: `ret_settled` then says whether only its files had to be moved. Beyond the
 * rehearsal's reasons those of approvals_check; "ceremony.done_already". */
enum err conduct(
    const struct conduct_request *request, bool *ret_settled, struct reason *ret_reason) MUST_USE;
