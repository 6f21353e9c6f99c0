/** What each step of an issuance costs in this process: microseconds of one core, or of waiting for the store. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acceptCsr } from '../src/issuance/accept-csr.ts'
import { authorityKeyIdentifierOf, type Issuer } from '../src/issuance/issuer.ts'
import { lintCertificate } from '../src/lint/lint.ts'
import { noPassthrough } from '../src/issuance/passthrough.ts'
import {
  prepareCertificate,
  type CertificateParameters,
} from '../src/issuance/prepare-certificate.ts'
import { requireTemplate } from '../src/issuance/templates.ts'
import { signMessage } from '../src/keys/sign-message.ts'
import { sql } from '../src/store/sql.ts'
import { openSqlite } from '../src/store/sqlite/database.ts'
import { parseAlgorithmIdentifier } from '../src/x509/algorithm-identifier.ts'
import { parseCertificationRequest } from '../src/x509/certification-request.ts'
import { parsePem } from '../src/x509/pem.ts'
import { keyIdentifier, parseSubjectPublicKeyInfo } from '../src/x509/subject-public-key-info.ts'
import { verifySignature } from '../src/x509/verify-signature.ts'

const policy = { lint: 'error', weakKeys: 'refuse', verifySignatures: 'all' } as const
const concurrency = 32

/** Microseconds a call, the median of five runs of `count` calls after a warm-up. */
async function measure(count: number, call: () => unknown): Promise<number> {
  const runs: number[] = []
  for (let run = 0; run < 6; run += 1) {
    const startedAt = performance.now()
    for (let index = 0; index < count; index += 1) {
      const result = call()
      if (result instanceof Promise) await result
    }
    if (run > 0) runs.push(((performance.now() - startedAt) / count) * 1000)
  }
  return runs.toSorted((a, b) => a - b)[2] ?? Number.NaN
}

/** Microseconds a row when `concurrency` callers store at once: a commit is shared by those who wait. */
async function measureStore(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-bench-'))
  const db = await openSqlite(join(folder, 'bench.sqlite'))
  try {
    let next = 0
    const store = async (): Promise<void> => {
      for (let index = 0; index < 200; index += 1) {
        next += 1
        const value = new Uint8Array(600)
        await db.transaction([
          sql`insert into settings (name, value) values (${`row ${next}`}, ${value})`,
        ])
      }
    }
    await store()
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: concurrency }, store))
    return ((performance.now() - startedAt) / (concurrency * 200)) * 1000
  } finally {
    await db.close()
    await rm(folder, { recursive: true })
  }
}

interface Kind {
  readonly name: string
  readonly algorithm: 'SHA256WITHECDSA' | 'SHA256WITHRSA' | 'ML_DSA_65'
  readonly keys: ReturnType<typeof generateKeyPairSync>
}

async function stepsOf({ name, algorithm, keys }: Kind, calls: number): Promise<string> {
  const pem = await readFile(join(import.meta.dirname, '../testdata/csr/ec-server.pem'))
  const csr = await acceptCsr(pem, policy)
  const subjectPublicKeyInfo = parseSubjectPublicKeyInfo(
    keys.publicKey.export({ format: 'der', type: 'spki' }),
  )
  const issuerKeyIdentifier = keyIdentifier(subjectPublicKeyInfo)
  const issuer: Issuer = {
    keyHandle: name,
    subjectDer: csr.request.subject.der,
    keyIdentifier: issuerKeyIdentifier,
    authorityKeyIdentifier: authorityKeyIdentifierOf(issuerKeyIdentifier),
    subjectPublicKeyInfo,
    notAfter: new Date('2100-01-01T00:00:00Z'),
    remainingPathLength: undefined,
    shortLived: false,
    nameConstraints: [],
  }
  const order: CertificateParameters = {
    template: requireTemplate('EndEntityCertificate'),
    csr,
    passthrough: noPassthrough,
    period: {
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
    },
    issuedAt: new Date('2026-01-01T01:00:00Z'),
    serialNumber: new Uint8Array(16).fill(0x81),
    signingAlgorithm: algorithm,
    pointers: {},
  }
  const prepared = prepareCertificate(order, issuer)
  const message = prepared.tbsCertificateDer
  const values = {
    ...prepared.fields,
    issuerDer: prepared.issuerDer,
    subject: csr.request.subject,
    keyIdentifier: keyIdentifier(csr.request.subjectPublicKeyInfo),
  }
  const signature = await signMessage(keys.privateKey, algorithm, message)
  const signatureAlgorithm = parseAlgorithmIdentifier(prepared.signatureAlgorithm)
  const parse = await measure(calls * 5, () =>
    parseCertificationRequest(parsePem(pem.toString())[0]?.der ?? new Uint8Array()),
  )
  const accept = await measure(calls, () => acceptCsr(pem, policy))
  const prepare = await measure(calls * 5, () => prepareCertificate(order, issuer))
  const lint = await measure(calls * 5, () => lintCertificate(values, issuer))
  const sign = await measure(calls, () => signMessage(keys.privateKey, algorithm, message))
  const verify = await measure(calls, () =>
    verifySignature({ subjectPublicKeyInfo, signatureAlgorithm, message, signature }),
  )
  const cells = [parse, accept - parse, prepare - lint, lint, sign, verify]
  return `| ${name} | ${cells.map((cell) => cell.toFixed(0)).join(' | ')} |`
}

/** The table for docs/benchmarks.md; a quick one only shows that it runs. */
export async function stepsTable(quick: boolean): Promise<string> {
  const kinds: readonly Kind[] = [
    {
      name: 'P-256',
      algorithm: 'SHA256WITHECDSA',
      keys: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    },
    {
      name: 'RSA-2048',
      algorithm: 'SHA256WITHRSA',
      keys: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    },
    { name: 'ML-DSA-65', algorithm: 'ML_DSA_65', keys: generateKeyPairSync('ml-dsa-65') },
  ]
  const rows: string[] = []
  for (const kind of kinds) rows.push(await stepsOf(kind, quick ? 10 : 1000))
  const store = await measureStore()
  return [
    '| key of the CA | parse | check CSR | build | lint | sign | verify |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `Microseconds, one call at a time: sign, verify and the check of the CSR (P-256) include the way to a thread and back.`,
    `Store: ${store.toFixed(0)} µs a row with ${concurrency} callers.`,
  ].join('\n')
}
