/* The columns that bars are written to. */
#ifndef FASTORDER_SHEET_H
#define FASTORDER_SHEET_H

#include "part.h"

#define INLINE static inline __attribute__((always_inline))

/* In the order of NAMES; NULL where one is not kept. */
enum { TIME, OPEN, HIGH, LOW, CLOSE, VOLUME_SUM, TICKS, BUY, SELL, VALUE_SUM, VALUE_LEFT,
       COLUMNS };

static inline void write_value(const part_t *part, double *near, double *left) {
    split_value(part, near, left);
    if (*near != *near) *near = *left = NAN;  /* one NaN only: equal bars, equal bytes */
}

/* Write one bar down. */
INLINE void put_bar(char *const *columns, int64_t at, int64_t label, const part_t *part,
                    int has_more) {
    ((int64_t *)columns[TIME])[at] = label;
    ((price_t *)columns[OPEN])[at] = part->open;
    ((price_t *)columns[HIGH])[at] = part->high;
    ((price_t *)columns[LOW])[at] = part->low;
    ((price_t *)columns[CLOSE])[at] = part->close;
    ((int64_t *)columns[VOLUME_SUM])[at] = part->volume;
    if (has_more && columns[TICKS]) ((int64_t *)columns[TICKS])[at] = part->ticks;
    if (has_more && columns[BUY]) ((int64_t *)columns[BUY])[at] = part->buy;
    if (has_more && columns[SELL]) ((int64_t *)columns[SELL])[at] = part->sell;
    if (has_more && columns[VALUE_SUM])
        write_value(part, (double *)columns[VALUE_SUM] + at,
                    (double *)columns[VALUE_LEFT] + at);
}

#endif
