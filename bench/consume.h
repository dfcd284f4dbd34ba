/* Part of loadgen.c: messages of a stream, pulled or pushed, while others may publish.
 *
 *     loadgen consume port=P due=N [pubs= subs= messages= size= subjects= pull= ahead= each= ack= window= block=
 *                             check= stall_ms=]
 *
 * It takes `due` messages from the consumer C0 of the stream BENCH (each=1: client i takes those of Ci):
 * pull=N asks for so many at a time, `ahead` times before the first have come; pull=0 listens to bench.deliver.
 * ack=1 acknowledges each.  pubs=N publish `messages` each meanwhile, at most `window` without acknowledgement.
 */

typedef struct {
    int fd, pongs, pinged;
    long number, received, asked;
    char *in, *out;
    size_t in_length, out_length;
} Consumer;

typedef struct {
    int fd;
    Block block;
    size_t sent, total;
    long acknowledged;
    char *in;
    size_t in_length;
} Producer;

enum { OUT_BYTES = 2 * READ_BYTES };
static long consumed;

static void say(Consumer *consumer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = OUT_BYTES - consumer->out_length;
    int count = vsnprintf(consumer->out + consumer->out_length, room, format, arguments);
    va_end(arguments);
    if (count < 0 || (size_t)count >= room) fail("too much to say at once");
    consumer->out_length += (size_t)count;
}

static void ask_for_batch(Consumer *consumer) {
    char body[80];
    int length = sprintf(body, "{\"batch\":%ld,\"expires\":600000000000}", options.pull);
    say(consumer, "PUB $JS.API.CONSUMER.MSG.NEXT.BENCH.C%ld _INBOX.consume.%ld %d\r\n%s\r\n",
        options.each ? consumer->number : 0, consumer->number, length, body);
    consumer->asked += options.pull;
}

static void check_delivery(const char *payload, long length) {
    if (length != options.size) fail("a message of %ld bytes", length);
    char *due = frame_due;
    long publisher = strtol((char[]){payload[0], payload[1], 0}, NULL, 16), sequence = strtol(payload + 3, NULL, 16);
    if (publisher < 0 || publisher >= (options.pubs ? options.pubs : 1) || sequence < 0 || sequence >= options.block)
        fail("a message is altered: %.20s", payload);
    payload_of(due, publisher, sequence);
    if (memcmp(due, payload, (size_t)length)) fail("message %ld of publisher %ld is altered", sequence, publisher);
    unsigned char *mark = &seen[publisher * options.block + sequence];
    if (*mark) fail("publisher %ld: message %ld came twice", publisher, sequence);
    *mark = 1;
}

static void take_delivery(Consumer *consumer, const char *reply, size_t reply_length, const char *payload, long length) {
    if (++consumed > options.due) fail("more than the %ld messages that are due", options.due);
    if (options.check) check_delivery(payload, length);
    consumer->received++;
    if (options.ack) say(consumer, "PUB %.*s 4\r\n+ACK\r\n", (int)reply_length, reply);
    if (options.pull && consumer->asked - consumer->received <= (options.ahead - 1) * options.pull)
        ask_for_batch(consumer);
}

static void take_status(Consumer *consumer, const char *reply, size_t reply_length, const char *text) {
    if (!strncmp(text, "NATS/1.0 100 FlowControl", 24))
        say(consumer, "PUB %.*s 0\r\n\r\n", (int)reply_length, reply);
    else if (strncmp(text, "NATS/1.0 100", 12))
        fail("the consumer says: %.60s", text);
}

/* One message or line at `at`; returns where the next begins, or NULL when this one is unfinished. */
static char *take_consumed(Consumer *consumer, char *at, char *end) {
    char *newline = memchr(at, '\n', (size_t)(end - at));
    if (!newline) return NULL;
    int status = *at == 'H';
    if (*at != 'M' && !status) {
        take_line(consumer->fd, at, (size_t)(newline + 1 - at), 1, &consumer->pongs);
        return newline + 1;
    }
    char *size = newline;
    while (size > at && size[-1] != ' ') size--;
    long length = strtol(size, NULL, 10);
    if (end - newline - 1 < length + 2) return NULL;
    char *tail = size - 1;
    if (status) { /* the size of the headers stands before that of the message */
        while (tail > at && tail[-1] != ' ') tail--;
        tail--;
    }
    char *reply = tail;
    while (reply > at && reply[-1] != ' ') reply--;
    if (status)
        take_status(consumer, reply, (size_t)(tail - reply), newline + 1);
    else
        take_delivery(consumer, reply, (size_t)(tail - reply), newline + 1, length);
    return newline + 1 + length + 2;
}

static void send_said(Consumer *consumer) {
    if (!consumer->out_length) return;
    ssize_t written = transmit(consumer->fd, consumer->out, consumer->out_length);
    if (written <= 0) return;
    consumer->out_length -= (size_t)written;
    memmove(consumer->out, consumer->out + written, consumer->out_length);
}

static void consume(Consumer *consumer) {
    consumer->in_length += read_some(consumer->fd, consumer->in + consumer->in_length,
                                     READ_BYTES - consumer->in_length);
    char *at = consumer->in, *end = at + consumer->in_length, *next;
    while (at < end && consumer->out_length < OUT_BYTES / 2 && (next = take_consumed(consumer, at, end))) at = next;
    consumer->in_length = (size_t)(end - at);
    memmove(consumer->in, at, consumer->in_length);
}

static void take_stored(Producer *producer) {
    char *at = producer->in, *newline;
    producer->in_length += read_some(producer->fd, at + producer->in_length, READ_BYTES - producer->in_length);
    char *end = at + producer->in_length;
    while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
        int pongs = 0;
        /* An acknowledgement is two lines: the second one begins with a brace. */
        if (*at == '{') {
            if (!strncmp(at, "{\"error\"", 8)) fail("not stored: %.100s", at);
            producer->acknowledged++;
        } else if (*at != 'M') {
            take_line(producer->fd, at, (size_t)(newline + 1 - at), 0, &pongs);
        }
        at = newline + 1;
    }
    producer->in_length = (size_t)(end - at);
    memmove(producer->in, at, producer->in_length);
}

static Consumer *consumers;
static Producer *producers;

static void connect_consumers(void) {
    char subject[SUBJECT_BYTES];
    consumers = allocate(sizeof *consumers * (size_t)options.subs);
    producers = allocate(sizeof *producers * (size_t)options.pubs);
    for (long i = 0; i < options.subs; i++) {
        Consumer *consumer = &consumers[i];
        *consumer = (Consumer){.number = i, .fd = dial(), .in = allocate(READ_BYTES + 1), .out = allocate(OUT_BYTES)};
        polled[i].fd = consumer->fd;
        snprintf(subject, sizeof subject, "_INBOX.consume.%ld", i);
        if (options.pull) subscribe(consumer->fd, subject, "");
        for (long asked = 0; options.pull && asked < options.ahead; asked++) ask_for_batch(consumer);
        set_blocking(consumer->fd, 0);
    }
    for (long i = 0; i < options.pubs; i++) {
        Producer *producer = &producers[i];
        *producer = (Producer){.fd = dial(), .in = allocate(READ_BYTES + 1), .block = encode_block(i, "bench.js")};
        producer->total = producer->block.each * (size_t)options.messages;
        polled[options.subs + i].fd = producer->fd;
        inbox_of(subject, i);
        strcat(subject, ".*");
        subscribe(producer->fd, subject, "");
        set_blocking(producer->fd, 0);
    }
}

static size_t producer_allowance(const Producer *producer) {
    size_t until = producer->block.each * (size_t)(producer->acknowledged + options.window);
    return until < producer->total ? until : producer->total;
}

/* Say what to wait for; return the number of clients that are not done. */
static long ask_consumer_events(void) {
    long open = 0, all = consumed == options.due;
    for (long i = 0; i < options.subs; i++) {
        Consumer *consumer = &consumers[i];
        if (all && !consumer->pinged) {
            say(consumer, "%s", PING); /* its PONG stands behind the acknowledgements */
            consumer->pinged = 1;
        }
        polled[i].events = (short)(POLLIN | (consumer->out_length ? POLLOUT : 0));
        open += !consumer->pongs;
    }
    for (long i = 0; i < options.pubs; i++) {
        Producer *producer = &producers[i];
        polled[options.subs + i].events =
            (short)(POLLIN | (producer->sent < producer_allowance(producer) ? POLLOUT : 0));
        open += producer->acknowledged < options.messages;
    }
    return open;
}

static void run_consume(void) {
    frame_due = allocate((size_t)options.size + 2 * SUBJECT_BYTES);
    if (options.check) seen = allocate((size_t)((options.pubs ? options.pubs : 1) * options.block));
    connect_consumers();
    long long start_ns = now_ns();
    /* Messages are pushed from here on. */
    if (!options.pull) say(&consumers[0], "SUB bench.deliver 1\r\n");
    while (ask_consumer_events()) {
        if (!wait_events(polled, options.subs + options.pubs, options.stall_ms * 1000000LL))
            fail("nothing moves for %ld ms: %ld of %ld messages consumed", options.stall_ms, consumed, options.due);
        for (long i = 0; i < options.subs; i++) {
            if (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) consume(&consumers[i]);
            send_said(&consumers[i]);
        }
        for (long i = 0; i < options.pubs; i++) {
            Producer *producer = &producers[i];
            short events = polled[options.subs + i].revents;
            if (events & (POLLIN | POLLERR | POLLHUP)) take_stored(producer);
            if (events & POLLOUT)
                producer->sent += write_block(producer->fd, &producer->block, producer->sent, producer_allowance(producer));
        }
    }
    double seconds = (double)(now_ns() - start_ns) / SECOND_NS;
    printf("{\"seconds\":%.9f,\"published\":%ld,\"delivered\":%ld}\n", seconds, options.messages * options.pubs,
           consumed);
}
