/* Clocks and print-out of the benchmarks. */
#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double measure_cpu(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double measure_wall(void)
{
    return seconds(CLOCK_MONOTONIC);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double measure_median(double *values, size_t count)
{
    qsort(values, count, sizeof values[0], compare);
    return values[count / 2];
}

void measure_print(const struct figure *figure, bool json)
{
    double ratio = figure->beside_value > 0 ? figure->value / figure->beside_value : 0;
    if (json) {
        printf("{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"%s\", \"beside\": %.1f, "
               "\"ratio\": %.3f}\n",
            figure->name, figure->value, figure->unit, figure->beside_value, ratio);
        return;
    }
    printf("%-28s %10.1f %-22s %6.1f %% of %s (%.1f)\n", figure->name, figure->value, figure->unit,
        100 * ratio, figure->beside, figure->beside_value);
}

bool measure_arguments(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        fprintf(stderr, "usage: %s [--json]\n", argv[0]);
        exit(64);
    }
    return json;
}
