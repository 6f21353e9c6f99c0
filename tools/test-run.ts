/**
 * Runs test files, several at a time, and reruns the files that failed, one at a time: `node tools/test-run.ts ARGUMENTS`, where
 * the arguments are those of `node --test`. A test that is too slow on a busy machine therefore fails only if it also fails
 * alone. Files that pass when rerun are listed at the end, because each of them contains a test that depends on the machine's
 * load.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

/** If more files fail, the load is not the cause, and the files are not rerun. */
const repeatedFilesMax = 5
const concurrency = 5

/** A file system in memory, where fsync takes no time. The servers of a run make tens of thousands of commits. */
const memory = '/dev/shm'
const freeBytesMin = 4 * 2 ** 30

/** Whether temporary files can be in memory: there is enough space, and files can be executed. Containers often have neither. */
async function hasMemory(): Promise<boolean> {
  let folder: string | undefined
  try {
    const { bavail, bsize } = await statfs(memory)
    if (bavail * bsize < freeBytesMin) return false
    folder = await mkdtemp(join(memory, 'signet-test-run-'))
    const program = join(folder, 'program')
    await writeFile(program, '', { mode: 0o700 })
    await access(program, constants.X_OK)
    return true
  } catch {
    return false
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true })
  }
}

function run(args: readonly string[], report: string): Promise<number> {
  const reporters = [
    ['spec', 'stdout'],
    ['./test/support/failed-files.ts', report],
  ].flatMap(([reporter, destination]) => [
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${destination}`,
  ])
  const own = [
    '--import',
    './test/support/resolve-sources.ts',
    '--import',
    './test/support/deadline.ts',
    '--test',
    '--test-timeout=300000',
  ]
  const child = spawn(process.execPath, [...own, ...reporters, ...args], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

if (process.env['TMPDIR'] === undefined && (await hasMemory())) process.env['TMPDIR'] = memory

const folder = await mkdtemp(join(tmpdir(), 'signet-test-run-'))
try {
  const args = process.argv.slice(2)
  const options = args.filter((arg) => arg.startsWith('--'))
  const report = join(folder, 'failed')
  let code = await run([`--test-concurrency=${concurrency}`, ...args], report)
  // The report is missing if a path matches no file.
  const failed = (await readFile(report, 'utf8').catch(() => ''))
    .split('\n')
    .filter((path) => path !== '')
  if (code !== 0 && failed.length > 0 && failed.length <= repeatedFilesMax) {
    const names = failed.map((path) => relative('.', path)).join('\n  ')
    process.stdout.write(`\nThese files failed, and run again, one at a time:\n  ${names}\n\n`)
    code = await run(['--test-concurrency=1', ...options, ...failed], join(folder, 'repeated'))
    if (code === 0)
      process.stdout.write(
        `\nEvery test has passed, but these files failed at first. They have a test that depends on the load of the machine:\n  ${names}\n`,
      )
  }
  process.exitCode = code
} finally {
  await rm(folder, { recursive: true })
}
