/// A member's path as the tables hold it: the directory up to and with its last slash, and the name behind it.
struct MemberName: Equatable {
  var directory: [UInt8]
  var name: [UInt8]

  init(path: [UInt8]) {
    let start = Self.start(in: path)
    directory = Array(path[..<start])
    name = start == 0 ? path : Array(path[start...])
  }

  /// Where in a path the name begins: directory + name is always the path.
  static func start(in path: [UInt8]) -> Int {
    // "/" itself, and a path that ends in a slash, keep it in the name.
    let searched = path.last == UInt8(ascii: "/") ? path.dropLast() : path[...]
    return searched.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
  }
}
