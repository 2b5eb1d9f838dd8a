"""XXH3-64 and XXH3-128 in Python, written from the xxHash specification (doc/xxhash_spec.md, XXH3 algorithm)."""
import struct
from operator import mul

M32 = 0xFFFFFFFF
M64 = 0xFFFFFFFFFFFFFFFF
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PMX1, PMX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221'
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8'
    'fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb17'
    '0ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e')
assert len(SECRET) == 192
ACC = (P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1)

_u64 = struct.Struct('<Q').unpack_from
_u32 = struct.Struct('<I').unpack_from
S64 = [_u64(SECRET, i)[0] for i in range(185)]


def r64(b, i):
    return _u64(b, i)[0]


def r32(b, i):
    return _u32(b, i)[0]


def swap32(x):
    return int.from_bytes(x.to_bytes(4, 'little'), 'big')


def swap64(x):
    return int.from_bytes(x.to_bytes(8, 'little'), 'big')


def fold(a, b):
    p = a * b
    return (p & M64) ^ (p >> 64)


def avalanche64(h):
    h ^= h >> 33
    h = h * P64_2 & M64
    h ^= h >> 29
    h = h * P64_3 & M64
    return h ^ h >> 32


def avalanche(h):
    h ^= h >> 37
    h = h * PMX1 & M64
    return h ^ h >> 32


def mix16(b, i, s, seed):
    return fold(r64(b, i) ^ (S64[s] + seed & M64), r64(b, i + 8) ^ (S64[s + 8] - seed & M64))


def secret_for(seed):
    if not seed:
        return SECRET
    out = b''
    for i in range(0, 192, 16):
        out += struct.pack('<QQ', S64[i] + seed & M64, S64[i + 8] - seed & M64)
    return out


def accumulate(acc, data, at, count, key, kat):
    """Take in `count` stripes; sums are cut to 64 bits only at the end, which changes nothing."""
    n = count * 64
    d = data[at:at + n]
    k = b''.join([key[kat + 8 * s:kat + 8 * s + 64] for s in range(count)]) if count != 16 or kat else key[192:]
    x = (int.from_bytes(d, 'little') ^ int.from_bytes(k, 'little')).to_bytes(n, 'little')
    w = struct.unpack('<%dI' % (n // 4), x)
    products = list(map(mul, w[0::2], w[1::2]))
    q = struct.unpack('<%dQ' % (n // 8), d)
    return [(acc[i] + sum(products[i::8]) + sum(q[i ^ 1::8])) & M64 for i in range(8)]


def long_accumulators(b, seed):
    n = len(b)
    secret = secret_for(seed)
    # behind the secret: the keys of the 16 stripes of a block, laid out once
    laid = secret + b''.join(secret[8 * s:8 * s + 64] for s in range(16))
    scramble = struct.unpack_from('<8Q', secret, 128)
    acc = list(ACC)
    blocks = (n - 1) // 1024
    for i in range(blocks):
        acc = accumulate(acc, b, i * 1024, 16, laid, 0)
        acc = [((a ^ a >> 47 ^ k) * P32_1) & M64 for a, k in zip(acc, scramble)]
    stripes = (n - 1 - 1024 * blocks) // 64
    if stripes:
        acc = accumulate(acc, b, blocks * 1024, stripes, secret, 0)
    return accumulate(acc, b, n - 64, 1, secret, 121), secret


def merge(acc, secret, at, start):
    for i in range(4):
        start += fold(acc[2 * i] ^ r64(secret, at + 16 * i), acc[2 * i + 1] ^ r64(secret, at + 16 * i + 8))
    return avalanche(start & M64)


def xxh3_64(b, seed=0):
    n = len(b)
    if n > 240:
        acc, secret = long_accumulators(b, seed)
        return merge(acc, secret, 11, n * P64_1 & M64)
    if n > 128:
        h = n * P64_1
        for i in range(8):
            h += mix16(b, 16 * i, 16 * i, seed)
        h = avalanche(h & M64)
        for i in range(8, n // 16):
            h += mix16(b, 16 * i, 16 * (i - 8) + 3, seed)
        return avalanche(h + mix16(b, n - 16, 119, seed) & M64)
    if n > 16:
        h = n * P64_1
        for i in range((n - 1) // 32, -1, -1):
            h += mix16(b, 16 * i, 32 * i, seed) + mix16(b, n - 16 * (i + 1), 32 * i + 16, seed)
        return avalanche(h & M64)
    if n > 8:
        lo = r64(b, 0) ^ ((S64[24] ^ S64[32]) + seed & M64)
        hi = r64(b, n - 8) ^ ((S64[40] ^ S64[48]) - seed & M64)
        return avalanche(n + swap64(lo) + hi + fold(lo, hi) & M64)
    if n >= 4:
        seed ^= swap32(seed & M32) << 32
        h = r32(b, n - 4) + (r32(b, 0) << 32) ^ ((S64[8] ^ S64[16]) - seed & M64)
        h ^= ((h << 49 | h >> 15) ^ (h << 24 | h >> 40)) & M64
        h = h * PMX2 & M64
        h ^= (h >> 35) + n
        h = h * PMX2 & M64
        return h ^ h >> 28
    if n:
        c = b[n >> 1] << 24 | b[0] << 16 | b[n - 1] | n << 8
        return avalanche64(c ^ ((r32(SECRET, 0) ^ r32(SECRET, 4)) + seed & M64))
    return avalanche64(seed ^ S64[56] ^ S64[64])


def _mix32(lo, hi, b, i, j, s, seed):
    lo = (lo + mix16(b, i, s, seed) & M64) ^ (r64(b, j) + r64(b, j + 8) & M64)
    hi = (hi + mix16(b, j, s + 16, seed) & M64) ^ (r64(b, i) + r64(b, i + 8) & M64)
    return lo, hi


def xxh3_128(b, seed=0):
    """The canonical 16 bytes."""
    lo, hi = _xxh3_128(b, seed)
    return struct.pack('>QQ', hi, lo)


def _finish(lo, hi, n, seed):
    h = lo * P64_1 + hi * P64_4 + (n - seed) * P64_2 & M64
    return avalanche(lo + hi & M64), -avalanche(h) & M64


def _xxh3_128(b, seed):
    n = len(b)
    if n > 240:
        acc, secret = long_accumulators(b, seed)
        return merge(acc, secret, 11, n * P64_1 & M64), merge(acc, secret, 117, ~(n * P64_2) & M64)
    if n > 128:
        lo, hi = n * P64_1 & M64, 0
        for i in range(32, 160, 32):
            lo, hi = _mix32(lo, hi, b, i - 32, i - 16, i - 32, seed)
        lo, hi = avalanche(lo), avalanche(hi)
        for i in range(160, n + 1, 32):
            lo, hi = _mix32(lo, hi, b, i - 32, i - 16, 3 + i - 160, seed)
        lo, hi = _mix32(lo, hi, b, n - 16, n - 32, 103, -seed & M64)
        return _finish(lo, hi, n, seed)
    if n > 16:
        lo, hi = n * P64_1 & M64, 0
        for i in range((n - 1) // 32, -1, -1):
            lo, hi = _mix32(lo, hi, b, 16 * i, n - 16 * (i + 1), 32 * i, seed)
        return _finish(lo, hi, n, seed)
    if n > 8:
        bl = (S64[32] ^ S64[40]) - seed & M64
        bh = (S64[48] ^ S64[56]) + seed & M64
        a, c = r64(b, 0), r64(b, n - 8)
        m = (a ^ c ^ bl) * P64_1
        lo, hi = (m & M64) + (n - 1 << 54) & M64, m >> 64
        c ^= bh
        hi = hi + c + (c & M32) * (P32_2 - 1) & M64
        lo ^= swap64(hi)
        h = lo * P64_2
        return avalanche(h & M64), avalanche((h >> 64) + hi * P64_2 & M64)
    if n >= 4:
        seed ^= swap32(seed & M32) << 32
        k = r32(b, 0) + (r32(b, n - 4) << 32) ^ ((S64[16] ^ S64[24]) + seed & M64)
        m = k * (P64_1 + (n << 2))
        lo, hi = m & M64, m >> 64
        hi = hi + (lo << 1) & M64
        lo ^= hi >> 3
        lo ^= lo >> 35
        lo = lo * PMX2 & M64
        lo ^= lo >> 28
        return lo, avalanche(hi)
    if n:
        c = b[n >> 1] << 24 | b[0] << 16 | b[n - 1] | n << 8
        s = swap32(c)
        d = (s << 13 | s >> 19) & M32
        return (avalanche64(c ^ ((r32(SECRET, 0) ^ r32(SECRET, 4)) + seed & M64)),
                avalanche64(d ^ ((r32(SECRET, 8) ^ r32(SECRET, 12)) - seed & M64)))
    return avalanche64(seed ^ S64[64] ^ S64[72]), avalanche64(seed ^ S64[80] ^ S64[88])
