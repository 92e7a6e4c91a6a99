/* Find a function in a shared library that is already loaded. */
#ifndef FASTORDER_DYNLIB_H
#define FASTORDER_DYNLIB_H

#ifdef _WIN32
#include <windows.h>
static void *fastorder_loaded(const char *path) {
    return (void *)GetModuleHandleA(path);
}
static void *fastorder_symbol(void *library, const char *name) {
    return (void *)GetProcAddress((HMODULE)library, name);
}
#else
#include <dlfcn.h>
static void *fastorder_loaded(const char *path) {
    return dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
}
static void *fastorder_symbol(void *library, const char *name) {
    return dlsym(library, name);
}
#endif

#endif
