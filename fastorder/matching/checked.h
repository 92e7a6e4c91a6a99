/* Arithmetic in int64 that says when a result does not fit; nothing wraps round. */

#ifndef FASTORDER_MATCHING_CHECKED_H
#define FASTORDER_MATCHING_CHECKED_H

#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
static inline int add_fits(int64_t a, int64_t b, int64_t *sum) {
    return !__builtin_add_overflow(a, b, sum);
}
static inline int sub_fits(int64_t a, int64_t b, int64_t *difference) {
    return !__builtin_sub_overflow(a, b, difference);
}
static inline int mul_fits(int64_t a, int64_t b, int64_t *product) {
    return !__builtin_mul_overflow(a, b, product);
}
#else
static inline int add_fits(int64_t a, int64_t b, int64_t *sum) {
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return 0;
    *sum = a + b;
    return 1;
}
static inline int sub_fits(int64_t a, int64_t b, int64_t *difference) {
    if (b < 0 ? a > INT64_MAX + b : a < INT64_MIN + b) return 0;
    *difference = a - b;
    return 1;
}
static inline int mul_fits(int64_t a, int64_t b, int64_t *product) {
    if (a == 0 || b == 0) { *product = 0; return 1; }
    if (a == INT64_MIN || b == INT64_MIN) return 0;
    if ((a < 0 ? -a : a) > INT64_MAX / (b < 0 ? -b : b)) return 0;
    *product = a * b;
    return 1;
}
#endif

/* The share of a sum that part of a number of contracts has: sum * part / whole, to the
   nearest, a half away from zero. part and whole are below 2^31, part is at most whole. */
static inline int64_t share_of(int64_t sum, int64_t part, int64_t whole) {
    int64_t each = sum / whole, left = sum % whole;
    int64_t rest = left * part, shared = each * part + rest / whole;
    rest %= whole;
    if (2 * rest >= whole) return shared + 1;
    if (-2 * rest >= whole) return shared - 1;
    return shared;
}

/* A number that looks drawn and is none: the same for the same arguments, everywhere. */
static inline uint64_t mixed(uint64_t number) {
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

#endif
