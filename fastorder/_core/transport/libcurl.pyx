# cython: embedsignature=False
"""The libcurl that pycurl brings, loaded at import and checked for its age.

pycurl is installed, and not imported: its package would bring asyncio and a client of
its own, of which nothing is used here. Only the file that its extension lies in is
loaded, with the libraries beside it; who imports pycurl later gets the same ones.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec

from libc.stdlib cimport getenv

cdef extern from "dynlib.h":
    void* loaded "fastorder_loaded"(const char*) noexcept
    void* symbol "fastorder_symbol"(void*, const char*) noexcept
    const char* fault "fastorder_fault"() noexcept

OLDEST = (8, 21, 0)
"""The oldest libcurl that is accepted: older ones have known memory-safety faults
in the multi interface (CVE-2026-9080, CVE-2026-10536)."""

FIX = 'install a current one with: pip install -U "pycurl>=7.49"'


KEY_LOG = "SSLKEYLOGFILE"
"""Where this variable names a file as libcurl starts, every TLS session's keys go to
that file until the process ends, whatever becomes of the variable."""

cdef bint key_log_seen = False      # whether it may have been set as libcurl started


def may_log_keys():
    """Whether libcurl, or the TLS library below it, may write the keys of sessions.

    libcurl looks once, as it starts; a TLS library may look whenever it is used.
    """
    return key_log_seen or in_environment(KEY_LOG)


cdef bint key_log_is_set():
    """Whether libcurl sees the variable; C's environment is not always os.environ.

    A libcurl that pycurl has started already saw an earlier environment. The oldest
    one that the system still tells is the one that the process began with.
    """
    return in_environment(KEY_LOG) or "pycurl" in sys.modules and began_with(KEY_LOG)


cdef bint in_environment(str name):
    """Whether C's environment has this variable, and not empty."""
    cdef bytes encoded = os.fsencode(name)
    cdef const char* value = getenv(encoded)
    return value is not NULL and value[0] != 0


cdef bint began_with(str name):
    """Whether the process began with this variable; False where no one can tell."""
    try:
        with open("/proc/self/environ", "rb") as file:
            variables = file.read().split(b"\0")
    except OSError:
        return False
    start = os.fsencode(name) + b"="
    return any(one.startswith(start) and one != start for one in variables)


cdef str library_path():
    """The file that holds libcurl, or the extension that is linked to it."""
    package = find_spec("pycurl")
    if package is None or package.submodule_search_locations is None:
        raise ImportError(f"expected a package pycurl, found none; {FIX}")
    if sys.platform == "win32":
        return loaded_dll()
    extension = PathFinder.find_spec(
        "pycurl._pycurl", package.submodule_search_locations)
    if extension is None:
        raise ImportError(f"expected an extension _pycurl in pycurl, found none; {FIX}")
    return extension.origin


cdef str loaded_dll():
    """The DLL of libcurl; on Windows it takes pycurl's own start to load it."""
    from pathlib import Path

    import pycurl
    libraries = Path(pycurl.__file__).parent.parent / "pycurl.libs"
    for path in sorted(libraries.glob("libcurl*.dll")):
        return path.name
    raise ImportError(f"expected a libcurl DLL beside pycurl, found none; {FIX}")


cdef void* find(void* library, str name) except NULL:
    cdef bytes encoded = name.encode("ascii")
    cdef void* found = symbol(library, encoded)
    if found is NULL:
        raise ImportError(
            f"expected {name} in the libcurl of pycurl, found none; {FIX}")
    return found


cdef int load() except -1:
    cdef bytes path = library_path().encode(sys.getfilesystemencoding())
    cdef void* library = loaded(path)
    if library is NULL:
        raise ImportError(
            f"expected pycurl's libcurl to load: {fault().decode(errors='replace')}; "
            + FIX
        )
    (<void**>&curl.global_init)[0] = find(library, "curl_global_init")
    (<void**>&curl.version_info)[0] = find(library, "curl_version_info")
    (<void**>&curl.easy_strerror)[0] = find(library, "curl_easy_strerror")
    (<void**>&curl.multi_strerror)[0] = find(library, "curl_multi_strerror")
    (<void**>&curl.easy_init)[0] = find(library, "curl_easy_init")
    (<void**>&curl.easy_cleanup)[0] = find(library, "curl_easy_cleanup")
    (<void**>&curl.easy_setopt)[0] = find(library, "curl_easy_setopt")
    (<void**>&curl.easy_getinfo)[0] = find(library, "curl_easy_getinfo")
    (<void**>&curl.easy_send)[0] = find(library, "curl_easy_send")
    (<void**>&curl.easy_recv)[0] = find(library, "curl_easy_recv")
    (<void**>&curl.url)[0] = find(library, "curl_url")
    (<void**>&curl.url_set)[0] = find(library, "curl_url_set")
    (<void**>&curl.url_cleanup)[0] = find(library, "curl_url_cleanup")
    (<void**>&curl.multi_init)[0] = find(library, "curl_multi_init")
    (<void**>&curl.multi_cleanup)[0] = find(library, "curl_multi_cleanup")
    (<void**>&curl.multi_setopt)[0] = find(library, "curl_multi_setopt")
    (<void**>&curl.multi_add_handle)[0] = find(library, "curl_multi_add_handle")
    (<void**>&curl.multi_remove_handle)[0] = find(library, "curl_multi_remove_handle")
    (<void**>&curl.multi_socket_action)[0] = find(library, "curl_multi_socket_action")
    (<void**>&curl.multi_perform)[0] = find(library, "curl_multi_perform")
    (<void**>&curl.multi_poll)[0] = find(library, "curl_multi_poll")
    (<void**>&curl.multi_wakeup)[0] = find(library, "curl_multi_wakeup")
    (<void**>&curl.multi_info_read)[0] = find(library, "curl_multi_info_read")
    return 0


cdef int start() except -1:
    """Have libcurl make itself ready; it counts how often it was asked."""
    global key_log_seen
    key_log_seen = key_log_is_set()
    cdef int code = curl.global_init(CURL_GLOBAL_ALL)
    if code != CURLE_OK:
        reason = (<bytes>curl.easy_strerror(code)).decode()
        raise ImportError(f"expected libcurl to start: {reason}; {FIX}")
    return 0


def version():
    """The version of the libcurl in use, as three numbers."""
    cdef unsigned int number = curl.version_info(0).version_num
    return (number >> 16) & 0xFF, (number >> 8) & 0xFF, number & 0xFF


def check_version(found):
    """Refuse a libcurl older than OLDEST with an ImportError that names the fix."""
    if found < OLDEST:
        raise ImportError(
            "libcurl must be at least {}.{}.{}, was {}.{}.{}; ".format(*OLDEST, *found)
            + FIX
        )


load()
check_version(version())
start()
