import CLinux
import Glibc

/// Runs `body` with the rights of nobody on files, in this thread alone; as it is when the tests do not run as root.
func asNobody<Result>(_ body: () throws -> Result) rethrows -> Result {
  guard geteuid() == 0 else { return try body() }
  _ = clinux_setfsgid(65534)
  _ = clinux_setfsuid(65534)
  precondition(clinux_setfsuid(.max) == 65534, "the thread did not give up its rights")
  defer {
    _ = clinux_setfsuid(0)
    _ = clinux_setfsgid(0)
  }
  return try body()
}
