/** The table of operations and the CA states that allow them (AWS Private CA User Guide, CA status and life cycle). */
import { ServiceError, type ErrorCode } from '../errors.ts'
import type { AuthorityType } from './authority.ts'
import type { AuthorityStatus } from './status.ts'

/**
 * The cell `ok` allows the operation. The cell `root` allows the operation only for a root CA and its own
 * certificate. Any other cell is an error code.
 */
type Cell =
  | 'ok'
  | 'root'
  | 'InvalidStateException'
  | 'RequestInProgressException'
  | 'RequestFailedException'

/** A row of the life-cycle table, shared by similar operations. */
export type LifeCycleEvent =
  | 'describe'
  | 'get-csr'
  | 'get-authority-certificate'
  | 'import-certificate'
  | 'issue-certificate'
  | 'get-certificate'
  | 'revoke-certificate'
  | 'update'
  | 'delete'
  | 'restore'
  | 'administer'
  | 'create-audit-report'
  | 'describe-audit-report'
  | 'publish-crl'

const statuses = [
  'CREATING',
  'PENDING_CERTIFICATE',
  'ACTIVE',
  'DISABLED',
  'EXPIRED',
  'FAILED',
  'DELETED',
] as const satisfies readonly AuthorityStatus[]

const ok = 'ok'
const root = 'root'
const no = 'InvalidStateException'
const wait = 'RequestInProgressException'
const dead = 'RequestFailedException'

/** Cells of the row, in the order of `statuses`. */
const table: Readonly<Record<LifeCycleEvent, readonly Cell[]>> = {
  //                          CREATING PENDING ACTIVE DISABLED EXPIRED FAILED DELETED
  describe: /*                 */ [ok, ok, ok, ok, ok, ok, ok],
  'get-csr': /*                */ [wait, ok, ok, ok, ok, dead, no],
  'get-authority-certificate': [no, no, ok, ok, ok, no, no],
  'import-certificate': /*     */ [no, ok, ok, ok, ok, no, no],
  'issue-certificate': /*      */ [no, root, ok, no, root, no, no],
  'get-certificate': /*        */ [no, root, ok, ok, ok, no, no],
  'revoke-certificate': /*     */ [no, no, ok, ok, no, no, no],
  update: /*                   */ [no, no, ok, ok, no, no, no],
  delete: /*                   */ [ok, ok, no, ok, ok, ok, no],
  restore: /*                  */ [no, no, no, no, no, no, ok],
  administer: /*               */ [no, ok, ok, ok, ok, no, no],
  'create-audit-report': /*    */ [no, no, ok, ok, ok, no, no],
  'describe-audit-report': /*  */ [ok, ok, ok, ok, ok, ok, ok],
  'publish-crl': /*            */ [no, no, ok, ok, no, no, no],
}

/** Error messages of the life-cycle table. Messages that clients are known to match are identical to AWS's messages. */
const refusal: Readonly<Record<LifeCycleEvent, (arn: string, status: string) => string>> = {
  describe: inState,
  'get-csr': inState,
  'get-authority-certificate': (arn) =>
    `The certificate authority ${arn} is not in the correct state to have a certificate signing request.`,
  'import-certificate': (arn, status) =>
    `The certificate authority ${arn} is in the ${status} state and cannot import a certificate.`,
  'issue-certificate': () =>
    'The certificate authority is not in a valid state for issuing certificates',
  'get-certificate': (arn) =>
    `The certificate authority ${arn} is not in the correct state to have issued certificates.`,
  update: () => 'The certificate authority must be in the ACTIVE or DISABLED state to be updated',
  delete: (_arn, status) =>
    `The certificate authority is in the ${status} state; it must be disabled before it can be deleted`,
  restore: (_arn, status) =>
    `The certificate authority is in the ${status} state; only a DELETED certificate authority can be restored`,
  administer: inState,
  'revoke-certificate': inState,
  'create-audit-report': inState,
  'describe-audit-report': inState,
  'publish-crl': (arn, status) =>
    `The certificate authority ${arn} is in the ${status} state and cannot sign a CRL; it must be ACTIVE or DISABLED.`,
}

const otherTexts: Partial<Record<ErrorCode, string>> = {
  RequestInProgressException:
    'The certificate authority is being created; its certificate signing request is not ready yet.',
  RequestFailedException:
    'The creation of the certificate authority failed; it has no certificate signing request.',
}

function inState(_arn: string, status: string): string {
  return `The certificate authority is in the ${status} state`
}

/** Returns a cell of the life-cycle table: `ok`, `root`, or an error code. */
export function permission(event: LifeCycleEvent, status: AuthorityStatus): Cell {
  return table[event][statuses.indexOf(status)] ?? no
}

/**
 * Throws the error that the life-cycle table specifies, if any. A `root` cell allows a root CA; the caller must check that the
 * operation applies to the root's own certificate.
 */
export function requireState(
  event: LifeCycleEvent,
  status: AuthorityStatus,
  authority: { readonly arn: string; readonly type: AuthorityType },
): void {
  const cell = permission(event, status)
  if (cell === 'ok' || (cell === 'root' && authority.type === 'ROOT')) return
  throw stateError(event, status, { arn: authority.arn, code: cell === 'root' ? no : cell })
}

export function stateError(
  event: LifeCycleEvent,
  status: AuthorityStatus,
  { arn, code = no }: { readonly arn: string; readonly code?: ErrorCode },
): ServiceError {
  return new ServiceError(code, otherTexts[code] ?? refusal[event](arn, status))
}
