/* Labels with their lengths become a text with full stops, and that a host name or nothing. */
#include "lib/dns/alias.h"

enum { LENGTH_MAX = HOST_LABEL_MAX_LENGTH };

enum err dns_alias_parse(struct span rdata, struct dns_name *ret_target)
{
    char text[HOST_NAME_MAX_LENGTH + 1];
    size_t len = 0, at = 0;
    while (at < rdata.len && rdata.data[at] != 0) {
        size_t label = rdata.data[at];
        if (label > LENGTH_MAX || label >= rdata.len - at ||
            len + label + 1 > HOST_NAME_MAX_LENGTH) {
            return ERR_INPUT;
        }
        struct span bytes = span_make(rdata.data + at + 1, label);
        /* A full stop within a label would be read as the border of two. */
        if (memchr(bytes.data, '.', bytes.len) != NULL) {
            return ERR_INPUT;
        }
        text[len] = '.';
        len += len > 0;
        memcpy(text + len, bytes.data, label);
        len += label;
        at += label + 1;
    }
    if (at + 1 != rdata.len) {
        return ERR_INPUT;
    }
    struct dns_name target;
    enum err err = dns_name_parse(span_make(text, len), DNS_NAME_HOST, &target, NULL);
    if (err != OK) {
        return err;
    }
    *ret_target = target;
    return OK;
}
