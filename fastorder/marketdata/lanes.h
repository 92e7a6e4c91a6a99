/* The inner loops, for one vector width. reduce.h includes this once for each.
 *
 * LANES   numbers of 64 bits that one vector holds
 * NAME(x) the name of a function or type for this width
 * TARGET  the attribute that lets the compiler use the instructions
 */

typedef double NAME(reals) __attribute__((vector_size(8 * LANES)));
typedef int64_t NAME(ints) __attribute__((vector_size(8 * LANES)));
typedef uint64_t NAME(words) __attribute__((vector_size(8 * LANES)));
typedef int8_t NAME(bytes) __attribute__((vector_size(LANES)));

#define REALS NAME(reals)
#define INTS NAME(ints)
#define WORDS NAME(words)
#define PLUS(a, b) ((INTS)((WORDS)(a) + (uint64_t)(b)))
#define ADD(a, b) ((INTS)((WORDS)(a) + (WORDS)(b)))
#define LOAD(type, at) ({ type loaded_; memcpy(&loaded_, (at), sizeof loaded_); loaded_; })
#define PICK(mask, a, b) (((mask) & (a)) | (~(mask) & (b)))
#define PICK_REALS(mask, a, b) ((REALS)PICK(mask, (INTS)(a), (INTS)(b)))

#ifndef MIN_REALS
#define MIN_REALS(a, b) PICK_REALS((a) < (b), a, b)
#define MAX_REALS(a, b) PICK_REALS((a) > (b), a, b)
#endif
#define MIN_INTS(a, b) PICK((a) < (b), a, b)
#define MAX_INTS(a, b) PICK((a) > (b), a, b)

TARGET static inline int64_t NAME(any)(INTS mask) {
    int64_t any = 0;
    for (int lane = 0; lane < LANES; lane++) any |= mask[lane];
    return any;
}

/* What a block of ticks amounts to; -1 where it needs the careful way. A block has from
 * one to BLOCK ticks, and a tick stands before it. */
TARGET static int64_t NAME(ticks_real)(const int64_t *time, const double *price,
                                       const int64_t *size, int64_t n, part_t *part) {
    const INTS no_sum = {0};
    const REALS magic = (REALS){0} + ROUND_WHOLE, fine = (REALS){0} + ROUND_FINE;
    INTS volume = no_sum, bits = no_sum, wrong = no_sum;
    REALS high = (REALS){0} + price[0], low = high;
    REALS whole = {0}, rest = {0}, largest = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        REALS p = LOAD(REALS, price + i);
        INTS s = LOAD(INTS, size + i);
        AHEAD(time + i);
        AHEAD(price + i);
        AHEAD(size + i);
        wrong |= LOAD(INTS, time + i) < LOAD(INTS, time + i - 1);
        wrong |= s | PLUS(s, -1);
        bits |= s;
        volume = ADD(volume, s);
        high = MAX_REALS(p, high);
        low = MIN_REALS(p, low);
        REALS x = p * ((REALS)PLUS(s, MAGIC_BITS) - magic);
        REALS part_whole = (x + magic) - magic;
        REALS part_rest = x - part_whole;
        whole += part_whole;
        rest += (part_rest + fine) - fine;
        x = (REALS)((INTS)x & MAGNITUDE);
        largest = MAX_REALS(x, largest);
    }
    double most = 0, fraction = 0, total = 0, top = price[0], bottom = price[0];
    int64_t all = 0, count = 0, bad = NAME(any)(wrong);
    for (; i < n; i++) {
        bad |= time[i] < time[i - 1] ? -1 : 0;
        bad |= size[i] | (int64_t)((uint64_t)size[i] - 1);
        all |= size[i];
        count = (int64_t)((uint64_t)count + (uint64_t)size[i]);
        top = highest(price[i], top);
        bottom = lowest(price[i], bottom);
        double x = price[i] * (double)size[i];
        double x_whole = (x + ROUND_WHOLE) - ROUND_WHOLE;
        total += x_whole;
        fraction += ((x - x_whole) + ROUND_FINE) - ROUND_FINE;
        most = highest(fabs(x), most);
    }
    for (int lane = 0; lane < LANES; lane++) {
        all |= bits[lane];
        count = (int64_t)((uint64_t)count + (uint64_t)volume[lane]);
        total += whole[lane];
        fraction += rest[lane];
        most = highest(largest[lane], most);
        top = highest(high[lane], top);
        bottom = lowest(low[lane], bottom);
    }
    if (bad < 0 || all >= MOST_EXACT || !(most <= MOST_VALUE) || fraction != fraction)
        return -1;
    part->volume = count;
    part->whole = total;
    part->fraction = fraction;
    part->high.real = top;
    part->low.real = bottom;
    return 0;
}

/* The same for prices in whole ticks. */
TARGET static int64_t NAME(ticks_whole)(const int64_t *time, const int64_t *price,
                                        const int64_t *size, int64_t n, part_t *part) {
    const INTS no_sum = {0};
    const REALS magic = (REALS){0} + ROUND_WHOLE;
    INTS volume = no_sum, bits = no_sum, wrong = no_sum;
    INTS high = no_sum + price[0], low = high;
    REALS whole = {0}, largest = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        INTS p = LOAD(INTS, price + i);
        INTS s = LOAD(INTS, size + i);
        AHEAD(time + i);
        AHEAD(price + i);
        AHEAD(size + i);
        wrong |= LOAD(INTS, time + i) < LOAD(INTS, time + i - 1);
        wrong |= s | PLUS(s, -1);
        bits |= s;
        volume = ADD(volume, s);
        high = MAX_INTS(p, high);
        low = MIN_INTS(p, low);
        REALS x = ((REALS)PLUS(p, MAGIC_BITS) - magic) * ((REALS)PLUS(s, MAGIC_BITS) - magic);
        whole += x;
        x = (REALS)((INTS)x & MAGNITUDE);
        largest = MAX_REALS(x, largest);
    }
    double most = 0, total = 0;
    int64_t all = 0, count = 0, bad = NAME(any)(wrong), top = price[0], bottom = price[0];
    for (; i < n; i++) {
        bad |= time[i] < time[i - 1] ? -1 : 0;
        bad |= size[i] | (int64_t)((uint64_t)size[i] - 1);
        all |= size[i];
        count = (int64_t)((uint64_t)count + (uint64_t)size[i]);
        if (price[i] > top) top = price[i];
        if (price[i] < bottom) bottom = price[i];
        double x = (double)price[i] * (double)size[i];
        total += x;
        most = highest(fabs(x), most);
    }
    for (int lane = 0; lane < LANES; lane++) {
        all |= bits[lane];
        count = (int64_t)((uint64_t)count + (uint64_t)volume[lane]);
        total += whole[lane];
        most = highest(largest[lane], most);
        if (high[lane] > top) top = high[lane];
        if (low[lane] < bottom) bottom = low[lane];
    }
    if (bad < 0 || all >= MOST_EXACT || !(most <= MOST_VALUE) || top >= MOST_EXACT ||
        bottom <= -MOST_EXACT)
        return -1;
    part->volume = count;
    part->whole = total;
    part->fraction = 0;
    part->high.whole = top;
    part->low.whole = bottom;
    return 0;
}

/* Sizes of buyers and of sellers; sizes are known to be small and positive. */
TARGET static int64_t NAME(sides)(const int8_t *side, const int64_t *size, int64_t n,
                                  part_t *part) {
    INTS buy = {0}, sell = {0}, strange = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        INTS s = LOAD(INTS, size + i);
        INTS way = __builtin_convertvector(LOAD(NAME(bytes), side + i), INTS);
        buy += s & (way > 0);
        sell += s & (way < 0);
        strange |= (way > 1) | (way < -1);
    }
    int64_t odd = NAME(any)(strange);
    for (; i < n; i++) {
        odd |= side[i] > 1 || side[i] < -1;
        part->buy += side[i] > 0 ? size[i] : 0;
        part->sell += side[i] < 0 ? size[i] : 0;
    }
    for (int lane = 0; lane < LANES; lane++) {
        part->buy += buy[lane];
        part->sell += sell[lane];
    }
    return odd ? -1 : 0;
}

TARGET static double NAME(highest_real)(const double *x, int64_t n) {
    REALS best = (REALS){0} + x[0];
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) best = MAX_REALS(LOAD(REALS, x + i), best);
    double one = best[0];
    for (int lane = 1; lane < LANES; lane++) one = best[lane] > one ? best[lane] : one;
    for (; i < n; i++) one = x[i] > one ? x[i] : one;
    return one;
}

TARGET static double NAME(lowest_real)(const double *x, int64_t n) {
    REALS best = (REALS){0} + x[0];
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) best = MIN_REALS(LOAD(REALS, x + i), best);
    double one = best[0];
    for (int lane = 1; lane < LANES; lane++) one = best[lane] < one ? best[lane] : one;
    for (; i < n; i++) one = x[i] < one ? x[i] : one;
    return one;
}

TARGET static int64_t NAME(highest_whole)(const int64_t *x, int64_t n) {
    INTS best = (INTS){0} + x[0];
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) best = MAX_INTS(LOAD(INTS, x + i), best);
    int64_t one = best[0];
    for (int lane = 1; lane < LANES; lane++) one = best[lane] > one ? best[lane] : one;
    for (; i < n; i++) one = x[i] > one ? x[i] : one;
    return one;
}

TARGET static int64_t NAME(lowest_whole)(const int64_t *x, int64_t n) {
    INTS best = (INTS){0} + x[0];
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) best = MIN_INTS(LOAD(INTS, x + i), best);
    int64_t one = best[0];
    for (int lane = 1; lane < LANES; lane++) one = best[lane] < one ? best[lane] : one;
    for (; i < n; i++) one = x[i] < one ? x[i] : one;
    return one;
}

/* The sum of numbers that are not negative; -1 where it passes 63 bits or one is
 * negative. */
TARGET static int64_t NAME(sum)(const int64_t *x, int64_t n) {
    int64_t total = 0;
    for (int64_t from = 0; from < n; from += BLOCK) {
        int64_t count = n - from < BLOCK ? n - from : BLOCK, i = 0, all = 0, part = 0;
        INTS sums = {0}, bits = {0};
        for (; i + LANES <= count; i += LANES) {
            INTS s = LOAD(INTS, x + from + i);
            sums = ADD(sums, s);
            bits |= s;
        }
        for (int lane = 0; lane < LANES; lane++) {
            part = (int64_t)((uint64_t)part + (uint64_t)sums[lane]);
            all |= bits[lane];
        }
        for (; i < count; i++) {
            part = (int64_t)((uint64_t)part + (uint64_t)x[from + i]);
            all |= x[from + i];
        }
        if (all < 0) return -1;
        if (all >= MOST_EXACT) {
            part = 0;
            for (i = 0; i < count; i++)
                if (__builtin_add_overflow(part, x[from + i], &part)) return -1;
        }
        if (__builtin_add_overflow(total, part, &total)) return -1;
    }
    return total;
}

/* Whether times are in order and volumes can be added without a check; the time after
 * the last is looked at too. */
TARGET static int NAME(plain_bars)(const int64_t *time, const int64_t *volume, int64_t n) {
    INTS wrong = {0}, bits = {0};
    int64_t i = 0, bad = 0, all = 0;
    for (; i + LANES <= n; i += LANES) {
        INTS v = LOAD(INTS, volume + i);
        AHEAD(time + i);
        AHEAD(volume + i);
        wrong |= LOAD(INTS, time + i + 1) < LOAD(INTS, time + i);
        wrong |= v | PLUS(v, -1);
        bits |= v;
    }
    for (; i < n; i++) {
        bad |= time[i + 1] < time[i] ? -1 : 0;
        bad |= volume[i] | (int64_t)((uint64_t)volume[i] - 1);
        all |= volume[i];
    }
    for (int lane = 0; lane < LANES; lane++) all |= bits[lane];
    return (NAME(any)(wrong) | bad) >= 0 && all < MOST_EXACT;
}

static const lanes_t NAME(lanes) = {
    NAME(ticks_real),   NAME(ticks_whole),   NAME(sides),        NAME(highest_real),
    NAME(lowest_real),  NAME(highest_whole), NAME(lowest_whole), NAME(sum),
    NAME(plain_bars),
};

#undef REALS
#undef INTS
#undef WORDS
#undef PLUS
#undef ADD
#undef LOAD
#undef PICK
#undef PICK_REALS
#undef MIN_REALS
#undef MAX_REALS
#undef MIN_INTS
#undef MAX_INTS
#undef LANES
#undef NAME
#undef TARGET
