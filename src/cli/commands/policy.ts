import type { Command } from 'commander'
import {
  listPolicies,
  putPolicy,
  removePolicy,
  type PolicyOwner,
} from '../../admin-commands/policies.ts'
import type { Flags } from '../../settings/config.ts'
import { printDone } from '../../terminal.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { ofAccount, SignetCommand, type Call } from '../shared/signet-command.ts'

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
    .requiredOption('--policy <file>', 'JSON file with the identity policy')
    .examples('signet policy put --role issuer --name issue --policy p.json')
    .run(async ({ config, flags }: Call<PolicyFlags & { readonly policy: string }>) => {
      const policy = await readPolicyFile(context, flags.policy)
      await putPolicy(config, ownerOf(flags), { name: flags.name, policy })
      printDone(
        context,
        `Stored policy ${flags.name} of ${flags.user ?? flags.role ?? 'its owner'}. It takes effect within a second.`,
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
  return group
}

function ownerOf({ account, user, role }: PolicyFlags): PolicyOwner {
  return { accountId: account, userName: user, roleName: role }
}
