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
    #else
    #include <unistd.h>
    typedef int fastorder_socket;
    #define FASTORDER_BAD_SOCKET (-1)
    static inline int fastorder_close_socket(fastorder_socket fd) {
        return close(fd);
    }
    #endif
    """
    ctypedef int socket_t "fastorder_socket"
    const socket_t BAD_SOCKET "FASTORDER_BAD_SOCKET"
    ctypedef union result_t "fastorder_result":
        void* whatever
        int code
    int close_socket "fastorder_close_socket"(socket_t fd) noexcept nogil

cdef struct CurlMessage:        # CURLMsg
    int msg
    CURL* easy
    result_t result

cdef struct CurlWait:           # curl_waitfd
    socket_t fd
    short events
    short revents

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
    int (*global_init)(long) noexcept nogil
    VersionInfo* (*version_info)(int) noexcept nogil
    const char* (*easy_strerror)(int) noexcept nogil
    const char* (*multi_strerror)(int) noexcept nogil
    CURL* (*easy_init)() noexcept nogil
    void (*easy_cleanup)(CURL*) noexcept nogil
    setopt_f easy_setopt
    getinfo_f easy_getinfo
    int (*easy_send)(CURL*, const void*, size_t, size_t*) noexcept nogil
    int (*easy_recv)(CURL*, void*, size_t, size_t*) noexcept nogil
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
    int (*multi_poll)(CURLM*, CurlWait*, unsigned int, int, int*) noexcept nogil
    int (*multi_wakeup)(CURLM*) noexcept nogil
    CurlMessage* (*multi_info_read)(CURLM*, int*) noexcept nogil

cdef CurlApi curl               # filled at import, never changed after

cdef inline int set_long(CURL* easy, int option, long value) noexcept nogil:
    return curl.easy_setopt(easy, option, value)

cdef inline int set_pointer(CURL* easy, int option, const void* value) noexcept nogil:
    return curl.easy_setopt(easy, option, value)

cdef enum:
    CURLMSG_DONE = 1

    CURLE_OK = 0
    CURLE_UNSUPPORTED_PROTOCOL = 1
    CURLE_FAILED_INIT = 2
    CURLE_WEIRD_SERVER_REPLY = 8
    CURLE_PARTIAL_FILE = 18
    CURLE_OUT_OF_MEMORY = 27
    CURLE_OPERATION_TIMEDOUT = 28
    CURLE_ABORTED_BY_CALLBACK = 42
    CURLE_GOT_NOTHING = 52
    CURLE_SEND_ERROR = 55
    CURLE_RECV_ERROR = 56
    CURLE_SSL_CERTPROBLEM = 58
    CURLE_PEER_FAILED_VERIFICATION = 60
    CURLE_FILESIZE_EXCEEDED = 63
    CURLE_SSL_CACERT_BADFILE = 77
    CURLE_AGAIN = 81
    CURLE_SSL_PINNEDPUBKEYNOTMATCH = 90
    CURLE_SSL_INVALIDCERTSTATUS = 91

    # easy options: 0 long, 10000 pointer, 20000 function
    CURLOPT_PROXY = 10004
    CURLOPT_ERRORBUFFER = 10010
    CURLOPT_SSLVERSION = 32
    CURLOPT_NETRC = 51
    CURLOPT_SSL_VERIFYPEER = 64
    CURLOPT_CAINFO = 10065
    CURLOPT_SSL_VERIFYHOST = 81
    CURLOPT_HTTP_VERSION = 84
    CURLOPT_CAPATH = 10097
    CURLOPT_NOSIGNAL = 99
    CURLOPT_PRIVATE = 10103
    CURLOPT_TCP_NODELAY = 121
    CURLOPT_CONNECT_ONLY = 141
    CURLOPT_CONNECTTIMEOUT_MS = 156
    CURLOPT_NOPROXY = 10177
    CURLOPT_OPENSOCKETFUNCTION = 20163
    CURLOPT_OPENSOCKETDATA = 10164
    CURLOPT_CLOSESOCKETFUNCTION = 20208
    CURLOPT_CLOSESOCKETDATA = 10209
    CURLOPT_TCP_KEEPALIVE = 213
    CURLOPT_SSL_OPTIONS = 216
    CURLOPT_CURLU = 10282
    CURLOPT_PROTOCOLS_STR = 10318

    CURLINFO_PRIVATE = 0x100015
    CURLINFO_ACTIVESOCKET = 0x50002C

    CURLMOPT_SOCKETFUNCTION = 20001
    CURLMOPT_SOCKETDATA = 10002
    CURLMOPT_TIMERFUNCTION = 20004
    CURLMOPT_TIMERDATA = 10005
    CURLMOPT_MAXCONNECTS = 6
    CURLMOPT_QUICK_EXIT = 21

    CURL_HTTP_VERSION_1_1 = 2
    CURL_SSLVERSION_TLSv1_2 = 6
    CURLSSLOPT_NATIVE_CA = 16
    CURL_NETRC_IGNORED = 0

    CURL_POLL_IN = 1
    CURL_POLL_OUT = 2
    CURL_POLL_REMOVE = 4
    CURL_CSELECT_IN = 1
    CURL_CSELECT_OUT = 2
    CURL_WAIT_POLLIN = 1
    CURL_WAIT_POLLOUT = 4

    CURL_GLOBAL_ALL = 3

    CURLUPART_URL = 0
    CURLU_DISALLOW_USER = 32
