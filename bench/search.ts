/**
 * Benchmark of ListCertificates on a CA with many certificates. Every documented query is sent to a newly started server, one
 * request at a time and with different values.
 */
import { randomInt } from 'node:crypto'
import { BenchFolder } from './bench-folder.ts'
import { csrsOf } from './csrs.ts'
import type { BenchOptions } from './options.ts'
import {
  nameOf,
  requesterOf,
  sampleInput,
  seedCertificates,
  spread,
  tenantOf,
  type Stock,
} from './seed.ts'
import { someSerials } from './stored-rows.ts'
import { startTree, treesOf } from './servers.ts'
import { markdownTable } from './table.ts'
import { credentialsIn, prepareTarget, type Target } from './target.ts'
import { median } from './turns.ts'

/** Number of times each query runs in a turn. */
const runs = 300
const authorities = 11
const day = 86_400

/** Returns a table of the latency of each query with `count` certificates. */
export async function searchTable(count: number, options: BenchOptions): Promise<string> {
  using folder = new BenchFolder()
  const data = folder.path
  const { stock, target } = await prepare(data, count, options)
  seedCertificates(stock)
  const server = await startTree(treesOf(options)[0], data, options)
  try {
    const queries = queriesOf(stock).map((query) => ({ url: server.url, target, query }))
    const rows = await measureAll(queries, options)
    return markdownTable(['query', 'p50, ms', 'p99, ms (min–max)', 'on a page'], rows)
  } finally {
    await server.stop('SIGTERM')
  }
}

async function prepare(
  data: string,
  count: number,
  options: BenchOptions,
): Promise<{ readonly stock: Stock; readonly target: Target }> {
  const server = await startTree(treesOf(options)[0], data, options)
  try {
    const [csr = ''] = await csrsOf('P-256', 1)
    const request = { keyAlgorithm: 'EC_prime256v1', csr }
    const targets: Target[] = []
    for (let index = 0; index < authorities; index += 1)
      targets.push(await prepareTarget(server.url, credentialsIn(data), request))
    const [target] = targets
    if (target === undefined) throw new Error('the list of CAs is empty')
    await target.call(server.url, 'IssueCertificate', sampleInput(target, csr))
    const authorityArns = targets.map(({ authorityArn }) => authorityArn)
    return { stock: { data, authorityArns, count }, target }
  } finally {
    await server.stop('SIGTERM')
  }
}

interface Query {
  readonly title: string
  readonly input: () => Record<string, unknown>
}

/** Returns the filters from docs/reference/certificate-search.md, individually and in combination. */
function queriesOf(stock: Stock): Query[] {
  const { authorityArns, count } = stock
  const [largest = '', ...others] = authorityArns
  const serials = someSerials({ data: stock.data, authorityArn: largest }, runs)
  const index = (): number => randomInt(count)
  const now = Math.floor(Date.now() / 1000)
  const time = (): number => now + randomInt(300 * day)
  const past = (): number => now - randomInt(700 * day)
  const small = (): string => others[randomInt(others.length)] ?? ''
  const template = (): string =>
    `arn:aws:acm-pca:::template/${spread.templates[randomInt(spread.templates.length)]}/V1`
  const expiring = (): object => {
    const ExpiresAfter = time()
    return { ExpiresAfter, ExpiresBefore: ExpiresAfter + 30 * day }
  }
  const issued = (): object => {
    const IssuedAfter = past()
    return { IssuedAfter, IssuedBefore: IssuedAfter + day }
  }
  const query = (title: string, input: () => object): Query => ({
    title,
    input: () => ({ ...input() }),
  })
  return [
    query('serial number', () => ({ SerialNumber: serials[randomInt(serials.length)] })),
    query('alternative name', () => ({ SubjectAlternativeName: nameOf(index()) })),
    query('alternative name, prefix', () => ({
      SubjectAlternativeName: `${nameOf(index()).slice(0, 6)}*`,
    })),
    query('alternative name, suffix', () => ({
      SubjectAlternativeName: `.${tenantOf(index())}.example.com`,
    })),
    query('alternative name, suffix that all have', () => ({
      SubjectAlternativeName: '.example.com',
      CertificateAuthorityArn: small(),
    })),
    query('subject', () => ({ Subject: nameOf(index()) })),
    query('subject, prefix', () => ({ Subject: `${nameOf(index()).slice(0, 6)}*` })),
    query('one CA', () => ({ CertificateAuthorityArn: small() })),
    query('requester', () => ({ Requester: requesterOf(index()) })),
    query('requester: account', () => ({ Requester: '123456789012', ...expiring() })),
    query('template', () => ({ TemplateArn: template() })),
    query('issued within a day', issued),
    query('expiring within 30 days', expiring),
    query('expiring within 30 days, one CA', () => ({
      ...expiring(),
      CertificateAuthorityArn: small(),
    })),
    query('VALID', () => ({ Status: 'VALID', CertificateAuthorityArn: small() })),
    query('EXPIRED', () => ({ Status: 'EXPIRED', CertificateAuthorityArn: small() })),
    query('REVOKED', () => ({ Status: 'REVOKED' })),
    query('REVOKED, issued within a day', () => ({ Status: 'REVOKED', ...issued() })),
    query('template, expiring', () => ({ TemplateArn: template(), ...expiring() })),
    query('template, one CA', () => ({
      TemplateArn: template(),
      CertificateAuthorityArn: small(),
    })),
    query('requester, one CA, VALID, expiring', () => ({
      Requester: requesterOf(index()),
      CertificateAuthorityArn: largest,
      Status: 'VALID',
      ...expiring(),
    })),
    query('requester of others, suffix', () => ({
      Requester: requesterOf(index()),
      SubjectAlternativeName: `.${tenantOf(index())}.example.com`,
    })),
  ]
}

interface QueryTarget {
  readonly url: string
  readonly target: Target
  readonly query: Query
}

/** Results of a query in one turn. */
interface Turn {
  /** Sorted durations in milliseconds. */
  readonly times: readonly number[]
  /** Number of certificates on all result pages. */
  readonly found: number
}

/** Measures the queries in turns, after a warm-up with all queries. Returns a table row for each query. */
async function measureAll(
  queries: readonly QueryTarget[],
  { quick, turns, warmUpSeconds }: BenchOptions,
): Promise<string[][]> {
  const requests = quick ? 5 : runs
  const warmUntil = performance.now() + warmUpSeconds * 1000
  while (performance.now() < warmUntil) for (const query of queries) await measure(query, 10)
  const results: Turn[][] = queries.map(() => [])
  for (let turn = 0; turn < turns; turn += 1)
    for (const [index, query] of queries.entries())
      results[index]?.push(await measure(query, requests))
  return queries.map(({ query: { title } }, index) => rowOf(title, results[index] ?? []))
}

async function measure(
  { url, target, query: { input } }: QueryTarget,
  requests: number,
): Promise<Turn> {
  const times: number[] = []
  let found = 0
  for (let run = 0; run < requests; run += 1) {
    const filters = input()
    const startedAt = performance.now()
    const page: Record<string, unknown> = await target.call(url, 'ListCertificates', filters)
    times.push(performance.now() - startedAt)
    found += (page['Certificates'] as unknown[]).length
  }
  return { times: times.toSorted((a, b) => a - b), found }
}

function rowOf(title: string, turns: readonly Turn[]): string[] {
  const quantile = (q: number): number[] =>
    turns.map(({ times }) => times[Math.floor(times.length * q)] ?? 0)
  const p99 = quantile(0.99)
  const range = `${Math.min(...p99).toFixed(1)}–${Math.max(...p99).toFixed(1)}`
  const requests = turns.reduce((sum, { times }) => sum + times.length, 0)
  const found = turns.reduce((sum, turn) => sum + turn.found, 0)
  return [
    title,
    median(quantile(0.5)).toFixed(1),
    `${median(p99).toFixed(1)} (${range})`,
    (found / requests).toFixed(1),
  ]
}
