import { stateError } from '../../authority/life-cycle.ts'
import { ServiceError } from '../../errors.ts'
import type { AcceptedCsr } from '../../issuance/accept-csr.ts'
import type { Issuer } from '../../issuance/issuer.ts'
import type { Template } from '../../issuance/templates.ts'
import type { Database } from '../../store/database.ts'
import { publicKeyOf } from '../shared/authority-key.ts'
import { issuerWith } from '../../issuance/issuer-cache.ts'
import type { AuthorityView } from '../../authority/status.ts'

/** A CA that is not ACTIVE issues nothing but the certificate of the root that it is. */
export function requireIssuing({ arn, status }: AuthorityView, template: Template): void {
  if (status !== 'ACTIVE' && template.kind !== 'root')
    throw stateError('issue-certificate', status, { arn })
}

/**
 * Under whose name a certificate is issued; undefined for a root that signs itself.
 *
 * A root template is for a root CA's own CSR only: anything else is InvalidStateException while the CA waits for
 * its certificate, and InvalidArgsException once it is ACTIVE.
 */
export function chooseIssuer(
  db: Database,
  view: AuthorityView,
  { template, csr }: { readonly template: Template; readonly csr: AcceptedCsr },
): Issuer | undefined {
  const { authority } = view
  if (template.kind === 'root') {
    if (authority.type !== 'ROOT' || !isOwnKey(view, csr)) throw notOwnRoot(view, template)
    return undefined
  }
  requireIssuing(view, template)
  return issuerWith(db, authority)
}

function isOwnKey({ authority }: AuthorityView, { request }: AcceptedCsr): boolean {
  return Buffer.compare(publicKeyOf(authority), request.subjectPublicKeyInfo.der) === 0
}

function notOwnRoot({ arn, status }: AuthorityView, template: Template): ServiceError {
  if (status !== 'ACTIVE') return stateError('issue-certificate', status, { arn })
  return new ServiceError(
    'InvalidArgsException',
    `Template ${template.name} can be used by a root certificate authority for its own CSR only.`,
  )
}
