import assert from 'node:assert/strict'
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openCallLogFile, type CallLogSink, type RotationLimits } from './log-file.ts'
import { createLog } from '../telemetry/log.ts'

interface Opened {
  readonly folder: string
  readonly path: string
  readonly sink: CallLogSink
  readonly lines: string[]
  readonly text: () => Promise<string>
}

let seconds = 0
const clock = { now: () => new Date(Date.UTC(2026, 2, 1, 8, 15, (seconds += 1))) }

async function opened(t: TestContext, limits?: RotationLimits): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-call-log-'))
  const path = join(folder, 'calls.jsonl')
  const lines: string[] = []
  const log = createLog('error', { write: (line) => void lines.push(line) })
  const sink = await openCallLogFile(path, { clock, log, ...(limits && { limits }) })
  t.after(async () => {
    await sink.close()
    await rm(folder, { recursive: true })
  })
  return { folder, path, sink, lines, text: () => readFile(path, 'utf8') }
}

test('lines are appended, with mode 0600', async (t) => {
  const { path, sink, text } = await opened(t)
  await sink.append('one\n')
  await sink.append('two\nthree\n')
  assert.equal(await text(), 'one\ntwo\nthree\n')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('a renamed file is no longer written to, with or without a new file at the path', async (t) => {
  const { path, sink, text } = await opened(t)
  await sink.append('one\n')
  await rename(path, `${path}.1`)
  await sink.append('two\n')
  assert.equal(await readFile(`${path}.1`, 'utf8'), 'one\n')
  assert.equal(await text(), 'two\n')
  await rename(path, `${path}.2`)
  await writeFile(path, '', { mode: 0o640 })
  await sink.append('three\n')
  assert.equal(await text(), 'three\n')
  assert.equal((await stat(path)).mode & 0o777, 0o640)
})

test('a removed file is created again', async (t) => {
  const { path, sink, text } = await opened(t)
  await sink.append('one\n')
  await rm(path)
  await sink.append('two\n')
  assert.equal(await text(), 'two\n')
})

test('a file that was copied and truncated is written from its start', async (t) => {
  const { path, sink, text } = await opened(t)
  await sink.append('one\n')
  await copyFile(path, `${path}.1`)
  await truncate(path)
  await sink.append('two\n')
  assert.equal(await text(), 'two\n')
})

test('reopening creates a missing file, even before a line is written', async (t) => {
  const { path, sink, text } = await opened(t)
  await rename(path, `${path}.1`)
  await sink.reopen()
  assert.equal(await text(), '')
})

test('if a file ends with an incomplete line, that line is ended first', async (t) => {
  const { path, sink, text } = await opened(t)
  await sink.append('one\n')
  await appendFile(path, 'half')
  await sink.reopen()
  await sink.append('two\n')
  assert.equal(await text(), 'one\nhalf\ntwo\n')
})

test('a full file is rotated, and only the configured number of rotated files is kept', async (t) => {
  const { folder, path, sink, text } = await opened(t, { fileBytesMax: 10, filesMax: 2 })
  await writeFile(`${path}.1`, 'of logrotate')
  await writeFile(`${path}.20200101T000000000Z.bak`, 'of somebody')
  for (let n = 1; n <= 6; n += 1) await sink.append(`line-${n}\n`)
  assert.equal(await text(), 'line-6\n')
  const names = (await readdir(folder)).toSorted()
  assert.deepEqual(names.length, 5)
  const kept = names.filter((name) => /\.2026\d{4}T\d{9}Z$/.test(name))
  const texts = await Promise.all(kept.map((name) => readFile(join(folder, name), 'utf8')))
  assert.deepEqual(texts, ['line-4\n', 'line-5\n'])
  assert.ok(names.includes('calls.jsonl.1'))
})

test('if rotation fails, lines are still written to the file, and the failure is logged', async (t) => {
  const { path, sink, lines, text } = await opened(t, { fileBytesMax: 10, filesMax: 0 })
  // With filesMax 0, rotation removes every rotated file. Rotation cannot remove a folder that has the name of a rotated file.
  await mkdir(`${path}.20200101T000000000Z`)
  await sink.append('line-1\n')
  await sink.append('line-2\n')
  await sink.append('line-3\n')
  assert.match(lines.join(''), /cannot be rotated/)
  assert.match(await text(), /line-3\n$/)
})
