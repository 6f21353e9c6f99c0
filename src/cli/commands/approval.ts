/** Commands of `signet approval`: approval requests (through the API), and the approval policy (in the data folder). */
import { Option, type Command } from 'commander'
import {
  removeApprovalPolicy,
  setApprovalPolicy,
  showApprovalPolicy,
} from '../../admin-commands/approval-policies.ts'
import {
  approvalStatuses,
  describeInput,
  listApprovals,
  showApproval,
} from '../../client-commands/approvals.ts'
import { withConnection, type Connection } from '../../client-commands/connection.ts'
import { systemClock } from '../../clock.ts'
import type { Flags } from '../../settings/config.ts'
import { printDone } from '../../terminal.ts'
import { seconds, severalOf, wholeNumber } from '../shared/config-flags.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { ofAccount, SignetCommand, type Call } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'
import { cellText, wordsOf, type Column } from '../shared/table.ts'

export function approvalCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'approval')
  group.description('Manage approvals by a second person')
  listSubcommand(group)
  showSubcommand(group)
  decisionSubcommand(group, {
    name: 'approve',
    description: "Approve another person's request. The requester can then repeat the request once",
    decide: ({ client }, id) => client.approveRequest({ ApprovalId: id }),
    done: 'Approved',
  })
  decisionSubcommand(group, {
    name: 'reject',
    description: 'Reject a request for approval, or withdraw an approval that has not been used',
    decide: ({ client }, id) => client.rejectRequest({ ApprovalId: id }),
    done: 'Rejected',
  })
  policySubcommands(group)
  return group
}

type ListFlags = ConnectionFlags &
  OutputFlags & { readonly status?: string; readonly limit: number }

function listSubcommand(group: SignetCommand): void {
  const { context } = group
  withConnectionFlags(group.command('list'))
    .output('table')
    .description('List requests for approval by a second person, newest first')
    .addOption(new Option('--status <status>', 'current status').choices(approvalStatuses))
    .option('--limit <number>', 'maximum number of requests to show', wholeNumber, 100)
    .examples('signet approval list --status PENDING')
    .action(async (flags: ListFlags) => {
      const value = await withConnection(
        connectionOf(flags, context.environment),
        ({ client }: Connection) => listApprovals(client, { status: flags.status, ...flags }),
      )
      printResult(context, flags, { value, columns, empty: 'No requests found.' })
    })
}

const columns: readonly Column[] = [
  { key: 'ApprovalId', header: 'ID', shrink: 'never' },
  {
    key: 'Status',
    shrink: 'never',
    tone: ({ Status }) => (Status === 'REJECTED' ? 'bad' : 'plain'),
  },
  { key: 'Operation' },
  { key: 'Requester' },
  { key: 'ExpiresAt', header: 'EXPIRES', shrink: 'never' },
  { key: 'ResourceArn', header: 'CA', wide: true },
  { key: 'DecidedBy', header: 'DECIDED BY', wide: true },
]

function showSubcommand(group: SignetCommand): void {
  const { context } = group
  withConnectionFlags(group.command('show'))
    .output('table')
    .description('Show a request for approval with its parameters')
    .argument('<id>', 'approval ID')
    .examples('signet approval show 0f1e2d3c-…')
    .action(async (id: string, flags: ConnectionFlags & OutputFlags) => {
      const { members, input } = await withConnection(
        connectionOf(flags, context.environment),
        ({ client }) => showApproval(client, id),
      )
      const described = await describeInput(input, systemClock.now())
      printResult(context, flags, {
        value: { ...members, Input: input },
        text: () =>
          paragraphsText(context.stdout, [
            { title: 'Request', lines: linesOf(members) },
            { title: 'Parameters', lines: linesOf(described.input) },
            ...described.paragraphs,
          ]),
      })
    })
}

function linesOf(members: object) {
  return Object.entries(members).map(([key, value]) => ({
    label: wordsOf(key),
    text: cellText(value),
    tone: 'plain' as const,
  }))
}

interface DecisionCommand {
  readonly name: string
  readonly description: string
  readonly decide: (connection: Connection, id: string) => Promise<unknown>
  readonly done: string
}

function decisionSubcommand(
  group: SignetCommand,
  { name, description, decide, done }: DecisionCommand,
): void {
  const { context } = group
  withConnectionFlags(group.command(name))
    .description(description)
    .argument('<id>', 'approval ID')
    .examples(`signet approval ${name} 0f1e2d3c-… --profile bob`)
    .action(async (id: string, flags: ConnectionFlags) => {
      await withConnection(connectionOf(flags, context.environment), (connection) =>
        decide(connection, id),
      )
      printDone(context, `${done} request ${id}.`)
    })
}

type PolicyFlags = Flags & { readonly action?: readonly string[]; readonly window: number }

function policySubcommands(group: SignetCommand): void {
  const policy = group.command('policy')
  policy.description(
    "Manage the approval policy, which lists the actions that need a second person's approval",
  )
  ofAccount(policy, 'set')
    .output()
    .description("Set the actions that need a second person's approval")
    .option(
      '--action <name>',
      'issue-ca-certificate, import-ca-certificate, delete-ca, put-policy or change-principals; repeatable',
      severalOf,
    )
    .option(
      '--window <duration>',
      'time limit for the decision, and then for repeating the approved request (default: 24h)',
      seconds,
      86_400,
    )
    .examples('signet approval policy set --action issue-ca-certificate --action delete-ca')
    .run(({ config, flags }: Call<PolicyFlags>) =>
      setApprovalPolicy(config, flags.account, {
        actions: flags.action ?? [],
        windowSeconds: flags.window,
      }),
    )
  ofAccount(policy, 'show')
    .output()
    .description(
      "Show the actions that need a second person's approval, and the principals that may approve them",
    )
    .examples('signet approval policy show')
    .run(({ config, flags }) => showApprovalPolicy(config, flags.account))
  ofAccount(policy, 'delete')
    .description("Delete the approval policy, so that no action needs a second person's approval")
    .examples('signet approval policy delete')
    .run(({ config, flags }) => removeApprovalPolicy(config, flags.account), {
      done: () => 'Deleted the approval policy.',
    })
}
