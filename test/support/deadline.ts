/** Loaded by the runner of the tests and before each file of them: one that does not end is ended, and says what kept it. */
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
