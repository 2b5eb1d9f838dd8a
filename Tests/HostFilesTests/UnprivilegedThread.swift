import CLinux
import Glibc

/// Runs `body` with the rights of nobody on files: for this thread alone, so that other tests keep theirs. Needs root.
func asNobody<R>(_ body: () -> R) -> R {
  _ = clinux_setfsgid(65534)
  _ = clinux_setfsuid(65534)
  // An ID that cannot be: changes nothing and says what is in force.
  precondition(clinux_setfsuid(.max) == 65534, "the thread did not give up its rights")
  defer {
    _ = clinux_setfsuid(0)
    _ = clinux_setfsgid(0)
  }
  return body()
}
