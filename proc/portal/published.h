#pragma once
/* A certificate as the repository shows it to everybody: only accepted ones, with their state. */
#include "lib/store/certificate.h"
#include "proc/portal/visit.h"

/* Enters the just accepted certificate into what the repository is searched by; called in the
 * transaction that accepts it, and may be run again. */
enum err published_enter(
    struct store *store, const struct visit *visit, const struct request_id *request) MUST_USE;
/* The accepted certificate with this serial; ERR_NOT_FOUND with "repository.none". */
enum err published_find(
    struct visit *visit, struct span serial, struct certificate_row *ret_row) MUST_USE;
/* What is said of it: names, organisation, SRN, issuer, serial, validity, state, links. */
enum err published_put(
    struct visit *visit, struct value *object, const struct certificate_row *row) MUST_USE;
/* A serial as people write it, hexadecimal with any separators: ERR_INPUT if it isn't. */
enum err serial_parse_hex(
    struct span text, uint8_t ret_bytes[SERIAL_MAX_BYTES], size_t *ret_len) MUST_USE;
/* The same, decimal. */
enum err serial_parse_decimal(
    struct span text, uint8_t ret_bytes[SERIAL_MAX_BYTES], size_t *ret_len) MUST_USE;
