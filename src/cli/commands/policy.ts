import type { Command } from 'commander'
import {
  listPolicies,
  putPolicy,
  removePolicy,
  type PolicyOwner,
} from '../../admin-commands/policies.ts'
import { findAuthority } from '../../client-commands/authorities.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { simulatePolicy, simulationParagraphs } from '../../client-commands/simulate-policy.ts'
import { ConfigurationError } from '../../errors.ts'
import { managedPolicy, managedPolicyNames } from '../../policy/managed-policies.ts'
import type { Flags } from '../../settings/config.ts'
import { printDone } from '../../terminal.ts'
import { severalOf } from '../shared/config-flags.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPolicyFile, readTextFile } from '../shared/policy-file.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { ofAccount, SignetCommand, type Call } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'

type PolicyFlags = Flags & { readonly user?: string; readonly role?: string; readonly name: string }

export function policyCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'policy')
  group.description('Manage the policies of users and roles')
  const ofPrincipal = (name: string): SignetCommand =>
    ofAccount(group, name)
      .option('--user <name>', 'user that the policy belongs to')
      .option('--role <name>', 'role that the policy belongs to')
  ofPrincipal('put')
    .description('Store a policy for a user or role, replacing any policy with the same name')
    .requiredOption('--name <name>', 'name of the policy')
    .option('--policy <file>', 'JSON file with the identity policy')
    .option('--managed <policy>', `name of a managed policy: ${managedPolicyNames.join(', ')}`)
    .option(
      '--domain <name>',
      'domain that SignetServerCertificates permits; repeatable',
      severalOf,
    )
    .examples(
      'signet policy put --role issuer --name issue --policy p.json',
      'signet policy put --user alice --name web --managed SignetServerCertificates --domain corp.example',
    )
    .run(async ({ config, flags }: Call<PutFlags>) => {
      const policy = await policyToPut(context, flags)
      await putPolicy(config, ownerOf(flags), { name: flags.name, policy })
      printDone(
        context,
        `Stored policy ${flags.name} of ${flags.user ?? flags.role ?? 'its owner'}. The policy takes effect within a second.`,
      )
    })
  ofPrincipal('list')
    .output()
    .description('List the policies of a user or role')
    .examples('signet policy list --user alice')
    .run(({ config, flags }: Call<PolicyFlags>) => listPolicies(config, ownerOf(flags)))
  ofPrincipal('delete')
    .description('Delete a policy of a user or role')
    .requiredOption('--name <name>', 'name of the policy')
    .examples('signet policy delete --role issuer --name issue')
    .run(
      ({ config, flags }: Call<PolicyFlags>) => removePolicy(config, ownerOf(flags), flags.name),
      {
        done: () => 'Deleted the policy.',
      },
    )
  simulateSubcommand(group)
  return group
}

type SimulateFlags = ConnectionFlags &
  OutputFlags & {
    readonly principal: string
    readonly action: readonly string[]
    readonly resource?: string
    readonly context?: readonly string[]
    readonly policy?: string
    readonly sessionPolicy?: string
    readonly accessKeyId?: string
  }

function simulateSubcommand(group: SignetCommand): void {
  const { context } = group
  withConnectionFlags(group.command('simulate'))
    .output('table')
    .description(
      'Show whether a principal may perform actions, and which policy statements decide it',
    )
    .requiredOption(
      '--principal <arn>',
      'ARN of a user, role, session or endpoint, ID of another account, or acm.amazonaws.com',
    )
    .requiredOption(
      '--action <name>',
      'action, such as IssueCertificate or signet:PublishCrl; repeatable',
      severalOf,
    )
    .option('--resource <ca>', 'name, ID or ARN of the CA (default: all CAs of the account)')
    .option('--context <key=value>', 'condition key of the request; repeatable', severalOf)
    .option(
      '--policy <file>',
      'JSON file with a resource policy to test instead of the stored policy',
    )
    .option('--session-policy <file>', 'JSON file with a session policy, for a role')
    .option(
      '--access-key-id <id>',
      "ID of one of the user's access keys; its own policy then also applies",
    )
    .examples(
      'signet policy simulate --principal arn:aws:iam::123456789012:user/alice --action ListTags',
      "signet policy simulate --principal 210987654321 --action IssueCertificate --resource 'Example Issuing CA' --context signet:DnsName=a.corp.example",
    )
    .action(async (flags: SimulateFlags) => {
      const policy = flags.policy && (await readTextFile('--policy', flags.policy))
      const session =
        flags.sessionPolicy && (await readTextFile('--session-policy', flags.sessionPolicy))
      const simulated = await withConnection(
        connectionOf(flags, context.environment),
        async ({ client }) => {
          const { resource } = flags
          const found =
            resource === undefined ? undefined : await findAuthority(client, resource, ['ACTIVE'])
          return simulatePolicy(client, {
            principal: flags.principal,
            actions: flags.action,
            resourceArn: found?.arn,
            context: flags.context ?? [],
            policy,
            sessionPolicy: session,
            accessKeyId: flags.accessKeyId,
          })
        },
      )
      printResult(context, flags, {
        value: simulated,
        rows: simulated.Results,
        text: () => paragraphsText(context.stdout, simulationParagraphs(simulated)),
      })
    })
}

type PutFlags = PolicyFlags & {
  readonly policy?: string
  readonly managed?: string
  readonly domain?: readonly string[]
}

async function policyToPut(
  context: CommandContext,
  { policy, managed, domain: domains = [] }: PutFlags,
): Promise<string> {
  if ((policy === undefined) === (managed === undefined))
    throw new ConfigurationError('specify either --policy or --managed')
  if (managed !== undefined) return managedPolicy(managed, domains)
  if (domains.length > 0) throw new ConfigurationError('--domain requires --managed')
  return readPolicyFile(context, policy ?? '')
}

function ownerOf({ account, user, role }: PolicyFlags): PolicyOwner {
  return { accountId: account, userName: user, roleName: role }
}
