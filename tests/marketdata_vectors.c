/* Prints, for each vector path of this machine, a checksum of all that the inner loops
 * make of the same numbers. test_marketdata_vectors.py compares them. */
#include <stdio.h>

#include "dispatch.h"
#include "longer.h"
#include "ticks.h"

#define MANY 8000
#define MINUTE 60000000000

static int64_t when[MANY + 1], sizes[MANY + 1], whole[MANY + 1];
static double real[MANY + 1];
static int8_t sides[MANY + 1];
static uint64_t chance = 1, sum;

static uint64_t next(void) {
    chance ^= chance << 13;
    chance ^= chance >> 7;
    return chance ^= chance << 17;
}

static void add(const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    while (size--) sum = (sum ^ *byte++) * 1099511628211u;
}

/* A pause now and then, prices in tenths around zero, minus zero too. */
static void make(void) {
    int64_t now = 1786000000000000000;
    for (int i = 0; i < MANY; i++) {
        when[i] = now += (int64_t)(next() % 400000000) + (next() % 997 ? 0 : 3 * MINUTE);
        whole[i] = (int64_t)(next() % 2001) - 1000;
        real[i] = next() % 50 ? (double)whole[i] * 0.1 : -0.0;
        sizes[i] = 1 + (int64_t)(next() % 50);
        sides[i] = (int8_t)(next() % 3) - 1;
    }
}

/* Bars of any length by count: what join_ticks makes of so many ticks. */
static void try_ticks(const lanes_t *lanes, int is_whole, int with_sides) {
    ticks_t ticks = {when, is_whole ? (void *)whole : (void *)real, sizes,
                     with_sides ? sides : NULL, MANY, is_whole, lanes};
    for (int64_t n = 1; n < 3000; n = n * 3 / 2 + 1) {
        for (int64_t from = 0; from + n <= MANY; from += n) {
            part_t part;
            int why;
            one_tick(&part, price_at(&ticks, from), sizes[from], side_at(&ticks, from),
                     is_whole);
            int64_t reached = join_ticks(&ticks, from + 1, from + n, &part, &why);
            add(&part, sizeof part);
            add(&reached, sizeof reached);
        }
    }
}

/* Bars of a minute, with a gap now and then, to longer ones. */
/* Bars a second apart make full blocks of longer ones; those with gaps, rarely one. */
static void try_bars(const lanes_t *lanes, int is_whole, int has_more, int has_gaps) {
    static int64_t time[MANY];
    static double left[MANY];
    static char made[COLUMNS][8 * MANY];
    const void *price = is_whole ? (void *)whole : (void *)real;
    char *columns[COLUMNS] = {0};
    for (int i = 0; i < MANY; i++) {
        int64_t second = has_gaps ? (when[i] - when[0]) / 200000000 : i;
        time[i] = second * MINUTE / 60;
        left[i] = (i % 5 - 2) * 0x1p-52;
    }
    bars_t bars = {time, price, price, price, price, sizes, NULL, NULL, NULL, NULL, NULL,
                   MANY, is_whole, lanes};
    for (int c = 0; c < TICKS; c++) columns[c] = made[c];
    if (has_more) {
        bars.ticks = bars.buy = bars.sell = sizes;
        bars.value = real;
        bars.left = left;
        for (int c = TICKS; c < COLUMNS; c++) columns[c] = made[c];
    }
    for (int64_t k = 1; k <= 1440; k = k * 5 / 3 + 1) {
        for (int64_t start = 0; start < MANY - 1; start++) {
            int64_t rows = longer_bars(&bars, &start, 0, k * 1000000000, MANY, columns);
            for (int c = 0; c < COLUMNS; c++)
                if (columns[c]) add(made[c], 8 * rows);
            add(&rows, sizeof rows);
        }
    }
}

int main(void) {
    make();
    for (int rank = 0; lanes_name(rank); rank++) {
        const lanes_t *lanes = lanes_of(lanes_name(rank));
        if (!lanes) continue;
        sum = 14695981039346656037u;
        for (int is_whole = 0; is_whole < 2; is_whole++) {
            for (int more = 0; more < 2; more++) {
                try_ticks(lanes, is_whole, more);
                try_bars(lanes, is_whole, more, 1);
                try_bars(lanes, is_whole, more, 0);
            }
        }
        printf("%s %016llx\n", lanes_name(rank), (unsigned long long)sum);
    }
    return 0;
}
