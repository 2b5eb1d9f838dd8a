/// A member's path as the tables hold it: the directory up to and with its last slash, and the name behind it.
struct MemberName: Equatable {
  var directory: [UInt8]
  var name: [UInt8]

  init(path: [UInt8]) {
    // "/" itself, and a path that ends in a slash, keep it in the name: directory + name is always the path.
    let searched = path.last == UInt8(ascii: "/") ? path.dropLast() : path[...]
    if let slash = searched.lastIndex(of: UInt8(ascii: "/")) {
      directory = Array(path[...slash])
      name = Array(path[(slash + 1)...])
    } else {
      directory = []
      name = path
    }
  }
}
