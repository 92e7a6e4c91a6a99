/* Whether a path still names the file that it named, as it was left; a few hundred
 * nanoseconds. */
#ifndef FASTORDER_SAME_FILE_H
#define FASTORDER_SAME_FILE_H

struct fastorder_left {
    unsigned long long device, number;
    long long size, changed_ns;
};

enum { FASTORDER_GONE, FASTORDER_AS_LEFT, FASTORDER_CHANGED, FASTORDER_CUT };

#ifdef _WIN32
/* A file that SQLite has open cannot be removed or cut there. */
static inline int fastorder_look(const char *path, struct fastorder_left *left) {
    (void)path, (void)left;
    return FASTORDER_AS_LEFT;
}
#else
#include <sys/stat.h>
#ifdef __APPLE__
#define FASTORDER_MTIME st_mtimespec
#else
#define FASTORDER_MTIME st_mtim
#endif
/* What is found is what is left from now on. */
static inline int fastorder_look(const char *path, struct fastorder_left *left) {
    struct stat found;
    if (lstat(path, &found) != 0
        || (unsigned long long)found.st_dev != left->device
        || (unsigned long long)found.st_ino != left->number) {
        return FASTORDER_GONE;
    }
    long long size = found.st_size;
    long long changed_ns =
        found.FASTORDER_MTIME.tv_sec * 1000000000LL + found.FASTORDER_MTIME.tv_nsec;
    int is_cut = size < left->size;
    int is_as_left = size == left->size && changed_ns == left->changed_ns;
    left->size = size;
    left->changed_ns = changed_ns;
    return is_as_left ? FASTORDER_AS_LEFT : is_cut ? FASTORDER_CUT : FASTORDER_CHANGED;
}
#endif

#endif
