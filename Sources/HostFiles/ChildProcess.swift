internal import Glibc

/// Starts programs.
enum ChildProcess {
  /// Starts one with signals as a program expects them: none blocked, and those that this process ignores by itself not
  /// ignored.
  /// - Parameters:
  ///   - words: the program, sought in `$PATH` unless its name has a slash, and its arguments.
  ///   - environment: `NAME=value`; nil for this process's.
  ///   - descriptors: which of this process's it gets as which of its own; all others but 0, 1 and 2 are closed.
  static func spawn(
    _ words: [[UInt8]], environment: [[UInt8]]? = nil, descriptors: [(ours: Int32, its: Int32)]
  ) throws(ErrnoFailure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (ours, its) in descriptors { posix_spawn_file_actions_adddup2(&actions, ours, its) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this process does with signals is no business of the program's.
    var set = sigset_t()
    sigemptyset(&set)
    posix_spawnattr_setsigmask(&attributes, &set)
    for signal in [SIGPIPE, SIGXFSZ] { sigaddset(&set, signal) }
    posix_spawnattr_setsigdefault(&attributes, &set)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var process: pid_t = 0
    let code = withVector(words) { arguments in
      // Without words there is no program.
      guard let program = arguments[0] else { return EINVAL }
      guard let environment else {
        return posix_spawnp(&process, program, &actions, &attributes, arguments, environ)
      }
      return withVector(environment) {
        posix_spawnp(&process, program, &actions, &attributes, arguments, $0)
      }
    }
    guard code == 0 else { throw ErrnoFailure(code: code) }
    return process
  }

  private static func withVector<R>(
    _ words: [[UInt8]], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { word in withCString(word) { strdup($0) } }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    // There is at least the nil, so there is an address.
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}
