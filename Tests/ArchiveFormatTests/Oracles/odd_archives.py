"""Writes archives that no tar program would: each damaged, or unusual, in one way."""
import sys


def header(name=b"f", size=b"00000000000\0", t=b"0", mode=b"0000644\0", uid=b"0000000\0", mtime=b"00000000001\0",
           link=b"", prefix=b"", signed=False):
    h = bytearray(512)
    for offset, field in ((0, name), (100, mode), (108, uid), (116, b"0000000\0"), (124, size), (136, mtime), (156, t),
                          (157, link), (257, b"ustar\00000"), (329, b"0000000\0"), (337, b"0000000\0"), (345, prefix)):
        h[offset:offset + len(field)] = field
    h[148:156] = b" " * 8
    total = sum(b - 256 if signed and b > 127 else b for b in h)
    h[148:156] = b"%06o\0 " % total
    return bytes(h)


def record(keyword, value):
    rest = len(keyword) + len(value) + 3
    length = rest + 1
    while len(str(length)) + rest != length:
        length = len(str(length)) + rest
    return str(length).encode() + b" " + keyword + b"=" + value + b"\n"


def extended(data, t=b"x"):
    return header(name=b"x", size=b"%011o\0" % len(data), t=t) + data + bytes(-len(data) % 512)


def long_name(name, t=b"L"):
    return header(name=b"././@LongLink", t=t, size=b"%011o\0" % len(name)) + name + bytes(-len(name) % 512)


good = header(name=b"good")
end = bytes(1024)
junk = b"g" * 512
odd = {
    "size-x": header(size=b"0000zz00000\0"), "size-blank": header(size=b" " * 12), "size-nul": header(size=bytes(12)),
    "size-negative": header(size=b"\xff" * 12), "size-huge": header(size=b"\x80" + b"\x7f" * 11),
    "size-63": header(size=b"\x80\0\0\0\x7f" + b"\xff" * 7), "size-64": header(size=b"\x80\0\0\0\xff" + b"\xff" * 7),
    "uid-x": header(uid=b"abc\1\0\0\0\0"), "uid-negative": header(uid=b"\xff" * 7 + b"\xfe"),
    "uid-blank": header(uid=b" " * 8), "mtime-x": header(mtime=b"zzzzzzzzzzz\0"), "mode-x": header(mode=b"zz" + bytes(6)),
    "mtime-negative": header(mtime=b"\xff" * 12), "spaces": header(uid=b"   12 \0 ", size=b"          0 "),
    "leading-nul": header(uid=b"\0000012\0 "), "unknown-type": header(t=b"Q", size=b"00000000003\0") + b"abc" + bytes(509),
    "contiguous": header(t=b"7", size=b"00000000003\0") + b"abc" + bytes(509),
    "directory-size": header(name=b"dd/", t=b"5", size=b"00000000003\0"),
    "symlink-size": header(name=b"dd", t=b"2", link=b"zz", size=b"00000000003\0"),
    "link-size": header(name=b"dd", t=b"1", link=b"good", size=b"00000000003\0"), "slash": header(name=b"dd/"),
    "fifo-size": header(name=b"dd", t=b"6", size=b"00000000003\0"),
    "x-no-length": extended(b"abc path=y\n"), "x-short": extended(b"3 path=y\n"), "x-no-equals": extended(b"9 pathxy\n"),
    "x-no-newline": extended(b"10 path=yyy"), "x-unknown": extended(record(b"foo", b"x") + record(b"SCHILY.dev", b"1")),
    "x-bad-numbers": extended(record(b"size", b"abc") + record(b"uid", b"-5") + record(b"mtime", b"x")
                              + record(b"gid", b"9" * 20)),
    "x-size-negative": extended(record(b"size", b"-1")),
    "x-size-big": extended(record(b"size", b"9223372036854775807")), "x-x": extended(record(b"path", b"z"))
    + extended(record(b"uname", b"u")) + header(), "x-half": extended(record(b"path", b"z") + b"9 pathxy\n") + header(),
    "x-path": extended(record(b"path", b"some/where") + record(b"comment", b"no")) + header(),
    "x-huge": header(t=b"x", size=b"77777777777\0"), "L-L": long_name(b"ab\0") + long_name(b"cd\0") + header(),
    "L-K": long_name(b"ab\0") + long_name(b"cd\0", b"K") + header(t=b"2"), "L-x": long_name(b"ab\0")
    + extended(record(b"uname", b"u")) + header(), "L-no-nul": long_name(b"ab") + header(),
    "g": extended(record(b"path", b"gp") + record(b"uname", b"gu"), b"g") + header(name=b"k")
    + extended(record(b"path", b"xp")) + header(name=b"l") + header(name=b"m"), "solaris-x": extended(
        record(b"path", b"sol"), b"X") + header(), "signed": header(name=b"\xe9\xe9", signed=True),
    "prefix": header(prefix=b"pre/fix"), "star": header(
        prefix=b"pre/fix".ljust(131, b"\0") + b"00000000011 " + b"00000000012 "),
    "junk": junk, "junk-3": junk * 3, "junk-zero": junk + bytes(512), "zero": bytes(512), "zeros": end,
}
for name, data in odd.items():
    with open("odd-" + name, "wb") as file:
        file.write(good + data + good + end)
whole = {
    "x-last": good + extended(record(b"path", b"z")), "x-zeros": good + extended(record(b"path", b"z")) + end,
    "L-last": good + long_name(b"ab\0"), "first-x": header(size=b"0000zz00000\0") + good + end, "first-junk": junk + good + end,
    "all-junk": junk * 4, "zeros-only": bytes(10240), "one-zero": bytes(512), "zero-first": bytes(512) + good + end,
    "nothing": b"", "text": b"hello\n", "no-end": good, "one-end": good + bytes(512), "trailing": good + end + junk * 2,
    "trailing-part": good + end + b"abc", "junk-last": good + junk * 2, "twice": good + end + good + end,
    "part": good + b"abc", "part-zero": good + bytes(512) + b"abc",
}
for name, data in whole.items():
    with open("odd-" + name, "wb") as file:
        file.write(data)
