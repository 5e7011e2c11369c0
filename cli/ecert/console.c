/* ecert console: the server's certificates and stores on a page, for the one person who started it.
 *
 * What it holds: nothing but tokens; the stores are opened anew for each request, so that what a
 * command does meanwhile is seen. Whom it answers: loopback, under one name, and only the browser
 * that brought the token which stood on the terminal. What it may never do: send a key to the
 * browser. What it does is what the commands do, by the same functions. */
#include "cli/ecert/console/console.h"

#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/text/json.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 200, IDLE_SECONDS_MAX = 86400, PORT_MAX = 65535, LAST_WORDS_MS = 500 };

struct wish {
    const char *address;
    int64_t port;
    int64_t idle_seconds;
};

static void console_release(struct console *console)
{
    errand_free(console->assignment);
    errand_free(console->fetching);
    kept_drop(&console->kept);
    template_set_free(console->templates);
    language_set_free(console->languages);
    assets_release(&console->assets);
}
AUTO_DEFINE(console, console_release)

/* No Host header can be this one. */
static const char NOBODY[] = "!";

static enum err wish_take(
    const struct arguments *arguments, struct wish *wish, struct reason *ret_reason);
static enum err number_take(const struct arguments *arguments, const char *option, int64_t min,
    int64_t max, int64_t *ret_number, struct reason *ret_reason);
static enum err data_load(struct console *console, struct reason *ret_reason);
static enum err serve(
    struct tool *tool, struct console *console, const struct wish *wish, struct reason *ret_reason);
static void host_set(struct console *console, const char *address, uint16_t port);
static void opened_say(struct tool *tool, const struct console *console, uint16_t port);
static const char *end_wait(struct console *console, const sigset_t *ends, int64_t idle_seconds);
static void errands_await(const struct tool *tool, struct console *console, const sigset_t *ends);

enum exit_code command_console(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(console) console = { .clock = tool->clock,
        .random = random_system(),
        .kept = { .lock = PTHREAD_MUTEX_INITIALIZER } };
    struct wish wish = { "127.0.0.1", 0, SESSION_IDLE_SECONDS };
    struct reason reason = { 0 };
    char server_name[HOST_NAME_MAX + 1] = "";
    enum err err = wish_take(arguments, &wish, &reason);
    if (err != OK) {
        screen_failure(tool, err, &reason);
        return EXIT_USAGE;
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    (void)gethostname(server_name, sizeof server_name - 1);
    console.server_name = server_name;
    console.store_path = tool->store_path;
    err = data_load(&console, &reason);
    err = err == OK ? errand_new(&console.assignment) : err;
    err = err == OK ? errand_new(&console.fetching) : err;
    err = err == OK ? serve(tool, &console, &wish, &reason) : err;
    return err == OK ? EXIT_DONE : screen_failure(tool, err, &reason);
}

static enum err wish_take(
    const struct arguments *arguments, struct wish *wish, struct reason *ret_reason)
{
    const char *address = arguments_value(arguments, "address");
    if (address != NULL && strcmp(address, "127.0.0.1") != 0 && strcmp(address, "::1") != 0) {
        return reason_set(
            ret_reason, ERR_INPUT, "console.address", "--address", address, "127.0.0.1, ::1");
    }
    wish->address = address == NULL ? wish->address : address;
    TRY(number_take(arguments, "port", 1, PORT_MAX, &wish->port, ret_reason));
    return number_take(arguments, "idle", 1, IDLE_SECONDS_MAX, &wish->idle_seconds, ret_reason);
}

static enum err number_take(const struct arguments *arguments, const char *option, int64_t min,
    int64_t max, int64_t *ret_number, struct reason *ret_reason)
{
    const char *text = arguments_value(arguments, option);
    char *end = NULL;
    char field[32], expected[64];
    if (text == NULL) {
        return OK;
    }
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || number < min || number > max) {
        snprintf(field, sizeof field, "--%s", option);
        snprintf(expected, sizeof expected, "%lld … %lld", (long long)min, (long long)max);
        return reason_set(ret_reason, ERR_INPUT, "usage.number", field, text, expected);
    }
    *ret_number = number;
    return OK;
}

/* In the build tree, or as installed. */
static enum err data_load(struct console *console, struct reason *ret_reason)
{
    static const char *const places[] = { "../../web", "../share/ecert" };
    char folder[PATH_MAX], path[PATH_MAX];
    TRY(language_set_open_installed(&console->languages, ret_reason));
    TRY(path_beside_program(folder, sizeof folder, places[0]));
    if (access(folder, R_OK) != 0) {
        TRY(path_beside_program(folder, sizeof folder, places[1]));
    }
    TRY(path_join(path, sizeof path, folder, "console"));
    TRY(template_set_open(path, &console->templates, ret_reason));
    TRY(path_join(path, sizeof path, folder, "static"));
    return assets_load(path, &console->assets, ret_reason);
}

static enum err serve(
    struct tool *tool, struct console *console, const struct wish *wish, struct reason *ret_reason)
{
    AUTO_PTR(http_server) server = NULL;
    sigset_t ends;
    const struct http_route *routes = NULL;
    size_t route_count = console_routes(&routes);
    console->host_list[0] = NOBODY;
    const struct http_server_config config = {
        .address = wish->address,
        .port = (uint16_t)wish->port,
        .routes = routes,
        .route_count = route_count,
        .ctx = console,
        .error_page = console_error_page,
        .hosts = console->host_list,
        .threads = 1,
        .connections_max = 64,
        /* An import of a large file over a slow tunnel. */
        .idle_seconds = 60,
    };
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    TRY(console_entry_make(console));
    screen_letters_load();
    atomic_store(&console->used_ms, clock_monotonic_ms());
    enum err err = http_server_start(&config, &server);
    if (err != OK) {
        host_set(console, wish->address, (uint16_t)wish->port);
        return reason_set(ret_reason, err, "console.port", console->host, err_name(err), NULL);
    }
    host_set(console, wish->address, http_server_port(server));
    opened_say(tool, console, http_server_port(server));
    const char *end = end_wait(console, &ends, wish->idle_seconds);
    errands_await(tool, console, &ends);
    screen_message(tool, end, NULL);
    value_put_text(&tool->tree, tool->result, "ended", strrchr(end, '_') + 1);
    return OK;
}

/* The port is known only now that the server listens; until here it has refused everybody. */
static void host_set(struct console *console, const char *address, uint16_t port)
{
    bool v6 = strchr(address, ':') != NULL;
    snprintf(console->host, sizeof console->host, v6 ? "[%s]:%u" : "%s:%u", address, port);
    __atomic_store_n(&console->host_list[0], console->host, __ATOMIC_RELEASE);
}

/* What is said here is the only way in: it goes to the terminal and nowhere else. */
static void opened_say(struct tool *tool, const struct console *console, uint16_t port)
{
    char number[16];
    snprintf(number, sizeof number, "%u", port);
    const char *url =
        arena_format(&tool->arena, "http://%s/enter/%s", console->host, console->entry);
    const struct placeholder values[] = { { "url", url }, { "port", number },
        { "server", console->server_name }, { NULL, NULL } };
    if (tool->json) {
        AUTO(buf) line = buf_make(4096);
        struct value *opened = value_object(&tool->tree);
        value_put_text(&tool->tree, opened, "url", url);
        json_format(&line, opened);
        fprintf(stdout, "%s\n", buf_text(&line));
    } else {
        screen_message(tool, "console.opened", NULL);
        fprintf(stdout, "\n    %s\n\n", url);
        screen_message(tool, "console.opened_hint", values);
    }
    (void)fflush(stdout);
}

/* Until somebody ends it here or on the page, or nobody has used it for too long: which message
 * says why. */
static const char *end_wait(struct console *console, const sigset_t *ends, int64_t idle_seconds)
{
    const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
    const struct timespec last_words = { .tv_nsec = LAST_WORDS_MS * 1000000L };
    for (;;) {
        if (sigtimedwait(ends, NULL, &look) > 0) {
            return "console.end_signal";
        }
        if (atomic_load(&console->ended)) {
            (void)sigtimedwait(ends, NULL, &last_words); /* the last page is on its way */
            return "console.end_page";
        }
        kept_age(&console->kept);
        if (console_is_at_work(console)) {
            atomic_store(&console->used_ms, clock_monotonic_ms());
        }
        if (clock_monotonic_ms() - atomic_load(&console->used_ms) > idle_seconds * 1000) {
            return "console.end_idle";
        }
    }
}

bool console_is_at_work(const struct console *console)
{
    struct errand_state assignment, fetching;
    errand_look(console->assignment, &assignment);
    errand_look(console->fetching, &fetching);
    return assignment.running || fetching.running;
}

void console_stop(struct console *console)
{
    errand_stop(console->assignment);
    errand_stop(console->fetching); /* of lists, those that are here are whole */
}

/* Half of a deployment would be none. Their pages are there meanwhile. */
static void errands_await(const struct tool *tool, struct console *console, const sigset_t *ends)
{
    const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
    console_stop(console);
    if (console_is_at_work(console)) {
        screen_message(tool, "console.end_waits", NULL);
    }
    while (console_is_at_work(console)) {
        (void)sigtimedwait(ends, NULL, &look);
    }
}
