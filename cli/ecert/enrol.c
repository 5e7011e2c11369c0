/* ecert enrol: the portal's walk from the terminal. The portal says where the enrolment stands and
 * the table below what to do about it, so that an interrupted walk goes on from wherever it is: the
 * same loop serves the first run, --resume, and a person who did half of it in the browser. */
#include "cli/ecert/enrol.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/screen.h"
#include "lib/dns/hostname.h"
#include "lib/pki/csr.h"

#include <time.h>

enum {
    WALK_STEPS_MAX = 32,
    POLL_SECONDS_MAX = 180,
    PIN_TEXT_MAX = 64,
    /* A portal that is being restarted is back within seconds. */
    LOST_MAX = 40,
    LOST_PAUSE_MS = 500,
    /* Fewer: each may cost one of the ten attempts that the PIN has. */
    LOGIN_TRIES = 6,
};

static const struct {
    const char *state;
    enum err (*run)(struct walk *walk, struct reason *ret_reason);
    bool before_request; /* it is still to be handed in: its names must be the application's */
} steps[] = {
    { "open", walk_confirm, .before_request = true },
    { "confirmed", walk_prove, .before_request = true },
    { "validated", walk_submit, .before_request = true },
    { "issuing", walk_wait },
    { "issued", walk_accept },
    { "accepted", walk_renew },
    { "rejected", walk_returned },
    { "declined", walk_returned },
};

static void walk_release(struct walk *walk);
AUTO_DEFINE(walk, walk_release)

static void walk_from_arguments(struct walk *walk, const struct arguments *arguments);
static enum err walk_begin(
    struct walk *walk, const struct arguments *arguments, struct reason *ret_reason);
static enum err walk_find_item(
    struct walk *walk, const struct arguments *arguments, struct reason *ret_reason);
static enum err item_unfinished(struct walk *walk, struct reason *ret_reason);
static enum err item_for_name(struct walk *walk, struct reason *ret_reason);
static bool request_names(const struct certstore_item *item, struct span name);
static enum err walk_ask_missing(struct walk *walk, struct reason *ret_reason);
static enum err walk_check(const struct walk *walk, struct reason *ret_reason);
static enum err walk_log_in(
    struct walk *walk, const struct arguments *arguments, struct reason *ret_reason);
static enum err log_in_by_pin(struct walk *walk, const void *ctx, struct reason *ret_reason);
static enum err walk_go(struct walk *walk, struct reason *ret_reason);
static enum err walk_step(struct walk *walk, struct reason *ret_reason);
static enum err moved_on(struct walk *walk, const char *from);
static void pause_ms(long milliseconds);

enum exit_code command_enrol(struct tool *tool, const struct arguments *arguments)
{
    AUTO(walk) walk = { .tool = tool };
    struct reason reason = { 0 };
    walk_from_arguments(&walk, arguments);
    if (tool_open_store(tool, &walk.store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = walk_begin(&walk, arguments, &reason);
    if (err == OK && walk.kept && walk.install_certificate != NULL && !walk.dry_run) {
        err = walk_install_kept(&walk, &reason);
        return err == OK ? walk.exit : screen_failure(tool, err, &reason);
    }
    err = err == OK ? walk_log_in(&walk, arguments, &reason) : err;
    err = err == OK && !walk.dry_run ? walk_keep(&walk) : err;
    err = err == OK ? walk_go(&walk, &reason) : err;
    /* Told before logging out, which forgets the portal's words. */
    enum exit_code code = err == OK ? walk.exit : api_failure(tool, &walk.api, err, &reason);
    api_log_out(&walk.api, tool);
    return code;
}

/* By the key, which costs no attempt of the PIN's; by the file only where there is none. */
enum err walk_unattended(struct walk *walk, struct reason *ret_reason)
{
    static const struct option pin_file = { "pin-file", OPTION_VALUE, "FILE" };
    struct arguments arguments = { .given_count = 0 };
    AUTO_PTR(key) key = NULL;
    TRY(walk_recall(walk, ret_reason));
    TRY(walk_ask_missing(walk, ret_reason));
    TRY(walk_check(walk, ret_reason));
    bool by_key = !walk->no_key && walk_find_login(walk, &key) == OK;
    if (!by_key && walk->pin_file != NULL) {
        arguments.given[0].option = &pin_file;
        arguments.given[0].value = walk->pin_file;
        arguments.given_count = 1;
    }
    walk->accept = walk->renew = true;
    TRY(walk_log_in(walk, &arguments, ret_reason));
    TRY(walk_keep(walk));
    return walk_go(walk, ret_reason);
}

static void walk_release(struct walk *walk)
{
    certstore_item_release(&walk->item);
    certstore_free(walk->store);
    api_close(&walk->api);
}

static void walk_from_arguments(struct walk *walk, const struct arguments *arguments)
{
    const struct {
        const char *option;
        const char **value;
    } values[] = {
        { "portal", &walk->portal },
        { "server-name", &walk->server_name },
        { "reference", &walk->reference },
        { "portal-ca", &walk->ca_file },
        { "root", &walk->root_file },
        { "dns-update", &walk->dns_server },
        { "tsig", &walk->tsig_file },
        { "domain", &walk->domain },
        { "persist", &walk->persist },
        { "email", &walk->email },
        { "install-certificate", &walk->install_certificate },
        { "install-key", &walk->install_key },
        { "pin-file", &walk->pin_file },
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        *values[i].value = arguments_value(arguments, values[i].option);
    }
    for (size_t i = 0; i + 1 < AFTER_MAX; i++) {
        walk->after[i] = arguments_nth(arguments, "after", i);
        walk->hook[i] = arguments_nth(arguments, "hook", i);
    }
    for (size_t i = 0; i < APPLICATION_NAMES_MAX; i++) {
        walk->webroots[i] = arguments_nth(arguments, "webroot", i);
    }
    for (size_t i = 0; i < 2; i++) {
        walk->email_codes[i] = arguments_nth(arguments, "email-code", i);
    }
    walk->accept = arguments_has(arguments, "accept");
    walk->chinese = arguments_has(arguments, "chinese");
    walk->no_key = arguments_has(arguments, "no-key");
    walk->renew = arguments_has(arguments, "renew");
    walk->dry_run = arguments_has(arguments, "dry-run");
}

static enum err walk_begin(
    struct walk *walk, const struct arguments *arguments, struct reason *ret_reason)
{
    TRY(walk_find_item(walk, arguments, ret_reason));
    if (arguments_has(arguments, "resume")) {
        TRY(walk_recall(walk, ret_reason));
    } else if (walk->dry_run) {
        /* What an earlier run asked to be placed is what is tried. */
        enum err err = walk_recall(walk, ret_reason);
        TRY(err == ERR_NOT_FOUND ? OK : err);
    }
    TRY(walk_ask_missing(walk, ret_reason));
    TRY(walk_check(walk, ret_reason));
    /* What is resumed is kept already; a slip of the pen must not take its place before it logs in.
     */
    return arguments_has(arguments, "resume") || walk->dry_run ? OK : walk_keep(walk);
}

static enum err walk_find_item(
    struct walk *walk, const struct arguments *arguments, struct reason *ret_reason)
{
    const char *wanted = arguments_value(arguments, "request");
    if (wanted != NULL) {
        return certstore_find(walk->store, wanted, ret_reason, &walk->item);
    }
    bool unnamed = walk->dry_run && walk->server_name == NULL;
    if (arguments_has(arguments, "resume") || unnamed) {
        return item_unfinished(walk, ret_reason);
    }
    if (walk->server_name == NULL && walk->tool->asks) {
        char answer[ANSWER_MAX];
        TRY(ask_line(walk->tool, "tool.ask_server_name", /* proposed= */ NULL, answer));
        walk->server_name = arena_text(&walk->tool->arena, span_from_text(answer));
    }
    if (walk->server_name == NULL) {
        return reason_set(ret_reason, ERR_INPUT, "usage.needed", "--server-name", NULL, NULL);
    }
    return item_for_name(walk, ret_reason);
}

/* The walk that was begun last and isn't finished; else, where a pair is to be installed, the one
 * that was finished last. */
static enum err item_unfinished(struct walk *walk, struct reason *ret_reason)
{
    AUTO(certstore_items) items = { 0 };
    struct certstore_item *begun = NULL, *over = NULL;
    TRY(certstore_list(walk->store, &items, /* ret_unreadable= */ NULL));
    for (size_t i = items.count; i-- > 0 && begun == NULL;) {
        AUTO(buf) text = { 0 };
        struct certstore_item *item = &items.items[i];
        if (certstore_read_progress(walk->store, item, &text) != OK || buf_text(&text) == NULL) {
            continue;
        }
        bool finished = strstr(buf_text(&text), "\"finished\":true") != NULL;
        begun = finished ? NULL : item;
        bool pair = finished && item->kind == CERTSTORE_PERSONAL;
        over = pair && over == NULL ? item : over;
    }
    struct certstore_item *found =
        begun == NULL && walk->install_certificate != NULL ? over : begun;
    if (found != NULL) {
        walk->item = *found;
        *found = (struct certstore_item){ 0 };
        return OK;
    }
    return reason_set(ret_reason, ERR_NOT_FOUND, "tool.nothing_to_resume", NULL, NULL, NULL);
}

/* The newest request that holds the name; else a key that was restored without a request. */
static enum err item_for_name(struct walk *walk, struct reason *ret_reason)
{
    AUTO(certstore_items) items = { 0 };
    struct dns_name name;
    TRY(dns_name_parse(
        span_from_text(walk->server_name), DNS_NAME_HOST_OR_WILDCARD, &name, ret_reason));
    TRY(certstore_list(walk->store, &items, /* ret_unreadable= */ NULL));
    for (size_t i = items.count; i-- > 0;) {
        struct certstore_item *item = &items.items[i];
        bool fits =
            item->kind == CERTSTORE_REQUEST && request_names(item, span_from_text(name.text));
        if (fits) {
            walk->item = *item;
            *item = (struct certstore_item){ 0 };
            return OK;
        }
    }
    return reason_set(ret_reason, ERR_NOT_FOUND, "tool.no_request", name.text, NULL, NULL);
}

static bool request_names(const struct certstore_item *item, struct span name)
{
    struct csr csr;
    if (csr_parse(buf_span(&item->csr), /* ret_reason= */ NULL, &csr) != OK) {
        return false;
    }
    for (size_t i = 0; i < csr.dns_name_count; i++) {
        if (span_equal(csr.dns_names[i], name)) {
            return true;
        }
    }
    return false;
}

static enum err walk_ask_missing(struct walk *walk, struct reason *ret_reason)
{
    const struct {
        const char *option, *question;
        const char **value;
    } needed[] = {
        { "--portal", "tool.ask_portal", &walk->portal },
        { "--server-name", "tool.ask_server_name", &walk->server_name },
        { "--reference", "tool.ask_reference", &walk->reference },
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        char answer[ANSWER_MAX];
        if (*needed[i].value != NULL) {
            continue;
        }
        if (ask_line(walk->tool, needed[i].question, /* proposed= */ NULL, answer) != OK) {
            return reason_set(ret_reason, ERR_INPUT, "usage.needed", needed[i].option, NULL, NULL);
        }
        *needed[i].value = arena_text(&walk->tool->arena, span_from_text(answer));
    }
    return OK;
}

/* What can't end well is said before anything begins. */
static enum err walk_check(const struct walk *walk, struct reason *ret_reason)
{
    bool half_dns = (walk->dns_server == NULL) != (walk->tsig_file == NULL);
    if (walk->hook[0] != NULL && (walk->dns_server != NULL || walk->webroots[0] != NULL)) {
        return reason_set(ret_reason, ERR_INPUT, "usage.one_of", "--hook", NULL,
            "--hook, --dns-update, --webroot");
    }
    bool half_install = (walk->install_certificate == NULL) != (walk->install_key == NULL);
    if (half_dns) {
        return reason_set(ret_reason, ERR_INPUT, "usage.together", "--dns-update", NULL, "--tsig");
    }
    if (half_install) {
        return reason_set(ret_reason, ERR_INPUT, "usage.together", "--install-certificate", NULL,
            "--install-key");
    }
    return OK;
}

/* A PIN that is given is used; else the key that was registered; else the PIN is asked for. */
static enum err walk_log_in(
    struct walk *walk, const struct arguments *arguments, struct reason *ret_reason)
{
    static const struct secret_source source = { "pin-file", "pin-fd", "tool.ask_pin",
        .twice = false, .max = PIN_TEXT_MAX };
    AUTO(secret) pin = { 0 };
    bool given = arguments_has(arguments, "pin-file") || arguments_has(arguments, "pin-fd");
    bool entered = false;
    TRY(api_open(&walk->api, walk->tool, walk->portal, walk->ca_file, ret_reason));
    const struct placeholder values[] = { { "portal", walk->portal }, { "name", walk->server_name },
        { NULL, NULL } };
    if (!given) {
        TRY(walk_enter_by_key(walk, &entered, ret_reason));
    }
    if (!entered) {
        TRY(ask_secret_from(walk->tool, arguments, &source, ret_reason, &pin));
        /* The right PIN gives back the attempts that a lost connection may have cost. */
        TRY(walk_persist(walk, log_in_by_pin, &pin, ret_reason));
    }
    screen_step(walk->tool, entered ? "tool.logged_in_by_key" : "tool.logged_in", values);
    return OK;
}

static enum err log_in_by_pin(struct walk *walk, const void *ctx, struct reason *ret_reason)
{
    return api_log_in(&walk->api, walk->tool, walk->server_name, walk->reference, ctx, ret_reason);
}

enum err walk_persist(struct walk *walk,
    enum err (*attempt)(struct walk *walk, const void *ctx, struct reason *ret_reason),
    const void *ctx, struct reason *ret_reason)
{
    enum err err = ERR_AGAIN;
    for (int i = 0; i < LOGIN_TRIES && err == ERR_AGAIN; i++) {
        pause_ms(i == 0 ? 0 : LOST_PAUSE_MS << (i - 1));
        err = attempt(walk, ctx, ret_reason);
    }
    return err;
}

/* A lost connection says nothing about what the portal has done: it is asked where things stand, as
 * at every other moment. */
static enum err walk_go(struct walk *walk, struct reason *ret_reason)
{
    int lost = 0;
    for (int i = 0; i < WALK_STEPS_MAX && !walk->ended; i++) {
        enum err err = walk_look(walk, ret_reason);
        err = err == OK ? walk_step(walk, ret_reason) : err;
        if (err == ERR_AGAIN && lost++ < LOST_MAX) {
            i--;
            pause_ms(LOST_PAUSE_MS);
            continue;
        }
        TRY(err);
    }
    return walk->ended ? OK
                       : reason_set(ret_reason, ERR_LIMIT, "tool.wait_timeout", walk->portal,
                             api_text(walk->enrolment, "state"), NULL);
}

static enum err walk_step(struct walk *walk, struct reason *ret_reason)
{
    const char *state = api_text(walk->enrolment, "state");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (strcmp(steps[i].state, state) != 0) {
            continue;
        }
        if (walk->dry_run && steps[i].run != walk_prove) {
            return walk_rehearse_nothing(walk, ret_reason);
        }
        TRY(steps[i].before_request ? walk_compare_names(walk, ret_reason) : OK);
        enum err err = walk->ended ? OK : steps[i].run(walk, ret_reason);
        return err == ERR_CONFLICT ? moved_on(walk, steps[i].state) : err;
    }
    return reason_set(ret_reason, ERR_UNSUPPORTED, "tool.unknown_state", walk->portal, state, NULL);
}

/* A step that came too late, because the service or a browser took it meanwhile, is no failure: OK
 * if the enrolment stands elsewhere now, else ERR_CONFLICT with the portal's words as they were. */
static enum err moved_on(struct walk *walk, const char *from)
{
    struct reason now;
    char title[API_TITLE_MAX], next[API_TITLE_MAX];
    memcpy(title, walk->api.title, sizeof title);
    memcpy(next, walk->api.next, sizeof next);
    if (walk_look(walk, &now) == OK && strcmp(api_text(walk->enrolment, "state"), from) != 0) {
        return OK;
    }
    memcpy(walk->api.title, title, sizeof title);
    memcpy(walk->api.next, next, sizeof next);
    return ERR_CONFLICT;
}

static void pause_ms(long milliseconds)
{
    struct timespec pause = { .tv_sec = milliseconds / 1000,
        .tv_nsec = milliseconds % 1000 * 1000000L };
    nanosleep(&pause, /* remaining= */ NULL);
}

enum err walk_look(struct walk *walk, struct reason *ret_reason)
{
    return api_call(&walk->api, walk->tool, HTTP_GET, "/enrolment", /* body= */ NULL,
        &walk->enrolment, ret_reason);
}

/* Quickly at first, then once a second. */
enum err walk_poll(struct walk *walk, const char *what,
    bool (*is_over)(const struct value *enrolment), struct reason *ret_reason)
{
    int64_t start = clock_monotonic_ms();
    int64_t waited = 0;
    for (long pause = 50; waited < POLL_SECONDS_MAX * INT64_C(1000);) {
        pause_ms(pause);
        pause = pause < 500 ? 2 * pause : 1000;
        TRY(walk_look(walk, ret_reason));
        if (is_over(walk->enrolment)) {
            screen_wait_end(walk->tool);
            return OK;
        }
        waited = clock_monotonic_ms() - start;
        if (waited >= 2000) {
            screen_wait(walk->tool, what, waited / 1000);
        }
    }
    screen_wait_end(walk->tool);
    return reason_set(ret_reason, ERR_TIMEOUT, "tool.wait_timeout", walk->portal,
        api_text(walk->enrolment, "state"), NULL);
}
