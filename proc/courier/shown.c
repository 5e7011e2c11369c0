/* Names for people. */
#include "proc/courier/shown.h"

#include "lib/dns/hostname.h"

const char *server_name_shown(struct arena *arena, const char *ascii)
{
    struct dns_name name;
    char unicode[HOST_NAME_UNICODE_MAX];
    struct span typed = span_from_text(ascii);
    if (dns_name_parse(typed, DNS_NAME_HOST_OR_WILDCARD, &name, /* ret_reason= */ NULL) != OK) {
        return arena_text(arena, typed);
    }
    dns_name_to_unicode(&name, unicode);
    bool same = strcmp(unicode, name.text) == 0;
    return same ? arena_text(arena, typed) : arena_format(arena, "%s (%s)", unicode, name.text);
}
