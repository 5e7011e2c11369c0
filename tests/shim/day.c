/* Another day, preloaded into a program: its clock stands at DAY_AT (seconds since 1970), and what
 * it sleeps is a thirtieth of what it wants to. Deadlines, which go by the monotonic clock, stay.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

enum { HASTE = 30 };

#define REAL(result, name, ...)                                                                    \
    result (*real)(__VA_ARGS__) = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static time_t day(void)
{
    const char *at = getenv("DAY_AT");
    return at == NULL ? 0 : (time_t)strtoll(at, NULL, 10);
}

time_t time(time_t *ret_time)
{
    REAL(time_t, "time", time_t *);
    time_t now = day() != 0 ? day() : real(NULL);
    if (ret_time != NULL) {
        *ret_time = now;
    }
    return now;
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    if (clock == CLOCK_REALTIME && day() != 0) {
        *ret_time = (struct timespec){ .tv_sec = day() };
        return 0;
    }
    return real(clock, ret_time);
}

int gettimeofday(struct timeval *ret_time, void *zone)
{
    REAL(int, "gettimeofday", struct timeval *, void *);
    if (day() != 0) {
        *ret_time = (struct timeval){ .tv_sec = day() };
        return 0;
    }
    return real(ret_time, zone);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    REAL(int, "nanosleep", const struct timespec *, struct timespec *);
    long long whole = wanted->tv_sec * 1000000000LL + wanted->tv_nsec;
    const struct timespec shorter = { .tv_sec = (time_t)(whole / HASTE / 1000000000LL),
        .tv_nsec = (long)(whole / HASTE % 1000000000LL) };
    return real(&shorter, left);
}
