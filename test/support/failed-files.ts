/**
 * A reporter for `node --test` that writes the path of each failed file on a separate line (tools/test-run.ts reads these lines).
 */
import type { TestEvent } from 'node:test/reporters'

// oxlint-disable-next-line import/no-default-export -- node --test loads reporters by their default export
export default async function* failedFiles(
  events: AsyncIterable<TestEvent>,
): AsyncIterable<string> {
  const files = new Set<string>()
  for await (const { type, data } of events)
    if (type === 'test:fail' && data.file !== undefined && !files.has(data.file)) {
      files.add(data.file)
      yield `${data.file}\n`
    }
}
