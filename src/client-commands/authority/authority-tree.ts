/** The command `signet ca tree`, which shows the account's CAs, each below its issuer. */
import type { Client } from '../../../client/index.ts'
import { nameWords } from '../../inspect/value-texts.ts'
import { listAuthorities, type AuthoritySummary } from '../authorities.ts'
import { externalCa, type ExternalCa } from './external-issuers.ts'
import { certifiedAuthority, issuerAmong, type CertifiedAuthority } from './ca-certificate.ts'

export interface TreeNode {
  readonly authority: AuthoritySummary
  /** Subject of the issuer if the issuer is not a CA in the account; otherwise null. */
  readonly externalIssuer: string | null
  /** For a CA with an external issuer, the CAs from the issuer to the root; otherwise empty. */
  readonly externalChain: readonly ExternalCa[]
  readonly children: readonly TreeNode[]
}

export async function authorityTree(client: Client): Promise<TreeNode[]> {
  const authorities = await listAuthorities(client)
  const certified: CertifiedAuthority[] = []
  for (const authority of authorities) {
    const found = await certifiedAuthority(client, authority)
    if (found !== undefined) certified.push(found)
  }
  return buildTree(authorities, certified)
}

/**
 * Returns the tree of the account's CAs. CAs without a certificate, roots, and CAs with an external issuer are at the top level.
 */
export async function buildTree(
  authorities: readonly AuthoritySummary[],
  certified: readonly CertifiedAuthority[],
): Promise<TreeNode[]> {
  const issuers = new Map<string, CertifiedAuthority>()
  for (const { authority, certificate } of certified) {
    if (authority.type === 'ROOT') continue
    const others = certified.filter((other) => other.authority.arn !== authority.arn)
    const issuer = await issuerAmong(certificate, others)
    if (issuer !== undefined) issuers.set(authority.arn, issuer)
  }
  const certificateOf = new Map(certified.map(({ authority, ...rest }) => [authority.arn, rest]))
  const nodeOf = (authority: AuthoritySummary): TreeNode => {
    const certificate = certificateOf.get(authority.arn)?.certificate
    const isExternal =
      certificate !== undefined && authority.type !== 'ROOT' && !issuers.has(authority.arn)
    return {
      authority,
      externalIssuer: isExternal ? nameWords(certificate.issuer) : null,
      externalChain: isExternal
        ? (certificateOf.get(authority.arn)?.chain ?? []).map(externalCa)
        : [],
      children: authorities
        .filter(({ arn }) => issuers.get(arn)?.authority.arn === authority.arn)
        .map(nodeOf),
    }
  }
  return authorities.filter(({ arn }) => !issuers.has(arn)).map(nodeOf)
}

export interface TreeLine {
  readonly node: TreeNode
  /** Branch characters that lead to the node, such as `│  └─ `. */
  readonly prefix: string
}

/** Returns the nodes from top to bottom, with the branch characters for display on a terminal. */
export function treeLines(nodes: readonly TreeNode[]): TreeLine[] {
  return nodes.flatMap((node) => [{ node, prefix: '' }, ...branches(node.children, '')])
}

function branches(nodes: readonly TreeNode[], indent: string): TreeLine[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1
    return [
      { node, prefix: `${indent}${isLast ? '└─ ' : '├─ '}` },
      ...branches(node.children, `${indent}${isLast ? '   ' : '│  '}`),
    ]
  })
}
