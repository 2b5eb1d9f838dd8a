#!/usr/bin/env python3
"""Reads and makes images of cartridges in other programs' formats, from their descriptions alone.

images.py list IMAGE     one line for each object: 'block LENGTH SHA256', 'filemark' or 'bad'
images.py make FORMAT TARGET FILE...
                         an image of FILEs as blocks ('-' is a filemark), with everything a format allows:
                         tap (gaps, private records, a bad record for 'bad:FILE'), aws, mhvtl, mhvtl-zlib

.tap: SIMH Magtape Representation and Handling. aws: AWSTAPE, as Hercules has it. mhvtl: a folder with data.0, indx.0 and
meta.0.
"""
import hashlib
import os
import struct
import sys
import zlib


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def block(data):
    return "block %d %s" % (len(data), hashlib.sha256(data).hexdigest())


def list_tap(path):
    data = open(path, "rb").read()
    at = 0
    while at + 4 <= len(data):
        (word,) = struct.unpack_from("<I", data, at)
        if word == 0:
            yield "filemark"
            at += 4
        elif word == 0xFFFFFFFF:
            return
        elif word == 0xFFFFFFFE:
            at += 4
        else:
            kind, length = word >> 28, word & 0x0FFFFFFF
            record = data[at + 4 : at + 4 + length]
            end = at + 4 + length + length % 2
            assert struct.unpack_from("<I", data, end) == (word,), "lengths differ at %d" % at
            assert kind in (0, 8), "class %d" % kind
            if kind == 0:
                yield block(record)
            elif kind == 8:
                yield "bad"
            at = end + 4
    assert at == len(data)


def list_mhvtl(path):
    payload = open(path + "/data.0", "rb").read()
    index = open(path + "/indx.0", "rb").read()
    meta = open(path + "/meta.0", "rb").read()
    (count,) = struct.unpack_from("<I", meta)
    marks = list(struct.unpack_from("<%dI" % count, meta, 512))
    assert len(meta) == 512 + 4 * count, "meta.0 has another length"
    assert len(index) % 512 == 0, "indx.0 has half an entry"
    end = 0
    found = []
    for number in range(len(index) // 512):
        entry = index[512 * number : 512 * (number + 1)]
        offset, kind, flags, own, size, disk, crc = struct.unpack_from("<qIIIIII", entry)
        assert own == number, "entry %d says %d" % (number, own)
        assert offset == end, "entry %d begins at %d" % (number, offset)
        assert struct.unpack_from("<I", entry, 144) == (0,), "a partition"
        if kind == 3:
            found.append(number)
            yield "filemark"
            continue
        assert kind == 11, "type %d" % kind
        record = payload[offset : offset + disk]
        if flags & 1:
            record = zlib.decompress(record)
        assert len(record) == size
        if flags & 8:
            assert crc32c(record) == crc, "CRC of block %d" % number
        yield block(record)
        end += disk
    assert end == len(payload), "data.0 has another length"
    assert found == marks, "meta.0 has other filemarks"


def tap(target, objects):
    with open(target, "wb") as out:
        out.write(struct.pack("<I", 0xFFFFFFFE) * 3)
        for data, is_bad in objects:
            if data is None:
                out.write(struct.pack("<I", 0))
                continue
            word = struct.pack("<I", len(data) | (0x80000000 if is_bad else 0))
            out.write(word + data + b"\0" * (len(data) % 2) + word)
            # A private record, a private marker, an erased stretch and half of one.
            out.write(struct.pack("<I", 0x20000003) + b"abc\0" + struct.pack("<I", 0x20000003))
            out.write(struct.pack("<II", 0x70000001, 0xFFFFFFFE) + b"\xff\xff" + struct.pack("<I", 0xFFFFFFFE))
        out.write(struct.pack("<I", 0xFFFFFFFF) + b"what was there before")


def aws(target, objects):
    previous = 0
    with open(target, "wb") as out:
        for data, _ in objects:
            if data is None:
                out.write(struct.pack("<HHBB", 0, previous, 0x40, 0))
                previous = 0
                continue
            chunks = [data[start : start + 4096] for start in range(0, len(data), 4096)]
            for number, chunk in enumerate(chunks):
                flags = (0x80 if number == 0 else 0) | (0x20 if number == len(chunks) - 1 else 0)
                out.write(struct.pack("<HHBB", len(chunk), previous, flags, 0) + chunk)
                previous = len(chunk)


def mhvtl(target, objects, packs):
    os.mkdir(target)
    with open(target + "/data.0", "wb") as out, open(target + "/indx.0", "wb") as index:
        marks = []
        for number, (data, _) in enumerate(objects):
            kind, flags, size, disk, crc, offset = 3, 0, 0, 0, 0, out.tell()
            if data is None:
                marks.append(number)
            else:
                kind, flags, size, crc = 11, 8, len(data), crc32c(data)
                stored = data
                if packs:
                    stored, flags = zlib.compress(data), 9
                disk = len(stored)
                out.write(stored)
            index.write(struct.pack("<qIIIIII", offset, kind, flags, number, size, disk, crc).ljust(512, b"\0"))
    with open(target + "/meta.0", "wb") as meta:
        meta.write(struct.pack("<I", len(marks)).ljust(512, b"\0") + struct.pack("<%dI" % len(marks), *marks))


def main(command, *arguments):
    if command == "list":
        (path,) = arguments
        for line in (list_mhvtl if os.path.isdir(path) else list_tap)(path):
            print(line)
        return
    kind, target, names = arguments[0], arguments[1], arguments[2:]
    objects = []
    for name in names:
        is_bad = name.startswith("bad:")
        objects.append((None if name == "-" else open(name[4:] if is_bad else name, "rb").read(), is_bad))
    if kind == "tap":
        tap(target, objects)
    elif kind == "aws":
        aws(target, objects)
    else:
        mhvtl(target, objects, kind == "mhvtl-zlib")


main(*sys.argv[1:])
