#pragma once
/* What every benchmark shares: processor time, medians, and one way of reporting. */
#include <stdbool.h>
#include <stddef.h>

/* Seconds of processor time that this process has used, all threads together. */
double measure_cpu(void);
/* Seconds of the clock on the wall. */
double measure_wall(void);
/* The median; sorts `values`. */
double measure_median(double *values, size_t count);

/* One figure beside what it is measured against. */
struct figure {
    const char *name;
    double value;
    const char *unit;
    const char *beside; /* what it is compared with, for people: the name says it too */
    double beside_value;
};

/* A line for people, or with `json` an object {name, value, unit, beside, ratio}. */
void measure_print(const struct figure *figure, bool json);
/* True if the only argument is --json; ends the process with 64 for any other. */
bool measure_arguments(int argc, char **argv);
