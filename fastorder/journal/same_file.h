/* Whether a path still names the file that it named; a few hundred nanoseconds. */
#ifndef FASTORDER_SAME_FILE_H
#define FASTORDER_SAME_FILE_H

#ifdef _WIN32
/* A file that SQLite has open cannot be removed there. */
static inline int fastorder_is_same_file(
    const char *path, unsigned long long device, unsigned long long number) {
    (void)path, (void)device, (void)number;
    return 1;
}
#else
#include <sys/stat.h>
static inline int fastorder_is_same_file(
    const char *path, unsigned long long device, unsigned long long number) {
    struct stat found;
    return lstat(path, &found) == 0
        && (unsigned long long)found.st_dev == device
        && (unsigned long long)found.st_ino == number;
}
#endif

#endif
