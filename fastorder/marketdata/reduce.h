/* Reductions over columns, with every width of vector that the machine may have.
 *
 * A sum of prices times sizes must not depend on the order of its terms: bars made
 * live, in bulk, in chunks and from shorter bars are the same to the bit. So each term
 * is split at the point: a whole number, and a fraction that is rounded once to a
 * multiple of 2**-44. Both are added without any rounding, in whatever order.
 */
#ifndef FASTORDER_REDUCE_H
#define FASTORDER_REDUCE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 1024                           /* 2**9 halves in units of 2**-44 fit 53 bits */
#define ROUND_WHOLE 6755399441055744.0       /* 1.5 * 2**52: adding it rounds to 1 */
#define ROUND_FINE 384.0                     /* 1.5 * 2**8: adding it rounds to 2**-44 */
#define MAGIC_BITS 0x4338000000000000        /* the bits of ROUND_WHOLE */
#define MAGNITUDE 0x7fffffffffffffff
#define MOST_EXACT ((int64_t)1 << 50)        /* sizes that vectors take */
#define MOST_VALUE 2199023255552.0           /* 2**41: BLOCK of them stay below 2**51 */
#define MOST_SUM 9007199254740992.0          /* 2**53: a sum beyond is not known */

typedef union { double real; int64_t whole; } price_t;

/* What some ticks amount to. */
typedef struct {
    price_t open, high, low, close;
    int64_t volume, ticks, buy, sell;
    double whole, fraction;                  /* fraction within -0.5 and 0.5 */
} part_t;

typedef struct {
    int64_t (*ticks_real)(const int64_t *, const double *, const int64_t *, int64_t, part_t *);
    int64_t (*ticks_whole)(const int64_t *, const int64_t *, const int64_t *, int64_t, part_t *);
    int64_t (*sides)(const int8_t *, const int64_t *, int64_t, part_t *);
    double (*highest_real)(const double *, int64_t);
    double (*lowest_real)(const double *, int64_t);
    int64_t (*highest_whole)(const int64_t *, int64_t);
    int64_t (*lowest_whole)(const int64_t *, int64_t);
    int64_t (*sum)(const int64_t *, int64_t);
} lanes_t;

/* Why a tick is not taken. */
enum { FINE, LATE, BAD_SIZE, BAD_PRICE, BAD_SIDE, TOO_MUCH, TOO_OLD, TOO_NEW };

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw")))
#define MIN_REALS(a, b) ((REALS)_mm512_min_pd((__m512d)(a), (__m512d)(b)))
#define MAX_REALS(a, b) ((REALS)_mm512_max_pd((__m512d)(a), (__m512d)(b)))
#define MIN_INTS(a, b) ((INTS)_mm512_min_epi64((__m512i)(a), (__m512i)(b)))
#define MAX_INTS(a, b) ((INTS)_mm512_max_epi64((__m512i)(a), (__m512i)(b)))
#include "lanes.h"

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

static const lanes_t *lanes = &lanes_portable;

/* The widest first; NULL where there are no more. */
static const char *lanes_name(int rank) {
#if defined(__x86_64__)
    static const char *names[] = {"avx512", "avx2", "portable", NULL};
#else
    static const char *names[] = {"portable", NULL};
#endif
    return names[rank];
}

static const lanes_t *lanes_of(const char *name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!strcmp(name, "avx512") && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
        return &lanes_avx512;
    if (!strcmp(name, "avx2") && __builtin_cpu_supports("avx2")) return &lanes_avx2;
#endif
    return strcmp(name, "portable") ? NULL : &lanes_portable;
}

static int use_lanes(const char *name) {
    const lanes_t *found = lanes_of(name);
    if (found) lanes = found;
    return found != NULL;
}

/* ------------------------------------------------------------------ exact sums */

/* Bring the fraction back within -0.5 and 0.5; a sum beyond 2**53 is not known. */
static inline void carry(part_t *part) {
    double over = rint(part->fraction);
    part->whole += over;
    part->fraction -= over;
    if (part->fraction == 0.5) {             /* one way only to write each sum */
        part->whole += 1;
        part->fraction = -0.5;
    }
    if (!(fabs(part->whole) < MOST_SUM)) part->whole = part->fraction = NAN;
}

static inline void add_value(part_t *part, double value) {
    double whole = rint(value);
    double rest = value - whole;
    part->whole += whole;
    part->fraction += (rest + ROUND_FINE) - ROUND_FINE;
    carry(part);
}

/* A sum as the nearest double, and what is left of it. */
static inline void split_value(const part_t *part, double *near, double *left) {
    *near = part->whole + part->fraction;
    *left = part->fraction - (*near - part->whole);
}

/* The sum that split_value has split. */
static inline void join_value(double near, double left, double *whole, double *fraction) {
    *whole = rint(near);
    *fraction = (near - *whole) + left;
}

/* ------------------------------------------------------------------ parts of bars */

static inline double highest(double a, double b) { return a > b ? a : b; }
static inline double lowest(double a, double b) { return a < b ? a : b; }

/* Add a later part to an earlier one; whether its volume still fits. */
static inline int join_parts(part_t *sum, const part_t *more, int is_whole) {
    if (is_whole) {
        if (more->high.whole > sum->high.whole) sum->high = more->high;
        if (more->low.whole < sum->low.whole) sum->low = more->low;
    } else {
        sum->high.real = highest(more->high.real, sum->high.real);
        sum->low.real = lowest(more->low.real, sum->low.real);
    }
    sum->close = more->close;
    sum->ticks += more->ticks;
    sum->buy += more->buy;                   /* at most the volume, which is checked */
    sum->sell += more->sell;
    sum->whole += more->whole;
    sum->fraction += more->fraction;
    carry(sum);
    return !__builtin_add_overflow(sum->volume, more->volume, &sum->volume);
}

static inline int is_price(price_t price, int is_whole) {
    return is_whole || price.real - price.real == 0;
}

/* The part that one tick is. Minus zero becomes zero, so that equal prices are equal to
 * the bit. */
static inline int one_tick(part_t *part, price_t price, int64_t size, int side,
                           int is_whole) {
    if (size <= 0) return BAD_SIZE;
    if (!is_price(price, is_whole)) return BAD_PRICE;
    if (side < -1 || side > 1) return BAD_SIDE;
    if (!is_whole) price.real += 0.0;
    part->open = part->high = part->low = part->close = price;
    part->volume = size;
    part->ticks = 1;
    part->buy = side > 0 ? size : 0;
    part->sell = side < 0 ? size : 0;
    part->whole = part->fraction = 0;
    add_value(part, (is_whole ? (double)price.whole : price.real) * (double)size);
    return FINE;
}

/* ------------------------------------------------------------------ many ticks */

typedef struct {
    const int64_t *time;
    const void *price;                       /* double or int64_t */
    const int64_t *size;
    const int8_t *side;                      /* NULL where it is not known */
    int64_t n;
    int is_whole;
} ticks_t;

static inline price_t price_at(const ticks_t *ticks, int64_t i) {
    price_t price;
    memcpy(&price, (const char *)ticks->price + 8 * i, 8);
    return price;
}

static inline int side_at(const ticks_t *ticks, int64_t i) {
    return ticks->side ? ticks->side[i] : 0;
}

/* Tick after tick, up to the first that is not taken; its index, and why. */
static int64_t join_slowly(const ticks_t *ticks, int64_t from, int64_t to, part_t *sum,
                           int *why) {
    part_t one, before;
    for (int64_t i = from; i < to; i++) {
        if (ticks->time[i] < ticks->time[i - 1]) return *why = LATE, i;
        *why = one_tick(&one, price_at(ticks, i), ticks->size[i], side_at(ticks, i),
                        ticks->is_whole);
        if (*why) return i;
        before = *sum;
        if (!join_parts(sum, &one, ticks->is_whole)) {
            *sum = before;
            return *why = TOO_MUCH, i;
        }
    }
    return to;
}

/* One block with vectors: how many ticks, or -1 where it needs the careful way. */
static inline int64_t join_block(const ticks_t *ticks, int64_t from, int64_t count,
                                 part_t *sum) {
    part_t part = {.high = sum->high, .low = sum->low};
    int64_t done;
    if (ticks->is_whole)
        done = lanes->ticks_whole(ticks->time + from, (const int64_t *)ticks->price + from,
                                  ticks->size + from, count, &part);
    else
        done = lanes->ticks_real(ticks->time + from, (const double *)ticks->price + from,
                                 ticks->size + from, count, &part);
    if (done <= 0) return done;
    if (ticks->side &&
        lanes->sides(ticks->side + from, ticks->size + from, done, &part) < 0)
        return -1;
    if (!ticks->is_whole) {
        part.high.real += 0.0;
        part.low.real += 0.0;
    }
    part.ticks = done;
    part.close = price_at(ticks, from + done - 1);
    if (!ticks->is_whole) part.close.real += 0.0;
    carry(&part);
    part_t before = *sum;
    if (join_parts(sum, &part, ticks->is_whole)) return done;
    *sum = before;
    return -1;
}

/* Add the ticks from..to, which have one before them, to a part.
 *
 * Returns the index of the first tick that is not taken, or to; and why. */
static int64_t join_ticks(const ticks_t *ticks, int64_t from, int64_t to, part_t *sum,
                          int *why) {
    *why = FINE;
    while (to - from >= 16) {
        int64_t count = to - from < BLOCK ? to - from : BLOCK;
        int64_t done = join_block(ticks, from, count, sum);
        if (done < 0) {
            int64_t reached = join_slowly(ticks, from, from + count, sum, why);
            if (*why) return reached;
            done = count;
        }
        from += done;
    }
    return join_slowly(ticks, from, to, sum, why);
}

/* The first index from ``from`` on whose time is ``end_ns`` or later; n where none is.
 * Times are taken to be in order; join_ticks checks them. */
static inline int64_t first_from(const int64_t *time, int64_t from, int64_t n,
                                 int64_t end_ns, int64_t guess) {
    int64_t low = from, step = guess > 0 ? guess : 1, high;
    /* low is before the end; gallop until high is not */
    for (;;) {
        high = low + step;
        if (high >= n) { high = n; break; }
        if (time[high] >= end_ns) break;
        low = high;
        step *= 2;
    }
    /* the guess may have gone far past the end: come back from there as it went */
    if (high - low > 32 && guess > 0) {
        for (step = 8; high - step > low; step *= 4) {
            if (time[high - step] < end_ns) { low = high - step; break; }
            high -= step;
        }
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (time[middle] >= end_ns) high = middle;
        else low = middle;
    }
    return high;
}

/* ------------------------------------------------------------------ many bars */

static int64_t sum_of(const int64_t *x, int64_t n) {
    if (n >= 16) return lanes->sum(x, n);
    int64_t total = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        all |= x[i];
        if (__builtin_add_overflow(total, x[i], &total)) return -1;
    }
    return all < 0 ? -1 : total;
}

static price_t highest_of(const void *x, int64_t n, int is_whole) {
    price_t best;
    if (is_whole) {
        const int64_t *whole = x;
        if (n >= 16) return best.whole = lanes->highest_whole(whole, n), best;
        best.whole = whole[0];
        for (int64_t i = 1; i < n; i++)
            best.whole = whole[i] > best.whole ? whole[i] : best.whole;
        return best;
    }
    const double *real = x;
    if (n >= 16) return best.real = lanes->highest_real(real, n), best;
    best.real = real[0];
    for (int64_t i = 1; i < n; i++) best.real = highest(real[i], best.real);
    return best;
}

static price_t lowest_of(const void *x, int64_t n, int is_whole) {
    price_t best;
    if (is_whole) {
        const int64_t *whole = x;
        if (n >= 16) return best.whole = lanes->lowest_whole(whole, n), best;
        best.whole = whole[0];
        for (int64_t i = 1; i < n; i++)
            best.whole = whole[i] < best.whole ? whole[i] : best.whole;
        return best;
    }
    const double *real = x;
    if (n >= 16) return best.real = lanes->lowest_real(real, n), best;
    best.real = real[0];
    for (int64_t i = 1; i < n; i++) best.real = lowest(real[i], best.real);
    return best;
}

typedef struct {
    const int64_t *time;
    const void *open, *high, *low, *close;   /* double or int64_t */
    const int64_t *volume;
    const int64_t *ticks, *buy, *sell;       /* NULL where they are not known */
    const double *value, *left;              /* NULL where it is not known */
    int64_t n;
    int is_whole;
} bars_t;

static inline price_t bar_price(const void *column, int64_t i) {
    price_t price;
    memcpy(&price, (const char *)column + 8 * i, 8);
    return price;
}

/* A bar without a trade: its prices are those of the bar before it. */
static inline int is_empty(const part_t *part, int is_whole) {
    if (part->volume) return 0;
    return is_whole ? part->high.whole == part->low.whole
                    : part->high.real == part->low.real;
}

static void add_values(const bars_t *bars, int64_t from, int64_t to, part_t *part) {
    for (int64_t i = from; i < to; i++) {
        double whole, fraction;
        join_value(bars->value[i], bars->left[i], &whole, &fraction);
        part->whole += whole;
        part->fraction += fraction;
        if (!(i & 63)) carry(part);
    }
    carry(part);
}

/* What the bars from..to amount to, none of them empty. */
static int part_of_full_bars(const bars_t *bars, int64_t from, int64_t to, part_t *part) {
    int64_t n = to - from;
    memset(part, 0, sizeof *part);
    part->open = bar_price(bars->open, from);
    part->high = highest_of((const char *)bars->high + 8 * from, n, bars->is_whole);
    part->low = lowest_of((const char *)bars->low + 8 * from, n, bars->is_whole);
    part->close = bar_price(bars->close, to - 1);
    part->volume = sum_of(bars->volume + from, n);
    if (bars->ticks) part->ticks = sum_of(bars->ticks + from, n);
    if (bars->buy) part->buy = sum_of(bars->buy + from, n);
    if (bars->sell) part->sell = sum_of(bars->sell + from, n);
    if (bars->value) add_values(bars, from, to, part);
    if (part->volume < 0 || part->ticks < 0 || part->buy < 0 || part->sell < 0)
        return TOO_MUCH;
    return FINE;
}

/* What the bars from..to amount to; empty ones count only where all are empty. */
static int part_of_bars(const bars_t *bars, int64_t from, int64_t to, part_t *part) {
    int64_t empty = 0;
    for (int64_t i = from; i < to; i++) empty += bars->volume[i] == 0;
    if (!empty) return part_of_full_bars(bars, from, to, part);
    part_t one;
    int why = part_of_full_bars(bars, from, from + 1, part);
    for (int64_t i = from + 1; i < to && !why; i++) {
        why = part_of_full_bars(bars, i, i + 1, &one);
        if (why || is_empty(&one, bars->is_whole)) continue;
        if (is_empty(part, bars->is_whole)) *part = one;
        else if (!join_parts(part, &one, bars->is_whole)) why = TOO_MUCH;
    }
    return why;
}

#endif
