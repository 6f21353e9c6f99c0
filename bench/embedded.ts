/**
 * How long an embedded CA takes to start. Every figure is the median of so many new processes of what `npm run build` made.
 *
 * Prints a table for docs/explanation/benchmarks-of-size.md. Flag: --starts N (20).
 */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { BenchFolder } from './bench-folder.ts'
import { loadAverages, machineLine } from './machine.ts'

const { values } = parseArgs({ options: { starts: { type: 'string', default: '20' } } })
const starts = Number(values.starts)
const entry = resolve(import.meta.dirname, '../dist/embedded/index.js')

/** What one process measured, in milliseconds. */
interface Start {
  /** Loading the module, once a process. */
  readonly load: number
  /** The first openEmbedded of the process. */
  readonly open: number
  /** Processor time until then, of all threads, with what Node.js itself takes to start. */
  readonly cpu: number
  /** The first call, and the CA's end. */
  readonly call: number
  readonly close: number
  /** openEmbedded, once more. */
  readonly again: number
}

const program = `
const time = async (work) => {
  const startedAt = performance.now()
  const value = await work()
  return [value, performance.now() - startedAt]
}
const data = process.argv[2]
const [{ openEmbedded }, load] = await time(() => import(process.argv[1]))
const [ca, open] = await time(() => openEmbedded({ data }))
const { user, system } = process.cpuUsage()
const [, call] = await time(() => ca.client.listCertificateAuthorities({}))
const [, close] = await time(() => ca.close())
const [other, again] = await time(() => openEmbedded({ data }))
await other.close()
console.log(JSON.stringify({ load, open, cpu: (user + system) / 1000, call, close, again }))`

async function startOne(data: string): Promise<Start> {
  const args = ['--input-type=module', '--eval', program, entry, data]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Start
}

function spread(figures: readonly number[]): string {
  const sorted = figures.toSorted((a, b) => a - b)
  const [least, middle, most] = [0, 0.5, 1].map((share) =>
    (sorted[Math.round((sorted.length - 1) * share)] ?? 0).toFixed(0),
  )
  return `${middle} (${least}–${most})`
}

async function row(name: string, folderOf: () => string): Promise<string> {
  const all: Start[] = []
  for (let left = starts; left > 0; left -= 1) all.push(await startOne(folderOf()))
  const cells = [
    all.map(({ load, open }) => load + open),
    ...(['open', 'cpu', 'again', 'call', 'close'] as const).map((part) =>
      all.map((one) => one[part]),
    ),
  ]
  return `| ${name} | ${cells.map(spread).join(' | ')} |`
}

const load = loadAverages()
using folder = new BenchFolder()
let made = 0
console.log(`${machineLine(load)}; median of ${starts} processes (lowest–highest), ms.\n`)
console.log(
  '| data | load and open | of it open | processor time | open again | first call | close |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- |')
console.log(await row("`':memory:'`", () => ':memory:'))
console.log(await row('a new folder', () => folder.file(String((made += 1)))))
console.log(await row('a folder that is there', () => folder.file('1')))
