/* Many ticks at once: their sum, and where a bar ends among them. */
#ifndef FASTORDER_TICKS_H
#define FASTORDER_TICKS_H

#include "part.h"
#include "vectors.h"

typedef struct {
    const int64_t *time;
    const void *price;                       /* double or int64_t */
    const int64_t *size;
    const int8_t *side;                      /* NULL where it is not known */
    int64_t n;
    int is_whole;
    const lanes_t *lanes;
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
        failed = ticks->lanes->ticks_whole(ticks->time + from,
                                           (const int64_t *)ticks->price + from,
                                           ticks->size + from, count, &part);
    else
        failed = ticks->lanes->ticks_real(ticks->time + from,
                                          (const double *)ticks->price + from,
                                          ticks->size + from, count, &part);
    if (!failed && ticks->side)
        failed = ticks->lanes->sides(ticks->side + from, ticks->size + from, count, &part);
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

#endif
