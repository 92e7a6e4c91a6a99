/* Load a shared library, or find the one that is loaded, and a function in it. */
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
static const char *fastorder_fault(void) {
    return "it is not loaded";
}
#else
#include <dlfcn.h>
static void *fastorder_loaded(const char *path) {
    return dlopen(path, RTLD_LAZY | RTLD_LOCAL);
}
static void *fastorder_symbol(void *library, const char *name) {
    return dlsym(library, name);
}
static const char *fastorder_fault(void) {
    const char *text = dlerror();
    return text ? text : "no reason is known";
}
#endif

#endif
