/* One monotonic clock in nanoseconds, on every platform. */
#ifndef FASTORDER_CLOCK_H
#define FASTORDER_CLOCK_H

#include <stdint.h>

#ifdef _WIN32
#include <windows.h>
static inline int64_t fastorder_monotonic_ns(void) {
    static LARGE_INTEGER frequency;
    LARGE_INTEGER now;
    if (frequency.QuadPart == 0) QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    int64_t whole = now.QuadPart / frequency.QuadPart;
    int64_t part = now.QuadPart % frequency.QuadPart;
    return whole * 1000000000 + part * 1000000000 / frequency.QuadPart;
}
#else
#include <time.h>
static inline int64_t fastorder_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
#endif

#endif
