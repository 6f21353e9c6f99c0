/**
 * The floor of issuance: nothing but to read the key of a CSR, to verify the CSR and to sign a TBSCertificate, with
 * node:crypto, one thread on each core. Argument: JSON of RawOrder. Prints JSON of Measurement.
 */
import { createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { parseCertificationRequest } from '../src/x509/certification-request.ts'
import { encodePem, parsePem } from '../src/x509/pem.ts'
import { csrsOf, type CsrKey } from './csrs.ts'
import type { Measurement } from './turns.ts'

export type CaKey = 'P-256' | 'P-384' | 'RSA-2048' | 'ML-DSA-65'

export interface RawOrder {
  readonly caKey: CaKey
  readonly csrKey: CsrKey
  readonly csrs: number
  readonly seconds: number
}

/** About what a leaf for a server has. */
const tbsCertificate = Buffer.alloc(500, 0x30)

function caKeyOf(key: CaKey): { readonly hash: string | null; readonly privateKey: KeyObject } {
  switch (key) {
    case 'P-256':
      return { hash: 'sha256', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
    case 'P-384':
      return { hash: 'sha384', ...generateKeyPairSync('ec', { namedCurve: 'P-384' }) }
    case 'RSA-2048':
      return { hash: 'sha256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
    case 'ML-DSA-65':
      return { hash: null, ...generateKeyPairSync('ml-dsa-65') }
    default:
      throw new Error(`no key ${key satisfies never as string}`)
  }
}

interface Passes {
  /** Milliseconds of each pass. */
  readonly times: readonly number[]
  /** CPU time of all, in microseconds. */
  readonly cpu: number
}

/** One pass after the other until the time is over. */
async function passes({ caKey, csrKey, csrs, seconds }: RawOrder): Promise<Passes> {
  const { hash, privateKey } = caKeyOf(caKey)
  const parsed = (await csrsOf(csrKey, csrs)).map((pem) => {
    const { certificationRequestInfoDer, signature, subjectPublicKeyInfo } =
      parseCertificationRequest(parsePem(pem)[0]?.der ?? new Uint8Array())
    return {
      message: certificationRequestInfoDer,
      signature,
      key: encodePem('PUBLIC KEY', subjectPublicKeyInfo.der),
    }
  })
  const times: number[] = []
  const before = process.threadCpuUsage()
  const until = performance.now() + seconds * 1000
  for (let index = 0, now = performance.now(); now < until; index += 1) {
    const csr = parsed[index % parsed.length]
    if (csr === undefined) throw new Error('there are no CSRs')
    const key = createPublicKey(csr.key)
    if (!verify('sha256', csr.message, key, csr.signature)) throw new Error('a CSR is wrong')
    sign(hash, tbsCertificate, privateKey)
    const after = performance.now()
    times.push(after - now)
    now = after
  }
  const { user, system } = process.threadCpuUsage(before)
  return { times, cpu: user + system }
}

async function onAllCores(order: RawOrder): Promise<Measurement> {
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL(import.meta.url), { workerData: order }),
  )
  const answers = await Promise.all(workers.map((worker) => once(worker, 'message')))
  const all = answers.map(([message]) => message as Passes)
  const times = Float64Array.from(all.flatMap((one) => one.times)).sort()
  const quantile = (q: number): number => times[Math.floor(times.length * q)] ?? Number.NaN
  return {
    answered: times.length,
    refused: 0,
    firstRefusal: undefined,
    seconds: order.seconds,
    latency: { median: quantile(0.5), p99: quantile(0.99) },
    cpu: all.reduce((sum, { cpu }) => sum + cpu, 0) / times.length,
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
if (!isMainThread) parentPort?.postMessage(await passes(workerData as RawOrder))
else if (import.meta.main) {
  const order = JSON.parse(process.argv[2] ?? '{}') as RawOrder
  process.stdout.write(JSON.stringify(await onAllCores(order)))
}
