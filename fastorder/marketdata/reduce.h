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
#ifdef __linux__
#include <sys/mman.h>
#endif

#define BLOCK 1024                           /* 2**9 halves in units of 2**-44 fit 53 bits */
#define ROUND_WHOLE 6755399441055744.0       /* 1.5 * 2**52: adding it rounds to 1 */
#define ROUND_FINE 384.0                     /* 1.5 * 2**8: adding it rounds to 2**-44 */
#define MAGIC_BITS 0x4338000000000000        /* the bits of ROUND_WHOLE */
#define MAGNITUDE 0x7fffffffffffffff
#define MOST_EXACT ((int64_t)1 << 50)        /* sizes that vectors take */
#define MOST_VALUE 2199023255552.0           /* 2**41: BLOCK of them stay below 2**51 */
#define MOST_SUM 9007199254740992.0          /* 2**53: a sum beyond is not known */

/* The memory that will be read soon; three columns at once outrun the processor's own
 * guesses. Past the end it does no harm. */
#define AHEAD(at) __builtin_prefetch((const char *)(at) + 16384)

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
    int (*plain_bars)(const int64_t *, const int64_t *, int64_t);
} lanes_t;

/* Why a tick is not taken. */
enum { FINE, LATE, BAD_SIZE, BAD_PRICE, BAD_SIDE, TOO_MUCH, TOO_OLD, TOO_NEW };

static inline double highest(double a, double b) { return a > b ? a : b; }
static inline double lowest(double a, double b) { return a < b ? a : b; }

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

/* ------------------------------------------------------------------ memory */

/* Ask for large pages where a column is long: the first touch of each small page costs
 * more than what is written to it. */
static inline void in_large_pages(char *memory, size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const size_t page = 4096;
    if (size < ((size_t)4 << 20)) return;
    size_t skipped = (page - ((uintptr_t)memory & (page - 1))) & (page - 1);
    madvise(memory + skipped, (size - skipped) & ~(page - 1), MADV_HUGEPAGE);
#else
    (void)memory, (void)size;
#endif
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

/* One block with vectors; 0, or -1 where it needs the careful way. */
static inline int join_block(const ticks_t *ticks, int64_t from, int64_t count,
                             part_t *sum) {
    part_t part;
    int64_t failed;
    part.buy = part.sell = 0;
    if (ticks->is_whole)
        failed = lanes->ticks_whole(ticks->time + from, (const int64_t *)ticks->price + from,
                                    ticks->size + from, count, &part);
    else
        failed = lanes->ticks_real(ticks->time + from, (const double *)ticks->price + from,
                                   ticks->size + from, count, &part);
    if (!failed && ticks->side)
        failed = lanes->sides(ticks->side + from, ticks->size + from, count, &part);
    if (failed) return -1;
    part.ticks = count;
    part.close = price_at(ticks, from + count - 1);
    if (!ticks->is_whole) {
        part.high.real += 0.0;
        part.low.real += 0.0;
        part.close.real += 0.0;
    }
    carry(&part);
    part_t before = *sum;
    if (join_parts(sum, &part, ticks->is_whole)) return 0;
    *sum = before;
    return -1;
}

/* Add the ticks from..to, which have one before them, to a part.
 *
 * Returns the index of the first tick that is not taken, or to; and why. */
static int64_t join_ticks(const ticks_t *ticks, int64_t from, int64_t to, part_t *sum,
                          int *why) {
    *why = FINE;
    while (from < to) {
        int64_t count = to - from < BLOCK ? to - from : BLOCK;
        if (join_block(ticks, from, count, sum)) {
            int64_t reached = join_slowly(ticks, from, from + count, sum, why);
            if (*why) return reached;
        }
        from += count;
    }
    return to;
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

static inline int64_t sum_of(const int64_t *x, int64_t n) {
    if (n >= 16) return lanes->sum(x, n);
    int64_t total = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        all |= x[i];
        if (__builtin_add_overflow(total, x[i], &total)) return -1;
    }
    return all < 0 ? -1 : total;
}

/* Few numbers are not worth a call. */
#define FEW 16

static inline double highest_real(const double *x, int64_t n) {
    if (n >= FEW) return lanes->highest_real(x, n);
    double best = x[0];
    for (int64_t i = 1; i < n; i++) best = highest(x[i], best);
    return best;
}

static inline double lowest_real(const double *x, int64_t n) {
    if (n >= FEW) return lanes->lowest_real(x, n);
    double best = x[0];
    for (int64_t i = 1; i < n; i++) best = lowest(x[i], best);
    return best;
}

static inline int64_t highest_whole(const int64_t *x, int64_t n) {
    if (n >= FEW) return lanes->highest_whole(x, n);
    int64_t best = x[0];
    for (int64_t i = 1; i < n; i++) best = x[i] > best ? x[i] : best;
    return best;
}

static inline int64_t lowest_whole(const int64_t *x, int64_t n) {
    if (n >= FEW) return lanes->lowest_whole(x, n);
    int64_t best = x[0];
    for (int64_t i = 1; i < n; i++) best = x[i] < best ? x[i] : best;
    return best;
}

static inline price_t highest_of(const void *x, int64_t from, int64_t n, int is_whole) {
    price_t best;
    if (is_whole) best.whole = highest_whole((const int64_t *)x + from, n);
    else best.real = highest_real((const double *)x + from, n);
    return best;
}

static inline price_t lowest_of(const void *x, int64_t from, int64_t n, int is_whole) {
    price_t best;
    if (is_whole) best.whole = lowest_whole((const int64_t *)x + from, n);
    else best.real = lowest_real((const double *)x + from, n);
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
    part->high = highest_of(bars->high, from, n, bars->is_whole);
    part->low = lowest_of(bars->low, from, n, bars->is_whole);
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

/* ------------------------------------------------------------------ many longer bars */

#define GROUPS 512

/* Bars that make one longer bar each. */
typedef struct {
    int64_t starts[GROUPS + 1];
    int64_t labels[GROUPS];
    int64_t count;
} groups_t;

static inline int64_t even_label(int64_t time, int64_t offset, int64_t length) {
    int64_t over = (time - offset) % length;
    return time - (over < 0 ? over + length : over);
}

/* The longer bars from one bar on that another bar follows. Most are as long as the one
 * before, so that two looks tell where they end. */
static void find_groups(const bars_t *bars, int64_t i, int64_t offset, int64_t length,
                        groups_t *groups) {
    const int64_t *time = bars->time;
    int64_t label = even_label(time[i], offset, length), step = 1, count = 0;
    while (count < GROUPS) {
        int64_t end = label + length, stop = i + step;
        if (stop >= bars->n || time[stop - 1] >= end || time[stop] < end) {
            stop = first_from(time, i, bars->n, end, step);
            if (stop >= bars->n) break;
            step = stop - i;
        }
        groups->starts[count] = i;
        groups->labels[count++] = label;
        i = stop;
        label = time[i] < end + length ? end : even_label(time[i], offset, length);
    }
    groups->starts[count] = i;
    groups->count = count;
}

static inline int64_t length_of(const groups_t *groups, int64_t g) {
    return groups->starts[g + 1] - groups->starts[g];
}

static void group_reals(const bars_t *bars, const groups_t *groups, char **columns) {
    double *high = (double *)columns[2], *low = (double *)columns[3];
    for (int64_t g = 0; g < groups->count; g++) {
        AHEAD((const char *)bars->high + 8 * groups->starts[g]);
        high[g] = highest_real((const double *)bars->high + groups->starts[g],
                               length_of(groups, g));
    }
    for (int64_t g = 0; g < groups->count; g++) {
        AHEAD((const char *)bars->low + 8 * groups->starts[g]);
        low[g] = lowest_real((const double *)bars->low + groups->starts[g],
                             length_of(groups, g));
    }
}

static void group_wholes(const bars_t *bars, const groups_t *groups, char **columns) {
    int64_t *high = (int64_t *)columns[2], *low = (int64_t *)columns[3];
    for (int64_t g = 0; g < groups->count; g++) {
        AHEAD((const char *)bars->high + 8 * groups->starts[g]);
        high[g] = highest_whole((const int64_t *)bars->high + groups->starts[g],
                                length_of(groups, g));
    }
    for (int64_t g = 0; g < groups->count; g++) {
        AHEAD((const char *)bars->low + 8 * groups->starts[g]);
        low[g] = lowest_whole((const int64_t *)bars->low + groups->starts[g],
                              length_of(groups, g));
    }
}

static void group_edges(const bars_t *bars, const groups_t *groups, char **columns) {
    int64_t *open = (int64_t *)columns[1], *close = (int64_t *)columns[4];
    for (int64_t g = 0; g < groups->count; g++) {
        AHEAD((const char *)bars->open + 8 * groups->starts[g]);
        AHEAD((const char *)bars->close + 8 * groups->starts[g]);
        open[g] = bar_price(bars->open, groups->starts[g]).whole;
        close[g] = bar_price(bars->close, groups->starts[g + 1] - 1).whole;
    }
    memcpy(columns[0], groups->labels, 8 * groups->count);
}

/* The sums of one column; 0 where one does not fit. */
static int group_sums(const int64_t *x, const groups_t *groups, int64_t *sums) {
    int64_t all = 0;
    for (int64_t g = 0; g < groups->count; g++)
        all |= sums[g] = sum_of(x + groups->starts[g], length_of(groups, g));
    return all >= 0;
}

static void group_values(const bars_t *bars, const groups_t *groups, double *near,
                         double *left) {
    for (int64_t g = 0; g < groups->count; g++) {
        part_t part;
        part.whole = part.fraction = 0;
        add_values(bars, groups->starts[g], groups->starts[g + 1], &part);
        split_value(&part, near + g, left + g);
        if (near[g] != near[g]) near[g] = left[g] = NAN;
    }
}

/* Longer bars into their columns, as far as nothing is out of the ordinary; where there
 * is something, none. Room for GROUPS is at each column, NULL where it is not kept. */
static void make_groups(const bars_t *bars, int64_t i, int64_t offset, int64_t length,
                        groups_t *groups, char **columns) {
    find_groups(bars, i, offset, length, groups);
    int64_t stop = groups->starts[groups->count];
    int fits = groups->count && lanes->plain_bars(bars->time + i, bars->volume + i, stop - i);
    if (fits) {
        group_edges(bars, groups, columns);
        (bars->is_whole ? group_wholes : group_reals)(bars, groups, columns);
        fits = group_sums(bars->volume, groups, (int64_t *)columns[5]);
    }
    if (fits && columns[6]) fits = group_sums(bars->ticks, groups, (int64_t *)columns[6]);
    if (fits && columns[7]) fits = group_sums(bars->buy, groups, (int64_t *)columns[7]);
    if (fits && columns[8]) fits = group_sums(bars->sell, groups, (int64_t *)columns[8]);
    if (fits && columns[9])
        group_values(bars, groups, (double *)columns[9], (double *)columns[10]);
    if (!fits) groups->count = 0;
}

#endif
