/** Servers from this checkout and from the --before checkout, each with its own data folder. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { authorityInput } from '../test/support/hierarchy.ts'
import { startServerOn, type ServerProcess } from '../test/support/process.ts'
import { BenchFolder } from './bench-folder.ts'
import { csrsOf } from './csrs.ts'
import { memoryOf, onCores } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { listed, type Subject } from './requests.ts'
import { sampleInput, seedCertificates } from './seed.ts'
import { credentialsIn, prepareTarget } from './target.ts'
import { progress } from './turns.ts'

const run = promisify(execFile)
/** The bucket for all CRLs and audit reports. */
export const bucket = 'bench-crls'

/** A checkout of Signet. */
export interface Tree {
  readonly name: string
  readonly root: string
}

/** Returns this checkout and the --before checkout. */
export function treesOf({ before }: Pick<BenchOptions, 'before'>): [Tree, ...Tree[]] {
  const own = { name: 'Signet', root: resolve(import.meta.dirname, '..') }
  return before === undefined ? [own] : [own, { name: 'before', root: resolve(before) }]
}

/** Returns the paths of the Node.js binary (in node_modules) and the signet program of a checkout. */
function programOf({ root }: Tree): [string, string] {
  const node = join(root, 'node_modules/.bin/node')
  return [existsSync(node) ? node : process.execPath, join(root, 'bin/signet.js')]
}

export async function nodeVersionOf(tree: Tree): Promise<string> {
  return (await run(programOf(tree)[0], ['--version'])).stdout.trim()
}

/** Creates the bucket with the checkout's own command, because the schemas of two checkouts may differ. */
export async function createBucket(tree: Tree, data: string): Promise<void> {
  const [node, signet] = programOf(tree)
  await run(node, [signet, 'bucket', 'create', bucket, '--data', data])
}

/** Starts `signet serve` from a checkout, with quotas that the benchmark never reaches. */
export async function startTree(
  tree: Tree,
  data: string,
  { serverFlags, cores, tls }: Pick<BenchOptions, 'serverFlags' | 'cores' | 'tls'>,
): Promise<ServerProcess> {
  const quota = '1000000000'
  const flags = [
    ['--quota-certificates', quota, '--quota-revocations', quota],
    tls === undefined ? [] : ['--tls-cert', tls.cert, '--tls-key', tls.key],
    serverFlags,
  ].flat()
  return startServerOn(onCores(cores, programOf(tree)), { data, flags })
}

/** A running server, the CA that receives the load, and the measurements from the server's startup. */
export interface Prepared extends Subject {
  readonly tree: Tree
  readonly server: ServerProcess
  /** Number of certificates stored before the server started. */
  readonly count: number
  /** Milliseconds from process start to the first response. */
  readonly startTimes: readonly number[]
  /** The server's memory before any load, in bytes. */
  readonly memoryAtStart: number
}

/** Starts a server for each element of `stocks`. After `work`, stops all servers and removes their data. */
export async function withPrepared<T>(
  stocks: readonly { readonly tree: Tree; readonly count: number }[],
  options: BenchOptions,
  work: (all: readonly Prepared[]) => Promise<T>,
): Promise<T> {
  using folder = new BenchFolder()
  const all: Prepared[] = []
  try {
    for (const { tree, count } of stocks) {
      progress(`${tree.name}: storing ${count} certificates`)
      const data = folder.file(String(all.length))
      const subject = await prepareSubject(tree, data, options)
      if (count > 0) seedCertificates({ data, authorityArns: [subject.target.authorityArn], count })
      all.push({ tree, count, ...(await startPrepared(tree, subject, options)) })
    }
    return await work(all)
  } finally {
    for (const { server } of all) await server.stop('SIGTERM')
  }
}

/**
 * Creates a P-256 CA with CRL and OCSP, a revoked certificate, the sample certificate for seed.ts, and additional CAs to list.
 */
async function prepareSubject(
  tree: Tree,
  data: string,
  options: BenchOptions,
): Promise<Omit<Subject, 'pids'>> {
  const csrs = await csrsOf('P-256', options.csrs)
  const [csr = ''] = csrs
  const server = await startTree(tree, data, options)
  try {
    const { url } = server
    await createBucket(tree, data)
    const target = await prepareTarget(url, credentialsIn(data), {
      keyAlgorithm: 'EC_prime256v1',
      csr,
      revocation: {
        CrlConfiguration: { Enabled: true, ExpirationInDays: 7, S3BucketName: bucket },
        OcspConfiguration: { Enabled: true },
      },
    })
    for (let count = 1; count < listed; count += 1)
      await target.call(url, 'CreateCertificateAuthority', authorityInput())
    const issued = await target.call(url, 'IssueCertificate', target.issueInput(csr))
    await target.call(url, 'RevokeCertificate', {
      CertificateAuthorityArn: target.authorityArn,
      CertificateSerial: issued['CertificateArn']?.split('/').at(-1),
      RevocationReason: 'SUPERSEDED',
    })
    await target.call(url, 'IssueCertificate', sampleInput(target, csr))
    return { name: tree.name, target, data, csrs }
  } finally {
    await server.stop('SIGTERM')
  }
}

const starts = 3

async function startPrepared(
  tree: Tree,
  prepared: Omit<Subject, 'pids'>,
  options: BenchOptions,
): Promise<Subject & Pick<Prepared, 'server' | 'startTimes' | 'memoryAtStart'>> {
  const startTimes: number[] = []
  for (;;) {
    const startedAt = performance.now()
    const server = await startTree(tree, prepared.data, options)
    await fetch(`${server.url}/healthz`)
    startTimes.push(performance.now() - startedAt)
    if (startTimes.length < (options.quick ? 1 : starts)) {
      await server.stop('SIGTERM')
      continue
    }
    const { url } = server
    const { target } = prepared
    const request: typeof target.request = (operation, input) =>
      target.request(operation, input, url)
    const pid = server.child.pid ?? 0
    const subject = { ...prepared, pids: [pid], target: { ...target, url, request } }
    return { ...subject, server, startTimes, memoryAtStart: memoryOf(pid).now }
  }
}
