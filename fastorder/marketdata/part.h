/* A part of a bar, and sums that do not depend on the order of their terms.
 *
 * A sum of prices times sizes must not depend on the order of its terms: bars made
 * live, in bulk, in chunks and from shorter bars are the same to the bit. So each term
 * is split at the point: a whole number, and a fraction that is rounded once to a
 * multiple of 2**-44. Both are added without any rounding, in whatever order.
 */
#ifndef FASTORDER_PART_H
#define FASTORDER_PART_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define ROUND_WHOLE 6755399441055744.0       /* 1.5 * 2**52: adding it rounds to 1 */
#define ROUND_FINE 384.0                     /* 1.5 * 2**8: adding it rounds to 2**-44 */
#define UPWARDS 0x1p-45                      /* half the step of a fraction */
#define MOST_ROUND 2251799813685248.0        /* 2**51: ROUND_WHOLE works below */
#define MOST_EXACT ((int64_t)1 << 50)        /* sizes that vectors take */
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

/* Why a tick is not taken. */
enum { FINE, LATE, BAD_SIZE, BAD_PRICE, BAD_SIDE, TOO_MUCH, TOO_OLD, TOO_NEW };

static inline double highest(double a, double b) { return a > b ? a : b; }
static inline double lowest(double a, double b) { return a < b ? a : b; }

/* ------------------------------------------------------------------ exact sums */

/* The nearest whole number, as rint; without a call where the processor's own
 * instruction may not be taken for granted. */
static inline double whole_of(double x) {
    return fabs(x) < MOST_ROUND ? (x + ROUND_WHOLE) - ROUND_WHOLE : rint(x);
}

/* Bring the fraction back within -0.5 and 0.5; a sum beyond 2**53 is not known. */
static inline void carry(part_t *part) {
    double over = whole_of(part->fraction);
    part->whole += over;
    part->fraction -= over;
    if (part->fraction == 0.5) {             /* one way only to write each sum */
        part->whole += 1;
        part->fraction = -0.5;
    }
    if (!(fabs(part->whole) < MOST_SUM)) part->whole = part->fraction = NAN;
}

static inline void add_value(part_t *part, double value) {
    double whole = whole_of(value);
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
    *whole = whole_of(near);
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

/* Add one tick to a part as one_tick and join_parts do, in fewer steps; 0, and nothing
 * changed, where that is not so plain. Infinite or no number times a size is the same, so
 * that the value tells of the price too. A half is carried upwards as carry does it, but
 * without a branch, for which way it goes is chance: the fraction is a multiple of
 * 2**-44, so that half of that more decides it and nothing else. */
static inline int add_plain_tick(part_t *sum, price_t price, int64_t size, int side,
                                 int is_whole) {
    double value = (is_whole ? (double)price.whole : price.real) * (double)size;
    int64_t volume;
    if (size <= 0 || side < -1 || side > 1 || !(fabs(value) < MOST_ROUND) ||
        __builtin_add_overflow(sum->volume, size, &volume))
        return 0;
    if (is_whole) {
        if (price.whole > sum->high.whole) sum->high = price;
        if (price.whole < sum->low.whole) sum->low = price;
    } else {
        price.real += 0.0;
        sum->high.real = highest(price.real, sum->high.real);
        sum->low.real = lowest(price.real, sum->low.real);
    }
    sum->close = price;
    sum->volume = volume;
    sum->ticks += 1;
    if (side > 0) sum->buy += size;
    if (side < 0) sum->sell += size;
    double whole = (value + ROUND_WHOLE) - ROUND_WHOLE;
    double fraction = sum->fraction + (((value - whole) + ROUND_FINE) - ROUND_FINE);
    double over = ((fraction + UPWARDS) + ROUND_WHOLE) - ROUND_WHOLE;
    whole = sum->whole + whole + over;
    fraction -= over;
    if (!(fabs(whole) < MOST_SUM)) whole = fraction = NAN;
    sum->whole = whole;
    sum->fraction = fraction;
    return 1;
}

#endif
