/* The calendar, by the days-from-civil arithmetic over eras of 400 years. */
#include "lib/base/clock.h"
#include "lib/base/limits.h"

#include <assert.h>
#include <stdio.h>

static int64_t system_now(void *ctx);
static int64_t boot_now(void *ctx);
static int64_t days_from_civil(int64_t year, int month, int day);
static int month_days(int year, int month);
static bool digits_parse(struct span text, size_t at, size_t count, int *ret_value);

struct clock clock_system(void)
{
    return (struct clock){ .now = system_now, .ctx = NULL };
}

int64_t clock_now(const struct clock *clock)
{
    return clock->now(clock->ctx);
}

static int64_t system_now(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

struct clock clock_boot(void)
{
    return (struct clock){ .now = boot_now, .ctx = NULL };
}

static int64_t boot_now(void *ctx)
{
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec;
}

int64_t clock_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct civil civil_from_time(int64_t time)
{
    int64_t days = time / DAY_SECONDS - (time % DAY_SECONDS < 0);
    int64_t second = time - days * DAY_SECONDS;
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        .hour = (int)(second / 3600),
        .minute = (int)(second / 60 % 60),
        .second = (int)(second % 60),
    };
}

enum err civil_to_time(const struct civil *civil, int64_t *ret_time)
{
    if (civil->year < 1 || civil->year > 9999 || civil->month < 1 || civil->month > 12 ||
        civil->day < 1 || civil->day > month_days(civil->year, civil->month) || civil->hour < 0 ||
        civil->hour > 23 || civil->minute < 0 || civil->minute > 59 || civil->second < 0 ||
        civil->second > 59) {
        return ERR_INPUT;
    }
    int64_t days = days_from_civil(civil->year, civil->month, civil->day);
    *ret_time = days * DAY_SECONDS + civil->hour * 3600 + civil->minute * 60 + civil->second;
    return OK;
}

static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

void time_format_rfc3339(int64_t time, char ret_text[TIME_TEXT_MAX])
{
    struct civil c = civil_from_time(time);
    snprintf(ret_text, TIME_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)c.year % 10000,
        (unsigned)c.month, (unsigned)c.day, (unsigned)c.hour, (unsigned)c.minute,
        (unsigned)c.second);
}

enum err time_parse_rfc3339(struct span text, int64_t *ret_time)
{
    struct civil c;
    if (text.len != 20 || text.data[4] != '-' || text.data[7] != '-' || text.data[10] != 'T' ||
        text.data[13] != ':' || text.data[16] != ':' || text.data[19] != 'Z' ||
        !digits_parse(text, 0, 4, &c.year) || !digits_parse(text, 5, 2, &c.month) ||
        !digits_parse(text, 8, 2, &c.day) || !digits_parse(text, 11, 2, &c.hour) ||
        !digits_parse(text, 14, 2, &c.minute) || !digits_parse(text, 17, 2, &c.second)) {
        return ERR_INPUT;
    }
    return civil_to_time(&c, ret_time);
}

static bool digits_parse(struct span text, size_t at, size_t count, int *ret_value)
{
    int value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (text.data[i] - '0');
    }
    *ret_value = value;
    return true;
}

void time_format_day(int64_t time, char ret_text[TIME_TEXT_MAX])
{
    struct civil c = civil_from_time(time);
    snprintf(ret_text, TIME_TEXT_MAX, "%02u/%02u/%04u", (unsigned)c.day, (unsigned)c.month,
        (unsigned)c.year % 10000);
}

int64_t time_add_year(int64_t time)
{
    struct civil c = civil_from_time(time);
    c.year++;
    if (c.day > month_days(c.year, c.month)) {
        c.day = month_days(c.year, c.month);
    }
    int64_t later = 0;
    enum err err = civil_to_time(&c, &later);
    assert(err == OK);
    return later;
}
