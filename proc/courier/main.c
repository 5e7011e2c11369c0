/* ecertd-courier: letters and mail.
 *
 * What I hold: the spool of letters that are not printed yet, each with its PIN in it. No key.
 * Whom I talk to: the registrar, over the socket I inherit (it asks for letters to be made and to
 * be printed); the store, for its outbox; the mail server, by SMTP. What I may do after boot: read
 * and write my spool and the store's folder, read fonts, make connections, threads. What I must
 * never do: let a PIN leave in anything but a letter.
 *
 *   ecertd-courier --config FILE --listen-fd N=courier.sock [--ready-fd N]
 */
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/config/config.h"
#include "lib/config/start.h"
#include "lib/sandbox/sandbox.h"
#include "lib/wire/server.h"
#include "proc/courier/post.h"
#include "proc/courier/render.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const struct sandbox_rules rules = {
    .groups = SANDBOX_FILES | SANDBOX_INTERNET,
    .syscalls = NULL,
    .files_max = 256,
};

enum { POST_INTERVAL_MS = 300, HANDED_OUT_MAX = 64 };

static struct courier {
    struct start start;
    struct config config;
    struct clock clock;
    struct random random;
    struct language_set *languages;
    struct store *store;
    struct spool spool;
    struct renderer renderer;
    struct post post;
    char smtp_server[CONFIG_ADDRESS_MAX + 8];
    unsigned registrar_user;
    pthread_mutex_t spool_lock; /* over spool and handed_out */
    char handed_out[HANDED_OUT_MAX][REFERENCE_TEXT_MAX];
    size_t handed_out_count;
} self = { .spool_lock = PTHREAD_MUTEX_INITIALIZER };

static enum err boot(struct reason *ret_reason);
static enum err open_languages(struct reason *ret_reason);
static enum err open_post(struct reason *ret_reason);
static enum err give_up_the_rest(struct reason *ret_reason);
static enum err serve(void);
static void *tend_run(void *argument);
static void post_report(const struct outbox_row *row, const struct post_outcome *outcome);
static enum err handle_render(void *ctx, struct exchange *exchange);
static enum err handle_letters(void *ctx, struct exchange *exchange);
static enum err handle_print(void *ctx, struct exchange *exchange);
static enum err letter_hand_out(const char *reference, struct buf *ret_pdf);
static void letters_erase(void);
static void server_report(void *ctx, const char *event, unsigned type, enum err err);

static const struct start_rules start_rules = { { "courier.sock" }, 1, .optional = false };

static const struct handler handlers[] = {
    { COURIER_RENDER, handle_render, false },
    { COURIER_LETTERS, handle_letters, false },
    { COURIER_PRINT, handle_print, false },
};

int main(int argc, char **argv)
{
    struct reason reason = { 0 };
    log_open("courier", LOG_INFO);
    if (!start_read(argc, argv, &start_rules, &self.start)) {
        fprintf(stderr,
            "usage: ecertd-courier --config FILE --listen-fd N=courier.sock [--ready-fd N]\n");
        return 64;
    }
    enum err err = boot(&reason);
    if (err == OK) {
        err = start_ready(&self.start);
    }
    if (err == OK) {
        err = serve();
    }
    log_failure(LOG_ERROR, "courier.ended", err, &reason);
    return 1;
}

static enum err boot(struct reason *ret_reason)
{
    const struct config *config = &self.config;
    signal(SIGPIPE, SIG_IGN);
    TRY(config_load(
        self.start.config_path, CONFIG_SERVICE | CONFIG_COURIER, &self.config, ret_reason));
    log_open("courier", config->service.log_level);
    self.clock = clock_system();
    self.random = random_system();
    TRY(config_user_id(config, ROLE_REGISTRAR, &self.registrar_user));
    TRY(open_languages(ret_reason));
    self.renderer = (struct renderer){ &self.spool, self.languages, &self.random, &self.clock,
        config->service.trial };
    TRY(render_warm_up(&self.renderer, ret_reason));
    /* The supervisor has made the folder for our user; without one it is ours to make. Either way
     * it must be there before the sandbox is shut around it. */
    TRY(directory_ensure(config->courier.spool, 0700));
    TRY(give_up_the_rest(ret_reason));
    enum err err = spool_open(config->courier.spool, &self.spool);
    if (err != OK) {
        return reason_set(ret_reason, err, "courier.spool", config->courier.spool, NULL, NULL);
    }
    return open_post(ret_reason);
}

static enum err open_languages(struct reason *ret_reason)
{
    char path[PATH_MAX];
    TRY(path_join(path, sizeof path, self.config.service.data_directory, "locale"));
    return language_set_open(path, &self.languages, ret_reason);
}

/* Opened as the user who will use them: SQLite's helper files belong to whoever comes first. */
static enum err open_post(struct reason *ret_reason)
{
    const struct config_courier *courier = &self.config.courier;
    bool v6 = strchr(courier->smtp.address, ':') != NULL;
    struct mail_address from;
    if (mail_address_parse(span_from_text(courier->mail_from), &from) != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "config.value", "courier.mail_from", courier->mail_from, NULL);
    }
    TRY(store_open(self.config.service.store, &self.store, ret_reason));
    snprintf(self.smtp_server, sizeof self.smtp_server, "%s%s%s:%u", v6 ? "[" : "",
        courier->smtp.address, v6 ? "]" : "", courier->smtp.port);
    self.post = (struct post){
        .store = self.store,
        .languages = self.languages,
        .clock = &self.clock,
        .smtp = { .server = self.smtp_server },
        .from = from,
        .trial = self.config.service.trial,
        .report = post_report,
    };
    self.post.smtp.own_name = strrchr(self.post.from.text, '@') + 1;
    return OK;
}

static enum err give_up_the_rest(struct reason *ret_reason)
{
    char user[CONFIG_USER_MAX], level[SANDBOX_LEVEL_MAX], store_folder[PATH_MAX];
    config_user(&self.config, ROLE_COURIER, user);
    snprintf(store_folder, sizeof store_folder, "%s", self.config.service.store);
    char *slash = strrchr(store_folder, '/');
    if (slash != NULL && slash != store_folder) {
        *slash = '\0';
    }
    const struct sandbox_path paths[] = {
        { self.config.courier.spool, SANDBOX_WRITE },
        { store_folder, SANDBOX_WRITE },
        { "/usr/share/fonts", SANDBOX_READ },
        { "/usr/local/share/fonts", SANDBOX_READ },
        { "/usr/share/fontconfig", SANDBOX_READ },
        { "/var/cache/fontconfig", SANDBOX_READ },
        { "/etc/fonts", SANDBOX_READ },
    };
    const struct sandbox_request request = {
        .rules = &rules,
        .paths = paths,
        .path_count = sizeof paths / sizeof paths[0],
        .user = user,
        .mode = sandbox_mode_from_text(self.config.service.sandbox),
    };
    TRY(sandbox_enter(&request, level, ret_reason));
    log_event(LOG_INFO, "courier.started", "sandbox", level, NULL);
    return OK;
}

static enum err serve(void)
{
    pthread_t thread;
    const struct server server = {
        .handlers = handlers,
        .handler_count = sizeof handlers / sizeof handlers[0],
        .users = { self.registrar_user },
        .user_count = 1,
        .connections_max = 8,
        .report = server_report,
    };
    if (pthread_create(&thread, NULL, tend_run, NULL) != 0) {
        return ERR_AGAIN;
    }
    return server_run(&server, self.start.listen_fds[0]);
}

/* For ever: whatever fails is logged and tried again after a while that grows. */
static void *tend_run(void *argument)
{
    (void)argument;
    int64_t wait_ms = POST_INTERVAL_MS;
    for (;;) {
        enum err err = post_send_due(&self.post);
        if (err != OK) {
            log_failure(LOG_ERROR, "outbox.failed", err, NULL);
        }
        wait_ms = err == OK ? POST_INTERVAL_MS : wait_ms < 10000 ? 2 * wait_ms : wait_ms;
        usleep((useconds_t)(wait_ms * 1000));
        letters_erase();
    }
    return NULL;
}

static void post_report(const struct outbox_row *row, const struct post_outcome *outcome)
{
    static const struct {
        const char *event;
        enum log_level level;
    } fates[] = {
        [POST_SENT] = { "mail.sent", LOG_INFO },
        [POST_LATER] = { "mail.failed", LOG_WARNING },
        [POST_GIVEN_UP] = { "mail.given_up", LOG_ERROR },
        [POST_LAPSED] = { "mail.lapsed", LOG_INFO },
    };
    char id[24], next[TIME_TEXT_MAX];
    bool failed = outcome->err != OK;
    snprintf(id, sizeof id, "%lld", (long long)row->id);
    time_format_rfc3339(outcome->next_try, next);
    log_event(fates[outcome->fate].level, fates[outcome->fate].event, "mail", id, "kind", row->kind,
        "error", failed ? err_name(outcome->err) : NULL, "reason",
        failed ? outcome->reason.code : NULL, "seen", failed ? outcome->reason.seen : NULL,
        "next_try", outcome->fate == POST_LATER ? next : NULL, NULL);
}

static enum err handle_render(void *ctx, struct exchange *exchange)
{
    (void)ctx;
    struct courier_render request;
    struct courier_pin pin = { 0 };
    char phc[PIN_HASH_MAX];
    TRY(courier_render_read(&exchange->body, &request));
    TRY(der_finish(&exchange->body));
    pthread_mutex_lock(&self.spool_lock);
    enum err err = render_letter(&self.renderer, &request, phc, &exchange->reason);
    pthread_mutex_unlock(&self.spool_lock);
    if (err != OK) {
        log_failure(LOG_ERROR, "letter.failed", err, &exchange->reason);
        return err;
    }
    log_event(LOG_INFO, "letter.rendered", "reference", request.reference, NULL);
    snprintf(pin.hash, sizeof pin.hash, "%s", phc);
    return der_encode(courier_pin_write, &pin, &exchange->reply);
}

static enum err handle_letters(void *ctx, struct exchange *exchange)
{
    (void)ctx;
    struct courier_letters letters = { 0 };
    AUTO(arena) arena = arena_make(256 * 1024);
    TRY(nothing_read(&exchange->body));
    TRY(spool_list(&self.spool, &arena, &letters));
    return der_encode(courier_letters_write, &letters, &exchange->reply);
}

/* Handed out once: from now on the letter is gone for everybody, and its file is erased as soon as
 * the answer has left. If we end suddenly between the two, it can be printed again. */
static enum err handle_print(void *ctx, struct exchange *exchange)
{
    (void)ctx;
    struct courier_print request;
    AUTO(buf) pdf = { 0 };
    TRY(courier_print_read(&exchange->body, &request));
    TRY(der_finish(&exchange->body));
    pthread_mutex_lock(&self.spool_lock);
    enum err err = letter_hand_out(request.reference, &pdf);
    pthread_mutex_unlock(&self.spool_lock);
    err = err == OK ? channel_memfd(buf_span(&pdf), &exchange->reply_fd) : err;
    if (pdf.data != NULL) {
        explicit_bzero(pdf.data, pdf.len);
    }
    if (err != OK) {
        return reason_set(&exchange->reason, err, "courier.print", request.reference, NULL, NULL);
    }
    log_event(LOG_INFO, "letter.printed", "reference", request.reference, NULL);
    return OK;
}

static enum err letter_hand_out(const char *reference, struct buf *ret_pdf)
{
    for (size_t i = 0; i < self.handed_out_count; i++) {
        if (strcmp(self.handed_out[i], reference) == 0) {
            return ERR_NOT_FOUND;
        }
    }
    if (self.handed_out_count == HANDED_OUT_MAX) {
        return ERR_AGAIN;
    }
    TRY(spool_read(&self.spool, reference, ret_pdf));
    snprintf(self.handed_out[self.handed_out_count++], REFERENCE_TEXT_MAX, "%s", reference);
    return OK;
}

static void letters_erase(void)
{
    pthread_mutex_lock(&self.spool_lock);
    size_t kept = 0;
    for (size_t i = 0; i < self.handed_out_count; i++) {
        enum err err = spool_erase(&self.spool, self.handed_out[i]);
        if (err != OK) {
            log_failure(LOG_ERROR, "letter.not_erased", err, NULL);
            memmove(self.handed_out[kept++], self.handed_out[i], REFERENCE_TEXT_MAX);
        }
    }
    self.handed_out_count = kept;
    pthread_mutex_unlock(&self.spool_lock);
}

static void server_report(void *ctx, const char *event, unsigned type, enum err err)
{
    (void)ctx;
    char text[16];
    snprintf(text, sizeof text, "%u", type);
    log_event(LOG_WARNING, event, "type", text, "error", err_name(err), NULL);
}
