/** Table of an ACME endpoint's EAB keys or an EST endpoint's passwords, without the secrets. */
import Header from '@cloudscape-design/components/header'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { Command, Copyable, Empty, Time } from '../../widgets/values.tsx'
import { NameList, UseState } from './endpoint-values.tsx'

interface Secret {
  readonly id: string
  readonly Usable: boolean
  readonly Reusable?: boolean
  readonly Names: readonly string[]
  readonly CreatedAt: number
  readonly ExpiresAt?: number
  readonly UsedAt?: number
}

interface SecretTableProps {
  readonly title: string
  readonly idHeader: string
  readonly secrets: readonly Secret[]
  /** The command that creates the first key or password. */
  readonly command: string
}

const reusable: TableProps.ColumnDefinition<Secret> = {
  id: 'reusable',
  header: 'Use',
  minWidth: 150,
  cell: ({ Reusable }) => (Reusable === true ? 'Several accounts' : 'One account'),
}

/** Maximum number of keys or passwords that the API returns. */
const secretsMax = 100

export function SecretTable({ title, idHeader, secrets, command }: SecretTableProps): ReactNode {
  return (
    <Table
      header={
        <Header
          variant="h2"
          counter={`(${secrets.length}${secrets.length < secretsMax ? '' : '+'})`}
          description={`Secrets are shown only when they are created, with ${command}.`}
        >
          {title}
        </Header>
      }
      ariaLabels={{ tableLabel: title }}
      wrapLines
      trackBy="id"
      items={[...secrets]}
      empty={
        <Empty title="No rows" action={<Command text={command} />}>
          Run this command on the server:
        </Empty>
      }
      columnDefinitions={[
        {
          id: 'id',
          header: idHeader,
          isRowHeader: true,
          minWidth: 260,
          cell: ({ id }) => <Copyable text={id} label={idHeader} />,
        },
        {
          id: 'state',
          header: 'State',
          minWidth: 110,
          cell: (secret) => <UseState secret={secret} />,
        },
        ...(secrets.some(({ Reusable }) => Reusable !== undefined) ? [reusable] : []),
        {
          id: 'names',
          header: 'Names',
          minWidth: 160,
          cell: ({ Names }) => <NameList names={Names} empty="All names of the endpoint" />,
        },
        {
          id: 'created',
          header: 'Created',
          minWidth: 150,
          cell: ({ CreatedAt }) => <Time seconds={CreatedAt} />,
        },
        {
          id: 'expires',
          header: 'Expires',
          minWidth: 150,
          cell: ({ ExpiresAt }) => <Time seconds={ExpiresAt} />,
        },
        {
          id: 'used',
          header: 'Last use',
          minWidth: 150,
          cell: ({ UsedAt }) => <Time seconds={UsedAt} />,
        },
      ]}
    />
  )
}
