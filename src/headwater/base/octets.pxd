# The C form of octets.py, inlined into every compiled module. Checks stay on: see octets.py.
from libc.stdint cimport uint8_t, uint32_t, uint64_t, int64_t
from libc.string cimport memchr, memcmp, memcpy
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

cdef extern from *:
    """
    /* CRC-32 of zlib, sliced by 8; the table is filled once, at the first import.  Where the
       processor multiplies without carries, longer ranges are folded by that first. */
    #if defined(__x86_64__) && defined(__GNUC__)
    #define HEADWATER_FOLDS 1
    #include <string.h>
    #include <cpuid.h>
    #include <smmintrin.h>
    #include <wmmintrin.h>
    #endif
    static int headwater_crc_folds = 0;
    static uint32_t headwater_crc_table[8][256];
    static int headwater_crc_ready = 0;
    static void headwater_crc_fill(void) {
        for (uint32_t n = 0; n < 256; n++) {
            uint32_t c = n;
            for (int k = 0; k < 8; k++) c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
            headwater_crc_table[0][n] = c;
        }
        for (uint32_t n = 0; n < 256; n++)
            for (int k = 1; k < 8; k++) {
                uint32_t c = headwater_crc_table[k - 1][n];
                headwater_crc_table[k][n] = headwater_crc_table[0][c & 0xFF] ^ (c >> 8);
            }
    #ifdef HEADWATER_FOLDS
        unsigned int a, b, c, d;
        if (__get_cpuid(1, &a, &b, &c, &d)) headwater_crc_folds = (c & bit_PCLMUL) && (c & bit_SSE4_1);
    #endif
        headwater_crc_ready = 1;
    }
    static inline uint32_t headwater_crc_sliced(const uint8_t *p, size_t n, uint32_t c) {
        while (n >= 8) {
            uint32_t a = c ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
            uint32_t b = (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
            c = headwater_crc_table[7][a & 0xFF] ^ headwater_crc_table[6][(a >> 8) & 0xFF]
              ^ headwater_crc_table[5][(a >> 16) & 0xFF] ^ headwater_crc_table[4][a >> 24]
              ^ headwater_crc_table[3][b & 0xFF] ^ headwater_crc_table[2][(b >> 8) & 0xFF]
              ^ headwater_crc_table[1][(b >> 16) & 0xFF] ^ headwater_crc_table[0][b >> 24];
            p += 8;
            n -= 8;
        }
        while (n--) c = headwater_crc_table[0][(c ^ *p++) & 0xFF] ^ (c >> 8);
        return c;
    }
    #ifdef HEADWATER_FOLDS
    /* Four lanes of 128 bits, each moved ahead by 512 bits at a time: its halves are multiplied by
       x^(512 + 31) and x^(512 - 33) modulo the polynomial, bits reflected.  At the end the lanes
       are moved by 128 bits onto one another, and what is left is a range with the same sum. */
    #define HEADWATER_FOLD(lane, with) _mm_xor_si128(_mm_xor_si128( \
        _mm_clmulepi64_si128(lane, by, 0x00), _mm_clmulepi64_si128(lane, by, 0x11)), with)
    #define HEADWATER_LOAD(at) _mm_loadu_si128((const __m128i *)(at))
    __attribute__((target("pclmul,sse4.1"), unused))
    static uint32_t headwater_crc_folded(const uint8_t *p, size_t n, uint32_t c) {
        __m128i by = _mm_set_epi64x(0x1d9513d7, 0x8f352d95);
        __m128i a0 = _mm_xor_si128(HEADWATER_LOAD(p), _mm_cvtsi32_si128((int)c));
        __m128i a1 = HEADWATER_LOAD(p + 16), a2 = HEADWATER_LOAD(p + 32), a3 = HEADWATER_LOAD(p + 48);
        uint8_t rest[32];
        for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
            a0 = HEADWATER_FOLD(a0, HEADWATER_LOAD(p));
            a1 = HEADWATER_FOLD(a1, HEADWATER_LOAD(p + 16));
            a2 = HEADWATER_FOLD(a2, HEADWATER_LOAD(p + 32));
            a3 = HEADWATER_FOLD(a3, HEADWATER_LOAD(p + 48));
        }
        by = _mm_set_epi64x(0xccaa009e, 0xae689191);
        a0 = HEADWATER_FOLD(a0, a1);
        a0 = HEADWATER_FOLD(a0, a2);
        a0 = HEADWATER_FOLD(a0, a3);
        for (; n >= 16; p += 16, n -= 16) a0 = HEADWATER_FOLD(a0, HEADWATER_LOAD(p));
        _mm_storeu_si128((__m128i *)rest, a0);
        memcpy(rest + 16, p, n);
        return headwater_crc_sliced(rest, 16 + n, 0);
    }
    #endif
    static inline uint32_t headwater_crc(const uint8_t *p, size_t n, uint32_t seed) {
        if (!headwater_crc_ready) headwater_crc_fill();
    #ifdef HEADWATER_FOLDS
        if (n >= 64 && headwater_crc_folds) return ~headwater_crc_folded(p, n, ~seed);
    #endif
        return ~headwater_crc_sliced(p, n, ~seed);
    }
    static inline void headwater_put_le(uint8_t *p, uint64_t v, int n) {
        for (int i = 0; i < n; i++) { p[i] = (uint8_t)v; v >>= 8; }
    }
    static inline uint64_t headwater_get_le(const uint8_t *p, int n) {
        uint64_t v = 0;
        for (int i = n - 1; i >= 0; i--) v = v << 8 | p[i];
        return v;
    }
    """
    uint32_t headwater_crc(const uint8_t *p, size_t n, uint32_t seed) nogil
    void headwater_put_le(uint8_t *p, uint64_t v, int n) nogil
    uint64_t headwater_get_le(const uint8_t *p, int n) nogil


cdef inline int out_of_range() except -1:
    raise IndexError("octets out of range")


cdef inline Py_ssize_t copy_into(uint8_t[::1] target, Py_ssize_t at, const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end) except -1:
    if start < 0 or end < start or end > source.shape[0] or at < 0 or end - start > target.shape[0] - at:
        out_of_range()
    if end > start:
        memcpy(&target[at], &source[start], end - start)
    return at + (end - start)


cdef inline Py_ssize_t put_bytes(uint8_t[::1] target, Py_ssize_t at, bytes data) except -1:
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data) if data is not None else out_of_range()
    if at < 0 or size > target.shape[0] - at:
        out_of_range()
    if size:
        memcpy(&target[at], PyBytes_AS_STRING(data), size)
    return at + size


cdef inline Py_ssize_t put_byte(uint8_t[::1] target, Py_ssize_t at, uint8_t value) except -1:
    if at < 0 or at >= target.shape[0]:
        out_of_range()
    target[at] = value
    return at + 1


cdef inline Py_ssize_t put_decimal(uint8_t[::1] target, Py_ssize_t at, int64_t value) except -1:
    cdef uint8_t digits[20]
    cdef int first = 20
    cdef uint64_t rest = <uint64_t>value  # without a sign it is divided in fewer steps
    if value < 0:
        out_of_range()
    while True:
        first -= 1
        digits[first] = 48 + <uint8_t>(rest % 10)
        rest = rest // 10
        if rest == 0:
            break
    if at < 0 or 20 - first > target.shape[0] - at:
        out_of_range()
    memcpy(&target[at], &digits[first], 20 - first)
    return at + 20 - first


cdef inline Py_ssize_t put_u16(uint8_t[::1] target, Py_ssize_t at, uint64_t value) except -1:
    if at < 0 or target.shape[0] - at < 2:
        out_of_range()
    headwater_put_le(&target[at], value, 2)
    return at + 2


cdef inline Py_ssize_t put_u32(uint8_t[::1] target, Py_ssize_t at, uint64_t value) except -1:
    if at < 0 or target.shape[0] - at < 4:
        out_of_range()
    headwater_put_le(&target[at], value, 4)
    return at + 4


cdef inline Py_ssize_t put_u64(uint8_t[::1] target, Py_ssize_t at, uint64_t value) except -1:
    if at < 0 or target.shape[0] - at < 8:
        out_of_range()
    headwater_put_le(&target[at], value, 8)
    return at + 8


cdef inline Py_ssize_t get_u16(const uint8_t[::1] source, Py_ssize_t at) except -1:
    if at < 0 or source.shape[0] - at < 2:
        out_of_range()
    return <Py_ssize_t>headwater_get_le(&source[at], 2)


cdef inline Py_ssize_t get_u32(const uint8_t[::1] source, Py_ssize_t at) except -1:
    if at < 0 or source.shape[0] - at < 4:
        out_of_range()
    return <Py_ssize_t>headwater_get_le(&source[at], 4)


cdef inline int64_t get_i64(const uint8_t[::1] source, Py_ssize_t at) except? -1:
    if at < 0 or source.shape[0] - at < 8:
        out_of_range()
    return <int64_t>headwater_get_le(&source[at], 8)


cdef inline Py_ssize_t find(const uint8_t[::1] source, uint8_t byte, Py_ssize_t start, Py_ssize_t end) except -2:
    cdef const uint8_t* at
    if start < 0 or end > source.shape[0]:
        out_of_range()
    if start >= end:
        return -1
    at = <const uint8_t*>memchr(&source[start], byte, end - start)
    return -1 if at == NULL else at - &source[0]


cdef inline Py_ssize_t token_end(const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end) except -2:
    cdef const uint8_t* data
    if start < 0 or end > source.shape[0]:
        out_of_range()
    if start < end:
        data = &source[0]
        while start < end and (data[start] > 32 or (data[start] != 32 and data[start] != 9 and data[start] != 13 and data[start] != 10)):
            start += 1
    return start


cdef inline Py_ssize_t skip_blanks(const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end) except -2:
    cdef const uint8_t* data
    if start < 0 or end > source.shape[0]:
        out_of_range()
    if start < end:
        data = &source[0]
        while start < end and (data[start] == 32 or data[start] == 9):
            start += 1
    return start


cdef inline Py_ssize_t parse_size(const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end) except -2:
    cdef const uint8_t* data
    cdef Py_ssize_t value = 0
    if start < 0 or end > source.shape[0]:
        out_of_range()
    if end <= start or end - start > 9:
        return -1
    data = &source[0]
    while start < end:
        if data[start] < 48 or data[start] > 57:
            return -1
        value = value * 10 + data[start] - 48
        start += 1
    return value


cdef inline bytes slice_bytes(const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end):
    if start < 0 or end < start or end > source.shape[0]:
        out_of_range()
    if start == end:
        return b""
    return PyBytes_FromStringAndSize(<const char*>&source[start], end - start)


cdef inline bint equals(const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end, bytes data) except -1:
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data) if data is not None else out_of_range()
    if start < 0 or end < start or end > source.shape[0]:
        out_of_range()
    return end - start == size and (size == 0 or memcmp(&source[start], PyBytes_AS_STRING(data), size) == 0)


cdef inline bint starts_with(const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end, bytes data) except -1:
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data) if data is not None else out_of_range()
    if start < 0 or end < start or end > source.shape[0]:
        out_of_range()
    return end - start >= size and (size == 0 or memcmp(&source[start], PyBytes_AS_STRING(data), size) == 0)


cdef inline int64_t checksum(const uint8_t[::1] source, Py_ssize_t start, Py_ssize_t end, uint32_t seed) except -1:
    if start < 0 or end < start or end > source.shape[0]:
        out_of_range()
    if start == end:
        return seed
    return headwater_crc(&source[start], end - start, seed)
