/* Whether a kill file is there, asked where no interpreter lock is held.

   It is certainly not there where its folder is a folder, and the system says that the
   folder has no such name. Whatever else is said (no right to look, a loop of links, a
   disk that fails, a folder that is gone) leaves it open whether somebody has made the
   file: that is told apart, and shuts. A link counts, wherever it leads. */
#ifndef FASTORDER_GATE_H
#define FASTORDER_GATE_H

#define FASTORDER_ABSENT 0
#define FASTORDER_THERE (-1)
/* above 0: it cannot be told; an errno, or on Windows an error number of the system */

#ifdef _WIN32
#include <windows.h>
static inline int fastorder_kill_file(const char *path, const char *folder) {
    DWORD error;
    if (GetFileAttributesA(path) != INVALID_FILE_ATTRIBUTES)
        return FASTORDER_THERE;
    error = GetLastError();
    return error == ERROR_FILE_NOT_FOUND ? FASTORDER_ABSENT : error ? (int)error : 1;
}
#else
#include <errno.h>
#include <sys/stat.h>
static inline int fastorder_kill_file(const char *path, const char *folder) {
    struct stat found;
    if (lstat(path, &found) == 0)
        return FASTORDER_THERE;
    if (errno != ENOENT)
        return errno ? errno : EIO;
    if (stat(folder, &found) != 0)
        return errno ? errno : EIO;
    return S_ISDIR(found.st_mode) ? FASTORDER_ABSENT : ENOTDIR;
}
#endif

#endif
