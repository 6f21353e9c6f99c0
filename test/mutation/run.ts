/**
 * Mutation testing of issuance and import. Each mutation changes one expression in a copy of the source tree, and the tests run
 * in the copy. Usage: `node test/mutation/run.ts [PART-OF-A-NAME…]`. The exit code is 1 if a mutation survives, that is, if no
 * test fails.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { mutate, mutations, type Mutation } from './mutations.ts'

const root = resolve(import.meta.dirname, '../..')
const workers = 2

/** Test suites, fastest first. A mutation is killed by the first test suite that fails. */
const suites: readonly (readonly string[])[] = [
  ['src/issuance/*.test.ts', 'src/lint/*.test.ts'],
  ['src/chain/**/*.test.ts', 'src/key-strength/*.test.ts', 'test/x509-limbo.test.ts'],
  ['test/conformance/templates.test.ts'],
  [
    'test/api/passthrough.test.ts',
    'test/api/key-algorithms.test.ts',
    'test/api/certificates.test.ts',
  ],
]

/** Copies the source tree to a temporary folder, in which packages are linked instead of copied. */
async function copyTree(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'signet-mutation-'))
  for (const part of ['src', 'test', 'testdata', 'bin', 'package.json', 'tsconfig.json'])
    await cp(join(root, part), join(copy, part), { recursive: true })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function passes(copy: string, files: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, ['--test', ...files], { cwd: copy, stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0
}

/** Returns the test suite that kills a mutation, or undefined if the mutation survives. */
async function killingSuite(copy: string): Promise<string | undefined> {
  for (const files of suites) if (!(await passes(copy, files))) return files.join(' ')
  return undefined
}

async function tryMutation(copy: string, mutation: Mutation): Promise<string | undefined> {
  const path = join(copy, 'src', mutation.file)
  const original = await readFile(path, 'utf8')
  try {
    await writeFile(path, mutate(original, mutation))
    return await killingSuite(copy)
  } finally {
    await writeFile(path, original)
  }
}

async function work(queue: Mutation[], survivors: string[]): Promise<void> {
  const copy = await copyTree()
  try {
    for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
      const suite = await tryMutation(copy, mutation)
      console.log(
        `${suite === undefined ? 'SURVIVED' : 'killed  '} ${mutation.name} (${suite ?? '-'})`,
      )
      if (suite === undefined) survivors.push(mutation.name)
    }
  } finally {
    await rm(copy, { recursive: true })
  }
}

const nameParts = process.argv.slice(2)
const queue = mutations.filter(
  ({ name }) => nameParts.length === 0 || nameParts.some((part) => name.includes(part)),
)
const total = queue.length
const untouched = await copyTree()
const testsPass = (await killingSuite(untouched)) === undefined
await rm(untouched, { recursive: true })
if (!testsPass) throw new Error('the tests fail without any mutation')
const survivors: string[] = []
await Promise.all(Array.from({ length: workers }, () => work(queue, survivors)))
console.log(`${total - survivors.length} of ${total} mutations were killed`)
process.exitCode = survivors.length === 0 ? 0 : 1
