/** Generates IssueCertificate requests with almost valid CSRs. */
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { choicesOf, type Choices } from '../chaos/choices.ts'
import { csr } from '../support/csrs.ts'
import { issueInput } from '../support/hierarchy.ts'
import { mixSeed, type Generated } from './generate.ts'
import { encodeRequest } from './http.ts'
import { mutateBytes } from './mutate/bytes.ts'
import { mutateAndSign, type RequestKey } from './mutate/csr.ts'
import { mutateDer } from './mutate/der.ts'
import { signInHeader } from './sign.ts'
import { region, type World } from './world.ts'

const names = readdirSync(new URL('../../testdata/csr/', import.meta.url))
  .filter((name) => name.endsWith('.pem'))
  .map((name) => name.slice(0, -'.pem'.length))
  .toSorted()
/** The largest key is omitted, because requests with it are slow and smaller keys reveal the same defects. */
const bases = names.filter((name) => name !== 'rsa-8192').map((name) => derOf(csr(name)))

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key: RequestKey = { privateKey, algorithm: 'SHA256WITHECDSA', hash: 'sha256' }

const templates = [
  'EndEntityCertificate',
  'EndEntityCertificate_CSRPassthrough',
  'CodeSigningCertificate',
  'BlankEndEntityCertificate_CSRPassthrough',
  'EndEntityServerAuthCertificate',
  'BlankEndEntityCertificate_APICSRPassthrough',
  'OCSPSigningCertificate_CSRPassthrough',
  'BlankSubordinateCACertificate_PathLen0_CSRPassthrough',
  'SubordinateCACertificate_PathLen0',
]

/** Returns IssueCertificate request number `number`, whose CSR is mutated. */
export function csrRequest(world: World, seed: number, number: number): Generated {
  const choices = choicesOf(mixSeed(seed + 1, number))
  const { pem, mutation } = mutatedCsr(choices)
  // The root may sign both CA certificates and leaf certificates, and has the longest validity.
  const input = issueInput(world.root.arn, pem, { template: choices.of(templates) })
  const signer = { credentials: world.credentials, service: 'acm-pca', region, date: new Date() }
  const request = signInHeader(
    {
      method: 'POST',
      target: '/',
      headers: [
        ['host', `127.0.0.1:${world.apiPort}`],
        ['content-type', 'application/x-amz-json-1.1'],
        ['x-amz-target', 'ACMPrivateCA.IssueCertificate'],
      ],
      body: Buffer.from(JSON.stringify(input)),
    },
    signer,
  )
  const bytes = encodeRequest(request)
  return { bytes, isMalformed: false, isHead: false, port: world.apiPort, label: `CSR ${mutation}` }
}

function mutatedCsr(choices: Choices): { readonly pem: string; readonly mutation: string } {
  const base = choices.of(bases)
  const kind = choices.below(10)
  if (kind === 0) return { pem: pemOf(mutateBytes(base, choices)), mutation: 'bytes' }
  if (kind === 1) return { pem: pemOf(mutateDer(base, choices)), mutation: 'structure' }
  if (kind === 2)
    return {
      pem: mutateBytes(Buffer.from(pemOf(base)), choices).toString('latin1'),
      mutation: 'PEM',
    }
  return { pem: pemOf(mutateAndSign(base, key, choices)), mutation: 'signed again' }
}

function derOf(pem: string): Buffer {
  const body = /-----BEGIN [A-Z ]+-----([^-]+)-----END/.exec(pem)?.[1] ?? ''
  return Buffer.from(body.replaceAll(/\s/g, ''), 'base64')
}

function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
}
