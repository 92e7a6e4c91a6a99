"""libcurl's C interface, declared by hand and filled in at import.

libcurl promises that its ABI and its option numbers are stable, so no header is
needed: the functions are those of the library that pycurl has loaded.
Source: curl.se/libcurl/c, symbols-in-versions.
"""

from libc.stdint cimport int64_t

ctypedef void CURL
ctypedef void CURLM
ctypedef void CURLU
ctypedef int64_t curl_off_t

cdef extern from *:
    """
    typedef union { void *whatever; int code; } fastorder_result;
    #ifdef _WIN32
    #include <winsock2.h>
    typedef SOCKET fastorder_socket;
    #define FASTORDER_BAD_SOCKET INVALID_SOCKET
    static inline int fastorder_close_socket(fastorder_socket fd) {
        return closesocket(fd);
    }
    static inline int fastorder_has_input(fastorder_socket fd) {
        u_long waiting = 0;
        return ioctlsocket(fd, FIONREAD, &waiting) == 0 && waiting > 0;
    }
    #else
    #include <sys/socket.h>
    #include <unistd.h>
    typedef int fastorder_socket;
    #define FASTORDER_BAD_SOCKET (-1)
    static inline int fastorder_close_socket(fastorder_socket fd) {
        return close(fd);
    }
    static inline int fastorder_has_input(fastorder_socket fd) {
        char byte;
        return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
    }
    #endif
    """
    ctypedef int socket_t "fastorder_socket"
    const socket_t BAD_SOCKET "FASTORDER_BAD_SOCKET"
    ctypedef union result_t "fastorder_result":
        void* whatever
        int code
    int close_socket "fastorder_close_socket"(socket_t fd) noexcept nogil
    bint has_input "fastorder_has_input"(socket_t fd) noexcept nogil

cdef struct CurlMessage:        # CURLMsg
    int msg
    CURL* easy
    result_t result

cdef struct curl_slist:
    char* data
    curl_slist* next

cdef struct VersionInfo:        # the first members of curl_version_info_data
    int age
    const char* version
    unsigned int version_num
    const char* host
    int features
    const char* ssl_version

ctypedef int (*setopt_f)(CURL*, int, ...) noexcept nogil
ctypedef int (*getinfo_f)(CURL*, int, ...) noexcept nogil
ctypedef int (*multi_setopt_f)(CURLM*, int, ...) noexcept nogil

cdef struct CurlApi:
    VersionInfo* (*version_info)(int) noexcept nogil
    const char* (*easy_strerror)(int) noexcept nogil
    const char* (*multi_strerror)(int) noexcept nogil
    CURL* (*easy_init)() noexcept nogil
    void (*easy_cleanup)(CURL*) noexcept nogil
    setopt_f easy_setopt
    getinfo_f easy_getinfo
    curl_slist* (*slist_append)(curl_slist*, const char*) noexcept nogil
    void (*slist_free_all)(curl_slist*) noexcept nogil
    CURLU* (*url)() noexcept nogil
    int (*url_set)(CURLU*, int, const char*, unsigned int) noexcept nogil
    void (*url_cleanup)(CURLU*) noexcept nogil
    CURLM* (*multi_init)() noexcept nogil
    int (*multi_cleanup)(CURLM*) noexcept nogil
    multi_setopt_f multi_setopt
    int (*multi_add_handle)(CURLM*, CURL*) noexcept nogil
    int (*multi_remove_handle)(CURLM*, CURL*) noexcept nogil
    int (*multi_socket_action)(CURLM*, socket_t, int, int*) noexcept nogil
    int (*multi_perform)(CURLM*, int*) noexcept nogil
    int (*multi_poll)(CURLM*, void*, unsigned int, int, int*) noexcept nogil
    int (*multi_timeout)(CURLM*, long*) noexcept nogil
    CurlMessage* (*multi_info_read)(CURLM*, int*) noexcept nogil

cdef CurlApi curl               # filled at import, never changed after

cdef inline int set_long(CURL* easy, int option, long value) noexcept nogil:
    return curl.easy_setopt(easy, option, value)

cdef inline int set_pointer(CURL* easy, int option, const void* value) noexcept nogil:
    return curl.easy_setopt(easy, option, value)

cdef inline int set_size(CURL* easy, int option, curl_off_t value) noexcept nogil:
    return curl.easy_setopt(easy, option, value)

cdef enum:
    CURLMSG_DONE = 1

    CURLE_OK = 0
    CURLE_FAILED_INIT = 2
    CURLE_ABORTED_BY_CALLBACK = 42
    CURLE_SSL_CERTPROBLEM = 58
    CURLE_PEER_FAILED_VERIFICATION = 60
    CURLE_SEND_FAIL_REWIND = 65
    CURLE_SSL_CACERT_BADFILE = 77
    CURLE_SSL_PINNEDPUBKEYNOTMATCH = 90
    CURLE_SSL_INVALIDCERTSTATUS = 91

    # easy options: 0 long, 10000 pointer, 20000 function, 30000 curl_off_t
    CURLOPT_WRITEDATA = 10001
    CURLOPT_PROXY = 10004
    CURLOPT_READDATA = 10009
    CURLOPT_ERRORBUFFER = 10010
    CURLOPT_WRITEFUNCTION = 20011
    CURLOPT_READFUNCTION = 20012
    CURLOPT_USERAGENT = 10018
    CURLOPT_HTTPHEADER = 10023
    CURLOPT_HEADERDATA = 10029
    CURLOPT_SSLVERSION = 32
    CURLOPT_POST = 47
    CURLOPT_NETRC = 51
    CURLOPT_FOLLOWLOCATION = 52
    CURLOPT_SSL_VERIFYPEER = 64
    CURLOPT_CAINFO = 10065
    CURLOPT_MAXREDIRS = 68
    CURLOPT_HEADERFUNCTION = 20079
    CURLOPT_HTTPGET = 80
    CURLOPT_SSL_VERIFYHOST = 81
    CURLOPT_HTTP_VERSION = 84
    CURLOPT_CAPATH = 10097
    CURLOPT_NOSIGNAL = 99
    CURLOPT_PRIVATE = 10103
    CURLOPT_HTTPAUTH = 107
    CURLOPT_MAXFILESIZE_LARGE = 30117
    CURLOPT_POSTFIELDSIZE_LARGE = 30120
    CURLOPT_TCP_NODELAY = 121
    CURLOPT_TIMEOUT_MS = 155
    CURLOPT_CONNECTTIMEOUT_MS = 156
    CURLOPT_SEEKFUNCTION = 20167
    CURLOPT_SEEKDATA = 10168
    CURLOPT_CLOSESOCKETFUNCTION = 20208
    CURLOPT_CLOSESOCKETDATA = 10209
    CURLOPT_TCP_KEEPALIVE = 213
    CURLOPT_SSL_OPTIONS = 216
    CURLOPT_XOAUTH2_BEARER = 10220
    CURLOPT_MAXAGE_CONN = 288
    CURLOPT_PREREQFUNCTION = 20312
    CURLOPT_NOPROXY = 10177
    CURLOPT_CURLU = 10282
    CURLOPT_PREREQDATA = 10313
    CURLOPT_MAXLIFETIME_CONN = 314
    CURLOPT_PROTOCOLS_STR = 10318
    CURLOPT_REDIR_PROTOCOLS_STR = 10319

    CURLINFO_RESPONSE_CODE = 0x200002
    CURLINFO_PRIVATE = 0x100015
    CURLINFO_NUM_CONNECTS = 0x20001A
    CURLINFO_ACTIVESOCKET = 0x50002C

    CURLMOPT_SOCKETFUNCTION = 20001
    CURLMOPT_SOCKETDATA = 10002
    CURLMOPT_TIMERFUNCTION = 20004
    CURLMOPT_TIMERDATA = 10005
    CURLMOPT_MAXCONNECTS = 6

    CURL_HTTP_VERSION_1_1 = 2
    CURL_SSLVERSION_TLSv1_2 = 6
    CURLSSLOPT_NATIVE_CA = 16
    CURLAUTH_BEARER = 64
    CURL_NETRC_IGNORED = 0

    CURL_POLL_IN = 1
    CURL_POLL_OUT = 2
    CURL_POLL_REMOVE = 4
    CURL_CSELECT_IN = 1
    CURL_CSELECT_OUT = 2

    CURLUPART_URL = 0
    CURLU_DISALLOW_USER = 32

    CURL_PREREQFUNC_OK = 0
    CURL_PREREQFUNC_ABORT = 1
    CURL_SEEKFUNC_FAIL = 1
