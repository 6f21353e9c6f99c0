import type { Command } from 'commander'
import { tagsOf } from '../../admin-commands/principal-options.ts'
import {
  addRole,
  changeRole,
  listAllRoles,
  removeRole,
  showRole,
  type RoleOptions,
} from '../../admin-commands/roles.ts'
import { listRoles } from '../../client-commands/principals.ts'
import type { Flags } from '../../settings/config.ts'
import { seconds } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { orApi, readFrom, type SourceFlags } from '../shared/data-or-api.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { printPrincipal, withDocuments } from '../shared/print-principal.ts'
import { listOf, ofAccount, SignetCommand, withTags, type Call } from '../shared/signet-command.ts'
import { dayText, tagsText, type Column } from '../shared/table.ts'

type RoleFlags = Flags & {
  readonly tag?: readonly string[]
  readonly trustPolicy?: string
  readonly maxSession?: number
}

const listColumns: readonly Column[] = [
  { key: 'RoleName', header: 'ROLE' },
  { key: 'AccountId', header: 'ACCOUNT', shrink: 'never' },
  { key: 'PolicyCount', header: 'POLICIES', shrink: 'never' },
  { key: 'MaxSessionDuration', header: 'MAX SESSION (S)', shrink: 'never' },
  { key: 'CreateDate', header: 'CREATED', shrink: 'never', text: dayText('CreateDate') },
  { key: 'Tags', wide: true, text: tagsText },
  { key: 'RoleId', wide: true },
  { key: 'Arn', wide: true },
]

export function roleCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'role')
  group.description('Manage roles, which callers assume to get temporary credentials')
  withRoleOptions(ofAccount(group, 'create').output(), true)
    .description('Create a role')
    .argument('<name>')
    .examples('signet role create issuer --trust-policy trust.json')
    .run(
      async ({ config, flags }: Call<RoleFlags>, roleName: string) => {
        const { trustPolicy = '', ...options } = await roleOptionsOf(context, flags)
        const name = { accountId: flags.account, roleName }
        return withDocuments(await addRole(config, name, { ...options, trustPolicy }))
      },
      { next: (name) => [`signet policy put --role ${name} --name NAME --policy policy.json`] },
    )
  orApi(listOf(group))
    .output()
    .description('List roles')
    .examples('signet role list', 'signet role list --endpoint https://ca.example.com --profile ca')
    .run(
      (call: Call<SourceFlags>) =>
        readFrom<readonly object[]>(group, call, {
          data: () => listAllRoles(call.config, call.flags.account),
          api: listRoles,
        }),
      { columns: listColumns, empty: 'No roles found.' },
    )
  orApi(ofAccount(group, 'show'))
    .output()
    .description('Show a role, its trust policy and its other policies')
    .argument('<name>')
    .examples('signet role show issuer')
    .run(async (call: Call<SourceFlags>, roleName: string) =>
      printPrincipal(
        context,
        call.flags,
        await readFrom<object>(group, call, {
          data: () => showRole(call.config, { accountId: call.flags.account, roleName }),
          api: async (client) => (await client.getRole({ RoleName: roleName })).Role,
        }),
      ),
    )
  withRoleOptions(ofAccount(group, 'update'), false)
    .description('Update a role. Omitted options keep their values')
    .argument('<name>')
    .examples('signet role update issuer --max-session 7200')
    .run(
      async ({ config, flags }: Call<RoleFlags>, roleName: string) => {
        const name = { accountId: flags.account, roleName }
        return changeRole(config, name, await roleOptionsOf(context, flags))
      },
      { done: (name) => `Updated role ${name}.` },
    )
  ofAccount(group, 'delete')
    .description('Delete a role, its policies and its sessions')
    .argument('<name>')
    .examples('signet role delete issuer')
    .run(
      ({ config, flags }, roleName: string) =>
        removeRole(config, { accountId: flags.account, roleName }),
      { done: (name) => `Deleted role ${name}.` },
    )
  return group
}

function withRoleOptions(command: SignetCommand, isNew: boolean): SignetCommand {
  const trust = [
    '--trust-policy <file>',
    'JSON file with the trust policy, which specifies who can assume the role',
  ] as const
  return withTags(
    (isNew ? command.requiredOption(...trust) : command.option(...trust)).option(
      '--max-session <time>',
      'maximum session duration, 1h to 12h, or a number of seconds',
      seconds,
    ),
  )
}

async function roleOptionsOf(context: CommandContext, flags: RoleFlags): Promise<RoleOptions> {
  const { maxSession, tag } = flags
  const trustPolicy = await readPolicyFile(context, flags.trustPolicy, 'trust')
  return {
    ...(trustPolicy !== undefined && { trustPolicy }),
    ...(maxSession !== undefined && { sessionSecondsMax: maxSession }),
    ...(tag !== undefined && { tags: tagsOf(tag) }),
  }
}
