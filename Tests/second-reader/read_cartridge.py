#!/usr/bin/env python3
"""A second reader of virtual cartridges, written from docs/ alone and sharing no code with tapir.

    read_cartridge.py list CARTRIDGE
    read_cartridge.py extract CARTRIDGE DIRECTORY
    read_cartridge.py verify CARTRIDGE
    read_cartridge.py pieces CARTRIDGE...

The last one puts the user files of members that span the cartridges, in the order given, together on standard output.

Python 3.11 with its sqlite3 module (SQLite 3.37), and the lz4 program. Exit status 0: all well; 1: something is
wrong, or was; 2: nothing could be read at all.
"""
import json
import mmap
import os
import re
import sqlite3
import stat
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from xxh3 import xxh3_64, xxh3_128  # noqa: E402

BLOCK, MARK, SYNC = 1, 2, 3
MAGIC = b'\xa7TPF'
HEADER = struct.Struct('<4sBBHIIIIQQQQ')
complaints = []


def complain(text):
    complaints.append(text)
    print('read_cartridge: ' + text, file=sys.stderr)


def note(text):
    print('read_cartridge: ' + text, file=sys.stderr)


class Unreadable(Exception):
    pass


class MediumError(Unreadable):
    pass


# ---------------------------------------------------------------- the medium (virtual-tape-format.md)

class Frame:
    __slots__ = ('at', 'kind', 'flags', 'epoch', 'length', 'stored', 'marks', 'number', 'previous', 'checksum', 'end')


def lz4_block(src, size):
    """LZ4 block format: sequences of literals and matches."""
    out = bytearray()
    i, n = 0, len(src)
    while True:
        token = src[i]
        i += 1
        run = token >> 4
        if run == 15:
            while True:
                run += src[i]
                i += 1
                if src[i - 1] != 255:
                    break
        if i + run > n:
            raise IndexError
        out += src[i:i + run]
        i += run
        if i == n:
            break
        distance = src[i] | src[i + 1] << 8
        i += 2
        run = token & 15
        if run == 15:
            while True:
                run += src[i]
                i += 1
                if src[i - 1] != 255:
                    break
        run += 4
        start = len(out) - distance
        if start < 0 or not distance or len(out) + run > size:
            raise IndexError
        if distance >= run:
            out += out[start:start + run]
        else:
            out += (out[start:] * (run // distance + 1))[:run]
    if len(out) != size:
        raise IndexError
    return bytes(out)


class Cartridge:
    def __init__(self, folder):
        self.folder = folder
        try:
            with open(os.path.join(folder, 'cartridge.json'), 'rb') as f:
                self.json = json.load(f)
            self.file = open(os.path.join(folder, 'data'), 'rb')
        except (OSError, ValueError) as e:
            raise Unreadable(f'no cartridge: {e}')
        if self.json.get('format') != 'tapir virtual cartridge' or self.json.get('version') != 1:
            raise Unreadable('cartridge.json: not a cartridge of version 1')
        self.size = os.fstat(self.file.fileno()).st_size
        if self.size < 4096:
            raise Unreadable('the header block is not whole')
        self.data = mmap.mmap(self.file.fileno(), 0, prot=mmap.PROT_READ)
        head = self.data[:4096]
        if head[:8] != b'TAPIRVT\n' or struct.unpack_from('<II', head, 8) != (1, 4096) or any(head[32:56]) \
                or struct.unpack_from('<Q', head, 56)[0] != xxh3_64(head[:56]):
            raise Unreadable('the header block does not check out')
        self.uuid = head[16:32]
        if self.json.get('uuid', '').replace('-', '') != self.uuid.hex():
            raise Unreadable('cartridge.json has another UUID than the header block')
        a, b = struct.unpack('<QQ', self.uuid)
        self.key = a ^ b
        self.walked = None      # (offsets of objects, offsets of filemarks) when the headers were walked
        self.open()

    def frame(self, at):
        """The frame at an offset, or None: header only."""
        if at < 4096 or at % 8 or at + 56 > self.size or self.data[at:at + 4] != MAGIC:
            return None
        raw = self.data[at:at + 56]
        f = Frame()
        _, f.kind, f.flags, reserved, f.epoch, f.length, f.stored, f.marks, f.number, f.previous, f.checksum, check = \
            HEADER.unpack(raw)
        if xxh3_64(raw[:48], self.key ^ at) != check or reserved or f.kind not in (1, 2, 3) or f.flags & ~1:
            return None
        if f.kind == BLOCK:
            if not 1 <= f.length <= 1 << 24 or not (f.stored < f.length if f.flags else f.stored == f.length):
                return None
        elif f.flags or f.length or f.stored:
            return None
        f.at = at
        f.end = at + 56 + f.stored + -f.stored % 8
        if f.end > self.size:
            return None
        return f

    def payload_holds(self, f):
        return xxh3_64(self.data[f.at + 56:f.at + 56 + f.stored], f.number) == f.checksum

    def slot(self, i):
        at = 1024 * (i + 1)
        raw = self.data[at:at + 64]
        if not any(raw):
            return None
        serial, epoch, zero, offset, objects, marks, mapped, zero2, check = struct.unpack('<QIIQQQQQQ', raw)
        if zero or zero2 or xxh3_64(raw[:56], self.key ^ at) != check:
            return None
        f = self.frame(offset)
        if not f or f.kind != SYNC or (f.epoch, f.number, f.marks) != (epoch, objects, marks):
            return None
        return serial, f, mapped

    def open(self):
        slots = sorted((s for s in map(self.slot, (0, 1)) if s), key=lambda s: -s[0])
        start = slots[0][1] if slots else None
        if start:
            last = self.walk(start.at, start.number, start.marks, start.previous, start.epoch, None, True)
        else:
            last = self.walk_all()
        # last: (objects, filemarks, previous, end of data, end of the last frame)
        self.objects, self.marks, _, self.end_of_data, self.end_of_frames = last
        self.behind = self.size - self.end_of_frames

    def walk(self, at, number, marks, previous, epoch, found, payloads):
        """Frame by frame to the first that is not the expected one. `found` collects offsets of objects."""
        end = at
        while True:
            f = self.frame(at)
            if not f or (f.number, f.marks, f.previous) != (number, marks, previous):
                break
            if f.epoch != epoch and not (f.kind == SYNC and f.epoch > epoch):
                break
            if payloads and not self.payload_holds(f):
                break
            epoch = f.epoch
            at = f.end
            if f.kind != SYNC:
                number += 1
                end = at
                if found is not None:
                    found[0].append(f.at)
                    if f.kind == MARK:
                        found[1].append(f.at)
                if f.kind == MARK:
                    marks += 1
                    previous = f.at
        return number, marks, previous, end, at

    def walk_all(self):
        """All headers from the beginning, passing over damage; the objects lost there are None."""
        objects, marks = [], []
        at, epoch, previous, end = 4096, 0, 0, 4096
        while at + 56 <= self.size:
            f = self.frame(at)
            if f and (f.epoch < epoch or f.number < len(objects) or f.marks < len(marks)):
                f = None
            if f and f.kind != SYNC and f.epoch > epoch and f.number == len(objects):
                f = None
            if not f:
                at = self.data.find(MAGIC, at + 1)
                while at >= 0 and at % 8:
                    at = self.data.find(MAGIC, at + 1)
                if at < 0:
                    break
                continue
            if f.number > len(objects):
                objects += [None] * (f.number - len(objects))
                marks += [None] * (f.marks - len(marks))
                if f.previous and marks and marks[-1] is None:
                    marks[-1] = f.previous
            epoch = f.epoch
            if f.kind != SYNC:
                objects.append(f.at)
                if f.kind == MARK:
                    marks.append(f.at)
                end = f.end
            at = end_of_frames = f.end
        self.walked = objects, marks
        return len(objects), len(marks), None, end, end_of_frames if objects or epoch else 4096

    def entry(self, name, i, size):
        try:
            with open(os.path.join(self.folder, name), 'rb') as f:
                f.seek(i * size)
                raw = f.read(size)
        except OSError:
            return None
        return raw if len(raw) == size else None

    def object(self, number):
        """The frame of a logical object: by `map`, else by walking the headers."""
        if not 0 <= number < self.objects:
            return None
        if self.walked is None:
            raw = self.entry('map', number, 16)
            if raw:
                where, length, marks = struct.unpack('<QII', raw)
                f = self.frame(where & ~7)
                if f and f.kind != SYNC and f.kind == where & 7 and (f.number, f.length, f.marks) == \
                        (number, length, marks):
                    return f
            note(f'map: entry {number} is missing or wrong: walking the headers')
            self.walk_all()
        at = self.walked[0][number]
        f = self.frame(at) if at else None
        if not f:
            raise MediumError(f'object {number} is damaged')
        return f

    def behind_mark(self, count):
        """The number of the object behind so many filemarks."""
        if count == 0:
            return 0
        if count > self.marks:
            raise Unreadable('filemark beyond end of data')
        if self.walked is None:
            raw = self.entry('marks', count - 1, 8)
            f = self.frame(struct.unpack('<Q', raw)[0]) if raw else None
            if f and f.kind == MARK and f.marks == count - 1:
                return f.number + 1
            note(f'marks: entry {count - 1} is missing or wrong: walking the headers')
            self.walk_all()
        at = self.walked[1][count - 1]
        f = self.frame(at) if at else None
        if not f:
            raise MediumError(f'filemark {count - 1} is damaged')
        return f.number + 1

    def block(self, number):
        """What the application wrote; None for a filemark or end of data."""
        f = self.object(number)
        if f is None or f.kind == MARK:
            return None
        return self.payload(f)

    def payload(self, f):
        if not self.payload_holds(f):
            raise MediumError(f'object {f.number}: the payload does not check out')
        raw = self.data[f.at + 56:f.at + 56 + f.stored]
        if f.flags & 1:
            try:
                return lz4_block(raw, f.length)
            except IndexError:
                raise MediumError(f'object {f.number}: bad LZ4 block')
        return raw

    def tape_file(self, number):
        """All blocks from an object on up to the filemark; and the number of the object behind that filemark."""
        blocks = []
        while (b := self.block(number)) is not None:
            blocks.append(b)
            number += 1
        return blocks, number + 1 if number < self.objects else None


# ---------------------------------------------------------------- labels (tape-format.md, sections 2 to 4)

class Labels:
    """HDR1 HDR2 UHL1, or EOF1 EOF2 UTL1."""

    def __init__(self, blocks):
        self.raw = [b.decode('ascii') for b in blocks]
        one, _, user = self.raw
        self.what = one[:4]
        self.id = one[4:21].rstrip(' ')
        self.vsn = one[21:27].rstrip(' ')
        self.fseq4 = int(one[31:35])
        self.created, self.expires = one[41:47], one[47:53]
        self.blocks6 = int(one[54:60])
        self.system = one[60:73]
        self.fseq = int(user[4:14])
        self.block_size = int(user[14:24])

    @property
    def catalogue(self):
        return int(self.id[8:], 16) if re.fullmatch('CATALOG [0-9A-F]{8}', self.id) else None

    @property
    def member(self):
        if not re.fullmatch('[0-9A-F]{16}', self.id):
            return None
        return int(self.id[:8], 16), self.id[8], int(self.id[9:], 16)


def read_labels(c, number, names):
    """A whole group of three labels at an object, or None; and the number behind the filemark."""
    blocks = []
    for i, name in enumerate(names):
        f = c.object(number + i)
        if not f or f.kind != BLOCK or f.length != 80:
            return None
        b = c.payload(f)
        if b[:4] != name:
            return None
        blocks.append(b)
    f = c.object(number + 3)
    if f and f.kind != MARK:
        return None
    try:
        return Labels(blocks)
    except (ValueError, UnicodeDecodeError):
        return None


HEAD, TRAIL = (b'HDR1', b'HDR2', b'UHL1'), (b'EOF1', b'EOF2', b'UTL1')


class Volume:
    def __init__(self, c):
        self.c = c
        vol1 = c.block(0) if c.objects else None
        if not vol1 or len(vol1) != 80 or vol1[:4] != b'VOL1':
            raise Unreadable('no VOL1: blank or unlabelled')
        self.vol1 = vol1.decode('ascii')
        self.vsn = self.vol1[4:10]
        h = read_labels(c, 1, HEAD)
        if not h or h.id != 'CATALOG 00000000' or h.fseq != 1 or not h.system.startswith('TAPIR'):
            raise Unreadable('not a volume of ours, or its labelling was cut off')
        self.block_size = h.block_size

    def header_at(self, k):
        """Number of the HDR1 of AUL file k."""
        return 1 if k == 1 else self.c.behind_mark(3 * (k - 1))

    def header(self, k):
        return read_labels(self.c, self.header_at(k), HEAD)

    def user_file(self, k):
        blocks, _ = self.c.tape_file(self.c.behind_mark(3 * (k - 1) + 1))
        return blocks

    def last_catalogue(self):
        c = self.c
        for back in range(1, c.marks + 2):
            at = c.behind_mark(c.marks - back) if back < c.marks else 1
            try:
                h = read_labels(c, at, HEAD)
            except MediumError:
                h = None
            if h:
                break
        else:
            return None
        if h.catalogue is not None:
            mark = c.marks - back if at != 1 else 0
            if mark + 3 <= c.marks:
                t = read_labels(c, c.behind_mark(mark + 2), TRAIL)
                if t and t.id == h.id:
                    return h
        while h:
            k = h.fseq - 1 if h.catalogue is not None else h.fseq - (h.member[2] if h.member else 1)
            if k < 1:
                return None
            h = self.header(k)
            if not h or h.fseq != k or h.vsn != self.vsn:
                raise Unreadable(f'AUL file {k} has no header that fits')
            if h.catalogue is not None:
                return h
        return None


# ---------------------------------------------------------------- pax (section 5)

def number_field(b):
    b = b.rstrip(b'\0 ')
    return int(b, 8) if b else 0


class Entry:
    """One member of a pax archive."""

    def __init__(self, archive, at):
        """`archive` is the user file; the entry's first header is at `at`."""
        self.records = {}
        self.start = at
        while True:
            h = archive[at:at + 512]
            if len(h) < 512 or not any(h):
                raise EOFError
            if number_field(h[148:156]) != sum(h[:148]) + 256 + sum(h[156:]) or h[257:265] != b'ustar\x0000':
                raise Unreadable('bad tar header')
            self.flag = h[156:157]
            size = number_field(h[124:136])
            at += 512
            if self.flag not in b'xg':
                break
            if self.flag == b'x':
                body = archive[at:at + size]
                i = 0
                while i < size:
                    space = body.index(b' ', i)
                    n = int(body[i:space])
                    if body[i + n - 1:i + n] != b'\n':
                        raise Unreadable('bad pax record')
                    keyword, _, value = body[space + 1:i + n - 1].partition(b'=')
                    self.records[keyword] = value
                    i += n
            at += size + -size % 512
        r = self.records

        def number(keyword, field):
            return int(r[keyword]) if keyword in r else number_field(field)
        cut = lambda b: b.split(b'\0')[0]  # noqa: E731
        self.name = cut(h[:100])
        if cut(h[345:500]):
            self.name = cut(h[345:500]) + b'/' + self.name
        self.name = r.get(b'GNU.sparse.name', r.get(b'path', self.name))
        self.mode = number_field(h[100:108])
        self.uid, self.gid = number(b'uid', h[108:116]), number(b'gid', h[116:124])
        self.stored = number(b'size', h[124:136])
        self.mtime = parse_time(r[b'mtime']) if b'mtime' in r else (number_field(h[136:148]), 0)
        self.link = r.get(b'linkpath', cut(h[157:257]))
        self.uname, self.gname = r.get(b'uname', cut(h[265:297])), r.get(b'gname', cut(h[297:329]))
        self.rdev = (number(b'SCHILY.devmajor', h[329:337]) << 32) + number(b'SCHILY.devminor', h[337:345])
        self.sparse = r.get(b'GNU.sparse.major') == b'1'
        self.content_at = at
        self.archive = archive
        self.extents = None
        self.size = self.stored
        if self.sparse:
            self.size = int(r[b'GNU.sparse.realsize'])
            numbers, p, want = [], at, 1
            while len(numbers) < want:
                e = archive.index(b'\n', p)
                numbers.append(int(archive[p:e]))
                p = e + 1
                if len(numbers) == 1:
                    want = 1 + 2 * numbers[0]
            p += (at - p) % 512
            self.content_at = p
            self.extents = list(zip(numbers[1::2], numbers[2::2]))
            reached = 0
            for offset, length in self.extents:
                if offset < reached or offset + length > self.size:
                    raise Unreadable('bad map of a sparse file')
                reached = offset + length
            if p - at + sum(n for _, n in self.extents) != self.stored:
                raise Unreadable('map and data of a sparse file do not make up its size')
        self.end = at + self.stored + -self.stored % 512

    def pieces(self):
        """(offset, bytes) of the content that is no hole."""
        if self.extents is None:
            yield 0, self.archive[self.content_at:self.content_at + self.stored]
        else:
            p = self.content_at
            for offset, length in self.extents:
                yield offset, self.archive[p:p + length]
                p += length

    def content(self):
        if self.extents is None:
            return next(self.pieces())[1]
        out = bytearray(self.size)
        for offset, b in self.pieces():
            out[offset:offset + len(b)] = b
        return bytes(out)

    def attributes(self):
        for k, v in self.records.items():
            if k.startswith(b'SCHILY.xattr.'):
                yield k[13:].replace(b'%3D', b'=').replace(b'%25', b'%'), v


def parse_time(b):
    """Seconds and nanoseconds counted forward."""
    whole, _, fraction = b.decode().partition('.')
    ns = int((fraction + '000000000')[:9])
    total = abs(int(whole)) * 10**9 + ns
    return divmod(-total if whole.startswith('-') else total, 10**9)


def members_of(archive):
    at = 0
    while at < len(archive):
        try:
            e = Entry(archive, at)
        except EOFError:
            break
        yield e
        at = e.end


# ---------------------------------------------------------------- catalogues (section 6)

class Catalogue:
    def __init__(self, volume, header):
        self.header = header
        self.number = header.catalogue
        self.fseq = header.fseq
        self.user_file = b''.join(volume.user_file(header.fseq))
        self.digest = xxh3_128(self.user_file)
        packed = [e for e in members_of(self.user_file) if e.name == b'catalogue.sqlite.lz4']
        if not packed:
            raise Unreadable(f'catalogue {self.number}: no catalogue.sqlite.lz4')
        self.packed = packed[0].content()
        self.database = unpack(self.packed)
        d = self.database
        if d[:16] != b'SQLite format 3\0' or struct.unpack_from('>H', d, 16)[0] != 4096 or d[18:20] != b'\1\1':
            raise Unreadable(f'catalogue {self.number}: not the SQLite file that is described')
        self.db = sqlite3.connect(':memory:')
        self.db.deserialize(d)
        self.db.text_factory = bytes
        self.db.execute('PRAGMA trusted_schema = OFF')
        self.db.execute('PRAGMA query_only = ON')
        one = lambda q: self.db.execute(q).fetchone()[0]  # noqa: E731
        if one('PRAGMA application_id') != 0x74704354 or one('PRAGMA user_version') != 1:
            raise Unreadable(f'catalogue {self.number}: another application_id or user_version')
        if one('PRAGMA quick_check') != b'ok':
            raise Unreadable(f'catalogue {self.number}: quick_check')
        self.batch = self.row('batch')
        if self.batch['number'] != self.number:
            raise Unreadable(f'catalogue {self.number}: it says that it is {self.batch["number"]}')
        self.earlier = self.rows('SELECT * FROM earlier_catalogue ORDER BY number')

    def rows(self, query, *args):
        cur = self.db.execute(query, args)
        names = [x[0] for x in cur.description]
        return [dict(zip(names, r)) for r in cur]

    def row(self, table):
        r = self.rows(f'SELECT * FROM {table}')
        if len(r) != 1:
            raise Unreadable(f'catalogue {self.number}: {len(r)} rows in {table}')
        return r[0]

    def members(self):
        """Rows of the members; those in a pack have its block, blocks, bytes, layout and digest from aul_file."""
        own = ['block', 'blocks', 'bytes', 'layout', 'file_digest']
        members = self.rows('SELECT d.path || \'\' AS p, m.*, CAST(d.path AS BLOB) AS path, o.uid, o.gid, o.user_name, '
                            'o.group_name FROM member m LEFT JOIN directory d ON d.id = m.directory '
                            'LEFT JOIN ownership o ON o.id = m.ownership ORDER BY m.id')
        packs = self.packs()
        for m in members:
            m['packed'] = m['fseq'] in packs
            if m['packed']:
                if any(m[x] is not None for x in own):
                    complain(f'member {m["fseq"]} ({shown(name_of(m))}): columns that are its pack\'s')
                f = packs[m['fseq']]
                m.update(zip(own, (f['block'], f['blocks'], f['bytes'], f['layout'], f['digest'])))
        return members

    def packs(self):
        """Rows of the packs by fseq."""
        return {f['fseq']: f for f in self.rows('SELECT * FROM aul_file')}


def unpack(packed):
    """One LZ4 frame with content size and content checksum, nothing behind it."""
    if packed[:4] != b'\x04\x22\x4d\x18' or packed[4] >> 6 != 1 or packed[4] & 0x0c != 0x0c:
        raise Unreadable('catalogue: not an LZ4 frame with content size and checksum')
    size = struct.unpack_from('<Q', packed, 6)[0]
    at = 15
    while n := struct.unpack_from('<I', packed, at)[0]:
        at += 4 + (n & 0x7fffffff) + (4 if packed[4] & 16 else 0)
    if at + 8 != len(packed):
        raise Unreadable('catalogue: something behind its LZ4 frame')
    r = subprocess.run(['lz4', '-dc'], input=packed, capture_output=True)   # it checks the checksums
    if r.returncode or len(r.stdout) != size:
        raise Unreadable('catalogue: LZ4 frame damaged: ' + r.stderr.decode(errors='replace').strip())
    return r.stdout


def name_of(m):
    return m['path'] + m['name']


def catalogues(volume):
    """All catalogues that can be read, by ascending number, the chain's digests checked."""
    header = volume.last_catalogue()
    if not header:
        raise Unreadable('the volume has no catalogue')
    last = Catalogue(volume, header)
    found = []
    if [e['number'] for e in last.earlier] != list(range(last.number)):
        complain('earlier_catalogue of the last catalogue is not complete')
    for e in last.earlier:
        try:
            h = volume.header(e['fseq'])
            if not h or h.catalogue != e['number'] or h.fseq != e['fseq'] or volume.header_at(e['fseq']) != e['block']:
                raise Unreadable(f'catalogue {e["number"]} is not where it should be')
            k = Catalogue(volume, h)
            if k.digest != e['digest']:
                raise Unreadable(f'catalogue {e["number"]} has another digest than the last catalogue says')
            found.append(k)
        except Unreadable as x:
            complain(str(x))
    found.append(last)
    uuid = found[0].row('volume')['uuid']
    for k in found:
        if k.row('volume')['uuid'] != uuid:
            raise Unreadable(f'catalogue {k.number} is of another volume')
    if last.earlier and last.batch['previous_digest'] != last.earlier[-1]['digest']:
        complain('previous_digest of the last catalogue is not that of the last in earlier_catalogue')
    return found


# ---------------------------------------------------------------- commands

def shown(name):
    """As GNU tar shows names (quoting style "escape")."""
    out = ''
    for ch in name.decode('utf-8', 'surrogateescape'):
        o = ord(ch)
        if 0xdc80 <= o <= 0xdcff:
            out += '\\%03o' % (o - 0xdc00)
        elif ch == '\\':
            out += '\\\\'
        elif ch in '\a\b\f\n\r\t\v':
            out += '\\' + 'abfnrtv'['\a\b\f\n\r\t\v'.index(ch)]
        elif o < 32 or o == 127 or 128 <= o < 160:
            out += ''.join('\\%03o' % b for b in ch.encode())
        else:
            out += ch
    return out


def report_tail(c, cats):
    last = cats[-1]
    end = c.behind_mark(3 * last.fseq)
    if end < c.objects:
        note(f'{c.objects - end} objects behind the last catalogue were never committed')
    if c.behind:
        note(f'{c.behind} bytes behind the last frame never happened')


def command_list(c):
    v = Volume(c)
    cats = catalogues(v)
    report_tail(c, cats)
    for k in cats:
        for m in k.members():
            n = name_of(m)
            slash = '/' if m['type'] == 5 and not n.endswith(b'/') else ''
            sys.stdout.write(shown(n) + slash + '\n')


last_file = None


def whole(v, fseq):
    """The user file; that of the last call is kept, as a pack has many members."""
    global last_file
    if not last_file or last_file[:2] != (v, fseq):
        last_file = v, fseq, b''.join(v.user_file(fseq))
    return last_file[2]


def pax_of(v, m):
    return Entry(whole(v, m['fseq']), m['offset'])


def pieces_of(v, m):
    if m['layout'] == 3:
        return [(0, b''.join(v.user_file(m['fseq'])))], m['size']
    e = pax_of(v, m)
    return e.pieces(), e.size


def place(root, name):
    parts = [p for p in name.split(b'/') if p not in (b'', b'.')]
    if b'..' in parts:
        raise Unreadable('a name with ..: ' + shown(name))
    path = root
    for p in parts[:-1]:
        path = os.path.join(path, p)
        if not os.path.lexists(path):
            os.mkdir(path)
        elif not stat.S_ISDIR(os.lstat(path).st_mode):
            raise Unreadable('no directory: ' + shown(path))
    return os.path.join(path, parts[-1]) if parts else root


def write_content(path, pieces, size):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, 'wb') as f:
        for offset, b in pieces:
            f.seek(offset)
            f.write(b)
        f.truncate(size)


def command_extract(c, directory):
    v = Volume(c)
    cats = catalogues(v)
    report_tail(c, cats)
    root = os.fsencode(directory)
    os.makedirs(root, exist_ok=True)
    where, directories, rows = {}, {}, {}
    for k in cats:
        for m in k.members():
            rows[m['fseq'], m['offset']] = m
            try:
                path = place(root, name_of(m))
                there = os.lstat(path) if os.path.lexists(path) else None
                if there and not (m['type'] == 5 and stat.S_ISDIR(there.st_mode)):
                    os.rmdir(path) if stat.S_ISDIR(there.st_mode) else os.unlink(path)
                attributes = [(a['keyword'][13:], a['value']) for a in
                              k.rows('SELECT * FROM attribute WHERE member = ?', m['id'])
                              if a['keyword'].startswith(b'SCHILY.xattr.')] if m['layout'] == 3 else []
                t = m['type']
                if t == 1:
                    to = m['link_fseq'], m['link_offset']
                    old = where.get(to)
                    if old and os.path.lexists(old[0]) and os.lstat(old[0]).st_ino == old[1]:
                        os.link(old[0], path, follow_symlinks=False)
                        continue
                    if to not in rows:
                        raise Unreadable('a hard link to nothing: ' + shown(name_of(m)))
                    note('hard link made a file of its own: ' + shown(name_of(m)))
                    m = rows[to]
                    t = m['type']
                if t == 0:
                    pieces, size = pieces_of(v, m)
                    write_content(path, pieces, size)
                elif t == 2:
                    os.symlink(m['link_target'], path)
                elif t in (3, 4):
                    os.mknod(path, (stat.S_IFCHR if t == 3 else stat.S_IFBLK) | 0o600,
                             os.makedev(m['rdev'] >> 32, m['rdev'] & 0xffffffff))
                elif t == 5:
                    if not there or not stat.S_ISDIR(there.st_mode):
                        os.mkdir(path)
                elif t == 6:
                    os.mkfifo(path)
                else:
                    raise Unreadable(f'member of type {t}')
                if m['layout'] in (1, 2) and t != 2:
                    attributes = list(pax_of(v, m).attributes())
                where[m['fseq'], m['offset']] = path, os.lstat(path).st_ino
                if os.geteuid() == 0:
                    os.chown(path, m['uid'], m['gid'], follow_symlinks=False)
                if t != 2:
                    os.chmod(path, m['mode'])
                for key, value in attributes:
                    try:
                        os.setxattr(path, key, value, follow_symlinks=False)
                    except OSError as e:
                        note(f'{shown(path)}: {shown(key)}: {e.strerror}')
                ns = m['mtime'] * 10**9 + m['mtime_ns']
                if t == 5:
                    directories.pop(path, None)
                    directories[path] = ns
                else:
                    os.utime(path, ns=(ns, ns), follow_symlinks=False)
            except (OSError, Unreadable) as x:
                complain(f'{shown(name_of(m))}: {x}')
    for path, ns in reversed(directories.items()):
        if os.path.isdir(path) and not os.path.islink(path):
            os.utime(path, ns=(ns, ns))


TEXT = re.compile(r'''[A-Z0-9 !"%&'()*+,\-./:;<=>?_]{80}''')
DATE = re.compile(r'[ 01]\d\d[0-3]\d\d')


def verify_medium(c):
    """Every frame from the first on, `map` and `marks`, header block and slots."""
    head = c.data[:4096]
    if any(head[64:1024]) or any(head[1088:2048]) or any(head[2112:]):
        complain('header block: bytes that should be zero')
    for i in (0, 1):
        if any(head[1024 * (i + 1):1024 * (i + 1) + 64]):
            s = c.slot(i)
            if not s:
                complain(f'slot {i} does not hold')
            elif s[0] % 2 != i:
                complain(f'slot {i} has serial {s[0]}')
    found = [], []
    number, marks, _, end, frames = c.walk(4096, 0, 0, 0, 0, found, True)
    f = c.frame(4096)
    if not f or (f.kind, f.epoch, f.number) != (SYNC, 1, 0):
        complain('the first frame is no sync frame of epoch 1 and number 0')
    if (number, marks, end, frames) != (c.objects, c.marks, c.end_of_data, c.end_of_frames):
        complain(f'a walk of all frames ends at object {number}, offset {frames}; opening said {c.objects}, '
                 f'{c.end_of_frames}')
    at, count, waypoint = 4096, 0, 4096
    while at < frames:
        f = c.frame(at)
        count += 1
        if any(c.data[at + 56 + f.stored:f.end]):
            complain(f'frame at {at}: padding not zero')
        if f.kind == SYNC:
            waypoint = at
        elif at - waypoint > (1 << 30) + (1 << 24) + 64:
            complain(f'frame at {at}: more than 1 GiB since the last sync frame')
        if f.kind == BLOCK and f.flags:
            if f.length < 256 or f.length - f.stored < f.length // 16:
                complain(f'frame at {at}: compressed, though it saves too little')
            c.payload(f)
        at = f.end
    for i, at in enumerate(found[0]):
        raw = c.entry('map', i, 16)
        f = c.frame(at)
        if raw and struct.unpack('<QII', raw) != (at | f.kind, f.length, f.marks):
            complain(f'map: entry {i} is wrong')
            break
    for i, at in enumerate(found[1]):
        raw = c.entry('marks', i, 8)
        if raw and struct.unpack('<Q', raw)[0] != at:
            complain(f'marks: entry {i} is wrong')
            break
    for name, entries in (('map', 16 * len(found[0])), ('marks', 8 * len(found[1]))):
        try:
            n = os.stat(os.path.join(c.folder, name)).st_size
            if n != entries:
                note(f'{name}: {n} bytes, {entries} expected (a hint, no more)')
        except FileNotFoundError:
            note(f'no {name}')
    return count


def verify_labels(v, k, at, n_blocks, header, trailer, lengths):
    where = f'AUL file {k}'
    for group in (header, trailer):
        for raw in group.raw:
            if not TEXT.fullmatch(raw):
                complain(f'{where}: a label with other characters than allowed')
        one, two, user = group.raw
        head = group is header
        if group.id != header.id or one[20] != ' ':
            complain(f'{where}: file identifier')
        if group.vsn != v.vsn or one[27:31] != '0001' or one[35:41] != '000100' or one[53] != ' ' or one[73:].strip():
            complain(f'{where}: {one[:4]} has fixed fields that are not as described')
        if group.fseq != k or group.fseq4 != k % 10000:
            complain(f'{where}: file sequence number')
        if group.blocks6 != (0 if head else n_blocks % 1000000):
            complain(f'{where}: block count of {one[:4]}')
        if not DATE.fullmatch(group.created) or not DATE.fullmatch(group.expires):
            complain(f'{where}: dates of {one[:4]}')
        if not one[60:].startswith('TAPIR '):
            complain(f'{where}: system code')
        length = '%05d' % group.block_size if group.block_size < 100000 else '00000'
        if two[4:15] != 'F' + length * 2 or two[15:34].strip() or two[34:36] not in ('P ', '  ') or \
                two[36:50].strip() or two[50:52] != '00' or two[52:].strip():
            complain(f'{where}: {two[:4]} is not as described')
        if group.block_size != v.block_size or user[24:34] != user[14:24]:
            complain(f'{where}: block size of {user[:4]}')
        for field in (user[34:42], user[42:52], user[52:60], user[60:68], user[68:80]):
            if not field.strip():
                complain(f'{where}: a blank field in {user[:4]}')
    if header.created != trailer.created:
        complain(f'{where}: the trailer has another date')
    if any(n != v.block_size for n in lengths[:-1]) or not lengths or lengths[-1] > v.block_size:
        complain(f'{where}: lengths of blocks')


def command_verify(c):
    frames = verify_medium(c)
    v = Volume(c)
    if not TEXT.fullmatch(v.vol1) or not re.fullmatch('[A-Z0-9]{6}', v.vsn) or v.vol1[10:37].strip() or \
            v.vol1[51:77].strip() or v.vol1[77:] != '003':
        complain('VOL1 is not as described')
    if c.json.get('vsn') != v.vsn:
        note(f'cartridge.json has the VSN "{c.json.get("vsn")}", VOL1 {v.vsn}')
    if not 16384 <= v.block_size <= 8388608 or v.block_size % 512:
        complain('block size')
    cats = catalogues(v)
    report_tail(c, cats)
    last = cats[-1]
    row = last.row('volume')
    if row['vsn'].decode() != v.vsn or row['block_size'] != v.block_size or row['erased'] or \
            row['owner'].decode() != v.vol1[37:51].rstrip():
        complain('the volume\'s row does not fit its labels')
    # Every AUL file up to the last catalogue, by block IDs alone.
    at, files = 1, {}
    for k in range(1, last.fseq + 1):
        header = read_labels(c, at, HEAD)
        if not header or v.header_at(k) != at:
            raise Unreadable(f'AUL file {k}: no header at block ID {at}')
        blocks, behind = c.tape_file(at + 4)
        n = len(blocks)
        trailer = read_labels(c, at + 5 + n, TRAIL)
        if not trailer:
            raise Unreadable(f'AUL file {k}: no trailer at block ID {at + 5 + n}')
        verify_labels(v, k, at, n, header, trailer, [len(b) for b in blocks])
        files[k] = at, n, sum(map(len, blocks)), header
        at += 9 + n
        if c.behind_mark(3 * k) != at:
            raise Unreadable(f'AUL file {k + 1} is not where the arithmetic says')
    expected, committed, n_members = 1, None, 0
    for i, k in enumerate(cats):
        b = k.batch
        if b['id'] != 1 or b['first_fseq'] != expected or b['fseq'] != k.fseq:
            complain(f'batch {k.number}: fseqs {b["first_fseq"]} to {b["fseq"]}, expected from {expected} to {k.fseq}')
        expected = k.fseq + 1
        if any(b[x] is not None for x in ('block', 'end_block', 'digest')):
            complain(f'batch {k.number}: block, end_block or digest is not NULL')
        if committed is not None and b['committed'] < committed:
            complain(f'batch {k.number}: committed before the one before it')
        committed = b['committed']
        if b['session'] != k.row('session')['id'] or k.row('session')['series'] != k.row('series')['id']:
            complain(f'batch {k.number}: session or series')
        if b['previous_digest'] != (cats[i - 1].digest if i else None):
            complain(f'batch {k.number}: previous_digest')
        for e, o in zip(k.earlier, cats):
            if (e['number'], e['fseq'], e['block'], e['digest']) != (o.number, o.fseq, files[o.fseq][0], o.digest):
                complain(f'batch {k.number}: earlier_catalogue {e["number"]}')
        if len(k.earlier) != k.number:
            complain(f'batch {k.number}: {len(k.earlier)} earlier catalogues')
        schema = k.rows('SELECT type, name, sql FROM sqlite_schema')
        tables = {s['name'].decode() for s in schema if s['type'] == b'table'}
        if tables != {'volume', 'batch', 'session', 'series', 'member', 'directory', 'ownership', 'aul_file', 'chunk',
                      'attribute', 'piece', 'change', 'earlier_catalogue'}:
            complain(f'batch {k.number}: tables {sorted(tables)}')
        if any(s['type'] in (b'view', b'trigger') or s['type'] == b'index' and s['sql'] for s in schema) or \
                any(not re.search(rb'STRICT\s*(,\s*WITHOUT ROWID\s*)?$|WITHOUT ROWID\s*,\s*STRICT\s*$', s['sql'])
                    for s in schema if s['type'] == b'table'):
            complain(f'batch {k.number}: a view, a trigger, an index or a table that is not STRICT')
        inside = [e.name for e in members_of(k.user_file)]
        if inside != ([b'README.txt'] if k.number == 0 else []) + [b'catalogue.sqlite.lz4']:
            complain(f'catalogue {k.number} has the members {inside}')
        for e in members_of(k.user_file):
            if e.records or (e.mode, e.uid, e.gid, e.uname, e.gname) != (0o644, 0, 0, b'', b'') or \
                    e.mtime != (b['committed'] // 10**9, 0):
                complain(f'catalogue {k.number}: the tar header of {e.name} is not as described')
        ordinal, seen = 0, set()
        for m in k.members():
            verify_member(v, k, m, ordinal, files)
            seen.add(m['fseq'])
            ordinal += 1
        n_members += ordinal
        if seen != set(range(b['first_fseq'], b['fseq'])):
            complain(f'batch {k.number}: AUL files without members, or members without AUL files')
        for f in k.packs().values():
            verify_pack(v, k, f, files)
    print(f'{frames} frames, {len(files)} AUL files, {len(cats)} catalogues, {n_members} members: '
          + (f'{len(complaints)} complaints' if complaints else 'all check out'))


KEYWORDS = [b'GNU.sparse.major', b'GNU.sparse.minor', b'GNU.sparse.name', b'GNU.sparse.realsize', b'path', b'linkpath',
            b'uid', b'gid', b'size', b'mtime', b'uname', b'gname', b'SCHILY.devmajor', b'SCHILY.devminor',
            b'SCHILY.xattr.', b'SCHILY.acl.access', b'SCHILY.acl.default', b'RHT.security.selinux', b'GNU.dumpdir']


def verify_pack(v, k, f, files):
    """The file as a whole: members back to back where their rows say, and what ends an archive."""
    what = f'pack {f["fseq"]}'
    at, n, size, header = files.get(f['fseq'], (None,) * 4)
    if (f['batch'], f['layout'], f['block'], f['blocks'], f['bytes']) != (1, 2, at, n, size):
        return complain(f'{what}: its row')
    archive = whole(v, f['fseq'])
    if xxh3_128(archive) != f['digest']:
        complain(f'{what}: digest of the user file')
    offsets, at = [], 0
    for e in members_of(archive):
        offsets.append(at)
        at = e.end
    if len(archive) != at + 1024 or any(archive[-1024:]):
        complain(f'{what}: not members and 1024 zero bytes')
    if offsets != [m['offset'] for m in k.rows('SELECT offset FROM member WHERE fseq = ? ORDER BY id', f['fseq'])]:
        complain(f'{what}: its members do not begin where their rows say')


def verify_member(v, k, m, ordinal, files):
    what = f'member {m["fseq"]} ({shown(name_of(m))})'
    if m['id'] != (1 << 24) + ordinal or m['path'] is None or m['uid'] is None:
        complain(f'{what}: id, directory or ownership')
    at, n, size, header = files.get(m['fseq'], (None,) * 4)
    if (m['block'], m['blocks'], m['bytes']) != (at, n, size):
        return complain(f'{what}: block, blocks, bytes')
    kind = {1: '1', 2: '2', 3: '3'}.get(m['layout'])
    if (m['layout'] == 2) != m['packed']:
        complain(f'{what}: layout')
    if header.member != (k.number, kind, m['fseq'] - k.batch['first_fseq'] + 1):
        complain(f'{what}: file identifier {header.id}')
    archive = whole(v, m['fseq'])
    if not m['packed'] and xxh3_128(archive) != m['file_digest']:
        complain(f'{what}: digest of the user file')
    if m['layout'] == 3:
        content = archive
        if m['offset'] or m['content_offset'] or m['size'] != len(archive) or m['type'] != 0:
            complain(f'{what}: row of a raw file')
    else:
        if m['packed']:
            e = pax_of(v, m)
        else:
            inside = list(members_of(archive))
            if len(inside) != 1 or len(archive) != inside[0].end + 1024 or any(archive[-1024:]):
                return complain(f'{what}: not one member and 1024 zero bytes')
            e = inside[0]
        if any(archive[e.end - (-e.stored % 512):e.end]):
            complain(f'{what}: padding not zero')
        order = [i for r in e.records for i, known in enumerate(KEYWORDS) if r == known or known[-1:] == b'.' and
                 r.startswith(known)]
        if order != sorted(order) or len(order) != len(e.records):
            complain(f'{what}: pax records {list(e.records)}')
        contents = e.records.get(b'GNU.dumpdir')
        if contents is not None and (m['type'] != 5 or not re.fullmatch(rb'(?s)([YNDRTX][^\0]*\0)*\0', contents)):
            complain(f'{what}: what is in the directory is {contents}')
        want = name_of(m)
        if m['type'] == 5 and not want.endswith(b'/'):
            want += b'/'
        same = dict(name=(e.name, want), type=(e.flag, b'%d' % m['type']), mode=(e.mode, m['mode']),
                    owner=((e.uid, e.gid, e.uname, e.gname), (m['uid'], m['gid'], m['user_name'], m['group_name'])),
                    size=(e.size, m['size']), mtime=(e.mtime, (m['mtime'], m['mtime_ns'])),
                    link=(e.link, m['link_target'] or b''), rdev=(e.rdev, m['rdev'] or 0),
                    content_offset=(e.content_at, m['content_offset']))
        for key, (a, b) in same.items():
            if a != b:
                complain(f'{what}: {key} is {a!r} in the tar header, {b!r} in the catalogue')
        if e.size > 1 << 30:
            return note(f'{what}: sparse and large; its digest is not checked')
        content = e.content()
    if m['type'] != 0:
        if m['digest'] is not None:
            complain(f'{what}: a digest')
        return
    if xxh3_128(content) != m['digest']:
        complain(f'{what}: digest of the content')
    chunks = k.rows('SELECT * FROM chunk WHERE member = ? ORDER BY first', m['id'])
    want = [xxh3_64(content[i:i + 4194304]).to_bytes(8, 'big') for i in range(0, len(content), 4194304)] \
        if len(content) > 4194304 else []
    if b''.join(r['digests'] for r in chunks) != b''.join(want) or \
            [r['first'] for r in chunks] != list(range(0, len(want), 4096)):
        complain(f'{what}: chunk digests')


def command_pieces(folders):
    """From the labels alone: a file with EOV1 goes on with the next section, on the next volume."""
    parts, before = [], None
    for folder in folders:
        v = Volume(Cartridge(folder))
        own = Catalogue(v, v.header(1)).rows('SELECT * FROM volume ORDER BY id')[0]
        if before and (own['previous_uuid'], own['set_uuid'], own['set_sequence']) != \
                (before['uuid'], before['set_uuid'], before['set_sequence'] + 1):
            complain(f'volume {v.vsn} does not continue the one before')
        before = own
        k = 2
        while 3 * k <= v.c.marks and (h := v.header(k)):
            at = v.c.behind_mark(3 * (k - 1) + 2)
            t = read_labels(v.c, at, TRAIL) or read_labels(v.c, at, (b'EOV1', b'EOV2', b'UTL1'))
            section, goes_on = int(h.raw[0][27:31]), t.what == 'EOV1'
            if h.catalogue is None and (section > 1 or goes_on):
                if section != len(parts) + 1:
                    complain(f'volume {v.vsn}, AUL file {k}: section {section} behind {len(parts)} of them')
                if int(t.raw[0][27:31]) != section:
                    complain(f'volume {v.vsn}, AUL file {k}: its trailer has another section')
                parts.append(b''.join(v.user_file(k)))
                if not goes_on:
                    sys.stdout.buffer.write(b''.join(parts))
                    parts = []
            k += 1
    if parts:
        note('the last member does not end on these volumes')


def main():
    args = sys.argv[1:]
    if args[:1] == ['pieces'] and len(args) > 1:
        try:
            command_pieces(args[1:])
        except (Unreadable, sqlite3.Error) as e:
            complain(str(e))
        return 1 if complaints else 0
    if (len(args), args[:1]) not in ((2, ['list']), (2, ['verify']), (3, ['extract'])):
        print(__doc__, file=sys.stderr)
        return 2
    sys.stdout.reconfigure(encoding='utf-8')
    try:
        c = Cartridge(args[1])
        if args[0] == 'list':
            command_list(c)
        elif args[0] == 'extract':
            command_extract(c, args[2])
        else:
            command_verify(c)
    except (Unreadable, sqlite3.Error) as e:
        complain(str(e))
        return 2
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main())
