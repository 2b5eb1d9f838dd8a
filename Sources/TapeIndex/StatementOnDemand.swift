/// A statement that is prepared when it is first asked for. Preparing one takes longer than running it, and of those that
/// read a member most are for what only some members have.
struct StatementOnDemand {
  private let sql: String
  private let database: Database
  private var prepared: Statement?

  init(_ sql: String, in database: Database) {
    self.sql = sql
    self.database = database
  }

  /// The statement, ready to be bound and stepped.
  mutating func statement() throws(IndexError) -> Statement {
    if let prepared { return prepared }
    let statement = try database.prepare(sql)
    prepared = statement
    return statement
  }
}
