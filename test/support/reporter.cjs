// Mocha's spec reporter, closed by one counted line for whoever reads the end of a log.
const { reporters } = require('mocha')

module.exports = class CountedSpec extends reporters.Spec {
  epilogue() {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    process.stdout.write(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`)
  }
}
