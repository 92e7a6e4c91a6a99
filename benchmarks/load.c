/* The server alone: one connection, send and receive, with nothing of Python around it.
 *
 *     load PORT PATH BODY ORDERS     prints the nanoseconds of each order, one a line
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **word)
{
    struct sockaddr_in there = {.sin_family = AF_INET};
    char request[4096], answer[65536];
    int one = 1, size;
    long orders, turn;

    if (count != 5)
        return 2;
    there.sin_port = htons((unsigned short)atoi(word[1]));
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    orders = atol(word[4]);
    size = snprintf(request, sizeof request,
                    "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    "Authorization: Bearer abc\r\nAccept: */*\r\n"
                    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                    word[2], strlen(word[3]), word[3]);
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    if (sock < 0 || connect(sock, (struct sockaddr *)&there, sizeof there) != 0)
        return 1;
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (turn = 0; turn < orders; turn++) {
        long long start = now();
        if (send(sock, request, (size_t)size, 0) != size)
            return 1;
        if (recv(sock, answer, sizeof answer, 0) <= 0)
            return 1;
        printf("%lld\n", now() - start);
    }
    close(sock);
    return 0;
}
