/* Days are English abbreviations in every language, as cron and systemd have them. */
#include "cli/ecert/deploy_window.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

enum { MINUTE = 60, DAY_MINUTES = 24 * 60, WEEK_MINUTES = 7 * DAY_MINUTES, EVERY_DAY = 0x7f };

static enum err span_parse(const char *text, struct deploy_window *window);
static bool days_parse(const char *text, uint8_t *ret_days);
static bool day_parse(const char **text, int *ret_day);
static bool minutes_parse(const char *text, int *ret_minutes);

enum err deploy_window_parse(const char *text, struct deploy_window *ret_window)
{
    char copy[256], *rest = copy;
    struct deploy_window window = { .count = 0 };
    if (strlen(text) >= sizeof copy) {
        return ERR_INPUT;
    }
    memcpy(copy, text, strlen(text) + 1);
    while (rest != NULL && rest[strspn(rest, " ")] != '\0') {
        char *piece = strsep(&rest, ";");
        TRY(span_parse(piece, &window));
    }
    *ret_window = window;
    return OK;
}

static enum err span_parse(const char *text, struct deploy_window *window)
{
    char first[64] = "", second[64] = "", times[64], more[2];
    int parts = sscanf(text, " %63s %63s %1s", first, second, more);
    bool days_given = parts == 2;
    uint8_t days = EVERY_DAY;
    int begin = 0, end = 0;
    snprintf(times, sizeof times, "%s", days_given ? second : first);
    char *dash = strchr(times, '-');
    if (parts < 1 || parts > 2 || dash == NULL || window->count == DEPLOY_SPANS_MAX ||
        (days_given && !days_parse(first, &days))) {
        return ERR_INPUT;
    }
    *dash = '\0';
    if (!minutes_parse(times, &begin) || !minutes_parse(dash + 1, &end) || begin == end ||
        begin == DAY_MINUTES) {
        return ERR_INPUT;
    }
    window->spans[window->count].days = days;
    window->spans[window->count].begin = begin;
    window->spans[window->count++].end = end;
    return OK;
}

/* "Sat,Sun", "Mon-Fri", "Fri-Mon". */
static bool days_parse(const char *text, uint8_t *ret_days)
{
    uint8_t days = 0;
    for (;;) {
        int first, last;
        if (!day_parse(&text, &first)) {
            return false;
        }
        last = first;
        if (*text == '-') {
            text++;
            if (!day_parse(&text, &last)) {
                return false;
            }
        }
        for (int day = first;; day = (day + 1) % 7) {
            days |= (uint8_t)(1 << day);
            if (day == last) {
                break;
            }
        }
        if (*text != ',') {
            break;
        }
        text++;
    }
    *ret_days = days;
    return *text == '\0';
}

static bool day_parse(const char **text, int *ret_day)
{
    static const char *const names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    for (int i = 0; i < 7; i++) {
        if (strncasecmp(*text, names[i], 3) == 0) {
            *ret_day = i;
            *text += 3;
            return true;
        }
    }
    return false;
}

/* "00:00" to "24:00". */
static bool minutes_parse(const char *text, int *ret_minutes)
{
    bool formed = strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789") == 2 &&
                  strspn(text + 3, "0123456789") == 2;
    if (!formed) {
        return false;
    }
    int hours = (text[0] - '0') * 10 + text[1] - '0';
    int minutes = (text[3] - '0') * 10 + text[4] - '0';
    *ret_minutes = hours * MINUTE + minutes;
    return hours <= 24 && minutes < MINUTE && *ret_minutes <= DAY_MINUTES;
}

bool deploy_window_holds(const struct deploy_window *window, int64_t time)
{
    struct tm local;
    time_t moment = (time_t)time;
    if (window->count == 0 || localtime_r(&moment, &local) == NULL) {
        return window->count == 0;
    }
    int now = local.tm_hour * MINUTE + local.tm_min;
    int yesterday = (local.tm_wday + 6) % 7;
    for (size_t i = 0; i < window->count; i++) {
        int begin = window->spans[i].begin, end = window->spans[i].end;
        bool today = (window->spans[i].days >> local.tm_wday & 1) != 0;
        bool before = (window->spans[i].days >> yesterday & 1) != 0;
        bool over_night = end < begin;
        if ((today && now >= begin && (over_night || now < end)) ||
            (before && over_night && now < end)) {
            return true;
        }
    }
    return false;
}

/* A week and a day, so that a change of the clock can't hide a span. */
int64_t deploy_window_next(const struct deploy_window *window, int64_t time)
{
    int64_t moment = time;
    for (int i = 0; i <= WEEK_MINUTES + DAY_MINUTES; i++) {
        if (deploy_window_holds(window, moment)) {
            return moment;
        }
        moment = (moment / MINUTE + 1) * MINUTE;
    }
    return moment;
}
