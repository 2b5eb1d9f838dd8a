import Glibc

/// A program that was run to its end.
struct ProgramRun {
  /// Exit status; 128 and the signal's number when one ended it.
  let status: Int32
  /// What it wrote.
  let output: String
  let errors: String

  /// Why it could not be run.
  struct Failure: Error {
    let code: Int32
    var message: String { String(cString: strerror(code)) }
    var isMissing: Bool { code == ENOENT }
  }

  /// Runs `words`; the program is sought in `$PATH`, then in `folders`, which only root has there.
  init(_ words: [[UInt8]], folders: [String]) throws(Failure) {
    // Files, not pipes: nobody has to read both at once.
    let (output, errors) = (try Self.temporaryFile(), try Self.temporaryFile())
    defer {
      _ = close(output)
      _ = close(errors)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A robot's move is not to be cut off by what ends this program: it would be told apart from it.
    var set = sigset_t()
    sigemptyset(&set)
    posix_spawnattr_setsigmask(&attributes, &set)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    var process: pid_t = 0
    var code = ENOENT
    for folder in [""] + folders where code == ENOENT {
      let program = folder.isEmpty ? words[0] : Array("\(folder)/".utf8) + words[0]
      var pointers: [UnsafeMutablePointer<CChar>?] = words.map { word in TapeDevice.withPath(word) { strdup($0) } }
      defer { for pointer in pointers { free(pointer) } }
      pointers.append(nil)
      code = TapeDevice.withPath(program) { posix_spawnp(&process, $0, &actions, &attributes, pointers, environ) }
    }
    guard code == 0 else { throw Failure(code: code) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw Failure(code: errno) }
    }
    // WIFEXITED and WEXITSTATUS are macros.
    self.status = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    self.output = try Self.text(output)
    self.errors = try Self.text(errors)
  }

  private static func temporaryFile() throws(Failure) -> Int32 {
    var name = Array("/tmp/tapir-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw Failure(code: errno) }
    // A name is of no use; one that stays is only litter.
    _ = unlink(name)
    return descriptor
  }

  private static func text(_ descriptor: Int32) throws(Failure) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let got = pread(descriptor, &chunk, chunk.count, off_t(bytes.count))
      guard got >= 0 else { throw Failure(code: errno) }
      if got == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk.prefix(got)
    }
  }
}
