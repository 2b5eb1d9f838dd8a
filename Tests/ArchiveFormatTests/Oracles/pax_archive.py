"""Writes a pax archive with Python's tarfile to the file named on the command line."""
import io
import sys
import tarfile

with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape") as archive:
    for length in (1, 99, 100, 101, 155, 255, 256, 257, 1000):
        name = "/".join(["n" * 49] * (length // 50 + 1))[:length].rstrip("/").ljust(length, "e")
        member = tarfile.TarInfo(name)
        member.size = length
        member.mtime = 1700000000.5
        member.uid, member.gid = 5000000, 6000000
        member.uname, member.gname = "u" * 40, "grüppe"
        member.mode = 0o4755
        member.pax_headers = {"SCHILY.xattr.user.note": "väl=ue"}
        archive.addfile(member, io.BytesIO(bytes(length)))
    link = tarfile.TarInfo("link")
    link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "t" * 300, -1.25
    archive.addfile(link)
    folder = tarfile.TarInfo("folder")
    folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, 2**35
    archive.addfile(folder)
    node = tarfile.TarInfo("node")
    node.type, node.devmajor, node.devminor = tarfile.BLKTYPE, 8, 17
    archive.addfile(node)
