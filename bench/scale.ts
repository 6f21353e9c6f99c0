/**
 * Benchmark of a CA with a very large number of certificates, all of them revoked. The benchmark measures the time to create the
 * complete CRL and an audit report. While the CRL and the report are created, the benchmark also measures the additional memory
 * and GetCertificate's latency.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import type { ServerProcess } from '../test/support/process.ts'
import { BenchFolder } from './bench-folder.ts'
import { memoryOf } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { shownCount } from './rows.ts'
import { bucket, createBucket, startTree, treesOf, type Tree } from './servers.ts'
import { markdownTable } from './table.ts'
import { credentialsIn, prepareTarget, type Target } from './target.ts'
import { crlSecondsMax, type Check } from './targets.ts'

interface Figures {
  readonly seconds: number
  readonly extraBytes: number
  readonly getP99: number
}

/** Measures a CA with `count` certificates. Returns a Markdown table and the values that have a target. */
export async function scaleFigures(
  count: number,
  options: BenchOptions,
): Promise<{ readonly table: string; readonly checks: readonly Check[] }> {
  const rows: string[][] = []
  const checks: Check[] = []
  for (const tree of treesOf(options)) {
    using folder = new BenchFolder()
    const data = folder.path
    const withServer: WithServer = async (work) => {
      const serverFlags = [...options.serverFlags, ...flags]
      const server = await startTree(tree, data, { ...options, serverFlags })
      try {
        return await work(server)
      } finally {
        await server.stop('SIGTERM')
      }
    }
    const target = await seed({ tree, data, count }, withServer)
    const crl = await crlFigures(withServer, { target, count })
    rows.push(
      rowOf(`${tree.name}: complete CRL: built, signed, checked, stored`, crl),
      rowOf(`${tree.name}: audit report, JSON`, await reportFigures(withServer, target, 'JSON')),
      rowOf(`${tree.name}: audit report, CSV`, await reportFigures(withServer, target, 'CSV')),
    )
    const figure = `${tree.name}: CRL of ${shownCount(count)}, s`
    if (checks.length === 0) checks.push({ figure, value: crl.seconds, max: crlSecondsMax })
  }
  const head = ['what', 'seconds', 'extra memory, MB', 'GetCertificate meanwhile, p99 ms']
  return { table: markdownTable(head, rows), checks }
}

function rowOf(title: string, { seconds, extraBytes, getP99 }: Figures): string[] {
  return [title, seconds.toFixed(2), (extraBytes / 1e6).toFixed(0), getP99.toFixed(1)]
}

const flags = ['--crl-delay', '0', '--audit-report-interval', '0']

type WithServer = <T>(work: (server: ServerProcess) => Promise<T>) => Promise<T>

/**
 * Inserts the database rows that RevokeCertificate would write. The inserted certificates differ only in the serial numbers
 * of their rows.
 */
async function seed(
  { tree, data, count }: { readonly tree: Tree; readonly data: string; readonly count: number },
  withServer: WithServer,
): Promise<Target> {
  const csr = await readFile(join(import.meta.dirname, '../testdata/csr/ec-server.pem'), 'utf8')
  const target = await withServer(async (server) => {
    await createBucket(tree, data)
    const CrlConfiguration = { Enabled: true, ExpirationInDays: 7, S3BucketName: bucket }
    return prepareTarget(server.url, credentialsIn(data), {
      keyAlgorithm: 'EC_prime256v1',
      csr,
      revocation: { CrlConfiguration },
    })
  })
  const database = new DatabaseSync(join(data, 'signet.sqlite'))
  database.exec('begin')
  const certificate = database.prepare(`insert into certificates (authority_number, serial_number,
      authority_certificate_number, template_name, certificate_der, issued_at_ms, not_after, crl_id)
    select authority_number, ?, authority_certificate_number, template_name, certificate_der,
      issued_at_ms, not_after, crl_id
    from certificates where crl_id is not null order by certificate_number limit 1`)
  const revocation =
    database.prepare(`insert into revocations (authority_number, certificate_number,
      serial_number, crl_id, revoked_at_ms, reason_code, not_after)
    select authority_number, certificate_number, serial_number, crl_id, issued_at_ms + ?, ?, not_after
    from certificates where certificate_number = ?`)
  for (let index = 0; index < count; index += 1) {
    const { lastInsertRowid } = certificate.run(randomBytes(16))
    revocation.run(index * 10, index % 5, lastInsertRowid)
  }
  database.exec('commit')
  database.close()
  return target
}

async function crlFigures(
  withServer: WithServer,
  { target, count }: { readonly target: Target; readonly count: number },
): Promise<Figures> {
  return withServer((server) =>
    observe(server, target, async () => {
      await target.call(server.url, 'RevokeCertificate', {
        CertificateAuthorityArn: target.authorityArn,
        CertificateSerial: target.certificateArn.split('/').at(-1),
        RevocationReason: 'SUPERSEDED',
      })
      for (;;) {
        const text = await (await fetch(`${server.url}/metrics`)).text()
        const entries = /^signet_crl_entries\{.*\} (\d+)$/m.exec(text)?.[1]
        if (Number(entries) > count) return
        await setTimeout(10)
      }
    }),
  )
}

async function reportFigures(
  withServer: WithServer,
  target: Target,
  format: 'JSON' | 'CSV',
): Promise<Figures> {
  return withServer((server) =>
    observe(server, target, async () => {
      const CertificateAuthorityArn = target.authorityArn
      const { AuditReportId } = await target.call(
        server.url,
        'CreateCertificateAuthorityAuditReport',
        {
          CertificateAuthorityArn,
          S3BucketName: bucket,
          AuditReportResponseFormat: format,
        },
      )
      for (;;) {
        const report = { CertificateAuthorityArn, AuditReportId }
        const { AuditReportStatus } = await target.call(
          server.url,
          'DescribeCertificateAuthorityAuditReport',
          report,
        )
        if (AuditReportStatus === 'SUCCESS') return
        if (AuditReportStatus === 'FAILED') throw new Error('the audit report has status FAILED')
        await setTimeout(10)
      }
    }),
  )
}

/**
 * Runs `work` while GetCertificate is called every few milliseconds. The additional memory is the peak minus the memory before
 * the work.
 */
async function observe(
  server: ServerProcess,
  target: Target,
  work: () => Promise<void>,
): Promise<Figures> {
  await setTimeout(1000)
  const before = memoryOf(server.child.pid ?? 0).now
  const until = new AbortController()
  const latencies: number[] = []
  const get = async (): Promise<void> => {
    while (!until.signal.aborted) {
      const startedAt = performance.now()
      await target.call(server.url, 'GetCertificate', {
        CertificateAuthorityArn: target.authorityArn,
        CertificateArn: target.certificateArn,
      })
      latencies.push(performance.now() - startedAt)
      await setTimeout(5)
    }
  }
  const getting = get()
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  until.abort()
  await getting
  latencies.sort((a, b) => a - b)
  return {
    seconds,
    extraBytes: memoryOf(server.child.pid ?? 0).peak - before,
    getP99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  }
}
