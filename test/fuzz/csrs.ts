/** Generates IssueCertificate requests with almost valid CSRs. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { choicesOf, type Choices } from '../chaos/choices.ts'
import { csr } from '../support/csrs.ts'
import { issueInput } from '../support/hierarchy.ts'
import { mixSeed, type Generated } from './generate.ts'
import { encodeRequest } from './http.ts'
import { mutateBytes } from './mutate/bytes.ts'
import { mutateDer, mutateNode, readNodes, writeNode, type Node } from './mutate/der.ts'
import { signInHeader } from './sign.ts'
import { region, type World } from './world.ts'

const names = readdirSync(new URL('../../testdata/csr/', import.meta.url))
  .filter((name) => name.endsWith('.pem'))
  .map((name) => name.slice(0, -'.pem'.length))
  .toSorted()
/** The largest key is omitted, because it makes requests slow, and smaller keys reveal the same defects. */
const bases = names.filter((name) => name !== 'rsa-8192').map((name) => derOf(csr(name)))

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const [ownKey] = readNodes(publicKey.export({ type: 'spki', format: 'der' })) ?? []
const [ecdsaWithSha256] = readNodes(Buffer.from('300a06082a8648ce3d040302', 'hex')) ?? []

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
  return { pem: pemOf(mutateAndSign(base, choices)), mutation: 'signed again' }
}

/** Mutates the version, subject, key or attributes of a CSR, and signs the result correctly. */
function mutateAndSign(base: Buffer, choices: Choices): Buffer {
  const [root] = readNodes(base) ?? []
  const [info] = root?.children ?? []
  if (root === undefined || info?.children === undefined) return base
  const { children } = info
  const keyAt = 2
  // Mutations prefer the parts that are copied to certificates: the subject, and the attributes with the extensions.
  const at = choices.of([1, 1, 3, 3, 3, 3, 0, keyAt])
  const withKey = children.map((child, index) => (index === keyAt ? (ownKey ?? child) : child))
  const changed = withKey.map((child, index) => {
    if (index !== at) return child
    let node = child
    for (let count = 1 + choices.below(3); count > 0; count -= 1) node = mutateNode(node, choices)
    return node
  })
  const infoDer = writeNode({ ...info, children: changed })
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', infoDer, privateKey)])
  const signatureNode: Node = { tag: 0x03, children: undefined, content: signature }
  const algorithm = ecdsaWithSha256 === undefined ? Buffer.alloc(0) : writeNode(ecdsaWithSha256)
  const content = Buffer.concat([infoDer, algorithm, writeNode(signatureNode)])
  return writeNode({ tag: 0x30, children: undefined, content })
}

function derOf(pem: string): Buffer {
  const body = /-----BEGIN [A-Z ]+-----([^-]+)-----END/.exec(pem)?.[1] ?? ''
  return Buffer.from(body.replaceAll(/\s/g, ''), 'base64')
}

function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
}
