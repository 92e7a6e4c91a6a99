/* Timers that are file descriptors: Linux has them. */
#ifndef FASTORDER_ALARM_H
#define FASTORDER_ALARM_H

#include <stdint.h>

#ifdef __linux__

#include <sys/timerfd.h>
#include <unistd.h>

/* A timer of the monotonic clock; -1 where the process may open no more. */
static int fastorder_timer_open(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

/* Readable from then on, and not before; a time of 0 would stop it. */
static int fastorder_timer_set(int fd, int64_t due_ns) {
    struct itimerspec when = {{0, 0}, {0, 0}};
    if (due_ns < 1)
        due_ns = 1;
    when.it_value.tv_sec = due_ns / 1000000000;
    when.it_value.tv_nsec = due_ns % 1000000000;
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, 0);
}

/* Not readable until it is set again. */
static int fastorder_timer_stop(int fd) {
    struct itimerspec never = {{0, 0}, {0, 0}};
    return timerfd_settime(fd, 0, &never, 0);
}

static void fastorder_timer_close(int fd) {
    close(fd);
}

#else

#include <errno.h>

static int fastorder_timer_open(void) {
    errno = ENOSYS;
    return -1;
}

static int fastorder_timer_set(int fd, int64_t due_ns) { return -1; }
static int fastorder_timer_stop(int fd) { return -1; }
static void fastorder_timer_close(int fd) { }

#endif
#endif
