/** The deadline of a test file and of the test runner. A process that exceeds it exits and prints the resources that kept it alive. */
const minutes = 15

// The runner itself may take longer.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  const late = setTimeout(() => {
    const [, path] = process.argv
    const held = process.getActiveResourcesInfo().join(', ')
    console.error(`${path} has not ended after ${minutes} minutes, held by: ${held}`)
    process.exit(1)
  }, minutes * 60_000)
  late.unref()
}
