/** `signet user …`, `signet role …` and `signet policy …`. */
import { Command } from 'commander'
import { listPolicies, putPolicy, removePolicy } from '../admin-commands/policies.ts'
import { tagsOf } from '../admin-commands/principal-names.ts'
import { addRole, changeRole, listAllRoles, removeRole } from '../admin-commands/roles.ts'
import { addUser, listAllUsers, removeUser, tagUser } from '../admin-commands/users.ts'
import type { Flags } from '../settings/config.ts'
import { readPolicyFile } from './policy-file.ts'
import { printAnswer, withOutput, type OutputFlags, type Print } from './print.ts'
import { config, examples, listOf, ofAccount, seconds, severalOf } from './config-flags.ts'

type UserFlags = Flags & OutputFlags & { readonly tag?: readonly string[] }

const tagOption = [
  '--tag <key=value>',
  'tag, for aws:PrincipalTag; several times for several',
] as const

/** `signet user …`. */
export function userCommand(print: Print): Command {
  const group = new Command('user').description('users, which access keys are for')
  withOutput(ofAccount(group, 'create'))
    .description('create a user')
    .argument('<name>')
    .option(...tagOption, severalOf)
    .addHelpText('after', examples('signet user create alice --tag team=web'))
    .action(async (userName: string, flags: UserFlags) => {
      const name = { accountId: flags.account, userName }
      printAnswer(print, flags, await addUser(config(flags), name, tagsOf(flags.tag ?? [])))
    })
  withOutput(listOf(group))
    .description('list users')
    .addHelpText('after', examples('signet user list --output table'))
    .action(async (flags: UserFlags) =>
      printAnswer(print, flags, await listAllUsers(config(flags), flags.account)),
    )
  ofAccount(group, 'tag')
    .description('replace the tags of a user')
    .argument('<name>')
    .option(...tagOption, severalOf)
    .addHelpText('after', examples('signet user tag alice --tag team=web --tag level=2'))
    .action((userName: string, flags: UserFlags) => {
      const name = { accountId: flags.account, userName }
      return tagUser(config(flags), name, tagsOf(flags.tag ?? []))
    })
  ofAccount(group, 'delete')
    .description('delete a user that has no access keys, with its policies')
    .argument('<name>')
    .addHelpText('after', examples('signet user delete alice'))
    .action((userName: string, flags: UserFlags) =>
      removeUser(config(flags), { accountId: flags.account, userName }),
    )
  return group.helpCommand(false)
}

type RoleFlags = UserFlags & { readonly trustPolicy?: string; readonly maxSession?: number }

/** `signet role …`. */
export function roleCommand(print: Print): Command {
  const group = new Command('role').description('roles, which others take on for a while')
  withRoleOptions(withOutput(ofAccount(group, 'create')), true)
    .description('create a role')
    .argument('<name>')
    .addHelpText('after', examples('signet role create issuer --trust-policy trust.json'))
    .action(async (roleName: string, flags: RoleFlags) => {
      const { trustPolicy = '', ...options } = await roleOptionsOf(flags)
      const name = { accountId: flags.account, roleName }
      printAnswer(print, flags, await addRole(config(flags), name, { ...options, trustPolicy }))
    })
  withOutput(listOf(group))
    .description('list roles')
    .addHelpText('after', examples('signet role list'))
    .action(async (flags: RoleFlags) =>
      printAnswer(print, flags, await listAllRoles(config(flags), flags.account)),
    )
  withRoleOptions(ofAccount(group, 'update'), false)
    .description('change a role; what is not said stays')
    .argument('<name>')
    .addHelpText('after', examples('signet role update issuer --max-session 7200'))
    .action(async (roleName: string, flags: RoleFlags) =>
      changeRole(config(flags), { accountId: flags.account, roleName }, await roleOptionsOf(flags)),
    )
  ofAccount(group, 'delete')
    .description('delete a role with its policies; its sessions end')
    .argument('<name>')
    .addHelpText('after', examples('signet role delete issuer'))
    .action((roleName: string, flags: RoleFlags) =>
      removeRole(config(flags), { accountId: flags.account, roleName }),
    )
  return group.helpCommand(false)
}

function withRoleOptions(command: Command, isNew: boolean): Command {
  const trust = ['--trust-policy <file>', 'JSON policy that says who may take it on'] as const
  return (isNew ? command.requiredOption(...trust) : command.option(...trust))
    .option('--max-session <time>', 'longest life of a session, 1h to 12h, or seconds', seconds)
    .option(...tagOption, severalOf)
}

async function roleOptionsOf({ trustPolicy, maxSession, tag }: RoleFlags): Promise<{
  readonly trustPolicy?: string
  readonly sessionSecondsMax?: number
  readonly tags?: ReturnType<typeof tagsOf>
}> {
  const policy = await readPolicyFile('--trust-policy', trustPolicy, 'trust')
  return {
    ...(policy !== undefined && { trustPolicy: policy }),
    ...(maxSession !== undefined && { sessionSecondsMax: maxSession }),
    ...(tag !== undefined && { tags: tagsOf(tag) }),
  }
}

type PolicyFlags = Flags &
  OutputFlags & { readonly user?: string; readonly role?: string; readonly name: string }

/** `signet policy …`. */
export function policyCommand(print: Print): Command {
  const group = new Command('policy').description('what users and roles may do')
  const ofPrincipal = (name: string): Command =>
    ofAccount(group, name)
      .option('--user <name>', 'user that has it')
      .option('--role <name>', 'role that has it')
  ofPrincipal('put')
    .description('give a user or role a policy, in place of one of the same name')
    .requiredOption('--name <name>', 'name of the policy')
    .requiredOption('--policy <file>', 'JSON identity policy')
    .addHelpText('after', examples('signet policy put --role issuer --name issue --policy p.json'))
    .action(async (flags: PolicyFlags & { readonly policy: string }) => {
      const policy = await readPolicyFile('--policy', flags.policy, 'identity')
      return putPolicy(config(flags), ownerOf(flags), { name: flags.name, policy })
    })
  withOutput(ofPrincipal('list'))
    .description('list the policies of a user or role')
    .addHelpText('after', examples('signet policy list --user alice'))
    .action(async (flags: PolicyFlags) =>
      printAnswer(print, flags, await listPolicies(config(flags), ownerOf(flags))),
    )
  ofPrincipal('delete')
    .description('take a policy from a user or role')
    .requiredOption('--name <name>', 'name of the policy')
    .addHelpText('after', examples('signet policy delete --role issuer --name issue'))
    .action((flags: PolicyFlags) => removePolicy(config(flags), ownerOf(flags), flags.name))
  return group.helpCommand(false)
}

function ownerOf({ account, user, role }: PolicyFlags): Parameters<typeof listPolicies>[1] {
  return { accountId: account, userName: user, roleName: role }
}
