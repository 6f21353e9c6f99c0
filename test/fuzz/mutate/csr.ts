/** Mutations of CSRs that have a valid signature. */
import { createPublicKey, sign, type KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../../../src/authority/algorithms.ts'
import { signatureAlgorithmIdentifier } from '../../../src/x509/algorithm-identifier.ts'
import { encodeCertificationRequest } from '../../../src/x509/certification-request.ts'
import type { Choices } from '../../chaos/choices.ts'
import { mutateNode, readNodes, writeNode } from './der.ts'

/** A key that signs CSRs. */
export interface RequestKey {
  readonly privateKey: KeyObject
  readonly algorithm: SigningAlgorithm
  /** Hash function of the signing algorithm; null if the algorithm does not use one. */
  readonly hash: string | null
}

const keyAt = 2

/** Mutates the version, subject, key or attributes of a CSR, and signs the result with the given key. */
export function mutateAndSign(
  base: Buffer,
  { privateKey, algorithm, hash }: RequestKey,
  choices: Choices,
): Buffer {
  const [root] = readNodes(base) ?? []
  const [info] = root?.children ?? []
  const [key] = readNodes(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })) ?? []
  if (info?.children === undefined || key === undefined) return base
  // Prefers the parts that are copied into certificates: the subject, and the attributes with the extensions.
  const at = choices.of([1, 1, 3, 3, 3, 3, 0, keyAt])
  const withKey = info.children.map((child, index) => (index === keyAt ? key : child))
  const changed = withKey.map((child, index) => {
    if (index !== at) return child
    let node = child
    for (let count = 1 + choices.below(3); count > 0; count -= 1) node = mutateNode(node, choices)
    return node
  })
  const infoDer = writeNode({ ...info, children: changed })
  const signature = sign(hash, infoDer, privateKey)
  const identifier = signatureAlgorithmIdentifier(algorithm)
  return Buffer.from(encodeCertificationRequest(infoDer, identifier, signature))
}
