/* Dynamic updates against a real Knot DNS on an address and port of its own; kdig is the judge of
 * what then stands in the zone. Skipped (77) where Knot isn't installed. */
#include "lib/dns/update.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_TEXT  "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
#define OTHER_SECRET "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhl"
#define NAME         "_ecert-validation.www.shop.example.com"

struct knot {
    char directory[64];
    char address[32];
    char port[8];
    char server[48]; /* address@port */
    pid_t pid;
};

static struct knot knot;

static void write_file(const char *name, const char *text)
{
    char path[PATH_MAX];
    assert_int_equal(path_join(path, sizeof path, knot.directory, name), OK);
    assert_int_equal(file_replace(path, span_from_text(text), 0600), OK);
}

static void write_configuration(void)
{
    char text[2048];
    snprintf(text, sizeof text,
        "server:\n  rundir: %s\n  listen: %s@%s\n"
        "database:\n  storage: %s\n"
        "log:\n  - target: stderr\n    any: error\n"
        "key:\n  - id: shop\n    algorithm: hmac-sha256\n    secret: " SECRET_TEXT "\n"
        "  - id: reader\n    algorithm: hmac-sha256\n    secret: " SECRET_TEXT "\n"
        "acl:\n  - id: shop\n    key: shop\n    action: update\n"
        "template:\n  - id: default\n    storage: %s\n    zonefile-sync: -1\n"
        "zone:\n  - domain: shop.example.com\n    file: zone\n    acl: shop\n",
        knot.directory, knot.address, knot.port, knot.directory, knot.directory);
    write_file("knot.conf", text);
    write_file("zone", "$ORIGIN shop.example.com.\n$TTL 60\n@ SOA ns hostmaster 1 900 300 86400 5\n"
                       "@ NS ns\nns A 127.0.0.1\nwww A 127.0.0.1\n"
                       "alias CNAME www.elsewhere.example.net.\n");
}

static bool listening(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(knot.port, NULL, 10)) };
    inet_pton(AF_INET, knot.address, &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool up = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return up;
}

static int start_knot(void **state)
{
    (void)state;
    snprintf(knot.directory, sizeof knot.directory, "/tmp/test_update.XXXXXX");
    assert_non_null(mkdtemp(knot.directory));
    unsigned own = (unsigned)getpid();
    snprintf(knot.address, sizeof knot.address, "127.%u.%u.%u", 64 + own / 62500 % 128,
        1 + own / 250 % 250, 1 + own % 250);
    snprintf(knot.port, sizeof knot.port, "%u", 20053U);
    snprintf(knot.server, sizeof knot.server, "%s@%s", knot.address, knot.port);
    write_configuration();
    knot.pid = fork();
    assert_true(knot.pid >= 0);
    if (knot.pid == 0) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/knot.conf", knot.directory);
        execl("/usr/sbin/knotd", "knotd", "-c", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && !listening(); i++) {
        usleep(20000);
    }
    return listening() ? 0 : -1;
}

static int stop_knot(void **state)
{
    (void)state;
    kill(knot.pid, SIGTERM);
    waitpid(knot.pid, NULL, 0);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", knot.directory, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

/* All TXT strings at the name, as kdig +short prints them. */
static void expect_records(const char *name, const char *expected)
{
    int ends[2];
    char server[48], seen[1024] = { 0 };
    assert_int_equal(pipe(ends), 0);
    snprintf(server, sizeof server, "@%s", knot.address);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        execlp("kdig", "kdig", "+short", server, "-p", knot.port, name, "TXT", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(ends[0], seen + len, sizeof seen - 1 - len)) > 0;) {
        len += (size_t)got;
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    assert_string_equal(seen, expected);
}

static enum err update_with(const char *line, enum dns_update_action action, const char *name,
    const char *value, struct reason *ret_reason)
{
    AUTO(secret) text = { 0 };
    AUTO(tsig_key) key = { 0 };
    TRY(secret_copy(span_from_text(line), &text));
    TRY(tsig_key_parse(&text, ret_reason, &key));
    struct dns_update_request request = { .server = knot.server,
        .key = &key,
        .action = action,
        .name = name,
        .value = value,
        .ttl = 3600,
        .timeout_ms = 5000 };
    return dns_update_txt(&request, ret_reason);
}

static enum err update(enum dns_update_action action, const char *value)
{
    struct reason reason = { 0 };
    enum err err = update_with("hmac-sha256:shop:" SECRET_TEXT, action, NAME, value, &reason);
    if (err != OK) {
        print_message("%s %s %s\n", reason.code, reason.seen, reason.expected);
    }
    return err;
}

static void expect_failure(
    const char *line, const char *name, enum err expected, const char *code, const char *seen)
{
    struct reason reason = { 0 };
    assert_int_equal(update_with(line, DNS_UPDATE_ADD, name, "value", &reason), expected);
    assert_string_equal(reason.code, code);
    if (seen != NULL) {
        assert_string_equal(reason.seen, seen);
    }
}

static void a_record_is_added_beside_others_and_removed_alone(void **state)
{
    (void)state;
    assert_int_equal(update(DNS_UPDATE_ADD, "one"), OK);
    expect_records(NAME, "\"one\"\n");
    assert_int_equal(update(DNS_UPDATE_ADD, "two"), OK);
    assert_int_equal(update(DNS_UPDATE_REMOVE, "one"), OK);
    expect_records(NAME, "\"two\"\n");
    assert_int_equal(update(DNS_UPDATE_REMOVE, "never there"), OK);
    expect_records(NAME, "\"two\"\n");
}

static void replacing_and_clearing_take_the_whole_set(void **state)
{
    (void)state;
    assert_int_equal(update(DNS_UPDATE_ADD, "three"), OK);
    assert_int_equal(update(DNS_UPDATE_REPLACE, "only"), OK);
    expect_records(NAME, "\"only\"\n");
    assert_int_equal(update(DNS_UPDATE_REMOVE_ALL, /* value= */ NULL), OK);
    expect_records(NAME, "");
}

static void a_value_is_never_read_as_zone_file_text(void **state)
{
    (void)state;
    assert_int_equal(update(DNS_UPDATE_REPLACE, "a\" b ; $INCLUDE x"), OK);
    expect_records(NAME, "\"a\\\" b ; $INCLUDE x\"\n");
    assert_int_equal(update(DNS_UPDATE_REMOVE_ALL, NULL), OK);
}

static void a_wrong_secret_is_named_badsig(void **state)
{
    (void)state;
    expect_failure("hmac-sha256:shop:" OTHER_SECRET, NAME, ERR_DENIED, "update.key", "BADSIG");
    expect_records(NAME, "");
}

static void an_unknown_key_is_named_badkey(void **state)
{
    (void)state;
    expect_failure("hmac-sha256:nobody:" SECRET_TEXT, NAME, ERR_DENIED, "update.key", "BADKEY");
}

static void a_key_without_the_right_is_refused(void **state)
{
    (void)state;
    expect_failure("hmac-sha256:reader:" SECRET_TEXT, NAME, ERR_DENIED, "update.key", "BADKEY");
    expect_records(NAME, "");
}

static void a_name_outside_every_zone_is_refused_with_the_servers_answer(void **state)
{
    (void)state;
    expect_failure("hmac-sha256:shop:" SECRET_TEXT, "_x.www.example.org", ERR_DENIED, "update.zone",
        "REFUSED");
}

static void a_name_or_value_that_fits_no_record_is_refused(void **state)
{
    (void)state;
    char value[300];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    struct reason reason = { 0 };
    assert_int_equal(
        update_with("hmac-sha256:shop:" SECRET_TEXT, DNS_UPDATE_ADD, NAME, value, &reason),
        ERR_INPUT);
    assert_string_equal(reason.code, "update.name");
    expect_failure("hmac-sha256:shop:" SECRET_TEXT, "a..b", ERR_INPUT, "update.name", NULL);
}

static void a_server_that_is_no_address_is_refused(void **state)
{
    (void)state;
    AUTO(tsig_key) key = { 0 };
    static const char *const servers[] = { "", "dns.example.com", "127.0.0.1@", "127.0.0.1@x",
        "127.0.0.1:53" };
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        struct reason reason = { 0 };
        struct dns_update_request request = {
            .server = servers[i], .key = &key, .name = NAME, .value = "x", .timeout_ms = 100
        };
        assert_int_equal(dns_update_txt(&request, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "update.server");
    }
}

/* Runs one connection's worth of a server that answers every question with `answer`. */
static pid_t false_server(const char *port, struct span answer, bool silent)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
    inet_pton(AF_INET, knot.address, &address.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    pid_t pid = fork();
    if (pid != 0) {
        close(listener);
        return pid;
    }
    for (;;) {
        uint8_t question[1024], reply[1024];
        int fd = accept(listener, NULL, NULL);
        ssize_t got = recv(fd, question, 4, MSG_WAITALL);
        if (silent || got < 4) {
            pause();
        }
        size_t rest = (size_t)(question[0] << 8 | question[1]) - 2;
        if (rest > sizeof question - 4 || recv(fd, question + 4, rest, MSG_WAITALL) < 0) {
            _exit(1);
        }
        memcpy(reply + 2, answer.data, answer.len);
        reply[0] = (uint8_t)(answer.len >> 8);
        reply[1] = (uint8_t)answer.len;
        memcpy(reply + 2, question + 2, 2);
        if (send(fd, reply, answer.len + 2, MSG_NOSIGNAL) < 0) {
            _exit(1);
        }
        close(fd);
    }
}

static enum err update_at(const char *port, int timeout_ms, struct reason *ret_reason)
{
    char server[48];
    AUTO(secret) text = { 0 };
    AUTO(tsig_key) key = { 0 };
    snprintf(server, sizeof server, "%s@%s", knot.address, port);
    TRY(secret_copy(SPAN_LITERAL("hmac-sha256:shop:" SECRET_TEXT), &text));
    TRY(tsig_key_parse(&text, ret_reason, &key));
    struct dns_update_request request = { .server = server,
        .key = &key,
        .action = DNS_UPDATE_ADD,
        .name = NAME,
        .value = "x",
        .ttl = 60,
        .timeout_ms = timeout_ms };
    return dns_update_txt(&request, ret_reason);
}

static void an_unsigned_success_is_not_believed(void **state)
{
    (void)state;
    /* An authoritative answer, NOERROR, with an SOA record of the root: fits both questions. */
    static const uint8_t answer[] = { 0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 6, 0, 1, 0, 0, 0,
        0, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1 };
    pid_t pid = false_server("20054", SPAN_OF(answer), /* silent= */ false);
    struct reason reason = { 0 };
    enum err err = update_at("20054", 3000, &reason);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(err, ERR_SIGNATURE);
    assert_string_equal(reason.code, "update.answer");
}

static void a_silent_server_ends_at_the_deadline(void **state)
{
    (void)state;
    pid_t pid = false_server("20055", (struct span){ 0 }, /* silent= */ true);
    struct reason reason = { 0 };
    int64_t start = clock_monotonic_ms();
    enum err err = update_at("20055", 300, &reason);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(err, ERR_TIMEOUT);
    assert_string_equal(reason.code, "update.unreachable");
    assert_in_range(clock_monotonic_ms() - start, 290, 2000);
}

static void nobody_listening_is_said_at_once(void **state)
{
    (void)state;
    struct reason reason = { 0 };
    assert_int_equal(update_at("20056", 3000, &reason), ERR_AGAIN);
    assert_string_equal(reason.code, "update.unreachable");
}

int main(void)
{
    if (access("/usr/sbin/knotd", X_OK) != 0) {
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_added_beside_others_and_removed_alone),
        cmocka_unit_test(replacing_and_clearing_take_the_whole_set),
        cmocka_unit_test(a_value_is_never_read_as_zone_file_text),
        cmocka_unit_test(a_wrong_secret_is_named_badsig),
        cmocka_unit_test(an_unknown_key_is_named_badkey),
        cmocka_unit_test(a_key_without_the_right_is_refused),
        cmocka_unit_test(a_name_outside_every_zone_is_refused_with_the_servers_answer),
        cmocka_unit_test(a_name_or_value_that_fits_no_record_is_refused),
        cmocka_unit_test(a_server_that_is_no_address_is_refused),
        cmocka_unit_test(an_unsigned_success_is_not_believed),
        cmocka_unit_test(a_silent_server_ends_at_the_deadline),
        cmocka_unit_test(nobody_listening_is_said_at_once),
    };
    return cmocka_run_group_tests(tests, start_knot, stop_knot);
}
