import { stateError } from '../../authority/life-cycle.ts'
import { invalidArgs, type ServiceError } from '../../errors.ts'
import type { AcceptedCsr } from '../../issuance/accept-csr.ts'
import { keyHandleOf, type AuthorityKey, type Issuer } from '../../issuance/issuer.ts'
import type { Template } from '../../issuance/templates.ts'
import type { Database } from '../../store/database.ts'
import { publicKeyOf } from '../../authority/csr.ts'
import { issuerWith } from '../../issuance/issuer-cache.ts'
import type { AuthorityView } from '../../authority/status.ts'

/** Throws if the CA cannot issue certificates. A CA that is not ACTIVE can issue only its own root certificate. */
export function requireIssuing({ arn, status }: AuthorityView, template: Template): void {
  if (status !== 'ACTIVE' && template.kind !== 'root')
    throw stateError('issue-certificate', status, { arn })
}

/**
 * Returns a certificate's issuer: the CA certificate and its key, or only the key for a self-signed root certificate.
 *
 * Checks that a root template is used only for a root CA's own CSR. For any other use of a root template, throws
 * InvalidStateException while the CA waits for its certificate, and InvalidArgsException once the CA is ACTIVE.
 */
export function chooseIssuer(
  db: Database,
  view: AuthorityView,
  { template, csr }: { readonly template: Template; readonly csr: AcceptedCsr },
): Issuer | AuthorityKey {
  const { authority } = view
  if (template.kind !== 'root') return issuerWith(db, authority)
  if (authority.type !== 'ROOT' || !isOwnKey(view, csr)) throw notOwnRoot(view, template)
  const { subjectPublicKeyInfo } = csr.request
  return { keyHandle: keyHandleOf(authority), subjectPublicKeyInfo }
}

function isOwnKey({ authority }: AuthorityView, { request }: AcceptedCsr): boolean {
  return Buffer.compare(publicKeyOf(authority), request.subjectPublicKeyInfo.der) === 0
}

function notOwnRoot({ arn, status }: AuthorityView, template: Template): ServiceError {
  if (status !== 'ACTIVE') return stateError('issue-certificate', status, { arn })
  return invalidArgs(
    `Template ${template.name} can only be used by a root certificate authority for its own CSR.`,
  )
}
