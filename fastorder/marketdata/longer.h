/* Many shorter bars at once: the longer ones that they make.
 *
 * One pass goes over the columns, bar after longer bar; those that bars may lack follow
 * block by block. Most longer bars have few shorter ones, so that memory is what counts,
 * and it is read once and in order; vectors take over where there are many.
 */
#ifndef FASTORDER_LONGER_H
#define FASTORDER_LONGER_H

#include "sheet.h"
#include "ticks.h"

#define FEW 16                               /* fewer are not worth a call */
#define LARGE_BITS 0x4300000000000000        /* the bits of 2**49, a value too large */

typedef struct {
    const int64_t *time;
    const void *open, *high, *low, *close;   /* double or int64_t */
    const int64_t *volume;
    const int64_t *ticks, *buy, *sell;       /* NULL where they are not known */
    const double *value, *left;              /* NULL where it is not known */
    int64_t n;
    int is_whole;
    const lanes_t *lanes;
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

/* ------------------------------------------------------------------ sums and extremes */

/* A sum of n numbers, n below FEW, none of them below ``least``; ``odd`` gets a sign bit
 * where one is, or is too large. */
INLINE int64_t few_summed(const int64_t *x, int64_t n, int64_t least, int64_t *odd) {
    uint64_t sum = 0;
    int64_t all = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (uint64_t)x[i];
        all |= (int64_t)((uint64_t)x[i] - (uint64_t)least);
    }
    *odd |= all | (int64_t)((uint64_t)(MOST_EXACT - 1) - (uint64_t)all);
    return (int64_t)sum;
}

static int64_t sum_of(const bars_t *bars, const int64_t *x, int64_t n) {
    if (n >= FEW) return bars->lanes->sum(x, n);
    int64_t total = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        all |= x[i];
        if (__builtin_add_overflow(total, x[i], &total)) return -1;
    }
    return all < 0 ? -1 : total;
}

/* Minus zero becomes zero: which of the two comes first depends on the vectors. */
INLINE price_t few_highest(const void *column, int64_t from, int64_t n, int is_whole) {
    price_t best = bar_price(column, from);
    for (int64_t i = 1; i < n; i++) {
        price_t one = bar_price(column, from + i);
        if (is_whole) best.whole = one.whole > best.whole ? one.whole : best.whole;
        else best.real = highest(one.real, best.real);
    }
    if (!is_whole) best.real += 0.0;
    return best;
}

INLINE price_t few_lowest(const void *column, int64_t from, int64_t n, int is_whole) {
    price_t best = bar_price(column, from);
    for (int64_t i = 1; i < n; i++) {
        price_t one = bar_price(column, from + i);
        if (is_whole) best.whole = one.whole < best.whole ? one.whole : best.whole;
        else best.real = lowest(one.real, best.real);
    }
    if (!is_whole) best.real += 0.0;
    return best;
}

static price_t highest_of(const bars_t *bars, int64_t from, int64_t n) {
    price_t best;
    if (n < FEW) return few_highest(bars->high, from, n, bars->is_whole);
    if (bars->is_whole)
        best.whole = bars->lanes->highest_whole((const int64_t *)bars->high + from, n);
    else
        best.real = bars->lanes->highest_real((const double *)bars->high + from, n) + 0.0;
    return best;
}

static price_t lowest_of(const bars_t *bars, int64_t from, int64_t n) {
    price_t best;
    if (n < FEW) return few_lowest(bars->low, from, n, bars->is_whole);
    if (bars->is_whole)
        best.whole = bars->lanes->lowest_whole((const int64_t *)bars->low + from, n);
    else
        best.real = bars->lanes->lowest_real((const double *)bars->low + from, n) + 0.0;
    return best;
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

/* ------------------------------------------------------------------ any bars */

/* What the bars from..to amount to, none of them empty. */
static int part_of_full_bars(const bars_t *bars, int64_t from, int64_t to, part_t *part) {
    int64_t n = to - from;
    memset(part, 0, sizeof *part);
    part->open = bar_price(bars->open, from);
    part->high = highest_of(bars, from, n);
    part->low = lowest_of(bars, from, n);
    part->close = bar_price(bars->close, to - 1);
    part->volume = sum_of(bars, bars->volume + from, n);
    if (bars->ticks) part->ticks = sum_of(bars, bars->ticks + from, n);
    if (bars->buy) part->buy = sum_of(bars, bars->buy + from, n);
    if (bars->sell) part->sell = sum_of(bars, bars->sell + from, n);
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

/* ------------------------------------------------------------------ plain bars */

/* The same for sums that split_value has split; exact, because they are small. Which way
 * carry goes at a half is chance, so it is done without a branch: split_value, which
 * follows, makes the same of either way to write a half. Bits of a float without its sign
 * are in the order of its size, and the units that add floats have enough to do. */
INLINE void few_values(const bars_t *bars, int64_t i, int64_t n, part_t *part,
                       int64_t *odd) {
    const double *value = bars->value + i, *left = bars->left + i;
    double whole = 0, fraction = 0;
    for (int64_t j = 0; j < n; j++) {
        double rounded = (value[j] + ROUND_WHOLE) - ROUND_WHOLE;
        whole += rounded;
        fraction += (value[j] - rounded) + left[j];
        *odd |= LARGE_BITS - 1 - (bar_price(value, j).whole & INT64_MAX);
    }
    double over = (fraction + ROUND_WHOLE) - ROUND_WHOLE;
    part->whole = whole + over;
    part->fraction = fraction - over;
    *odd |= -(int64_t)!(fabs(part->fraction) <= 0.5);
}

/* What n bars amount to; 0 where one is empty, out of order or out of the ordinary.
 * Times are from 1970 on, so that their differences fit. */
INLINE int join_few(const bars_t *bars, int64_t i, int64_t n, int is_whole, int has_more,
                    part_t *part) {
    const int64_t *time = bars->time + i;
    int64_t odd = 0;
    for (int64_t j = 1; j < n; j++) odd |= time[j] - time[j - 1];
    part->volume = few_summed(bars->volume + i, n, 1, &odd);
    part->open = bar_price(bars->open, i);
    part->high = few_highest(bars->high, i, n, is_whole);
    part->low = few_lowest(bars->low, i, n, is_whole);
    part->close = bar_price(bars->close, i + n - 1);
    if (has_more && bars->ticks) part->ticks = few_summed(bars->ticks + i, n, 0, &odd);
    if (has_more && bars->buy) part->buy = few_summed(bars->buy + i, n, 0, &odd);
    if (has_more && bars->sell) part->sell = few_summed(bars->sell + i, n, 0, &odd);
    if (has_more && bars->value) few_values(bars, i, n, part, &odd);
    return odd >= 0;
}

static int join_many(const bars_t *bars, int64_t i, int64_t n, part_t *part) {
    return bars->lanes->plain_bars(bars->time + i, bars->volume + i, n) &&
           part_of_full_bars(bars, i, i + n, part) == FINE;
}

static inline int64_t even_label(int64_t time, int64_t offset, int64_t length) {
    int64_t over = (time - offset) % length;
    return time - (over < 0 ? over + length : over);
}

/* Where a row of longer bars has come to. */
typedef struct {
    int64_t i;                               /* the first bar that is not taken */
    int64_t at;                              /* bars written */
    int64_t label;                           /* of the longer bar that i belongs to */
} place_in_row_t;

typedef struct {
    bars_t bars;
    int64_t offset, length, most;
    char *columns[COLUMNS];
} row_t;

/* One longer bar after the other up to ``most``, as long as each has n bars; 0 where one
 * does not fit. Everything is by value, so that the compiler knows what no store can
 * change. */
INLINE int run_bars_of(const row_t *given, place_in_row_t *reached, int64_t most, int64_t n,
                       int is_whole, int has_more) {
    const row_t row = *given;
    const int64_t *time = row.bars.time;
    place_in_row_t now = *reached;
    int fits = 1;
    while (now.at < most) {
        int64_t end = now.label + row.length, stop = now.i + n;
        if (stop >= row.bars.n || time[stop - 1] >= end || time[stop] < end) break;
        part_t part = {0};
        fits = n < FEW ? join_few(&row.bars, now.i, n, is_whole, has_more, &part)
                       : join_many(&row.bars, now.i, n, &part);
        if (!fits) break;
        put_bar(row.columns, now.at++, now.label, &part, has_more);
        now.i = stop;
        now.label = time[stop] < end + row.length
                        ? end : even_label(time[stop], row.offset, row.length);
    }
    *reached = now;
    return fits;
}

/* ------------------------------------------------------------------ further columns

 * Columns that were allocated alike lie at the same place in their pages, and so in the
 * same few lines of the first cache. Eleven that are read and eleven that are written
 * side by side push each other out: so these wait for the end of a block. */

#define ROWS 256                             /* longer bars in a block */
#define LEAST_ROWS 8                         /* fewer are not worth one */

/* Each sum of n; how many come before the first that few_summed calls odd. */
INLINE int64_t sums_of_few(const int64_t *x, int64_t rows, int64_t n, int64_t *sums) {
    int64_t odd = 0;
    for (int64_t k = 0; k < rows; k++) {
        AHEAD(x + k * n);
        sums[k] = few_summed(x + k * n, n, 0, &odd);
    }
    for (int64_t k = 0; odd < 0; k++) {
        int64_t here = 0;
        few_summed(x + k * n, n, 0, &here);
        if (here < 0) return k;
    }
    return rows;
}

/* As few_values and write_value for two longer bars side by side: adding floats is what
 * values take their time for. */
typedef double pair_t __attribute__((vector_size(16)));

INLINE void two_values(const double *value, const double *left, int64_t n, double *near,
                       double *rest, int64_t *odd) {
    const pair_t magic = {ROUND_WHOLE, ROUND_WHOLE};
    pair_t whole = {0}, fraction = {0};
    for (int64_t j = 0; j < n; j++) {
        pair_t x = {value[j], value[n + j]}, more = {left[j], left[n + j]};
        pair_t rounded = (x + magic) - magic;
        whole += rounded;
        fraction += (x - rounded) + more;
    }
    for (int64_t j = 0; j < 2 * n; j++)
        *odd |= LARGE_BITS - 1 - (bar_price(value, j).whole & INT64_MAX);
    pair_t over = (fraction + magic) - magic;
    whole += over;
    fraction -= over;
    pair_t nearest = whole + fraction, beyond = fraction - (nearest - whole);
    memcpy(near, &nearest, sizeof nearest);
    memcpy(rest, &beyond, sizeof beyond);
    *odd |= -(int64_t)!(fabs(fraction[0]) <= 0.5 && fabs(fraction[1]) <= 0.5);
}

/* The same for values, and what is left of them. */
INLINE int64_t values_of_few(const bars_t *bars, int64_t i, int64_t rows, int64_t n,
                             double *near, double *left) {
    int64_t k = 0, odd = 0;
    for (; k + 2 <= rows; k += 2, i += 2 * n) {
        AHEAD(bars->value + i);
        AHEAD(bars->left + i);
        two_values(bars->value + i, bars->left + i, n, near + k, left + k, &odd);
        if (odd < 0) break;
    }
    for (odd = 0; k < rows; k++, i += n) {
        part_t part;
        few_values(bars, i, n, &part, &odd);
        if (odd < 0) return k;
        write_value(&part, near + k, left + k);
    }
    return rows;
}

/* The columns that bars may lack, from a place on; how many rows of them fit. */
INLINE int64_t join_more(const row_t *row, const place_in_row_t *from, int64_t rows,
                         int64_t n) {
    const int64_t *given[] = {row->bars.ticks, row->bars.buy, row->bars.sell};
    for (int column = TICKS; column <= SELL; column++) {
        const int64_t *x = given[column - TICKS];
        if (!x) continue;
        int64_t *sums = (int64_t *)row->columns[column] + from->at;
        rows = sums_of_few(x + from->i, rows, n, sums);
    }
    if (!row->bars.value) return rows;
    double *near = (double *)row->columns[VALUE_SUM] + from->at;
    double *left = (double *)row->columns[VALUE_LEFT] + from->at;
    return values_of_few(&row->bars, from->i, rows, n, near, left);
}

/* A block of longer bars: first what all bars have, then the rest; how many they are, or
 * -1 where one does not fit and the row ends. */
INLINE int64_t run_block(const row_t *row, place_in_row_t *now, int64_t size, int64_t n,
                         int is_whole) {
    const place_in_row_t from = *now;
    int64_t most = row->most - from.at < size ? row->most : from.at + size;
    int fits = run_bars_of(row, now, most, n, is_whole, 0);
    int64_t rows = now->at - from.at, joined = join_more(row, &from, rows, n);
    if (joined == rows) return fits ? rows : -1;
    now->at = from.at + joined;              /* what is behind it is written again */
    now->i = from.i + joined * n;
    return -1;
}

/* Longer bars as long as each has n bars; 0 where one does not fit. Blocks begin small:
 * where one in ten does not fit, little of a block is made in vain. */
INLINE int run_row(const row_t *row, place_in_row_t *now, int64_t n, int is_whole,
                   int has_more) {
    int64_t most = now->at + LEAST_ROWS, size = LEAST_ROWS, rows;
    if (n >= FEW || !has_more || most > row->most) most = row->most;
    int fits = run_bars_of(row, now, most, n, is_whole, has_more);
    if (now->at < most || most == row->most) return fits;
    while ((rows = run_block(row, now, size, n, is_whole)) == size)
        if (size < ROWS) size *= 2;
    return rows >= 0;
}

/* Loops of a known length are unrolled. */
INLINE int run_known(const row_t *row, place_in_row_t *now, int64_t n, int is_whole,
                     int has_more) {
    switch (n) {
    case 2: return run_row(row, now, 2, is_whole, has_more);
    case 3: return run_row(row, now, 3, is_whole, has_more);
    case 4: return run_row(row, now, 4, is_whole, has_more);
    case 5: return run_row(row, now, 5, is_whole, has_more);
    case 6: return run_row(row, now, 6, is_whole, has_more);
    case 12: return run_row(row, now, 12, is_whole, has_more);
    case 15: return run_row(row, now, 15, is_whole, has_more);
    default: return run_row(row, now, n, is_whole, has_more);
    }
}

static int run_plain(const row_t *row, place_in_row_t *now, int64_t n) {
    return run_known(row, now, n, 0, 0);
}

static int run_plain_whole(const row_t *row, place_in_row_t *now, int64_t n) {
    return run_known(row, now, n, 1, 0);
}

static int run_full(const row_t *row, place_in_row_t *now, int64_t n) {
    return run_known(row, now, n, 0, 1);
}

static int run_full_whole(const row_t *row, place_in_row_t *now, int64_t n) {
    return run_known(row, now, n, 1, 1);
}

/* Longer bars into their columns, as long as nothing is out of the ordinary and another
 * bar follows; how many, and the first bar after them. A longer bar starts at ``start``,
 * and the columns have room for ``most``. */
static int64_t longer_bars(const bars_t *bars, int64_t *start, int64_t offset,
                           int64_t length, int64_t most, char **columns) {
    row_t row = {*bars, offset, length, most, {0}};
    place_in_row_t now = {*start, 0, even_label(bars->time[*start], offset, length)};
    int has_more = columns[TICKS] || columns[BUY] || columns[SELL] || columns[VALUE_SUM];
    int64_t step = 1;
    if (has_more && (!bars->ticks != !columns[TICKS] || !bars->buy != !columns[BUY]
                     || !bars->sell != !columns[SELL]
                     || !bars->value != !columns[VALUE_SUM]))
        return 0;                            /* what is kept is given, or the slow way */
    memcpy(row.columns, columns, sizeof row.columns);
    while (now.at < most) {
        int64_t stop = first_from(bars->time, now.i, bars->n, now.label + length, step);
        if (stop >= bars->n) break;
        step = stop - now.i;
        if (!(has_more ? bars->is_whole ? run_full_whole : run_full
                       : bars->is_whole ? run_plain_whole : run_plain)(&row, &now, step))
            break;
    }
    *start = now.i;
    return now.at;
}

#endif
