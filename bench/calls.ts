/** Every call but IssueCertificate, beside an HTTP handler that does nothing, and moto. */
import type { ServerProcess } from '../test/support/process.ts'
import { command } from '../test/support/process.ts'
import { authorityInput } from '../test/support/hierarchy.ts'
import { csrsOf } from './csrs.ts'
import { startEmptyHandler, type EmptyHandler } from './floors.ts'
import { motoCredentials } from './issue.ts'
import type { Moto } from './moto.ts'
import type { BenchOptions, Part } from './options.ts'
import {
  getLoad,
  issueLoad,
  listed,
  listLoad,
  mixedLoad,
  revokeLoad,
  type Subject,
} from './requests.ts'
import { credentialsIn, prepareTarget, type Target } from './target.ts'
import { compare, loaded, runLoad, type Against, type LoadTarget, type Row } from './turns.ts'

const bucket = 'bench-crls'

/** A CA on P-256 with CRL and OCSP, a certificate for each CSR, one revocation, and other CAs to list. */
export async function prepareSubject(
  { url }: Pick<ServerProcess, 'url'>,
  data: string,
  options: BenchOptions,
): Promise<Subject> {
  const csrs = await csrsOf('P-256', options.csrs)
  await command(['bucket', 'create', bucket, '--data', data])
  const target = await prepareTarget(url, credentialsIn(data), {
    keyAlgorithm: 'EC_prime256v1',
    csr: csrs[0] ?? '',
    revocation: {
      CrlConfiguration: { Enabled: true, ExpirationInDays: 7, S3BucketName: bucket },
      OcspConfiguration: { Enabled: true },
    },
  })
  for (let count = 1; count < listed; count += 1)
    await target.call(url, 'CreateCertificateAuthority', authorityInput())
  await target.call(url, 'RevokeCertificate', {
    CertificateAuthorityArn: target.authorityArn,
    CertificateSerial: target.certificateArn.split('/').at(-1),
    RevocationReason: 'SUPERSEDED',
  })
  const all = { ...issueLoad({ target, csrs }), once: true }
  await runLoad(all, options, { seconds: 60 })
  return { target, data, csrs }
}

/** More than the server can revoke in a turn only makes the turn shorter if they run out. */
export function revocationsIn({ seconds, quick }: BenchOptions): number {
  return Math.ceil(seconds * (quick ? 50 : 3000))
}

/** A row for each part that is asked for. */
export async function benchCalls(
  { subject, moto, only }: CallsSubject,
  options: BenchOptions,
): Promise<Row[]> {
  const empty = await startEmptyHandler(options.processes)
  const beside = await besideMoto(moto, subject, options)
  const row = (what: string, signet: LoadTarget, against: readonly Against[]): Promise<Row> =>
    compare(what, { signet, against }, options)
  const floor = (load: LoadTarget, target?: number): Against =>
    floorOf(empty, load, { options, target })
  const rows: Row[] = []
  try {
    if (only.has('get')) {
      const load = getLoad(subject)
      rows.push(await row('GetCertificate', load, [floor(load, 0.5), ...beside.get]))
    }
    if (only.has('revoke'))
      rows.push(await row('RevokeCertificate', revokeLoad(subject, revocationsIn(options)), []))
    if (only.has('list')) {
      const load = listLoad(subject)
      const what = `ListCertificateAuthorities, ${listed} on a page`
      rows.push(await row(what, load, [floor(load), ...beside.list]))
    }
    if (only.has('mixed')) {
      const load = mixedLoad(subject)
      rows.push(
        await row('mixed: 70 % get, 20 % issue, 5 % describe, 5 % list', load, [floor(load)]),
      )
    }
    return rows
  } finally {
    empty.stop()
  }
}

export interface CallsSubject {
  readonly subject: Subject
  readonly moto: Moto | undefined
  readonly only: ReadonlySet<Part>
}

/** The same requests, to a server that does nothing with them. */
function floorOf(
  { host, port }: EmptyHandler,
  { requests }: LoadTarget,
  { options, target }: { readonly options: BenchOptions; readonly target: number | undefined },
): Against {
  const load = { host, port, requests }
  return loaded('empty handler', load, { options, ...(target !== undefined && { target }) })
}

/** moto with as many CAs; it closes each connection. */
async function besideMoto(
  moto: Moto | undefined,
  { csrs }: Subject,
  options: BenchOptions,
): Promise<{ readonly get: Against[]; readonly list: Against[] }> {
  if (moto === undefined) return { get: [], list: [] }
  const { url } = moto
  const target: Target = await prepareTarget(url, motoCredentials, {
    keyAlgorithm: 'EC_prime256v1',
    csr: csrs[0] ?? '',
  })
  for (let count = 1; count < listed; count += 1)
    await target.call(url, 'CreateCertificateAuthority', authorityInput())
  const list = { ...listLoad({ target }), reconnect: true }
  const about = {
    CertificateAuthorityArn: target.authorityArn,
    CertificateArn: target.certificateArn,
  }
  const get = { ...list, requests: () => [target.request('GetCertificate', about)] }
  return {
    get: [loaded('moto', get, { options })],
    list: [loaded('moto', list, { options })],
  }
}
