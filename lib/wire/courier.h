#pragma once
/* The registrar's conversation with the courier: it draws the PIN, keeps the letter until it is
 * printed, and tells the PIN's hash and nothing else. */
#include "lib/ca/warrant.h"
#include "lib/wire/client.h"

enum courier_message { COURIER_RENDER = 1, COURIER_LETTERS, COURIER_PRINT };

enum {
    REFERENCE_TEXT_MAX = 16, /* REFERENCE_DIGITS and the terminator */
    PIN_HASH_TEXT_MAX = 128, /* a PHC string */
    PORTAL_URL_MAX = 256,
    LETTERS_MAX = 1000,
    LETTER_MAX_BYTES = 8 * 1024 * 1024,
};

struct courier_render {
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    char reference[REFERENCE_TEXT_MAX];
    struct span application; /* DER */
    char portal_url[PORTAL_URL_MAX];
};

struct courier_pin {
    char hash[PIN_HASH_TEXT_MAX];
};

struct letter {
    char reference[REFERENCE_TEXT_MAX];
    int64_t rendered;
};

/* `letters` belongs to whoever fills it; reading puts it into an arena. */
struct courier_letters {
    struct letter *letters;
    size_t count;
};

struct courier_print {
    char reference[REFERENCE_TEXT_MAX];
};

void courier_render_write(struct der_writer *writer, const void *object);
/* The application borrows from the message. */
enum err courier_render_read(struct der *body, struct courier_render *ret_render) MUST_USE;
void courier_pin_write(struct der_writer *writer, const void *object);
enum err courier_pin_read(struct der *body, struct courier_pin *ret_pin) MUST_USE;
void courier_letters_write(struct der_writer *writer, const void *object);
enum err courier_letters_read(
    struct der *body, struct arena *arena, struct courier_letters *ret_letters) MUST_USE;
void courier_print_write(struct der_writer *writer, const void *object);
enum err courier_print_read(struct der *body, struct courier_print *ret_print) MUST_USE;

enum err courier_call_render(struct client *client, const struct courier_render *render,
    struct courier_pin *ret_pin, struct reason *ret_reason) MUST_USE;
enum err courier_call_letters(struct client *client, struct arena *arena,
    struct courier_letters *ret_letters, struct reason *ret_reason) MUST_USE;
/* The PDF as a sealed memory file, to be closed by the caller; the spool's copy is gone. */
enum err courier_call_print(struct client *client, const struct courier_print *print, int *ret_fd,
    struct reason *ret_reason) MUST_USE;
