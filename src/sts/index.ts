import { assumeRoleWithWebIdentity } from './assume-role-with-web-identity.ts'
import { assumeRole } from './assume-role.ts'
import { getCallerIdentity } from './get-caller-identity.ts'
import type { StsOperation } from './sts-operation.ts'

const operations: ReadonlyMap<string, StsOperation> = new Map(
  [assumeRole, assumeRoleWithWebIdentity, getCallerIdentity].map((operation) => [
    operation.name,
    operation,
  ]),
)

/** Finds an STS operation by name, and returns undefined if it does not exist. */
export function findStsOperation(name: string): StsOperation | undefined {
  return operations.get(name)
}
