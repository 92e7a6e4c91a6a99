/* Sockets for libcurl, and the addresses that they lead to. */
#ifndef FASTORDER_ADDRESSES_H
#define FASTORDER_ADDRESSES_H

#include <string.h>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
typedef SOCKET fastorder_fd;
#define FASTORDER_NO_FD INVALID_SOCKET
#else
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
typedef int fastorder_fd;
#define FASTORDER_NO_FD (-1)
#endif

/* as curl/curl.h has it: struct curl_sockaddr */
typedef struct {
    int family;
    int socktype;
    int protocol;
    unsigned int addrlen;
    struct sockaddr addr;
} fastorder_sockaddr;

/* Copy an address; its size, 0 where it does not fit. */
static inline unsigned int fastorder_address(const fastorder_sockaddr *from, char *into,
                                             unsigned int room) {
    if (from->addrlen > room)
        return 0;
    memcpy(into, &from->addr, from->addrlen);
    return from->addrlen;
}

/* A socket that a child process does not inherit. */
static inline fastorder_fd fastorder_open_socket(const fastorder_sockaddr *to) {
    fastorder_fd fd;
#ifdef SOCK_CLOEXEC
    fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
#else
    fd = socket(to->family, to->socktype, to->protocol);
#ifndef _WIN32
    if (fd != FASTORDER_NO_FD)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
#endif
    return fd;
}

/* Copy where a connected socket leads to; the size, 0 where that is not known. */
static inline unsigned int fastorder_peer(fastorder_fd fd, char *into,
                                          unsigned int room) {
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
        return 0;
    if ((unsigned int)size > room)
        return 0;
    memcpy(into, &peer, size);
    return (unsigned int)size;
}

/* Whether a socket takes bytes now. */
static inline int fastorder_has_room(fastorder_fd fd) {
#ifdef _WIN32
    WSAPOLLFD asked = {fd, POLLOUT, 0};
    return WSAPoll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT);
#else
    struct pollfd asked = {fd, POLLOUT, 0};
    return poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT);
#endif
}

/* End both ways of a connection: nothing that TLS still holds back can follow. */
static inline void fastorder_cut(fastorder_fd fd) {
#ifdef _WIN32
    (void)shutdown(fd, SD_BOTH);
#else
    (void)shutdown(fd, SHUT_RDWR);
#endif
}

#endif
