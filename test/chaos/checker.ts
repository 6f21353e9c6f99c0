/**
 * Compares what clients heard with what is there, with nothing of the server's code: rows are read with SQL, certificates
 * with OpenSSL in Node.js, CRLs and OCSP answers with the command openssl.
 */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readCrlVersions } from './crl-versions.ts'
import type { LoadedAuthority } from './hierarchy.ts'
import type { Issuance, Ledger } from './ledger.ts'
import { askOcsp } from './ocsp.ts'

/** A row of either database. */
export type Row = Readonly<Record<string, unknown>>

export interface Evidence {
  readonly rows: (text: string) => Promise<Row[]>
  readonly ledger: Ledger
  readonly authorities: readonly LoadedAuthority[]
  /** The public listeners of servers that run. */
  readonly publicUrls: readonly string[]
  /** Tags of the first CA, as a server lists them. */
  readonly tags: readonly { readonly Key: string; readonly Value?: string }[]
}

/** A certificate as the database has it. */
interface Recorded {
  readonly row: Row
  readonly certificate: X509Certificate
  readonly commonName: string
}

/** Everything that is wrong, one line each; empty if all is as it was answered. */
export async function findFaults(evidence: Evidence): Promise<string[]> {
  const { ledger } = evidence
  const faults: string[] = ledger.strange.map((text) => `strange answer: ${text}`)
  const authorities = await authoritiesOf(evidence)
  const recorded = await readCertificates(evidence, authorities, faults)
  for (const issuance of ledger.issuances) checkIssuance(issuance, recorded, faults)
  checkNothingElse(ledger, recorded, faults)
  faults.push(
    ...(await checkCounts(evidence)),
    ...(await checkTokens(evidence)),
    ...(await checkCreations(evidence)),
    ...(await checkRevocations(evidence)),
    ...checkTags(evidence),
  )
  return faults
}

interface Signer {
  readonly id: string
  readonly arn: string
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

async function authoritiesOf({ rows, authorities }: Evidence): Promise<Map<number, Signer>> {
  const found = new Map<number, Signer>()
  for (const { authority_number, id } of await rows(
    'select authority_number, id from authorities',
  )) {
    const one = authorities.find(({ arn }) => arn.endsWith(`/${String(id)}`))
    if (one === undefined) continue
    const certificate = new X509Certificate(one.certificate)
    found.set(Number(authority_number), {
      id: String(id),
      arn: one.arn,
      key: certificate.publicKey,
      certificate,
    })
  }
  return found
}

/** Every row of a certificate by the common name of its subject; what a row says must be what its certificate says. */
async function readCertificates(
  { rows }: Evidence,
  authorities: ReadonlyMap<number, Signer>,
  faults: string[],
): Promise<Map<string, Recorded[]>> {
  const recorded = new Map<string, Recorded[]>()
  const serials = new Set<string>()
  const text = `select certificate_number, authority_number, serial_number, certificate_der, not_after
    from certificates order by certificate_number`
  for (const row of await rows(text)) {
    const name = `certificate ${String(row['certificate_number'])}`
    const certificate = new X509Certificate(Buffer.from(row['certificate_der'] as Uint8Array))
    const serial = hex(row['serial_number']).replace(/^0+/, '')
    const signer = authorities.get(Number(row['authority_number']))
    const said = certificate.serialNumber.toLowerCase().replace(/^0+/, '')
    if (said !== serial) faults.push(`${name} has serial number ${said}, its row ${serial}`)
    if (serials.has(serial)) faults.push(`serial number ${serial} occurs twice`)
    serials.add(serial)
    if (signer === undefined) faults.push(`${name} is of an unknown CA`)
    else if (!certificate.checkIssued(signer.certificate) || !certificate.verify(signer.key))
      faults.push(`${name} is not signed by its CA`)
    if (certificate.validToDate.getTime() !== Number(row['not_after']) * 1000)
      faults.push(`${name} has another notAfter than its row`)
    const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
    const others = recorded.get(commonName) ?? []
    recorded.set(commonName, [...others, { row, certificate, commonName }])
  }
  return recorded
}

function hex(octets: unknown): string {
  return Buffer.from(octets as Uint8Array).toString('hex')
}

/** What was answered is there, once, byte for byte; and of what was not answered no more than was asked for. */
function checkIssuance(
  issuance: Issuance,
  recorded: ReadonlyMap<string, readonly Recorded[]>,
  faults: string[],
): void {
  const { commonName, token, arns, unclear, authorityArn } = issuance
  const found = recorded.get(commonName) ?? []
  if (found.length > 1)
    faults.push(`${commonName} (token ${token}) has ${found.length} certificates`)
  if (arns.size > 1)
    faults.push(`${commonName} (token ${token}) was answered ${[...arns].join(', ')}`)
  const [arn] = arns
  const [first] = found
  if (arn === undefined) {
    if (first !== undefined && !unclear) faults.push(`${commonName} was refused and issued`)
    return
  }
  if (first === undefined) {
    faults.push(`${commonName} was issued as ${arn} and is missing`)
    return
  }
  if (arn !== `${authorityArn}/certificate/${hex(first.row['serial_number'])}`)
    faults.push(`${commonName} was issued as ${arn}, and is another certificate`)
  if (issuance.certificate === undefined) return
  const answered = new X509Certificate(issuance.certificate)
  if (!answered.raw.equals(first.certificate.raw))
    faults.push(`${arn} was answered with other octets than are recorded`)
}

function checkNothingElse(
  { issuances }: Ledger,
  recorded: ReadonlyMap<string, readonly Recorded[]>,
  faults: string[],
): void {
  const asked = new Set(issuances.map(({ commonName }) => commonName))
  for (const commonName of recorded.keys())
    if (commonName.startsWith('client ') && !asked.has(commonName))
      faults.push(`${commonName} was issued, and nobody asked for it`)
}

/** What is counted is what is there. */
async function checkCounts({ rows }: Evidence): Promise<string[]> {
  const counted = await rows(`select a.id, c.issued, c.revoked,
      (select count(*) from certificates r where r.authority_number = a.authority_number) as certificates,
      (select count(*) from revocations r where r.authority_number = a.authority_number) as revocations
    from authorities a left join certificate_counts c on c.authority_number = a.authority_number`)
  return counted.flatMap((row) => {
    const value = (name: string): number => Number(row[name] ?? 0)
    const isRight =
      value('issued') === value('certificates') && value('revoked') === value('revocations')
    return isRight ? [] : [`counts are wrong: ${JSON.stringify(row)}`]
  })
}

/** A token that is still known stands for what was answered. */
async function checkTokens({ rows, ledger }: Evidence): Promise<string[]> {
  const answers = new Map(
    [...ledger.issuances, ...ledger.creations].map(({ token, arns }) => [token, arns]),
  )
  const kept = await rows('select token, arn from idempotency_tokens')
  return kept.flatMap(({ token, arn }) => {
    const arns = answers.get(String(token))
    if (arns === undefined) return [`token ${String(token)} was never sent`]
    const isRight = arns.size === 0 || arns.has(String(arn))
    return isRight ? [] : [`token ${String(token)} stands for ${String(arn)}`]
  })
}

/** Each CA that was asked for is there once, with one key, which its CSR is of. */
async function checkCreations({ rows, ledger, authorities }: Evidence): Promise<string[]> {
  const found = await rows(`select a.id, a.configuration, a.status, a.csr_pem, a.key_handle, k.name,
      k.subject_public_key_info from authorities a left join keys k on a.key_handle like '%' || k.name`)
  const [keys] = await rows('select count(*) as n from keys')
  const faults: string[] = []
  if (Number(keys?.['n']) !== found.length)
    faults.push(`${String(keys?.['n'])} keys of ${found.length} CAs`)
  const names = found.map(({ configuration }) => commonNameOf(configuration))
  if (new Set(names).size !== names.length)
    faults.push(`a CA was created twice: ${names.join(', ')}`)
  for (const { token, arns, csrs } of ledger.creations) {
    const [arn = ''] = arns
    const [csrPem] = csrs
    const row = found.find(({ id }) => arn.endsWith(`/${String(id)}`))
    if (arns.size > 1 || csrs.size > 1)
      faults.push(`${token} was answered ${[...arns, ...csrs].join()}`)
    if (row === undefined) faults.push(`${token} was created as ${arn} and is missing`)
    else if (row['csr_pem'] !== csrPem) faults.push(`${token} has another CSR than was answered`)
  }
  for (const row of found) {
    const spki = Buffer.from((row['subject_public_key_info'] ?? []) as Uint8Array)
    const csrPem = String(row['csr_pem'])
    const csrDer = Buffer.from(csrPem.replaceAll(/-----.*-----|\s/g, ''), 'base64')
    if (spki.length === 0 || !csrDer.includes(spki))
      faults.push(`the CSR of ${String(row['id'])} is of another key`)
    const root = authorities.find(({ arn }) => arn.endsWith(`/${String(row['id'])}`))
    if (root === undefined) continue
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    if (!new X509Certificate(root.certificate).publicKey.equals(key))
      faults.push(`the certificate of ${root.arn} is of another key`)
  }
  return faults
}

function commonNameOf(configuration: unknown): string {
  const { Subject } = JSON.parse(String(configuration)) as { Subject: { CommonName: string } }
  return Subject.CommonName
}

/** Every revocation that was answered is recorded, on every CRL made later, and what OCSP says; and no other is. */
async function checkRevocations(evidence: Evidence): Promise<string[]> {
  const { rows, ledger, authorities, publicUrls } = evidence
  const recorded = new Set(
    (await rows('select serial_number from revocations')).map((row) => hex(row['serial_number'])),
  )
  const faults: string[] = []
  for (const { arns, revocation } of ledger.issuances) {
    const serial = [...arns][0]?.split('/').at(-1) ?? ''
    if (revocation?.answeredAt !== undefined && !recorded.has(serial))
      faults.push(`${serial} was revoked, which is not recorded`)
    if (revocation === undefined && recorded.has(serial)) faults.push(`${serial} was never revoked`)
  }
  for (const authority of authorities) {
    const issued = ledger.issuances.filter(({ authorityArn }) => authorityArn === authority.arn)
    faults.push(...(await readCrlVersions(authority, ledger.crls, issued)))
    faults.push(...(await askOcsp(authority, publicUrls, issued)))
  }
  return faults
}

function checkTags({ ledger, tags }: Evidence): string[] {
  const there = new Map(tags.map(({ Key, Value }) => [Key, Value]))
  return [...ledger.tags].flatMap(([key, value]) =>
    there.get(key) === value ? [] : [`tag ${key} is ${there.get(key)}, not ${value}`],
  )
}
