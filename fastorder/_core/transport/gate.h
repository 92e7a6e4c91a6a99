/* Whether a file is there, asked where no interpreter lock is held. */
#ifndef FASTORDER_GATE_H
#define FASTORDER_GATE_H

#ifdef _WIN32
#include <io.h>
static inline int fastorder_file_is_there(const char *path) {
    return _access(path, 0) == 0;
}
#else
#include <unistd.h>
static inline int fastorder_file_is_there(const char *path) {
    return access(path, F_OK) == 0;
}
#endif

#endif
