"""Writes the tree t as Python's tarfile does: tar_archive.py FORMAT FILE."""
import sys
import tarfile

formats = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}
with tarfile.open(sys.argv[2], "w", format=formats[sys.argv[1]], errors="surrogateescape") as archive:
    archive.add("t")
