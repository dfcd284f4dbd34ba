/* The load of the benchmarks: clients that cost as little as possible, so that the server is measured.
 *
 *     loadgen pubsub  port=P [pubs= subs= messages= size= subjects= interests= queue= tls= login= block=
 *                             rate= check= stall_ms=]
 *     loadgen request port=P [messages= size= window= block= stall_ms=]
 *     loadgen jspub   port=P [messages= size= subjects= streams= window= block= stall_ms=]
 *     loadgen get|batch|watch port=P … (see reads.h)
 *     loadgen consume port=P … (see consume.h)
 *     loadgen latency port=P [messages= size= warmup= stall_ms=]
 *
 * queue=1 makes the subscribers one queue group.  interests=N gives the one subscriber N subscriptions, half of
 * them literal and half with a wildcard, of which two meet each subject.  tls=1 encrypts every connection; it
 * needs OpenSSL's library, not its headers.  streams=N publishes to N streams in turn, each with one subject.  kv=1
 * publishes to the keys of the bucket BENCH, object=1 the chunks of an object.
 *
 * What is published is encoded before the clock starts: a block of `block` messages per publisher,
 * written again and again.  All messages of a run have the same encoded length, so the frames that a
 * subscriber gets can be counted by striding over them.  check=1 compares every byte instead.
 *
 * One line of JSON on stdout; exit 1 with a reason on stderr when what came back is not what is due,
 * 2 when the arguments are wrong.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES = 512 * 1024,
    WRITE_BYTES = 256 * 1024, /* per system call, so that reading gets its turn */
    SUBJECT_BYTES = 64,
    LINE_BYTES = 4096,
    CLIENTS_MAX = 160,
    DESCRIPTORS_MAX = 4096,
    STAMP_BYTES = 16, /* publisher and sequence at the head of each payload */
    SIZE_MAX_BYTES = 1024 * 1024,
};
#define SECOND_NS 1000000000LL
#define TICK_NS 1000000LL /* a paced publisher sends what is due once per tick */

static const char PING[] = "PING\r\n";
static const char CONNECT[] =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\",\"version\":\"1\",\"protocol\":1,"
    "\"headers\":true,\"no_responders\":true,\"echo\":true}\r\nPING\r\n";
/* with login=1: who subscribes; who publishes is let in without a name */
static const char LOGIN[] = "CONNECT {\"user\":\"sub\",\"pass\":\"bench\",";

static struct {
    long port, pubs, subs, messages, size, subjects, streams, interests, queue, tls, login, block, window, rate, warmup,
        check, stall_ms, stored, kv, object, batch, due, pull, ahead, each, ack;
} options = {
    .pubs = 1, .subs = 1, .messages = 100000, .size = 16, .subjects = 1, .streams = 1, .block = 4096,
    .window = 1000, .stall_ms = 10000, .batch = 1000, .ahead = 2,
};

/* ---- small things ---- */

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("loadgen: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void *allocate(size_t bytes) {
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory) fail("out of memory (%zu bytes)", bytes);
    return memory;
}

static long long now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND_NS + time.tv_nsec;
}

/* ---- TLS: OpenSSL's functions, found at run time ---- */

static struct {
    void *(*method)(void), *(*new_context)(void *), *(*new_tls)(void *);
    int (*set_descriptor)(void *, int), (*connect)(void *), (*read)(void *, void *, int),
        (*write)(void *, const void *, int), (*pending)(const void *), (*error)(const void *, int);
    long (*control)(void *, int, long, void *);
} openssl;

static void *tls_context, *tls_of[DESCRIPTORS_MAX];

/* A function pointer is not an object pointer to C: the copy is what POSIX tells one to do. */
static void find_function(void *library, const char *name, void *into) {
    void *found = dlsym(library, name);
    if (!found) fail("OpenSSL has no %s", name);
    memcpy(into, &found, sizeof found);
}

static void load_openssl(void) {
    static const char *const names[] = {"libssl.so.3", "libssl.so.1.1", "libssl.so", "libssl.3.dylib"};
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++) library = dlopen(names[i], RTLD_NOW);
    if (!library) fail("tls=1 needs OpenSSL's library (libssl)");
    find_function(library, "TLS_client_method", &openssl.method);
    find_function(library, "SSL_CTX_new", &openssl.new_context);
    find_function(library, "SSL_new", &openssl.new_tls);
    find_function(library, "SSL_set_fd", &openssl.set_descriptor);
    find_function(library, "SSL_connect", &openssl.connect);
    find_function(library, "SSL_read", &openssl.read);
    find_function(library, "SSL_write", &openssl.write);
    find_function(library, "SSL_pending", &openssl.pending);
    find_function(library, "SSL_get_error", &openssl.error);
    find_function(library, "SSL_ctrl", &openssl.control);
    tls_context = openssl.new_context(openssl.method());
    if (!tls_context) fail("OpenSSL makes no context");
}

static void start_tls(int fd) {
    enum { CONTROL_MODE = 33, PARTIAL_WRITE = 1, MOVING_BUFFER = 2 };
    if (fd >= DESCRIPTORS_MAX) fail("too many connections");
    void *tls = openssl.new_tls(tls_context);
    openssl.control(tls, CONTROL_MODE, PARTIAL_WRITE | MOVING_BUFFER, NULL);
    if (!openssl.set_descriptor(tls, fd) || openssl.connect(tls) != 1) fail("the TLS handshake failed");
    tls_of[fd] = tls;
}

/* What read() and write() would return: -1 with EAGAIN when the socket is not ready. */
static ssize_t tls_result(void *tls, int count) {
    enum { WANT_READ = 2, WANT_WRITE = 3 };
    if (count > 0) return count;
    int error = openssl.error(tls, count);
    if (error != WANT_READ && error != WANT_WRITE) return 0;
    errno = EAGAIN;
    return -1;
}

static ssize_t receive(int fd, char *into, size_t room) {
    void *tls = fd < DESCRIPTORS_MAX ? tls_of[fd] : NULL;
    if (!tls) return read(fd, into, room);
    size_t filled = 0;
    do {
        ssize_t count = tls_result(tls, openssl.read(tls, into + filled, (int)(room - filled)));
        if (count <= 0) return filled ? (ssize_t)filled : count;
        filled += (size_t)count;
    } while (filled < room && openssl.pending(tls));
    return (ssize_t)filled;
}

static ssize_t transmit(int fd, const char *data, size_t length) {
    void *tls = fd < DESCRIPTORS_MAX ? tls_of[fd] : NULL;
    return tls ? tls_result(tls, openssl.write(tls, data, (int)length)) : write(fd, data, length);
}

/* Whether there is more to read that poll() does not see. */
static int holds_more(int fd) {
    return fd < DESCRIPTORS_MAX && tls_of[fd] && openssl.pending(tls_of[fd]) > 0;
}

/* ---- connections ---- */

static void write_all(int fd, const char *data, size_t length) {
    while (length) {
        ssize_t count = transmit(fd, data, length);
        if (count <= 0) fail("writing to the server failed: %s", strerror(errno));
        data += count;
        length -= (size_t)count;
    }
}

static size_t read_some(int fd, char *into, size_t room) {
    ssize_t count = receive(fd, into, room);
    if (count > 0) return (size_t)count;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    fail("the server closed the connection%s%s", count ? ": " : "", count ? strerror(errno) : "");
    return 0;
}

/* One byte at a time: only used before the clock starts, where nothing else may be swallowed. */
static void read_line(int fd, char *line) {
    for (size_t length = 0; length < LINE_BYTES - 1; length++) {
        if (!read_some(fd, line + length, 1)) fail("no answer from the server");
        if (line[length] == '\n') {
            line[length + 1] = 0;
            return;
        }
    }
    fail("the server sent a line of over %d bytes", LINE_BYTES);
}

static void await_pong(int fd) {
    char line[LINE_BYTES + 1];
    for (;;) {
        read_line(fd, line);
        if (!strncmp(line, "PONG", 4)) return;
        if (!strncmp(line, "-ERR", 4)) fail("the server says %s", line);
    }
}

static int dial_as(int subscriber) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)options.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
        fail("cannot connect to 127.0.0.1:%ld: %s", options.port, strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct timeval patience = {options.stall_ms / 1000, options.stall_ms % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char line[LINE_BYTES + 1];
    read_line(fd, line);
    if (strncmp(line, "INFO ", 5)) fail("expected INFO, got %s", line);
    if (options.tls) start_tls(fd);
    long after = subscriber && options.login ? strlen("CONNECT {") : 0;
    if (after) write_all(fd, LOGIN, sizeof LOGIN - 1);
    write_all(fd, CONNECT + after, sizeof CONNECT - 1 - after);
    await_pong(fd);
    return fd;
}

static int dial(void) {
    return dial_as(0);
}

static void subscribe(int fd, const char *subject, const char *queue) {
    char line[SUBJECT_BYTES + 32];
    int length = snprintf(line, sizeof line, "SUB %s %s 1\r\nPING\r\n", subject, queue);
    write_all(fd, line, (size_t)length);
    await_pong(fd);
}

/* Half of the interests are literal, half have a wildcard; their ids have the same number of digits. */
enum { LITERAL_SID = 1000000, WILDCARD_SID = 2000000 };

static void subscribe_many(int fd) {
    char *lines = allocate((size_t)options.interests * (SUBJECT_BYTES + 16) + sizeof PING), *at = lines;
    for (long i = 0; i < options.interests / 2; i++) {
        at += sprintf(at, "SUB bench.unique.%08ld %ld\r\n", i, LITERAL_SID + i);
        at += sprintf(at, "SUB bench.*.%08ld %ld\r\n", i, WILDCARD_SID + i);
    }
    memcpy(at, PING, sizeof PING - 1);
    write_all(fd, lines, (size_t)(at - lines) + sizeof PING - 1);
    free(lines);
    await_pong(fd);
}

static void set_blocking(int fd, int blocking) {
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

/* A line other than a message.  Publishers leave PING unanswered, as they may be inside a message;
 * servers bear that for minutes. */
static void take_line(int fd, const char *line, size_t length, int answer_ping, int *pongs) {
    if (length >= 4 && !memcmp(line, "PONG", 4)) {
        ++*pongs;
    } else if (length >= 4 && !memcmp(line, "PING", 4)) {
        if (answer_ping) write_all(fd, "PONG\r\n", 6);
    } else if (memcmp(line, "INFO", length < 4 ? length : 4) && line[0] != '+') {
        fail("the server sent: %.*s", (int)(length > 120 ? 120 : length), line);
    }
}

/* ---- what is published and what must come back ---- */

static void payload_of(char *into, long publisher, long sequence) {
    char stamp[STAMP_BYTES + 1];
    snprintf(stamp, sizeof stamp, "%02lx:%012lx:", publisher & 0xff, sequence);
    memcpy(into, stamp, STAMP_BYTES);
    for (long i = STAMP_BYTES; i < options.size; i++) into[i] = (char)('a' + (sequence + i) % 26);
}

static void subject_of(char *into, long sequence) {
    if (options.subjects == 1)
        snprintf(into, SUBJECT_BYTES, "bench.core");
    else
        snprintf(into, SUBJECT_BYTES, "bench.unique.%08ld", sequence % options.subjects);
}

static const char *jspub_subject(void) {
    if (options.object) return "$O.BENCH.C.0123456789ABCDEFGHIJKL";
    return options.kv ? "$KV.BENCH" : "bench.js";
}

static void requested_subject_of(char *into, const char *requested, long sequence) {
    long distinct = options.streams > 1 ? options.streams : options.subjects;
    if (distinct == 1)
        snprintf(into, SUBJECT_BYTES, "%s", requested);
    else
        snprintf(into, SUBJECT_BYTES, "%s.%08ld", requested, sequence % distinct);
}

static char *finish_message(char *at, long publisher, long sequence) {
    payload_of(at, publisher, sequence);
    memcpy(at + options.size, "\r\n", 2);
    return at + options.size + 2;
}

static size_t encode_delivery(char *into, long publisher, long sequence, long sid) {
    char subject[SUBJECT_BYTES];
    subject_of(subject, sequence);
    char *at = into + sprintf(into, "MSG %s %ld %ld\r\n", subject, sid, options.size);
    return (size_t)(finish_message(at, publisher, sequence) - into);
}

/* A ring of encoded messages, each `each` bytes long. */
typedef struct {
    char *bytes;
    size_t length, each;
} Block;

/* What the acknowledgements for a publisher are sent below: nobody else is to hear of them. */
static void inbox_of(char *into, long publisher) {
    if (publisher)
        sprintf(into, "_INBOX.bench%ld", publisher);
    else
        strcpy(into, "_INBOX.bench");
}

static Block encode_block(long publisher, const char *requested) {
    Block block = {.bytes = allocate((size_t)options.block * (size_t)(options.size + 2 * SUBJECT_BYTES))};
    char *at = block.bytes, subject[SUBJECT_BYTES], inbox[SUBJECT_BYTES];
    inbox_of(inbox, publisher);
    for (long sequence = 0; sequence < options.block; sequence++) {
        if (requested) {
            requested_subject_of(subject, requested, sequence);
            at += sprintf(at, "PUB %s %s.%08ld %ld\r\n", subject, inbox, sequence, options.size);
        } else {
            subject_of(subject, sequence);
            at += sprintf(at, "PUB %s %ld\r\n", subject, options.size);
        }
        at = finish_message(at, publisher, sequence);
    }
    block.length = (size_t)(at - block.bytes);
    block.each = block.length / (size_t)options.block;
    return block;
}

/* Write the part [sent, until) of the endlessly repeated block, as far as the socket takes it. */
static size_t write_block(int fd, const Block *block, size_t sent, size_t until) {
    size_t from = sent % block->length, count = block->length - from;
    if (count > until - sent) count = until - sent;
    if (count > WRITE_BYTES) count = WRITE_BYTES;
    ssize_t written = transmit(fd, block->bytes + from, count);
    if (written >= 0) return (size_t)written;
    if (errno != EAGAIN && errno != EWOULDBLOCK) fail("publishing failed: %s", strerror(errno));
    return 0;
}

/* ---- pubsub ---- */

typedef struct {
    int fd, pongs;
    Block block;
    size_t sent, total;
    char in[LINE_BYTES];
    size_t in_length;
} Publisher;

typedef struct {
    int fd, pongs;
    long received, expected;
    long next[2][CLIENTS_MAX]; /* per publisher, the sequence that is due; wildcards count apart */
    char *in;
    size_t in_length;
} Subscriber;

static size_t frame_length;
static char *frame_due;

static unsigned char *seen; /* per publisher and sequence, whether a member of the group has had it */

static void explain(const Subscriber *subscriber, const char *frame, int wild) {
    const char *payload = frame + frame_length - options.size - 2;
    char stamp[STAMP_BYTES + 1] = {0};
    memcpy(stamp, payload, STAMP_BYTES);
    unsigned long publisher = 0, sequence = 0;
    if (sscanf(stamp, "%2lx:%12lx:", &publisher, &sequence) != 2 || publisher >= (unsigned long)options.pubs)
        fail("message %ld is altered: its payload begins with \"%s\"", subscriber->received, stamp);
    long due = subscriber->next[wild][publisher];
    if ((long)sequence > due)
        fail("publisher %lu: message %ld lost (%ld came next)", publisher, due, (long)sequence);
    if ((long)sequence < due)
        fail("publisher %lu: message %ld came twice or late (%ld was due)", publisher, (long)sequence, due);
    fail("publisher %lu: message %ld is altered", publisher, due);
}

/* A member of a queue group gets its messages in order, and nobody else gets them. */
static void skip_to_frame(Subscriber *subscriber, const char *payload, long publisher) {
    long sequence = strtol(payload + 3, NULL, 16);
    if (sequence < subscriber->next[0][publisher] || sequence >= options.block) return;
    unsigned char *mark = &seen[publisher * options.block + sequence];
    if (*mark) fail("publisher %ld: message %ld came twice", publisher, sequence);
    *mark = 1;
    subscriber->next[0][publisher] = sequence;
}

static void check_frame(Subscriber *subscriber, const char *frame) {
    const char *payload = frame + frame_length - options.size - 2;
    char digits[3] = {payload[0], payload[1], 0};
    long publisher = strtol(digits, NULL, 16), sid = 1;
    int wild = 0;
    if (publisher < 0 || publisher >= options.pubs) explain(subscriber, frame, 0);
    if (options.interests) {
        wild = frame[strlen("MSG bench.unique.00000000 ")] == '2';
        sid = (wild ? WILDCARD_SID : LITERAL_SID) + subscriber->next[wild][publisher] % options.subjects;
    }
    if (options.queue) skip_to_frame(subscriber, payload, publisher);
    encode_delivery(frame_due, publisher, subscriber->next[wild][publisher], sid);
    if (memcmp(frame, frame_due, frame_length)) explain(subscriber, frame, wild);
    if (++subscriber->next[wild][publisher] == options.block && !options.queue) subscriber->next[wild][publisher] = 0;
}

static void take_frames(Subscriber *subscriber) {
    char *at = subscriber->in, *end = at + subscriber->in_length;
    while (at < end) {
        if (*at == 'M') {
            if ((size_t)(end - at) < frame_length) break;
            if (subscriber->received == subscriber->expected)
                fail("more than the %ld messages that are due", subscriber->expected);
            if (at[frame_length - 1] != '\n')
                fail("message %ld has not the length that was published", subscriber->received);
            if (options.check) check_frame(subscriber, at);
            subscriber->received++;
            at += frame_length;
            continue;
        }
        char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline) break;
        take_line(subscriber->fd, at, (size_t)(newline + 1 - at), 1, &subscriber->pongs);
        at = newline + 1;
    }
    subscriber->in_length = (size_t)(end - at);
    memmove(subscriber->in, at, subscriber->in_length);
}

static size_t read_frames(Subscriber *subscriber) {
    size_t total = 0;
    do {
        size_t count = read_some(subscriber->fd, subscriber->in + subscriber->in_length,
                                 READ_BYTES + frame_length - subscriber->in_length);
        subscriber->in_length += count;
        take_frames(subscriber);
        total += count;
    } while (holds_more(subscriber->fd));
    return total;
}

static void read_lines(Publisher *publisher) {
    char *at = publisher->in, *newline;
    publisher->in_length += read_some(publisher->fd, at + publisher->in_length, LINE_BYTES - publisher->in_length);
    char *end = at + publisher->in_length;
    while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
        take_line(publisher->fd, at, (size_t)(newline + 1 - at), 0, &publisher->pongs);
        at = newline + 1;
    }
    publisher->in_length = (size_t)(end - at);
    if (publisher->in_length == LINE_BYTES) fail("the server sent a line of over %d bytes", LINE_BYTES);
    memmove(publisher->in, at, publisher->in_length);
}

static void publish(Publisher *publisher, size_t until) {
    if (publisher->sent < publisher->total) {
        publisher->sent += write_block(publisher->fd, &publisher->block, publisher->sent, until);
        return;
    }
    size_t done = publisher->sent - publisher->total;
    ssize_t written = transmit(publisher->fd, PING + done, sizeof PING - 1 - done);
    if (written > 0) publisher->sent += (size_t)written;
}

/* How far a publisher may write by now: everything, or what a fixed rate has made due. */
static size_t allowance(const Publisher *publisher, long long elapsed_ns) {
    if (!options.rate) return publisher->total;
    long long ticks = elapsed_ns / TICK_NS;
    size_t due = (size_t)(ticks * options.rate / (SECOND_NS / TICK_NS)) * publisher->block.each;
    return due < publisher->total ? due : publisher->total;
}

static int wait_events(struct pollfd *polled, long count, long long timeout_ns) {
#ifdef __linux__
    struct timespec timeout = {timeout_ns / SECOND_NS, timeout_ns % SECOND_NS};
    return ppoll(polled, (nfds_t)count, &timeout, NULL);
#else
    return poll(polled, (nfds_t)count, (int)((timeout_ns + 999999) / 1000000));
#endif
}

static Publisher *publishers;
static Subscriber *subscribers;
static struct pollfd polled[2 * CLIENTS_MAX];

static void connect_all(void) {
    char subject[SUBJECT_BYTES] = "bench.core";
    if (options.subjects > 1) strcpy(subject, "bench.unique.>");
    publishers = allocate(sizeof *publishers * (size_t)options.pubs);
    subscribers = allocate(sizeof *subscribers * (size_t)options.subs);
    for (long i = 0; i < options.subs; i++) {
        Subscriber *subscriber = &subscribers[i];
        subscriber->fd = polled[i].fd = dial_as(1);
        subscriber->in = allocate(READ_BYTES + frame_length);
        subscriber->expected = options.messages * options.pubs * (options.interests ? 2 : 1);
        if (options.interests)
            subscribe_many(subscriber->fd);
        else
            subscribe(subscriber->fd, subject, options.queue ? "bench" : "");
        set_blocking(subscriber->fd, 0);
    }
    for (long i = 0; i < options.pubs; i++) {
        Publisher *publisher = &publishers[i];
        publisher->fd = polled[options.subs + i].fd = dial();
        publisher->block = encode_block(i, NULL);
        publisher->total = publisher->block.each * (size_t)options.messages;
        set_blocking(publisher->fd, 0);
    }
}

/* Say what to wait for; return the number of clients that are not done. */
static long ask_events(long long elapsed_ns) {
    long open = 0, received = 0;
    for (long i = 0; i < options.subs; i++) {
        polled[i].events = POLLIN;
        received += subscribers[i].received;
        open += !options.queue && subscribers[i].received < subscribers[i].expected;
    }
    open += options.queue && received < options.messages * options.pubs;
    for (long i = 0; i < options.pubs; i++) {
        Publisher *publisher = &publishers[i];
        int all_sent = publisher->sent == publisher->total + sizeof PING - 1;
        int may_send = publisher->sent < allowance(publisher, elapsed_ns) ||
                       (publisher->sent >= publisher->total && !all_sent);
        polled[options.subs + i].events = (short)(POLLIN | (may_send ? POLLOUT : 0));
        open += !publisher->pongs;
    }
    return open;
}

static void serve_events(long long elapsed_ns) {
    for (long i = 0; i < options.subs; i++)
        if (polled[i].revents) read_frames(&subscribers[i]);
    for (long i = 0; i < options.pubs; i++) {
        short events = polled[options.subs + i].revents;
        if (events & (POLLIN | POLLERR | POLLHUP)) read_lines(&publishers[i]);
        if (events & POLLOUT) publish(&publishers[i], allowance(&publishers[i], elapsed_ns));
    }
}

/* How many messages are delivered in all. */
static long deliveries(void) {
    long receivers = options.queue ? options.subs > 0 : options.subs;
    return options.messages * options.pubs * receivers * (options.interests ? 2 : 1);
}

static void fail_stalled(void) {
    long received = 0, published = 0;
    for (long i = 0; i < options.subs; i++) received += subscribers[i].received;
    for (long i = 0; i < options.pubs; i++) {
        Publisher *publisher = &publishers[i];
        size_t sent = publisher->sent < publisher->total ? publisher->sent : publisher->total;
        published += (long)(sent / publisher->block.each);
    }
    fail("nothing moves for %ld ms: published %ld of %ld, received %ld of %ld", options.stall_ms, published,
         options.messages * options.pubs, received, deliveries());
}

/* After the clock has stopped: a last round trip brings in whatever is too many. */
static void check_surplus(void) {
    for (long i = 0; i < options.subs; i++) {
        Subscriber *subscriber = &subscribers[i];
        set_blocking(subscriber->fd, 1);
        write_all(subscriber->fd, PING, sizeof PING - 1);
        while (!subscriber->pongs)
            if (!read_frames(subscriber)) fail("no PONG at the end of the run");
    }
    long received = 0;
    for (long i = 0; i < options.subs; i++) received += subscribers[i].received;
    if (received != deliveries()) fail("%ld deliveries instead of %ld", received, deliveries());
}

static void run_pubsub(void) {
    frame_due = allocate((size_t)options.size + 2 * SUBJECT_BYTES);
    frame_length = encode_delivery(frame_due, 0, 0, options.interests ? LITERAL_SID : 1);
    if (options.queue && options.check) seen = allocate((size_t)(options.pubs * options.block));
    connect_all();
    long long start_ns = now_ns(), moved_ns = start_ns, time_ns = start_ns;
    while (ask_events(time_ns - start_ns)) {
        long long until_tick_ns = TICK_NS - (time_ns - start_ns) % TICK_NS;
        long long stall_ns = moved_ns + options.stall_ms * 1000000LL - time_ns;
        if (stall_ns <= 0) fail_stalled();
        int ready = wait_events(polled, options.subs + options.pubs,
                                options.rate && until_tick_ns < stall_ns ? until_tick_ns : stall_ns);
        if (ready < 0 && errno != EINTR) fail("poll failed: %s", strerror(errno));
        time_ns = now_ns();
        if (ready <= 0) continue;
        moved_ns = time_ns;
        serve_events(time_ns - start_ns);
    }
    double seconds = (double)(now_ns() - start_ns) / SECOND_NS;
    check_surplus();
    printf("{\"seconds\":%.9f,\"published\":%ld,\"delivered\":%ld}\n", seconds,
           options.messages * options.pubs, deliveries());
}

/* ---- jspub: publish with acknowledgement, a window of messages under way ---- */

static long acked, *acked_of; /* in all and per stream: only the acknowledgements of one stream have an order */

static void check_ack(const char *subject, const char *body, long length) {
    char text[512];
    long kept = length < (long)sizeof text - 1 ? length : (long)sizeof text - 1;
    memcpy(text, body, (size_t)kept);
    text[kept] = 0;
    long inbox = strtol(subject + strlen("_INBOX.bench."), NULL, 10);
    if (inbox < 0) fail("unexpected acknowledgement on %.30s", subject);
    long *count = &acked_of[inbox % options.streams];
    long message = *count * options.streams + inbox % options.streams;
    const char *sequence = strstr(text, "\"seq\":");
    if (strstr(text, "\"error\"") || !sequence) fail("message %ld is not acknowledged: %s", message, text);
    if (strtol(sequence + 6, NULL, 10) != *count + 1)
        fail("message %ld should have the sequence %ld: %s", message, *count + 1, text);
    if (inbox != message % options.block)
        fail("the acknowledgement of message %ld is due, got that on %.30s", message, subject);
    ++*count;
    acked++;
}

/* One message or line at `at`; returns where the next begins, or NULL when this one is unfinished. */
static char *take_ack(int fd, char *at, char *end) {
    char *newline = memchr(at, '\n', (size_t)(end - at));
    if (!newline) return NULL;
    if (*at != 'M') {
        int pongs = 0;
        take_line(fd, at, (size_t)(newline + 1 - at), 0, &pongs);
        return newline + 1;
    }
    char *size = newline;
    while (size > at && size[-1] != ' ') size--;
    long length = strtol(size, NULL, 10);
    if (length < 0 || length > LINE_BYTES) fail("an acknowledgement of %ld bytes", length);
    if (end - newline - 1 < length + 2) return NULL;
    if (strncmp(at, "MSG _INBOX.bench.", 17)) fail("unexpected message: %.60s", at);
    check_ack(at + 4, newline + 1, length);
    return newline + 1 + length + 2;
}

static void run_jspub(void) {
    Block block = encode_block(0, jspub_subject());
    acked_of = allocate(sizeof *acked_of * (size_t)options.streams);
    int fd = dial();
    subscribe(fd, "_INBOX.bench.*", "");
    set_blocking(fd, 0);
    char *in = allocate(READ_BYTES + 1);
    size_t in_length = 0, sent = 0, total = block.each * (size_t)options.messages;
    struct pollfd event = {.fd = fd};
    long long start_ns = now_ns();
    while (acked < options.messages) {
        size_t until = block.each * (size_t)(acked + options.window);
        if (until > total) until = total;
        event.events = (short)(POLLIN | (sent < until ? POLLOUT : 0));
        if (!wait_events(&event, 1, options.stall_ms * 1000000LL))
            fail("nothing moves for %ld ms: %ld of %ld messages acknowledged", options.stall_ms, acked,
                 options.messages);
        if (event.revents & (POLLIN | POLLERR | POLLHUP)) {
            in_length += read_some(fd, in + in_length, READ_BYTES - in_length);
            char *at = in, *next;
            while (at < in + in_length && (next = take_ack(fd, at, in + in_length))) at = next;
            in_length -= (size_t)(at - in);
            memmove(in, at, in_length);
        }
        if (event.revents & POLLOUT) sent += write_block(fd, &block, sent, until);
    }
    double seconds = (double)(now_ns() - start_ns) / SECOND_NS;
    printf("{\"seconds\":%.9f,\"published\":%ld,\"acknowledged\":%ld}\n", seconds, options.messages, acked);
    free(acked_of);
    free(in);
    free(block.bytes);
}

/* ---- request: a window of requests under way, answered by a second connection ---- */

typedef struct {
    int fd;
    char *in, *out;
    size_t in_length, out_length, frame;
} Responder;

/* What must arrive, and what is sent back for it, are of fixed length: only the inbox and the payload differ. */
static const char REQUEST_HEAD[] = "MSG bench.request 1 ";
static const char ANSWER_VERB[] = "PUB ";

static void answer_frames(Responder *responder) {
    size_t head = sizeof REQUEST_HEAD - 1, verb = sizeof ANSWER_VERB - 1, at = 0;
    responder->in_length += read_some(responder->fd, responder->in + responder->in_length,
                                      READ_BYTES - responder->in_length);
    while (responder->in_length - at >= responder->frame) {
        const char *frame = responder->in + at;
        if (*frame != 'M') break;
        if (memcmp(frame, REQUEST_HEAD, head)) fail("unexpected request: %.60s", frame);
        memcpy(responder->out + responder->out_length, ANSWER_VERB, verb);
        memcpy(responder->out + responder->out_length + verb, frame + head, responder->frame - head);
        responder->out_length += responder->frame - head + verb;
        at += responder->frame;
    }
    responder->in_length -= at;
    memmove(responder->in, responder->in + at, responder->in_length);
    char *newline;
    while (responder->in_length && *responder->in != 'M' &&
           (newline = memchr(responder->in, '\n', responder->in_length))) {
        size_t line = (size_t)(newline + 1 - responder->in);
        int pongs = 0;
        take_line(responder->fd, responder->in, line, 0, &pongs);
        responder->in_length -= line;
        memmove(responder->in, newline + 1, responder->in_length);
    }
}

static void send_answers(Responder *responder) {
    ssize_t written = transmit(responder->fd, responder->out, responder->out_length);
    if (written <= 0) return;
    responder->out_length -= (size_t)written;
    memmove(responder->out, responder->out + written, responder->out_length);
}

static long answered;

/* Answers come in the order of the requests. */
static size_t take_answers(int fd, char *in, size_t in_length, char *due) {
    char *at = in, *end = in + in_length;
    while (at < end) {
        if (*at == 'M') {
            char *body = due + sprintf(due, "MSG _INBOX.bench.%08ld 1 %ld\r\n", answered % options.block, options.size);
            size_t length = (size_t)(body - due) + (size_t)options.size + 2;
            if ((size_t)(end - at) < length) break;
            finish_message(body, 0, answered % options.block);
            if (memcmp(at, due, length)) fail("the answer to request %ld is due, got: %.60s", answered, at);
            answered++;
            at += length;
            continue;
        }
        char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline) break;
        int pongs = 0;
        take_line(fd, at, (size_t)(newline + 1 - at), 0, &pongs);
        at = newline + 1;
    }
    in_length = (size_t)(end - at);
    memmove(in, at, in_length);
    return in_length;
}

static void run_request(void) {
    Block block = encode_block(0, "bench.request");
    int fd = dial();
    Responder responder = {.fd = dial(), .in = allocate(READ_BYTES), .out = allocate(2 * READ_BYTES)};
    responder.frame = block.each - strlen("PUB bench.request ") + sizeof REQUEST_HEAD - 1;
    subscribe(fd, "_INBOX.bench.*", "");
    subscribe(responder.fd, "bench.request", "");
    set_blocking(fd, 0);
    set_blocking(responder.fd, 0);
    char *in = allocate(READ_BYTES), *due = allocate((size_t)options.size + 2 * SUBJECT_BYTES);
    size_t in_length = 0, sent = 0, total = block.each * (size_t)options.messages;
    struct pollfd events[2] = {{.fd = fd}, {.fd = responder.fd}};
    long long start_ns = now_ns();
    while (answered < options.messages) {
        size_t until = block.each * (size_t)(answered + options.window);
        if (until > total) until = total;
        events[0].events = (short)(POLLIN | (sent < until ? POLLOUT : 0));
        events[1].events = (short)((responder.out_length < READ_BYTES ? POLLIN : 0) |
                                   (responder.out_length ? POLLOUT : 0));
        if (!wait_events(events, 2, options.stall_ms * 1000000LL))
            fail("nothing moves for %ld ms: %ld of %ld requests answered", options.stall_ms, answered, options.messages);
        if (events[0].revents & (POLLIN | POLLERR | POLLHUP)) {
            in_length += read_some(fd, in + in_length, READ_BYTES - in_length);
            in_length = take_answers(fd, in, in_length, due);
        }
        if (events[0].revents & POLLOUT) sent += write_block(fd, &block, sent, until);
        if (events[1].revents & (POLLIN | POLLERR | POLLHUP)) answer_frames(&responder);
        if (responder.out_length) send_answers(&responder);
    }
    double seconds = (double)(now_ns() - start_ns) / SECOND_NS;
    printf("{\"seconds\":%.9f,\"published\":%ld,\"delivered\":%ld}\n", seconds, options.messages, answered);
}

#include "reads.h"

#include "consume.h"

/* ---- latency: requests and replies between two connections, one at a time ---- */

typedef struct {
    int fd, pongs;
    char in[LINE_BYTES];
    size_t in_length;
} Peer;

/* Wait for exactly this message; lines in between are served. */
static void await_message(Peer *peer, const char *due, size_t length) {
    for (;;) {
        char *newline;
        while (peer->in_length && *peer->in != 'M' && (newline = memchr(peer->in, '\n', peer->in_length))) {
            size_t line = (size_t)(newline + 1 - peer->in);
            take_line(peer->fd, peer->in, line, 1, &peer->pongs);
            peer->in_length -= line;
            memmove(peer->in, newline + 1, peer->in_length);
        }
        if (peer->in_length >= length && *peer->in == 'M') break;
        size_t count = read_some(peer->fd, peer->in + peer->in_length, LINE_BYTES - peer->in_length);
        if (!count) fail("no message for %ld ms; due: %.60s", options.stall_ms, due);
        peer->in_length += count;
    }
    if (memcmp(peer->in, due, length)) fail("due: %.60s, got: %.60s", due, peer->in);
    peer->in_length -= length;
    memmove(peer->in, peer->in + length, peer->in_length);
}

static int compare_ns(const void *left, const void *right) {
    long long a = *(const long long *)left, b = *(const long long *)right;
    return (a > b) - (a < b);
}

static long long round_trip_ns(Peer *requester, Peer *responder, long sequence) {
    char parts[4][LINE_BYTES];
    static const char *const heads[4] = {
        "PUB bench.request _INBOX.bench.%08ld %ld\r\n", "MSG bench.request 1 _INBOX.bench.%08ld %ld\r\n",
        "PUB _INBOX.bench.%08ld %ld\r\n", "MSG _INBOX.bench.%08ld 1 %ld\r\n"};
    size_t lengths[4];
    for (int i = 0; i < 4; i++) {
        char *at = parts[i] + sprintf(parts[i], heads[i], sequence, options.size);
        lengths[i] = (size_t)(finish_message(at, 0, sequence) - parts[i]);
    }
    long long start_ns = now_ns();
    write_all(requester->fd, parts[0], lengths[0]);
    await_message(responder, parts[1], lengths[1]);
    write_all(responder->fd, parts[2], lengths[2]);
    await_message(requester, parts[3], lengths[3]);
    return now_ns() - start_ns;
}

static void run_latency(void) {
    Peer requester = {.fd = dial()}, responder = {.fd = dial()};
    subscribe(requester.fd, "_INBOX.bench.*", "");
    subscribe(responder.fd, "bench.request", "");
    long count = options.messages;
    long long *times_ns = allocate(sizeof *times_ns * (size_t)count);
    for (long i = 0; i < options.warmup; i++) round_trip_ns(&requester, &responder, i);
    for (long i = 0; i < count; i++) times_ns[i] = round_trip_ns(&requester, &responder, options.warmup + i);
    qsort(times_ns, (size_t)count, sizeof *times_ns, compare_ns);
    printf("{\"round_trips\":%ld,\"p50_us\":%.3f,\"p99_us\":%.3f}\n", count, times_ns[count / 2] / 1e3,
           times_ns[count * 99 / 100] / 1e3);
    free(times_ns);
}

/* ---- arguments ---- */

static void usage(const char *argument) {
    fprintf(stderr, "loadgen: wrong argument: %s (see the head of loadgen.c)\n", argument);
    exit(2);
}

static void set_option(const char *argument) {
    static const struct {
        const char *name;
        long *value, least, most;
    } known[] = {
        {"port", &options.port, 1, 65535},
        {"pubs", &options.pubs, 0, CLIENTS_MAX},
        {"subs", &options.subs, 0, CLIENTS_MAX},
        {"messages", &options.messages, 1, 1000000000},
        {"size", &options.size, STAMP_BYTES, SIZE_MAX_BYTES},
        {"subjects", &options.subjects, 1, 99999999},
        {"streams", &options.streams, 1, 10000},
        {"interests", &options.interests, 0, 1000000},
        {"queue", &options.queue, 0, 1},
        {"tls", &options.tls, 0, 1},
        {"login", &options.login, 0, 1},
        {"block", &options.block, 1, 10000000},
        {"window", &options.window, 1, 1000000},
        {"rate", &options.rate, 0, 100000000},
        {"warmup", &options.warmup, 0, 1000000},
        {"check", &options.check, 0, 1},
        {"stall_ms", &options.stall_ms, 1, 600000},
        {"stored", &options.stored, 1, 100000000},
        {"kv", &options.kv, 0, 1},
        {"object", &options.object, 0, 1},
        {"batch", &options.batch, 1, 100000},
        {"due", &options.due, 1, 1000000000},
        {"pull", &options.pull, 0, 100000},
        {"ahead", &options.ahead, 1, 100},
        {"each", &options.each, 0, 1},
        {"ack", &options.ack, 0, 1},
    };
    const char *equals = strchr(argument, '=');
    char *end;
    for (size_t i = 0; equals && i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].name) != (size_t)(equals - argument)) continue;
        if (strncmp(known[i].name, argument, (size_t)(equals - argument))) continue;
        *known[i].value = strtol(equals + 1, &end, 10);
        if (*end || end == equals + 1 || *known[i].value < known[i].least || *known[i].value > known[i].most)
            usage(argument);
        return;
    }
    usage(argument);
}

int main(int count, char **arguments) {
    if (count < 3) usage(count < 2 ? "(no mode)" : "(no port)");
    for (int i = 2; i < count; i++) set_option(arguments[i]);
    if (!options.port) usage("(no port)");
    if (options.block < options.subjects) options.block = options.subjects;
    if (options.interests && (options.subs != 1 || options.subjects < 2 || options.interests < 2 * options.subjects))
        usage("interests (for one subscriber, at least two for each of several subjects)");
    if (!options.pubs && strcmp(arguments[1], "consume")) usage("pubs=0");
    signal(SIGPIPE, SIG_IGN);
    if (options.tls) load_openssl();
    if (!strcmp(arguments[1], "pubsub")) {
        run_pubsub();
    } else if (!strcmp(arguments[1], "jspub")) {
        if (options.block < options.window) options.block = options.window;
        /* An inbox tells the stream, so the block ends with the last of the streams. */
        options.block += options.streams - 1 - (options.block - 1) % options.streams;
        run_jspub();
    } else if (!strcmp(arguments[1], "request")) {
        if (options.block < options.window) options.block = options.window;
        run_request();
    } else if (!strcmp(arguments[1], "get")) {
        if (!options.stored) usage("(no stored)");
        if (options.kv && options.stored % options.subjects) usage("stored (as often as each key)");
        run_get();
    } else if (!strcmp(arguments[1], "batch")) {
        if (!options.stored) usage("(no stored)");
        run_in_order(ask_batch, take_batched, options.stored);
    } else if (!strcmp(arguments[1], "watch")) {
        if (!options.stored || options.stored % options.subjects) usage("stored (as often as each key)");
        options.kv = 1;
        run_in_order(ask_watch, take_watched, options.subjects);
    } else if (!strcmp(arguments[1], "consume")) {
        if (!options.due) usage("(no due)");
        if (options.block < options.window) options.block = options.window;
        run_consume();
    } else if (!strcmp(arguments[1], "latency")) {
        if (options.size > 1024) usage("size (1024 at most here)");
        run_latency();
    } else {
        usage(arguments[1]);
    }
    return 0;
}
