#pragma once
/* Time: seconds since 1970-01-01T00:00:00Z as int64_t, always UTC, and the calendar around it.
 * Code that needs the present takes a `struct clock`, so that tests can be at any date. */
#include "lib/base/bytes.h"

struct clock {
    int64_t (*now)(void *ctx);
    void *ctx;
};

/* The machine's clock. */
struct clock clock_system(void);
int64_t clock_now(const struct clock *clock);
/* Seconds since boot, sleep included: no one sets it. */
struct clock clock_boot(void);
/* Monotonic milliseconds, for deadlines only. */
int64_t clock_monotonic_ms(void);

struct civil {
    int year, month, day, hour, minute, second;
};

/* Proleptic Gregorian calendar, years 1 to 9999. */
struct civil civil_from_time(int64_t time);
/* ERR_INPUT for a date or time of day that doesn't exist (a 60th second included). */
enum err civil_to_time(const struct civil *civil, int64_t *ret_time) MUST_USE;

enum { TIME_TEXT_MAX = 32 };
/* "2026-11-23T01:02:03Z" (RFC 3339). */
void time_format_rfc3339(int64_t time, char ret_text[TIME_TEXT_MAX]);
enum err time_parse_rfc3339(struct span text, int64_t *ret_time) MUST_USE;
/* "23/11/2026", as the guide's certificate page prints a day (UTC). */
void time_format_day(int64_t time, char ret_text[TIME_TEXT_MAX]);
/* The same day and time of day a year later; 29 February becomes 28 February. */
int64_t time_add_year(int64_t time);
