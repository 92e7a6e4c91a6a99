/* The inner loops that are there once for each width of vector, as a table. */
#ifndef FASTORDER_VECTORS_H
#define FASTORDER_VECTORS_H

#include "part.h"

#define BLOCK 1024                           /* 2**9 halves in units of 2**-44 fit 53 bits */

typedef struct {
    int64_t (*ticks_real)(const int64_t *, const double *, const int64_t *, int64_t, part_t *);
    int64_t (*ticks_whole)(const int64_t *, const int64_t *, const int64_t *, int64_t, part_t *);
    int64_t (*sides)(const int8_t *, const int64_t *, int64_t, part_t *);
    double (*highest_real)(const double *, int64_t);
    double (*lowest_real)(const double *, int64_t);
    int64_t (*highest_whole)(const int64_t *, int64_t);
    int64_t (*lowest_whole)(const int64_t *, int64_t);
    int64_t (*sum)(const int64_t *, int64_t);
    int (*plain_bars)(const int64_t *, const int64_t *, int64_t);
} lanes_t;

#endif
