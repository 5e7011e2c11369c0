#pragma once
/* Times of the week in which servers may be touched, by this host's clock: "Sat,Sun 02:00-04:00",
 * "Mon-Fri 22:00-05:00; Sun 00:00-24:00". An empty text is always. */
#include "lib/base/bytes.h"

enum { DEPLOY_SPANS_MAX = 8 };

struct deploy_window {
    struct {
        uint8_t days;   /* bit 0: Sunday; on which it begins */
        int begin, end; /* minutes of the day; an end before the beginning is of the next day */
    } spans[DEPLOY_SPANS_MAX];
    size_t count; /* 0: always */
};

/* ERR_INPUT. */
enum err deploy_window_parse(const char *text, struct deploy_window *ret_window) MUST_USE;
bool deploy_window_holds(const struct deploy_window *window, int64_t time);
/* When it begins next, to the minute; `time` itself while it holds. */
int64_t deploy_window_next(const struct deploy_window *window, int64_t time);
