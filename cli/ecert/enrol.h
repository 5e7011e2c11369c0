#pragma once
/* The walk of one enrolment from the terminal: what is known, and one function for each state in
 * which the portal may say the enrolment is. */
#include "cli/ecert/api.h"
#include "lib/base/limits.h"

/* 50 names in both forms. */
enum { WALK_NAMES_MAX_BYTES = 96 * 1024 };
enum { PLACED_HOST_MAX = HOST_NAME_MAX_LENGTH + 32, PLACED_VALUE_MAX = 640, AFTER_MAX = 64 };

/* What stands, or is about to stand, in the person's DNS or on the website because of us: a record
 * at
 * "_ecert-validation." and the name, or the file of the name itself. */
struct placed {
    char host[PLACED_HOST_MAX];
    char value[PLACED_VALUE_MAX];
};

struct walk {
    struct tool *tool;
    struct certstore *store;
    struct certstore_item item; /* the request, later the certificate */
    struct api api;

    const char *portal, *server_name, *reference;
    const char *ca_file;   /* for the portal's TLS */
    const char *root_file; /* pins the CA */
    const char *dns_server, *tsig_file;
    const char *domain; /* where the record is to stand; NULL: at each name itself */
    /* "FOLDER" for the only name or "NAME=FOLDER"; ends with NULL. */
    const char *webroots[APPLICATION_NAMES_MAX + 1];
    const char *persist; /* the subscriber's SRN, whose account a lasting record is to name */
    const char *email;   /* local part, or a whole constructed address */
    const char *email_codes[3]; /* as given; one for each name, in the order of the challenges */
    const char *install_certificate, *install_key;
    const char *after[AFTER_MAX]; /* ends with NULL */
    const char *hook[AFTER_MAX];  /* places the record; ends with NULL */
    const char *pin_file;         /* for renewing unattended where no key is registered */
    const char *subscription_end; /* RFC 3339; NULL: the portal never said */
    bool accept;                  /* nobody is asked */
    bool chinese;
    bool no_key;  /* no log-in without the PIN */
    bool dry_run; /* only say whether the proof would pass now */
    bool renew;   /* another certificate, where the accepted one has another key than our request */

    struct placed placed[APPLICATION_NAMES_MAX];
    size_t placed_count;
    const struct value *enrolment; /* the portal's last word */
    bool names_compared;           /* the request's with the application's */
    bool submitted;                /* the request, in this run */
    bool finished;                 /* installed, or nothing to come of this request */
    bool kept;                     /* the item is a pair that an earlier run finished with */
    bool ended;                    /* nothing more can be done here */
    enum exit_code exit;
};

/* Each does what its state asks for and returns; who calls asks the portal for the state again. */
enum err walk_confirm(struct walk *walk, struct reason *ret_reason) MUST_USE;
enum err walk_prove(struct walk *walk, struct reason *ret_reason) MUST_USE;
enum err walk_submit(struct walk *walk, struct reason *ret_reason) MUST_USE;
enum err walk_wait(struct walk *walk, struct reason *ret_reason) MUST_USE;
enum err walk_accept(struct walk *walk, struct reason *ret_reason) MUST_USE;
enum err walk_install(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* Installs the pair that is in the store already, without the portal. */
enum err walk_install_kept(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* For an accepted certificate: begins the next one if it is wanted and this is not it; else
 * installs. */
enum err walk_renew(struct walk *walk, struct reason *ret_reason) MUST_USE;
enum err walk_returned(struct walk *walk, struct reason *ret_reason) MUST_USE;

/* Ends the walk, told, where the request names what the application doesn't have; what it lacks is
 * only said. Once a run. */
enum err walk_compare_names(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* The proof, or what is to be placed for it, serves another key than our request's. */
bool walk_is_bound_elsewhere(const struct walk *walk);
/* Has the portal draw new values for this method and our key; what proved the domain before is
 * forgotten there, and what we placed is taken away. */
enum err walk_choose_method(struct walk *walk, const char *method, const struct value **ret_answer,
    struct reason *ret_reason) MUST_USE;

/* True for a challenge whose name was proved for an earlier application: nothing is to be placed.
 */
bool walk_was_proved_before(const struct value *challenge);
/* Tells of every such name of walk->enrolment, and waits until the portal has had CAA looked at. */
enum err walk_await_before(struct walk *walk, struct reason *ret_reason) MUST_USE;

/* ERR_DENIED "tool.value_unbound" if one of these values is not derived from our key: nothing of
 * them may be placed, for it would prove the domain for somebody else's. */
enum err walk_values_check(const struct walk *walk, const char *method, const struct value *list,
    struct reason *ret_reason) MUST_USE;
/* walk_prove for a dry run: has the places look without proving anything, tells what each saw and
 * ends the walk, with EXIT_DONE where a check would pass and EXIT_FAILED where it wouldn't. Draws
 * values only where none were drawn; ERR_CONFLICT "tool.dry_run_other" where others stand. */
enum err walk_rehearse(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* A dry run in another state: ends the walk where the names are proved already, else ERR_CONFLICT
 * "tool.dry_run_state". */
enum err walk_rehearse_nothing(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* What stands to be placed is of our method and key, and from an earlier run of ours. */
bool walk_values_stand(const struct walk *walk);
/* The values to be placed, drawn anew unless they stand; kept, and shown. */
enum err walk_values_get(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* ERR_DENIED "tool.record_foreign" if one of the records is to stand anywhere but at a name of its
 * own challenge, or holds what no record of ours does. */
enum err walk_records_check(
    const struct walk *walk, const struct value *list, struct reason *ret_reason) MUST_USE;
/* Has the person's own program place a record, or take it away. Its words are the person's and one
 * of two of ours; what is to be placed it reads from its standard input. ERR_IO with
 * "tool.hook_failed" (seen: its last words), ERR_TIMEOUT with "tool.hook_slow". */
enum hook_action { HOOK_PLACE, HOOK_REMOVE };
enum err walk_hook_run(const struct walk *walk, enum hook_action action,
    const struct placed *record, struct reason *ret_reason) MUST_USE;
/* walk_prove where the code comes by mail. */
enum err walk_prove_by_email(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* Logs in by the key that was registered here before; `ret_entered` stays false where there is none
 * or the portal doesn't know it any more and the person can be asked for the PIN. ERR_DENIED with
 * "tool.key_unknown" where nobody can. */
enum err walk_enter_by_key(
    struct walk *walk, bool *ret_entered, struct reason *ret_reason) MUST_USE;
/* The key that was registered here for this enrolment. ERR_NOT_FOUND. */
enum err walk_find_login(const struct walk *walk, struct key **ret_key) MUST_USE;
/* The whole walk for walk->item, of which only tool, store and item are given and all else is what
 * was kept, without anybody who could answer: to the next certificate within the subscription. */
enum err walk_unattended(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* Makes a key and registers it, unless the portal has ours already. Tells the outcome; a failure
 * only means that the PIN will be needed again. */
void walk_register_key(struct walk *walk);
/* Calls `attempt` again while the connection is lost, ever more slowly. */
enum err walk_persist(struct walk *walk,
    enum err (*attempt)(struct walk *walk, const void *ctx, struct reason *ret_reason),
    const void *ctx, struct reason *ret_reason) MUST_USE;

/* The names of a list that the portal gave, in both forms where they differ. */
void walk_names_write(const struct walk *walk, const struct value *list, struct buf *text);
/* What every place saw of every name, and what to do. */
void walk_results_show(const struct walk *walk);
/* The same of one list of results, each under one of these messages. */
void walk_results_show_as(
    const struct walk *walk, const struct value *list, const char *good, const char *bad);
/* Every question that a place, one of a result's perspectives, asked the DNS, and its answer. */
void walk_trace_show(const struct walk *walk, const struct value *place);
/* Takes our records out of the DNS and our files off the website again, where we placed them. */
void walk_remove_records(struct walk *walk);
/* Fetches the portal's view into walk->enrolment. */
enum err walk_look(struct walk *walk, struct reason *ret_reason) MUST_USE;
/* Looks again until `is_over` says so; ERR_TIMEOUT with "tool.wait_timeout". */
enum err walk_poll(struct walk *walk, const char *what,
    bool (*is_over)(const struct value *enrolment), struct reason *ret_reason) MUST_USE;
/* Keeps what a later --resume needs. Never the PIN, never the session. */
enum err walk_keep(struct walk *walk) MUST_USE;
/* Fills what the arguments left open from what was kept. */
enum err walk_recall(struct walk *walk, struct reason *ret_reason) MUST_USE;

/* Runs `program` (argv, ended by NULL) with a clean environment and no shell, and waits. ERR_IO
 * with "tool.after_failed" (seen: how it ended). */
enum err program_run(const char *const *program, struct reason *ret_reason) MUST_USE;
