"""A root file system of a page's own, in a mount namespace."""
import ctypes, os, re, shutil, subprocess
import stages
from pages import TOP

HERE = os.path.dirname(os.path.abspath(__file__))
libc = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def call(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind=None, flags=0):
    call(libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, None), f"mount {target}")


def become(flags, uid, gid, outer_uid, outer_gid):
    """New namespaces; with one of users, as `uid`, who is `outer_uid` outside."""
    call(libc.unshare(flags), "unshare")
    if flags & CLONE_NEWUSER:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {outer_uid} 1"), ("gid_map", f"{gid} {outer_gid} 1")):
            with open(f"/proc/self/{name}", "w") as f:
                f.write(text)


def unshare():
    """A mount namespace of this process' own; a user becomes its root, and is given back to become the user again."""
    uid, gid = os.getuid(), os.getgid()
    become(CLONE_NEWNS | (CLONE_NEWUSER if uid else 0), 0, 0, uid, gid)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    return uid, gid


def make_root(root, tapir, drive):
    """A root file system in `root`: the machine's programs, and everything else a page's own."""
    mount("tmpfs", root, "tmpfs")
    for name in os.listdir("/"):
        path = "/" + name
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        elif name in stages.SHARED or (name == "dev" and drive):
            os.mkdir(root + path)
            mount(path, root + path, None, MS_BIND | MS_REC)
    # What a page installs goes into a folder of its own, never onto this machine.
    mount("tmpfs", root + "/usr/local", "tmpfs")
    for name in ["bin-of-tests", "checks", "dev", "etc", "home/me", "restore", "root", "tmp", "usr/local/bin", "usr/local/sbin",
                 "var/lib", "var/tmp", "w"]:
        os.makedirs(f"{root}/{name}", exist_ok=True)
    os.chmod(root + "/tmp", 0o1777)
    os.chmod(root + "/var/tmp", 0o1777)
    if not drive:
        for name in ["null", "zero", "full", "random", "urandom", "tty"]:
            open(f"{root}/dev/{name}", "w").close()
            mount(f"/dev/{name}", f"{root}/dev/{name}", None, MS_BIND)
        os.symlink("/proc/self/fd", root + "/dev/fd")
        os.makedirs(root + "/dev/shm")
    for name in stages.ETC:
        os.makedirs(os.path.dirname(f"{root}/etc/{name}"), exist_ok=True)
        if os.path.isdir("/etc/" + name):
            shutil.copytree("/etc/" + name, f"{root}/etc/{name}", symlinks=True)
        elif os.path.lexists("/etc/" + name):
            shutil.copy("/etc/" + name, f"{root}/etc/{name}", follow_symlinks="/" not in name)
    # GNU tar looks the machine up before it runs ssh.
    with open(root + "/etc/hosts", "a") as f:
        f.write("127.0.0.1 host\n")
    shutil.copytree(os.path.join(HERE, "stand-ins"), root + "/bin-of-tests", dirs_exist_ok=True)
    open(root + "/bin-of-tests/tapir", "w").close()
    mount(tapir, root + "/bin-of-tests/tapir", None, MS_BIND)
    if os.path.exists("/usr/bin/ssh"):
        mount(root + "/bin-of-tests/ssh", root + "/usr/bin/ssh", None, MS_BIND)
    os.makedirs(root + "/repository")
    mount(TOP, root + "/repository", None, MS_BIND)
    if os.getuid() == 0 and os.path.ismount(root + "/usr"):
        mount("none", root + "/usr", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    # A debug build has the Swift library elsewhere.
    listed = subprocess.run(["ldd", tapir], capture_output=True, check=True, text=True).stdout
    found = {os.path.dirname(path) for path in re.findall(r"=> (/\S+)", listed)}
    for i, path in enumerate(sorted(p for p in found if p.split("/")[1] not in stages.SHARED)):
        os.makedirs(f"{root}/libraries/{i}")
        mount(path, f"{root}/libraries/{i}", None, MS_BIND)
