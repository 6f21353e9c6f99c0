/**
 * Measures the startup of an embedded CA. Each result is the median over several new processes, which load the output of `npm run
 * build`.
 *
 * Prints the table for docs/explanation/benchmarks-of-size.md. Flag: --starts N, the number of processes (default: 20).
 */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { BenchFolder } from './bench-folder.ts'
import { loadAverages, machineLine } from './machine.ts'

const { values } = parseArgs({ options: { starts: { type: 'string', default: '20' } } })
const starts = Number(values.starts)
const entry = resolve(import.meta.dirname, '../dist/embedded/index.js')

/** Durations measured in one process, in milliseconds. */
interface Start {
  /** Time to load the module, once per process. */
  readonly load: number
  /** Duration of the first openEmbedded call in the process. */
  readonly open: number
  /** CPU time of all threads until the CA is open, including Node.js startup. */
  readonly cpu: number
  /** Duration of the first API call. */
  readonly call: number
  readonly close: number
  /** Duration of the second openEmbedded call in the process. */
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
  const [min, middle, max] = [0, 0.5, 1].map((share) =>
    (sorted[Math.round((sorted.length - 1) * share)] ?? 0).toFixed(0),
  )
  return `${middle} (${min}–${max})`
}

async function row(name: string, folderOf: () => string): Promise<string> {
  const all: Start[] = []
  for (let count = 0; count < starts; count += 1) all.push(await startOne(folderOf()))
  const cells = [
    all.map(({ load, open }) => load + open),
    ...(['open', 'cpu', 'again', 'call', 'close'] as const).map((part) =>
      all.map((start) => start[part]),
    ),
  ]
  return `| ${name} | ${cells.map(spread).join(' | ')} |`
}

const load = loadAverages()
using folder = new BenchFolder()
let folders = 0
console.log(`${machineLine(load)}; median of ${starts} processes (lowest–highest), ms.\n`)
console.log('| data | load and open | open | processor time | open again | first call | close |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
console.log(await row("`':memory:'`", () => ':memory:'))
console.log(await row('a new folder', () => folder.file(String((folders += 1)))))
console.log(await row('an existing folder', () => folder.file('1')))
