/** Kinds of leaves for accounts, principals, policies, shares and approvals. */
import { allow, otherAccountId, policyOf } from '../accounts.ts'
import { issueInput } from '../hierarchy.ts'
import type { CallOptions } from '../service.ts'
import { change, removal, type KindContext, type RecordedKind } from './kind.ts'

/** The public point of a P-256 key (RFC 7515, appendix A.3). */
const point = 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'
const point2 = 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'

export function accessKinds(context: KindContext): RecordedKind[] {
  const { service, file, arnOf, cli, named, removing } = context
  const { accountId } = service.config
  const trust = file(
    'trust.json',
    policyOf({ Effect: 'Allow', Principal: { AWS: accountId }, Action: 'sts:AssumeRole' }),
  )
  const approving = { Effect: 'Allow', Action: 'signet:*', Resource: '*' }
  const everything = file('policy.json', policyOf(allow('*'), approving))
  const keySet = file(
    'keys.json',
    JSON.stringify({ keys: [{ kty: 'EC', kid: 'a', crv: 'P-256', x: point, y: point2 }] }),
  )
  const issuer = 'https://ci.example.com'
  const users: Record<string, CallOptions & { readonly keyId: string }> = {}
  const createKey = async (user: string): Promise<void> => {
    const key = await cli('access-key create', '--user', user)
    const credentials = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey }
    users[user] = { credentials, keyId: key.AccessKeyId }
  }
  const caCertificate = (): Record<string, unknown> =>
    issueInput(context.root.arn, context.root.csr, {
      template: 'SubordinateCACertificate_PathLen0',
    })
  const denied = async (operation: string, input: object): Promise<string> =>
    /approval ID is ([0-9a-f-]{36})/.exec(
      await service.refusal(operation, input, users['alice']),
    )?.[1] ?? ''
  const idOf = async (list: string, member: string): Promise<string> =>
    (await cli(list)).at(-1)[member]
  let approval = ''
  return [
    named('account create', [change('accounts')], () => cli(`account create ${otherAccountId}`)),
    named('account update', [change('accounts')], () =>
      cli(`account update ${otherAccountId} --organization o-exampleorgid`),
    ),
    named('user create', [change('users')], async () => cli('user create alice')),
    named('user tag', [change('users')], () => cli('user tag alice --tag team=web')),
    named('policy put', [change('identity_policies')], () =>
      cli('policy put --user alice --name all', '--policy', everything),
    ),
    named('access-key create', [change('access_keys')], () => createKey('alice')),
    named('access-key create', [change('users'), change('access_keys')], () => createKey('bob')),
    named('policy put', [change('identity_policies')], () =>
      cli('policy put --user bob --name all', '--policy', everything),
    ),
    named('access-key disable', [change('access_keys')], () =>
      cli(`access-key disable ${users['bob']?.keyId}`),
    ),
    named('access-key enable', [change('access_keys')], () =>
      cli(`access-key enable ${users['bob']?.keyId}`),
    ),
    named('role create', [change('roles')], () => cli('role create deploy --trust-policy', trust)),
    named('role update', [change('roles')], () => cli('role update deploy --tag team=web')),
    named('oidc-provider create', [change('identity_providers')], () =>
      cli(`oidc-provider create ${issuer} --audience signet --jwks`, keySet),
    ),
    named('oidc-provider update', [change('identity_providers')], () =>
      cli(`oidc-provider update ${issuer} --audience other`),
    ),
    named('share create', [change('shares'), change('share_authorities')], () =>
      cli(`share create web --authority ${context.root.arn} --principal ${otherAccountId}`),
    ),
    named('approval policy set', [change('approval_policies')], () =>
      cli('approval policy set --action issue-ca-certificate'),
    ),
    named('IssueCertificate', [change('approvals', arnOf('alice'))], async () => {
      approval = await denied('IssueCertificate', caCertificate())
    }),
    named('ApproveRequest', [change('approvals', arnOf('bob'))], () =>
      service.must('ApproveRequest', { ApprovalId: approval }, users['bob']),
    ),
    named(
      'IssueCertificate',
      [change('approvals', arnOf('alice')), { kind: 'certificate', who: arnOf('alice') }],
      () => service.must('IssueCertificate', caCertificate(), users['alice']),
    ),
    named('RejectRequest', [change('approvals', arnOf('bob'))], async () => {
      const id = await denied('IssueCertificate', caCertificate())
      await service.must('RejectRequest', { ApprovalId: id }, users['bob'])
    }),
    removing('share delete', [removal('shares')], async () =>
      cli(`share delete ${await idOf('share list', 'ShareId')}`),
    ),
    removing('policy delete', [removal('identity_policies')], () =>
      cli('policy delete --user alice --name all'),
    ),
    removing('access-key delete', [removal('access_keys')], () =>
      cli(`access-key delete ${users['alice']?.keyId}`),
    ),
    removing('user delete', [removal('users')], () => cli('user delete alice')),
    removing('role delete', [removal('roles')], () => cli('role delete deploy')),
    removing('oidc-provider delete', [removal('identity_providers')], () =>
      cli(`oidc-provider delete ${issuer}`),
    ),
    removing(
      'approval policy delete',
      [
        change('approvals'),
        change('approvals', arnOf('bob')),
        change('approvals'),
        removal('approval_policies'),
      ],
      async () => {
        const refusal = await cli('approval policy delete').catch(String)
        const ApprovalId = /approval approve ([0-9a-f-]{36})/.exec(refusal as string)?.[1]
        await service.must('ApproveRequest', { ApprovalId }, users['bob'])
        await cli('approval policy delete')
      },
    ),
  ]
}
