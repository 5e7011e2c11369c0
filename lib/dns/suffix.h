#pragma once
/* The public suffix list, its ICANN section only (BR 3.2.2.6): where a name's registrable part
 * begins. The list ages; load a newer file where there is one. */
#include "lib/dns/hostname.h"

struct suffix_list;

/* A list older than this is told of (doc/threats.md D20). */
#define SUFFIX_LIST_OLD_SECONDS (30 * INT64_C(86400))

/* From a file in the list's text or DAFSA form, or, with NULL or "", the one the libpsl package
 * carries. ERR_NOT_FOUND; ERR_INPUT for what is no list, or a text that was cut short: what a list
 * doesn't have may be asked for. */
enum err suffix_list_open(const char *path, struct suffix_list **ret_list) MUST_USE;
/* The same for a process that starts: what is wrong is "suffix_list.unusable", of the
 * configuration's validator.suffix_list, which all processes of a service go by. */
enum err suffix_list_load(
    const char *path, struct suffix_list **ret_list, struct reason *ret_reason) MUST_USE;
/* When it was made: by the day in its VERSION line, else by the file's time; seconds. */
int64_t suffix_list_time(const struct suffix_list *list);
void suffix_list_free(struct suffix_list *list);
AUTO_PTR_DEFINE(suffix_list, suffix_list_free)

/* True if the name (without "*.") is itself a public suffix: no wildcard below it, no certificate.
 */
bool suffix_list_holds(const struct suffix_list *list, const struct dns_name *name);
/* The public suffix and one label more, borrowed from `name`. ERR_NOT_FOUND if the name ends in no
 * suffix of the list (an internal name); ERR_DENIED if it is a suffix itself. */
enum err suffix_list_registrable(const struct suffix_list *list, const struct dns_name *name,
    const char **ret_registrable) MUST_USE;
/* The same two findings as reasons for people: "name.not_public" and "name.public_suffix". */
enum err suffix_list_check(const struct suffix_list *list, const struct dns_name *name,
    struct reason *ret_reason) MUST_USE;
