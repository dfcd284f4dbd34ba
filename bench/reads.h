/* Part of loadgen.c: what a stream or a bucket holds, read by requests, in batches, or watched.
 *
 *     loadgen get   port=P stored=N [kv=1 messages= size= subjects= window= block= stall_ms=]
 *     loadgen batch port=P stored=N [batch= size= block= stall_ms=]
 *     loadgen watch port=P stored=N [size= subjects= block= stall_ms=]
 *
 * It was put there by jspub with the same size, subjects and block, N messages.  get sends `messages`
 * requests for single messages, `window` under way: by sequence, or for the values of keys with kv=1.
 * batch reads the stream once, `batch` messages at a time; watch gets each key of the bucket once.
 */

typedef struct {
    char *subject, *reply, *head, *body;
    long head_length, body_length;
} Frame;

enum { WORDS_MAX = 6, GETS_MAX = 100000 };

static char *stored_payloads;
static long reads;

static void prepare_payloads(void) {
    stored_payloads = allocate((size_t)(options.block * options.size));
    for (long i = 0; i < options.block; i++) payload_of(stored_payloads + i * options.size, 0, i);
}

/* Read one message or line at `at`; returns where the next begins, or NULL when it is unfinished.
 * The subject is NULL for a line, which is served. */
static char *next_frame(int fd, char *at, char *end, Frame *frame) {
    *frame = (Frame){0};
    char *newline = memchr(at, '\n', (size_t)(end - at));
    if (!newline) return NULL;
    if (*at != 'M' && *at != 'H') {
        int pongs = 0;
        take_line(fd, at, (size_t)(newline + 1 - at), 1, &pongs);
        return newline + 1;
    }
    char *size = newline;
    while (size[-1] != ' ') size--;
    long total = strtol(size, NULL, 10);
    if (end - newline - 1 < total + 2) return NULL;
    char *words[WORDS_MAX] = {0}, *rest = NULL;
    int count = 0, with_head = *at == 'H';
    newline[-1] = 0;
    for (char *word = strtok_r(at, " ", &rest); word && count < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    frame->subject = words[1];
    if (count > 4 + with_head) frame->reply = words[3];
    frame->head = newline + 1;
    frame->head_length = with_head ? strtol(words[count - 2], NULL, 10) : 0;
    frame->body = frame->head + frame->head_length;
    frame->body_length = total - frame->head_length;
    return newline + 1 + total + 2;
}

static const char *header(const Frame *frame, const char *name) {
    char *found = memmem(frame->head, (size_t)frame->head_length, name, strlen(name));
    return found ? found + strlen(name) : NULL;
}

static int is_status(const Frame *frame, const char *code) {
    return frame->head_length > 12 && !memcmp(frame->head, "NATS/1.0 ", 9) && !memcmp(frame->head + 9, code, 3);
}

/* Compare a message with what was stored with this sequence. */
static void check_stored(const Frame *frame, const char *subject, size_t subject_length, long sequence) {
    char due[SUBJECT_BYTES];
    requested_subject_of(due, jspub_subject(), sequence - 1);
    if (subject_length != strlen(due) || memcmp(subject, due, subject_length))
        fail("message %ld is due, which is on %s, got %.*s", sequence, due, (int)subject_length, subject);
    const char *payload = stored_payloads + (sequence - 1) % options.block * options.size;
    if (frame->body_length != options.size || memcmp(frame->body, payload, (size_t)options.size))
        fail("message %ld is altered: %.*s", sequence, (int)frame->body_length, frame->body);
    reads++;
}

static void check_direct(const Frame *frame, long sequence) {
    const char *found = header(frame, "Nats-Sequence: "), *subject = header(frame, "Nats-Subject: ");
    if (!found || !subject) fail("instead of message %ld came: %.60s", sequence, frame->head);
    if (strtol(found, NULL, 10) != sequence) fail("message %ld is due, got %.10s", sequence, found);
    check_stored(frame, subject, strcspn(subject, "\r"), sequence);
}

/* ---- get ---- */

/* The sequence that the request in this place of the block asks for; neighbours are far apart. */
static long sequence_at(long place) {
    if (options.kv) return options.stored - options.subjects + place * 7919 % options.subjects + 1;
    return place * 7919 % options.stored + 1;
}

static Block encode_gets(long count) {
    Block block = {.bytes = allocate((size_t)count * (3 * SUBJECT_BYTES + 64))};
    char *at = block.bytes, key[SUBJECT_BYTES];
    for (long place = 0; place < count; place++) {
        long sequence = sequence_at(place);
        if (options.kv) {
            requested_subject_of(key, jspub_subject(), sequence - 1);
            at += sprintf(at, "PUB $JS.API.DIRECT.GET.KV_BENCH.%s _INBOX.bench.%08ld 0\r\n\r\n", key, place);
        } else {
            at += sprintf(at, "PUB $JS.API.DIRECT.GET.BENCH _INBOX.bench.%08ld 17\r\n{\"seq\":%9ld}\r\n", place,
                          sequence);
        }
    }
    block.length = (size_t)(at - block.bytes);
    block.each = block.length / (size_t)count;
    return block;
}

/* Answers may come in any order, but each only once. */
static char *take_gets(int fd, char *at, char *end, long count, const Block *block, size_t sent, long *answers) {
    Frame frame;
    for (char *next; at < end && (next = next_frame(fd, at, end, &frame)); at = next) {
        if (!frame.subject) continue;
        long place = strtol(frame.subject + strlen("_INBOX.bench."), NULL, 10);
        if (place < 0 || place >= count) fail("unexpected message on %s", frame.subject);
        long asked = (long)(sent / block->each + (size_t)(count - 1 - place)) / count;
        if (++answers[place] > asked) fail("request %ld is answered twice", place);
        check_direct(&frame, sequence_at(place));
    }
    return at;
}

static void run_get(void) {
    long count = options.kv ? options.subjects : options.stored;
    if (count > GETS_MAX) count = GETS_MAX;
    Block block = encode_gets(count);
    prepare_payloads();
    long *answers = allocate(sizeof *answers * (size_t)count);
    int fd = dial();
    subscribe(fd, "_INBOX.bench.*", "");
    set_blocking(fd, 0);
    char *in = allocate(READ_BYTES + 1);
    size_t in_length = 0, sent = 0, total = block.each * (size_t)options.messages;
    struct pollfd event = {.fd = fd};
    long long start_ns = now_ns();
    while (reads < options.messages) {
        size_t until = block.each * (size_t)(reads + options.window);
        if (until > total) until = total;
        event.events = (short)(POLLIN | (sent < until ? POLLOUT : 0));
        if (!wait_events(&event, 1, options.stall_ms * 1000000LL))
            fail("nothing moves for %ld ms: %ld of %ld requests answered", options.stall_ms, reads, options.messages);
        if (event.revents & (POLLIN | POLLERR | POLLHUP)) {
            in_length += read_some(fd, in + in_length, READ_BYTES - in_length);
            char *at = take_gets(fd, in, in + in_length, count, &block, sent, answers);
            in_length -= (size_t)(at - in);
            memmove(in, at, in_length);
        }
        if (event.revents & POLLOUT) sent += write_block(fd, &block, sent, until);
    }
    printf("{\"seconds\":%.9f,\"delivered\":%ld}\n", (double)(now_ns() - start_ns) / SECOND_NS, reads);
}

/* ---- batch and watch: what comes is in the order of the stream ---- */

static void tell(int fd, const char *format, ...) {
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_all(fd, text, (size_t)length);
}

static void ask_batch(int fd) {
    char body[64];
    int length = sprintf(body, "{\"seq\":%ld,\"batch\":%ld}", reads + 1, options.batch);
    tell(fd, "PUB $JS.API.DIRECT.GET.BENCH _INBOX.bench.order %d\r\n%s\r\n", length, body);
}

static void take_batched(int fd, const Frame *frame) {
    if (!is_status(frame, "204")) {
        check_direct(frame, reads + 1);
    } else if (reads < options.stored) {
        if (reads % options.batch) fail("a batch ends after message %ld", reads);
        ask_batch(fd);
    }
}

static void ask_watch(int fd) {
    static const char body[] =
        "{\"stream_name\":\"KV_BENCH\",\"config\":{\"name\":\"W\",\"deliver_policy\":\"last_per_subject\","
        "\"ack_policy\":\"none\",\"max_deliver\":1,\"mem_storage\":true,\"num_replicas\":1,\"flow_control\":true,"
        "\"idle_heartbeat\":5000000000,\"filter_subject\":\"$KV.BENCH.>\",\"deliver_subject\":\"_INBOX.bench.order\"}}";
    tell(fd, "PUB $JS.API.CONSUMER.CREATE.KV_BENCH.W.$KV.BENCH.> _INBOX.bench.order %zu\r\n%s\r\n", sizeof body - 1,
         body);
}

static void take_watched(int fd, const Frame *frame) {
    if (is_status(frame, "100")) {
        const char *stalled = header(frame, "Nats-Consumer-Stalled: ");
        if (stalled)
            tell(fd, "PUB %.*s 0\r\n\r\n", (int)strcspn(stalled, "\r"), stalled);
        else if (frame->reply)
            tell(fd, "PUB %s 0\r\n\r\n", frame->reply);
        return;
    }
    if (!strcmp(frame->subject, "_INBOX.bench.order")) {
        if (memmem(frame->body, (size_t)frame->body_length, "\"error\"", 7))
            fail("the consumer is refused: %.*s", (int)frame->body_length, frame->body);
        return;
    }
    long stream_sequence = 0, sequence = 0, pending = 0, due = options.stored - options.subjects + reads + 1;
    if (!frame->reply || sscanf(frame->reply, "$JS.ACK.KV_BENCH.W.1.%ld.%ld.%*[0-9].%ld", &stream_sequence, &sequence,
                                &pending) != 3)
        fail("a delivery with the reply %s", frame->reply ? frame->reply : "(none)");
    if (stream_sequence != due || sequence != reads + 1 || pending != options.subjects - reads - 1)
        fail("message %ld is due, got %s", due, frame->reply);
    check_stored(frame, frame->subject, strlen(frame->subject), due);
}

static void run_in_order(void (*ask)(int), void (*take)(int, const Frame *), long total) {
    prepare_payloads();
    int fd = dial();
    subscribe(fd, "_INBOX.bench.order", ""); /* a wildcard does not make nats-server push anything */
    char *in = allocate(READ_BYTES + 1);
    size_t in_length = 0;
    long long start_ns = now_ns();
    ask(fd);
    while (reads < total) {
        size_t count = read_some(fd, in + in_length, READ_BYTES - in_length);
        if (!count) fail("nothing moves for %ld ms: %ld of %ld messages read", options.stall_ms, reads, total);
        in_length += count;
        char *at = in, *end = in + in_length;
        Frame frame;
        for (char *next; at < end && (next = next_frame(fd, at, end, &frame)); at = next)
            if (frame.subject) take(fd, &frame);
        in_length = (size_t)(end - at);
        memmove(in, at, in_length);
    }
    printf("{\"seconds\":%.9f,\"delivered\":%ld}\n", (double)(now_ns() - start_ns) / SECOND_NS, reads);
}
