/* Texts out of the DNS. */
#include "lib/dns/txt.h"

enum err txt_join(struct span rdata, struct buf *text)
{
    if (rdata.len == 0) {
        return ERR_INPUT;
    }
    for (size_t at = 0; at < rdata.len; at += 1u + rdata.data[at]) {
        if (rdata.data[at] >= rdata.len - at) {
            return ERR_INPUT;
        }
    }
    for (size_t at = 0; at < rdata.len; at += 1u + rdata.data[at]) {
        buf_append(text, span_make(rdata.data + at + 1, rdata.data[at]));
    }
    return buf_check(text);
}

void txt_excerpt(struct span text, char *ret_excerpt, size_t size)
{
    size_t length = text.len < size ? text.len : size - 1;
    for (size_t i = 0; i < length; i++) {
        bool printable = text.data[i] >= 0x20 && text.data[i] <= 0x7e;
        ret_excerpt[i] = printable ? (char)text.data[i] : '?';
    }
    ret_excerpt[length] = '\0';
}
