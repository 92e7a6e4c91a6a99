/* Every width of vector that the machine may have, and the choice of one. */
#ifndef FASTORDER_DISPATCH_H
#define FASTORDER_DISPATCH_H

#include "vectors.h"

#define MAGIC_BITS 0x4338000000000000        /* the bits of ROUND_WHOLE */
#define MAGNITUDE 0x7fffffffffffffff
#define MOST_VALUE 2199023255552.0           /* 2**41: BLOCK of them stay below 2**51 */

#if defined(__x86_64__)
#include <immintrin.h>

/* Not eight numbers: from memory they take longer than four, see docs/internals/house.md. */
#define LANES 4
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2")))
#define MIN_REALS(a, b) ((REALS)_mm256_min_pd((__m256d)(a), (__m256d)(b)))
#define MAX_REALS(a, b) ((REALS)_mm256_max_pd((__m256d)(a), (__m256d)(b)))
#include "lanes.h"
#endif

/* SSE2, NEON and whatever else the compiler makes of two numbers side by side. */
#define LANES 2
#define NAME(x) x##_portable
#define TARGET
#include "lanes.h"

/* ------------------------------------------------------------------ which of them */

/* The widest first; NULL where there are no more. */
static const char *lanes_name(int rank) {
#if defined(__x86_64__)
    static const char *names[] = {"avx2", "portable", NULL};
#else
    static const char *names[] = {"portable", NULL};
#endif
    return names[rank];
}

/* The loops of that name; NULL where the machine cannot run them. */
static const lanes_t *lanes_of(const char *name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!strcmp(name, "avx2") && __builtin_cpu_supports("avx2")) return &lanes_avx2;
#endif
    return strcmp(name, "portable") ? NULL : &lanes_portable;
}

#endif
