/** Callers and access keys, as authentication returns them. */
import type { Caller } from '../../src/identity/caller.ts'
import type { AccessKey } from '../../src/store/access-keys.ts'

/** Returns a user without policies; by default, alice in account 123456789012 and us-east-1. */
export function userCaller(change: Partial<Caller> = {}): Caller {
  return {
    partition: 'aws',
    region: 'us-east-1',
    accountId: '123456789012',
    organizationId: undefined,
    arn: 'arn:aws:iam::123456789012:user/alice',
    accessKeyId: 'AKIDEXAMPLE',
    principal: { kind: 'user', userName: 'alice', userId: 'AIDAEXAMPLE', tags: {} },
    policies: [],
    sessionPolicies: undefined,
    ...change,
  }
}

/** Returns a session of the role `issuer` in the same account. */
export function sessionCaller(change: Partial<Caller> = {}): Caller {
  return userCaller({
    arn: 'arn:aws:sts::123456789012:assumed-role/issuer/job-1',
    accessKeyId: 'ASIAEXAMPLE',
    principal: {
      kind: 'role-session',
      roleName: 'issuer',
      roleId: 'AROAEXAMPLE',
      sessionName: 'job-1',
      issuedAt: new Date('2026-11-25T11:00:00Z'),
      tags: { Team: 'web' },
      transitiveTags: {},
      sourceIdentity: undefined,
      federatedProvider: undefined,
      origin: 'AIDAEXAMPLE',
    },
    ...change,
  })
}

/** Returns the service principal of ACM, which acts on behalf of the same account. */
export function serviceCaller(change: Partial<Caller> = {}): Caller {
  return userCaller({
    arn: 'acm.amazonaws.com',
    principal: { kind: 'service', name: 'acm.amazonaws.com', sourceArn: undefined },
    ...change,
  })
}

/** Returns an access key for alice, with the secret from AWS's examples. */
export function accessKeyOf(change: Partial<AccessKey> = {}): AccessKey {
  return {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    accountId: '123456789012',
    organizationId: undefined,
    owner: { kind: 'user', userId: 'AIDAEXAMPLE', userName: 'alice', tags: {} },
    policy: undefined,
    policies: [],
    active: true,
    createdAt: new Date(0),
    lastUse: undefined,
    ...change,
  }
}
