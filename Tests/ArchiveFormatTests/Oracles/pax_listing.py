"""Prints what Python's tarfile reads in the archive named on the command line, one member a line, for comparison."""
import sys
import tarfile


def raw(text):
    return text.encode("utf-8", "surrogateescape").hex()


with tarfile.open(sys.argv[1], "r:", encoding="utf-8", errors="surrogateescape") as archive:
    for member in archive:
        content = archive.extractfile(member).read() if member.isreg() else b""
        prefix = "SCHILY.xattr."
        attributes = sorted(
            raw(keyword[len(prefix):]) + "=" + raw(value)
            for keyword, value in member.pax_headers.items() if keyword.startswith(prefix))
        kind = member.type.decode()
        print(
            "0" if member.isreg() else kind, format(member.mode, "o"), member.uid, member.gid,
            member.size if member.isreg() else 0, member.pax_headers.get("mtime", str(int(member.mtime))),
            raw(member.name), raw(member.linkname) if kind in "12" else "",
            f"{member.devmajor},{member.devminor}" if kind in "34" else "", raw(member.uname), raw(member.gname),
            ",".join(attributes), content.hex(), sep="|")
