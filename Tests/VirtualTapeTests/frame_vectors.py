#!/usr/bin/env python3
"""Makes the vectors of FrameVectorTests: an independent writer of docs/virtual-tape-format.md.

Python 3 alone: XXH3-64 (with a seed, inputs of up to 128 bytes) is written out here from the specification.
Prints a small cartridge's `data` as Swift: python3 frame_vectors.py > FrameVectors.swift
"""
import struct

M = (1 << 64) - 1
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
P64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)


def r64(b, o): return struct.unpack_from("<Q", b, o)[0]
def r32(b, o): return struct.unpack_from("<I", b, o)[0]
def rotl(x, n): return (x << n | x >> (64 - n)) & M
def swap64(x): return int.from_bytes(x.to_bytes(8, "little"), "big")
def swap32(x): return int.from_bytes(x.to_bytes(4, "little"), "big")
def fold(a, b): p = a * b; return (p & M) ^ (p >> 64)
def avalanche(h): h ^= h >> 37; h = h * 0x165667919E3779F9 & M; return h ^ h >> 32
def xavalanche(h):
    h ^= h >> 33; h = h * P64[1] & M; h ^= h >> 29; h = h * P64[2] & M; return h ^ h >> 32


def mix16(b, o, s, so, seed):
    return fold(r64(b, o) ^ (r64(s, so) + seed & M), r64(b, o + 8) ^ (r64(s, so + 8) - seed & M))


def xxh3(b, seed):
    n = len(b)
    s = SECRET
    if n == 0:
        return xavalanche(seed ^ r64(s, 56) ^ r64(s, 64))
    if n <= 3:
        c = b[0] << 16 | b[n >> 1] << 24 | b[-1] | n << 8
        return xavalanche(c ^ ((r32(s, 0) ^ r32(s, 4)) + seed & M))
    if n <= 8:
        seed ^= swap32(seed & 0xFFFFFFFF) << 32
        flip = (r64(s, 8) ^ r64(s, 16)) - seed & M
        x = (r32(b, n - 4) + (r32(b, 0) << 32)) ^ flip
        x ^= rotl(x, 49) ^ rotl(x, 24)
        x = x * 0x9FB21C651E98DF25 & M
        x ^= (x >> 35) + n & M
        x = x * 0x9FB21C651E98DF25 & M
        return x ^ x >> 28
    if n <= 16:
        lo = r64(b, 0) ^ ((r64(s, 24) ^ r64(s, 32)) + seed & M)
        hi = r64(b, n - 8) ^ ((r64(s, 40) ^ r64(s, 48)) - seed & M)
        return avalanche(n + swap64(lo) + hi + fold(lo, hi) & M)
    assert n <= 128
    acc = n * P64[0] & M
    for i in reversed(range((n - 1) // 32 + 1)):
        acc = acc + mix16(b, 16 * i, s, 32 * i, seed) + mix16(b, n - 16 * (i + 1), s, 32 * i + 16, seed) & M
    return avalanche(acc)


UUID = bytes.fromhex("00112233445546778899aabbccddeeff")
KEY = r64(UUID, 0) ^ r64(UUID, 8)


def frame(kind, epoch, offset, number, filemarks, previous, payload=b""):
    h = struct.pack("<4sBBHIIIIQQQ", b"\xa7TPF", kind, 0, 0, epoch, len(payload), len(payload), filemarks, number,
                    previous, xxh3(payload, number))
    assert len(h) == 48
    return h + struct.pack("<Q", xxh3(h, KEY ^ offset)) + payload + bytes(-len(payload) % 8)


def cartridge():
    head = struct.pack("<8sII16s24s", b"TAPIRVT\n", 1, 4096, UUID, bytes(24))
    head += struct.pack("<Q", xxh3(head, 0))
    data = bytearray(head + bytes(4096 - 64))
    data += frame(3, 1, len(data), 0, 0, 0)
    data += frame(1, 1, len(data), 0, 0, 0, b"VOL1V00001".ljust(80))
    data += frame(1, 1, len(data), 1, 0, 0, b"x")
    mark = len(data)
    data += frame(2, 1, mark, 2, 0, 0)
    data += frame(1, 1, len(data), 3, 1, mark, bytes(range(100)))
    second = len(data)
    data += frame(2, 1, second, 4, 1, mark)
    sync = len(data)
    data += frame(3, 1, sync, 5, 2, second)
    slot = struct.pack("<QIIQQQQQ", 2, 1, 0, sync, 5, 2, 0, 0)
    data[1024:1088] = slot + struct.pack("<Q", xxh3(slot, KEY ^ 1024))
    return bytes(data)


if __name__ == "__main__":
    text = cartridge()
    print("// Made by frame_vectors.py. The header block's first 1088 bytes, then everything from offset 4096.")
    for name, part in (("header", text[:1088]), ("frames", text[4096:])):
        print(f"let {name}Vector = [")
        h = part.hex()
        for i in range(0, len(h), 96):
            print(f'  "{h[i:i + 96]}",')
        print("].joined()\n")
