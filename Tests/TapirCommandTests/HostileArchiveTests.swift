import Foundation
import Testing

/// Archives made to do harm: nothing outside of the target changes, nothing crashes, and what is refused is said.
struct HostileArchiveTests {
  /// Name, exit status of `-x`, and what it says; nil where it says nothing.
  private static let cases: [(name: String, status: Int32, says: String?)] = [
    ("dotdot", 2, "../escaped: Member name contains '..'"),
    ("dotdot-inside", 2, "a/../../escaped: Member name contains '..'"),
    ("dotdot-alone", 2, "..: Member name contains '..'"),
    ("absolute", 0, "Removing leading `/' from member names"),
    ("symlink-then-file", 2, "l/f: Cannot open: A symbolic link in its path leads out of the target directory"),
    ("symlink-absolute", 2, "l/f: Cannot open: A symbolic link in its path leads out of the target directory"),
    ("symlink-to-root", 2, "a/etc/passwd-tapir: Cannot open: A symbolic link in its path leads out"),
    ("symlink-then-directory", 2, "l/d: Cannot mkdir: A symbolic link in its path leads out"),
    ("symlink-is-replaced", 0, nil),
    ("symlink-chain", 2, "x/outside/f: Cannot open: A symbolic link in its path leads out"),
    ("symlink-to-parent-inside", 0, nil),
    ("symlink-loop", 2, "a/f: Cannot open: Too many levels of symbolic links"),
    ("symlink-through-proc", 2, "p/"),
    ("symlink-case", 2, "A/f: Cannot open: A symbolic link in its path leads out"),
    ("symlink-with-metadata", 0, nil),
    ("hardlink-outside", 2, "h: Cannot hard link to ‘../outside/secret’: No such file or directory"),
    ("hardlink-absolute", 2, "Removing leading `/' from hard link targets"),
    ("hardlink-through-symlink", 2, "h: Cannot hard link to ‘l/secret’: "),
    ("hardlink-to-symlink-then-write", 0, nil),
    ("hardlink-to-itself", 2, "h: Cannot hard link to ‘h’: "),
    ("hardlink-to-directory", 2, "h: Cannot hard link to ‘d’: Operation not permitted"),
    ("directory-becomes-symlink", 2, "d/f: Cannot open: A symbolic link in its path leads out"),
    ("directory-mode-after-symlink", 0, nil),
    ("fifo-then-file", 0, nil),
    ("dot-is-a-file", 2, ".: Cannot open: "),
    ("empty-name", 2, "Substituting `.' for empty member name"),
    ("nul-in-name", 2, nil),
    ("escape-in-name", 2, #"\033]0;evil\a/..: Member name contains '..'"#),
    ("escape-in-link", 2, #"h: Cannot hard link to ‘\033[2J’: "#),
    ("escape-in-prefix", 0, #"Removing leading `\033[31m/../' from hard link targets"#),
    ("escape-in-keyword", 0, #"Ignoring unknown extended header keyword '\033[5m'"#),
    ("escape-in-owner", 0, nil),
    ("negative-size", 2, "out of off_t range"),
    ("size-of-2-to-63", 2, "out of off_t range"),
    ("size-of-8-exabytes", 2, nil),
    ("pax-size-overflow", 2, "size=99999999999999999999 is out of range"),
    ("pax-header-longer-than-archive", 2, "Unexpected EOF in archive"),
    ("pax-header-of-100-megabytes", 0, nil),
    ("long-names-without-end", 0, nil),
    ("sparse-overlap", 2, "invalid sparse archive member"),
    ("sparse-of-exabytes", 2, nil),
    ("deep", 0, nil),
    ("long-component", 2, "Cannot open: File name too long"),
    ("device-nodes", 0, nil),
    ("bomb", 0, nil),
  ]

  /// Other ways to read the same.
  private static let ways = [
    "-x --overwrite --keep-directory-symlink", "-x --recursive-unlink --backup=numbered",
    "-xk --one-top-level=top --strip-components=1", "-xO", "-x --to-command='cat > /dev/null'", "-tvv", "-dv",
  ]

  @Test func nothingOutsideOfTheTargetChanges() throws {
    let place = try Workplace()
    try Self.generator.write(toFile: place.path("make.py"), atomically: true, encoding: .utf8)
    try Self.runner.write(toFile: place.path("run.sh"), atomically: true, encoding: .utf8)
    try Self.cases.map(\.name).joined(separator: "\n").appending("\n").write(
      toFile: place.path("cases"), atomically: true, encoding: .utf8)
    try Self.ways.joined(separator: "\n").appending("\n").write(
      toFile: place.path("ways"), atomically: true, encoding: .utf8)
    let run = try place.shell("python3 make.py && bash run.sh")
    #expect(run.status == 0, "\(run.errors)")
    // The script says what is wrong whatever is read: a change outside, a crash, a raw control character.
    #expect(run.text == "")
    for hostile in Self.cases {
      let status = try String(contentsOfFile: place.path("r/\(hostile.name).status"), encoding: .utf8)
      let errors = try String(
        decoding: Data(contentsOf: place.folder.appendingPathComponent("r/\(hostile.name).errors")), as: UTF8.self)
      #expect(status == "\(hostile.status)\n", "\(hostile.name): \(errors)")
      if let says = hostile.says { #expect(errors.contains(says), "\(hostile.name): \(errors)") }
    }
  }

  private static let runner = #"""
    export LC_ALL=C.UTF-8
    mkdir r jail jail/outside; printf secret > jail/outside/secret; chmod 750 jail/outside; touch -d 2001-01-01 jail/outside jail/outside/secret
    cd jail; mkdir target
    state() { find . -path ./target -prune -o -printf '%p %y %m %U %n %s %T@ %l\n'; cat outside/secret; ls -d /tapir-hostile /etc/passwd-tapir 2>/dev/null; }
    touch -d 2001-01-01 .; before=$(state)
    judge() {  # what, status
      touch -d 2001-01-01 .
      [ "$(state)" = "$before" ] || { echo "$1: something outside of the target changed"; state; }
      [ "$2" -lt 126 ] || echo "$1: ended with status $2"
      LC_ALL=C grep -aq $'[\x01-\x08\x0b-\x1f\x7f]' ../errors && echo "$1: a control character in a message"
    }
    try() {  # options, case
      rm -rf target; mkdir target
      # Memory for no bomb: what is not the program's own.
      (cd target; ulimit -v 1500000; eval "timeout 60 \"\$TAPIR\" $1 -f ../../a/$2.tar" > ../../output 2> ../../errors < /dev/null)
      status=$?
      judge "$1 $2" $status
    }
    while read -r name; do
      try -x "$name"; echo $status > ../r/$name.status; cp ../errors ../r/$name.errors
      # These take long, or write without end what they claim to hold.
      case $name in deep|bomb|sparse-of-exabytes|pax-header-of-100-megabytes) continue;; esac
      while read -r way; do
        try "$way" "$name"
        case $way in -t*|-d*) LC_ALL=C grep -aq $'[\x01-\x08\x0b-\x1f\x7f]' ../output && echo "$way $name: a control character in the list";; esac
      done < ../ways
    done < ../cases
    rm -rf target
    """#

  private static let generator = #"""
    import gzip, os
    os.mkdir('a')
    REG, HARD, SYM, CHR, BLK, DIR, FIFO = b'0', b'1', b'2', b'3', b'4', b'5', b'6'

    def header(name, kind=REG, size=0, link=b'', mode=0o644, uid=0, magic=b'ustar\x0000', user=b'', raw_size=None, major=0, minor=0, tail=b''):
        h = bytearray(512)
        h[0:len(name[:100])] = name[:100]
        h[100:108] = b'%07o\0' % mode
        h[108:116] = h[116:124] = b'%07o\0' % uid
        h[124:136] = raw_size if raw_size is not None else b'%011o\0' % size
        h[136:148] = b'%011o\0' % 1000000000
        h[156:157] = kind
        h[157:157 + len(link)] = link
        h[257:265] = magic
        h[265:265 + len(user)] = user
        h[329:337] = b'%07o\0' % major; h[337:345] = b'%07o\0' % minor
        h[345:345 + len(tail)] = tail
        h[148:156] = b' ' * 8
        h[148:156] = b'%06o\0 ' % sum(h)
        return bytes(h)

    def pad(data): return data + b'\0' * (-len(data) % 512)
    def file(name, data=b'evil', **more): return header(name, size=len(data), **more) + pad(data)
    def sym(name, to): return header(name, SYM, link=to)
    def hard(name, to): return header(name, HARD, link=to)
    def folder(name, mode=0o755): return header(name, DIR, mode=mode)
    def record(key, value):
        body = b' ' + key + b'=' + value + b'\n'
        n = len(body)
        while len(b'%d' % n) + len(body) != n: n = len(b'%d' % n) + len(body)
        return b'%d' % n + body
    def pax(records, raw_size=None):
        data = b''.join(record(k, v) for k, v in records)
        return header(b'PaxHeaders/x', b'x', size=len(data), raw_size=raw_size) + pad(data)
    def big(value): return b'\x80' + value.to_bytes(11, 'big')
    def save(name, *parts, end=True, open=open):
        with open('a/%s.tar' % name, 'wb') as f:
            for part in parts: f.write(part)
            if end: f.write(b'\0' * 1024)

    jail = os.path.abspath('jail').encode()
    save('dotdot', file(b'../escaped'), file(b'fine'))
    save('dotdot-inside', file(b'a/../../escaped'))
    save('dotdot-alone', folder(b'..', 0o777))
    save('absolute', file(b'/tapir-hostile'))
    save('symlink-then-file', sym(b'l', b'../outside'), file(b'l/f'), file(b'l/secret'))
    save('symlink-absolute', sym(b'l', jail[-90:] if len(jail) > 90 else jail + b'/outside'), file(b'l/f'))
    save('symlink-to-root', sym(b'a', b'/'), file(b'a/etc/passwd-tapir'))
    save('symlink-then-directory', sym(b'l', b'../outside'), folder(b'l/d'), folder(b'l/', 0o777))
    save('symlink-is-replaced', sym(b's', b'../outside/secret'), file(b's'))
    save('symlink-chain', sym(b'y', b'..'), sym(b'x', b'y'), file(b'x/outside/f'))
    save('symlink-to-parent-inside', folder(b'd'), sym(b'd/up', b'..'), file(b'd/up/f'))
    save('symlink-loop', sym(b'a', b'b'), sym(b'b', b'a'), file(b'a/f'))
    save('symlink-through-proc', sym(b'p', b'/proc/self/root'), file(b'p/tapir-hostile'), sym(b'q', b'/proc/self/cwd/..'), file(b'q/f'))
    save('symlink-case', sym(b'A', b'../outside'), folder(b'a'), file(b'a/f'), file(b'A/f'))
    save('symlink-with-metadata', pax([(b'SCHILY.xattr.user.x', b'1')]), header(b'l', SYM, link=b'../outside/secret', mode=0o777, uid=4321))
    save('hardlink-outside', hard(b'h', b'../outside/secret'), file(b'h2'))
    save('hardlink-absolute', hard(b'h', b'/etc/passwd'), hard(b'h', jail[-99:]))
    save('hardlink-through-symlink', sym(b'l', b'../outside'), hard(b'h', b'l/secret'), file(b'h'))
    save('hardlink-to-symlink-then-write', sym(b's', b'../outside/secret'), hard(b'h', b's'), file(b'h'), file(b's'))
    save('hardlink-to-itself', hard(b'h', b'h'))
    save('hardlink-to-directory', folder(b'd'), hard(b'h', b'd'))
    save('directory-becomes-symlink', folder(b'd'), sym(b'd', b'../outside'), file(b'd/f'))
    save('directory-mode-after-symlink', folder(b'd', 0o777), sym(b'd', b'../outside'))
    save('fifo-then-file', header(b'p', FIFO), file(b'p'))
    save('dot-is-a-file', file(b'.'), folder(b'./', 0o755))
    save('empty-name', file(b''))
    save('nul-in-name', pax([(b'path', b'a\0b/../../f')]), file(b'x'), pax([(b'linkpath', b'../outside/secret\0x')]), hard(b'h', b'x'))
    save('escape-in-name', file(b'\x1b]0;evil\x07/..'), file(b'new\nline\x1b[2J\x7f'), pax([(b'path', 'c1\u009b31m'.encode())]), file(b'x'))
    save('escape-in-link', sym(b's', b'\x1b[31mred\r'), hard(b'h', b'\x1b[2J'))
    save('escape-in-prefix', pax([(b'path', b'x')]), file(b'x'), hard(b'y', b'\x1b[31m/../x'))
    save('escape-in-keyword', pax([(b'\x1b[5m', b'1')]), file(b'x'))
    save('escape-in-owner', file(b'x', user=b'\x1b[31mroot\r\n'))
    save('negative-size', header(b'x', raw_size=b'\xff' * 12), file(b'y'))
    save('size-of-2-to-63', header(b'x', raw_size=big(1 << 63)), file(b'y'))
    save('size-of-8-exabytes', header(b'x', raw_size=big((1 << 63) - 1)), b'\0' * 2048)
    save('pax-size-overflow', pax([(b'size', b'9' * 20)]), file(b'x'))
    save('pax-header-longer-than-archive', header(b'PaxHeaders/x', b'x', raw_size=big(1 << 40)), b'x' * 5120, end=False)
    save('pax-header-of-100-megabytes', header(b'P', b'x', size=100 << 20), b'9' * (100 << 20), file(b'x'))
    save('long-names-without-end', (header(b'././@LongLink', b'L', size=10, magic=b'ustar  \0') + pad(b'name\0')) * 20000, end=False)
    save('sparse-overlap', header(b's', b'S', size=512, magic=b'ustar  \0', tail=b'\0' * 41 + b'%011o\0' % 0 + b'%011o\0' % 512 + b'%011o\0' % 0 + b'%011o\0' % 512), b'x' * 512)
    save('sparse-of-exabytes', pax([(b'GNU.sparse.major', b'1'), (b'GNU.sparse.minor', b'0'), (b'GNU.sparse.name', b's'), (b'GNU.sparse.realsize', b'%d' % ((1 << 63) - 1))]), file(b's', pad(b'1\n9223372036854775806\n1\n') + b'x'))
    save('deep', pax([(b'path', b'd/' * 100000 + b'f')]), file(b'x'))
    save('long-component', pax([(b'path', b'n' * 5000)]), file(b'x'))
    save('device-nodes', header(b'null', CHR, major=1, minor=3), header(b'disk', BLK, major=8))
    save('bomb', header(b'P', b'x', size=900 << 20), *([b'\0' * (1 << 20)] * 900), header(b'zeros', size=900 << 20, mode=0o600), *([b'\0' * (1 << 20)] * 900), open=lambda n, m: gzip.open(n, m, 1))
    """#
}
