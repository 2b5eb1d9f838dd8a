// CERN's results with CASTOR, repeated on the modelled drive: `castor` prints the tables of docs/performance.md,
// `castor --svg` the curve over file sizes.
import DriveTiming

if CommandLine.arguments.dropFirst() == ["--svg"] {
  print(RateChart.castor.svg)
} else {
  print(Tables.flushing + "\n" + Tables.models, terminator: "")
}
