/* What the registrar and the officers' programs do with the courier, one at a time and by hand:
 *
 *   ask queue STORE NUMBER KIND RECIPIENT LANGUAGE PARAMETERS   a mail in the outbox
 *   ask waiting STORE                                           how many mails are not sent
 *   ask render SOCKET NUMBER REFERENCE LANGUAGE NAME [SERVER_NAME ORGANISATION LINE …]
 *                                                               prints the PIN's hash
 *   ask letters SOCKET · ask print SOCKET REFERENCE FILE · ask verify HASH PIN
 *
 * NUMBER stands for an enrolment, 0 for none: a mail to the operator. Ends with the error as
 * status; its reason goes to stderr. */
#include "lib/base/file.h"
#include "lib/crypto/pinhash.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "lib/store/outbox.h"
#include "lib/wire/courier.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct queue_request {
    uint8_t number;
    const struct outbox_row *row;
    struct span der;
};

static enum err application_make(
    uint8_t number, const char *language, const char *name, char **more, struct buf *der)
{
    const char *names[] = { more == NULL ? "www.shop.example.com" : more[0] };
    struct application application = { .id = { number },
        .edition = EDITION_SERVER,
        .names = names,
        .name_count = 1,
        .created = 1795395296 };
    application.subject = (struct subject){ "HK", "Hong Kong", "Hong Kong", "Shop Example Limited",
        "例子商店有限公司", "", "", "12345678", "", "", "0002142877" };
    application.ev = (struct ev_identity){ "", "", "" };
    application.representative = (struct representative){ name, "ar@shop.example.com", language,
        { "Flat 12, 1 Canton Road", "Tsim Sha Tsui, Kowloon", "Hong Kong" }, 3 };
    if (more != NULL) {
        struct representative *representative = &application.representative;
        application.subject.organisation = application.subject.organisation_zh = more[1];
        representative->address_count = 0;
        for (size_t i = 2; more[i] != NULL && i < 2 + ADDRESS_LINES_MAX; i++) {
            representative->address[representative->address_count++] = more[i];
        }
    }
    return application_format(&application, der);
}

static enum err queue_run(struct store *store, void *ctx)
{
    const struct queue_request *request = ctx;
    struct act act = { "operator", time(NULL) };
    struct application_row application = { .id = { request->number }, .der = request->der };
    struct enrolment_row enrolment = { .id = { request->number },
        .application = { request->number } };
    if (request->row->to_operator) {
        return store_outbox_add(store, &act, request->row);
    }
    TRY(application_hash(request->der, application.hash));
    snprintf(enrolment.reference, sizeof enrolment.reference, "%09d", request->number);
    if (store_enrolment_get(store, enrolment.id, &enrolment) == ERR_NOT_FOUND) {
        TRY(store_application_insert(store, &act, &application));
        TRY(store_enrolment_insert(store, &act, &enrolment));
    }
    return store_outbox_add(store, &act, request->row);
}

static enum err queue(char **argv)
{
    AUTO_PTR(store) store = NULL;
    AUTO(buf) der = buf_make(CSR_MAX_BYTES);
    struct outbox_row row = { .parameters = argv[5] };
    struct queue_request request = { (uint8_t)strtol(argv[1], NULL, 10), &row, { 0 } };
    row.enrolment[0] = request.number;
    row.to_operator = request.number == 0;
    snprintf(row.kind, sizeof row.kind, "%s", argv[2]);
    snprintf(row.recipient, sizeof row.recipient, "%s", argv[3]);
    snprintf(row.language, sizeof row.language, "%s", argv[4]);
    TRY(store_open(argv[0], &store, NULL));
    TRY(application_make(request.number, "en", "Chan Tai Man", NULL, &der));
    request.der = buf_span(&der);
    return store_transact(store, queue_run, &request);
}

static enum err waiting(char **argv)
{
    AUTO_PTR(store) store = NULL;
    struct outbox_count count = { 0 };
    TRY(store_open(argv[0], &store, NULL));
    TRY(store_outbox_count(store, &count));
    printf("%lld\n", (long long)count.waiting);
    return OK;
}

static enum err connect_to(const char *path, struct client *client)
{
    return client_init(path, /* timeout_ms= */ 20000, client);
}

static enum err render(int argc, char **argv, struct reason *ret_reason)
{
    AUTO(client) client = { .channel = channel_none() };
    AUTO(buf) der = buf_make(CSR_MAX_BYTES);
    struct courier_render request = { .portal_url = "http://127.0.0.1:8080" };
    struct courier_pin pin;
    request.enrolment[0] = (uint8_t)strtol(argv[1], NULL, 10);
    snprintf(request.reference, sizeof request.reference, "%s", argv[2]);
    TRY(application_make(request.enrolment[0], argv[3], argv[4], argc > 7 ? argv + 5 : NULL, &der));
    request.application = buf_span(&der);
    TRY(connect_to(argv[0], &client));
    TRY(courier_call_render(&client, &request, &pin, ret_reason));
    puts(pin.hash);
    return OK;
}

static enum err letters(char **argv, struct reason *ret_reason)
{
    AUTO(client) client = { .channel = channel_none() };
    AUTO(arena) arena = arena_make(1 << 20);
    struct courier_letters list;
    TRY(connect_to(argv[0], &client));
    TRY(courier_call_letters(&client, &arena, &list, ret_reason));
    for (size_t i = 0; i < list.count; i++) {
        puts(list.letters[i].reference);
    }
    return OK;
}

static enum err print(char **argv, struct reason *ret_reason)
{
    AUTO(client) client = { .channel = channel_none() };
    AUTO(mapping) pdf = { 0 };
    struct courier_print request = { 0 };
    int fd = -1;
    snprintf(request.reference, sizeof request.reference, "%s", argv[1]);
    TRY(connect_to(argv[0], &client));
    TRY(courier_call_print(&client, &request, &fd, ret_reason));
    TRY(channel_memfd_map(fd, LETTER_MAX_BYTES, &pdf));
    close(fd);
    return file_replace(argv[2], pdf.content, 0600);
}

int main(int argc, char **argv)
{
    struct reason reason = { 0 };
    const char *verb = argc > 2 ? argv[1] : "";
    enum err err = ERR_INPUT;
    if (strcmp(verb, "queue") == 0 && argc == 8) {
        err = queue(argv + 2);
    } else if (strcmp(verb, "waiting") == 0) {
        err = waiting(argv + 2);
    } else if (strcmp(verb, "render") == 0 && (argc == 7 || argc > 9)) {
        err = render(argc - 2, argv + 2, &reason);
    } else if (strcmp(verb, "letters") == 0) {
        err = letters(argv + 2, &reason);
    } else if (strcmp(verb, "print") == 0 && argc == 5) {
        err = print(argv + 2, &reason);
    } else if (strcmp(verb, "verify") == 0 && argc == 4) {
        err = pin_hash_verify(argv[2], span_from_text(argv[3]));
    }
    if (err != OK) {
        fprintf(stderr, "%s %s %s\n", err_name(err), reason.code, reason.field);
    }
    return (int)err;
}
