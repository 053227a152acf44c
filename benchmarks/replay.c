/* Replays ready-made HTTP/1.1 requests over keep-alive connections to 127.0.0.1; one request under way on each.
 *
 *   replay PORT REQUESTS LATENCIES CONNECTIONS SECONDS MAX_OPS
 *
 * REQUESTS: u32 count, then (u32 length, bytes) each, in this machine's byte order; what is left of the file is the
 * tail that every request ends with. LATENCIES is written: u32 microseconds of each good reply. On stdout one line: operations, failures, wall seconds, own CPU seconds, and the
 * head of the first failure. Built and run by replay.py. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 16384, PIECE = 262144 };

struct request { const char *bytes; size_t length; };
struct connection {
    int fd, busy, status, closes, chunked, to_end;
    const struct request *request;
    size_t sent, filled;
    long long missing;          /* bytes of body; -1 while the head is read */
    double began;
    char head[HEAD_MAX + 1];
    char last[5];               /* of a chunked body */
};

static int port, poller, active, stopping;
static struct request *requests;
static uint32_t count;
static char *tail;
static size_t tail_length;
static unsigned long long started, good, failed, max_ops;
static uint32_t *latencies;
static size_t room;
static char failure[400];

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void fail(const char *what) { perror(what); exit(1); }

static void note(const char *text) {
    failed++;
    if (failure[0]) return;
    for (size_t i = 0; text[i] && i < sizeof failure - 1; i++) failure[i] = text[i] < ' ' || text[i] > '~' ? ' ' : text[i];
}

static void dial(struct connection *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

static void redial(struct connection *c) { close(c->fd); dial(c); }

static int unsent(const struct connection *c) { return c->sent < c->request->length + tail_length; }

static void push(struct connection *c) {
    size_t head = c->request->length;
    while (unsent(c)) {
        ssize_t n = c->sent < head
            ? send(c->fd, c->request->bytes + c->sent, head - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT | (tail_length ? MSG_MORE : 0))
            : send(c->fd, tail + (c->sent - head), head + tail_length - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) break;       /* EAGAIN, or the reading side will see that it is gone */
        c->sent += n;
    }
    struct epoll_event event = {.events = EPOLLIN | (unsent(c) ? EPOLLOUT : 0), .data.ptr = c};
    if (unsent(c) || c->busy == 2) epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
    c->busy = unsent(c) ? 2 : 1;
}

static void next(struct connection *c) {
    if (stopping || (max_ops && started >= max_ops)) { c->busy = 0; active--; return; }
    c->request = &requests[started++ % count];
    c->sent = c->filled = 0;
    c->missing = -1;
    c->closes = c->chunked = c->to_end = 0;
    c->busy = 1;
    c->began = now();
    push(c);
}

static void done(struct connection *c) {
    if (c->status < 300) {
        if (good == room && !(latencies = realloc(latencies, (room = room ? 2 * room : 65536) * sizeof *latencies))) fail("memory");
        latencies[good++] = (uint32_t)((now() - c->began) * 1e6);
    } else note(c->head);
    if (c->closes || unsent(c)) redial(c);     /* what an early answer left unsent would spoil the next request */
    next(c);
}

static const char *header(const char *head, const char *name) {
    size_t n = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (!strncasecmp(line, name, n) && line[n] == ':') {
            for (line += n + 1; *line == ' ' || *line == '\t'; line++) {}
            return line;
        }
    }
    return NULL;
}

/* Whether these bytes end the body. */
static int body(struct connection *c, const char *bytes, size_t n) {
    if (c->chunked) {
        for (size_t i = n > 5 ? n - 5 : 0; i < n; i++) { memmove(c->last, c->last + 1, 4); c->last[4] = bytes[i]; }
        return !memcmp(c->last, "0\r\n\r\n", 5);
    }
    if (c->to_end) return 0;
    c->missing -= n;
    return c->missing <= 0;
}

static void take_head(struct connection *c) {
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) { if (c->filled == HEAD_MAX) { fprintf(stderr, "a head is too long\n"); exit(1); } return; }
    end[2] = 0;
    c->status = atoi(c->head + 9);
    const char *value = header(c->head, "connection");
    c->closes = value ? !strncasecmp(value, "close", 5) : !strncmp(c->head, "HTTP/1.0", 8);
    if ((value = header(c->head, "content-length"))) c->missing = atoll(value);
    else if (header(c->head, "transfer-encoding")) { c->chunked = 1; c->missing = 0; memset(c->last, 0, 5); }
    else if (c->status == 204 || c->status == 304) c->missing = 0;
    else { c->to_end = 1; c->missing = 0; }
    size_t rest = c->filled - (end + 4 - c->head);
    if (body(c, end + 4, rest)) done(c);
}

static void readable(struct connection *c) {
    static char piece[PIECE];
    int in_head = c->missing == -1;
    ssize_t n = in_head ? recv(c->fd, c->head + c->filled, HEAD_MAX - c->filled, MSG_DONTWAIT) : recv(c->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        if (!c->busy) { epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL); return; }
        if (!in_head && c->to_end) { c->closes = 1; done(c); return; }
        note("the server closed the connection");
        redial(c);
        next(c);
        return;
    }
    if (in_head) { c->filled += n; c->head[c->filled] = 0; take_head(c); }
    else if (body(c, piece, n)) done(c);
}

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fread(&count, sizeof count, 1, file) != 1 || !count) fail(path);
    requests = calloc(count, sizeof *requests);
    for (uint32_t i = 0; requests && i < count; i++) {
        uint32_t length;
        char *bytes;
        if (fread(&length, sizeof length, 1, file) != 1 || !(bytes = malloc(length)) || fread(bytes, 1, length, file) != length) fail(path);
        requests[i] = (struct request){bytes, length};
    }
    long at = ftell(file);
    if (at < 0 || fseek(file, 0, SEEK_END) || (tail_length = ftell(file) - at, fseek(file, at, SEEK_SET))) fail(path);
    if (!(tail = malloc(tail_length + 1)) || fread(tail, 1, tail_length, file) != tail_length) fail(path);
    fclose(file);
}

int main(int argc, char **argv) {
    if (argc != 7) { fprintf(stderr, "usage: replay PORT REQUESTS LATENCIES CONNECTIONS SECONDS MAX_OPS\n"); return 2; }
    signal(SIGPIPE, SIG_IGN);
    port = atoi(argv[1]);
    load(argv[2]);
    int connections = atoi(argv[4]);
    double seconds = atof(argv[5]);
    max_ops = strtoull(argv[6], NULL, 10);
    poller = epoll_create1(0);
    struct connection *all = calloc(connections, sizeof *all);
    if (!all || poller < 0) fail("start");
    for (int i = 0; i < connections; i++) dial(&all[i]);
    double start = now(), end = start + seconds, at = start;
    for (int i = 0; i < connections; i++) { active++; next(&all[i]); }
    while (active > 0 && at < end + 30) {
        struct epoll_event events[64];
        int n = epoll_wait(poller, events, 64, 500);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if ((events[i].events & EPOLLOUT) && c->busy) push(c);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
        }
        at = now();
        if (at >= end) stopping = 1;
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    FILE *file = fopen(argv[3], "wb");
    if (!file || fwrite(latencies, sizeof *latencies, good, file) != good || fclose(file)) fail(argv[3]);
    printf("%llu %llu %.6f %.6f %s\n", good, failed, at - start,
           used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6, failure);
    return 0;
}
