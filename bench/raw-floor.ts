/**
 * The issuance baseline: reads a CSR's key, verifies the CSR and signs a TBSCertificate with node:crypto, in one thread per
 * core. The only argument is RawOptions as JSON. The program prints a Measurement as JSON.
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

export interface RawOptions {
  readonly caKey: CaKey
  readonly csrKey: CsrKey
  readonly csrs: number
  readonly seconds: number
}

/** A message of about the same size as a server certificate's TBSCertificate. */
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
      throw new Error(`unknown type of key ${key satisfies never as string}`)
  }
}

interface Passes {
  /** Duration of each pass in milliseconds. */
  readonly times: readonly number[]
  /** CPU time of all passes in microseconds. */
  readonly cpu: number
}

/** Runs passes sequentially for `seconds`. */
async function runPasses({ caKey, csrKey, csrs, seconds }: RawOptions): Promise<Passes> {
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
    if (csr === undefined) throw new Error('the list of CSRs is empty')
    const key = createPublicKey(csr.key)
    if (!verify('sha256', csr.message, key, csr.signature))
      throw new Error('the signature of a CSR is invalid')
    sign(hash, tbsCertificate, privateKey)
    const after = performance.now()
    times.push(after - now)
    now = after
  }
  const { user, system } = process.threadCpuUsage(before)
  return { times, cpu: user + system }
}

async function onAllCores(options: RawOptions): Promise<Measurement> {
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL(import.meta.url), { workerData: options }),
  )
  const messages = await Promise.all(workers.map((worker) => once(worker, 'message')))
  const all = messages.map(([message]) => message as Passes)
  const times = Float64Array.from(all.flatMap((one) => one.times)).sort()
  const quantile = (q: number): number => times[Math.floor(times.length * q)] ?? Number.NaN
  return {
    succeeded: times.length,
    failed: 0,
    firstFailure: undefined,
    seconds: options.seconds,
    latency: { median: quantile(0.5), p99: quantile(0.99) },
    cpu: all.reduce((sum, { cpu }) => sum + cpu, 0) / times.length,
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is a worker thread, not a window
if (!isMainThread) parentPort?.postMessage(await runPasses(workerData as RawOptions))
else if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '{}') as RawOptions
  process.stdout.write(JSON.stringify(await onAllCores(options)))
}
