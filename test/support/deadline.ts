/**
 * The deadline of a test file. A process that exceeds the deadline prints the resources that kept the process alive, and exits.
 */
const minutes = 10

// The deadline does not apply to the test runner itself.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  const timer = setTimeout(() => {
    const [, path] = process.argv
    const resources = process.getActiveResourcesInfo().join(', ')
    console.error(`${path} still runs after ${minutes} minutes, kept alive by: ${resources}`)
    process.exit(1)
  }, minutes * 60_000)
  timer.unref()
}
